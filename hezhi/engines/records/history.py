"""History of rows by statement-level triggers (历史): bulk updates are seen too.

`@tracked()` on a model keeps a copy of each version with the trace of who acted. The trace may not be
empty: a write outside `records.acting` is refused by the database. `changes` reads the versions back as
differences, in the words of the fields.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import md5
from itertools import pairwise
from typing import Any, TypeVar

import pghistory
from django.apps import apps
from django.db import models
from django.db.models import F, Func

from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField
from hezhi.ground.text import shorten
from hezhi.ground.words import in_words

M = TypeVar("M", bound=type[models.Model])


def tracked(exclude: list[str] | None = None, *, indexed: bool = True) -> Callable[[M], M]:
    """Keep every version of the model's rows (历史留痕), with who, in which post, by which request and why.

    Versions are looked up by their row. Without `indexed` the other rows they point to have no index of their
    own: for tables that are written all day.
    """
    track = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=exclude,
        level=pghistory.Statement,
        obj_field=pghistory.ObjForeignKey(related_name="versions", related_query_name="version"),
        context_field=pghistory.ContextJSONField(null=False),
        context_id_field=pghistory.ContextUUIDField(null=False),
    )
    return track if indexed else lambda model: _without_indexes(track(model))  # type: ignore[no-any-return]


def _without_indexes(model: M) -> M:
    """The package has one setting for all tables; this takes the indexes off one of them."""
    for column in model.versions.rel.related_model._meta.local_fields:  # type: ignore[attr-defined]
        if isinstance(column, models.ForeignKey) and column.name != "pgh_obj":
            column.db_index = False  # type: ignore[attr-defined]
    return model


# -- reading it back -------------------------------------------------------------------------------

HIDDEN = "已修改"
"""What stands for a value that history never shows."""
NOT_TOLD = frozenset({"id", "revision"})
LONGEST = 200
_NOTHING: tuple[Any, ...] = (None, "", [], {}, md5(b"", usedforsecurity=False).hexdigest())


@dataclass(frozen=True)
class FieldChange:
    """One field that changed (字段变更): its label, and the values before and after in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """One writing of a row (版本): when, by whom in which post, why, and what it changed.

    `label` is insert, update or delete; `verb` the action's code; `deed` the number that the audit row
    of the same action carries (留痕编号).
    """

    at: datetime
    who: str
    post: str
    unit: str
    reason: str
    verb: str
    label: str
    deed: str
    changes: Sequence[FieldChange] = field(default_factory=tuple)


def changes(
    row: models.Model, *, masked: Sequence[str] = (), without: Collection[str] = (), most: int = 200
) -> list[Version]:
    """What happened to a row, newest first (变更历史); at most `most` versions.

    Sealed fields and the `masked` ones are told as changed and never shown: «已修改». Foreign keys are
    told by what they point to now; one query for the versions and one for each table pointed to. Fields
    named in `without` are left out.
    """
    events = versions_of(type(row))
    if events is None:
        return []
    sealed = [each.name for each in events._meta.concrete_fields if _is_sealed(each)]
    prints = {_print_of(name): Func(F(name), function="md5", output_field=models.TextField()) for name in sealed}
    # Sealed values stay in the database: whether they differ is seen from prints of what is sealed.
    kept = events._default_manager.filter(pgh_obj_id=row.pk).defer(*sealed).annotate(**prints)
    rows = list(kept.order_by("-pgh_id")[: most + 1])
    told = _Words(type(row), events, frozenset(masked), rows, NOT_TOLD | set(without))
    pairs = list(pairwise([*rows, None])) if len(rows) <= most else list(pairwise(rows))
    return [_version(new, old, told) for new, old in pairs]


@cache
def versions_of(model: type[models.Model]) -> type[models.Model] | None:
    """The table that keeps the versions of a model's rows, or None."""
    for event in apps.get_models():
        kept = getattr(event, "pgh_tracked_model", None)
        if kept is not None and kept._meta.concrete_model is model._meta.concrete_model:
            return event
    return None


def _version(new: Any, old: Any, told: _Words) -> Version:
    trace: Mapping[str, Any] = new.pgh_context or {}
    return Version(
        at=new.pgh_created_at,
        who=str(trace.get("name") or ""),
        post=str(trace.get("post") or ""),
        unit=str(trace.get("unit") or ""),
        reason=str(trace.get("reason") or ""),
        verb=str(trace.get("verb") or ""),
        label=new.pgh_label,
        deed=str(new.pgh_context_id),
        changes=() if new.pgh_label == "delete" else tuple(told.between(old, new)),
    )


class _Words:
    """How one table's values are said."""

    def __init__(
        self,
        model: type[models.Model],
        events: type[models.Model],
        masked: frozenset[str],
        rows: Sequence[Any],
        without: Collection[str],
    ) -> None:
        kept = {each.name for each in events._meta.concrete_fields}
        fields = [each for each in model._meta.concrete_fields if each.name in kept and each.name not in without]
        self.fields = [each for each in fields if not _is_for_machines(each)]
        self.masked = masked
        self.pointed = self._pointed(rows)

    def between(self, old: Any, new: Any) -> list[FieldChange]:
        """The fields that differ; of a first version those that are filled."""
        found = []
        for each in self.fields:
            before, after = self._value(old, each), self._value(new, each)
            if before == after or (old is None and after in _NOTHING):
                continue
            label = str(each.verbose_name)
            if each.name in self.masked or _is_sealed(each):
                found.append(FieldChange(label, "", HIDDEN))
            else:
                found.append(FieldChange(label, self._say(each, before), self._say(each, after)))
        return found

    @staticmethod
    def _value(row: Any, each: Any) -> Any:
        return getattr(row, _print_of(each.name) if _is_sealed(each) else each.attname, None)

    def _say(self, each: Any, value: Any) -> str:
        if value in (None, ""):
            return ""
        if isinstance(each, models.ForeignKey):
            return self.pointed.get((each.name, value), "(已不存在)")
        named = dict(each.flatchoices).get(value) if each.flatchoices else None
        return shorten(str(named) if named is not None else in_words(value), LONGEST)

    def _pointed(self, rows: Sequence[Any]) -> dict[tuple[str, Any], str]:
        """What foreign keys of these versions point to: one query per table."""
        keys = [each for each in self.fields if isinstance(each, models.ForeignKey)]
        wanted: dict[type[models.Model], set[Any]] = {}
        for each in keys:
            found = {getattr(row, each.attname) for row in rows} - {None}
            wanted.setdefault(each.remote_field.model, set()).update(found)
        names = {
            model: {r.pk: str(r) for r in model._base_manager.filter(pk__in=ids)}
            for model, ids in wanted.items()
            if ids
        }
        return {
            (each.name, key): name for each in keys for key, name in names.get(each.remote_field.model, {}).items()
        }  # fmt: skip


def _is_sealed(each: Any) -> bool:
    return isinstance(each, SealedTextField)


def _is_for_machines(each: Any) -> bool:
    """A blind index changes with the value it is the print of, and a list of keys says nothing to a person."""
    return isinstance(each, BlindIndexField) or isinstance(getattr(each, "base_field", None), models.UUIDField)


def _print_of(name: str) -> str:
    return f"print_of_{name}"
