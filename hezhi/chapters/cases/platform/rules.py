"""How back-flow thinks (来源平台规则): our clock before theirs, their words for our states, where two lists differ."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hezhi.engines.flow.rules.calendar import Calendar
from hezhi.engines.flow.rules.limits import Limit
from hezhi.engines.flow.rules.working_time import before_end
from hezhi.ground.errors import BadInput
from hezhi.ground.text import one_line

WAITING, WORKING, ANSWERED, DONE, GONE = "waiting", "working", "answered", "done", "gone"
GROUPS = {WAITING: "待办理", WORKING: "办理中", ANSWERED: "已答复", DONE: "已办结", GONE: "已退回或作废"}
"""Five groups in which two platforms can agree about a state; finer ones are each platform's own."""

GROUP_OF = {
    "to_accept": WAITING, "to_supplement": WAITING, "to_dispatch": WAITING, "redo": WAITING, "to_sign": WORKING,
    "handling": WORKING, "on_hold": WORKING, "to_review": WORKING, "to_call_back": ANSWERED, "closed": DONE,
    "not_accepted": GONE, "merged": WORKING, "void": GONE,
}  # fmt: skip
USUAL_WORDS = {
    "待受理": WAITING, "待派遣": WAITING, "待签收": WORKING, "待办": WAITING, "待办理": WAITING, "未接收": WAITING, "已接收": WAITING, "重办": WAITING, "办理中": WORKING,
    "处理中": WORKING, "处置中": WORKING, "在办": WORKING, "待审核": ANSWERED, "已答复": ANSWERED, "待回访": ANSWERED,
    "已反馈": ANSWERED, "办结": DONE, "已办结": DONE, "已归档": DONE, "归档": DONE, "退回": GONE, "已退单": GONE, "退单": GONE,
    "作废": GONE, "已作废": GONE,
}  # fmt: skip


def our_latest(outside_due: datetime, received: datetime, margin: Limit | None, calendar: Calendar) -> datetime:
    """When ours must be over: the margin (提前量) before the outside limit, in its own clock.

    Where the outside leaves less time than the margin since receipt, its own moment stands.
    """
    if margin is None or outside_due <= received:
        return outside_due
    return before_end(received, outside_due, margin, calendar) or outside_due


def state_words(text: str) -> dict[str, str]:
    """A platform's own words for states, one «平台用语=本系统归类» a line; raises BadInput at the line that is wrong."""
    names = {name: code for code, name in GROUPS.items()}
    found: dict[str, str] = {}
    for n, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        word, sign, name = (part.strip() for part in line.replace("＝", "=").partition("="))
        if not sign or not word or name not in names:
            raise BadInput({"state_words": [f"第 {n} 行应为“平台用语=归类”，归类可用：{'、'.join(names)}。"]})
        found[word] = names[name]
    return found


def group_of(word: str, own: Mapping[str, str]) -> str:
    """The group of a state as the platform says it: its own words first, then usual ones, then our codes; "" unknown."""
    word = one_line(word)
    return own.get(word) or USUAL_WORDS.get(word) or GROUP_OF.get(word) or (word if word in GROUPS else "")


def mapped(code: str, mapping: Mapping[str, str]) -> str:
    """What stands for a code, or for the nearest class above it (two digits less at a time); empty without any."""
    code = code.strip()
    for length in range(len(code), 1, -1):
        if code[:length] in mapping and (length == len(code) or length % 2 == 0):
            return mapping[code[:length]]
    return ""


# -- two lists side by side ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ours:
    """One of our cases as it is compared (本系统一件). `key` is the outside number, sealed for a secret case."""

    key: str
    number: str
    state: str
    state_name: str
    due_at: datetime | None
    reply: str
    secret: bool = False
    case: Any = None


@dataclass(frozen=True, slots=True)
class Theirs:
    """One matter as the platform lists it (平台一件); what it does not tell is not compared."""

    key: str
    state: str = ""
    due_at: datetime | None = None
    reply: str | None = None
    title: str = ""
    text: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Differs:
    """One difference (差异): which kind, what stands here, what stands there."""

    kind: str
    key: str
    ours: str
    theirs: str
    mine: Ours | None = None
    yours: Theirs | None = None


MINUTE = 60


def compare(
    ours: Iterable[Ours], theirs: Iterable[Theirs], words: Mapping[str, str], show: Callable[[datetime], str]
) -> tuple[list[Differs], int]:
    """Where two lists differ, and how many matters agree in everything that both tell.

    A reply is compared without regard to spaces; a limit to the minute. Of a secret case only the state.
    """
    mine, yours = {o.key: o for o in ours}, {t.key: t for t in theirs}
    found: list[Differs] = []
    same = 0
    for key, their in yours.items():
        if key not in mine:
            found.append(Differs("missing_here", key, "没有这件", their.state or "有这件", yours=their))
            continue
        differs = list(_differences(mine[key], their, words, show))
        found += differs
        same += not differs
    found += [
        Differs("missing_there", key, our.state_name, "没有这件", mine=our)
        for key, our in mine.items() if key not in yours
    ]  # fmt: skip
    return found, same


def _differences(
    our: Ours, their: Theirs, words: Mapping[str, str], show: Callable[[datetime], str]
) -> Sequence[Differs]:
    found = []
    group = group_of(their.state, words)
    if their.state and group != GROUP_OF.get(our.state):
        told = their.state if group else f"{their.state}（不认识的状态，请在来源平台中补充对照）"
        if our.secret:
            told = GROUPS.get(group, "不认识的状态")
        found.append(Differs("state", our.key, our.state_name, told, our, their))
    if our.secret:
        return found
    if their.due_at is not None and _apart(our.due_at, their.due_at):
        here = show(our.due_at) if our.due_at else "未记录"
        found.append(Differs("deadline", our.key, here, show(their.due_at), our, their))
    if their.reply is not None and _plain(their.reply) != _plain(our.reply):
        found.append(Differs("reply", our.key, our.reply or "还没有答复", their.reply or "空", our, their))
    return found


def _apart(ours: datetime | None, theirs: datetime) -> bool:
    return ours is None or abs((ours - theirs).total_seconds()) >= MINUTE


def _plain(text: str) -> str:
    return "".join(text.split())
