"""Units, posts, roles, data scope and accounts (组织、岗位、角色、数据权限、账号)."""
