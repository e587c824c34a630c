"""Numbers of cases (事件编号): SJ, day, running number of the day; gaps are possible, doubles are not."""

from django.db import connection

from hezhi.ground import time
from hezhi.ground.ids import short_number


def next_number() -> str:
    """The next number, from a sequence of the database; never given twice, whatever happens after."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('handling_case_number')")
        (n,) = cursor.fetchone()
    return short_number("SJ", time.today(), n % 10_000_000)
