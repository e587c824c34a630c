"""A demo district that was cut off on the way is whole after the next run (演示数据中断后重来)."""

import importlib
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from django.db import connection, connections

from hezhi.chapters.appcentre.users.api import create_first_administrator
from hezhi.chapters.cases.intake import demo as intake
from hezhi.chapters.cases.intake.testkit import forget
from hezhi.engines.geo.models import Area
from hezhi.engines.org.models import Role, User
from hezhi.engines.records.vault import ring
from hezhi.wiring.management.commands import load_demo

pytestmark = pytest.mark.fault

CUTS = {
    "after the areas": ("hezhi.wiring.management.commands.load_demo", "load_areas", 1),
    "after the office": ("hezhi.chapters.appcentre.users.demo", "load", 1),
    "after some of the cases": ("hezhi.chapters.cases.intake.demo", "take", 2),
    "after the passwords, before the commit": ("hezhi.wiring.management.commands.load_demo", "_keep", 1),
    "in the middle of a room": ("hezhi.chapters.cases.mediation.actions", "register", 2),
}
TABLES = (
    "geo_area",
    "org_unit",
    "org_user",
    "org_holding",
    "handling_routingrule",
    "handling_case",
    "mediation_dispute",
)


@pytest.fixture(autouse=True)
def house(committing_db, settings, tmp_path, monkeypatch) -> Iterator[Path]:
    """An installation of the test's own that may show the demo: two towns of it, one room, passwords that cost little."""
    (tmp_path / "keys").mkdir()
    settings.HEZHI_HOME, settings.MEDIA_ROOT, settings.DEMO = tmp_path, tmp_path / "files", True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(load_demo, "ROOMS", ("cases.mediation",))
    monkeypatch.setattr(load_demo, "read_features", _two_towns(load_demo.read_features))
    anywhere = [told for told in intake.messages() if told[1].lon is None]
    monkeypatch.setattr(intake, "messages", lambda few: anywhere[:few])
    ring.cache_clear()
    yield tmp_path
    ring.cache_clear()


def _two_towns(read: Callable[..., list[dict[str, Any]]]) -> Callable[..., list[dict[str, Any]]]:
    above, kept = {"communities": "town", "grids": "community"}, set[str]()

    def some(path: Path, crs: str) -> list[dict[str, Any]]:
        level, found = path.stem.rpartition("_")[2], read(path, crs)
        if level == "towns":
            found = found[:2]
        elif level in above:
            found = [row for row in found if row["properties"][above[level]] in kept]
        kept.update(row["properties"]["code"] for row in found)
        return found

    return some


def load(*cut: Any) -> int:
    """Load the demo in a process of its own, which kills itself when what `cut` names has done its work so often."""
    connections.close_all()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        forget()  # what another test of this process read of its own tables
        if cut:
            _die_after(*cut)
        call_command("load_demo", few=3)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _die_after(module: str, name: str, calls: int) -> None:
    place: Any = importlib.import_module(module)
    work, done = getattr(place, name), []

    def dying(*args: Any, **more: Any) -> Any:
        given = work(*args, **more)
        done.append(name)
        if len(done) == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return given

    setattr(place, name, dying)


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        found = {}
        for name in TABLES:
            cursor.execute(f"SELECT count(*) FROM {name}")
            found[name] = cursor.fetchone()[0]
    return found


def all_can_sign_in(home: Path) -> None:
    kept = home / "demo-accounts.txt"
    assert kept.stat().st_mode & 0o777 == 0o600
    told = {line.split("\t")[0]: line.split("\t")[1] for line in kept.read_text().splitlines()}
    assert len(told) > 20
    users = [user for user in User.objects.all() if user.has_usable_password()]
    assert {user.login_name for user in users} == set(told)
    assert all(check_password(told[user.login_name], user.password) for user in users)


@pytest.mark.parametrize("cut", CUTS)
def test_killed_anywhere_it_is_whole_after_the_next_run(house, cut):
    assert load(*CUTS[cut]) == -signal.SIGKILL
    left = counts()
    if cut == "in the middle of a room":
        assert left["handling_case"] >= 3 and left["mediation_dispute"] == 0
    else:
        assert set(left.values()) == {0}
    assert load() == 0
    now = counts()
    assert now["handling_case"] >= 3 and now["mediation_dispute"] == 3 and all(now.values())
    all_can_sign_in(house)


def test_a_run_over_a_whole_demo_changes_nothing(house):
    part = house / "demo-accounts.part"
    part.write_text("left by a run that was killed")
    os.chmod(part, 0o644)
    assert load() == 0
    before, told = counts(), (house / "demo-accounts.txt").read_text()
    all_can_sign_in(house)
    assert load() == 0
    assert counts() == before and (house / "demo-accounts.txt").read_text() == told


def test_over_real_people_nothing_is_loaded():
    call_command("furnish")
    create_first_administrator(Role.Kind.SYSTEM_ADMIN, "linyutong", "林雨桐")
    with pytest.raises(CommandError, match="真实用户"):
        call_command("load_demo", few=3)
    assert not Area.objects.exists()
