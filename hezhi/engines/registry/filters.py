"""Filters (筛选条件): made from the declaration as a django-filter class.

One class serves the list, the counts, the export, the map and the machine interface, so a filter means
the same everywhere and stands in the OpenAPI description by itself. Parameters: a field's own name for
codes and keys (may come several times), `<name>_from` and `<name>_to` for days, `q` for the text search.
"""

from __future__ import annotations

import copy
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import django_filters
from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.datastructures import MultiValueDict

from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.scope import own_rows
from hezhi.ground import lookups  # noqa: F401 - `among`
from hezhi.ground.paths import follow
from hezhi.ground.tables.aside import KeptPairs
from hezhi.ground.time import at_local
from hezhi.ground.ui.fields import plausible_day
from hezhi.ground.words import label_path

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

Rows = QuerySet[Any]
OPTIONS = 500  # of a filter; where there are more, nobody chooses from a list


class KeysField(forms.Field):
    """One or more keys (UUID); what is no key is refused in words."""

    widget = forms.SelectMultiple

    def clean(self, value: Any) -> list[UUID]:
        typed = value if isinstance(value, list | tuple) else [value]
        try:
            return [UUID(str(one)) for one in typed if one not in (None, "")]
        except ValueError:
            raise ValidationError("应为对象的编号(UUID)。") from None


class KeysFilter(django_filters.Filter):
    """Rows whose foreign key is one of the keys given. Costs no query of its own."""

    field_class = KeysField

    def __init__(self, *args: Any, target: type[models.Model], **kwargs: Any) -> None:
        self.target = target
        super().__init__(*args, **kwargs)

    def filter(self, rows: Rows, value: list[UUID]) -> Rows:
        if not value:
            return rows
        below = self.below(value)
        if below is None:
            return self.among(rows, value)
        return rows.filter(**{f"{self.field_name}__among": ArraySubquery(below.values("pk"))})

    def among(self, rows: Rows, keys: list[UUID]) -> Rows:
        """Rows whose foreign key is one of these keys."""
        return rows.filter(**{f"{self.field_name}__in": keys})

    def below(self, value: list[UUID]) -> Rows | None:
        """The target's rows that are meant with the keys given, themselves included; None for these alone."""
        return None

    def rows(self, by: Actor) -> Rows | None:
        """The rows to choose from, where a part brings the filter; None: what the reader may know of."""
        return None


class TreeFilter(KeysFilter):
    """One or more keys of a tree, each with everything below it (含下级), three levels deep."""

    def __init__(self, *args: Any, parent: str = "parent", **kwargs: Any) -> None:
        self.up = parent
        super().__init__(*args, **kwargs)

    def below(self, value: list[UUID]) -> Rows | None:
        """The rows of the tree at and below the keys."""
        up = self.up
        meant = Q(pk__in=value) | Q(**{f"{up}__in": value}) | Q(**{f"{up}__{up}__in": value})
        return self.target._default_manager.filter(meant)


class CodesFilter(django_filters.MultipleChoiceFilter):
    """Rows whose code is one of those given; many codes are one `IN`, not a chain of `OR`."""

    def filter(self, rows: Rows, value: list[str]) -> Rows:
        return rows.filter(**{f"{self.field_name}__in": value}) if value else rows


class DayField(forms.DateField):
    """A day that a calendar of ours can hold."""

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        plausible_day(day)
        return day


class DayFilter(django_filters.DateFilter):
    """The first or last day of a span, in Shanghai's calendar; the last day is included."""

    field_class = DayField

    def __init__(self, *args: Any, last: bool, moment: bool, **kwargs: Any) -> None:
        self.last, self.moment = last, moment
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}))
        super().__init__(*args, **kwargs)

    def filter(self, rows: Rows, value: Any) -> Rows:
        if value is None:
            return rows
        if not self.moment:
            return rows.filter(**{f"{self.field_name}__{'lte' if self.last else 'gte'}": value})
        edge = at_local(value + timedelta(days=1) if self.last else value)
        return rows.filter(**{f"{self.field_name}__{'lt' if self.last else 'gte'}": edge})


class YesNoFilter(django_filters.ChoiceFilter):
    """A yes or no: 是 (1) or 否 (0); `condition` says what yes means when it is more than a field."""

    def __init__(self, *args: Any, condition: Any = None, **kwargs: Any) -> None:
        self.condition = condition
        kwargs.setdefault("choices", (("1", "是"), ("0", "否")))
        super().__init__(*args, **kwargs)

    def filter(self, rows: Rows, value: str) -> Rows:
        if value not in ("0", "1"):
            return rows
        if self.condition is None:
            return rows.filter(**{str(self.field_name): value == "1"})
        condition: Q = self.condition()
        return rows.filter(condition if value == "1" else ~condition)


class WordsFilter(django_filters.CharFilter):
    """The text search of the declaration (`search`): every word must be found."""

    def __init__(self, registry: Registry, **kwargs: Any) -> None:
        self.registry = registry
        super().__init__(max_length=100, **kwargs)

    def filter(self, rows: Rows, value: str) -> Rows:
        return rows.filter(self.registry.search_condition(value)) if value else rows


class Kept(dict[str, django_filters.Filter]):
    """The filters of a class. Each question gets copies, but what they hold (choices, the registry) is shared."""

    def __deepcopy__(self, memo: Any) -> dict[str, django_filters.Filter]:
        return {name: copy.copy(made) for name, made in self.items()}


class RegistryFilters(django_filters.FilterSet):
    """Base of the made filter classes; takes plain dicts as well as query strings."""

    def __init__(self, data: Any = None, queryset: Any = None, **kwargs: Any) -> None:
        if isinstance(data, dict) and not isinstance(data, MultiValueDict):
            data = MultiValueDict({k: v if isinstance(v, list) else [v] for k, v in data.items()})
        super().__init__(data, queryset, **kwargs)


def filterset_class(registry: Registry) -> type[django_filters.FilterSet]:
    """The filter class of a declaration."""
    made: dict[str, Any] = {}
    if registry.search or registry.search_column:
        made["q"] = WordsFilter(registry, label="搜索")
    for name in dict.fromkeys((*([registry.state] if registry.state else []), *registry.filters)):
        made |= _filters_of(registry, name)
    made |= dict(registry.more_filters)
    for part in registry.parts:
        made |= dict(part.filters(registry))
    name = f"{type(registry).__name__}Filters"
    meta = type("Meta", (), {"model": registry.model, "fields": []})
    cls: Any = type(name, (RegistryFilters,), {**made, "Meta": meta})
    cls.base_filters = Kept(cls.base_filters)
    return cls  # type: ignore[no-any-return]


def _filters_of(registry: Registry, path: str) -> dict[str, django_filters.Filter]:
    """The one or two filters that fit a field's kind."""
    field, _ = follow(registry.model, path)
    label = str(field.verbose_name)
    if field.choices:
        return {path: CodesFilter(field_name=path, label=label, choices=field.choices)}
    if isinstance(field, models.ForeignKey):
        return {path: KeysFilter(field_name=path, label=label, target=field.remote_field.model)}
    if isinstance(field, models.BooleanField):
        return {path: YesNoFilter(field_name=path, label=label)}
    if isinstance(field, models.DateField):
        moment = isinstance(field, models.DateTimeField)
        return {
            f"{path}_{end}": DayFilter(field_name=path, label=f"{label}{word}", last=end == "to", moment=moment)
            for end, word in (("from", "自"), ("to", "至"))
        }
    if isinstance(field, models.IntegerField | models.DecimalField | models.FloatField):
        return {path: django_filters.NumberFilter(field_name=path, label=label)}
    return {path: django_filters.CharFilter(field_name=path, label=label, lookup_expr="icontains", max_length=100)}


@cache
def _known_to_all(target: type[models.Model], name: str) -> KeptPairs:
    def pairs() -> Rows:
        rows = target._default_manager.all()
        if target is Area:
            rows = rows.filter(valid_to__isnull=True).order_by("code")
            rows = rows.filter(level=name) if name in Area.Level.values else rows
        return rows.values_list("pk", label_path(target))

    return KeptPairs(pairs, OPTIONS, few=True)


def options_of(registry: Registry, name: str, by: Actor) -> QuerySet[Any] | KeptPairs | None:
    """The rows a foreign key's filter offers, as (key, label) pairs; None for a filter of another kind."""
    made = registry.filterset_class.base_filters.get(name)
    if not isinstance(made, KeysFilter):
        return None
    rows = registry.choices_for(name, by)
    if rows is None:
        rows = made.rows(by)
    if rows is None:
        rows = own_rows(made.target, by)
        if not hasattr(rows, "visible_to"):  # a table of which everybody may know every row
            return _known_to_all(made.target, name)
    return rows.values_list("pk", label_path(made.target))
