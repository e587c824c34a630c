"""The phone of the grid worker (网格员手机端)."""
