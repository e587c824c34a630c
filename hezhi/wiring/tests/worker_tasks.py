"""Two jobs for the fault tests: slow ones that leave a mark, and one that kills its worker (故障测试任务)."""

import os
import signal
import time as machine

from django.db import connection
from procrastinate.contrib.django import app

MARKS = (
    "CREATE TABLE marks (number int PRIMARY KEY); CREATE TABLE starts (number int);"
    "GRANT ALL ON marks, starts TO hezhi_app"
)


@app.task(name="tests.slow")
def slow(number: int, seconds: float) -> None:
    """Leave one mark however often it runs; note each start beside it."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO starts VALUES (%s)", [number])
        machine.sleep(seconds)
        cursor.execute("INSERT INTO marks VALUES (%s) ON CONFLICT DO NOTHING", [number])


@app.task(name="tests.deadly")
def deadly() -> None:
    """Kill the worker that runs it, each time."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO starts VALUES (0)")
    os.kill(os.getpid(), signal.SIGKILL)
