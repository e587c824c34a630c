"""History of rows by statement-level triggers (历史): bulk updates are seen too.

`@tracked()` on a model keeps a copy of each version with the trace of who acted. The trace may not be
empty: a write outside `records.acting` is refused by the database.
"""

from collections.abc import Callable
from typing import TypeVar

import pghistory
from django.db import models

M = TypeVar("M", bound=type[models.Model])


def tracked(exclude: list[str] | None = None) -> Callable[[M], M]:
    """Keep every version of the model's rows (历史留痕), with who, in which post, by which request and why."""
    return pghistory.track(  # type: ignore[no-any-return]
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=exclude,
        level=pghistory.Statement,
        obj_field=pghistory.ObjForeignKey(related_name="versions", related_query_name="version"),
        context_field=pghistory.ContextJSONField(null=False),
        context_id_field=pghistory.ContextUUIDField(null=False),
    )
