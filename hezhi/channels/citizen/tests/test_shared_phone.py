"""A phone that many hands use (公用手机, 12.3-1): what the browser may open ends at one press, and a code is shown once."""

import re

import pytest
from django.test import Client

from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.testkit import enter

pytestmark = pytest.mark.clause("12.3-1")
TOLD = {"text": "路灯不亮两天", "address": "长江路", "phone": "19900001111"}


@pytest.fixture
def district(db: None) -> District:
    return build()


def test_the_receipt_shows_the_code_once_and_the_next_hands_do_not_read_it(district: District) -> None:
    phone = Client()
    done = phone.post("/c/report/", TOLD)["Location"]
    assert phone.head(done).status_code == 200, "a look ahead by the browser is no reading"
    first, again = (phone.get(done).content.decode() for _ in range(2))
    (code,) = re.findall("<b>([0-9A-Z]{8})</b>", first)
    assert "told" not in phone.session and code not in again and Case.objects.get().number in again
    assert Client().post("/c/follow/", {"number": Case.objects.get().number, "code": code}).status_code == 302


def test_one_press_closes_everything_that_this_browser_had_open_and_nothing_of_an_officer(district: District) -> None:
    phone = enter(Client(), district.people["centre.acceptor"])
    done = phone.post("/c/report/", TOLD)["Location"]
    case = Case.objects.get().pk
    assert Case.objects.get().number in phone.get("/c/").content.decode()
    assert phone.get("/c/forget/").status_code == 302 and phone.session["mine"], "not by a mere address"
    phone.cookies["hezhi_phone"] = "example"
    answer = phone.post("/c/forget/")
    assert answer["Location"] == "/c/" and answer.cookies["hezhi_phone"].value == ""
    page = phone.get("/c/").content.decode()
    assert "本机记录已清除" in page and Case.objects.get().number not in page
    assert not {"mine", "told"} & set(phone.session.keys())
    for url in (done, f"/c/case/{case}/"):
        assert phone.get(url).status_code != 200
    assert phone.get("/cases/new/").status_code == 200, "the officer at this browser stays signed in"


def test_the_button_stands_where_a_citizen_writes_and_where_he_reads(district: District) -> None:
    home, report = (Client().get(url).content.decode() for url in ("/c/", "/c/report/"))
    for page in (home, report):
        assert re.search(r'<form [^>]*action="/c/forget/" data-forget', page) and "清除本机记录</button>" in page
    outside = report.index('id="forget"')
    assert '<button class="btn btn-wide" type="submit" form="forget">' in report and report.rindex(
        "</form>", 0, outside
    )
    assert (
        "data-forget" not in enter(Client(), district.people["grid11.grid_worker"]).get("/g/report/").content.decode()
    )
