"""12 建设管理: security logs, monitoring, backup, data rights."""
