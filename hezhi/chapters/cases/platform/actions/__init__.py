"""The verbs between us and a platform (来源平台的动作, 9.1.2-1): one verb, one transaction, with right and history."""

from hezhi.chapters.cases.platform.actions.asking import answer, ask, withdraw
from hezhi.chapters.cases.platform.actions.checking import act_on, check, explain
from hezhi.chapters.cases.platform.actions.filling import fill
from hezhi.chapters.cases.platform.actions.following import follow_up

__all__ = ["act_on", "answer", "ask", "check", "explain", "fill", "follow_up", "withdraw"]
