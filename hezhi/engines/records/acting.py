"""One verb, one transaction, with its trace inside (留痕): no log, no action.

`acting(by, verb=…)` opens the transaction, tells the database who acts (the history triggers read it),
and writes the audit row before the transaction ends. If the trace cannot be written, nothing is.
The database refuses a history row without an actor, so a write outside `acting` fails loudly.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import connection, models, transaction

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.audit import entry_of, refused
from hezhi.engines.records.gathering import Statement, write_all
from hezhi.ground.errors import NotAllowed
from hezhi.ground.ids import new_id

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Deed:
    """What is being done (正在办的一步); the verb tells it which object it touched."""

    by: Actor
    verb: str
    reason: str = ""
    id: UUID = field(default_factory=new_id)
    objects: list[tuple[str, UUID]] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)
    written: bool = False
    """Its audit row stands already: only where the database itself writes it (`erasure`)."""
    pending: list[models.Model | Statement] = field(default_factory=list)
    """What goes to the database together with the audit row (see `gathering`)."""

    def on(self, row: models.Model) -> None:
        """Name an object this deed touched, so that the audit can be searched by it."""
        self.objects.append((row._meta.label_lower, row.pk))


def context_of(by: Actor, verb: str, reason: str = "") -> str:
    """The trace of an actor as the history triggers store it (JSON text); ids and names of staff only."""
    return json.dumps(
        {
            "kind": by.kind,
            "user": str(by.user_id) if by.user_id else None,
            "name": by.name,
            "post": by.post_title,
            "unit": by.unit_name,
            "verb": verb,
            "reason": reason,
            "channel": by.channel,
            "request": by.request_id,
        },
        ensure_ascii=False,
    )


def tell_database(deed_id: UUID, context: str) -> None:
    """Set who acts for the rest of this transaction; one round trip."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)",
            [str(deed_id), context],
        )


def trace_of(deed: Deed) -> dict[str, str]:
    """Who acts, as values for a statement that sets them itself (see `TELL`)."""
    return {"deed": str(deed.id), "context": context_of(deed.by, deed.verb, deed.reason)}


TELL = "select set_config('pghistory.context_id', %(deed)s, true), set_config('pghistory.context_metadata', %(context)s, true)"
"""The trace as part of another statement; its triggers run after it. The part must be asked for, or it is not run."""


def current_deed() -> Deed | None:
    """The verb under way in this connection (当前动作), or None outside of `acting`."""
    return getattr(connection, "hezhi_deed", None)


def deeds_done() -> int:
    """How many verbs this connection has finished, each a transaction of its own."""
    return getattr(connection, "hezhi_deeds_done", 0)


def _count_done(outer: Deed | None) -> None:
    if outer is None:
        connection.hezhi_deeds_done = deeds_done() + 1  # type: ignore[attr-defined]


@contextmanager
def acting(by: Actor, *, verb: str, reason: str = "", terse: bool = False) -> Iterator[Deed]:
    """Do one verb as one transaction with its trace (一步一事务).

    Nested use joins the outer transaction; the inner verb writes its own audit row and hands the
    trace back to the outer one.

    `terse` is for the hot path that tells the database within its own first statement who acts
    (`trace_of`) and sets no savepoint: a database error then ends the outer transaction too.
    """
    deed = Deed(by, verb, reason)
    outer = current_deed()
    with transaction.atomic(savepoint=not terse):
        if not terse:
            tell_database(deed.id, context_of(by, verb, reason))
        connection.hezhi_deed = deed  # type: ignore[attr-defined]
        try:
            yield deed
            if not deed.written:
                deed.pending.append(entry_of(by, verb, deed.objects, reason=reason, detail=deed.detail))
            write_all(deed.pending)
            if outer is not None:
                tell_database(outer.id, context_of(outer.by, outer.verb, outer.reason))
        finally:
            connection.hezhi_deed = outer  # type: ignore[attr-defined]
    _count_done(outer)


@contextmanager
def at_one_stroke(deed: Deed, *, together: bool) -> Iterator[None]:
    """Do a verb whose one statement also says who acts and writes its audit row (一句办成).

    The statement holds `TELL` and `audit.RECORD`; being one, it is a transaction by itself. `together`
    opens one nevertheless, for whatever others write with it.
    """
    outer = current_deed()
    with transaction.atomic(savepoint=False) if together else nullcontext():
        connection.hezhi_deed = deed  # type: ignore[attr-defined]
        try:
            yield
            if not deed.written:
                raise RuntimeError(f"{deed.verb} left out its audit row")
            write_all(deed.pending)
            if outer is not None:
                tell_database(outer.id, context_of(outer.by, outer.verb, outer.reason))
        finally:
            connection.hezhi_deed = outer  # type: ignore[attr-defined]
    _count_done(outer)


def verb(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function one verb: it must take `by`, and may take `reason`, as keywords.

    The first positional argument, when it is a model row, is named in the audit; so is the row that
    the function gives back. An attempt refused for want of a right (NotAllowed) is written down as such.
    """

    def made(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def done(*args: P.args, **kwargs: P.kwargs) -> R:
            by = kwargs["by"]
            if not isinstance(by, Actor):
                raise TypeError(f"{name} is done by an Actor, not by {by!r}")
            try:
                with acting(by, verb=name, reason=str(kwargs.get("reason", ""))) as deed:
                    result = function(*args, **kwargs)
                    for row in (*args[:1], result):
                        if isinstance(row, models.Model) and (row._meta.label_lower, row.pk) not in deed.objects:
                            deed.on(row)
            except NotAllowed as refusal:
                if current_deed() is None:  # what was begun is rolled back, the attempt is not forgotten
                    refused(by, name, refusal)
                raise
            return result

        done.verb = name  # type: ignore[attr-defined]
        return done

    return made
