"""The registries of the Party room (党建台账), in the order of the standard."""

from hezhi.chapters.grassroots.party.registries import organisations

# isort: split
from hezhi.chapters.grassroots.party.registries import dues

# isort: split
from hezhi.chapters.grassroots.party.registries import lists

# isort: split
from hezhi.chapters.grassroots.party.registries import members

# isort: split
from hezhi.chapters.grassroots.party.registries import activities

# isort: split
from hezhi.chapters.grassroots.party.registries import articles

__all__ = ["activities", "articles", "dues", "lists", "members", "organisations"]
