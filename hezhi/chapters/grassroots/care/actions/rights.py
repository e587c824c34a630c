"""Verbs on requests of people over their own data (个人信息请求, P11)."""

import secrets
from uuid import UUID

from hezhi.chapters.grassroots.care import queries, rules
from hezhi.chapters.grassroots.care.models import RightsRequest
from hezhi.chapters.grassroots.registers.api import resident_by_id_number
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import due
from hezhi.engines.flow.timing import timetable
from hezhi.engines.org.api import Actor, system
from hezhi.engines.reach.api import tell
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput
from hezhi.ground.identifiers import check_phone
from hezhi.ground.ids import SIGNS
from hezhi.ground.text import tidy

LABEL = "care.rightsrequest"


@clause("12.3-1")
@verb("care.take_request")
def take_request(
    *, by: Actor, kind: str, person_name: str, text: str, phone: str = "", id_number: str = "", channel: str = "counter",
    code: str = "",
) -> RightsRequest:  # fmt: skip
    """Take a request at the counter or from the citizens' channel (受理); due in 15 working days.

    `code` is what the person will ask after it with; only its print is kept. The ID number finds the entry of the
    register and is not kept; whether it found one is told to nobody but who answers.
    """
    if channel == RightsRequest.Channel.COUNTER:
        by.must("care.requests")
    faults = {}
    if kind not in rules.RIGHTS:
        faults["kind"] = "请选择请求事项。"
    if not tidy(person_name):
        faults["person_name"] = "请填写请求人姓名，并核对证件。"
    if not tidy(text):
        faults["text"] = "请填写请求内容。"
    checked = check_phone(phone) if tidy(phone) else None
    if checked is not None and checked.fault:
        faults["phone"] = f"{checked.fault}。"
    if faults:
        raise BadInput(faults)
    finder = by if channel == RightsRequest.Channel.COUNTER else system("市民个人信息请求")
    moment = time.now()
    end = due(moment, Limit(rules.RIGHTS_DAYS, Unit.WORKING_DAYS), timetable().calendar)
    row = RightsRequest.objects.create(
        number=f"QL{time.today():%y}" + "".join(secrets.choice(SIGNS) for _ in range(6)), kind=kind, channel=channel,
        resident=resident_by_id_number(id_number, by=finder), person_name=tidy(person_name), phone=checked.value if checked else "",
        text=tidy(text), follow_print=queries.code_print(code) if code else "", received_at=moment, due_at=end or moment,
    )  # fmt: skip
    from hezhi.chapters.grassroots.care.actions.glass import protectors

    for person in protectors():
        tell(
            by, event="care.request", to_user=person, about=(LABEL, row.pk),
            values={"number": row.number, "kind": row.get_kind_display(), "due": time.show(row.due_at)}, link=f"/care/requests/{row.pk}/",
        )  # fmt: skip
    return row


@clause("12.3-1")
@verb("care.answer_request")
def answer_request(request_id: UUID, *, by: Actor, state: str, text: str) -> RightsRequest:
    """Answer a request (答复): granted, in part, or refused with the law that says so."""
    by.must("care.protect")
    row = RightsRequest.objects.select_for_update(of=("self",)).filter(pk=request_id, state="open").first()
    if row is None:
        raise queries.nothing()
    if state not in ("granted", "partly", "refused"):
        raise BadInput({"state": "请选择答复结果。"})
    if not tidy(text):
        raise BadInput({"text": "请写明答复内容；不予满足的须写明法律依据。"})
    row.state, row.answer, row.answered_at, row.answered_by_id = state, tidy(text), time.now(), by.user_id
    row.save()
    return row
