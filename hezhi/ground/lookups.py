"""Conditions that the house adds to Django's own (查询条件)."""

from typing import Any

from django.db import models


@models.ForeignObject.register_lookup
@models.Field.register_lookup
class AmongArray(models.Lookup):
    """`code__among=<array>`: `= ANY`, where the array is a column or is worked out by the database."""

    lookup_name = "among"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        return f"{left} = ANY({right})", [*left_values, *right_values]


@models.Field.register_lookup
class OneOf(models.Lookup):
    """`code__one_of=[…]`: `in` for thousands of texts, which travel as one array and not as thousands of values."""

    lookup_name = "one_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_values = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", [*left_values, list(self.rhs)]
