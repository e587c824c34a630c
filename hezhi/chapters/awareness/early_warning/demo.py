"""Early warning in the demo district (演示数据): the invented messages flow in, one warning is acknowledged, one is judged, the rest stand open."""

from hezhi.chapters.awareness.early_warning import actions
from hezhi.chapters.awareness.early_warning.models import Standing, Warning
from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.org.api import Actor, Holding, actor_of, system


def load() -> None:
    """Load it; a second call changes nothing, and without the demo district nothing is done."""
    if Standing.objects.exists() or not Case.objects.exists():
        return
    stream = system("事件发现")
    while actions.feed(stream):
        pass
    actions.measure(system("事件预警"))
    for warning in Warning.objects.order_by("raised_at", "number"):
        by = _somebody(warning)
        if by is not None:
            actions.acknowledge(warning.pk, by=by, measure="已通知抢修队到场，逐户说明情况。（示例）")
            return


def _somebody(warning: Warning) -> Actor | None:
    """A person of a unit that the warning was pushed to and who may acknowledge it."""
    rows = Holding.objects.filter(post__unit__in=warning.units, valid_to__isnull=True).select_related(
        "user", "post__role"
    )
    for holding in rows.order_by("post__title"):
        if "warnings.acknowledge" in holding.post.role.permissions:
            return actor_of(holding.user, holding.post_id).at(channel="officer", address=None, request_id="demo")
    return None
