"""Added fields (扩展字段): an administrator adds a field to a registry as data, without a programmer.

It stands in form, page, list, filter, sheet and machine interface like a field of the table. Its values lie
beside the row. A personal one names its purpose, or the database refuses it (P13).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.core.signals import request_finished, request_started
from django.db.models import Exists, Model, OuterRef, Q, Subquery

from hezhi.engines.dossier.models import ExtraField, ExtraValues
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import current_deed
from hezhi.engines.registry.columns import Column
from hezhi.engines.registry.parts import Part
from hezhi.ground import time
from hezhi.ground.ui.fields import CodeField, YesNoField

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

Kind = ExtraField.Kind
LONGEST = 200


class ExtraFields(Part):
    """Fields that are data (扩展字段): each is `extra_<code>` in forms and sheets, and stands under `extra` for machines."""

    machine = ("extra",)

    def fields(self, registry: Registry) -> Mapping[str, forms.Field]:
        return {name_of(told): form_field(told) for told in defined(registry)}

    def values(self, registry: Registry, row: Model) -> Mapping[str, Any]:
        kept = ExtraValues.objects.filter(pk=row.pk).values_list("values", flat=True).first() or {}
        return {name_of(told): read(told, kept.get(told.code)) for told in defined(registry)}

    def save(self, registry: Registry, form: Any, by: Actor) -> None:
        told = {each.code: each for each in defined(registry)}
        named = {code: form.changes[name_of(each)][1] for code, each in told.items() if name_of(each) in form.changes}
        if not named:
            return
        row = form.instance
        kept, _ = ExtraValues.objects.get_or_create(pk=row.pk, defaults={"object_type": row._meta.label_lower})
        kept.values = {c: v for c, v in {**kept.values, **_stored(named)}.items() if v not in (None, "")}
        kept.save()

    def columns(self, registry: Registry) -> Mapping[str, Column]:
        return {"extra": Column("extra", "扩展字段", _all, "object", annotations=_beside())}

    def more_columns(self, registry: Registry) -> Mapping[str, Column]:
        return {name_of(told): _column(told) for told in defined(registry)}

    def more_filters(self, registry: Registry) -> Mapping[str, django_filters.Filter]:
        return {name_of(told): _filter(told) for told in defined(registry)}


# -- what is defined now ---------------------------------------------------------------------------


class _Memory(threading.local):
    """What was read for this request or this verb; a change is seen by the next."""

    token: Any = None
    kept: dict[tuple[Any, str], list[ExtraField]] = {}


_memory = _Memory()


def _begin(**_: Any) -> None:
    _memory.token, _memory.kept = object(), {}


def _end(**_: Any) -> None:
    _memory.token, _memory.kept = None, {}


request_started.connect(_begin, dispatch_uid="dossier.extra.begin")
request_finished.connect(_end, dispatch_uid="dossier.extra.end")


def defined(registry: Registry) -> list[ExtraField]:
    """The added fields of a registry that are valid today, in their order (现行扩展字段)."""
    deed = current_deed()
    token = _memory.token or (deed.id if deed else None)
    key = (token, registry.slug)
    if token is None or key not in _memory.kept:
        day = time.today()
        valid = Q(valid_to__isnull=True) | Q(valid_to__gt=day)
        found = list(ExtraField.objects.filter(valid, registry=registry.slug, valid_from__lte=day))
        if token is None:
            return found
        if not _memory.token:  # a job keeps what its present verb has read, and no more
            _memory.kept = {}
        _memory.kept[key] = found
    return _memory.kept[key]


def forget() -> None:
    """Forget what was read, after the fields themselves were changed."""
    _memory.kept = {}


def name_of(told: ExtraField) -> str:
    """The field's name in forms, sheets and filters."""
    return f"extra_{told.code}"


# -- one field -------------------------------------------------------------------------------------


def form_field(told: ExtraField) -> forms.Field:
    """The form field that fits."""
    common: dict[str, Any] = {"label": told.label, "required": told.required, "help_text": told.help}
    made: forms.Field
    if told.kind == Kind.NUMBER:
        made = forms.FloatField(**common)
    elif told.kind == Kind.DAY:
        made = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
    elif told.kind == Kind.YES_NO:
        made = YesNoField(label=told.label, required=False, help_text=told.help)
    elif told.kind == Kind.CHOICE:
        choices = [("", "请选择"), *((word, word) for word in told.choices)]
        made = CodeField(choices=choices, empty_value="", **common)
    else:
        made = forms.CharField(max_length=LONGEST, **common)
    made.error_messages["required"] = f"请填写{told.label}。"
    return made


def read(told: ExtraField, value: Any) -> Any:
    """A stored value as the form knows it."""
    if value in (None, ""):
        return None
    return date.fromisoformat(value) if told.kind == Kind.DAY else value


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {code: value.isoformat() if isinstance(value, date) else value for code, value in values.items()}


def _beside() -> dict[str, Any]:
    return {"extra_told": Subquery(ExtraValues.objects.filter(pk=OuterRef("pk")).values("values")[:1])}


def _all(row: Any) -> dict[str, Any]:
    return dict(getattr(row, "extra_told", None) or {})


def _column(told: ExtraField) -> Column:
    kind = {Kind.NUMBER: "number", Kind.DAY: "time"}.get(Kind(told.kind), "plain")
    value = lambda row: read(told, _all(row).get(told.code))  # noqa: E731
    return Column(name_of(told), told.label, value, kind, annotations=_beside())


class _Inside:
    """Rows whose added field is this value."""

    def __init__(self, told: ExtraField) -> None:
        self.told = told

    def __call__(self, rows: Any, name: str, value: Any) -> Any:
        if value in (None, ""):
            return rows
        wanted = {"1": True, "0": False}[value] if self.told.kind == Kind.YES_NO else value
        stored = _stored({self.told.code: float(wanted) if self.told.kind == Kind.NUMBER else wanted})
        condition = {"values__contains": stored}
        if self.told.kind == Kind.TEXT:
            condition = {f"values__{self.told.code}__icontains": value}
        return rows.filter(Exists(ExtraValues.objects.filter(pk=OuterRef("pk"), **condition)))


def _filter(told: ExtraField) -> django_filters.Filter:
    common: dict[str, Any] = {"label": told.label, "method": _Inside(told)}
    if told.kind == Kind.NUMBER:
        return django_filters.NumberFilter(**common)
    if told.kind == Kind.DAY:
        return django_filters.DateFilter(**common)
    if told.kind == Kind.YES_NO:
        return django_filters.ChoiceFilter(choices=[("1", "是"), ("0", "否")], **common)
    if told.kind == Kind.CHOICE:
        return django_filters.ChoiceFilter(choices=[(word, word) for word in told.choices], **common)
    return django_filters.CharFilter(max_length=100, **common)
