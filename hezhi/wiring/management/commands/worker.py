"""`manage.py worker`: the process for jobs and rounds (后台进程)."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from hezhi.wiring import jobs
from hezhi.wiring.worker import CALM, GRACE, Worker


class Command(BaseCommand):
    """Runs until it is stopped (Ctrl-C or SIGTERM); a second signal ends it at once."""

    # The house's own checks at every start; all of Django's stand in `checks system`, which need not cost each start again.
    requires_system_checks = ("flows", "limits")
    help = "运行后台进程：处理任务，送达消息，巡查时限，封存审计"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help="同时处理的任务数（默认 4）")
        parser.add_argument("--grace", type=float, default=GRACE, help="停止时等待在办任务的秒数（默认 20）")
        parser.add_argument("--calm", type=float, default=CALM, help="启动后多少秒再开始不紧急的巡检（默认 20）")
        parser.add_argument("--once", action="store_true", help="巡检一遍、做完等待中的任务后退出")

    def handle(self, *args: object, concurrency: int, grace: float, calm: float, once: bool, **options: object) -> None:
        if once:
            for round_ in jobs.ROUNDS:
                while jobs.run_round(round_) and round_.drains:
                    pass
            jobs.work_off()
        else:
            Worker(concurrency, grace=grace, calm=calm).run()
