"""Who is on duty now stands where officers look: on the start page, and on the page of an urgent case."""

from datetime import timedelta

import pytest

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.models import DutyShift
from hezhi.engines.org.testkit import enter, traced
from hezhi.ground import time

pytestmark = [pytest.mark.django_db, pytest.mark.clause("10.1-3")]


@pytest.fixture
def district(db) -> District:
    return build()


def on_duty(district: District, who: str) -> None:
    traced()
    user, moment = district.people[who], time.now()
    unit = district.units[who.partition(".")[0]]
    DutyShift.objects.create(
        unit=unit, user=user, starts_at=moment - timedelta(hours=1), ends_at=moment + timedelta(hours=7)
    )


def test_the_start_page_names_who_is_on_duty_here_and_at_the_centre(client, district: District) -> None:
    page = enter(client, district.people["light.handler"]).get("/").content.decode()
    assert "本单位无人当班" in page
    on_duty(district, "light.reviewer")
    on_duty(district, "centre.duty_chief")
    page = enter(client, district.people["light.handler"]).get("/").content.decode()
    assert district.people["light.reviewer"].full_name in page
    assert district.people["centre.duty_chief"].full_name in page
    assert "本单位无人当班" not in page


def test_an_urgent_case_says_whom_to_ring(client, district: District) -> None:
    on_duty(district, "centre.duty_chief")
    receipt = district.report()
    desk = enter(client, district.people["centre.acceptor"])
    page = f"/cases/{receipt.id}/"
    assert "值班联系" not in desk.get(page).content.decode()
    traced()
    Case.objects.filter(pk=receipt.id).update(urgency="critical")
    told = desk.get(page).content.decode()
    assert "值班联系" in told and district.people["centre.duty_chief"].full_name in told
