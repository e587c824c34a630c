"""The base registers as declarations (基础信息管理, 9.1.3-2-1 to -5, -8, -9), in the order of the standard."""

from hezhi.chapters.grassroots.registers.registries import places

# isort: split
from hezhi.chapters.grassroots.registers.registries import people

# isort: split
from hezhi.chapters.grassroots.registers.registries import in_bulk, organisations

# isort: split
from hezhi.chapters.grassroots.registers.registries import checking, turnout

__all__ = ["checking", "in_bulk", "organisations", "people", "places", "turnout"]
