"""Paths through a model (字段路径): `unit__name` leads over a foreign key to a field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from hezhi.ground.words import label_path


def follow(model: type[models.Model], path: str) -> tuple[models.Field[Any, Any], tuple[str, ...]]:
    """The field at the end of a path, and the foreign keys passed on the way (each with its own path)."""
    *way, last = path.split("__")
    passed: list[str] = []
    here: type[models.Model] = model
    for step in way:
        field = here._meta.get_field(step)
        if not isinstance(field, models.ForeignKey):
            raise FieldDoesNotExist(f"{path}: {step} leads nowhere")
        passed.append("__".join((*passed[-1:], step)))
        here = field.remote_field.model
    name = "id" if last == "pk" else last
    field = here._meta.get_field(name)
    if not field.concrete or field.many_to_many:
        raise FieldDoesNotExist(f"{path} is not a column of {here._meta.label}")
    return field, tuple(passed)


def model_at(model: type[models.Model], path: str) -> type[models.Model]:
    """The model that a foreign key's path leads to."""
    field, _ = follow(model, path)
    return field.remote_field.model  # type: ignore[union-attr, no-any-return]


def heavy_fields(model: type[models.Model], wanted: Iterable[str]) -> list[str]:
    """Long columns that a list does not show and therefore does not fetch."""
    kept = {name.partition("__")[0] for name in wanted} | {label_path(model)}
    long = models.TextField | models.JSONField | models.BinaryField
    return [
        field.name
        for field in model._meta.concrete_fields
        if field.name not in kept and (isinstance(field, long) or hasattr(field, "geom_type"))
    ]


def path_label(model: type[models.Model], path: str) -> str:
    here: type[models.Model] = model
    words: list[str] = []
    for step in path.split("__"):
        field = here._meta.get_field("id" if step == "pk" else step)
        word = str(field.verbose_name)  # type: ignore[union-attr]
        if words and word.startswith(words[-1]):
            words.pop()  # «单位名称» of a «单位», not «单位单位名称»
        words.append(word)
        here = getattr(field.remote_field, "model", here) if field.remote_field else here
    return "".join(words)
