"""History, audit, files, comments and the vault (历史、审计、附件、意见、密文)."""
