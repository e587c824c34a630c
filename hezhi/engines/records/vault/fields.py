"""Model fields that the database only ever sees sealed (加密字段)."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from django import forms
from django.core import checks
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Exact, In
from django.db.models.signals import pre_save

from hezhi.engines.records.vault.sealing import Blind, blind, seal, unseal

__all__ = ["BlindIndexField", "SealedTextField", "index_of", "sealed", "sealed_values"]


class _Sealed(str):
    """A text that is sealed already, on its way from `pre_save` to the database."""


class _IsEmpty(Exact):
    """The only equality that a sealed column can answer: is it empty."""

    def get_prep_lookup(self) -> Any:
        if self.rhs not in ("", None):
            raise TypeError(f"{self.lhs.target} is sealed and cannot be searched; use its blind index")
        return self.rhs  # Django turns None into «is null» by itself


class SealedTextField(models.TextField):
    """A text kept as SM4-GCM (密文字段): clear in the process, sealed in table, history and backup.

    It cannot be searched, sorted or made unique; look it up through a `BlindIndexField`. Reading gives
    a plain str, "" and NULL stay what they are. It is bound to its table and column (SealBroken when
    it was moved); after a rename give the old «table.column» as `bound_to`, or old rows stay closed.

    `compartment` names an attribute of the row that says in which compartment the text is sealed (分隔):
    a key of its own, apart from all others. Such a text is written by saving its row only.
    """

    def __init__(self, *args: Any, bound_to: str = "", compartment: str = "", **kwargs: Any) -> None:
        self.told_bound_to, self.compartment = bound_to, compartment
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        told = {"bound_to": self.told_bound_to, "compartment": self.compartment}
        return name, path, args, kwargs | {key: value for key, value in told.items() if value}

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = super().check(**kwargs)
        if self.unique or getattr(self, "db_index", False):
            found.append(checks.Error("A sealed field cannot be unique or indexed.", obj=self, id="vault.E001"))
        return found

    @property
    def bound_to(self) -> str:
        """«table.column»; a history table's copy is bound to the table it is the history of."""
        if self.told_bound_to:
            return self.told_bound_to
        model = getattr(self.model, "pgh_tracked_model", self.model)
        return f"{model._meta.db_table}.{self.column}"

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        if value is None or hasattr(value, "as_sql"):
            return value
        inside = str(getattr(model_instance, self.compartment)) if self.compartment else ""
        return _Sealed(seal(self.bound_to, str(value), row=str(model_instance.pk or ""), compartment=inside))

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if value is None or hasattr(value, "as_sql"):
            return value
        if isinstance(value, _Sealed):
            return str(value)
        if self.compartment and value != "":
            raise TypeError(f"{self.name} is sealed in a compartment that its row knows; save the row")
        self._refuse_stale_index()
        return seal(self.bound_to, str(value))

    def _refuse_stale_index(self) -> None:
        """Only `update()` and `bulk_update()` come here with a clear text, and they pass the index by."""
        for other in self.model._meta.concrete_fields:
            if isinstance(other, BlindIndexField) and other.source == self.name:
                raise TypeError(
                    f"update() would leave {other.name} behind; save the rows, or update(**sealed_values(Model, …))"
                )

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> str | None:
        return None if value is None else unseal(self.bound_to, value)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name in ("isnull", "df", "ndf"):  # the last two compare versions in triggers
            return super().get_lookup(lookup_name)
        if lookup_name == "exact":
            return _IsEmpty
        raise TypeError(f"{self} is sealed and cannot be searched; use its blind index")

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self} is sealed: it leaves the database by backup only, not by dumpdata")

    def formfield(self, **kwargs: Any) -> Any:
        if self.max_length is not None and self.max_length <= 200:
            kwargs.setdefault("widget", forms.TextInput)
        return super().formfield(**kwargs)


class _AnyPrint(Exact):
    """Equality with a print, or with one of an older key while a rotation is under way."""

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> Any:
        older = getattr(self.rhs, "older", ())
        if not older:
            return super().as_sql(compiler, connection)
        return In(self.lhs, [str(self.rhs), *older]).as_sql(compiler, connection)


class BlindIndexField(models.CharField):
    """The keyed print of a sealed field (盲索引), filled on save; look up by `blind(purpose, value)`.

    `source` is the sealed field beside it, `purpose` the kind of value (by default the source's name;
    see `blind`). A unique constraint leaves empty values out by a condition of its own.
    """

    def __init__(self, *args: Any, source: str = "", purpose: str = "", **kwargs: Any) -> None:
        self.source, self.purpose = source, purpose or source
        kwargs.setdefault("max_length", 64)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("editable", False)
        kwargs.setdefault("default", "")
        kwargs.setdefault("db_index", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"source": self.source, "purpose": self.purpose, "db_index": self.db_index}  # type: ignore[attr-defined]

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if not cls._meta.abstract:
            pre_save.connect(self._refuse_half_a_save, sender=cls)

    def _refuse_half_a_save(self, update_fields: frozenset[str] | None = None, **_: Any) -> None:
        if update_fields and self.source in update_fields and self.name not in update_fields:
            raise TypeError(f"save(update_fields=…) names {self.source} without {self.name}: name both")

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = super().check(**kwargs)
        names = {field.name: field for field in self.model._meta.concrete_fields}
        is_history = hasattr(self.model, "pgh_tracked_model")  # may leave the source out
        if not is_history and not isinstance(names.get(self.source), SealedTextField):
            found.append(
                checks.Error("The source of a blind index is a sealed field beside it.", obj=self, id="vault.E002")
            )
        return found

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = str(blind(self.purpose, getattr(model_instance, self.source) or ""))
        setattr(model_instance, self.attname, value)
        return value

    def get_lookup(self, lookup_name: str) -> Any:
        return _AnyPrint if lookup_name == "exact" else super().get_lookup(lookup_name)


def sealed(model: type[models.Model], name: str, text: str, *, row: UUID) -> str:
    """A text as the sealed field of a row will hold it, for a statement that writes the row itself."""
    return seal(_bound_to(model, name), text, row=str(row))


@cache
def _bound_to(model: type[models.Model], name: str) -> str:
    field = model._meta.get_field(name)
    if not isinstance(field, SealedTextField):
        raise TypeError(f"{name} is not sealed")
    return field.bound_to


def sealed_values(model: type[models.Model], **clear: str) -> dict[str, str]:
    """Values for `QuerySet.update()` that keep the prints with the texts (批量改密文字段).

    `Reporter.objects.filter(…).update(**sealed_values(Reporter, phone="…"))`
    """
    values: dict[str, str] = {}
    for name, text in clear.items():
        field = model._meta.get_field(name)
        if not isinstance(field, SealedTextField):
            raise TypeError(f"{name} is not sealed")
        if field.compartment and text:
            raise TypeError(f"{name} is sealed in a compartment that its row knows; save the row")
        values[name] = _Sealed(seal(field.bound_to, text))
        for other in model._meta.concrete_fields:
            if isinstance(other, BlindIndexField) and other.source == name:
                values[other.name] = Blind(blind(other.purpose, text))
    return values


def index_of(model: type[models.Model], name: str) -> BlindIndexField:
    """The blind index beside a sealed field (盲索引字段). Raises TypeError for a field without one."""
    for other in model._meta.concrete_fields:
        if isinstance(other, BlindIndexField) and other.source == name:
            return other
    raise TypeError(f"{name} has no blind index")
