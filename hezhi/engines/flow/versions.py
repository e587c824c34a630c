"""Versions of a life cycle as data (流程版本): what a kind of matter leaves out or asks for more, drafted, checked, published.

The verbs, their effects and the states are code, shared by all kinds. A version says which of them a kind uses, from
which states, under which name, and which fields must be filled in. It takes effect for matters that come in after it
was published; those under way stay on the version of their day.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hezhi.engines.flow.models import FlowVersion
from hezhi.engines.flow.rules.life_cycle import LifeCycle, Verb, check
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Role
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, NotNow

KEPT_SECONDS = 30.0
Changes = Mapping[str, Any]


# -- thinking: values in, values out ---------------------------------------------------------------------


def shaped(cycle: LifeCycle, changes: Changes, number: int = 1) -> LifeCycle:
    """The life cycle as a kind uses it: without its states and verbs left out, narrowed, renamed, stricter."""
    off = set(changes.get("states_off", ()))
    told: Mapping[str, Any] = changes.get("verbs", {})
    verbs = [
        _shaped(each, told.get(each.code, {}), off) for each in cycle.verbs if not told.get(each.code, {}).get("off")
    ]
    return replace(
        cycle, version=number, states=tuple(s for s in cycle.states if s.code not in off), verbs=tuple(verbs)
    )


def _shaped(verb_: Verb, told: Mapping[str, Any], off: Collection[str]) -> Verb:
    states = set(told["frm"]) if "frm" in told else set(verb_.frm)
    required = set(told.get("required", ()))
    return replace(
        verb_,
        name=told.get("name") or verb_.name,
        frm=tuple(code for code in verb_.frm if code in states and code not in off),
        form=tuple(replace(each, required=each.required or each.code in required) for each in verb_.form),
    )


def faults(cycle: LifeCycle, changes: Changes, held: Collection[str]) -> list[str]:
    """Why these changes may not take effect, a sentence each (生效前检查); `held` are the permissions somebody holds."""
    found = [str(fault) for fault in check(shaped(cycle, changes))]
    known = {each.code: each for each in cycle.verbs}
    for code, told in changes.get("verbs", {}).items():
        strange = set(told.get("frm", ())) - set(known[code].frm) if code in known else set()
        if code not in known or strange:
            found.append(f"动作“{known[code].name if code in known else code}”的办理状态超出了系统支持的范围。")
    for each in shaped(cycle, changes).verbs:
        for right in filter(None, (each.right, each.approval)):
            if right not in held:
                found.append(f"动作“{each.name}”要求的权限没有任何角色持有，会无人能办。")
    return list(dict.fromkeys(found))


def differences(cycle: LifeCycle, before: Changes, after: Changes) -> list[str]:
    """What a version changes against another, a sentence each (与现行版本的差别)."""
    old, new = shaped(cycle, before), shaped(cycle, after)
    names = {state.code: state.name for state in cycle.states}
    had, has = {v.code: v for v in old.verbs}, {v.code: v for v in new.verbs}
    told = [f"停用动作“{had[code].name}”" for code in had if code not in has]
    told += [f"启用动作“{has[code].name}”" for code in has if code not in had]
    told += [f"停用状态“{s.name}”" for s in old.states if s not in new.states]
    told += [f"启用状态“{s.name}”" for s in new.states if s not in old.states]
    for code in had.keys() & has.keys():
        told += _changed(had[code], has[code], names)
    return sorted(told)


def _changed(old: Verb, new: Verb, names: Mapping[str, str]) -> list[str]:
    told = [f"动作“{old.name}”改称“{new.name}”"] if old.name != new.name else []
    less = [names[code] for code in old.frm if code not in new.frm]
    more = [names[code] for code in new.frm if code not in old.frm]
    told += [f"动作“{new.name}”不再用于{'、'.join(less)}"] if less else []
    told += [f"动作“{new.name}”也用于{'、'.join(more)}"] if more else []
    was, now = ({f.code for f in v.form if f.required} for v in (old, new))
    labels = {f.code: f.label for f in new.form}
    told += [f"动作“{new.name}”须填写{labels[code]}" for code in sorted(now - was)]
    return told + [f"动作“{new.name}”不再必填{labels[code]}" for code in sorted(was - now)]


# -- reading -----------------------------------------------------------------------------------------------


@dataclass
class _Kept:
    """What this process last read, and when; and the shapes made of it."""

    read_at: float = float("-inf")
    rows: dict[tuple[str, str], list[tuple[datetime, int, Changes]]] = field(default_factory=dict)
    shapes: dict[tuple[str, str, int], LifeCycle] = field(default_factory=dict)


_kept = _Kept()


def forget() -> None:
    """Read the versions afresh at the next step: called by whoever publishes one."""
    _kept.read_at = float("-inf")


def _published(cycle: str, kind: str) -> Sequence[tuple[datetime, int, Changes]]:
    if time.monotonic() - _kept.read_at > KEPT_SECONDS:
        rows = FlowVersion.objects.filter(state="published").order_by("-published_at", "-number")
        found: dict[tuple[str, str], list[tuple[datetime, int, Changes]]] = {}
        for row in rows:
            if row.published_at is not None:
                found.setdefault((row.cycle, row.kind), []).append((row.published_at, row.number, row.changes))
        _kept.rows, _kept.shapes, _kept.read_at = found, {}, time.monotonic()
    return _kept.rows.get((cycle, kind), ())


def cycle_for(cycle: LifeCycle, kind: str, since: datetime) -> LifeCycle:
    """The life cycle of a matter of this kind that came in at this moment; the code's own before any was published."""
    for published_at, number, changes in _published(cycle.code, kind):
        if published_at <= since:
            key = (cycle.code, kind, number)
            if key not in _kept.shapes:
                _kept.shapes[key] = shaped(cycle, changes, number)
            return _kept.shapes[key]
    return cycle


def current(cycle: LifeCycle, kind: str) -> tuple[LifeCycle, Changes]:
    """What is in force now for new matters of a kind, and as which changes."""
    row = FlowVersion.objects.filter(cycle=cycle.code, kind=kind, state="published").order_by("-number").first()
    return (shaped(cycle, row.changes, row.number), row.changes) if row else (cycle, {})


def draft_of(cycle: LifeCycle, kind: str) -> FlowVersion | None:
    """The draft of a kind, if there is one."""
    return FlowVersion.objects.filter(cycle=cycle.code, kind=kind, state="draft").first()


def held_rights() -> set[str]:
    """Every permission that some role holds."""
    return {right for rights in Role.objects.values_list("permissions", flat=True) for right in rights}


# -- doing -------------------------------------------------------------------------------------------------


@verb("flow.draft")
def save_draft(cycle: LifeCycle, kind: str, changes: Changes, *, by: Actor, right: str, note: str = "") -> FlowVersion:
    """Keep a draft (保存草稿); a faulty one may be kept too, it only cannot be published."""
    by.must(right)
    _known(cycle, changes)
    row = FlowVersion.objects.select_for_update().filter(cycle=cycle.code, kind=kind, state="draft").first()
    if row is None:
        last = FlowVersion.objects.filter(cycle=cycle.code, kind=kind).order_by("-number").first()
        row = FlowVersion(cycle=cycle.code, kind=kind, number=max(last.number if last else 1, cycle.version) + 1)
    row.changes, row.note, row.made_by, row.made_at = dict(changes), note.strip()[:200], by.name, time.now()
    row.save()
    return row


def _known(cycle: LifeCycle, changes: Changes) -> None:
    verbs, states = {v.code for v in cycle.verbs}, {s.code for s in cycle.states}
    strange: Iterable[str] = (set(changes.get("verbs", {})) - verbs) | (set(changes.get("states_off", ())) - states)
    if set(strange):
        raise BadInput({"": [f"流程里没有这些动作或状态：{'、'.join(sorted(strange))}。"]})


@verb("flow.publish")
def publish(version_id: UUID, cycle: LifeCycle, *, by: Actor, right: str) -> FlowVersion:
    """Put a draft in force for matters that come in from now on (发布); refused while the check finds anything."""
    by.must(right)
    row = FlowVersion.objects.select_for_update().filter(pk=version_id, cycle=cycle.code).first()
    if row is None:
        raise NotFound("没有找到这份草稿。", code="flow.no_version")
    if row.state != FlowVersion.State.DRAFT:
        raise NotNow("这一版已经发布。", "发布过的版本不再改动。", "如需调整请新建草稿。", code="flow.published")
    found = faults(cycle, row.changes, held_rights())
    if found:
        raise BadInput({"": found}, "流程没有发布", "现行流程不变", "请按提示修改草稿后再发布", code="flow.faulty")
    row.state, row.published_at, row.published_by = FlowVersion.State.PUBLISHED, time.now(), by.name
    row.save(update_fields=["state", "published_at", "published_by"])
    forget()
    return row


@verb("flow.drop_draft")
def drop_draft(version_id: UUID, *, by: Actor, right: str) -> None:
    """Throw a draft away (放弃草稿)."""
    by.must(right)
    FlowVersion.objects.filter(pk=version_id, state=FlowVersion.State.DRAFT).delete()
