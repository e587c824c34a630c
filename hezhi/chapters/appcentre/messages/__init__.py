"""10 消息: one's own inbox, and the sending record for those who look after channels."""
