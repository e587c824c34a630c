"""9.1.2-2 事件管理: the life of a case from acceptance to rating."""
