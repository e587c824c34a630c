"""What the house does by itself (后台任务): jobs that a verb hands over, and rounds by the clock.

**Jobs** are rows of procrastinate. An engine or chapter declares them in its `jobs.py`, without knowing
this floor, and hands them over inside the verb's own transaction, on Django's own connection:

    from procrastinate import RetryStrategy
    from procrastinate.contrib.django import app

    @app.task(queue="files", retry=RetryStrategy(max_attempts=5, exponential_wait=4))
    def export(export_id: str) -> None: ...

    export.defer(export_id=str(row.pk))     # vanishes with the verb if the verb fails

A job may run twice (its worker was killed after the work and before the tick): so it looks first
whether its work is done. **Rounds** look for waiting rows every few seconds; the rows are their queue, so
a killed round has nothing to lose. They have threads of their own: a long export delays no message. Where a round
says how its heap is looked at, all heaps are looked at together each second and the round is done only
when something lies there: an idle house costs next to nothing.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from hezhi.ground import time
from hezhi.ground.jobs import work_off
from hezhi.ground.rounds import heap_of

__all__ = [
    "ROUNDS",
    "Round",
    "Standing",
    "heartbeat",
    "run_round",
    "rung",
    "stalled_after",
    "standing",
    "sweep",
    "tidy",
    "work_off",
]

log = logging.getLogger("hezhi.jobs")


# -- rounds ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Round:
    """Something done by the clock (巡检): a function without arguments that tells how much it did.

    `every` is the pause in seconds. A round that `drains` a heap follows at once as long as it did
    something, so that a mass message is worked off without pauses. Where its work says on which heap it waits
    (`fed_by`), the round is done when something lies there, and once in a long while in any case.
    """

    name: str
    path: str
    every: float
    drains: bool = False

    @cached_property
    def work(self) -> Callable[[], int | None]:
        found: Callable[[], int | None] = import_string(self.path)
        return found

    @property
    def heap(self) -> str:
        """What follows `SELECT FROM` to find one thing that waits for it; empty where it goes by the clock alone."""
        return heap_of(self.work)


def heartbeat() -> float:
    """Seconds between two signs of life of a worker."""
    return float(getattr(settings, "WORKER_HEARTBEAT_SECONDS", 10))


MINUTE, HOUR = 60, 3600

ROUNDS = (
    Round("站内消息送达", "hezhi.engines.reach.jobs.deliver_inbox", 1, drains=True),
    Round("短信等外部消息发送", "hezhi.engines.reach.jobs.deliver_outside", 2, drains=True),
    Round("通话看守", "hezhi.engines.reach.jobs.end_stale", 15),
    Round("状态回推", "hezhi.engines.connect.jobs.deliver_webhooks", 2, drains=True),
    Round("审计封存", "hezhi.engines.records.jobs.seal", 1, drains=True),
    Round("时限巡查", "hezhi.engines.flow.jobs.watch", 15),
    Round("统计事实更新", "hezhi.chapters.cases.statistics.jobs.catch_up", 5, drains=True),
    Round("定期统计报告", "hezhi.chapters.cases.statistics.jobs.write_due", 10 * MINUTE),
    Round("分析汇总更新", "hezhi.chapters.cases.statistics.jobs.count", 30),
    Round("分析数据更新", "hezhi.chapters.cases.statistics.jobs.write_files", 10 * MINUTE, drains=True),
    Round("分析数据夜间核对", "hezhi.chapters.cases.statistics.jobs.check_files", HOUR),
    Round("督办巡查", "hezhi.chapters.cases.supervision.jobs.watch", MINUTE),
    Round("诉求入流", "hezhi.chapters.awareness.early_warning.jobs.feed", 5, drains=True),
    Round("事件预警", "hezhi.chapters.awareness.early_warning.jobs.watch", 3 * MINUTE),
    Round("预警升级", "hezhi.chapters.awareness.early_warning.jobs.climb", MINUTE),
    Round("态势报告", "hezhi.chapters.awareness.situation.jobs.reports", 10 * MINUTE),
    Round("气象数据接入", "hezhi.chapters.awareness.situation.jobs.weather", HOUR),
    Round("入流夜间比对", "hezhi.chapters.awareness.early_warning.jobs.nightly", 10 * MINUTE),
    Round("挂起复核提醒", "hezhi.chapters.cases.handling.jobs.remind_of_holds", HOUR),
    Round("签收和协办时限巡查", "hezhi.chapters.cases.handling.jobs.watch_orders", MINUTE),
    Round("类别启停", "hezhi.chapters.cases.handling.jobs.turn_categories", 10 * MINUTE),
    Round("回访巡查", "hezhi.chapters.cases.return_visit.jobs.watch", 1),
    Round("值班巡查", "hezhi.chapters.cases.shifts.jobs.watch", 15),
    Round("释放已认领未办的待办", "hezhi.engines.flow.jobs.release_claims", MINUTE),
    Round("到期移交", "hezhi.chapters.appcentre.users.jobs.move_due_work", MINUTE),
    Round("附件查毒", "hezhi.engines.records.jobs.scan_files", 10),
    Round("异常查阅巡查", "hezhi.engines.records.jobs.watch_readers", 5 * MINUTE),
    Round("收回滞留任务", "hezhi.wiring.jobs.sweep", heartbeat()),
    Round("夜间审计校验", "hezhi.engines.records.jobs.check_nightly", 10 * MINUTE),
    Round("账号清理", "hezhi.chapters.appcentre.users.jobs.close_unused_accounts", HOUR),
    Round("未入库附件清扫", "hezhi.engines.records.jobs.sweep_files", HOUR),
    Round("导出文件清理", "hezhi.engines.registry.jobs.tidy", HOUR),
    Round("已删除记录到期清除", "hezhi.engines.registry.jobs.purge", HOUR),
    Round("外协链接打开记录清理", "hezhi.chapters.cases.contractors.jobs.tidy", HOUR),
    Round("到期匿名", "hezhi.chapters.cases.retention.jobs.nightly", HOUR),
    Round("网媒读取", "hezhi.chapters.cases.intake.jobs.read_feeds", MINUTE),
    Round("到期清除", "hezhi.chapters.cases.retention.jobs.erase", MINUTE, drains=True),
    Round("导入文件清理", "hezhi.chapters.cases.intake.jobs.tidy", HOUR),
    Round("帮扶巡查", "hezhi.chapters.grassroots.care.jobs.daily", HOUR),
    Round("党组织届满提醒", "hezhi.chapters.grassroots.party.jobs.remind", HOUR),
    Round("类别更正学习", "hezhi.chapters.cases.intake.jobs.learn_nightly", 10 * MINUTE),
    Round("网格划分到期生效", "hezhi.chapters.grassroots.grids.jobs.enforce", 10 * MINUTE),
    Round("手机号验证清理", "hezhi.channels.citizen.jobs.tidy", HOUR),
    Round("消息清理", "hezhi.engines.reach.jobs.tidy", 10 * MINUTE),
    Round("对接记录清理", "hezhi.engines.connect.jobs.tidy", 10 * MINUTE),
    Round("任务清理", "hezhi.wiring.jobs.tidy", HOUR),
)


def run_round(round_: Round) -> int:
    """Do one round, unless another worker is at it; gives how much was done.

    The lock belongs to the connection, so a killed worker holds nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('hezhi.round'), hashtext(%s))", [round_.path])
        if not cursor.fetchone()[0]:
            return 0
        try:
            return round_.work() or 0
        finally:
            if not connection.needs_rollback:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('hezhi.round'), hashtext(%s))", [round_.path])


def rung(rounds: Sequence[Round]) -> list[Round]:
    """Those of these rounds on whose heap something lies, in one statement."""
    asked = [round_ for round_ in rounds if round_.heap]
    with connection.cursor() as cursor:
        looks = ", ".join(f"EXISTS (SELECT FROM {round_.heap})" for round_ in asked)
        cursor.execute(f"SELECT {looks}")
        return [round_ for round_, found in zip(asked, cursor.fetchone(), strict=True) if found]


# -- jobs of the dead ------------------------------------------------------------------------------

MOST_ATTEMPTS = 5  # a job that kills its worker each time must end somewhere
JOBS_KEPT_HOURS = 72


def stalled_after() -> float:
    """Seconds of silence after which a worker is held for dead."""
    return 3 * heartbeat()


def sweep() -> int:
    """Give the jobs of dead workers to the living (收回滞留任务); without it they would hang for ever.

    A job that has outlived several workers is ended as failed, for a person to look at. Just after the
    server has started nobody is judged: its workers could not give a sign of life.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT j.id, j.attempts, j.task_name FROM procrastinate_jobs j"
            " LEFT JOIN procrastinate_workers w ON w.id = j.worker_id"
            " WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %s))"
            " AND pg_postmaster_start_time() < now() - make_interval(secs => %s)",
            [stalled_after(), stalled_after()],
        )
        stuck = cursor.fetchall()
    for job, attempts, task in stuck:
        if attempts + 1 < MOST_ATTEMPTS:
            log.warning("job %s (%s) outlived its worker and is run again", job, task)
            app.job_manager.retry_job_by_id(job, retry_at=time.real_now())
        else:
            log.error("job %s (%s) has outlived %s workers and is ended", job, task, attempts + 1)
            async_to_sync(app.job_manager.finish_job_by_id_async)(job, Status.FAILED, delete_job=False)
    return len(stuck)


def tidy() -> int:
    """Delete jobs done three days ago; failed ones stay until somebody has looked at them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs j WHERE status IN ('succeeded', 'cancelled', 'aborted') AND NOT EXISTS"
            " (SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > now() - make_interval(hours => %s))",
            [JOBS_KEPT_HOURS],
        )
        return int(cursor.rowcount)


# -- how things stand ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How the queue stands (队列状况), for `hezhi doctor` and the operations pages."""

    workers: int
    waiting: int
    running: int
    failed: int
    oldest_waiting_seconds: float
    messages_waiting: int
    oldest_message_seconds: float
    messages_failed: int


def standing() -> Standing:
    """Count workers alive, jobs and messages by state, and how long the oldest has been due; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)),
                   count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'doing'),
                   count(*) FILTER (WHERE status = 'failed'),
                   coalesce((SELECT extract(epoch FROM now() - min(coalesce(j.scheduled_at, e.at)))
                             FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
                             WHERE j.status = 'todo' AND coalesce(j.scheduled_at, e.at) < now()), 0)::float,
                   (SELECT count(*) FROM reach_outgoing WHERE state = 'waiting'),
                   coalesce((SELECT extract(epoch FROM now() - min(not_before)) FROM reach_outgoing
                             WHERE state = 'waiting' AND not_before < now()), 0)::float,
                   (SELECT count(*) FROM reach_outgoing WHERE state = 'failed')
            FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed')
            """,
            [stalled_after()],
        )
        return Standing(*cursor.fetchone())
