"""Outer systems: channel keys, idempotency, signed webhooks (外部系统对接)."""
