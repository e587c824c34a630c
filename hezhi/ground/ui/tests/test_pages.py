"""Answers of the kit: whole pages, parts, letters, the worker's file, the large view."""

import pytest
from django.http import Http404
from django.test import RequestFactory

from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.ui import answers, examples, pages, shapes

ask = RequestFactory()


@pytest.mark.parametrize("name", pages.PATTERNS)
def test_every_page_of_the_style_page_can_be_shown(name: str) -> None:
    assert pages.gallery(ask.get("/"), name).status_code == 200


def test_an_unknown_page_is_not_found() -> None:
    with pytest.raises(Http404):
        pages.gallery(ask.get("/"), "nothing")


def listing(**headers: str) -> str:
    context = {"listing": examples.listing(rows=2), "shell": examples.shell()}
    response = answers.answer(ask.get("/", headers=headers), "ui/list.html", "ui/parts/listing.html", context)
    assert response["Vary"] == "HX-Request"
    return response.content.decode()


def test_a_browser_gets_the_page_and_htmx_its_part() -> None:
    assert "<html" in listing()
    part = listing(**{"HX-Request": "true"})
    assert "<html" not in part
    assert 'id="listing-body"' in part


def test_whatever_stands_in_a_row_or_a_choice_is_text_and_never_a_tag() -> None:
    sign = '<b>&"'
    row = shapes.Row(id=sign, name=sign, tone=sign, url="/x", cells=[shapes.Cell(sign, sign, "/x"), shapes.Cell(sign)])
    drawn = shapes.Listing(
        columns=[shapes.Column(sign, sign), shapes.Column("乙")], rows=[row], empty=shapes.Empty("无"),
        bulk_actions=[shapes.BulkAction("改", "/bulk")],
        filters=[shapes.Filter("f", "筛", "select", options=[shapes.Option(sign, sign, True)])],
    )  # fmt: skip
    told = answers.answer(ask.get("/"), "ui/list.html", "ui/parts/listing.html", {"listing": drawn}).content.decode()
    assert "<b>&" not in told and told.count("&lt;b&gt;&amp;&quot;") == 13
    assert '<a href="/x" data-open>' in told and " selected>" in told and 'type="checkbox" name="chosen"' in told


def test_a_cell_that_says_nothing_is_marked_so_that_a_phone_can_leave_it_out() -> None:
    cells = [shapes.Cell("甲"), shapes.Cell("—"), shapes.Cell("—", "附注")]
    drawn = shapes.Listing(
        columns=[shapes.Column(name, name) for name in ("一", "二", "三")],
        rows=[shapes.Row(id="1", name="甲", cells=cells)], empty=shapes.Empty("无"),
    )  # fmt: skip
    told = answers.answer(ask.get("/"), "ui/list.html", "ui/parts/listing.html", {"listing": drawn}).content.decode()
    assert told.count("is-none") == 1 and 'is-none" data-label="二"' in told


def test_going_back_asks_for_the_whole_page() -> None:
    assert "<html" in listing(**{"HX-Request": "true", "HX-History-Restore-Request": "true"})


def test_a_refusal_is_a_letter_with_a_number() -> None:
    refusal = NotNow()
    response = answers.letter(ask.get("/"), refusal)
    text = response.content.decode()
    assert response.status_code == 409
    for sentence in (refusal.what, refusal.meaning, refusal.remedy, refusal.number):
        assert sentence in text


def test_a_refusal_inside_a_dialog_is_a_letter_without_a_page() -> None:
    response = answers.letter(ask.get("/", headers={"HX-Request": "true"}), BadInput())
    assert response.status_code == 422
    assert b"<html" not in response.content
    assert 'class="letter"' in response.content.decode()


def test_the_worker_comes_fresh_every_time() -> None:
    response = pages.service_worker(ask.get("/m/sw.js"))
    assert response["Cache-Control"] == "no-cache"
    assert response["Content-Type"].startswith("text/javascript")


def test_the_large_view_is_remembered_and_leads_back() -> None:
    response = pages.switch_elder(ask.post("/elder", headers={"referer": "http://testserver/m/report"}))
    assert response["Location"] == "http://testserver/m/report"
    assert response.cookies["elder"].value == "1"


def test_the_large_view_leads_to_no_other_site() -> None:
    response = pages.switch_elder(ask.post("/elder", headers={"referer": "https://elsewhere.example/"}))
    assert response["Location"] == "/"


def test_the_large_view_is_turned_off_again() -> None:
    request = ask.post("/elder")
    request.COOKIES["elder"] = "1"
    assert pages.switch_elder(request).cookies["elder"].value == "0"
