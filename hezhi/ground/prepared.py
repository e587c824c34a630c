"""Hot statements, prepared on the server (预备语句): planned once per connection instead of at each call.

Django binds values on the client, so PostgreSQL plans every statement anew; for the one long statement of
intake that costs more than running it. Here values travel as text and the statement says their types
(`typed`), so that each text is prepared exactly once per connection whatever is null in it. `Hot` also
keeps the text as PostgreSQL reads it, so that a long one is not read anew by the driver at each call.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import count
from typing import Any
from uuid import UUID
from weakref import WeakSet

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from psycopg import pq
from psycopg.types.json import Json, Jsonb

from hezhi.ground.crypto import sm3
from hezhi.ground.time import monotonic


@contextmanager
def prepared(text: str, values: Sequence[Any] | Mapping[str, Any]) -> Iterator[psycopg.Cursor]:
    """Run a statement on Django's own connection, in its transaction, and give the cursor to read from."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    begun = monotonic()
    sent = {k: plain(v) for k, v in values.items()} if isinstance(values, Mapping) else [plain(v) for v in values]
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(text, sent, prepare=True)
        if connection.queries_logged:
            connection.queries_log.append({"sql": text.strip(), "time": f"{monotonic() - begun:.3f}"})
        yield cursor


def numbered(text: str) -> str:
    """A statement with places as Django writes them (`%s`), now numbered as PostgreSQL reads them (`$1`)."""
    numbers = count(1)
    return re.sub("%[s%]", lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", text)


def ready_rows(text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """All rows of a `numbered` statement, prepared like the others; the driver has nothing to read in its text."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    begun = monotonic()
    with connection.wrap_database_errors, psycopg.RawCursor(connection.connection) as cursor:
        cursor.execute(text, [plain(value) for value in values], prepare=True)  # type: ignore[arg-type]
        found = cursor.fetchall()
    if connection.queries_logged:
        connection.queries_log.append({"sql": text.strip(), "time": f"{monotonic() - begun:.3f}"})
    return found


class Hot:
    """A long statement with named places, made ready once (热语句): its text and the order of its values.

    `types` as for `typed`; what it gives back must be texts. A statement that runs outside of a transaction is
    one by itself, and then goes past the driver's cursor straight to the server.
    """

    def __init__(self, text: str, types: str = "") -> None:
        self.names: list[str] = []
        self.text = re.sub(r"%\((\w+)\)s", self._place, typed(text, types)).replace("%%", "%")
        self._name = f"hot_{sm3(self.text.encode()).hex()[:16]}".encode()
        self._ready: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def _place(self, found: re.Match[str]) -> str:
        if found[1] not in self.names:
            self.names.append(found[1])
        return f"${self.names.index(found[1]) + 1}"

    def row(self, values: Mapping[str, Any]) -> tuple[str | None, ...] | None:
        """Run it on Django's own connection, in its transaction if there is one; gives the first row."""
        own = connections[DEFAULT_DB_ALIAS]
        own.ensure_connection()
        own.validate_no_broken_transaction()
        begun = monotonic()
        given = [values[name] for name in self.names]
        sent = [value if value is None or type(value) is str else plain(value) for value in given]
        with own.wrap_database_errors:
            if own.in_atomic_block or not own.connection.autocommit:
                found = self._by_cursor(own.connection, sent)
            else:
                found = self._straight(own.connection, [None if text is None else text.encode() for text in sent])
        if own.queries_logged:
            own.queries_log.append({"sql": self.text.strip(), "time": f"{monotonic() - begun:.3f}"})
        return found

    def _by_cursor(self, link: psycopg.Connection[Any], sent: list[str | None]) -> tuple[str | None, ...] | None:
        with psycopg.RawCursor(link) as cursor:
            return cursor.execute(self.text, sent, prepare=True).fetchone()  # type: ignore[arg-type]

    def _straight(self, link: psycopg.Connection[Any], sent: list[bytes | None]) -> tuple[str | None, ...] | None:
        result = self._sent(link, sent)
        if _state(result) == _FORGOTTEN:
            self._ready.discard(link)  # a rollback made the driver forget all that was prepared
            result = self._sent(link, sent)
        _check(link, result)
        if not result.ntuples:
            return None
        told = (result.get_value(0, n) for n in range(result.nfields))
        return tuple(None if value is None else value.decode() for value in told)

    def _sent(self, link: psycopg.Connection[Any], sent: list[bytes | None]) -> pq.abc.PGresult:
        if link not in self._ready:
            if _state(made := link.pgconn.prepare(self._name, self.text.encode())) != _THERE_ALREADY:
                _check(link, made)
            self._ready.add(link)
        return link.pgconn.exec_prepared(self._name, sent)  # type: ignore[arg-type]


_FORGOTTEN, _THERE_ALREADY = b"26000", b"42P05"


def _state(result: pq.abc.PGresult) -> bytes | None:
    return result.error_field(pq.DiagnosticField.SQLSTATE)


def _check(link: psycopg.Connection[Any], result: pq.abc.PGresult) -> None:
    if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        return
    if link.pgconn.status != pq.ConnStatus.OK:
        raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
    raise psycopg.errors.error_from_result(result)


_KNOWN: dict[type, Callable[[Any], str]] = {
    UUID: str, int: str, float: str, bool: lambda value: "t" if value else "f", datetime: datetime.isoformat,
}  # fmt: skip
"""How the usual values are written, found by their own type; what is derived from these goes the longer way."""


def plain(value: Any) -> str | None:
    """A value as PostgreSQL reads it from text; its type is said by the statement or by the column."""
    if value is None or type(value) is str:
        return value
    known = _KNOWN.get(type(value))
    if known is not None:
        return known(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, psycopg.Binary):
        value = value.obj
    if isinstance(value, bytes | bytearray | memoryview):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, Json | Jsonb):
        return _json(value)
    if isinstance(value, list | tuple):
        return f"{{{','.join(map(_within, value))}}}"
    if isinstance(
        value, str | UUID | int | float | IPv4Address | IPv6Address
    ):  # a subclass of str is a choice or a safe text
        return str(value)
    raise TypeError(f"no plain form of {value!r}")


def _within(value: Any) -> str:
    """A value inside an array: quoted, so that no sign of it is taken for the array's own."""
    told = plain(value)
    return "NULL" if told is None else '"' + told.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json(value: Json | Jsonb) -> str:
    told = (value.dumps or json.dumps)(value.obj)
    return told if isinstance(told, str) else told.decode()


@lru_cache(maxsize=64)
def typed(text: str, types: str) -> str:
    """The statement with a type at each place that names none: `types` is «uuid: id user; boolean: secret»."""
    of = {
        name: kind.strip()
        for kind, _, names in (line.partition(":") for line in types.split(";"))
        for name in names.split()
    }
    return re.sub(r"%\((\w+)\)s(?!::)", lambda found: f"{found[0]}::{of.get(found[1], 'text')}", text)
