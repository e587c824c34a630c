"""Tests of large imports (大批量导入的测试)."""
