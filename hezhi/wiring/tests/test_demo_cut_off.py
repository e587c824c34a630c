"""A demo district that was cut off on the way is whole after the next run (演示数据中断后重来)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.hashers import check_password

from hezhi.ground.testkit.databases import with_name
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.prepare import clean_environment

pytestmark = pytest.mark.fault

LOAD = "hezhi.wiring.management.commands.load_demo"
CUTS = {
    "after the areas": (LOAD, "load_areas", "1"),
    "after the office": ("hezhi.chapters.appcentre.users.demo", "load", "1"),
    "after some of the cases": ("hezhi.chapters.cases.intake.demo", "take", "2"),
    "after the passwords, before the commit": (LOAD, "_keep", "1"),
    "in the middle of a room": ("hezhi.chapters.cases.mediation.actions", "register", "2"),
}
TABLES = ("geo_area", "org_unit", "org_user", "org_holding", "handling_routingrule", "handling_case", "mediation_dispute")


class House:
    """An installation of the test's own: a migrated database, a data folder, and the loading as a process."""

    def __init__(self, app_url: str, owner_url: str, home: Path) -> None:
        self.owner_url, self.home = owner_url, home
        more = {"HEZHI_HOME": str(home), "HEZHI_DEMO": "1", "HEZHI_LOG_LEVEL": "ERROR"}
        more |= {"DATABASE_URL": app_url, "DJANGO_SETTINGS_MODULE": "hezhi.wiring.tests.system_house"}
        self.environment = clean_environment() | more

    def load(self, *cut: str) -> int:
        command = [sys.executable, "-m", "hezhi.wiring.tests.cut_off", *cut]
        return subprocess.run(command, env=self.environment, cwd=CHECKOUT, stdout=subprocess.DEVNULL).returncode

    def counts(self) -> dict[str, int]:
        return {name: self.sql(f"SELECT count(*) FROM {name}")[0][0] for name in TABLES}

    def sql(self, statement: str) -> list[tuple]:
        with psycopg.connect(self.owner_url) as link:
            return link.execute(statement).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def house(committing_db, database_server, database_name, tmp_path):
    mine = [with_name(url, f"{database_name}_own") for url in database_server]
    (tmp_path / "keys").mkdir()
    return House(*mine, tmp_path)


@pytest.fixture(scope="module")
def whole() -> dict[str, int]:
    """What a demo that nobody disturbed holds, once one was seen."""
    return {}


@pytest.mark.parametrize("cut", CUTS)
def test_cut_off_anywhere_it_is_whole_after_the_next_run(house, cut):
    assert house.load(*CUTS[cut]) == -signal.SIGKILL
    left = house.counts()
    in_a_room = cut == "in the middle of a room"
    assert set(left.values()) == {0} if not in_a_room else left["handling_case"] == 3 and left["mediation_dispute"] == 0
    assert house.load() == 0
    now = house.counts()
    assert now["handling_case"] == 3 and now["mediation_dispute"] == 3 and all(now.values())
    _all_can_sign_in(house)
    assert house.load() == 0 and house.counts() == now, "a run over a whole demo changes nothing"
    _all_can_sign_in(house)


def _all_can_sign_in(house: House) -> None:
    kept = house.home / "demo-accounts.txt"
    assert kept.stat().st_mode & 0o777 == 0o600
    told = {line.split("\t")[0]: line.split("\t")[1] for line in kept.read_text().splitlines()}
    rows = dict(house.sql("SELECT login_name, password FROM org_user WHERE password NOT LIKE '!%'"))
    assert set(told) == set(rows)
    login = next(iter(told))
    assert check_password(told[login], rows[login], preferred="md5")


def test_passwords_left_by_a_cut_are_closed_to_others_again(house):
    part = house.home / "demo-accounts.part"
    part.write_text("left by a run that was cut off")
    os.chmod(part, 0o644)
    assert house.load() == 0
    _all_can_sign_in(house)
