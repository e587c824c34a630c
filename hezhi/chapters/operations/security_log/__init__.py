"""The security log (安全审计): what the audit administrator sees of the audit, and nobody else (12.3)."""
