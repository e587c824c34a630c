"""Reads about platforms (来源平台查询), always starting from who reads."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from hezhi.chapters.cases.handling.api import PUBLIC_STATES, Case, sealed_number
from hezhi.chapters.cases.handling.models import CallBack
from hezhi.chapters.cases.platform import rules
from hezhi.chapters.cases.platform.models import (
    BackFill,
    CodeMapping,
    Difference,
    FollowUp,
    Platform,
    ReplyField,
    Request,
    Sheet,
)
from hezhi.engines.flow import timing
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.org.actor import Actor
from hezhi.ground import time
from hezhi.ground.crypto import sm3
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import mask_text

MOST_SHOWN = 200


def first_order(system: str, number: str) -> Case | None:
    """The case of a platform's later number (重办单号对应的首件), or None."""
    kept = [number, sealed_number(system, number)] if number and number.isprintable() else []
    found = FollowUp.objects.filter(platform__code=system, outside_number__in=kept).select_related("case").first()
    return found.case if found else None


def latest_of(case: Case) -> timing.Latest | None:
    """When our limit must be over because the platform's is (平台时限减提前量); None for cases of no platform."""
    if case.outside_due_at is None or not case.outside_channel:
        return None
    platform = Platform.objects.filter(code=case.outside_channel, active=True).first()
    if platform is None:
        return None
    margin = Limit(platform.margin, Unit(platform.clock)) if platform.margin else None
    at = rules.our_latest(case.outside_due_at, case.received_at, margin, timing.timetable().calendar)
    if case.redos and at <= (timing.started(case.pk) or case.received_at):
        return None  # a limit of the round before: the new one would be missed before it begins
    ahead = f"提前 {margin.amount} {margin.unit.word}" if margin and at < case.outside_due_at else "同一时刻"
    return timing.Latest(at, f"{platform.name}时限 {time.show(case.outside_due_at)}，本系统{ahead}")


# -- back-filling -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filled:
    """One field of the platform's form with what belongs in it (平台字段)."""

    name: str
    text: str
    over: int = 0
    """How many signs more than the platform takes."""


def fields_of(platform: Platform, case: Case) -> list[Filled]:
    """Our reply in the platform's own fields, in their order; of a secret case number and state alone."""
    last = CallBack.objects.filter(case=case, reached=True).order_by("-at").first()
    rows = list(ReplyField.objects.filter(platform=platform, active=True)) or [
        ReplyField(name="办理结果", source="reply"), ReplyField(name="办理状态", source="state"),
    ]  # fmt: skip
    told = _values(case, last) | ({} if case.secret else {"category_code": their_code(platform, case)})
    found = []
    for row in rows:
        text = row.fixed if row.source == "fixed" else told[row.source]
        found.append(Filled(row.name, text, max(0, len(text) - row.most) if row.most else 0))
    return found


def _values(case: Case, last: CallBack | None) -> dict[str, str]:
    def said(value: bool | None) -> str:
        return "" if value is None else "是" if value else "否"

    told = {"number": case.number, "state": PUBLIC_STATES[case.state]}
    if case.secret:
        return dict.fromkeys(ReplyField.Source.values, "保密件，请由受理员在平台内办理") | told
    return told | {
        "reply": mask_text(case.reply), "unit": case.lead_unit.name if case.lead_unit else "",
        "category": case.category.full_name if case.category else "",
        "replied_at": time.show(case.replied_at) if case.replied_at else "",
        "closed_at": time.show(case.closed_at) if case.closed_at else "",
        "true_matter": said(last.true_matter if last else None), "reached": said(True if last else None),
        "solved": said(last.solved if last else None), "satisfied": said(last.satisfied if last else None),
    }  # fmt: skip


def digest_of(case: Case) -> str:
    """The print of what is to be filled in, so that a later reply is noticed."""
    return sm3(f"{case.redos}\n{case.reply}".encode()).hex()


def filled(case: Case) -> BackFill | None:
    """The tick for the reply as it now stands; None when it is still to be filled in."""
    return BackFill.objects.filter(case=case, digest=digest_of(case), undone_at=None).first()


def to_fill(by: Actor) -> list[tuple[Case, Platform]]:
    """Answered cases of platforms without interface whose reply is not ticked yet (待回填), oldest first."""
    platforms = {p.code: p for p in Platform.objects.filter(active=True)}
    by_hand = [code for code, platform in platforms.items() if platform.way == Platform.Way.HAND]
    ticked = BackFill.objects.filter(case=OuterRef("pk"), undone_at=None, at__gte=OuterRef("replied_at"))
    redone = BackFill.objects.filter(case=OuterRef("pk")).exclude(undone_at=None)
    rows = (
        Case.objects.visible_to(by)
        .filter(outside_channel__in=platforms, replied_at__isnull=False)
        .exclude(outside_number="")
        .exclude(state__in=("void", "merged", "not_accepted"))
        .filter(Q(outside_channel__in=by_hand) | Exists(redone))
        .filter(~Exists(ticked))
        .select_related("lead_unit")
        .order_by("replied_at")[:MOST_SHOWN]
    )
    return [(case, platforms[case.outside_channel]) for case in rows]


# -- one case -----------------------------------------------------------------------------------------


@dataclass
class Exchange:
    """Everything between us and the platform about one case (对接情况)."""

    case: Case
    platform: Platform
    requests: list[Request]
    follow_ups: list[FollowUp]
    fields: list[Filled]
    filled: BackFill | None
    latest: timing.Latest | None
    waiting: set[str] = field(default_factory=set)


def exchange(by: Actor, case: Case) -> Exchange | None:
    """What stands between us and the platform that brought this case; None when none did."""
    if not case.outside_channel or not case.outside_number:
        return None
    platform = Platform.objects.filter(code=case.outside_channel, active=True).first()
    if platform is None:
        return None
    requests = list(Request.objects.filter(case=case))
    return Exchange(
        case, platform, requests, list(FollowUp.objects.filter(case=case)), fields_of(platform, case), filled(case),
        latest_of(case), {row.kind for row in requests if row.state == Request.State.WAITING},
    )  # fmt: skip


def waiting(by: Actor) -> QuerySet[Request]:
    """Requests that wait for a platform's answer (待来源平台确认), oldest first."""
    rows = Request.objects.visible_to(by).filter(state=Request.State.WAITING)
    return rows.select_related("case", "platform").order_by("asked_at")


def request_for(by: Actor, key: UUID) -> Request:
    """One request about a case that this reader may see."""
    found = Request.objects.visible_to(by).filter(pk=key).select_related("case", "platform").first()
    if found is None:
        raise NotFound("没有找到这份申请。", code="platform.no_request")
    return found  # type: ignore[return-value]


# -- sheets -------------------------------------------------------------------------------------------


def ours(platform: Platform, first: date, last: date, numbers: Sequence[str]) -> list[rules.Ours]:
    """Our cases of a platform over these days, and those of its numbers from other days."""
    start, end = time.at_local(first), time.at_local(last + timedelta(days=1))
    sealed = [sealed_number(platform.code, number) for number in numbers]
    within = Q(received_at__gte=start, received_at__lt=end)
    rows = Case.objects.filter(within | Q(outside_number__in=[*numbers, *sealed]), outside_channel=platform.code)
    rows = rows.exclude(outside_number="").order_by("received_at", "id")
    return [
        rules.Ours(
            case.outside_number, case.number, case.state, PUBLIC_STATES[case.state], case.outside_due_at,
            "" if case.secret else case.reply, case.secret, case,
        )
        for case in rows
    ]  # fmt: skip


def is_within(our: rules.Ours, first: date, last: date) -> bool:
    """Whether a case came in on these days, by the clock on the wall here."""
    case = our.case
    return isinstance(case, Case) and first <= time.local(case.received_at).date() <= last


def keyed(platform: Platform, theirs: Sequence[rules.Theirs], ours: set[str]) -> dict[str, rules.Theirs]:
    """Their list under our keys: a number of a secret case by its seal, a later number by its first order."""
    later = dict(
        FollowUp.objects.filter(platform=platform)
        .exclude(outside_number="")
        .values_list("outside_number", "case__outside_number")
    )
    found: dict[str, rules.Theirs] = {}
    for their in theirs:
        seal = sealed_number(platform.code, their.key)
        key = seal if seal in ours else their.key
        if key not in ours:
            key = later.get(their.key) or later.get(seal) or their.key
        found[key] = their
    return {key: replace(their, key=key) for key, their in found.items()}


def sheets(by: Actor) -> list[Sheet]:
    """The last comparisons with how many differences are still open for this reader."""
    seen = Difference.objects.visible_to(by).filter(state=Difference.State.OPEN).values("pk")
    rows = Sheet.objects.select_related("platform").annotate(
        open=Count("differences", filter=Q(differences__in=seen)), found=Count("differences")
    )
    return list(rows.order_by("-at")[:60])


def sheet_for(by: Actor, key: UUID) -> tuple[Sheet, list[Difference]]:
    """One comparison and its differences that this reader may see, the open ones first."""
    sheet = Sheet.objects.filter(pk=key).select_related("platform").first()
    if sheet is None:
        raise NotFound("没有找到这次对账。", code="platform.no_sheet")
    rows = Difference.objects.visible_to(by).filter(sheet=sheet).select_related("case")
    order = {State: n for n, State in enumerate(Difference.State.values)}
    return sheet, sorted(rows, key=lambda row: (order[row.state], row.kind, row.outside_number))


def not_checked(by: Actor) -> list[Platform]:
    """Platforms whose list of yesterday has not been compared yet (昨日未对账)."""
    day = time.today() - timedelta(days=1)
    done = Sheet.objects.filter(first__lte=day, last__gte=day).values("platform")
    return list(Platform.objects.filter(active=True).exclude(pk__in=done))


# -- codes of other systems ---------------------------------------------------------------------------

KEPT_SECONDS = 10.0


@dataclass
class _Kept:
    """What this process last read of the mapping, and when."""

    read_at: float = float("-inf")
    systems: dict[str, str] = field(default_factory=dict)
    ours: dict[tuple[str, str], str] = field(default_factory=dict)


_kept = _Kept()


def forget() -> None:
    """Read the mapping afresh at the next message: called when somebody changes it."""
    _kept.read_at = float("-inf")


def _mapping() -> _Kept:
    if time.monotonic() - _kept.read_at > KEPT_SECONDS:
        _kept.systems = dict(Platform.objects.exclude(code_system="").values_list("code", "code_system"))
        rows = CodeMapping.objects.filter(category__active=True).values_list("system", "code", "category__code")
        _kept.ours = {(system, code): ours for system, code, ours in rows}
        _kept.read_at = time.monotonic()
    return _kept


def our_code(channel: str, code: str) -> str:
    """Our category for a code as a platform says it (编码对照); its class where it has no line; else the code itself."""
    kept = _mapping()
    system = kept.systems.get(channel, "")
    return rules.mapped(code, {their: ours for (each, their), ours in kept.ours.items() if each == system}) or code


def their_code(platform: Platform, case: Case) -> str:
    """The platform's code of a case's category, the nearest category above that has one; empty without any."""
    if not platform.code_system or case.category is None:
        return ""
    path = case.category.path.split("/")
    rows = CodeMapping.objects.filter(system=platform.code_system, category__code__in=path).select_related("category")
    found = sorted(rows, key=lambda row: (-path.index(row.category.code), not row.preferred, -len(row.code), row.code))
    return found[0].code if found else ""
