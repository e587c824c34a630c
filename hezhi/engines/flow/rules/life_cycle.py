"""Life cycles as data (流转规则): the states of a matter, and the verbs that lead from one to the next.

A chapter writes its life cycle down as values; this room checks it before it takes effect, prints
it, and says what a person may do next. Nothing happens here: the engine does what the values say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hezhi.ground.errors import NotNow

__all__ = [
    "STAY",
    "Fault",
    "Field",
    "Kind",
    "LifeCycle",
    "State",
    "Tell",
    "Verb",
    "check",
    "missing",
    "next_verbs",
    "role_table",
]

STAY = "="
"""As a verb's target: the matter stays in its state (状态不变)."""


class Kind(StrEnum):
    """What a state means for the clock and for the eye."""

    OPEN = "open"
    """在办: somebody is at work on it."""
    WAITING = "waiting"
    """待办: it waits for the next step."""
    CLOSED = "closed"
    """已结: nothing more is owed."""


@dataclass(frozen=True, slots=True)
class State:
    """One state (状态). `colour` names a token of the ui kit, never a colour value."""

    code: str
    name: str
    kind: Kind | str = Kind.OPEN
    colour: str = ""

    @property
    def is_closed(self) -> bool:
        return self.kind == Kind.CLOSED


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a verb's form (填写项): its name, its label for people, what kind of value it takes."""

    code: str
    label: str
    kind: str = "text"
    required: bool = False
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    max_length: int | None = None


REASON = Field("reason", "理由", required=True)


@dataclass(frozen=True, slots=True)
class Tell:
    """A message that a verb sends (告知): which template, to whom («reporter», «unit», a role …)."""

    template: str
    whom: str = ""


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb (动作): what an officer does to a matter.

    `frm` are the states in which it may be done. `to` is the state it leads to, `STAY`, or the name
    of a rule that works the state out; then `among` names the states it may come to.
    `right` is the permission asked for, `who` the roles that usually hold it, `guards` the names of
    further rules that must agree. `limit` is the stage whose limit it starts; `stops`, `pauses` and
    `resumes` name stages whose clocks it ends, halts or lets go on («total» or "" for the whole).
    With `approval` (the permission or kind of the approval) the verb is only asked for, and done
    when another person approves; `self_approval` stays False unless a rule of law says otherwise.
    `reopens` marks a verb that may leave a closed state.
    """

    code: str
    name: str
    frm: tuple[str, ...]
    to: str
    right: str = ""
    who: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    form: tuple[Field, ...] = ()
    limit: str = ""
    stops: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    tells: tuple[Tell | str, ...] = ()
    approval: str = ""
    self_approval: bool = False
    needs_reason: bool = False
    reopens: bool = False
    among: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """The form as it is shown: with the reason, where one is needed and the form has none."""
        if self.needs_reason and not any(field.code == REASON.code for field in self.form):
            return (*self.form, REASON)
        return self.form

    @property
    def messages(self) -> tuple[Tell, ...]:
        """What it tells, with templates given as plain codes brought into the same shape."""
        return tuple(tell if isinstance(tell, Tell) else Tell(tell) for tell in self.tells)

    def may_be_approved_by(self, approver: object, asked_by: object) -> bool:
        """Nobody approves his own request (不得自批)."""
        return self.self_approval or approver != asked_by


@dataclass(frozen=True)
class LifeCycle:
    """A life cycle (流转规则) of one kind of matter, with a version.

    `stages`, when given, are all the stages that may have a limit, so that a misspelt one is found.
    """

    code: str
    name: str
    version: int
    states: tuple[State, ...]
    verbs: tuple[Verb, ...]
    start: str
    stages: tuple[str, ...] = ()

    def state(self, code: str) -> State:
        """The state of this code. Raises KeyError for an unknown one."""
        for state in self.states:
            if state.code == code:
                return state
        raise KeyError(code)

    def verbs_from(self, state: str) -> tuple[Verb, ...]:
        """The verbs that may be done in a state, in their order of declaration."""
        return tuple(verb for verb in self.verbs if state in verb.frm)

    def verb(self, code: str, state: str) -> Verb:
        """The verb of this code in this state.

        Raises NotNow, with a letter that says what may be done instead; KeyError for a verb that
        the life cycle does not have at all.
        """
        named = [verb for verb in self.verbs if verb.code == code]
        if not named:
            raise KeyError(code)
        for verb in named:
            if state in verb.frm:
                return verb
        possible = "、".join(verb.name for verb in self.verbs_from(state))
        raise NotNow(
            f"本{self.name}现在是“{self.state(state).name}”，不能{named[0].name}",
            "可能有同事先一步处理了，您填写的内容仍然保留",
            f"请刷新后查看；此状态下可以办理：{possible}" if possible else "请刷新后查看最新状态",
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a life cycle: a code for tests, where it is, and the sentence for people."""

    code: str
    where: str
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def next_verbs(cycle: LifeCycle, state: str, permissions: Collection[str]) -> list[Verb]:
    """What a person with these permissions may do next (可办动作), in the order of declaration."""
    return [verb for verb in cycle.verbs_from(state) if verb.right in permissions]


def missing(verb: Verb, given: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the form still lacks, field by field, ready for `BadInput`; empty when it is complete."""
    told: dict[str, list[str]] = {}
    for field in verb.fields:
        value = given.get(field.code)
        text = value.strip() if isinstance(value, str) else value
        if field.required and (text is None or text in ("", [], ())):
            told[field.code] = [f"请填写“{field.label}”"]
        elif field.max_length and isinstance(text, str) and len(text) > field.max_length:
            told[field.code] = [f"“{field.label}”最多 {field.max_length} 字，现为 {len(text)} 字"]
    return told


# -- the check before it takes effect (生效前检查) -------------------------------------------------


def check(cycle: LifeCycle, rights: Collection[str] | None = None, rules: Collection[str] | None = None) -> list[Fault]:
    """Everything that is wrong with a life cycle; it takes effect only when the list is empty.

    With `rights`, a permission that the house does not know is a fault too; with `rules`, so is the
    name of a guard or of a deriving rule that nobody has written.
    """
    return [
        *_names_that_do_not_exist(cycle, rights, rules),
        *_verbs_without_owner(cycle),
        *_verbs_in_conflict(cycle),
        *_closed_states_that_are_left(cycle),
        *_states_out_of_reach(cycle),
        *_dead_ends(cycle),
    ]


def targets(cycle: LifeCycle, verb: Verb, state: str) -> tuple[str, ...]:
    """The states to which a verb may lead from a state."""
    if verb.to == STAY:
        return (state,)
    return (verb.to,) if verb.to in _codes(cycle) else verb.among


def _codes(cycle: LifeCycle) -> set[str]:
    return {state.code for state in cycle.states}


def _names_that_do_not_exist(
    cycle: LifeCycle, rights: Collection[str] | None, rules: Collection[str] | None
) -> Iterator[Fault]:
    known = _codes(cycle)
    for code, count in Counter(state.code for state in cycle.states).items():
        if count > 1:
            yield Fault("double_state", code, f"状态“{code}”写了 {count} 次，请只保留一次。")
    if cycle.start not in known:
        yield Fault("undefined_state", cycle.start, f"起始状态“{cycle.start}”没有定义。")
    for verb in cycle.verbs:
        for code in (*verb.frm, *verb.among):
            if code not in known:
                yield Fault("undefined_state", verb.code, f"动作“{verb.name}”提到的状态“{code}”没有定义。")
        if verb.to not in known and verb.to != STAY:
            yield from _derived(verb, rules)
        yield from _unknown_parts(cycle, verb, rights, rules)


def _derived(verb: Verb, rules: Collection[str] | None) -> Iterator[Fault]:
    if not verb.among:
        sentence = f"动作“{verb.name}”的去向“{verb.to}”不是状态；如由规则推定，请列出可能到达的状态。"
        yield Fault("undefined_state", verb.code, sentence)
    elif rules is not None and verb.to not in rules:
        yield Fault("unknown_rule", verb.code, f"动作“{verb.name}”的去向由规则“{verb.to}”推定，但没有这条规则。")


def _unknown_parts(
    cycle: LifeCycle, verb: Verb, rights: Collection[str] | None, rules: Collection[str] | None
) -> Iterator[Fault]:
    if rights is not None and verb.right and verb.right not in rights:
        yield Fault("unknown_right", verb.code, f"动作“{verb.name}”要求的权限“{verb.right}”不存在。")
    for guard in verb.guards if rules is not None else ():
        if guard not in (rules or ()):
            yield Fault("unknown_rule", verb.code, f"动作“{verb.name}”的前提“{guard}”没有对应的规则。")
    named = (verb.limit, *verb.stops, *verb.pauses, *verb.resumes)
    for stage in named if cycle.stages else ():
        if stage and stage not in cycle.stages:
            yield Fault("unknown_stage", verb.code, f"动作“{verb.name}”提到的环节“{stage}”没有定义。")
    for code, count in Counter(field.code for field in verb.form).items():
        if count > 1:
            yield Fault("double_field", verb.code, f"动作“{verb.name}”的填写项“{code}”写了 {count} 次。")


def _verbs_without_owner(cycle: LifeCycle) -> Iterator[Fault]:
    for verb in cycle.verbs:
        if not verb.right:
            yield Fault("no_right", verb.code, f"动作“{verb.name}”没有写明权限，谁都能办或谁都不能办。")
        if not verb.who:
            yield Fault("no_owner", verb.code, f"动作“{verb.name}”没有写明由哪个角色办理，会无人负责。")
        if not verb.frm:
            yield Fault("never_possible", verb.code, f"动作“{verb.name}”没有写明在哪些状态下办理，永远办不了。")


def _verbs_in_conflict(cycle: LifeCycle) -> Iterator[Fault]:
    pairs = Counter((state, verb.code) for verb in cycle.verbs for state in verb.frm)
    for (state, code), count in pairs.items():
        if count > 1:
            name = _name(cycle, state)
            yield Fault("double_verb", code, f"状态“{name}”下动作“{code}”写了 {count} 次，不知道该走哪一条。")


def _closed_states_that_are_left(cycle: LifeCycle) -> Iterator[Fault]:
    for state in cycle.states:
        for verb in cycle.verbs_from(state.code) if state.is_closed else ():
            leaves = any(target != state.code for target in targets(cycle, verb, state.code))
            if leaves and not verb.reopens:
                sentence = f"“{state.name}”是终结状态，动作“{verb.name}”却能离开它；如确为重开，请标明。"
                yield Fault("closed_is_left", verb.code, sentence)


def _states_out_of_reach(cycle: LifeCycle) -> Iterator[Fault]:
    reached = _reached(cycle, [cycle.start])
    for state in cycle.states:
        if state.code not in reached:
            yield Fault("unreachable", state.code, f"状态“{state.name}”没有任何动作能到达。")


def _dead_ends(cycle: LifeCycle) -> Iterator[Fault]:
    closed = {state.code for state in cycle.states if state.is_closed}
    if not closed:
        yield Fault("no_end", cycle.code, f"“{cycle.name}”没有终结状态，事项永远办不完。")
        return
    for state in cycle.states:
        if not state.is_closed and not closed & _reached(cycle, [state.code]):
            yield Fault("dead_end", state.code, f"状态“{state.name}”走不到任何终结状态，事项会停在这里。")


def _reached(cycle: LifeCycle, starts: Iterable[str]) -> set[str]:
    """All states that can be come to from these, with themselves."""
    seen, waiting = set(), list(starts)
    while waiting:
        code = waiting.pop()
        if code not in seen:
            seen.add(code)
            waiting += [target for verb in cycle.verbs_from(code) for target in targets(cycle, verb, code)]
    return seen


# -- the table for people (角色—动作—状态表) --------------------------------------------------------


def role_table(cycle: LifeCycle) -> str:
    """Who may do what in which state, as a Markdown table: one row a verb, one column a role."""
    roles = list(dict.fromkeys(role for verb in cycle.verbs for role in verb.who))
    head = ["动作", "由状态", "到状态", "权限", "需审批", *roles]
    rows = [_row(cycle, verb, roles) for verb in cycle.verbs]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def _row(cycle: LifeCycle, verb: Verb, roles: list[str]) -> list[str]:
    to = "不变" if verb.to == STAY else "、".join(_name(cycle, code) for code in targets(cycle, verb, ""))
    frm = "、".join(_name(cycle, code) for code in verb.frm)
    marks = ["●" if role in verb.who else "" for role in roles]
    return [verb.name, frm, to, verb.right, "是" if verb.approval else "", *marks]


def _name(cycle: LifeCycle, code: str) -> str:
    return next((state.name for state in cycle.states if state.code == code), code)
