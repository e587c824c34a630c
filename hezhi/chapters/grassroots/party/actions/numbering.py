"""Numbers of members (党员编号): digits from a sequence of the database, never given twice."""

from django.db import connection


def next_numbers(many: int = 1) -> list[str]:
    """The next numbers, in one query."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('party_member_number') from generate_series(1, %s)", [many])
        return [f"D{n:06d}" for (n,) in cursor.fetchall()]
