"""News for the platform that brought a matter (状态回推): written in the verb's own transaction, sent by the worker."""

from typing import Any

from hezhi.chapters.cases.handling.api import PUBLIC_STATES, Case, Step
from hezhi.engines.connect.api import push
from hezhi.engines.connect.models import ChannelKey
from hezhi.engines.connect.rules import body_faults
from hezhi.engines.org.actor import Actor
from hezhi.ground.events import listens

EVENT = "report.changed"
TOLD_WITHOUT_A_NEW_STATE = ("extend", "transfer", "rate")
"""Verbs that the platform hears of although the state stays: a new limit, a new unit, what the reporter said."""


@listens("cases.changed")
def tell_the_platform(*, case: Case, verb: str, step: Step, by: Actor, **_: Any) -> None:
    """Push the new state of a matter to the outer system it came from, when that has an address for news.

    Numbers, states, times, unit and category only: no person, no free text. Of a secret case the number
    and the state alone.
    """
    if not case.outside_channel or not case.outside_number:
        return
    if step.from_state == step.to_state and verb not in TOLD_WITHOUT_A_NEW_STATE:
        return
    if not ChannelKey.objects.filter(system=case.outside_channel).exclude(webhook_url="").exists():
        return  # a number written down at the desk, or a platform that does not ask for news
    told = {name: value for name, value in _news(case, verb, step).items() if not body_faults({name: value})}
    push(case.outside_channel, event=EVENT, body=told)


def _news(case: Case, verb: str, step: Step) -> dict[str, Any]:
    news: dict[str, Any] = {
        "number": case.number, "state": case.state, "state_name": PUBLIC_STATES[case.state], "verb": verb,
        "verb_name": step.title, "at": step.at.isoformat(), "round": case.redos + 1,
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
    }  # fmt: skip
    if case.secret:
        return news
    return news | {
        "outside_number": case.outside_number,
        "due_at": case.due_at.isoformat() if case.due_at else None,
        "unit": case.lead_unit.name if case.lead_unit else "",
        "category": case.category.full_name if case.category else "",
        "satisfied": case.satisfied,
    }
