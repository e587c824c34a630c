"""Users, roles and accounts (用户管理, 10.1-3): the screens that no registry gives, and the verbs."""
