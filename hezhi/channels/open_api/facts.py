"""Facts for a data warehouse (数据供给, 9.1.2-4): what happened when, by place and unit; no word of a case, no person.

It is read page by page with a mark that only grows: what changed since the mark comes again, the newest state each
time. What left the figures since, because it went under the veil or was entered by mistake, is named to be taken out.

A key reads the area that it was given. Moments are told to the hour and places to the community; the grid only to a
key that says so: with minute and grid a neighbour would know whose matter it was (decision 0099).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from hezhi.channels.open_api import bodies
from hezhi.channels.open_api.rest import as_json
from hezhi.chapters.cases.handling.api import queries
from hezhi.chapters.cases.statistics.api import Fact
from hezhi.engines.connect.api import KeyActor
from hezhi.engines.geo.models import Area
from hezhi.engines.org.models import Unit
from hezhi.ground.errors import BadInput

SCOPE, GRID = "facts.read", "facts.grid"
MOST, USUAL = 2000, 500
AREAS, MOMENTS = ("town", "community", "grid"), (
    "received_at", "accepted_at", "dispatched_at", "signed_at", "handled_at", "checked_at", "ended_at", "close_due", "rated_at",
)  # fmt: skip
PLAIN = (
    "round", "kind", "source", "urgency", "appeal", "category_path", "outcome", "satisfied", "dispatches", "returns",
    "extensions", "holds", "send_backs", "urged", "on_the_spot", "answered_directly",
)  # fmt: skip
LENGTHS = ("work_accept", "work_dispatch", "work_sign", "work_handle", "work_check", "work_total")


def feed(request: HttpRequest, by: KeyActor) -> HttpResponse:
    """What changed since the mark `after`, at most `size` changes; `next` is the mark for the next page."""
    after, size = _number(request, "after", 0, None), _number(request, "size", USUAL, MOST)
    changes = queries.moved(after, queries.settled(queries.last_arrived()), size + 1)
    more, changes = len(changes) > size, changes[:size]
    cases = list(dict.fromkeys(case for _, case in changes))
    facts: Any = Fact.objects.filter(case__in=cases, secret=False, **_within(by))
    rows = list(facts.counted().order_by("case", "round"))
    told = {row.case_id for row in rows}
    page = bodies.Facts(
        items=_items(rows, grid=by.may(GRID)), withdrawn=_withdrawn(by, [case for case in cases if case not in told]),
        next=changes[-1][0] if changes else after, more=more,
    )  # fmt: skip
    return as_json(page)


def _within(by: KeyActor) -> dict[str, UUID]:
    """The area of the key as a condition; nothing for the whole district."""
    return {f"{by.area_level}_id": by.area_id} if by.area_id else {}


def _withdrawn(by: KeyActor, cases: list[UUID]) -> list[str]:
    """Cases to be taken out; to a key with an area only those that ever lay there, also when they have moved away."""
    if by.area_id:
        ever = queries.ever_in(cases, by.area_level, by.area_id)
        cases = [case for case in cases if case in ever]
    return [queries.outside_id(case) for case in cases]


def _number(request: HttpRequest, name: str, usual: int, most: int | None) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 18) or (most is not None and not 1 <= int(text) <= most):
        raise BadInput({name: [f"请填 1 到 {most} 的整数。" if most else "请填上一页给出的 next。"]})
    return int(text)


def _items(rows: Iterable[Any], *, grid: bool) -> list[bodies.FactItem]:
    rows = list(rows)
    levels = AREAS if grid else AREAS[:2]
    areas = {getattr(row, f"{name}_id") for row in rows for name in levels} - {None}
    codes = dict(Area.objects.filter(pk__in=areas).values_list("pk", "code"))
    units = dict(Unit.objects.filter(pk__in={row.lead_unit_id for row in rows} - {None}).values_list("pk", "code"))
    return [_item(row, codes, units) for row in rows]


def _item(row: Any, codes: dict[Any, str], units: dict[Any, str]) -> bodies.FactItem:
    told: dict[str, Any] = {name: getattr(row, name) for name in PLAIN}
    told |= {name: _to_the_hour(getattr(row, name)) for name in MOMENTS}
    told |= {name: _to_the_minute(getattr(row, name)) for name in LENGTHS}
    told |= {name: codes.get(getattr(row, f"{name}_id"), "") for name in AREAS}
    return bodies.FactItem(case=queries.outside_id(row.case_id), unit=units.get(row.lead_unit_id, ""), **told)


def _to_the_hour(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(minute=0, second=0, microsecond=0)


def _to_the_minute(seconds: int | None) -> int | None:
    return None if seconds is None else seconds // 60 * 60
