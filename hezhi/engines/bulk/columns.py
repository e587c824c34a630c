"""Columns of a sheet, cleaned one after the other (逐列核对): each distinct text is looked at once.

What is certainly in order passes by a pattern. Everything else is read by the form's own field, so what it makes of a
text, and the sentence it refuses it with, are those of the form.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db import models

from hezhi.engines.bulk.declaration import Bulk, Values
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.forms import STARS
from hezhi.engines.registry.imports import lookups_of
from hezhi.ground.masks import is_masked
from hezhi.ground.text import one_line, tidy
from hezhi.ground.ui.fields import LookupField, as_typed

# One line without anything to mend and without stars, which may be a mask.
_SIGNS = r"!-)+-~\u4e00-\u9fff，。、；：？！（）《》“”"
_LINE = re.compile(rf"[{_SIGNS}]+(?: [{_SIGNS}]+)*")
_PLAIN_WORD = re.compile(r"[!-~\u4e00-\u9fff]+")
_NOTHING_SAID: list[str] = []
_DAY = re.compile(r"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]")
_HARMLESS = (MaxLengthValidator, ProhibitNullCharactersValidator)
PLACE = ("district_id", "town_id", "community_id", "grid_id", "unit_id")

Faults = dict[int, dict[str, list[str]]]
"""Place of a row in its piece → column → sentences."""


class Columns:
    """The columns of one file, ready to clean piece after piece."""

    def __init__(self, bulk: Bulk, registry: Registry, by: Actor, there: Sequence[str]) -> None:
        self.bulk, self.registry, self.by = bulk, registry, by
        form = registry.form_class(by=by)  # type: ignore[call-arg]
        self.fields: dict[str, forms.Field] = dict(form.fields)
        self.own = {field.name for field in registry.model._meta.concrete_fields}
        self.there = [name for name in self.fields if name in there]
        self.lookups = lookups_of(registry, by)
        self.days: dict[str, date] = {}
        self.patterns = {name: pattern for name in self.there if (pattern := self._pattern(name))}

    def clean(self, cells: dict[str, list[str]], many: int) -> tuple[Values, Faults]:
        """The values of every field of the form for these rows, and what is wrong with which."""
        values: Values = {}
        faults: Faults = defaultdict(dict)
        for name in self.fields:
            texts = cells.get(name)
            if texts is None:
                value, said = self._missing(name)
                values[name] = [value] * many
                for place in range(many) if said else ():
                    faults[place][name] = said
                continue
            values[name] = self._column(name, texts, faults)
        return values, faults

    def _column(self, name: str, texts: list[str], faults: Faults) -> list[Any]:
        field = self.fields[name]
        if isinstance(field, LookupField):
            field.lookup = lookup = self._lookup(name)
            lookup.remember({tidy(text) for text in set(texts)}, *self._fetched(name))
        known: dict[str, tuple[Any, list[str]]] = {}
        if (pattern := self.patterns.get(name)) is not None:
            known = {text: (text, _NOTHING_SAID) for text in set(texts) if pattern.fullmatch(text)}
        certain = self._certain(field)
        made: list[Any] = []
        for place, text in enumerate(texts):
            found = known.get(text)
            if found is None:
                value = certain(text)
                found = known[text] = self._one(name, text) if value is None else (value, _NOTHING_SAID)
            made.append(found[0])
            if found[1]:
                faults[place][name] = found[1]
        return made

    def _certain(self, field: forms.Field) -> Callable[[str], Any]:
        """What reads a text that the field would surely take, and gives None for every other."""
        if isinstance(field, forms.DateField):
            return self._day
        if isinstance(field, LookupField) and not field.validators:
            return lambda text: field.lookup.known(text) if _PLAIN_WORD.fullmatch(text) else None
        return _nothing

    def _day(self, text: str) -> date | None:
        """Days come again and again in a register; they are few."""
        found = self.days.get(text)
        if found is None and (found := _day(text)) is not None:
            self.days[text] = found
        return found

    def _one(self, name: str, text: str) -> tuple[Any, list[str]]:
        """What the form makes of one text: its value, or its sentences."""
        field, typed = self.fields[name], tidy(text)
        value: Any = None
        said: list[str] = []
        try:
            value = field.clean(as_typed(field, typed))
        except ValidationError as fault:
            said = list(fault.messages)
        if isinstance(value, str):
            value = tidy(value) if isinstance(field.widget, forms.Textarea) else one_line(value)
        kind = self.registry.mask_kinds.get(name)
        if kind is not None and typed and is_masked(kind, typed.strip()):
            said.append(STARS)
        return value, said

    def _missing(self, name: str) -> tuple[Any, list[str]]:
        """What a column that the sheet does not have stands for: the form's own beginning, else nothing."""
        field = self.fields[name]
        initial = field.initial() if callable(field.initial) else field.initial
        try:
            return field.clean("" if initial is None else as_typed(field, initial)), []
        except ValidationError as fault:
            return None, list(fault.messages)

    def _lookup(self, name: str) -> Any:
        """The lists of choices; a long one forgets after each piece what it was asked for."""
        lookup = self.lookups[name]
        if not lookup._all_known:
            lookup._known = {}
        return lookup

    def _fetched(self, name: str) -> tuple[str, ...]:
        field: Any = self.registry.model._meta.get_field(name)
        there = {each.attname for each in field.remote_field.model._meta.concrete_fields}
        return tuple(each for each in PLACE if each in there) if name == self.bulk.lies_with else ()

    def _pattern(self, name: str) -> re.Pattern[str] | None:
        """The pattern of texts that the field takes as they stand, where it is a plain line."""
        field = self.fields[name]
        plain = type(field) is forms.CharField and not isinstance(field.widget, forms.Textarea)
        if not plain or name not in self.own or not all(isinstance(each, _HARMLESS) for each in field.validators):
            return None
        model_field: models.Field[Any, Any] = self.registry.model._meta.get_field(name)  # type: ignore[assignment]
        if model_field.choices or not all(isinstance(each, _HARMLESS) for each in model_field.validators):
            return None
        most = field.max_length  # type: ignore[attr-defined]
        return re.compile(rf"(?!.{{{most + 1}}}){_LINE.pattern}") if most else _LINE


def _nothing(text: str) -> None:
    return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
