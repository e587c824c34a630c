"""The flows of the house, checked at start and printed as a document (流转规则: 启动检查、角色—动作—状态表).

Every `flows.py` of an app may declare life cycles. None takes effect with an unreachable state, a dead end,
a verb without an owner, or a permission that nobody holds.
"""

from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.checks import Critical

from hezhi.chapters.appcentre.users.api import permission_names, seed_roles
from hezhi.engines.flow.rules.life_cycle import LifeCycle, check, role_table
from hezhi.wiring.places import CHECKOUT

BOOK = CHECKOUT / "docs/flow-of-a-case.md"


def declared() -> list[LifeCycle]:
    """Every life cycle that an app's `flows.py` declares, in the order of the apps."""
    found: list[LifeCycle] = []
    for app in apps.get_app_configs():
        if app.name.startswith("hezhi.") and find_spec(f"{app.name}.flows") is not None:
            values = vars(import_module(f"{app.name}.flows")).values()
            found += [value for value in values if isinstance(value, LifeCycle)]
    return found


def seed() -> tuple[dict[str, str], dict[str, list[str]]]:
    """The permissions with their names, and the names of the seed roles that hold each (初始角色)."""
    names = permission_names()
    holders: dict[str, list[str]] = {code: [] for code in names}
    for role in seed_roles():
        for code in role.permissions:
            holders[code].append(role.name)
    return names, holders


def problems(cycle: LifeCycle, names: Mapping[str, str], holders: Mapping[str, Collection[str]]) -> Iterator[str]:
    """What is wrong with a life cycle, a sentence each; it takes effect only without any."""
    yield from (f"流程“{cycle.name}”：{fault}" for fault in check(cycle, rights=names))
    for verb in cycle.verbs:
        for code in filter(None, (verb.right, verb.approval)):
            if code not in names:
                yield f"流程“{cycle.name}”：动作“{verb.name}”用到的权限“{code}”没有登记名称。"
            elif not holders.get(code):
                yield f"流程“{cycle.name}”：动作“{verb.name}”的权限“{names[code]}”没有任何初始角色持有，会无人能办。"


def check_flows(**_: Any) -> list[Critical]:
    """Django's check before anything runs: a flow with a fault stops the start with its sentences."""
    names, holders = seed()
    return [
        Critical(sentence, hint="请修正该流程的声明后再启动。", id="hezhi.flow.E001")
        for cycle in declared()
        for sentence in problems(cycle, names, holders)
    ]


def refuse_faulty_flows() -> None:
    """Stop a process that would run with a faulty flow; for the doors that Django's own checks do not guard."""
    faults = check_flows()
    if faults:
        raise SystemExit("\n".join(fault.msg for fault in faults))


def book() -> str:
    """The document of all flows (docs/flow-of-a-case.md), made from the declarations alone."""
    names, holders = seed()
    parts = [HEAD]
    for cycle in declared():
        parts += [f"## {cycle.name} (`{cycle.code}`, version {cycle.version})\n", _states(cycle), role_table(cycle)]
        parts += [_forms(cycle)]
    parts += ["## Which seed roles hold a permission （权限与初始角色）\n", _permissions(names, holders)]
    return "\n".join(parts)


HEAD = """# The flow of a case
Made from the `flows.py` of `cases/handling` and `cases/supervision` and the seed roles by `hezhi flows --write`; a test fails when this page and the code
differ. A dot says that the role usually takes the step (●); what a post may really do is decided by its permissions. «需审批» means that the
step is only asked for here and done when another person says yes; nobody approves his own request.
"""


def _states(cycle: LifeCycle) -> str:
    """One line of all states by kind."""
    kinds = {"open": "在办", "waiting": "待办", "closed": "已结"}
    told = [
        f"{title}：{'、'.join(state.name for state in cycle.states if state.kind == kind)}"
        for kind, title in kinds.items()
    ]
    return f"States. {'；'.join(told)}。\n"


def _forms(cycle: LifeCycle) -> str:
    """What each verb asks for, which clocks it touches and whom it tells."""
    rows = ["| 动作 | 填写项 | 计时 | 告知 |", "| --- | --- | --- | --- |"]
    for verb in cycle.verbs:
        fields = "、".join(field.label + ("*" if field.required else "") for field in verb.fields)
        clocks = (("起", (verb.limit,)), ("止", verb.stops), ("停", verb.pauses), ("续", verb.resumes))
        told = "；".join(f"{word} {'、'.join(filter(None, stages))}" for word, stages in clocks if any(stages))
        rows.append(f"| {verb.name} | {fields} | {told} | {'、'.join(tell.template for tell in verb.messages)} |")
    return "\n".join(rows) + "\n"


def _permissions(names: Mapping[str, str], holders: Mapping[str, Collection[str]]) -> str:
    used = dict.fromkeys(
        code for cycle in declared() for verb in cycle.verbs for code in (verb.right, verb.approval) if code
    )
    rows = ["| 权限 | 名称 | 初始角色 |", "| --- | --- | --- |"]
    rows += [f"| {code} | {names[code]} | {'、'.join(holders[code])} |" for code in used]
    return "\n".join(rows) + "\n"
