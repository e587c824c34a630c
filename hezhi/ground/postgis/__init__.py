"""Django's PostGIS backend, kept as it is but for one question (数据库连接)."""
