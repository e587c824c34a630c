"""The list of an emergency (应急名单, P7): opened by the duty leader, read by named rescuers, destroyed at the close."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from hezhi.chapters.grassroots.care import queries, rules
from hezhi.chapters.grassroots.care.actions.factor import must_prove
from hezhi.chapters.grassroots.care.actions.glass import protectors
from hezhi.chapters.grassroots.care.models import (
    CareFile,
    EmergencyEntry,
    EmergencyList,
    EmergencyReader,
    Need,
    PlanStep,
)
from hezhi.engines.org.api import Actor
from hezhi.engines.reach.api import tell
from hezhi.engines.records.acting import current_deed, verb
from hezhi.engines.registry.scope import person as who
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.text import tidy

LABEL = "care.emergencylist"


@clause("9.1.3-2-6")
def open_emergency(
    *, by: Actor, incident: str, title: str, area: Any, readers: Sequence[UUID], code: str
) -> EmergencyList:
    """Open the list of one area for the named rescuers of a declared incident (启动应急名单).

    The second factor is asked for again, as for a single file, and before the verb, so that a wrong code is counted
    though nothing is opened. Raises BadInput, NotAllowed outside one's own area, NotNow while such a list is open.
    """
    by.must("care.emergency")
    _asked_rightly(by, incident, title, area, readers)
    must_prove(by, code)
    try:
        return _open(by=by, incident=tidy(incident), title=tidy(title), area=area, readers=readers)
    except IntegrityError as fault:
        if "one_list_of_an_area" not in str(fault):
            raise
        raise _opened_already() from fault  # a colleague was quicker by less than a second


def _asked_rightly(by: Actor, incident: str, title: str, area: Any, readers: Sequence[UUID]) -> None:
    faults = {}
    if not tidy(incident):
        faults["incident"] = "请填写已宣布的突发事件编号。"
    if not tidy(title):
        faults["title"] = "请填写事件名称。"
    if not readers:
        faults["readers"] = "请指定救援人员。"
    if faults:
        raise BadInput(faults)
    if not _reaches(by, area):
        raise NotAllowed(
            "只能启动本人辖区内的应急名单。", remedy="请由该区域的值班负责人启动。", code="care.other_area"
        )
    if EmergencyList.objects.filter(incident=tidy(incident), area=area, closed_at__isnull=True).exists():
        raise _opened_already()


def _opened_already() -> NotNow:
    return NotNow("这个区域的名单已经启动。", "不必重复启动。", "请打开已有的名单。", code="care.list_open")


@verb("care.open_emergency")
def _open(*, by: Actor, incident: str, title: str, area: Any, readers: Sequence[UUID]) -> EmergencyList:
    row = EmergencyList.objects.create(
        incident=incident, title=title, area=area, opened_by_id=who(by), opened_at=time.now()
    )
    EmergencyReader.objects.bulk_create([EmergencyReader(emergency=row, user_id=each) for each in readers])
    for file in queries.for_emergency(area):
        EmergencyEntry.objects.create(emergency=row, file=file, **_told(file))
    _tell_watchers(row, by)
    for each in readers:
        tell(
            by, event="care.emergency", to_user=each, about=(LABEL, row.pk), values={"incident": row.incident}, urgent=True,
            link=f"/care/emergencies/{row.pk}/",
        )  # fmt: skip
    return row


def _reaches(by: Actor, area: Any) -> bool:
    """Whether an area lies where this person has a duty."""
    scope = by.scope
    return scope.everything or (scope.area is not None and scope.area in (area.pk, getattr(area, scope.level, None)))


def _tell_watchers(row: EmergencyList, by: Actor) -> None:
    """Supervisors of who stands on it, and the protection officer, hear of a list at once, as of a broken glass (P7)."""
    entries = EmergencyEntry.objects.filter(emergency=row)
    watchers = {*entries.values_list("file__supervisor", flat=True), *protectors()}
    lasts = str(rules.EMERGENCY_LASTS // timedelta(hours=1))
    values = {"incident": row.incident, "who": by.name, "people": str(entries.count()), "hours": lasts}
    for each in watchers:
        tell(by, event="care.emergency_opened", to_user=each, about=(LABEL, row.pk), values=values, urgent=True)


def _told(file: CareFile) -> dict[str, str]:
    """What a rescuer must know of a person: never the programme, never more."""
    person = file.resident
    place = person.live_address or str(person.home or person.community or "")
    wants = [need.text for need in Need.objects.filter(file=file, met_on__isnull=True, kind__in=("medical", "safety"))]
    help_needed = "；".join(wants) or "需要有人照应"
    return {"person_name": person.person_name, "address": place, "phone": person.phone, "help_needed": help_needed}


@clause("9.1.3-2-6")
@verb("care.read_emergency")
def read_emergency(list_id: UUID, *, by: Actor) -> tuple[EmergencyList, list[EmergencyEntry]]:
    """Read a list while its incident lasts (查看应急名单); each reading is written down."""
    row = queries.emergency_for(by, list_id)
    deed = current_deed()
    if deed is not None:
        deed.on(row)
    if row.closed_at is not None:
        return row, []
    return row, list(EmergencyEntry.objects.filter(emergency=row))


@clause("9.1.3-2-6")
@verb("care.close_emergency")
def close_emergency(list_id: UUID, *, by: Actor) -> EmergencyList:
    """Close a list at the end of the incident (结束并销毁): its entries are destroyed, each worker is to tell his person."""
    row = queries.emergency_for(by, list_id)
    if row.opened_by_id != by.user_id:
        by.must("care.emergency")
    if row.closed_at is not None:
        raise NotNow("这份名单已经销毁。", code="care.list_closed")
    return _destroyed(row, by)


@clause("9.1.3-2-6")
@verb("care.close_emergency")
def end_emergency(list_id: UUID, *, by: Actor) -> EmergencyList | None:
    """The clock closes a list that nobody closed (到时自动销毁); None when somebody did meanwhile."""
    row = EmergencyList.objects.select_for_update().filter(pk=list_id, closed_at__isnull=True).first()
    return _destroyed(row, by) if row is not None else None


def _destroyed(row: EmergencyList, by: Actor) -> EmergencyList:
    today = time.today()
    for entry in EmergencyEntry.objects.filter(emergency=row).select_related("file"):
        file = entry.file
        PlanStep.objects.create(
            file=file, compartment=file.compartment, at=time.now(), by_id=by.user_id or row.opened_by_id, due_on=today, doer="帮扶人",
            text=f"告知本人或监护人：{row.title}期间，姓名、住址、电话和所需帮助曾提供给指定救援人员，现已销毁。",
        )  # fmt: skip
    row.destroyed = EmergencyEntry.objects.filter(emergency=row).delete()[0]
    row.closed_at, row.closed_by_id = time.now(), by.user_id
    row.save()
    deed = current_deed()
    if deed is not None:
        deed.on(row)
        deed.detail["destroyed"] = row.destroyed
    return row
