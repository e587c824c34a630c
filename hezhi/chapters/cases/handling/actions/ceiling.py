"""When our own limit must be over at the latest (最晚到期): said by rooms above, without an import upward."""

from collections.abc import Callable

from hezhi.chapters.cases.handling.actions.order_limits import follow
from hezhi.chapters.cases.handling.actions.tree import tree
from hezhi.chapters.cases.handling.flows import AT_WORK
from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import ToDo

Saying = Callable[[Case], timing.Latest | None]
_sayings: list[Saying] = []


def contribute(saying: Saying) -> None:
    """Let a room say when the total limit of a case must be over; the earliest counts."""
    if saying not in _sayings:
        _sayings.append(saying)


def latest_for(case: Case) -> timing.Latest | None:
    """The moment that our limit may not pass, and who set it; None when nobody did."""
    said = [latest for saying in _sayings if (latest := saying(case)) is not None]
    return min(said, key=lambda latest: latest.at, default=None)


def follow_ceiling(case: Case, *, stretch: str = "") -> None:
    """Bring the running total limit of a case to what is said now, and with it orders and to-dos; within a verb.

    `stretch` is the reason of an extension from outside: then ours grows as well.
    """
    deadline = timing.hold_to(case.pk, latest_for(case), stretch=stretch)
    if deadline is None or deadline.due_at == case.due_at:
        return
    before, case.due_at, case.yellow_at = case.due_at, deadline.due_at, deadline.yellow_at
    case.save(update_fields=["due_at", "yellow_at"])
    ToDo.objects.filter(object_id=case.pk, due_at=before, done_at=None).update(due_at=case.due_at)
    follow([order for order in tree(case) if order.state in AT_WORK], case, deadline)
