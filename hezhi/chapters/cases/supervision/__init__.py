"""Supervision (督办管理, 9.1.2-3): five kinds of supervised matters on one engine."""
