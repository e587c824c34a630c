"""Early warning in the demo district (演示数据): the invented messages flow in, somebody says which are one matter, and
the watch goes round on some mornings of the last weeks: old warnings are judged, one is acknowledged, the rest stand open.
"""

from datetime import time as clock_time
from datetime import timedelta

from hezhi.chapters.awareness.early_warning import actions
from hezhi.chapters.awareness.early_warning.models import Standing, Warning
from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.analysis import actions as stream
from hezhi.engines.analysis import queries as analysis
from hezhi.engines.org.api import Actor, Holding, actor_of, system
from hezhi.ground import time

MORNINGS, NINE = (31, 24, 18, 14, 10, 7), clock_time(9)
JUDGED = timedelta(days=5)
DAYS = 46
VERDICTS = (
    ("hit", "三天内又有多人反映，提前派了人。（示例）"),
    ("late", "前一天已有人在网上反映。（示例）"),
    ("hit", ""),
    ("miss", "同一施工公告引起的咨询，并无问题。（示例）"),
)


def load() -> None:
    """Load it; a second call changes nothing, and without the demo district nothing is done."""
    if Standing.objects.exists() or not Case.objects.exists():
        return
    while actions.feed(system("事件发现")):
        pass
    _say_which_are_one()
    by, today = system("事件预警"), time.local(time.now()).date()
    for ago in MORNINGS:
        with time.frozen_at(time.at_local(today - timedelta(days=ago), NINE)):
            actions.measure(by)
    _judge_old()
    actions.measure(by)
    for warning in Warning.objects.filter(state="open").order_by("-level", "number")[1:]:
        person = _somebody(warning)
        if person is not None:
            actions.acknowledge(warning.pk, by=person, measure="已通知抢修队到场，逐户说明情况。（示例）")
            break


def _say_which_are_one() -> None:
    """An acceptor answers what was proposed because of place and kind: the demonstration's matters lie apart."""
    actions.propose_near(system("事件发现"), days=DAYS)
    holding = Holding.objects.filter(post__role__code="acceptor", valid_to__isnull=True).select_related("user").first()
    if holding is None:
        return
    by = actor_of(holding.user, holding.post_id).at(channel="officer", address=None, request_id="demo")
    while (proposal := analysis.proposals(by).filter(kind="near").order_by("-score", "pk").first()) is not None:
        stream.answer(proposal, same=True, by=by, reason="同一地点同一问题（示例）")


def _judge_old() -> None:
    old = Warning.objects.filter(raised_at__lt=time.now() - JUDGED).order_by("raised_at", "number")
    for n, warning in enumerate(old):
        by = _somebody(warning)
        if by is None:
            continue
        verdict, note = VERDICTS[n % len(VERDICTS)]
        with time.frozen_at(warning.raised_at + timedelta(minutes=50)):
            actions.acknowledge(warning.pk, by=by, measure="已安排专人到场核实处置。（示例）")
        with time.frozen_at(warning.raised_at + timedelta(days=4)):
            actions.judge(warning.pk, by=by, verdict=verdict, note=note)


def _somebody(warning: Warning) -> Actor | None:
    """A person of a unit that the warning was pushed to and who may acknowledge it."""
    rows = Holding.objects.filter(post__unit__in=warning.units, valid_to__isnull=True).select_related(
        "user", "post__role"
    )
    for holding in rows.order_by("post__title"):
        if "warnings.acknowledge" in holding.post.role.permissions:
            return actor_of(holding.user, holding.post_id).at(channel="officer", address=None, request_id="demo")
    return None
