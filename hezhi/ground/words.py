"""Rows and values in words (用文字说): how any value is written for a person, and what names a row."""

from __future__ import annotations

import json
from datetime import date, datetime
from datetime import time as clock_time
from decimal import Decimal
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import models

from hezhi.ground.time import show


def label_path(model: type[models.Model]) -> str:
    """The field whose value names a row of this model (full name before name before number)."""
    names = {field.name for field in model._meta.concrete_fields}
    for name in ("full_name", "name", "title", "number", "code"):
        if name in names:
            return name
    return model._meta.pk.name


def label_of(row: models.Model | None) -> str:
    """The name of a related row; «» when there is none."""
    return "" if row is None else str(getattr(row, label_path(type(row))) or row)


def in_words(value: Any) -> str:
    """Any value as a person writes it; nothing becomes the empty text."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return show(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, clock_time):
        return value.strftime("%H:%M")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, models.Model):
        return label_of(value)
    if isinstance(value, Point):
        return f"{value.x:.6f},{value.y:.6f}"
    if isinstance(value, GEOSGeometry):
        return value.wkt
    if isinstance(value, list | tuple) and all(isinstance(item, str | int) for item in value):
        return "、".join(map(in_words, value))
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str) if value else ""
    return str(value)
