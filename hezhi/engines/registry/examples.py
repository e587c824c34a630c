"""Made-up rows (样例数据) for the contract tests: values from the fields' types, unless the declaration says.

Everything is invented and reads as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from datetime import date, timedelta
from datetime import time as clock_time
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

from django.contrib.gis.geos import LineString
from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connections, models

from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role, Unit, User
from hezhi.engines.org.scope import Scoped
from hezhi.engines.records.acting import acting
from hezhi.engines.registry.site import registries
from hezhi.ground import time
from hezhi.ground.masks import Kind

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

AT_ONCE = 30

_numbers: Iterator[int] = count(1)

PERSONAL = {
    Kind.PHONE: "139{:08d}", Kind.NAME: "欧阳晓{:d}", Kind.ADDRESS: "长江路街道平江路社区样例路{:d}号",
    Kind.EMAIL: "yangli{:d}@example.org", Kind.BANK_CARD: "6222020000{:06d}", Kind.PLATE: "鲁B{:05d}",
    Kind.BIRTH_DATE: "1958-03-{:02d}", Kind.RESIDENT_ID: "37021119580301{:04d}",
    Kind.TEXT: "样例文字，联系电话139{:08d}", Kind.CATEGORY: "样例类别{:d}",
}  # fmt: skip


def count_anew() -> None:
    """Number the rows from 1 again: a number that only grows would leave the room of dates and phone numbers."""
    global _numbers
    _numbers = count(1)


class Batch:
    """What the rows of one batch have in common: how each field is filled, and what they point to.

    Many rows share the rows they point to; where each needs one of its own, those are written together.
    """

    def __init__(self, registry: Registry, unit: Unit, user: User, *, many: bool = False) -> None:
        self.registry, self.unit, self.user, self.many = registry, copy(unit), user, many
        self.by = system("契约测试")
        self.shared: dict[type[models.Model], Any] = {}
        self.below: dict[type[models.Model], Batch] = {}
        self.waiting: dict[type[models.Model], list[Any]] = {}
        self.makers = [(field.name, maker) for field in self._filled() if (maker := self._maker(field)) is not None]

    def row(self) -> Any:
        """One unsaved row with believable values in every field that a reader could see."""
        n = next(_numbers)
        row = self.registry.model()
        for name, maker in self.makers:
            value = maker(n)
            if value is not None:
                setattr(row, name, value)
        for name, value in self.registry.examples(n).items():
            setattr(row, name, self._written(value))
        if isinstance(row, Scoped):
            _place(row, self.unit)
        self.registry.belong(row, self.unit)
        self.registry.prepare(row, self.by)
        return row

    def rows(self, many: int) -> list[Any]:
        """Many rows, written together with what each of them points to."""
        rows = [self.row() for _ in range(many)]
        self._write_waiting()
        copy_in(self.registry.model, rows)
        return rows

    def _written(self, value: Any) -> Any:
        """A row that is pointed to is written first, together with the others of the batch where there are many."""
        if isinstance(value, models.Model) and value._state.adding:
            if self.many:
                self.waiting.setdefault(type(value), []).append(value)
            else:
                value.save()
        return value

    def _write_waiting(self) -> None:
        for below in self.below.values():
            below._write_waiting()
        for model, rows in self.waiting.items():
            copy_in(model, rows)

    def _filled(self) -> Iterator[models.Field[Any, Any]]:
        registry = self.registry
        wanted = {*registry.list, *registry.form_fields, *registry.personal, registry.on_map}
        for field in registry.model._meta.concrete_fields:
            if field.generated or field.primary_key or field.name == registry.removed_by:
                continue
            if field.name in wanted or not (field.has_default() or field.null or field.blank):
                yield field

    def _maker(self, field: models.Field[Any, Any]) -> Callable[[int], Any] | None:
        """What makes the n-th value that fits the field; None where it stays empty."""
        kind = self.registry.mask_kinds.get(field.name)
        if kind is not None and isinstance(field, models.CharField | models.TextField):
            return lambda n: PERSONAL[kind].format(n)[: field.max_length]
        if field.choices:
            codes = [code for code, _ in field.flatchoices if code not in ("", None)]
            return lambda n: codes[n % len(codes)]
        if isinstance(field, models.ForeignKey):
            model = field.remote_field.model
            return None if field.null else lambda n: self._related(model, alone=field.unique)
        if hasattr(field, "geom_type"):
            shape = _shape(field.geom_type, self.unit)
            return lambda n: shape
        make = next((make for type_, make in _MAKERS if isinstance(field, type_)), None)
        return make and (lambda n: make(field, n))

    def _related(self, model: type[models.Model], *, alone: bool) -> Any:
        """A row of another table to point to: where many are made, one for all, or each its own."""
        if not self.many:
            return _related(model, self.unit, self.user)
        if alone and (other := _registry_of(model)) is not None:
            if model not in self.below:
                self.below[model] = Batch(other, self.unit, self.user, many=True)
            return self._written(self.below[model].row())
        if model not in self.shared:
            self.shared[model] = _related(model, self.unit, self.user)
        return self.shared[model]


def make_rows(registry: Registry, unit: Unit, user: User, many: int = 1) -> list[Any]:
    """Rows of a registry that lie in a unit, written under the name of a test."""
    with acting(system("契约测试"), verb="registry.examples"):
        if many > AT_ONCE:
            return Batch(registry, unit, user, many=True).rows(many)
        batch = Batch(registry, unit, user)
        rows = [batch.row() for _ in range(many)]
        for row in rows:
            row.save()
    return rows


def copy_in(model: type[models.Model], rows: list[Any]) -> None:
    """Write many rows of a table as the database reads a file: half the work of a statement with all their values.

    Only for tables whose keys are made by us; what the database fills by itself is left to it.
    """
    if model._meta.auto_field or (model._meta.concrete_model or model)._meta.parents:
        raise TypeError(f"{model._meta.label}: the key of a made-up row must be known before it is written")
    fields = [
        field for field in model._meta.concrete_fields if not field.generated and not _by_database(field, rows[0])
    ]
    names = ", ".join(f'"{field.column}"' for field in fields)
    line = connections[DEFAULT_DB_ALIAS]
    told: list[tuple[Any, Any]] = [(_NOTHING, None)] * len(fields)
    with line.cursor() as cursor, cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as file:
        for row in rows:
            for place, field in enumerate(fields):
                value = field.pre_save(row, True)
                if value is not told[place][0]:  # what the row before had too is put into words already
                    told[place] = value, field.get_db_prep_save(value, line)
            file.write_row([word for _, word in told])
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


_NOTHING = object()


def _by_database(field: models.Field[Any, Any], row: Any) -> bool:
    return hasattr(getattr(row, field.attname), "resolve_expression")


def made_up(registry: Registry, unit: Unit, user: User) -> Any:
    """One unsaved row; what it points to is written."""
    return Batch(registry, unit, user).row()


def _related(model: type[models.Model], unit: Unit, user: User) -> Any:
    known: dict[type[models.Model], Any] = {Unit: unit, Area: unit.area, User: user}
    if known.get(model) is not None:
        return known[model]
    if model is Role:
        return Role.objects.order_by("code").first()
    other = _registry_of(model)
    if other is not None:
        row = made_up(other, unit, user)
        row.save()
        return row
    return model._default_manager.first()


def _registry_of(model: type[models.Model]) -> Registry | None:
    return next((registry for registry in registries() if registry.model is model), None)


def _shape(kind: str, unit: Unit) -> Any:
    if unit.area is None:
        return None
    whole = unit.area.shape
    made = {"POINT": unit.area.centre, "POLYGON": whole[0], "LINESTRING": LineString(whole[0].exterior_ring.coords)}
    made["GEOMETRY"] = unit.area.centre
    return made.get(kind, whole)


def _place(row: Scoped, unit: Unit) -> None:
    row.unit = unit
    if unit.area is not None:
        for level, key in unit.area.ancestors().items():
            setattr(row, f"{level}_id", key)


def _text(field: Any, n: int) -> str:
    name = field.name
    if name.endswith(("phone", "mobile")):
        return f"139{n:08d}"
    if name in ("code", "login_name", "slug", "prefix") or isinstance(field, models.SlugField):
        return f"yangli{n:05d}"[-(field.max_length or 40) :]
    tail = f"样例{n}"
    return f"{str(field.verbose_name)[: (field.max_length or 100) - len(tail)]}{tail}"


_MAKERS: tuple[tuple[Any, Any], ...] = (
    (models.URLField, lambda f, n: f"https://example.org/{n}"),
    (models.EmailField, lambda f, n: f"yangli{n}@example.org"),
    (models.CharField, _text),
    (models.TextField, _text),
    (models.BooleanField, lambda f, n: bool(n % 2) if f.name not in ("active", "is_active") else True),
    (models.DateTimeField, lambda f, n: time.now() - timedelta(minutes=n)),
    (models.DateField, lambda f, n: date(2026, 1, 1) + timedelta(days=n)),
    (models.TimeField, lambda f, n: clock_time(8, n % 60)),
    (models.DecimalField, lambda f, n: Decimal(n)),
    (models.FloatField, lambda f, n: float(n)),
    (models.IntegerField, lambda f, n: n % 1000 + 1),
    (ArrayField, lambda f, n: []),
    (models.JSONField, lambda f, n: f.get_default() if f.has_default() else []),
)
