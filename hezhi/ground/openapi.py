"""Pieces of an OpenAPI description (接口说明): shapes that every answer shares, and fields told by their kind."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from rest_framework import serializers

from hezhi.ground.ui.fields import CodeField, JsonField, LookupField, PointField, ShapeField, WordsField, YesNoField

AnyField = serializers.Field[Any, Any, Any, Any]


class KeyAndLabel(serializers.Serializer):
    """A foreign key as it is told: id and name."""

    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]


class LetterBody(serializers.Serializer):
    """What a refusal says (答复): what happened, what it means, what to do, a number to quote."""

    code = serializers.CharField()
    what = serializers.CharField()
    meaning = serializers.CharField()
    remedy = serializers.CharField()
    number = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class Letter(serializers.Serializer):
    """Every refusal of the interface."""

    error = LetterBody()


class HistoryChange(serializers.Serializer):
    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class HistoryItem(serializers.Serializer):
    title = serializers.CharField()
    at = serializers.DateTimeField()
    who = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    changes = HistoryChange(many=True)


class History(serializers.Serializer):
    items = HistoryItem(many=True)


_made: dict[str, type[serializers.Serializer[Any]]] = {}


def serializer(name: str, fields: dict[str, Any]) -> type[serializers.Serializer[Any]]:
    """One class per name, or spectacular would describe the same shape twice."""
    if name not in _made:
        _made[name] = type(name, (serializers.Serializer,), dict(fields))
    return _made[name]


def told(field: models.Field[Any, Any] | None, label: str, choices: Any = None) -> AnyField:
    """How a column is told: by its model field; without one as text."""
    said: dict[str, Any] = {"help_text": label}
    null = bool(getattr(field, "null", True))
    if field is None:
        return serializers.CharField(allow_blank=True, **said)
    if isinstance(field, models.ForeignKey):
        return KeyAndLabel(allow_null=null, **said)
    if hasattr(field, "geom_type"):
        return serializers.DictField(allow_null=null, **said)
    if isinstance(field, ArrayField):
        return serializers.ListField(**said)
    if isinstance(field, models.JSONField):
        return serializers.JSONField(**said)
    if isinstance(choices, dict) and choices:
        return serializers.ChoiceField(choices=list(choices.items()), allow_null=null, allow_blank=field.blank, **said)
    for kind, made in _SIMPLE:
        if isinstance(field, kind):
            return made(allow_null=null, **said)
    return serializers.CharField(allow_blank=True, allow_null=null, **said)


_SIMPLE: tuple[tuple[type, Any], ...] = (
    (models.UUIDField, serializers.UUIDField), (models.BooleanField, serializers.BooleanField),
    (models.DateTimeField, serializers.DateTimeField), (models.DateField, serializers.DateField),
    (models.TimeField, serializers.TimeField), (models.IntegerField, serializers.IntegerField),
    (models.FloatField, serializers.FloatField),
)  # fmt: skip


def taken(field: forms.Field, *, required: bool) -> AnyField:
    """How a form field is sent."""
    told: dict[str, Any] = {
        "required": required,
        "help_text": " ".join(filter(None, (str(field.label), str(field.help_text)))),
    }
    if isinstance(field, LookupField):
        return serializers.CharField(
            allow_null=not field.required, **(told | {"help_text": f"{field.label}（编号、代码或名称）"})
        )
    if isinstance(field, CodeField) and field.fixed and not field.dictionary:
        return serializers.ChoiceField(choices=list(field.codes.items()), allow_blank=not field.required, **told)
    if isinstance(field, YesNoField):
        return serializers.BooleanField(**told)
    if isinstance(field, WordsField):
        return serializers.ListField(**told)
    if isinstance(field, JsonField):
        return serializers.JSONField(**told)
    if isinstance(field, ShapeField):
        return serializers.DictField(**(told | {"help_text": f"{field.label}（GeoJSON，WGS 84）"}))
    if isinstance(field, PointField):
        return serializers.DictField(**(told | {"help_text": f"{field.label}（GeoJSON 点，WGS 84）"}))
    if isinstance(field, forms.DateTimeField):
        return serializers.DateTimeField(allow_null=not field.required, **told)
    if isinstance(field, forms.DateField):
        return serializers.DateField(allow_null=not field.required, **told)
    if isinstance(field, forms.IntegerField):
        return serializers.IntegerField(
            allow_null=not field.required,
            **(told | {"min_value": field.min_value, "max_value": field.max_value}),
        )
    return serializers.CharField(allow_blank=not field.required, max_length=getattr(field, "max_length", None), **told)
