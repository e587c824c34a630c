"""Petition matters (信访事项, P4): the matter and who must answer; the unit complained of is barred, by rule and database."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from hezhi.chapters.grassroots.care import actions
from hezhi.chapters.grassroots.care.actions.petitions import limit_of
from hezhi.chapters.grassroots.care.models import PetitionMatter
from hezhi.engines.org.testkit import traced
from hezhi.engines.registry import site
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, NotNow

pytestmark = pytest.mark.clause("9.1.3-2-6")


@pytest.fixture
def matter(office):
    traced()
    moment = time.now()
    return PetitionMatter.objects.create(
        number="XF2611260001", title="楼道照明多次报修未果", way="letter", received_on=time.today(), stage_since=time.today(),
        due_on=limit_of("register", time.today()), text="多次报修没有答复", complained_unit=office.units["bureau"],
        unit=office.units["centre"], created_at=moment, changed_at=moment,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "last"),
    [
        ("register", date(2026, 12, 11)),
        ("handle", date(2027, 1, 25)),
        ("review", date(2026, 12, 28)),
        ("recheck", date(2026, 12, 28)),
    ],
)
def test_the_limits_are_those_of_the_law_in_calendar_days(office, stage, last):
    """A last day that is a rest day moves to the first working day after it."""
    assert limit_of(stage, date(2026, 11, 26)) == last


@pytest.mark.parametrize("unit", ["bureau", "branch"])
def test_the_unit_complained_of_and_those_below_it_never_answer(office, matter, unit):
    with pytest.raises(NotNow, match="被反映的单位"):
        actions.assign_matter(matter.pk, by=office["petitions"], office=office.units[unit])


def test_the_database_holds_it_too(office, matter):
    traced()
    with pytest.raises(IntegrityError), transaction.atomic():
        PetitionMatter.objects.filter(pk=matter.pk).update(office=office.units["bureau"])


def test_the_one_complained_of_never_sees_the_matter(office, at, matter):
    assert at("bureau_handler").get(f"/r/petition-matters/{matter.pk}/").status_code == 404
    assert matter.number not in at("bureau_handler").get("/r/petition-matters/").content.decode()


def test_nobody_below_the_unit_complained_of_sees_it_however_far_his_scope_reaches(office, matter):
    below, above = office.units["branch"], (office.units["bureau"].pk, office.units["branch"].pk)
    far = office["petitions"]
    assert PetitionMatter.objects.visible_to(far).filter(pk=matter.pk).exists()
    of_branch = replace(far, unit_id=below.pk, above=above)
    assert not PetitionMatter.objects.visible_to(of_branch).filter(pk=matter.pk).exists()


def test_a_unit_that_answers_already_cannot_be_made_the_one_complained_of_from_above(office, matter):
    actions.assign_matter(matter.pk, by=office["petitions"], office=office.units["water"])
    matter.refresh_from_db()
    matter.complained_unit = office.units["centre"]  # the unit above the one that answers
    with pytest.raises(BadInput, match="被反映的单位"):
        site.get("petition-matters").check(matter, office["chief"])


def test_a_matter_goes_its_way(office, at, matter):
    client, page = at("petitions"), f"/r/petition-matters/{matter.pk}/?tab=handling"
    assert (
        client.post(page, {"do": "assign", "office": str(office.units["water"].pk), "text": "请答复"}).status_code
        == 302
    )
    matter.refresh_from_db()
    assert matter.stage == "handle" and matter.due_on == limit_of("handle", time.today())
    assert client.post(page, {"do": "extend", "text": "需要检测"}).status_code == 302
    with pytest.raises(NotNow, match="只能延一次"):
        actions.extend_matter(matter.pk, by=office["petitions"], text="再延")
    with pytest.raises(NotNow, match="答复"):
        actions.advance_matter(matter.pk, by=office["petitions"], stage="closed", text="")
    assert at("water_handler").post(page, {"do": "reply", "text": "已更换照明，专人巡查。"}).status_code == 302
    assert at("petitions").post(page, {"do": "advance", "stage": "closed", "text": "已答复"}).status_code == 302
    matter.refresh_from_db()
    assert matter.stage == "closed" and matter.due_on is None and matter.closed_on == time.today()
    assert "已更换照明" in at("petitions").get(page).content.decode()


@pytest.mark.parametrize(
    ("begun", "last"),
    [
        (date(2026, 3, 3), date(2026, 6, 1)),  # the ninetieth day is a Monday
        (date(2026, 3, 2), date(2026, 6, 1)),  # the ninetieth day, 31 May, is a Sunday
        (date(2026, 7, 7), date(2026, 10, 8)),  # the ninetieth day, 5 October, lies in the holidays of National Day
    ],
)
def test_an_extension_gives_thirty_days_more(office, matter, begun, last):
    """Ninety days from the day on which handling began; a rest day at their end moves on once, not twice."""
    actions.assign_matter(matter.pk, by=office["petitions"], office=office.units["water"])
    traced()
    PetitionMatter.objects.filter(pk=matter.pk).update(stage_since=begun)
    assert actions.extend_matter(matter.pk, by=office["petitions"], text="需要检测").due_on == last


def test_parties_stand_masked_with_the_matter_alone(office, at, matter):
    actions.add_party(matter.pk, by=office["petitions"], person_name="艾望舒", phone="19900004444")
    page = at("petitions").get(f"/r/petition-matters/{matter.pk}/?tab=parties").content.decode()
    assert "艾**" in page and "199****4444" in page and "艾望舒" not in page
    assert "艾" not in at("petitions").get("/r/petition-matters/").content.decode().split("<main")[1]


def test_another_office_does_not_see_it(office, matter):
    with pytest.raises(NotFound):
        actions.reply_matter(matter.pk, by=office["water_handler"], text="x")
