"""A shorter way to rows that hold words (检索): what a table that can do better than be read tells the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import Q, UUIDField, Value

from hezhi.ground import lookups  # noqa: F401 - `among`


@dataclass(frozen=True)
class Sought:
    """Rows that may hold the words typed; each is still asked whether it does.

    `whole`: no other row holds them. `near`: among all rows that hold them, those that fit this condition come first
    in the registry's own order, so a page that they fill is the first page.
    """

    ids: Sequence[UUID]
    whole: bool
    near: Q | None = None


def among(ids: Sequence[UUID]) -> Q:
    """Rows with these ids, told as one array."""
    return Q(pk__among=Value(list(ids), output_field=ArrayField(UUIDField())))
