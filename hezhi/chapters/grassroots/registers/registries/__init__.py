"""The base registers as declarations (基础信息管理, 9.1.3-2-1 to -5, -8, -9)."""

from hezhi.chapters.grassroots.registers.registries import organisations, people, places

__all__ = ["organisations", "people", "places"]
