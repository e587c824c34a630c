"""Supervision in the demo district (演示数据): rules run over the demo cases, a leader's tasks, two campaigns; all invented."""

from datetime import time as clock_time
from datetime import timedelta
from uuid import UUID

from hezhi.chapters.cases.handling.actions import urge
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.demo import Cast, cast
from hezhi.chapters.cases.supervision import actions
from hezhi.chapters.cases.supervision.models import Campaign, Kind, Matter, WatchRule
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actions import create_post, create_unit
from hezhi.engines.org.api import Actor, Holding, Role, Unit, User, system
from hezhi.engines.records.acting import acting
from hezhi.engines.registry.models import SavedView
from hezhi.ground import time

DAYS, EACH, MORNING = (13, 8, 6, 3, 2, 1), 6, clock_time(9, 30)
"""How many days ago the demonstration's rounds went, and how many cases each opened; the real round opens the rest."""
TASKS = (
    (
        "节前供水管网安全排查",
        "请水务部门牵头，各镇街配合，逐段排查老旧管网，列出清单和整改时限。（示例批示）",
        ("D13", "D01"),
        True,
    ),
    ("落实校园周边交通秩序整治", "群众反映集中，请拿出分时段管理办法，一周内见效。（示例批示）", (), False),
)
AT_UNITS = ("to_sign", "handling", "to_review")
CAMPAIGN_TASKS = (("排查养老机构消防通道", ("D09", "D19")), ("排查在建工地临时用电", ("D01",)))


def load() -> None:
    """Load it; a second call changes nothing, and without the demo district nothing is done."""
    if Matter.objects.exists() or not Case.objects.exists():
        return
    _office()
    people = cast()
    supervisor, leader = people.at_centre("supervisor"), people.at_centre("district_leader")
    _past(people)
    for title, text, units, answered in TASKS:
        matter = actions.instruct(by=leader, title=title, text=text, unit_ids=_units(units))
        if answered:
            _answer(people, matter, "已完成排查，清单附后，两处隐患本周整改。（示例）")
    _key(supervisor)
    _campaigns(supervisor)
    _urged(people)


def _urged(people: Cast) -> None:
    """Two cases at work urged by the dispatcher, so that receipts of who has read it are there to look at."""
    by = people.at_centre("dispatcher")
    for case in Case.objects.filter(secret=False, state="handling", urged=0).order_by("due_at")[:2]:
        urge(case.pk, by=by, text="请加快办理，并反馈进展。（示例）")


def _units(codes: tuple[str, ...]) -> list[UUID]:
    return list(Unit.objects.filter(code__in=codes).order_by("code").values_list("pk", flat=True))


def _office() -> None:
    """An office outside the centre, which supervises the centre itself; somebody of the centre serves there as well."""
    user = User.objects.filter(login_name="duty_chief2", is_demo=True).first()
    if user is None:
        return
    with acting(system("演示数据"), verb="demo.supervision", reason="建立演示督查室"):
        unit = create_unit("DC", "区政府督查室", Unit.Kind.DEPARTMENT)
        post = create_post(unit, Role.objects.get(code="supervisor"))
        Holding.objects.create(post=post, user=user, valid_from=time.now(), reason="演示任职")
        WatchRule.objects.update(valid_from=time.today() - timedelta(days=30))


def _past(people: Cast) -> None:
    """The rounds of the last two weeks, each at its own morning: some matters open, some units answer, others climb."""
    by, now = system("督办巡查"), time.now()
    for ago in DAYS:
        with time.frozen_at(time.at_local(time.local(now - timedelta(days=ago)).date(), MORNING)):
            actions.climb_due(by)
            actions.open_by_rules(by, Kind.OVERDUE, most=EACH)
            for n, matter in enumerate(Matter.objects.filter(state="open").order_by("-number")[:EACH]):
                if n % 3 == 0:
                    _answer(people, matter, "因配件采购延误，现已到货，预计两个工作日内办结。（示例）")
                elif n % 3 == 1:
                    _sign(people, matter)
    actions.climb_due(by)


def _hand(people: Cast, order: WorkOrder) -> Actor | None:
    found = (people.of(order.unit_id, role) for role in ("handler", "town_dispatcher", "dispatcher"))
    return next((actor for actor in found if actor and actor.may("supervision.answer")), None)


def _orders(matter: Matter) -> list[WorkOrder]:
    return list(WorkOrder.objects.filter(matter_type="supervision.matter", matter_id=matter.pk).order_by("number"))


def _sign(people: Cast, matter: Matter) -> None:
    for order in _orders(matter):
        by = _hand(people, order)
        if by and order.state == "to_sign":
            actions.sign(order.pk, by=by, text="已安排专人办理。（示例）")


def _answer(people: Cast, matter: Matter, text: str) -> None:
    for order in _orders(matter)[:1]:
        by = _hand(people, order)
        if by:
            actions.answer(order.pk, by=by, text=text)


def _key(by: Actor) -> None:
    """One important matter by hand, raised until its sheet is numbered."""
    case = Case.objects.open().filter(secret=False, state="handling").order_by("received_at").first()
    if case is None:
        return
    matter = actions.supervise(case.pk, by=by, text="重点投诉，请专人负责、每日反馈进展。（示例）", days=1)
    for _ in range(3):
        matter = actions.climb(matter.pk, by=by, text="承办单位仍未反馈。（示例）")


def _campaigns(by: Actor) -> None:
    if by.user_id is None:
        return
    moment = time.now()
    view = SavedView.objects.create(
        registry="cases", user_id=by.user_id, unit_id=by.unit_id, name="在办的网格事件", query="kind=grid&" + "&".join(f"state={state}" for state in AT_UNITS),
        created_at=moment,
    )  # fmt: skip
    ends_on = time.today() + timedelta(days=20)
    if Case.objects.visible_to(by).filter(kind="grid", state__in=AT_UNITS).exists():
        campaign = actions.open_campaign(
            by=by, kind=Campaign.Kind.CASES, title="网格事件清零专项（示例）", request="对在办网格事件逐件过筛，能办的立即办结。",
            ends_on=ends_on, view_id=view.pk,
        )  # fmt: skip
        actions.supervise_members(campaign.pk, by=by, days=3)
    tasks = actions.open_campaign(
        by=by,
        kind=Campaign.Kind.TASKS,
        title="冬季安全隐患排查（示例）",
        request="不留死角，发现问题立即整改。",
        ends_on=ends_on,
    )
    for title, units in CAMPAIGN_TASKS:
        actions.add_task(
            tasks.pk, by=by, title=title, request="请于期限内完成并反馈清单。（示例）", unit_ids=_units(units)
        )
