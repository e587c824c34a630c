"""Dues (党费): what each member owes and has paid, written by the one who keeps the branch's cash; the sums follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from hezhi.chapters.grassroots.party import rules
from hezhi.chapters.grassroots.party.models import DuesEntry, DuesSheet, Member
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import locked
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound

EDIT = "party_dues.edit"


@dataclass(frozen=True)
class Paid:
    """What was typed for a member (一行登记): amounts in yuan as text, and the day of payment."""

    due: str = ""
    paid: str = ""
    paid_on: date | None = None


def begin(sheet: DuesSheet) -> None:
    """A line for every member of the organisation, with what he owed the month before (建立月度台账)."""
    before = {}
    for each in DuesEntry.objects.filter(
        sheet__organisation=sheet.organisation_id, sheet__month__lt=sheet.month, sheet__removed_at__isnull=True
    ).order_by("sheet__month"):  # fmt: skip
        before[each.member_id] = each.due
    for member in sheet.organisation.members.filter(removed_at__isnull=True):
        DuesEntry.objects.get_or_create(sheet=sheet, member=member, defaults={"due": before.get(member.pk, "")})
    _add_up(sheet)


@clause("9.1.3-3-1")
@verb("party.record_dues")
def record_dues(sheet: DuesSheet, *, by: Actor, told: Mapping[UUID, Paid]) -> DuesSheet:
    """Write down what members owe and have paid (登记党费). Raises BadInput with the member's number at a wrong line."""
    by.must(EDIT)
    row = _held(sheet, by)
    known = {each.member_id: each for each in row.entries.select_for_update()}
    people = Member.objects.filter(organisation=row.organisation_id, removed_at__isnull=True).in_bulk(list(told))
    faults: list[str] = []
    for key, line in told.items():
        member = people.get(key) or (known[key].member if key in known else None)
        if member is None:
            continue  # left the branch while the page was open: nothing is written for him here
        entry = known.get(key) or DuesEntry(sheet=row, member=member)
        fault = _write(entry, line, row.month)
        if fault:
            faults.append(f"{member.number}：{fault}。")
    if faults:
        raise BadInput({"lines": faults})
    _add_up(row)
    row.changed_at, row.changed_by_id = time.now(), by.user_id
    row.revision += 1
    row.save()
    return row


def _held(sheet: DuesSheet, by: Actor) -> DuesSheet:
    row = locked(DuesSheet.objects.visible_to(by).filter(removed_at__isnull=True), sheet.pk).first()
    if row is None:
        raise NotFound("没有找到这份党费台账。")
    return row


def _write(entry: DuesEntry, line: Paid, month: date) -> str | None:
    """Keep one line; gives what is wrong with it instead."""
    try:
        due, paid = rules.amount(line.due), rules.amount(line.paid)
    except ValueError as fault:
        return str(fault)
    paid_on = (line.paid_on or time.today()) if paid else None
    if paid_on is not None and paid_on > time.today():
        return "交纳日期不能晚于今天"
    told = ("" if due is None else str(due), "" if paid is None else str(paid), paid_on)
    if told != (entry.due, entry.paid, entry.paid_on) or entry._state.adding:
        entry.due, entry.paid, entry.paid_on = told
        entry.save()
    return None


def _add_up(row: DuesSheet) -> None:
    told = rules.sums((_amount(each.due), _amount(each.paid)) for each in row.entries.all())
    row.due, row.paid, row.open_entries = told.due, told.paid, told.open_entries
    row.save(update_fields=["due", "paid", "open_entries"])


def _amount(kept: str) -> Decimal | None:
    return Decimal(kept) if kept else None
