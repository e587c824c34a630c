"""Everything that reaches a person: outbox, inbox, SMS, e-mail and provincial channels (消息触达)."""
