"""The pages of the security log (安全审计页面)."""
