"""The tree of categories as it stood on a day (类别的日期版本)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hezhi.chapters.cases.handling.models import (
    Category,
)
from hezhi.ground import time


@dataclass(frozen=True)
class Branch:
    """One category as it stood on a day: code, names and whether it was in use."""

    code: str
    name: str
    full_name: str
    active: bool
    depth: int


def tree_on(day: date) -> list[Branch]:
    """The categories as they stood at the end of a day, by code (当日类别): from the history, so renamed and moved ones
    have their names and places of that day; those that came later are not there."""
    versions: Any = Category.versions.rel.related_model.objects  # type: ignore[attr-defined]
    end = time.at_local(day + timedelta(days=1))
    rows = versions.filter(pgh_created_at__lt=end).order_by("pgh_obj_id", "-pgh_id").distinct("pgh_obj_id")
    known = [row for row in rows if row.pgh_label != "delete"]
    return [
        Branch(row.code, row.name, row.full_name, row.active, row.path.count("/")) for row in sorted(known, key=lambda r: r.path)
    ]  # fmt: skip


def changes_between(first: date, last: date) -> list[tuple[str, str, str]]:
    """What differs between the trees of two days (版本差异): code, what happened, and the words of it."""
    before, after = ({branch.code: branch for branch in tree_on(day)} for day in (first, last))
    told = []
    for code in sorted(before.keys() | after.keys()):
        old, new = before.get(code), after.get(code)
        if old is None and new is not None:
            told.append((code, "新增", new.full_name))
        elif new is None and old is not None:
            told.append((code, "删除", old.full_name))
        elif old is not None and new is not None and old != new:
            if old.full_name != new.full_name:
                told.append((code, "改名或移动", f"{old.full_name} → {new.full_name}"))
            if old.active != new.active:
                told.append((code, "启用" if new.active else "停用", new.full_name))
    return told
