"""A claimed to-do stays with its person for his shift and then falls back to the post (认领、退回、到期退回)."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from hezhi.channels.officer import pages
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.flow.jobs import release_claims
from hezhi.engines.flow.models import ToDo
from hezhi.engines.org.models import DutyShift, User
from hezhi.engines.org.testkit import enter, make_officer, traced
from hezhi.ground import time
from hezhi.ground.time import SHANGHAI

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.2-2")]

FRIDAY, SATURDAY = datetime(2026, 5, 15, tzinfo=SHANGHAI), datetime(2026, 5, 16, tzinfo=SHANGHAI)


@pytest.fixture
def district(clock, db) -> District:
    """One report that waits to be accepted, on a Friday at four in the afternoon."""
    clock.move_to(FRIDAY.replace(hour=16))
    district = build()
    district.report()
    return district


@pytest.fixture
def todo(district: District) -> ToDo:
    return ToDo.objects.get(step="accept")


@pytest.fixture
def acceptor(district: District) -> User:
    return district.people["centre.acceptor"]


@pytest.fixture
def colleague(acceptor: User) -> User:
    """Another one in the same post."""
    post = acceptor.holdings.get().post
    return make_officer("centre.acceptor.two", post.role, post.unit)


def desk(user: User) -> Client:
    """The person at the desk, signed in at this moment: a sign-in does not outlive a shift."""
    return enter(Client(), user)


def on_duty(
    district: District, who: str, begins: datetime, ends: datetime, unit: str = "centre", rank: int = 1
) -> None:
    traced()
    DutyShift.objects.create(
        unit=district.units[unit], user=district.people[who], starts_at=begins, ends_at=ends, rank=rank
    )


def claim(user: User, todo: ToDo) -> datetime | None:
    assert desk(user).post(f"/todo/{todo.pk}/claim/").status_code == 302
    todo.refresh_from_db()
    return todo.claimed_until


def test_it_stays_until_the_shift_on_the_roster_ends(district, acceptor, todo) -> None:
    on_duty(district, "centre.acceptor", FRIDAY.replace(hour=9), FRIDAY.replace(hour=17))
    on_duty(district, "centre.duty_chief", FRIDAY.replace(hour=9), FRIDAY.replace(hour=23), rank=2)
    on_duty(district, "centre.acceptor", FRIDAY.replace(hour=9), FRIDAY.replace(hour=22), unit="light")
    told = desk(acceptor).post(f"/todo/{todo.pk}/claim/", follow=True).content.decode()
    todo.refresh_from_db()
    assert todo.claimed_until == FRIDAY.replace(hour=17), "neither the colleague's shift nor one for another unit"
    assert "2026-05-15 17:00" in told


def test_a_night_shift_goes_on_after_midnight(clock, district, acceptor, todo) -> None:
    on_duty(district, "centre.acceptor", FRIDAY.replace(hour=20), SATURDAY.replace(hour=8))
    clock.move_to(FRIDAY.replace(hour=21))
    assert claim(acceptor, todo) == SATURDAY.replace(hour=8)


def test_off_the_roster_it_stays_until_the_office_closes(district, acceptor, todo) -> None:
    on_duty(district, "centre.acceptor", FRIDAY.replace(hour=8), FRIDAY.replace(hour=12))
    assert claim(acceptor, todo) == FRIDAY.replace(hour=17, minute=30), "the shift of the morning is over"


@pytest.mark.parametrize("moment", [FRIDAY.replace(hour=17, minute=30), SATURDAY.replace(hour=10)])
def test_off_the_roster_and_out_of_hours_it_stays_eight_hours(clock, acceptor, todo, moment) -> None:
    clock.move_to(moment)
    assert claim(acceptor, todo) == moment + timedelta(hours=8)


def test_a_colleague_finds_it_again_once_the_shift_is_over(clock, district, acceptor, colleague, todo) -> None:
    on_duty(district, "centre.acceptor", FRIDAY.replace(hour=9), FRIDAY.replace(hour=17))
    claim(acceptor, todo)
    assert todo.number not in desk(colleague).get("/").content.decode()
    assert desk(colleague).post(f"/todo/{todo.pk}/claim/").status_code == 404
    assert release_claims() == 0, "the shift still runs"

    clock.move_to(FRIDAY.replace(hour=17, minute=1))
    assert todo.number in desk(colleague).get("/").content.decode(), "even before the job has run"
    assert release_claims() == 1
    todo.refresh_from_db()
    assert (todo.claimed_by, todo.claimed_until) == (None, None)
    assert claim(colleague, todo) == FRIDAY.replace(hour=17, minute=30)


def test_the_start_page_counts_by_step_and_leads_to_the_rest(district, acceptor, todo, monkeypatch) -> None:
    others = [district.report(f"第{n}盏路灯不亮").number for n in range(3)]
    monkeypatch.setattr(pages, "SHOWN", 2)
    client = desk(acceptor)

    def numbers(query: str = "") -> set[str]:
        page = client.get(f"/{query}").content.decode()
        return {number for number in (todo.number, *others) if number in page}

    first, second = numbers(), numbers("?page=2")
    assert len(first) == len(second) == 2 and first | second == {todo.number, *others}
    page = client.get("/").content.decode()
    assert "第 1–2 件，共 4 件" in page and 'href="?page=2"' in page
    actions.ask_supplement(todo.object_id, by=district["centre.acceptor"], reason="请补充位置。")
    page = client.get("/").content.decode()
    chip = f"?{urlencode({'step': '受理'})}"
    assert f'href="{chip}"' in page and f"?{urlencode({'step': '补充'})}" in page
    waiting = client.get(f"/{chip}").content.decode()
    assert (
        "第 1–2 件，共 3 件" in waiting and todo.number not in waiting + client.get(f"/{chip}&page=2").content.decode()
    )
    for odd in ("?page=0", "?page=x", "?page=99", "?step=没有"):
        assert client.get(f"/{odd}").status_code == 200


def test_what_is_done_keeps_its_person(clock, acceptor, todo) -> None:
    claim(acceptor, todo)
    ToDo.objects.filter(pk=todo.pk).update(done_at=time.now())
    clock.move_to(SATURDAY)
    assert release_claims() == 0


def test_only_who_claimed_it_gives_it_back(acceptor, colleague, todo) -> None:
    claim(acceptor, todo)
    assert desk(colleague).post(f"/todo/{todo.pk}/release/").status_code == 404
    desk(acceptor).get(f"/todo/{todo.pk}/release/")
    todo.refresh_from_db()
    assert todo.claimed_by is not None, "a look changes nothing"
    desk(acceptor).post(f"/todo/{todo.pk}/release/")
    todo.refresh_from_db()
    assert (todo.claimed_by, todo.claimed_until) == (None, None)
    assert todo.number in desk(colleague).get("/").content.decode()
