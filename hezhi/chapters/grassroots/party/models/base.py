"""What several tables of this room share (共用)."""

from typing import Any

from django.db import models
from django.db.models import Q

from hezhi.engines.registry.models import Record

DRAFT, WAITING, RETURNED, APPROVED, ENDED = "draft", "waiting", "returned", "approved", "ended"
OPEN_TO_EDIT = (DRAFT, RETURNED)
"""States in which the one who drew it up may still change it without asking anybody."""
PRESENT = Q(removed_at__isnull=True)


class Reviewed(Record):
    """Base of what takes effect when a second person has approved it (统一审核).

    `edition` counts the texts that were approved: a change after approval becomes one more when it is approved.
    """

    edition = models.PositiveIntegerField("版本", default=0, editable=False)
    returned_because = models.CharField("退回意见", max_length=200, blank=True, editable=False)
    approved_at = models.DateTimeField("通过时间", null=True, blank=True, editable=False)

    class Meta:
        abstract = True


PLACE = ("district_id", "town_id", "community_id", "grid_id", "unit_id")


def settle_at(row: Any, where: Any) -> None:
    """A row lies where another lies and belongs to whom that belongs (随所属党组织)."""
    for name in PLACE:
        setattr(row, name, getattr(where, name))
