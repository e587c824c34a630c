"""The small district with people who watch events: at the centre, in a department, in two towns."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client

from hezhi.chapters.awareness.early_warning import jobs
from hezhi.chapters.awareness.early_warning.actions import load_tables
from hezhi.chapters.cases.handling.api import Category
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.analysis import state
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.ground import time

VIEW = ("events.view", "reach.inbox")
GRANTS = {
    "acceptor": (*VIEW, "events.regroup"),
    "dispatcher": (*VIEW, "events.regroup", "warnings.acknowledge"),
    "duty_chief": (*VIEW, "events.regroup", "warnings.acknowledge", "warnings.escalated", "warnings.models"),
    "town_dispatcher": (*VIEW, "warnings.acknowledge"),
    "handler": (*VIEW, "warnings.acknowledge"),
}
WATER = "从上午开始整栋楼没有水，五楼以上一滴水也没有，物业说是泵房配件坏了，请水务部门尽快抢修恢复供水。"


@pytest.fixture(autouse=True)
def _fresh_stream() -> Iterator[None]:
    state._memory = state.Memory()
    yield
    state._memory = state.Memory()


@pytest.fixture
def clock():
    """The clock stands at a Thursday morning; the district is built under it."""
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, clock) -> District:
    """People with the rights of the seed roles, and the models an installation starts with."""
    district = build()
    traced()
    for code, more in GRANTS.items():
        role = Role.objects.get(code=code)
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *more}))
    load_tables(by=system("测试"))
    return district


@pytest.fixture
def as_(district: District):
    """`as_("centre.duty_chief")`: a browser in which this person has signed in."""
    return lambda name: enter(Client(), district.people[name])


@pytest.fixture
def tell(district: District):
    """`tell("海棠苑没水", days=1, phone=…)`: one message about the water, some time ago, and which case it became."""

    def told(title: str = "海棠苑小区五楼以上没有水", *, ago: float = 0, phone: str = "", **more: object) -> UUID:
        with time.frozen_at(time.now() - timedelta(hours=ago)):
            text = str(more.pop("text", "海棠苑小区" + WATER))
            return district.report(text, title=title, phone=phone, **more).id

    return told


@pytest.fixture
def burst(tell):
    """Seven people through three channels within a day and a half; then the stream and the watch have gone round once."""
    sources = ("hotline", "online_media", "grid", "hotline", "citizen", "hotline", "walk_in")
    keys = [
        tell(f"海棠苑小区{n}号楼五楼以上没有水", ago=31 - 4 * n, phone=f"1990000{n:04d}", source=source)
        for n, source in enumerate(sources)
    ]
    go_round()
    return keys


def go_round() -> None:
    """The clock goes once round: what came in is read, what is hot is warned of."""
    while jobs.feed():
        pass
    jobs.watch()


def category(district: District) -> Category:
    return district.categories["0101"]
