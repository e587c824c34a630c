"""告知上报人 (9.1.2-2): he chooses the channel and whether he hears of each step; what he must know he is told anyway."""

from collections.abc import Iterator

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.reach.delivery import deliver_outside
from hezhi.engines.reach.models import LocalCopy, Outgoing
from hezhi.ground import time

pytestmark = pytest.mark.clause("9.1.2-2")
PHONE = "13812345678"


@pytest.fixture
def district(db: None) -> Iterator[District]:
    """At ten in the morning: at night text messages wait."""
    with time.frozen_at("2026-11-26 10:00"):
        yield build()


def reported() -> tuple[Client, Case]:
    phone = Client()
    phone.post("/c/report/", {"kind": "01", "text": "路灯不亮", "address": "长江路", "phone": PHONE})
    return phone, Case.objects.latest("recorded_at")


def on_its_way(district: District, case: Case) -> None:
    """Accepted, dispatched, then asked for more: the last he is always told."""
    actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.ask_supplement(case.pk, by=district["centre.acceptor"], reason="请说明是哪一盏")
    actions.supplement(case.pk, by=district["centre.acceptor"], text="门口第二盏")
    actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(case.pk, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    while deliver_outside():
        pass


def told(case: Case) -> list[tuple[str, str]]:
    """What left the house for the reporter: event and channel."""
    rows = LocalCopy.objects.filter(outgoing__object_id=case.pk, outgoing__unit=None, outgoing__user=None)
    return sorted(rows.values_list("outgoing__event", "channel"))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, [("cases.supplement_reporter", "sms")]),
        ({"told_by": "sms", "every_step": "1"}, [("cases.step_reporter", "sms"), ("cases.supplement_reporter", "sms")]),
        ({"told_by": "ai_shandong"}, [("cases.supplement_reporter", "ai_shandong")]),
        ({"told_by": "none", "every_step": "1"}, []),
    ],
)
def test_a_reporter_is_told_by_the_channel_and_of_the_steps_that_he_chose(district: District, form, expected) -> None:
    phone, case = reported()
    assert "怎样告诉您" in phone.get(f"/c/case/{case.pk}/").content.decode()
    if form:
        assert phone.post(f"/c/case/{case.pk}/telling/", form).status_code == 302
    on_its_way(district, case)
    assert told(case) == expected
    kept = " ".join(str(vars(row)) for row in [*Outgoing.objects.all(), *LocalCopy.objects.all()])
    assert PHONE not in kept


def test_nobody_else_chooses_for_him_and_an_unknown_way_changes_nothing(district: District) -> None:
    phone, case = reported()
    assert Client().post(f"/c/case/{case.pk}/telling/", {"told_by": "none"}).status_code == 404
    refused = phone.post(f"/c/case/{case.pk}/telling/", {"told_by": "pigeon"}, follow=True)
    assert "请从列出的方式中选择" in refused.content.decode()
    case.refresh_from_db()
    assert case.reporter.told_by == "sms"
