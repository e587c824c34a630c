"""The district's own names (地名库): towns, communities and grids, the owner's list of roads, compounds and
landmarks, and what chapters add from their registers.

Read from small tables and kept in the process; looked at again each minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from uuid import UUID

from django.db import connection

from hezhi.engines.analysis.text.places import Gazetteer, Place
from hezhi.ground.time import monotonic

__all__ = ["also", "area_ids", "gazetteer"]

FRESH_SECONDS = 60.0
_KINDS = {"道路": "road", "路": "road", "街巷": "road", "小区": "compound", "村": "compound"}
_sources: list[Callable[[], Iterable[Place]]] = []

_AREAS = """
select a.code, a.name, a.level, coalesce(p.code, ''), a.id from geo_area a left join geo_area p on p.id = a.parent_id
where a.valid_to is null and a.level in ('town', 'community', 'grid') order by a.code
"""
_PLACES = """
select a.code, n.name, n.kind, coalesce(t.code, '') from geo_place n
join geo_area a on a.id = n.area_id left join geo_area t on t.id = coalesce(a.town_id, a.id) order by n.name, a.code
"""


def also(names: Callable[[], Iterable[Place]]) -> None:
    """Sign up a further source of names, read together with the others: a chapter's compounds, for one."""
    if names not in _sources:
        _sources.append(names)


def gazetteer() -> Gazetteer:
    """All names there are now."""
    return _read(_period())[0]


def area_ids() -> dict[str, UUID]:
    """The areas valid today by their codes, as guesses name them."""
    return _read(_period())[1]


def _period() -> int:
    return int(monotonic() / FRESH_SECONDS)


@lru_cache(maxsize=1)
def _read(period: int) -> tuple[Gazetteer, dict[str, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(_AREAS)
        areas = cursor.fetchall()
        cursor.execute(_PLACES)
        names = cursor.fetchall()
    places = chain(
        (Place(code, name, level, within) for code, name, level, within, _ in areas),
        (Place(code, name, _KINDS.get(kind, "landmark"), town) for code, name, kind, town in names),
        _others(),
    )
    return Gazetteer(places), {code: pk for code, _, _, _, pk in areas}


def _others() -> Iterator[Place]:
    for names in _sources:
        yield from names()
