"""Programmes (帮扶项目): none opens without its assessment; the one of the health authority needs an order too (P5, P13)."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from hezhi.chapters.grassroots.care import actions, queries
from hezhi.chapters.grassroots.care.models import Programme
from hezhi.chapters.grassroots.care.tests.world import paper
from hezhi.engines.org.testkit import traced
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.uploads.tests import makers

pytestmark = [pytest.mark.clause("9.1.3-2-6"), pytest.mark.clause("9.1.3-2-7")]


def assess(office, row):
    today = time.today()
    return actions.assess(
        row.pk, by=office["protector"], number="PIA-1", on=today, until=today + timedelta(days=365), paper=paper()
    )  # fmt: skip


def test_a_fresh_installation_has_thirteen_programmes_and_none_is_open(office):
    assert Programme.objects.count() == 13 and not Programme.objects.filter(enabled=True).exists()


def test_no_programme_opens_without_its_assessment(office):
    row = office.programme("alone", on=False)
    with pytest.raises(NotNow, match="影响评估"):
        actions.enable(row.pk, by=office["protector"])
    assess(office, row)
    assert actions.enable(row.pk, by=office["protector"]).enabled


def test_an_assessment_holds_for_a_year_at_most(office):
    row, today = office.programme("alone", on=False), time.today()
    with pytest.raises(BadInput, match="一年以内"):
        actions.assess(
            row.pk, by=office["protector"], number="PIA-1", on=today, until=today + timedelta(days=800), paper=paper()
        )


def test_the_health_programme_needs_an_order_and_a_named_officer(office):
    row = office.programme("health_a", on=False)
    assess(office, row)
    with pytest.raises(NotNow, match="主管部门文件"):
        actions.enable(row.pk, by=office["protector"])


def test_a_number_without_its_paper_opens_nothing(office, at):
    row, today = office.programme("health_a", on=False), time.today()
    told = {"number": "PIA-1", "on": today, "until": today + timedelta(days=300)}
    with pytest.raises(BadInput, match="上传影响评估报告"):
        actions.assess(row.pk, by=office["protector"], **told, paper=None)
    page = f"/care/programmes/{row.pk}/"
    client = at("protector")
    told |= {"on": f"{today}", "until": f"{told['until']}"}
    assert client.post(f"{page}assess/", told).status_code == 422
    wrong = SimpleUploadedFile("报告.pdf", b"MZ no paper at all", "application/pdf")
    assert client.post(f"{page}assess/", told | {"paper": wrong}).status_code == 422
    right = SimpleUploadedFile("报告.pdf", makers.pdf(), "application/pdf")
    assert client.post(f"{page}assess/", told | {"paper": right}).status_code == 302
    traced()
    Programme.objects.filter(pk=row.pk).update(order_number="卫健〔2026〕1 号", officer=office.people["supervisor"])
    with pytest.raises(NotNow, match="主管部门文件还没有上传"):
        actions.enable(row.pk, by=office["protector"])
    actions.note_order(
        row.pk, by=office["protector"], number="卫健〔2026〕1 号", officer_id=office.people["supervisor"].pk,
        unit_id=office.units["centre"].pk, paper=paper("文件.pdf"),
    )  # fmt: skip
    assert actions.enable(row.pk, by=office["protector"]).enabled
    link = f"/files/{queries.papers_of(row)['assessment'].pk}/"
    assert link in client.get(page).content.decode() and client.get(link).status_code == 200
    assert at("worker").get(link).status_code == 404


def test_the_database_holds_it_too(office):
    traced()
    with pytest.raises(IntegrityError), transaction.atomic():
        Programme.objects.filter(code="alone").update(enabled=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Programme.objects.filter(code="health_a").update(
            enabled=True, assessed_on=time.today(), assessed_until=time.today() + timedelta(days=9), assessment="1"
        )  # fmt: skip


def test_only_the_protection_officer_opens_a_programme(office):
    row = office.programme("alone", on=False)
    with pytest.raises(NotAllowed):
        actions.enable(row.pk, by=office["supervisor"])


def test_a_supervisor_sees_only_programmes_that_are_open_to_him(office):
    office.programme("health_a")
    office.programme("alone")
    assert {p.code for p in queries.programmes_open_to(office["supervisor"])} == {"health_a", "alone"}
    assert {p.code for p in queries.programmes_open_to(office["other_supervisor"])} == {"alone"}


def test_an_expired_assessment_stops_new_files(office):
    row = office.programme("alone")
    with time.frozen_at(time.now() + timedelta(days=400)):
        assert row not in queries.programmes_open_to(office["supervisor"])
