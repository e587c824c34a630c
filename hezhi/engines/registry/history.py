"""History of a row with its differences (变更历史), read from the versions the triggers keep.

Masked and sealed values never stand in it: that they changed is told, what they were is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from pghistory.models import Event

from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField
from hezhi.engines.registry.columns import in_words, label_path
from hezhi.ground.text import shorten
from hezhi.ground.ui.shapes import Change, TimelineItem

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

VERBS = {
    "create": "登记", "change": "修改", "remove": "删除", "restore": "恢复", "import": "导入", "undo": "撤销导入",
}  # fmt: skip
LABELS = {"insert": "登记", "update": "修改", "delete": "删除"}
HIDDEN = "（脱敏，不显示）"
NOT_TOLD = {"id", "revision", "changed_at", "changed_by", "created_at", "created_by", "search_text", "path"}
MOST = 200


@cache
def versions_of(model: type[models.Model]) -> type[models.Model] | None:
    """The table that keeps the versions of a model's rows; None when none is kept."""
    for event in apps.get_models():
        tracked = getattr(event, "pgh_tracked_model", None)
        if issubclass(event, Event) and tracked is not None and tracked._meta.concrete_model is model:
            return event
    return None


def history(registry: Registry, id: UUID) -> list[TimelineItem]:
    """What happened to a row, newest first: who, when, why, and which fields from what to what."""
    events = versions_of(registry.model)
    if events is None:
        return []
    rows = list(events._default_manager.filter(pgh_obj_id=id).order_by("-pgh_id")[: MOST + 1])
    names = _told_fields(registry, events)
    labels = _labels_of_keys(registry, names, rows)
    told = []
    for row, before in zip(rows, [*rows[1:], None], strict=True):
        if before is None and len(rows) > MOST:
            break  # its predecessor was not read, so its differences are not known
        told.append(_item(registry, row, before, names, labels))
    return told


def last_actor(registry: Registry, id: UUID) -> str:
    """Who wrote the row last, by name; «» when nobody knows."""
    events = versions_of(registry.model)
    if events is None:
        return ""
    found = (
        events._default_manager.filter(pgh_obj_id=id).order_by("-pgh_id").values_list("pgh_context", flat=True).first()
    )
    return str((found or {}).get("name", ""))


def _item(
    registry: Registry, row: Any, before: Any, names: list[str], labels: dict[tuple[str, str], str]
) -> TimelineItem:
    trace = row.pgh_context or {}
    verb = str(trace.get("verb", "")).rpartition(".")[2]
    who = " · ".join(filter(None, (trace.get("name"), trace.get("post"), trace.get("unit"))))
    changes = [] if row.pgh_label == "delete" else list(_changes(registry, row, before, names, labels))
    return TimelineItem(
        title=VERBS.get(verb) or LABELS.get(row.pgh_label, row.pgh_label),
        at=row.pgh_created_at,
        who=who,
        text=str(trace.get("reason") or ""),
        tone="danger" if verb == "remove" else "",
        changes=changes,
    )


def _changes(
    registry: Registry, row: Any, before: Any, names: list[str], labels: dict[tuple[str, str], str]
) -> Iterable[Change]:
    for name in names:
        field = registry.model._meta.get_field(name)
        new, old = getattr(row, field.attname), getattr(before, field.attname, None)  # type: ignore[union-attr]
        if new == old or (before is None and new in (None, "", [], {})):
            continue
        label = str(field.verbose_name)  # type: ignore[union-attr]
        if _is_hidden(registry, field):
            yield Change(label, HIDDEN if old else "", HIDDEN if new else "")
        else:
            yield Change(label, _words(field, old, labels), _words(field, new, labels))


def _is_hidden(registry: Registry, field: Any) -> bool:
    return field.name in registry.mask_kinds or isinstance(field, SealedTextField | BlindIndexField)


def _words(field: Any, value: Any, labels: dict[tuple[str, str], str]) -> str:
    if isinstance(field, models.ForeignKey) and value is not None:
        return labels.get((field.name, str(value)), "（已不存在）")
    if getattr(field, "flatchoices", None):
        return str(dict(field.flatchoices).get(value, in_words(value)))
    return shorten(in_words(value), 200)


def _told_fields(registry: Registry, events: type[models.Model]) -> list[str]:
    kept = {field.name for field in events._meta.concrete_fields}
    fields = registry.model._meta.concrete_fields
    return [f.name for f in fields if f.name in kept and f.name not in NOT_TOLD and not _is_for_machines(f)]


def _is_for_machines(field: Any) -> bool:
    """Keys and prints that tell a person nothing."""
    return isinstance(field, BlindIndexField) or isinstance(getattr(field, "base_field", None), models.UUIDField)


def _labels_of_keys(registry: Registry, names: list[str], rows: list[Any]) -> dict[tuple[str, str], str]:
    """The names of everything that foreign keys in these versions point to: one query per table."""
    wanted: dict[type[models.Model], dict[str, set[Any]]] = {}
    for name in names:
        field = _field(registry.model, name)
        if isinstance(field, models.ForeignKey):
            keys = {getattr(row, field.attname) for row in rows} - {None}
            wanted.setdefault(field.remote_field.model, {})[name] = keys
    labels: dict[tuple[str, str], str] = {}
    for model, fields in wanted.items():
        keys = set().union(*fields.values())
        if not keys:
            continue
        found = dict(model._default_manager.filter(pk__in=keys).values_list("pk", label_path(model)))
        labels |= {(name, str(key)): str(found[key]) for name, ks in fields.items() for key in ks if key in found}
    return labels


def _field(model: type[models.Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
