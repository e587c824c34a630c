"""History of a row on its page (变更历史), and where each of its values comes from (数据来源).

The versions are kept and read by `records.history`. Masked and sealed values never stand in it: that they
changed is told, what they were is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.history import Version, changes, versions_of
from hezhi.engines.registry.models import ImportRun
from hezhi.ground.ui.shapes import Change, TimelineItem

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

VERBS = {
    "create": "登记", "change": "修改", "remove": "删除", "restore": "恢复", "import": "导入", "undo": "撤销导入",
    "merge": "合并", "unmerge": "撤销合并", "move": "状态变更", "approve_change": "变更申请获批", "purge": "清除",
}  # fmt: skip
LABELS = {"insert": "登记", "update": "修改", "delete": "删除"}
NOT_TOLD = frozenset({"changed_at", "changed_by", "created_at", "created_by", "search_text", "path"})

__all__ = ["Origin", "history", "last_actor", "origins", "told_versions", "versions_of"]


@dataclass(frozen=True)
class Origin:
    """Where the present value of one field comes from (数据来源): who wrote it, when, and by which way."""

    label: str
    way: str
    who: str
    at: datetime


def told_versions(registry: Registry, row: Any, by: Actor) -> list[Version]:
    """The versions of a row as this reader may know them, newest first."""
    masked = (*registry.mask_kinds, *registry.hidden_from(by))
    return changes(row, masked=masked, without=NOT_TOLD)


def history(versions: Sequence[Version]) -> list[TimelineItem]:
    """What happened to a row: who, when, why, and which fields from what to what."""
    return [_item(version) for version in versions]


def origins(versions: Sequence[Version], by: Actor) -> list[Origin]:
    """The newest writing of each field, in the order of the fields' own age.

    An import has the name of its file for whoever uploaded it, and for nobody else: the name may tell what the reader
    must not know of the people in it (who is helped, and why).
    """
    newest: dict[str, Version] = {}
    for version in versions:
        for change in version.changes:
            newest.setdefault(change.label, version)
    deeds = {version.deed for version in newest.values() if version.verb.endswith(".import")}
    files = (
        {str(d): n for d, n in ImportRun.objects.visible_to(by).filter(deed__in=deeds).values_list("deed", "name")}
        if deeds
        else {}
    )
    return [
        Origin(label, f"导入“{files[v.deed]}”" if v.deed in files else _way(v), _who(v), v.at)
        for label, v in newest.items()
    ]


def last_actor(registry: Registry, id: Any) -> str:
    """Who wrote the row last, by name; «» when nobody knows."""
    events = versions_of(registry.model)
    if events is None:
        return ""
    found = events._default_manager.filter(pgh_obj_id=id).order_by("-pgh_id").values_list("pgh_context", flat=True)
    return str((found.first() or {}).get("name", ""))


def _item(version: Version) -> TimelineItem:
    verb = version.verb.rpartition(".")[2]
    return TimelineItem(
        title=_way(version),
        at=version.at,
        who=_who(version),
        text=version.reason,
        tone="danger" if verb == "remove" else "",
        changes=[Change(c.label, c.before, c.after) for c in version.changes],
    )


def _way(version: Version) -> str:
    verb = version.verb.rpartition(".")[2]
    return VERBS.get(verb) or LABELS.get(version.label, version.label)


def _who(version: Version) -> str:
    return " · ".join(filter(None, (version.who, version.post, version.unit)))
