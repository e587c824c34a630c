"""9.1.2-4 统计分析: facts that are kept, figures that open their cases, reports that are kept."""

import io
import random
import re
from datetime import date, timedelta

import openpyxl
import pytest
from docx import Document

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.models import Moved
from hezhi.chapters.cases.return_visit.models import Exclusion
from hezhi.chapters.cases.statistics import actions, queries, rules
from hezhi.chapters.cases.statistics.models import Fact, Report
from hezhi.chapters.cases.statistics.queries import Asked
from hezhi.chapters.cases.statistics.testkit import Hands, here
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.files import content_of
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.errors import Refusal
from hezhi.ground.events import announce
from hezhi.ground.testkit.pdf import words_of_pdf

pytestmark = pytest.mark.clause("9.1.2-4")
NOVEMBER = Asked(date(2026, 11, 1), date(2026, 11, 30))


MOVES = {
    "to_accept": ("accept",) * 7 + ("void",), "to_dispatch": ("dispatch",), "redo": ("dispatch",),
    "to_sign": ("sign", "sign", "give_back"), "handling": ("reply", "reply", "extend", "hold"), "on_hold": ("resume",),
    "to_review": ("review",), "to_call_back": ("call",), "closed": ("rate", "redo"),
}  # fmt: skip
"""What may come next in each state, mostly the plain step."""


@pytest.fixture
def hands(district) -> Hands:
    return Hands(district)


def told() -> list[dict]:
    rows = Fact.objects.order_by("case_id", "round").values()
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


# -- keeping -------------------------------------------------------------------------------------------


def test_what_is_kept_is_what_history_gives_however_the_cases_move(hands, november):
    """Five cases moved at random through all verbs; facts kept up now and then equal those made afresh."""
    dice = random.Random(20261102)
    cases = [hands.report(title=f"路灯{n}", source=dice.choice(["hotline", "walk_in"])) for n in range(5)]
    done = 0
    for _ in range(110):
        november.move_to(time.now() + timedelta(minutes=dice.choice((7, 40, 200, 900))))
        case = dice.choice(cases)
        case.refresh_from_db()
        move = dice.choice(MOVES.get(case.state, ("sign",)))
        extra = {
            "call": {"again": dice.random() < 0.4, "happy": dice.random() < 0.7},
            "rate": {"stars": dice.randint(1, 5)},
        }
        if move == "dispatch":
            extra[move] = {"unit": dice.choice(["light", "water", "town1"])}
        try:
            getattr(hands, move)(case, **extra.get(move, {}))
            done += 1
        except (Refusal, IndexError):
            continue
        if dice.random() < 0.3:
            actions.catch_up()
    assert done > 45
    while actions.catch_up():
        pass
    kept = told()
    assert len({(f["case_id"], f["round"]) for f in kept}) == len(kept) and max(f["round"] for f in kept) > 1
    Fact.objects.all().delete()
    actions.rebuild()
    assert told() == kept


def test_a_verdict_that_another_unit_left_out_does_not_count(hands):
    case = hands.report()
    hands.accept(case)
    hands.dispatch(case)
    hands.sign(case)
    hands.reply(case)
    hands.review(case)
    hands.call(case, happy=False)
    actions.catch_up()
    assert Fact.objects.get(case=case).satisfied is False
    traced()
    units = hands.d.units
    Exclusion.objects.create(
        case=case, ground="unreasonable", reason="超出法定标准", state="granted", asked_at=time.now(),
        asked_unit=units["light"], decided_unit=units["centre"],
    )  # fmt: skip
    actions.renew([case.pk])
    fact = Fact.objects.get(case=case)
    assert (fact.satisfied, fact.rated_at, fact.outcome) == (None, None, "closed")


def test_every_way_a_case_moves_leaves_a_mark_and_the_screen_says_up_to_when(hands, november, district):
    actions.catch_up()
    case = hands.report()
    assert Moved.objects.filter(case_id=case.pk).exists(), "the one statement of intake"
    assert queries.up_to() <= time.real_now()
    actions.catch_up()
    assert not Moved.objects.exists() and Fact.objects.filter(case=case).count() == 1
    Case.objects.filter(pk=case.pk).update(urgency="urgent")
    actions.catch_up()
    assert Fact.objects.get(case=case).urgency == "urgent"
    announce("grids.redrawn", community=district.areas["c1"].pk, grids=[], by=None)
    assert Moved.objects.get().case_id == case.pk, "its grid of today is looked up again"


# -- a known month -------------------------------------------------------------------------------------


@pytest.fixture
def month(hands, november, district) -> dict[str, Case]:
    """Seven cases of November, worked by hand below. Total limit five working days, the call-back three."""
    c: dict[str, Case] = {}

    def at(text: str) -> None:
        november.move_to(here(f"2026-11-{text}"))

    for name in ("fine", "late", "extended", "waiting", "again", "void", "secret"):
        c[name] = hands.report(
            title=f"路灯不亮{name}", **({"secret": True, "text": "举报内容绝密"} if name == "secret" else {})
        )
    at("02 09:10")
    for name in ("fine", "late", "extended", "waiting", "again", "secret"):
        hands.accept(c[name])
    hands.void(c["void"])
    at("02 09:20")
    for name in ("fine", "late", "extended", "waiting", "again"):
        hands.dispatch(c[name])
    at("02 10:00")
    hands.give_back(c["waiting"])
    at("02 10:30")
    hands.dispatch(c["waiting"], "town1")
    for name in ("fine", "late", "extended", "again"):
        hands.sign(c[name])
    hands.extend(c["extended"])
    at("04 11:00")
    for name in ("fine", "again"):
        hands.reply(c[name])
        hands.review(c[name])
    at("05 09:00")
    hands.call(c["fine"])
    hands.call(c["again"], happy=False, again=True)
    at("05 10:00")
    hands.dispatch(c["again"])
    hands.sign(c["again"])
    at("11 10:00")  # the limit of 2 November was the 9th; the extension moved it to the 12th
    for name in ("late", "extended", "again"):
        hands.reply(c[name])
        hands.review(c[name])
    at("12 09:00")
    hands.call(c["late"], happy=False)
    hands.call(c["extended"])
    hands.call(c["again"])
    at("30 17:00")
    actions.catch_up()
    return c


BY_HAND = {
    # seven came, one of them void; all were accepted in the month
    "有效上报率": (6, 6, "100.0"), "按时受理率": (6, 6, "100.0"), "准确受理率": (6, 6, "100.0"),
    # rounds to handle: fine, late, extended, waiting, again twice, the secret one
    "处置率": (5, 7, "71.4"),
    "按期处置率": (4, 7, "57.1"),  # fine, extended, again twice
    "超期待处置率": (2, 7, "28.6"),  # waiting at the town, the secret one at the desk
    "延期率": (1, 7, "14.3"),
    # rounds to close: the five handled ones, and the two whose limit is over
    "结案率": (4, 7, "57.1"), "按期结案率": (4, 7, "57.1"), "返工率": (1, 7, "14.3"),
    # five by the call-back's limit or in the call; one of them is the unhappy first round
    "按期核查率": (5, 5, "100.0"), "满意率": (3, 5, "60.0"),
    "退回率": (1, 6, "16.7"), "准确派遣率": (5, 6, "83.3"),
}  # fmt: skip


def test_the_rates_of_a_known_month_are_what_the_hand_works_out(month, as_, ledger):
    desk = as_("centre.duty_chief")
    desk.get("/statistics/reports/")  # what is read once is read now
    with ledger.sql("statistics of a month", 13):
        page = desk.get("/statistics/?from=2026-11-01&to=2026-11-30").content.decode()
    rows = {}
    body = re.search(r'aria-label="各项比率".*?</table>', page, re.DOTALL)
    assert body
    for row in re.findall(r"<tr>(.*?)</tr>", body[0], re.DOTALL):
        cells = [
            re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]
        if len(cells) == 7 and cells[2].isdigit():
            rows[cells[0]] = (int(cells[2]), int(cells[3]), cells[4].split("%")[0])
    assert {name: rows[name] for name in BY_HAND} == BY_HAND


def test_each_figure_opens_its_own_cases_for_every_reader(month, as_, district):
    """District, town and department: the number on the screen is the number of cases behind it."""
    seen = {}
    for who in ("centre.duty_chief", "town1.town_dispatcher", "light.handler", "water.handler"):
        by, browser = district[who], as_(who)
        for dimension in queries.DIMENSIONS:
            asked = Asked(NOVEMBER.first, NOVEMBER.last, by=dimension)
            total = queries.total(by, asked)
            lines = queries.breakdown(by, asked)
            for code in ("reported", "to_handle", "waiting_late"):
                assert sum(line[code] for line in lines) == total[code], (who, dimension, code)
                for line in lines:
                    behind = queries.behind(by, asked, code, line.key or "none")
                    assert behind.count() == line[code], (who, dimension, code, line.name)
                    listed = [case for _, case in queries.cases_behind(by, behind, 1)]
                    assert None not in listed, "a figure counts nothing its reader may not open"
            seen[who] = total["reported"]
        counted = queries.total(by, NOVEMBER)
        one_by_one = {code: queries.behind(by, NOVEMBER, code).count() for code in rules.MEASURES}
        assert one_by_one == {code: cell.value for code, cell in counted.cells.items()}, "one reading counts them all"
        cell = counted.cells["handled_on_time"]
        page = browser.get(cell.url).content.decode()
        assert f"按期处置数 {cell.value} 件次" in page and page.count("data-row=") == cell.value
    assert seen["centre.duty_chief"] == seen["town1.town_dispatcher"] == 6
    assert seen["light.handler"] == 5 and seen["water.handler"] == 0


def test_a_secret_case_counts_and_tells_nothing(month, as_):
    page = (
        as_("centre.duty_chief")
        .get("/statistics/cases/?measure=reported&from=2026-11-01&to=2026-11-30")
        .content.decode()
    )
    assert month["secret"].number in page and "保密件" in page
    assert "绝密" not in page and "路灯不亮secret" not in page


def test_working_time_leaves_a_hold_out_and_a_stage_is_told_in_hours(hands, november, district):
    case = hands.report()
    hands.accept(case)
    hands.dispatch(case)
    hands.sign(case)
    november.move_to(here("2026-11-03 09:00"))
    hands.hold(case)
    november.move_to(here("2026-11-10 09:00"))
    hands.resume(case)
    november.move_to(here("2026-11-10 10:00"))
    hands.reply(case)
    hands.review(case)
    actions.catch_up()
    fact = Fact.objects.get(case=case)
    one_day = rules.hours(fact.work_handle)
    assert fact.holds == 1 and fact.work_handle < 12 * 3600, one_day
    stage = next(s for s in queries.whole(district["centre.duty_chief"], NOVEMBER).stages if s.name == "处置")
    assert stage.many == 1 and stage.mean == one_day


# -- what is taken away and kept -----------------------------------------------------------------------


def test_the_tables_leave_as_excel_and_word_with_the_same_numbers(month, as_):
    browser = as_("centre.duty_chief")
    query = "?from=2026-11-01&to=2026-11-30&by=unit"
    sheet = openpyxl.load_workbook(io.BytesIO(browser.get(f"/statistics/export/xlsx/{query}").content))["各项比率"]
    rates = {row[0]: row[4] for row in sheet.iter_rows(values_only=True)}
    assert rates["处置率"].startswith("71.4%")
    paper = Document(io.BytesIO(browser.get(f"/statistics/export/docx/{query}").content))
    assert any("71.4%" in cell.text for table in paper.tables for row in table.rows for cell in row.cells)
    printed = browser.get(f"/statistics/reports/print/{query}").content.decode()
    assert "71.4%" in printed and "示例区城市管理局" in printed


def test_reports_write_themselves_once_and_only_who_sees_the_district_opens_them(month, as_, november, district):
    november.move_to(here("2026-12-01 06:00"))
    assert actions.write_due() == 3 and actions.write_due() == 0
    monthly = Report.objects.get(rhythm="monthly")
    assert (monthly.start, monthly.end) == (date(2026, 11, 1), date(2026, 11, 30))
    assert Outgoing.objects.filter(object_id=monthly.pk).exists(), "the receivers are told"
    file, paper = Attachment.objects.filter(object_id=monthly.pk).order_by("name")
    assert [each.name.rsplit(".")[-1] for each in (file, paper)] == ["docx", "pdf"]
    assert as_("centre.duty_chief").get(f"/files/{file.pk}/").status_code == 200
    words = words_of_pdf(content_of(paper))
    assert monthly.title in words and "总体情况" in words and "按期处置率" in words
    for who in ("town1.town_dispatcher", "light.handler"):
        browser = as_(who)
        assert monthly.title not in browser.get("/statistics/reports/").content.decode()
        assert browser.get(f"/files/{file.pk}/").status_code == 404
    made = as_("light.handler").post(
        "/statistics/reports/new/?from=2026-11-01&to=2026-11-30", {"title": "我局十一月小结"}
    )
    assert made.status_code == 302
    assert "我局十一月小结" in as_("light.handler").get("/statistics/reports/").content.decode()


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("from=2026-11-30&to=2026-11-01", "结束日期不能早于开始日期"),
        ("from=abc&to=2026-11-01", "开始日期不对，请按 2026-11-01 这样填写"),
        ("from=2016-11-01&to=2026-11-01", "一次最多统计 800 天"),
    ],
)
def test_wrong_days_are_told_beside_the_filters_which_stay(as_, district, days, said):
    desk = as_("centre.duty_chief")
    answer = desk.get(f"/statistics/?{days}&source=grid&by=category")
    page = answer.content.decode()
    assert answer.status_code == 422 and said in page and "事项的状态已经变化" not in page
    assert '<option value="grid" selected>' in page and '<option value="category" selected>' in page
    assert 'name="to" value="2026-11-01"' in page and "chart-trend" not in page
    elsewhere = desk.get(f"/statistics/reports/print/?{days}")
    assert elsewhere.status_code == 422 and said in elsewhere.content.decode()


@pytest.mark.parametrize(
    ("first", "last", "before", "year"),
    [
        ("2026-11-01", "2026-11-30", ("2026-10-01", "2026-10-31"), ("2025-11-01", "2025-11-30")),
        ("2024-02-01", "2024-02-29", ("2024-01-01", "2024-01-31"), ("2023-02-01", "2023-02-28")),
        ("2025-02-01", "2025-02-28", ("2025-01-01", "2025-01-31"), ("2024-02-01", "2024-02-29")),
        ("2026-11-23", "2026-11-29", ("2026-11-16", "2026-11-22"), ("2025-11-23", "2025-11-29")),
    ],
)
def test_the_periods_to_compare_with(first, last, before, year):
    days = date.fromisoformat(first), date.fromisoformat(last)
    assert rules.before(*days) == tuple(map(date.fromisoformat, before))
    assert rules.year_before(*days) == tuple(map(date.fromisoformat, year))
