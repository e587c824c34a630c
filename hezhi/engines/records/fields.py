"""A column that the database fills: the transaction that wrote the row (事务号)."""

from typing import Any

from django.db import models


class CurrentTransaction(models.Func):
    """The number of the transaction under way, as the database's own snapshots know it."""

    function = "pg_current_xact_id"
    template = "%(function)s()"
    allowed_default = True

    def __init__(self) -> None:
        super().__init__(output_field=TransactionField())


class TransactionField(models.Field):
    """Which transaction wrote the row: never given, always filled by the database, never repeated.

    It says which rows were committed between two snapshots, which neither a clock nor a rising number
    can say: of two rows the one with the smaller number may be committed later.
    """

    def __init__(self, **options: Any) -> None:
        options["editable"] = False
        super().__init__(**options)

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)
