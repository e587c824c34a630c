"""Checking small places (九小场所检查): by the grid worker, by the keeper himself, and once more after a fault."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from hezhi.chapters.grassroots.registers.models import (
    CheckItem,
    KeeperCode,
    PlaceCheck,
    PlaceFinding,
    Plate,
    SmallPlace,
)
from hezhi.chapters.grassroots.registers.queries import items_for
from hezhi.chapters.grassroots.registers.rules import Answer, Result, answers_fault
from hezhi.engines.org import failures
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.engines.records.vault import blind
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.crypto import same
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.ids import clean_code, follow_code

OPEN, CLOSED = PlaceFinding.State.OPEN, PlaceFinding.State.CLOSED
PURPOSE = "registers.keeper_code"
AGAIN = 7
"""Days given once more when a re-check finds the fault still there."""


@clause("9.1.3-2-8")
@verb("registers.check_place")
def check_place(place_id: UUID, answers: Mapping[str, Answer], *, by: Actor, note: str = "") -> PlaceCheck:
    """A grid worker goes through the list of this kind (网格检查): each fault becomes a finding with a term.

    An item that is right again closes its finding; a fault that is open already stays the one it was.
    Raises BadInput by item for a list that is not filled in.
    """
    by.must("small_places.edit")
    place = _held(place_id, by)
    items = items_for(place.kind)
    _must_be_answered(items, answers)
    check = _check(place, PlaceCheck.Way.GRID, items, answers, note, by)
    known = {each.item: each for each in _open(place)}
    for item in items:
        answer = answers[item.code]
        if answer.result is Result.FAULT and item.code not in known:
            PlaceFinding.objects.create(
                place=place, found_in=check, item=item.code, text=item.text, hazard=item.hazard,
                note=answer.note.strip(), due=check.day + timedelta(days=item.days),
            )  # fmt: skip
        elif answer.result is not Result.FAULT and item.code in known:
            _close(known[item.code], check)
    _stand(place, by)
    return check


@clause("9.1.3-2-8")
@verb("registers.recheck_place")
def recheck_place(place_id: UUID, answers: Mapping[str, Answer], *, by: Actor, note: str = "") -> PlaceCheck:
    """A grid worker looks at the open findings once more (复查): what is put right is closed, the rest gets a new term.

    Raises NotNow when nothing is open, BadInput by item when one is not answered.
    """
    by.must("small_places.edit")
    place = _held(place_id, by)
    waiting = _open(place)
    if not waiting:
        raise NotNow(what="这个场所没有待整改的问题，不用复查。", code="registers.nothing_open")
    _must_be_answered(waiting, answers)
    check = _check(place, PlaceCheck.Way.RECHECK, waiting, answers, note, by)
    for finding in waiting:
        answer = answers[finding.item]
        if answer.result is not Result.FAULT:
            _close(finding, check)
            continue
        finding.note, finding.due = answer.note.strip(), max(finding.due, check.day + timedelta(days=AGAIN))
        finding.save(update_fields=["note", "due"])
    _stand(place, by)
    return check


@clause("9.1.3-2-8")
@verb("registers.give_keeper_code")
def give_keeper_code(place_id: UUID, *, by: Actor) -> str:
    """A new code for the keeper's own checks (发放自查码), shown once; the one before no longer works."""
    by.must("small_places.edit")
    place = _held(place_id, by)
    code = follow_code()
    KeeperCode.objects.update_or_create(
        place=place, defaults={"print": str(blind(PURPOSE, code)), "made_at": time.now(), "made_by_id": by.user_id}
    )
    return code


def must_be_keeper(plate: Plate, code: str, *, address: str | None) -> SmallPlace:
    """The place of a sign, when the code is its keeper's; wrong tries are counted and lock, like a sign-in.

    Raises NotAllowed for a wrong code and while it is locked, NotFound for a sign at a home.
    """
    if plate.place is None or plate.place.removed_at is not None:
        raise NotFound(what="这个门牌不是九小场所的。", code="registers.no_place")
    name, moment = f"@{plate.code}", time.now()
    if failures.is_locked(name, address, moment):
        raise NotAllowed(what="自查码输错次数过多，请 30 分钟后再试。", code="registers.keeper_locked")
    kept = KeeperCode.objects.filter(place=plate.place).first()
    if kept is None or not same(kept.print, str(blind(PURPOSE, clean_code(code)))):
        failures.note(name, address, moment)
        raise NotAllowed(
            what="自查码不对。",
            remedy="请核对网格员给您的自查码；遗失的，请网格员重新发放。",
            code="registers.keeper_code",
        )
    return plate.place  # type: ignore[no-any-return]


@clause("9.1.3-2-8")
@verb("registers.self_check")
def self_check(place: SmallPlace, answers: Mapping[str, Answer], *, by: Actor, note: str = "") -> PlaceCheck:
    """The keeper goes through the list himself (场所自查); what he tells helps him and closes nothing.

    `place` comes from `must_be_keeper`. Raises BadInput by item.
    """
    items = items_for(place.kind)
    _must_be_answered(items, answers)
    return _check(place, PlaceCheck.Way.SELF, items, answers, note, by)


# -- steps -----------------------------------------------------------------------------------------


def _held(id: UUID, by: Actor) -> SmallPlace:
    seen = SmallPlace.objects.visible_to(by).filter(pk=id, removed_at__isnull=True).values("pk")
    place = SmallPlace.objects.filter(pk__in=seen).select_for_update(of=("self",)).first()
    if place is None:
        raise NotFound(what="没有找到这个场所。", code="registers.not_found")
    return place  # type: ignore[no-any-return]


def _open(place: SmallPlace) -> list[PlaceFinding]:
    return list(PlaceFinding.objects.filter(place=place, state=OPEN).order_by("due", "item"))


def _code_of(item: Any) -> str:
    return item.code if isinstance(item, CheckItem) else item.item


def _must_be_answered(items: list[Any], answers: Mapping[str, Answer]) -> None:
    codes = [_code_of(item) for item in items]
    faults = answers_fault(codes, {code: each for code, each in answers.items() if code in codes})
    if faults:
        raise BadInput({code: [f"{said}。"] for code, said in faults.items()}, code="registers.check_list")


def _check(
    place: SmallPlace, way: str, items: list[Any], answers: Mapping[str, Answer], note: str, by: Actor
) -> PlaceCheck:
    told = {
        _code_of(item): {
            "text": item.text,
            "result": answers[_code_of(item)].result,
            "note": answers[_code_of(item)].note,
        }
        for item in items
    }
    faults = sum(each["result"] == Result.FAULT for each in told.values())
    return PlaceCheck.objects.create(  # type: ignore[no-any-return]
        place=place, way=way, place_kind=place.kind, day=time.today(), answers=told, faults=faults,
        note=note.strip()[:300], checked_by_id=by.user_id, at=time.now(),
    )  # fmt: skip


def _close(finding: PlaceFinding, check: PlaceCheck) -> None:
    finding.state, finding.closed_in = CLOSED, check
    finding.save(update_fields=["state", "closed_in"])


def _stand(place: SmallPlace, by: Actor) -> None:
    """What the register says of the place after a look: the day, the hazard still open and its term."""
    waiting = _open(place)
    place.last_inspected_on = time.today()
    place.hazard = waiting[0].hazard if waiting else "00"
    place.hazard_note = "；".join(each.note or each.text for each in waiting)[:200]
    place.rectify_until = waiting[0].due if waiting else None
    place.changed_at, place.changed_by_id, place.revision = time.now(), by.user_id, place.revision + 1
    place.save(
        update_fields=[
            "last_inspected_on", "hazard", "hazard_note", "rectify_until", "changed_at", "changed_by_id", "revision",
        ]
    )  # fmt: skip
