"""Possible duplicates (疑似重复): asked about on saving, told on the page, led to the merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Model, Q, QuerySet
from django.utils.html import format_html, format_html_join

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.vault import BlindIndexField, blind
from hezhi.engines.registry.parts import Part
from hezhi.ground.errors import BadInput

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

SHOWN = 5


class PossibleDuplicate(BadInput):
    """Rows like this one are there already (疑似重复); «still_new» in the data says that it is new all the same."""

    code = "dossier.duplicate"


class Duplicates(Part):
    """Rows that agree in all fields of one of the groups may be the same (疑似重复).

    `by` is a sequence of groups of field names; a blind index compares the sealed value behind it. Only rows
    the person may see are compared, so nothing is told of others.
    """

    words = ("still_new",)

    def __init__(self, by: Sequence[Sequence[str]]) -> None:
        self.by = tuple(tuple(group) for group in by)

    def problems(self, registry: Registry) -> Sequence[str]:
        known = {field.name for field in registry.model._meta.concrete_fields}
        return [
            f"compares {name!r}, which the table does not have." for g in self.by for name in g if name not in known
        ]

    def check_form(self, registry: Registry, form: Any, by: Actor) -> None:
        """Ask before a new row is written that looks like one already there."""
        form.doubles = []
        if not form.is_new or str(form.data.get("still_new", "")).lower() in ("1", "true", "on"):
            return
        found = list(self.like(registry, form.instance, by)[:SHOWN])
        if found:
            form.doubles = [(registry.url_of(row), registry.row_name(row)) for row in found]
            raise PossibleDuplicate({"": told([name for _, name in form.doubles])})

    def notices(self, registry: Registry, row: Model, by: Actor) -> Sequence[str]:
        found = list(self.like(registry, row, by)[:SHOWN])
        if not found:
            return ()
        links = [(registry.url_of(each), registry.row_name(each)) for each in found]
        told = format_html_join("、", '<a href="{}">{}</a>', links)
        merge = ""
        if any(getattr(part, "merges", False) for part in registry.parts) and registry.offers_to(by, "delete"):
            url = f"{registry.url(row.pk, 'merge')}?with={found[0].pk}"
            merge = format_html(' <a class="btn" href="{}">核对并合并</a>', url)
        return (format_html("<p>可能与{}是同一条。{}</p>", told, merge),)

    def like(self, registry: Registry, row: Any, by: Actor) -> QuerySet[Any]:
        """Other rows in the reader's scope that agree with this one in a group."""
        condition = Q(pk__in=())
        for group in self.by:
            values = {name: _value(row, name) for name in group}
            if all(value not in (None, "") for value in values.values()):
                condition |= Q(**values)
        return registry.present(registry.visible(by)).filter(condition).exclude(pk=row.pk).order_by("pk")


def told(names: Sequence[str]) -> str:
    """The sentence about rows that look the same."""
    quoted = "、".join(f"“{name}”" for name in names)
    return f"可能与已有的{quoted}重复。请打开核对；确是另一条的，勾选“还是新增”再保存。"


def _value(row: Any, name: str) -> Any:
    field = row._meta.get_field(name)
    if isinstance(field, BlindIndexField):  # filled on saving only
        value = getattr(row, field.source)
        return blind(field.purpose, value) if value else ""
    return getattr(row, field.attname)
