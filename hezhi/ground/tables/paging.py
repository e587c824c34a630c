"""Keyset pages (游标翻页): a page begins behind a row, not after a number of rows.

A page deep in a million rows costs what the first one costs. The place is the row's values in the order
of the list, ending with its id, written into the url as an opaque token. Nothing (NULL) counts as
greater than everything, which is PostgreSQL's own order, so its indexes serve.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet

from hezhi.ground.errors import BadInput
from hezhi.ground.paths import follow

Order = Sequence[str]
LONGEST = 2_000


@dataclass(frozen=True)
class Place:
    """A place between two rows: the values of the row it follows or precedes, and that row's number."""

    values: tuple[Any, ...]
    number: int

    def token(self) -> str:
        """The place as it stands in the url."""
        told = json.dumps([self.number, *map(_plain, self.values)], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Page:
    """One page: its rows, the number of the first, and the places before and after where there is more."""

    rows: list[Any]
    first: int = 1
    before: Place | None = None
    after: Place | None = None


def page_of(
    rows: QuerySet[Any], order: Order, size: int, *, after: Place | None = None, before: Place | None = None
) -> Page:
    """The page of `size` rows behind `after`, or in front of `before`, or the first one."""
    return page_of_branches(rows, (), order, size, after=after, before=before)


def page_of_branches(
    rows: QuerySet[Any],
    branches: Sequence[QuerySet[Any]],
    order: Order,
    size: int,
    *,
    after: Place | None = None,
    before: Place | None = None,
) -> Page:
    """The same page, where the rows are also known in branches without overlap.

    The page's rows are among the first ones of each branch, and only these are then put in order.
    """
    backwards = before is not None
    place = before or after
    turned = [_turned(name) if backwards else name for name in order]

    def head_of(part: QuerySet[Any]) -> QuerySet[Any]:
        if place is not None:
            part = part.filter(_beyond(part.model, order, place.values, backwards))
        return part.order_by(*turned)[: size + 1]

    if len(branches) > 1:
        heads = [head_of(part).values("pk") for part in branches]
        ordered = rows.filter(pk__in=heads[0].union(*heads[1:], all=True)).order_by(*turned)[: size + 1]
    else:
        ordered = head_of(rows)
    found = list(ordered)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    first = _first_number(place, backwards, len(found))
    here = {"first": first, "rows": found}
    if not found:
        return Page(**here)  # type: ignore[arg-type]
    head = Place(values_of(found[0], order), first)
    tail = Place(values_of(found[-1], order), first + len(found) - 1)
    has_before = more if backwards else after is not None
    has_after = True if backwards else more
    return Page(found, first, head if has_before else None, tail if has_after else None)


def read_token(model: type[models.Model], order: Order, token: str) -> Place:
    """The place a token means. Refuses a token that is damaged or of another order."""
    try:
        if len(token) > LONGEST:
            raise ValueError("no token of ours")
        padded = token + "=" * (-len(token) % 4)
        number, *values = json.loads(base64.urlsafe_b64decode(padded.encode()))
        if len(values) != len(order) or not isinstance(number, int):
            raise ValueError(token)
        if any("\x00" in value for value in values if isinstance(value, str)):
            raise ValueError("a sign that no row holds")
        fields = [follow(model, name.lstrip("-"))[0] for name in order]
        read = [None if v is None else f.to_python(v) for f, v in zip(fields, values, strict=True)]
        return Place(tuple(read), max(number, 1))
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError, binascii.Error):
        raise BadInput(
            {"after": "翻页位置无法识别。"},
            what="翻页位置无法识别。",
            meaning="链接可能不完整，或列表的排序已经改变。",
            remedy="请从第一页重新查看。",
            code="registry.bad_place",
        ) from None


def values_of(row: Any, order: Order) -> tuple[Any, ...]:
    """The row's values in the order of the list."""
    return tuple(_value(row, name.lstrip("-")) for name in order)


def _value(row: Any, path: str) -> Any:
    if isinstance(row, dict):
        return row[path]
    for step in path.split("__"):
        row = None if row is None else getattr(row, step)
    return row


def _beyond(model: type[models.Model], order: Order, values: Sequence[Any], backwards: bool) -> Q:
    """Rows that come behind the values: a chain of «greater here, or equal here and greater further on»."""
    condition, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        path, down = name.lstrip("-"), name.startswith("-") != backwards
        condition |= equal & _further(path, value, down)
        equal &= Q(**{f"{path}__isnull": True}) if value is None else Q(**{path: value})
    return _bound(model, order, values, backwards) & condition


def _further(path: str, value: Any, down: bool) -> Q:
    if value is None:  # nothing is greater than nothing
        return Q(**{f"{path}__isnull": False}) if down else Q(pk__in=())
    if down:
        return Q(**{f"{path}__lt": value})
    return Q(**{f"{path}__gt": value}) | Q(**{f"{path}__isnull": True})


def _bound(model: type[models.Model], order: Order, values: Sequence[Any], backwards: bool) -> Q:
    """The same for the first word alone: it is all an index can use, so it is said once more by itself."""
    path, down = order[0].lstrip("-"), order[0].startswith("-") != backwards
    nullable = follow(model, path)[0].null or "__" in path
    if values[0] is None or (nullable and not down):
        return Q()
    return Q(**{f"{path}__{'lte' if down else 'gte'}": values[0]})


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _first_number(place: Place | None, backwards: bool, count: int) -> int:
    if place is None:
        return 1
    return max(place.number - count, 1) if backwards else place.number + 1


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    return value
