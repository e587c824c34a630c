"""Numbers of entries (编号): digits from a sequence of the database, never given twice."""

from django.db import connection

LENGTHS = {"compound": 5, "building": 6, "resident": 8, "household": 8, "place": 6, "member": 6}
"""Sequence → digits of its numbers; a longer number simply grows."""


def next_numbers(kind: str, many: int = 1) -> list[str]:
    """The next numbers of a kind, in one query. Raises KeyError for a kind without a sequence."""
    width = LENGTHS[kind]
    with connection.cursor() as cursor:
        cursor.execute("select nextval(%s) from generate_series(1, %s)", [f"registers_{kind}_number", many])
        return [f"{n:0{width}d}" for (n,) in cursor.fetchall()]


def next_number(kind: str) -> str:
    """The next number of a kind."""
    return next_numbers(kind)[0]
