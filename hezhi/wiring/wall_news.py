"""What a wall is told (大屏更新): which cases are new or changed, and what the wall's own room makes of it.

A face may bring `live.py` with `events_for(actor, ids) -> list[(event, data)]`: rows and figures as the
hall screen draws them, for this reader only. `ids` is None when there are too many to name.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from hezhi.chapters.cases.handling.api import queries
from hezhi.engines.org.actor import Actor

LIVE = "hezhi.channels.wall.live"
News = list[tuple[str, Any]]


def frames(actor: Actor, ids: Sequence[UUID] | None) -> News:
    """The events for walls that see what this reader sees: `wall`, then what the wall's room adds."""
    told: News = [("wall", {"reload": True} if ids is None else {"ids": [queries.outside_id(i) for i in ids]})]
    return [*told, *_live()(actor, ids)]


def _live() -> Callable[[Actor, Sequence[UUID] | None], News]:
    if find_spec(LIVE) is None:
        return lambda actor, ids: []
    found: Callable[[Actor, Sequence[UUID] | None], News] = import_module(LIVE).events_for
    return found
