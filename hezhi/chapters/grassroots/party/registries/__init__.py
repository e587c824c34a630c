"""The registries of the Party room (党建台账)."""

from hezhi.chapters.grassroots.party.registries import members, organisations

__all__ = ["members", "organisations"]
