"""10 应用管理层: users, roles, dictionaries, message templates (users/ 10-23 … 10-25)."""
