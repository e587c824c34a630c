"""9.1.2 事件流转处置: what people tell their government becomes a case that is dealt with, answered and counted."""
