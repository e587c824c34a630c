"""Verbs on care files (帮扶档案): opened on a basis, read by name, reviewed within six months, closed by a person."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from hezhi.chapters.grassroots.care import queries, rules
from hezhi.chapters.grassroots.care.models import (
    CareFile,
    Consent,
    Need,
    PlanStep,
    Programme,
    Referral,
    Service,
    Tie,
    Together,
    Visit,
)
from hezhi.chapters.grassroots.registers.api import residents
from hezhi.engines.org.api import Actor
from hezhi.engines.reach.api import tell
from hezhi.engines.records import audit, erasure
from hezhi.engines.records.acting import verb
from hezhi.engines.registry.scope import person as who
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.ids import SIGNS
from hezhi.ground.text import tidy

LABEL = "care.carefile"
TEAM = ("worker", "deputy", "supervisor")


def link_of(file: CareFile) -> str:
    """The address of a file's page."""
    return f"/care/{file.pk}/"


def write_read(by: Actor, file: CareFile, form: str, standing: str) -> None:
    """Write down that a page of a file was opened (查阅留痕): each page counts, with the part one reads it in."""
    audit.write(by, queries.READ, [(LABEL, file.pk)], detail={"form": form, "standing": standing})


def _number() -> str:
    """A number that tells neither programme nor how many there are."""
    return f"GA{time.today():%y}" + "".join(secrets.choice(SIGNS) for _ in range(6))


# -- opening ---------------------------------------------------------------------------------------


@clause("9.1.3-2-6")
@verb("care.open_file")
def open_file(
    programme_id: UUID, *, by: Actor, resident_id: UUID, worker_id: UUID, deputy_id: UUID | None = None, basis_kind: str, basis: str,
    summary: str = "", goal: str = "", visit_every: int | None = None, ends_on: date | None = None, two_go: bool = False,
    consent_by: str = "", state: str = "open",
) -> CareFile:  # fmt: skip
    """Open a file for a resident (建档): in a programme that is open to this supervisor, on a basis, with two names.

    Raises NotFound for a programme that is not open to him, without saying why, and BadInput otherwise.
    """
    by.must("care.supervise")
    programme = next((p for p in queries.programmes_open_to(by) if p.pk == programme_id), None)
    person = residents(by).filter(pk=resident_id).first()
    if programme is None or person is None:
        raise queries.nothing()
    today = time.today()
    _basis_fits(programme, person, today, basis_kind, basis, consent_by)
    if worker_id == by.user_id:
        raise BadInput({"worker": "帮扶人和督导人须是两个人。"})
    if deputy_id == worker_id:
        raise BadInput({"deputy": "替补人和帮扶人须是两个人。"})
    end = _end(programme, person, today, ends_on)
    if by.unit_id is None:
        raise NotAllowed("建档须由单位的工作人员办理。", code="care.no_unit")
    file = CareFile.objects.create(
        number=_number(), programme=programme, resident_id=person.pk, compartment=programme.compartment, unit_id=by.unit_id,
        town_id=person.town_id, worker_id=worker_id, deputy_id=deputy_id, supervisor_id=who(by), state=state, basis_kind=basis_kind,
        basis=tidy(basis), opened_on=today, reviewed_on=today, review_on=rules.next_review(today, programme.review_months, end),
        ends_on=end, visit_every=visit_every, two_go=two_go, summary=tidy(summary), goal=tidy(goal),
    )  # fmt: skip
    if basis_kind == CareFile.BasisKind.CONSENT:
        _hang(
            Consent, file, by, given_by=consent_by, given_on=today, scope=list(rules.FORMS),
            until=end or rules.months_later(today, 12),
        )  # fmt: skip
    tell(
        by,
        event="care.assigned",
        to_user=worker_id,
        about=(LABEL, file.pk),
        values={"number": file.number},
        link=link_of(file),
    )
    return file


def _basis_fits(programme: Programme, person: Any, today: date, kind: str, basis: str, consent_by: str) -> None:
    faults = {}
    if kind not in CareFile.BasisKind.values:
        faults["basis_kind"] = "请选择依据。"
    if not tidy(basis):
        faults["basis"] = "没有依据不能建档，请填写同意书或文书编号。"
    if programme.mirror and kind != CareFile.BasisKind.AUTHORITY:
        faults["basis_kind"] = "这个项目依主管部门的档案建立，请填写主管部门文书编号。"
    if programme.needs_order and kind != CareFile.BasisKind.CONSENT:
        faults["basis_kind"] = "这个项目只凭本人书面同意建档。"
    born = person.birth_date
    if programme.ends_at_age and (born is None or rules.age_on(born, today) >= programme.ends_at_age):
        faults["resident"] = f"这个项目只为未满 {programme.ends_at_age} 周岁的人建档，请先核对出生日期。"
    if programme.least_age and (born is None or rules.age_on(born, today) < programme.least_age):
        faults["resident"] = "这个项目不为未成年人建档。"
    minor = born is not None and rules.age_on(born, today) < 18
    if kind == CareFile.BasisKind.CONSENT and not consent_by:
        faults["consent_by"] = "请选择由谁同意。"
    if kind == CareFile.BasisKind.CONSENT and minor and consent_by == Consent.GivenBy.SELF:
        faults["consent_by"] = "未成年人须由监护人同意。"
    if faults:
        raise BadInput(faults)


def _end(programme: Programme, person: Any, today: date, told: date | None) -> date | None:
    """The last day of a file: the authority's date, the programme's longest term, the day before the birthday."""
    rule = rules.ends_on(
        today, longest_months=programme.longest_months, ends_at_age=programme.ends_at_age, born=person.birth_date
    )  # fmt: skip
    if told is not None and told <= today:
        raise BadInput({"ends_on": "期限届满日期应在今天之后。"})
    if programme.ends_at_age and rule is not None:
        rule = date.fromordinal(rule.toordinal() - 1)
    if programme.code == "correction" and told is None:
        raise BadInput({"ends_on": "请填写矫正期满日期。"})
    return min((day for day in (rule, told) if day is not None), default=None)


@clause("9.1.3-2-6")
@verb("care.accept_file")
def accept_file(file_id: UUID, *, by: Actor) -> CareFile:
    """Take a file that came by import into care (受理)."""
    file = _mine(file_id, by, "supervisor")
    if file.state != CareFile.State.WAITING:
        raise NotNow("这份档案已经受理。", code="care.accepted")
    file.state = CareFile.State.OPEN
    return _kept(file)


# -- what is written into it -----------------------------------------------------------------------


def _mine(file_id: UUID, by: Actor, *standings: str, shut_too: bool = False) -> CareFile:
    """A file that this person may write into now, locked. NotFound for a stranger, a sentence for who may not."""
    seen = queries.opened(by, file_id)
    if seen.standing not in (standings or TEAM):
        raise NotAllowed("这一步由档案的帮扶团队办理。", code="care.not_team")
    if seen.shut and not shut_too:
        raise NotNow(seen.shut, code="care.shut")
    if seen.file.state == CareFile.State.CLOSED:
        raise NotNow("档案已结案。", code="care.closed")
    CareFile.objects.select_for_update(of=("self",)).get(pk=file_id)
    return seen.file


def _kept(file: CareFile) -> CareFile:
    file.revision += 1
    file.save()
    return file


def _hang(model: type[Any], file: CareFile, by: Actor, **values: Any) -> Any:
    return model.objects.create(file=file, compartment=file.compartment, at=time.now(), by_id=by.user_id, **values)


def _allowed(file: CareFile, form: str) -> None:
    if form not in rules.forms_open_to("worker", file.programme.items):
        raise NotNow(
            f"“{file.programme.name}”不登记{rules.FORMS[form]}。",
            "项目只收集所需的内容。",
            code="care.not_in_programme",
        )


def _text(text: str, field: str = "text") -> str:
    if not tidy(text):
        raise BadInput({field: "请填写内容。"})
    return tidy(text)


@clause("9.1.3-2-6")
@verb("care.tell_need")
def tell_need(file_id: UUID, *, by: Actor, kind: str, text: str) -> Need:
    """Write down what the person needs (登记需求)."""
    file = _mine(file_id, by)
    _allowed(file, "needs")
    if kind not in Need.Kind.values:
        raise BadInput({"kind": "请选择需求的方面。"})
    return _hang(Need, file, by, kind=kind, text=_text(text))


@clause("9.1.3-2-6")
@verb("care.meet_need")
def meet_need(file_id: UUID, *, by: Actor, need_id: UUID) -> Need:
    """Note that a need has been met (需求已解决)."""
    file = _mine(file_id, by)
    need = Need.objects.filter(file=file, pk=need_id).first()
    if need is None:
        raise queries.nothing()
    need.met_on = time.today()
    need.save()
    return need


@clause("9.1.3-2-6")
@verb("care.plan_step")
def plan_step(file_id: UUID, *, by: Actor, text: str, doer: str, due_on: date) -> PlanStep:
    """Add a step to the plan (计划步骤): what, who, until when."""
    file = _mine(file_id, by)
    _allowed(file, "plan")
    if due_on < time.today():
        raise BadInput({"due_on": "完成日期不能早于今天。"})
    return _hang(PlanStep, file, by, text=_text(text), doer=tidy(doer), due_on=due_on)


@clause("9.1.3-2-6")
@verb("care.step_done")
def step_done(file_id: UUID, *, by: Actor, step_id: UUID) -> PlanStep:
    """Note that a step is done (步骤完成)."""
    file = _mine(file_id, by)
    step = PlanStep.objects.filter(file=file, pk=step_id).first()
    if step is None:
        raise queries.nothing()
    step.done_on = time.today()
    step.save()
    return step


@clause("9.1.3-2-6")
@verb("care.give_service")
def give_service(file_id: UUID, *, by: Actor, name: str, giver: str, given_on: date, text: str = "") -> Service:
    """Write down help that was given (登记服务)."""
    file = _mine(file_id, by)
    _allowed(file, "services")
    if given_on > time.today():
        raise BadInput({"given_on": "服务日期不能晚于今天。"})
    if not tidy(name) or not tidy(giver):
        raise BadInput({"name": "请填写服务名称和提供单位。"})
    return _hang(Service, file, by, name=tidy(name), giver=tidy(giver), given_on=given_on, text=tidy(text))


@clause("9.1.3-2-6")
@verb("care.add_tie")
def add_tie(file_id: UUID, *, by: Actor, kind: str, person_name: str, phone: str, source: str, purpose: str) -> Tie:
    """Enter somebody to turn to (登记联系人): with source and purpose; nothing is ever found out by the program (P3)."""
    file = _mine(file_id, by)
    _allowed(file, "ties")
    faults = {}
    if kind not in Tie.Kind.values:
        faults["kind"] = "请选择关系。"
    for name, value in (("person_name", person_name), ("source", source), ("purpose", purpose)):
        if not tidy(value):
            faults[name] = "请填写。"
    if faults:
        raise BadInput(faults)
    return Tie.objects.create(
        file=file, compartment=file.compartment, at=time.now(), by_id=who(by), kind=kind, person_name=tidy(person_name),
        phone=tidy(phone), source=tidy(source), purpose=tidy(purpose), entered_on=time.today(),
    )  # fmt: skip


# -- visits ----------------------------------------------------------------------------------------


@clause("9.1.3-2-6")
@verb("care.agree_visit")
def agree_visit(file_id: UUID, *, by: Actor, on: date, doer_id: UUID) -> Visit:
    """Agree on a visit with the person (约定走访): a day and somebody who goes."""
    file = _mine(file_id, by, shut_too=True)
    _allowed(file, "visits")
    if on < time.today():
        raise BadInput({"on": "约定日期不能早于今天。"})
    if file.ends_on is not None and on > file.ends_on:
        raise BadInput({"on": f"档案于 {file.ends_on} 到期，约定日期不能更晚。"})
    return _hang(Visit, file, by, agreed_on=on, doer_id=doer_id)


@clause("9.1.3-2-6")
@verb("care.make_visit")
def make_visit(visit_id: UUID, *, by: Actor, outcome: str, text: str = "") -> Visit:
    """Write down a visit that was made (登记走访), also while the file is frozen: agreed visits go on (P12)."""
    visit = Visit.objects.filter(pk=visit_id, doer=by.user_id, made_on__isnull=True).select_related("file").first()
    if visit is None:
        raise queries.nothing()
    if outcome not in set(Visit.Outcome.values) - {Visit.Outcome.OFF}:
        raise BadInput({"outcome": "请选择走访结果。"})
    visit.made_on, visit.outcome, visit.text = time.today(), outcome, tidy(text)
    visit.save()
    file = visit.file
    if file.visit_every and file.state == CareFile.State.OPEN:
        on = date.fromordinal(time.today().toordinal() + file.visit_every)
        if file.ends_on is None or on <= file.ends_on:
            _hang(Visit, file, by, agreed_on=on, doer_id=visit.doer_id)
    return visit


# -- referral and transfer -------------------------------------------------------------------------


@clause("9.1.3-2-6")
@verb("care.refer")
def refer(
    file_id: UUID, *, by: Actor, kind: str, to_user: UUID, forms: Sequence[str], due_on: date, text: str
) -> Referral:
    """Ask somebody of a service to take over a part, or the whole (转介、移交): within the consent, until a day."""
    file = _mine(file_id, by)
    faults = {}
    if kind not in Referral.Kind.values:
        faults["kind"] = "请选择转介或移交。"
    if kind == Referral.Kind.REFERRAL and not forms:
        faults["forms"] = "请选择提供哪些内容。"
    if not time.today() <= due_on <= rules.months_later(time.today(), 6):
        faults["due_on"] = "期限应在今天之后六个月以内。"
    if to_user in (file.worker_id, file.supervisor_id):
        faults["to_user"] = "接收人已在帮扶团队中。"
    if not _consented(file, forms):
        faults["forms"] = "本人没有同意提供这些内容，请先取得同意。"
    if faults:
        raise BadInput(faults)
    row = _hang(Referral, file, by, kind=kind, to_user_id=to_user, forms=list(forms), due_on=due_on, text=_text(text))
    tell(
        by,
        event="care.referred",
        to_user=to_user,
        about=(LABEL, file.pk),
        values={"number": file.number},
        link=link_of(file),
    )
    return row


def _consented(file: CareFile, forms: Sequence[str]) -> bool:
    """Whether handing these parts on is covered: by a duty of law, or by a consent that still stands."""
    if file.basis_kind != CareFile.BasisKind.CONSENT:
        return True
    consents = Consent.objects.filter(file=file, withdrawn_on__isnull=True, until__gte=time.today())
    return any(set(forms) <= set(consent.scope) for consent in consents)


@clause("9.1.3-2-6")
@verb("care.answer_referral")
def answer_referral(referral_id: UUID, *, by: Actor, accept: bool) -> Referral:
    """Accept a referral or a transfer, or not (接收、不接收): only then anything is seen; a transfer changes the worker."""
    row = Referral.objects.filter(pk=referral_id, to_user=by.user_id, state="asked").select_related("file").first()
    if row is None:
        raise queries.nothing()
    row.state = Referral.State.ACCEPTED if accept else Referral.State.REFUSED
    row.answered_on = time.today()
    row.save()
    file = row.file
    if accept and row.kind == Referral.Kind.TRANSFER:
        file.worker_id, file.deputy_id = row.to_user_id, None
        row.state = Referral.State.DONE
        row.save()
        _kept(file)
    tell(
        by, event="care.referral_answered", to_user=row.by_id, about=(LABEL, file.pk),
        values={"number": file.number, "answer": row.get_state_display()}, link=link_of(file),
    )  # fmt: skip
    return row


@clause("9.1.3-2-6")
@verb("care.reassign")
def reassign(file_id: UUID, *, by: Actor, worker_id: UUID, deputy_id: UUID | None, reason: str) -> CareFile:
    """Name another worker or deputy (调整帮扶人)."""
    file = _mine(file_id, by, "supervisor", shut_too=True)
    if worker_id == by.user_id or worker_id == deputy_id:
        raise BadInput({"worker": "帮扶人、替补人、督导人须是不同的人。"})
    file.worker_id, file.deputy_id = worker_id, deputy_id
    tell(
        by,
        event="care.assigned",
        to_user=worker_id,
        about=(LABEL, file.pk),
        values={"number": file.number},
        link=link_of(file),
    )
    return _kept(file)


# -- together --------------------------------------------------------------------------------------


@clause("9.1.3-2-6")
@verb("care.ask_together")
def ask_together(file_id: UUID, *, by: Actor) -> Together:
    """Ask for a second person to open a file with (申请两人打开)."""
    file = queries.file_for(by, file_id)
    other = file.programme.officer_id if file.programme.officer_id != by.user_id else file.worker_id
    row = Together.objects.create(file=file, asked_by_id=who(by), asked_at=time.now())
    tell(
        by, event="care.together", to_user=other, about=(LABEL, file.pk), values={"number": file.number}, link="/care/"
    )
    return row


@clause("9.1.3-2-6")
@verb("care.join_together")
def join_together(together_id: UUID, *, by: Actor) -> Together:
    """Be the second person (在场确认): the named officer, or one of the team when he asked; half an hour for both."""
    row = next((each for each in queries.waiting_for_me(by) if each.pk == together_id), None)
    if row is None:
        raise queries.nothing()
    row.joined_by_id, row.until = by.user_id, time.now() + rules.TOGETHER_LASTS
    row.save()
    return row


# -- referral: done --------------------------------------------------------------------------------


@clause("9.1.3-2-6")
@verb("care.finish_referral")
def finish_referral(referral_id: UUID, *, by: Actor) -> Referral:
    """The receiver says that his part is done (转介办结); from then on he reads nothing of the file any more."""
    row = Referral.objects.filter(pk=referral_id, to_user=by.user_id, state="accepted").select_related("file").first()
    if row is None:
        raise queries.nothing()
    row.state = Referral.State.DONE
    row.save()
    tell(
        by, event="care.referral_answered", to_user=row.by_id, about=(LABEL, row.file_id),
        values={"number": row.file.number, "answer": row.get_state_display()}, link=link_of(row.file),
    )  # fmt: skip
    return row


# -- review and end --------------------------------------------------------------------------------


@clause("9.1.3-2-6")
@verb("care.review_file")
def review_file(file_id: UUID, *, by: Actor, goal: str, two_go: bool, visit_every: int | None = None) -> CareFile:
    """Review a file (复核): is it still needed, is the plan right; sets the next date, six months at most (P12)."""
    file = _mine(file_id, by, "supervisor", "deputy", shut_too=True)
    today = time.today()
    if file.ends_on is not None and file.ends_on < today:
        raise NotNow("期限已届满，不能再续。", "期满的档案只能结案。", "请办理结案。", code="care.ended")
    file.goal, file.two_go, file.visit_every = _text(goal, "goal"), two_go, visit_every
    file.reviewed_on, file.review_on = today, rules.next_review(today, file.programme.review_months, file.ends_on)
    return _kept(file)


@clause("9.1.3-2-6")
@verb("care.close_file")
def close_file(file_id: UUID, *, by: Actor, closing: str, note: str) -> CareFile:
    """Close a file (结案): the named supervisor alone, with a reason; then it is kept for the programme's term and erased.

    What was opened in error is erased at once.
    """
    file = _mine(file_id, by, "supervisor", shut_too=True)
    if closing not in rules.CLOSING:
        raise BadInput({"closing": "请选择结案原因。"})
    file.state, file.closing, file.closing_note = CareFile.State.CLOSED, closing, _text(note, "note")
    file.closed_on, file.closed_by_id = time.today(), by.user_id
    file.erase_on = rules.months_later(time.today(), file.programme.keep_months)
    if closing == "error":
        erasure.erase(file, by=by, reason="误建，按最小必要原则立即删除")
        return file
    # Not deleted: what is deleted leaves versions behind that no erasure of the file would find.
    Visit.objects.filter(file=file, made_on__isnull=True).update(made_on=time.today(), outcome=Visit.Outcome.OFF)
    Referral.objects.filter(file=file, state__in=("asked", "accepted")).update(state=Referral.State.REVOKED)
    return _kept(file)


@clause("9.1.3-2-6")
@verb("care.withdraw_consent")
def withdraw_consent(file_id: UUID, *, by: Actor) -> CareFile:
    """Take the person's consent back (撤回同意): referrals end, a file that stood on it is closed by the supervisor next.

    Where nothing but consent carries the programme (needs_order), the file is erased at once (P5).
    """
    file = _mine(file_id, by, shut_too=True)
    Consent.objects.filter(file=file, withdrawn_on__isnull=True).update(withdrawn_on=time.today())
    Referral.objects.filter(file=file, state__in=("asked", "accepted")).update(state=Referral.State.REVOKED)
    if file.programme.needs_order:
        erasure.erase(file, by=by, reason="本人撤回同意，立即删除")
        return file
    if file.basis_kind == CareFile.BasisKind.CONSENT:
        file.reviewed_on = date.fromordinal(time.today().toordinal() - 1)
        file.review_on = file.reviewed_on
        _kept(file)
        tell(
            by, event="care.withdrawn", to_user=file.supervisor_id, about=(LABEL, file.pk), values={"number": file.number},
            link=link_of(file),
        )  # fmt: skip
    return file
