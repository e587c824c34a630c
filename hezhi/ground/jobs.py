"""Doing waiting jobs without a worker (代办任务): for tests, and for loading demo data.

Jobs are declared in a room's `jobs.py` with `@app.task(…)` of `procrastinate.contrib.django`; the worker
itself stands on the wiring floor.
"""

import json
from typing import Any

from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.jobs import Status


def work_off(most: int = 200) -> int:
    """Do waiting jobs here and now, on this thread's own connection; gives how many.

    So a test sees inside its own transaction what a job does. An error of a job is raised, not retried.
    """
    for done in range(most):
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, task_name, args::text FROM procrastinate_fetch_job_v2(NULL, NULL)")
            job, name, values = cursor.fetchone()
        if job is None:
            return done
        task: Any = app.tasks[name]
        task(**json.loads(values))
        async_to_sync(app.job_manager.finish_job_by_id_async)(job, Status.SUCCEEDED, delete_job=False)
    return most
