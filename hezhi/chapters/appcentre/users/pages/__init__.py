"""Screens of user management (用户管理界面)."""
