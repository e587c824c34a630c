"""9.1.2-1 事件汇聚: every message that comes in becomes a case, once."""
