"""Signs at doors (门牌码): a random code for each home and small place, made once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from uuid import UUID

from hezhi.chapters.grassroots.registers.models import Home, Plate, SmallPlace
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.ids import SIGNS

LENGTH = 10
MOST = 2_000


@clause("9.1.3-2-3")
@verb("registers.make_plates")
def make_plates(*, by: Actor, homes: Sequence[UUID] = (), places: Sequence[UUID] = ()) -> list[Plate]:
    """Make the signs that are still missing for these homes and small places (制作门牌码); gives the new ones.

    A sign stays with its door for good: whoever has it on paper need not print it again.
    """
    made: list[Plate] = []
    common = {"made_at": time.now(), "made_by_id": by.user_id}
    if homes:
        by.must("homes.edit")
        seen = Home.objects.visible_to(by).filter(pk__in=homes, removed_at__isnull=True, plate__isnull=True)
        made += [Plate(code=_code(), home=home, **common) for home in seen.order_by("number")[:MOST]]
    if places:
        by.must("small_places.edit")
        at = SmallPlace.objects.visible_to(by).filter(pk__in=places, removed_at__isnull=True, plate__isnull=True)
        made += [Plate(code=_code(), place=place, **common) for place in at.order_by("number")[:MOST]]
    return Plate.objects.bulk_create(made)


def _code() -> str:
    """Ten signs of 27: 2·10¹⁴ codes, so that guessing finds no door."""
    return "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
