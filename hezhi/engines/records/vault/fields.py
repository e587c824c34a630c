"""Model fields that the database only ever sees sealed (加密字段)."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from hezhi.engines.records.vault.keys import blind, seal, unseal
from hezhi.ground.identifiers import plain_number


class SealedTextField(models.TextField):
    """A text kept as SM4-GCM (密文字段): clear in the process, sealed in table, history and backup.

    It cannot be searched or sorted; look it up through a `BlindIndexField`.
    """

    def _bound_to(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        return None if value is None else seal(self._bound_to(), str(value))

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> str | None:
        return None if value is None else unseal(self._bound_to(), value)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in ("isnull", "df", "ndf"):  # the last two compare versions in triggers
            raise TypeError("a sealed field cannot be searched; use its blind index")
        return super().get_lookup(lookup_name)


class BlindIndexField(models.CharField):
    """The keyed print of a sealed field (盲索引), filled on save; look up by `blind(purpose, value)`."""

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
        return name, path, args, kwargs | {"source": self.source, "purpose": self.purpose}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = blind(self.purpose, plain_number(getattr(model_instance, self.source) or ""))
        setattr(model_instance, self.attname, value)
        return value
