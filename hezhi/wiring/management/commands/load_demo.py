"""`manage.py load_demo`: the demo district (演示区): areas, units, people, messages and cases, all invented."""

import os
import random
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hezhi.chapters.appcentre.users import demo as office
from hezhi.chapters.appcentre.users.demo import Account
from hezhi.chapters.cases.handling import demo as handling
from hezhi.chapters.cases.handling.actions.tables import load_duties
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake import demo as intake
from hezhi.engines.flow.jobs import watch
from hezhi.engines.geo.actions import load_areas, read_features
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import User
from hezhi.engines.records.acting import acting
from hezhi.ground import time

GEO = Path(__file__).resolve().parents[3] / "engines" / "geo" / "demo"
ROOMS: tuple[str, ...] = (
    "grassroots.grids",
    "grassroots.registers",
    "grassroots.care",
    "grassroots.party",
    "cases.supervision",
    "cases.statistics",
    "cases.appraisal",
    "awareness.early_warning",
    "awareness.situation",
    "cases.return_visit",
    "cases.platform",
    "cases.shifts",
    "cases.mediation",
    "cases.contractors",
    "cases.retention",
)
"""Rooms with demo data of their own, in this order: their `demo.load()` does nothing when the data are there."""

AREAS = ("district", "towns", "demo_communities", "demo_grids")


class Command(BaseCommand):
    """Refuses a database with real people; a second run changes nothing.

    Areas, people with their passwords and cases come in one transaction, then each room in one of its own: what was cut
    off, at whatever moment, has left nothing, and the next run begins where the last whole step ended.
    """

    help = "载入演示区（组织、人员、事件）；有真实用户的库拒绝执行"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--messages", type=Path, help="改用这个文件中的真实诉求")
        parser.add_argument("--few", type=int, default=0, help="只载入前若干条诉求（测试用）")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("只有演示模式（HEZHI_DEMO=1）才能载入演示数据。")
        if User.objects.filter(is_demo=False).exists():
            raise CommandError("这个数据库里有真实用户，拒绝载入演示数据。请换一个空库。")
        call_command("furnish", stdout=self.stdout)
        with connection.cursor() as cursor:
            # Demo data that a power cut takes along are simply loaded again.
            cursor.execute("set synchronous_commit to off")
        with transaction.atomic():
            self._core(options["few"], cases=options["messages"] is None)
        for room in ROOMS:
            with transaction.atomic():
                import_module(f"hezhi.chapters.{room}.demo").load()
        if options["messages"] is not None:
            intake.stream_file(options["messages"], Console(stderr=True))

    def _core(self, few: int, *, cases: bool) -> None:
        if not Area.objects.exists():
            self._areas()
        accounts = [] if User.objects.filter(is_demo=True).exists() else self._office()
        if cases and not Case.objects.exists():
            self._cases(few)
        if accounts:  # last, and before the commit: nobody can be left whose password is not kept
            _keep(settings.HEZHI_HOME / "demo-accounts.txt", accounts)

    def _areas(self) -> None:
        district, towns, communities, grids = (
            read_features(GEO / f"huangdao_{name}.geojson", "EPSG:4326") for name in AREAS
        )
        load_areas(
            district=district, towns=towns, communities=communities, grids=grids, valid_from=date(2024, 1, 1),
            source="演示区域：© OpenStreetMap contributors (ODbL)；社区和网格边界为虚构",
        )  # fmt: skip

    def _office(self) -> list[Account]:
        with acting(system("演示数据"), verb="demo.office", reason="建立演示组织"):
            accounts = office.load()
        load_duties(by=system("演示数据"))
        return accounts

    def _cases(self, few: int) -> None:
        """Take the demo messages in at their own moments, oldest first, and let each case live."""
        messages = intake.messages(few)
        people = handling.cast()
        with Progress(
            TextColumn("演示事件"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeRemainingColumn(),
            console=Console(stderr=True),
        ) as progress:  # fmt: skip
            task = progress.add_task("", total=len(messages))
            for n, (ago, message) in enumerate(messages):
                moment = time.now() - timedelta(minutes=ago)
                with time.frozen_at(moment):
                    receipt = intake.take(message, people)
                handling.live(Case.objects.get(pk=receipt.id), moment, people, random.Random(n))  # noqa: S311
                progress.advance(task)
        handling.rarer_ways(people)
        watch()


def _keep(path: Path, accounts: list[tuple[str, str, str, str, str]]) -> None:
    """Write the demo accounts to a file that only its owner can read; they are told nowhere else."""
    part = path.with_suffix(".part")  # who waits for the file finds it whole
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)  # also when a run that was cut off has left it with another mode
        for login, name, unit, role, password in accounts:
            file.write(f"{login}\t{password}\t{role}\t{unit}\t{name}\n")
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
