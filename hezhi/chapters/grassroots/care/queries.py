"""Reads of the care room (帮扶查询), each from who reads (P6).

Whoever is not named on a file gets the same answer, by the same queries, as for a file that does not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Model, Q, QuerySet

from hezhi.chapters.grassroots.care import rules
from hezhi.chapters.grassroots.care.models import (
    CareFile,
    Consent,
    EmergencyList,
    Glass,
    Need,
    PlanStep,
    Programme,
    Referral,
    RightsRequest,
    Service,
    Tie,
    Together,
    Visit,
)
from hezhi.engines.org.api import Actor
from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.engines.records.vault import blind
from hezhi.ground import time
from hezhi.ground.crypto import same
from hezhi.ground.errors import NotFound
from hezhi.ground.ids import clean_code

READ, BROKEN = "care.read", "care.break_glass"
PARTS: dict[str, type[Model]] = {"needs": Need, "plan": PlanStep, "services": Service, "visits": Visit, "ties": Tie}


def nothing() -> NotFound:
    """The one answer for what is not there and for what this reader may not know of."""
    return NotFound(what=rules.NOTHING_TOLD, code="care.not_found")


# -- programmes ------------------------------------------------------------------------------------


def programmes(by: Actor) -> list[Programme]:
    """Every programme with its purpose record (项目一览): they are rules, and rules are public inside the office."""
    by.must("care.programmes" if by.may("care.programmes") else "care.supervise")
    return list(Programme.objects.select_related("unit", "officer"))


def programmes_open_to(by: Actor) -> list[Programme]:
    """The programmes in which this supervisor may open a file today: none of another's, none without its assessment."""
    found = Programme.objects.filter(enabled=True, assessed_until__gte=time.today())
    own = Q(unit__isnull=True) | Q(unit=by.unit_id)
    return list(found.filter(own).filter(Q(officer__isnull=True) | Q(officer=by.user_id)))


# -- files -----------------------------------------------------------------------------------------


def standing_of(by: Actor, file: CareFile) -> str:
    """In what part this person reads the file; "" when he is in none."""
    for standing, person in (
        ("worker", file.worker_id),
        ("deputy", file.deputy_id),
        ("supervisor", file.supervisor_id),
    ):
        if person == by.user_id:
            return standing
    if _referral(by, file) is not None:
        return "referred"
    return "glass" if open_glass(by, file) is not None else ""


def _referral(by: Actor, file: CareFile) -> Referral | None:
    return Referral.objects.filter(
        file=file, to_user=by.user_id, state__in=("asked", "accepted"), due_on__gte=time.today()
    ).first()  # fmt: skip


def open_glass(by: Actor, file: CareFile) -> Glass | None:
    """The emergency reading that opens this file to this person now."""
    return Glass.objects.filter(file=file, by=by.user_id, until__gt=time.now()).first()


def file_for(by: Actor, file_id: UUID) -> CareFile:
    """A file this person is named in; NotFound for every other, whether it exists or not."""
    found = CareFile.objects.visible_to(by).filter(pk=file_id)
    file: CareFile | None = found.select_related(
        "programme", "resident__community", "worker", "deputy", "supervisor", "unit"
    ).first()  # fmt: skip
    if file is None:
        raise nothing()
    return file


@dataclass(frozen=True)
class Opened:
    """A file as one reader may see it (档案视图): in what part, which forms, and why none (`shut`)."""

    file: CareFile
    standing: str
    forms: Sequence[str]
    shut: str
    together: Together | None

    @property
    def may_write(self) -> bool:
        """Whether this reader may add to it: the team may, a service and an emergency reader may not."""
        return self.standing in ("worker", "deputy", "supervisor") and not self.shut and self.file.state == "open"


def opened(by: Actor, file_id: UUID) -> Opened:
    """A file with what this reader may see of it now. Raises NotFound."""
    file = file_for(by, file_id)
    standing = standing_of(by, file)
    together = _together(by, file) if file.programme.two_people else None
    shut = why_shut(file, standing, time.today(), together)
    referral = _referral(by, file) if standing == "referred" else None
    granted = referral.forms if referral and referral.state == "accepted" else ()
    forms = [] if shut else rules.forms_open_to(standing, file.programme.items, granted)
    return Opened(file, standing, forms, shut, together)


def why_shut(file: CareFile, standing: str, today: date, together: Together | None) -> str:
    """Why a file's contents are closed to a reader who is named in it, as a sentence; "" when they are open (P12)."""
    if file.state == "closed":
        return "档案已结案，只保留编号和删除日期。"
    if file.ends_on is not None and file.ends_on < today:
        return f"期限已于 {file.ends_on} 届满，内容不再可读。请督导人办理结案。"
    if file.programme.two_people and not _officer_is_there(file, together):
        return "这个项目的档案须两人同时打开。请申请，由指定专人在场确认。"
    if standing != "glass" and file.review_on < today:
        return f"复核已于 {file.review_on} 到期，内容暂停查阅。约定的走访照常进行，请先办理复核。"
    if file.state == "waiting" and standing not in ("supervisor", "worker"):
        return "档案待受理。"
    return ""


def _officer_is_there(file: CareFile, together: Together | None) -> bool:
    """Two people have the file open, and one of them is the officer whom the order names."""
    if together is None or together.joined_by_id is None:
        return False
    return file.programme.officer_id in (together.asked_by_id, together.joined_by_id)


def _together(by: Actor, file: CareFile) -> Together | None:
    mine = Q(asked_by=by.user_id) | Q(joined_by=by.user_id)
    lasting = Q(until__gt=time.now()) | Q(until__isnull=True, asked_at__gt=time.now() - rules.TOGETHER_LASTS)
    return Together.objects.filter(mine & lasting, file=file).order_by("-asked_at").first()


def waiting_for_me(by: Actor) -> list[Together]:
    """Requests to open a file together that this officer may join (待在场确认).

    The officer whom the order names joins whoever of the team asks; only when he asks himself, another of the
    team joins him. He need not be in the team: then he is present and reads nothing.
    """
    since = time.now() - rules.TOGETHER_LASTS
    named = Q(file__programme__officer=by.user_id)
    he_asked = Q(asked_by=F("file__programme__officer"), file__in=CareFile.objects.visible_to(by))
    asked = Together.objects.filter(named | he_asked, joined_by__isnull=True, asked_at__gt=since)
    return list(asked.exclude(asked_by=by.user_id).select_related("file__programme", "asked_by"))


def my_files(by: Actor) -> QuerySet[CareFile]:
    """The files this person is named in, those next to be reviewed first (我的档案)."""
    rows = CareFile.objects.visible_to(by).select_related("programme", "resident", "worker", "supervisor")
    return rows.order_by("review_on", "number")


def part_of(seen: Opened, form: str) -> list[Any]:
    """The rows of one part of an opened file; nothing for a part that is not open to the reader."""
    if form not in seen.forms:
        return []
    rows = PARTS[form]._default_manager.filter(file=seen.file).select_related("by")
    return list(rows)


def referrals_of(seen: Opened) -> list[Referral]:
    """The referrals of an opened file (转介)."""
    return list(Referral.objects.filter(file=seen.file).select_related("to_user", "by").order_by("-at"))


def consents_of(seen: Opened) -> list[Consent]:
    """The consents of an opened file (同意)."""
    return list(Consent.objects.filter(file=seen.file).order_by("-given_on"))


def asked_of_me(by: Actor, seen: Opened) -> Referral | None:
    """The referral that waits for this person's answer (待接收)."""
    return Referral.objects.filter(file=seen.file, to_user=by.user_id, state="asked").first()


def taken_by_me(by: Actor, seen: Opened) -> Referral | None:
    """The referral that this person has accepted and not finished (在办转介)."""
    return Referral.objects.filter(file=seen.file, to_user=by.user_id, state="accepted").first()


def desk(by: Actor) -> dict[str, list[CareFile]]:
    """What waits for a supervisor (督导台): to accept, overdue, ended, due within two weeks, to review after an emergency."""
    by.must("care.supervise")
    mine = CareFile.objects.visible_to(by).filter(supervisor=by.user_id).exclude(state="closed")
    rows = list(mine.select_related("programme", "resident", "worker").order_by("review_on"))
    today = time.today()
    ended = [f for f in rows if f.ends_on and f.ends_on < today]
    open_ = [f for f in rows if f.state == "open" and f not in ended]
    return {
        "waiting": [f for f in rows if f.state == "waiting"],
        "ended": ended,
        "overdue": [f for f in open_ if f.review_on < today],
        "soon": [f for f in open_ if today <= f.review_on <= today + timedelta(days=14)],
    }


def glasses_to_review(by: Actor) -> list[Glass]:
    """Emergency readings that wait for this person's review (待复核的紧急查阅): the supervisor's, or all for protection."""
    waiting = Glass.objects.filter(reviewed_at__isnull=True).exclude(by=by.user_id)
    if not by.may("care.protect"):
        waiting = waiting.filter(file__supervisor=by.user_id)
    return list(waiting.select_related("file__programme", "by").order_by("review_due"))


# -- tasks -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """An agreed visit as its doer sees it (走访任务): `words` are neutral for who is not in the team."""

    visit: Visit
    words: str
    who: str
    place: str
    linked: bool


def my_visits(by: Actor) -> list[Task]:
    """Visits this person has agreed to make, also on files whose access is frozen (约定走访)."""
    rows = Visit.objects.filter(doer=by.user_id, made_on__isnull=True, file__state="open")
    rows = rows.exclude(file__ends_on__lt=time.today()).select_related("file__programme", "file__resident__community")
    return [_task(by, visit) for visit in rows.order_by("agreed_on")]


def _task(by: Actor, visit: Visit) -> Task:
    file = visit.file
    in_team = by.user_id in (file.worker_id, file.deputy_id, file.supervisor_id)
    words = rules.grid_task("task" if in_team else file.programme.grid_sees, two_go=file.two_go)
    person, told = file.resident, bool(words)
    place = " ".join(filter(None, (str(person.community or ""), person.live_address))) if told else ""
    return Task(visit, words or "上门", person.person_name if told else "", place, in_team)


# -- readers ---------------------------------------------------------------------------------------


def readers_of(file_id: UUID, since: date | None = None) -> list[AuditEntry]:
    """Who opened a file, newest first (查阅记录)."""
    found = AuditEntry.objects.filter(object_id=file_id, event__in=(READ, BROKEN))
    if since is not None:
        found = found.filter(at__gte=time.at_local(since))
    return list(found.order_by("-at", "-id")[:200])


def heavy_readers(day: date) -> list[tuple[UUID, str, int]]:
    """Who opened more file pages on a day than anybody's work needs (超量查阅)."""
    span = {"at__gte": time.at_local(day), "at__lt": time.at_local(day + timedelta(days=1))}
    found = AuditEntry.objects.filter(event=READ, actor_kind="staff", **span).order_by()
    counted = found.values("actor_id", "actor_name").annotate(pages=Count("id")).filter(pages__gt=rules.PAGES_A_DAY)
    return [(row["actor_id"], row["actor_name"], row["pages"]) for row in counted if row["actor_id"]]


@dataclass(frozen=True)
class Protection:
    """What the data protection officer sees (个人信息保护): readings, requests, terms; no file's content."""

    glasses: list[Glass]
    late: list[Glass]
    requests: list[RightsRequest]
    readings: list[AuditEntry]
    programmes: list[Programme]


def protection(by: Actor) -> Protection:
    """The page of the data protection officer."""
    by.must("care.protect")
    waiting = glasses_to_review(by)
    readings = AuditEntry.objects.filter(event__in=(READ, BROKEN)).order_by("-at", "-id")[:50]
    soon = time.today() + timedelta(days=30)
    programmes_ = Programme.objects.filter(enabled=True, assessed_until__lte=soon)
    requests = RightsRequest.objects.filter(state=RightsRequest.State.OPEN).order_by("due_at")
    late = [glass for glass in waiting if glass.review_due < time.now()]
    return Protection(waiting, late, list(requests), list(readings), list(programmes_))


# -- figures ---------------------------------------------------------------------------------------


def figures(by: Actor) -> tuple[date, rules.Published]:
    """Persons in care by town and group as of the first day of the quarter; no count under ten is known (P6)."""
    by.must("care.figures")
    day = rules.quarter_begin(time.today())
    then = CareFile.objects.filter(opened_on__lte=day).exclude(state="waiting").exclude(closed_on__lte=day)
    counted = then.values("town__name", "programme__group").annotate(people=Count("resident", distinct=True))
    counts = {(row["town__name"] or "未分镇街", row["programme__group"]): row["people"] for row in counted}
    return day, rules.published(counts)


# -- emergencies -----------------------------------------------------------------------------------


def for_emergency(area: Any) -> QuerySet[CareFile]:
    """The files whose people a rescue team must know in an area: open, and never of a strict programme (P7)."""
    level = f"resident__{area.level}"
    rows = CareFile.objects.filter(**{level: area.pk}, state="open", programme__strict=False)
    return rows.select_related("resident", "programme")


def emergency_lists(by: Actor) -> list[EmergencyList]:
    """The lists this person opened or is named for (应急名单)."""
    mine = Q(readers__user=by.user_id) | Q(opened_by=by.user_id)
    if by.may("care.emergency"):
        mine |= Q(closed_at__isnull=False)
    return list(EmergencyList.objects.filter(mine).distinct().select_related("area", "opened_by"))


def emergency_for(by: Actor, list_id: UUID) -> EmergencyList:
    """A list that is still open, for who opened it or is named; NotFound otherwise."""
    mine = Q(readers__user=by.user_id) | Q(opened_by=by.user_id)
    found = EmergencyList.objects.filter(mine, pk=list_id).distinct().select_related("area", "opened_by").first()
    if found is None:
        raise nothing()
    return found


# -- papers of a programme ---------------------------------------------------------------------------

ASSESSMENT, ORDER = "assessment", "order"
"""Stages of a programme's papers: the impact assessment, the order of the competent authority."""


def papers_of(programme: Programme) -> dict[str, Attachment]:
    """The newest paper of each stage that can be opened (影响评估报告、主管部门文件)."""
    rows = Attachment.objects.filter(object_id=programme.pk, removed_at__isnull=True, state=Attachment.State.CLEAN)
    return {row.stage: row for row in rows.order_by("uploaded_at")}


def may_open_paper(by: Actor, programme_id: UUID, paper: Attachment) -> bool:
    """Who may read a programme's papers: who keeps programmes, and the supervisors who work by them."""
    return by.may("care.programmes") or by.may("care.supervise")


# -- requests --------------------------------------------------------------------------------------


def requests(by: Actor) -> list[RightsRequest]:
    """Requests of people over their data (个人信息请求): all for the protection officer, today's for the counter."""
    rows = RightsRequest.objects.order_by("answered_at", "due_at")
    if not by.may("care.protect"):
        by.must("care.requests")
        rows = rows.filter(received_at__gte=time.at_local(time.today()))
    return list(rows[:200])


def request_by_code(number: str, code: str) -> RightsRequest | None:
    """The request that a person asks after with number and code (凭编号和查询码); None when they do not belong together."""
    found = RightsRequest.objects.filter(number=clean_code(number)[:20]).first()
    fits = found is not None and found.follow_print and same(found.follow_print, code_print(code))
    return found if fits else None


def code_print(code: str) -> str:
    """What is kept of a code (查询码索引): its keyed print, never the code."""
    return str(blind("care.request_code", clean_code(code)[:16]))


def request_for(by: Actor, request_id: UUID) -> RightsRequest:
    """One request, for who may read it."""
    found = next((row for row in requests(by) if row.pk == request_id), None)
    if found is None:
        raise nothing()
    return found


# -- what is held about a person -------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """One table in which something about a person stands (持有的个人信息)."""

    name: str
    rows: int
    fields: Sequence[str]
    purpose: str


def held_about(by: Actor, request: RightsRequest) -> list[Held]:
    """Everything that is held about the person of a request, by table (P11): new tables are found by themselves."""
    by.must("care.protect")
    person = request.resident
    if person is None:
        return []
    found = [_held(type(person), 1)]
    for relation in type(person)._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and relation.is_relation and not relation.concrete):
            continue
        model: Any = relation.related_model
        if model is None or hasattr(model, "pgh_tracked_model") or model._meta.auto_created:
            continue
        rows = model._base_manager.filter(**{relation.field.name: person.pk}).count()  # type: ignore[union-attr]
        found += [_held(model, rows)] if rows else []
    return found


def _held(model: Any, rows: int) -> Held:
    fields = [str(f.verbose_name) for f in model._meta.concrete_fields if not f.primary_key and f.editable]
    told = getattr(model, "purposes", {})
    purpose = str(getattr(model, "purpose", "")) or "、".join(dict.fromkeys(told.values()))
    return Held(str(model._meta.verbose_name), rows, fields, purpose)
