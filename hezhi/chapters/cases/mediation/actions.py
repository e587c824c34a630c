"""The verbs of mediation (调解的动作): one verb, one transaction, with right, state and timeline. Nobody is mediated against his will."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from hezhi.chapters.cases.handling.api import queries as cases
from hezhi.chapters.cases.mediation.flows import DISPUTE, REGISTER, WORK
from hezhi.chapters.cases.mediation.models import Agreement, Dispute, FollowUp, Party, Referral, Session, State, Step
from hezhi.engines.org.api import Actor, Unit, User
from hezhi.engines.records import audit
from hezhi.engines.records.acting import verb
from hezhi.engines.records.gathering import later
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.identifiers import check_phone
from hezhi.ground.ids import short_number
from hezhi.ground.text import one_line, tidy

MOST = 2000


def given(value: str, field: str, sentence: str, most: int = MOST) -> str:
    """A text that may be neither empty nor too long."""
    value = tidy(value or "")
    if not value:
        raise BadInput({field: [sentence]})
    if len(value) > most:
        raise BadInput({field: [f"最多 {most} 个字，现在是 {len(value)} 个字。"]})
    return value


def take(dispute_id: UUID, code: str, *, by: Actor) -> Dispute:
    """Lock a dispute for one verb: visible, the right held, the state fit; a mediator's verb only by the one in charge."""
    declared = next(v for v in DISPUTE.verbs if v.code == code)
    by.must(declared.right)
    row = Dispute.objects.select_for_update(of=("self",)).visible_to(by).filter(pk=dispute_id).first()
    if row is None:
        raise NotFound(
            "没有找到这件纠纷。", "可能编号有误，或不在您的管辖范围。", "请核对编号。", code="mediation.not_found"
        )
    DISPUTE.verb(code, row.state)
    if declared.right == WORK and row.mediator_id not in (None, by.user_id):
        raise NotAllowed(
            "这件纠纷由指定的调解员办理。", remedy="请由调解员办理，或重新指定。", code="mediation.not_yours"
        )
    return row


def settle(
    row: Dispute, code: str, *, by: Actor, text: str = "", to: str = "", changed: tuple[str, ...] = ()
) -> Dispute:
    """Move the dispute and write the step of the timeline."""
    row.state = to or row.state
    row.revision += 1
    row.save(update_fields=sorted({"state", "revision", *changed}))
    title = next((v.name for v in DISPUTE.verbs if v.code == code), "登记纠纷")
    later(Step(
        dispute=row, title=title, text=text[:300], to_state=to, by_name=by.name, unit_name=by.unit_name, at=time.now()
    ))  # fmt: skip
    return row


@clause("9.1.2-2")
@verb("mediation.register")
def register(
    *, by: Actor, name: str, on: date, address: str, category: str, summary: str, due_on: date, mediator_org: str,
    scale: str = "01", method: str = "01", people: int = 2, units: str = "", case_id: UUID | None = None,
) -> Dispute:  # fmt: skip
    """Register a dispute (登记纠纷), by itself or from a case; of a secret case nothing is carried over but the link."""
    by.must(REGISTER)
    if by.unit_id is None:
        raise NotAllowed("纠纷要由有单位的岗位登记。", code="mediation.nobody")
    case = cases.case_for(by, case_id) if case_id else None
    if case is not None and case.secret:
        raise NotNow(
            "保密件不转入调解台账。",
            "调解要通知双方，会暴露上报人。",
            "请由原受理员按保密件办理。",
            code="mediation.secret",
        )
    if on > time.today():
        raise BadInput({"on": ["发生日期不能晚于今天。"]})
    if due_on < time.today():
        raise BadInput({"due_on": ["化解时限不能早于今天。"]})
    if people < 2:
        raise BadInput({"people": ["纠纷至少涉及 2 人。"]})
    row = Dispute(
        number=_number(), case=case, name=given(one_line(name), "name", "请填写事件名称。", 100), on=on,
        address=given(one_line(address), "address", "请填写发生地点。", 100), scale=scale, category=category, people=people,
        units=one_line(units)[:100], summary=given(summary, "summary", "请写明事件简述。"), due_on=due_on, method=method,
        mediator_org=given(one_line(mediator_org), "mediator_org", "请填写化解组织。", 100), registered_at=time.now(),
        unit_id=by.unit_id,
    )  # fmt: skip
    unit = Unit.objects.filter(pk=by.unit_id).select_related("area").first()
    place = case or (unit.area if unit else None)
    levels = place.ancestors() if place is not None and hasattr(place, "ancestors") else {}
    for level in ("district", "town", "community", "grid"):
        setattr(row, f"{level}_id", getattr(case, f"{level}_id") if case else levels.get(level))
    row.save(force_insert=True)
    return settle(row, "register", by=by)


def _number() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select nextval('mediation_number')")
        (n,) = cursor.fetchone()
    return short_number("TJ", time.today(), n % 10_000_000)


@clause("9.1.2-2")
@verb("mediation.appoint")
def appoint(dispute_id: UUID, *, by: Actor, user_id: UUID) -> Dispute:
    """Name the mediator (指定调解员)."""
    row = take(dispute_id, "appoint", by=by)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise BadInput({"user": ["请选择调解员。"]})
    row.mediator = user
    return settle(row, "appoint", by=by, text=user.full_name, changed=("mediator",))


@clause("9.1.2-2")
@verb("mediation.add_party")
def add_party(dispute_id: UUID, *, by: Actor, side: str, name: str, phone: str = "", address: str = "") -> Party:
    """Write a party down (登记当事人): name and how to reach him, sealed; his consent is asked for afterwards."""
    row = take(dispute_id, "add_party", by=by)
    if side not in Party.Side.values:
        raise BadInput({"side": ["请选择当事人身份。"]})
    if phone and not (told := check_phone(phone)).ok:
        raise BadInput({"phone": [f"{told.fault}。"]})
    party = Party.objects.create(
        dispute=row, side=side, name=given(one_line(name), "name", "请填写姓名。", 60), phone=phone.strip(),
        address=one_line(address)[:200],
    )  # fmt: skip
    to = State.REGISTERED if row.state == State.READY else ""
    settle(row, "add_party", by=by, text=party.get_side_display(), to=to)
    return party


@clause("9.1.2-2")
@verb("mediation.consent")
def consent(party_id: UUID, *, by: Actor, agrees: bool, how: str) -> Dispute:
    """Write down whether a party wants to be mediated (征询意愿): all yes makes it ready, one no ends it."""
    party = Party.objects.filter(pk=party_id).first()
    if party is None:
        raise NotFound("没有找到这位当事人。", code="mediation.no_party")
    row = take(party.dispute_id, "consent", by=by)
    if how not in Party.How.values:
        raise BadInput({"how": ["请选择征询方式。"]})
    party.consents, party.consent_how, party.consent_at = agrees, how, time.now()
    party.save(update_fields=["consents", "consent_how", "consent_at"])
    said = f"{party.get_side_display()}{'同意' if agrees else '不同意'}调解（{party.get_consent_how_display()}）"
    return settle(row, "consent", by=by, text=said, to=standing(row))


def standing(row: Dispute) -> str:
    """What the parties' answers make of a dispute: both sides must be there and everybody must have said yes."""
    parties = list(Party.objects.filter(dispute=row))
    if any(party.consents is False for party in parties):
        return State.FAILED
    sides = {party.side for party in parties}
    both = {Party.Side.ASKS, Party.Side.OTHER} <= sides
    return State.READY if both and all(party.consents for party in parties) else State.REGISTERED


@clause("9.1.2-2")
@verb("mediation.meet")
def meet(
    dispute_id: UUID, *, by: Actor, at: datetime, place: str, present: Sequence[UUID], notes: str, outcome: str
) -> Session:
    """Write a session down (登记调解会): nobody can agree in the absence of one side."""
    row = take(dispute_id, "meet", by=by)
    parties = {party.pk: party.side for party in Party.objects.filter(dispute=row)}
    came = [key for key in present if key in parties]
    if at > time.now():
        raise BadInput({"at": ["调解会的时间不能在将来。"]})
    if outcome not in Session.Outcome.values:
        raise BadInput({"outcome": ["请选择结果。"]})
    if outcome == Session.Outcome.AGREED and not {"asks", "other"} <= {parties[key] for key in came}:
        raise BadInput({"present": ["达成协议须申请人和被申请人都到场。"]})
    session = Session.objects.create(
        dispute=row, at=at, place=given(one_line(place), "place", "请填写地点。", 100), present=came,
        notes=given(notes, "notes", "请填写调解记录。"), outcome=outcome, by_name=by.name,
    )  # fmt: skip
    failed = outcome == Session.Outcome.FAILED
    text = f"{len(came)} 方到场，{session.get_outcome_display()}"
    settle(row, "meet", by=by, text=text, to=State.FAILED if failed else State.MEDIATING)
    return session


@clause("9.1.2-2")
@verb("mediation.agree")
def agree(
    dispute_id: UUID, *, by: Actor, kind: str, content: str, signed_on: date, perform_by: date | None = None
) -> Agreement:
    """Write the agreement down (登记协议), after a session in which it was reached."""
    row = take(dispute_id, "agree", by=by)
    if not Session.objects.filter(dispute=row, outcome=Session.Outcome.AGREED).exists():
        raise NotNow(
            "还没有达成协议的调解会。",
            "协议要在双方到场的调解会上达成。",
            "请先登记调解会。",
            code="mediation.no_session",
        )
    if kind not in Agreement.Kind.values:
        raise BadInput({"kind": ["请选择协议形式。"]})
    if signed_on > time.today() or (perform_by and perform_by < signed_on):
        raise BadInput({"signed_on": ["达成日期不能在将来，履行期限不能早于达成日期。"]})
    made = Agreement.objects.create(
        dispute=row, kind=kind, content=given(content, "content", "请填写协议内容。"), signed_on=signed_on,
        perform_by=perform_by,
    )  # fmt: skip
    row.resolved = True
    settle(row, "agree", by=by, text=made.get_kind_display(), to=State.AGREED, changed=("resolved",))
    return made


@clause("9.1.2-2")
@verb("mediation.refer")
def refer(dispute_id: UUID, *, by: Actor, to: str, organ: str, reason: str) -> Referral:
    """Send it on to arbitration, court or petition (转出); it stays ours until the receipt is here."""
    row = take(dispute_id, "refer", by=by)
    if to not in Referral.To.values:
        raise BadInput({"to": ["请选择转往哪里。"]})
    made = Referral.objects.create(
        dispute=row, to=to, organ=given(one_line(organ), "organ", "请填写受理机关。", 100), at=time.now(), by_name=by.name,
        reason=given(reason, "reason", "请写明转出理由。", 300),
    )  # fmt: skip
    settle(row, "refer", by=by, text=f"{made.get_to_display()}：{made.organ}", to=State.REFERRED)
    return made


@clause("9.1.2-2")
@verb("mediation.receipt")
def receipt(dispute_id: UUID, *, by: Actor, number: str, accepted: bool) -> Referral:
    """Write down the receipt (登记回执): accepted there ends it here, not accepted gives it back."""
    row = take(dispute_id, "receipt", by=by)
    made = Referral.objects.filter(dispute=row, receipt_at=None).order_by("-at").first()
    if made is None:
        raise NotNow("没有等待回执的转出。", code="mediation.no_referral")
    made.receipt = given(one_line(number), "number", "请填写回执编号。", 60)
    made.accepted, made.receipt_at = accepted, time.now()
    made.save(update_fields=["receipt", "accepted", "receipt_at"])
    if accepted:
        row.closed_at, row.resolved = time.now(), False
    settle(
        row, "receipt", by=by, text=f"{made.organ}{'受理' if accepted else '不予受理'}，回执 {made.receipt}",
        to=State.CLOSED if accepted else State.FAILED, changed=("closed_at", "resolved"),
    )  # fmt: skip
    return made


@clause("9.1.2-2")
@verb("mediation.follow_up")
def follow_up(
    dispute_id: UUID, *, by: Actor, performed: bool, satisfied: bool | None = None, note: str = "", broken: bool = False
) -> FollowUp:
    """Ask whether the agreement is kept (回访): kept closes it, broken for good (`broken`) makes it fail."""
    row = take(dispute_id, "follow_up", by=by)
    made = FollowUp.objects.create(
        dispute=row, at=time.now(), performed=performed, satisfied=satisfied, note=tidy(note)[:MOST], by_name=by.name
    )
    Agreement.objects.filter(dispute=row).update(performed=performed)
    to = State.CLOSED if performed else State.FAILED if broken else State.AGREED
    if performed:
        row.closed_at = time.now()
    elif broken:
        row.resolved = False
    said = "协议已履行" if performed else "协议未履行，调解不成" if broken else "协议尚未履行"
    settle(row, "follow_up", by=by, text=said, to=to, changed=("closed_at", "resolved"))
    return made


@clause("9.1.2-2")
@verb("mediation.close")
def close(dispute_id: UUID, *, by: Actor, result: str) -> Dispute:
    """End a dispute that could not be mediated (终止结案), with what was done and where the parties were pointed to."""
    row = take(dispute_id, "close", by=by)
    row.result = given(result, "result", "请写明化解情况和告知当事人的其他途径。")
    row.resolved, row.closed_at = False, time.now()
    return settle(row, "close", by=by, to=State.CLOSED, changed=("result", "resolved", "closed_at"))


@verb("mediation.reveal")
def reveal(party_id: UUID, *, by: Actor, field: str, purpose: str) -> str:
    """Give a party's name, phone or address in clear to who mediates; who, what and why are logged first (查看)."""
    party = Party.objects.filter(pk=party_id).first()
    row = Dispute.objects.visible_to(by).filter(pk=party.dispute_id).first() if party else None
    if party is None or row is None or field not in ("name", "phone", "address"):
        raise NotFound("没有可查看的内容。", code="mediation.nothing_to_reveal")
    by.must(WORK)
    if row.mediator_id not in (None, by.user_id):
        raise NotAllowed("当事人的联系方式只由调解员查看。", remedy="请由调解员联系。", code="mediation.not_yours")
    purpose = given(purpose, "purpose", "请写明查看目的。", 200)
    audit.read_of_personal(by, "mediation.dispute", row.pk, [f"party.{field}"], purpose)
    return str(getattr(party, field))
