"""What a report is asked besides, and how urgent it is by rule (补充询问、紧急程度规则, 9.1.2-1, 9.1.2-2)."""

from datetime import date, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.cases.handling import actions, jobs, queries, rules
from hezhi.chapters.cases.handling.models import Case, Category, Step, UrgencyRule
from hezhi.chapters.cases.intake.testkit import FROM, District, build, case_of
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, make_officer, make_role, traced
from hezhi.ground import time
from hezhi.ground.errors import BadInput

QUESTIONS = [
    {"key": "poles", "text": "有几盏灯不亮？", "type": "number", "min": 1, "max": 99, "unit": "盏"},
    {"key": "wire", "text": "是否有电线裸露？", "type": "yesno"},
    {"key": "since", "text": "从哪天开始？", "type": "date"},
]


@pytest.fixture
def district(db: None) -> District:
    district = build()
    traced()
    Category.objects.filter(code="0101").update(questions=QUESTIONS)
    return district


@pytest.mark.clause("9.1.2-1")
def test_reporter_desk_and_grid_worker_are_asked_what_the_category_asks(district: District) -> None:
    phone = Client()
    sent = phone.post("/c/report/", {"kind": "01", "text": "小区路灯不亮已经三天", "address": "长江路"}, follow=True)
    case = Case.objects.latest("recorded_at")
    assert case.suggestion["category"] == "0101" and "再回答 3 问" in sent.content.decode()
    url = f"/c/case/{case.pk}/questions/"
    form = phone.get(url).content.decode()
    assert all(each["text"] in form for each in QUESTIONS)
    wrong = phone.post(url, {"q-poles": "很多", "q-wire": "是"})
    assert (
        wrong.status_code == 422 and "请填数字" in wrong.content.decode() and 'value="很多"' in wrong.content.decode()
    )
    assert phone.post(url, {"q-poles": "3", "q-wire": "是"}).status_code == 302
    case.refresh_from_db()
    assert case.answers == {"有几盏灯不亮？": "3盏", "是否有电线裸露？": "是"}
    assert "再回答 1 问" in phone.get(f"/c/case/{case.pk}/").content.decode()
    assert Client().get(url).status_code == 404, "only who holds number and code"

    desk = enter(Client(), district.people["centre.acceptor"])
    receipt = district.report()
    assert "补充询问（3 问）" in desk.get(f"/cases/{receipt.id}/receipt/").content.decode()
    assert desk.post(f"/cases/{receipt.id}/questions/", {"q-since": "2026-11-20"}).status_code == 302
    assert "从哪天开始？" in desk.get(f"/cases/{receipt.id}/").content.decode()

    traced()
    role = Role.objects.get(code="town_dispatcher")
    Role.objects.filter(pk=role.pk).update(permissions=[*role.permissions, "cases.report"])
    town = enter(Client(), district.people["town2.town_dispatcher"])
    away = district.report(by="town2.town_dispatcher", source="walk_in")
    slip = town.get(f"/cases/{away.id}/receipt/").content.decode()
    assert away.number in slip and "不在您的管辖范围" in slip, "who registers gets his slip wherever the case lies"
    assert town.get(f"/cases/{away.id}/").status_code == 404 == town.get(f"/cases/{receipt.id}/receipt/").status_code

    worker = enter(Client(), district.people["grid11.grid_worker"])
    mine = district.report(by="grid11.grid_worker", source="grid")
    assert "再回答 3 问" in worker.get(f"/g/case/{mine.id}/").content.decode()
    assert worker.post(f"/g/case/{mine.id}/questions/", {"q-wire": "否"}).status_code == 302
    assert case_of(mine).answers == {"是否有电线裸露？": "否"}

    secret = district.report(secret=True)
    actions.accept(secret.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.answer_questions(secret.id, by=district["centre.acceptor"], given={"q-wire": "是"})
    sealed = case_of(secret)
    assert sealed.answers == {} and "电线裸露" in sealed.sealed_text
    assert Step.objects.get(case=sealed, verb="answer_questions").fields == {}


@pytest.mark.clause("9.1.2-1")
@given(st.text(max_size=12))
def test_an_answer_is_kept_as_its_type_asks_or_refused_with_its_question(answer: str) -> None:
    questions = rules.questions_of(QUESTIONS)
    for question in questions:
        try:
            told = rules.answered([question], {f"q-{question.key}": answer})
        except BadInput as refusal:
            assert question.text in refusal.fields[f"q-{question.key}"][0]
            continue
        if not answer.strip():
            assert told == {}
        elif question.type == "number":
            assert 1 <= float(told[question.text].removesuffix("盏")) <= 99
        else:
            assert told == {question.text: answer.strip()}


@pytest.mark.clause("9.1.2-2")
def test_a_rule_makes_a_report_urgent_and_says_why_and_an_officer_may_change_it(district: District) -> None:
    chief = enter(Client(), district.people["centre.acceptor"])
    UrgencyRule.objects.create(name="学校周边", urgency="urgent", places=["学校"], valid_from=FROM)
    UrgencyRule.objects.create(
        name="漏电", urgency="critical", words=["漏电", "触电"], category=Category.objects.get(code="01"), basis="应急预案",
        valid_from=FROM,
    )  # fmt: skip
    UrgencyRule.objects.create(name="停用的", urgency="critical", words=["路灯"], valid_from=FROM, valid_to=FROM)
    queries.forget_urgency_rules()
    near = district.report(text="路灯不亮", place="实验学校门口")
    live = district.report(text="学校门口路灯漏电，路灯杆麻手")
    plain, told = district.report(), district.report(text="路灯漏电", urgency="normal")
    assert [case_of(r).urgency for r in (near, live, plain, told)] == ["urgent", "critical", "normal", "normal"]
    assert case_of(live).suggestion["urgency"][1] == "规则「漏电」：含“漏电”，属该类别；依据：应急预案"
    assert "规则「漏电」" in chief.get(f"/cases/{live.id}/").content.decode()
    light = district.categories["0101"].pk
    actions.accept(live.id, by=district["centre.acceptor"], category_id=light, urgency="urgent")
    assert case_of(live).urgency == "urgent" and "规则「漏电」" not in chief.get(f"/cases/{live.id}/").content.decode()
    actions.accept(near.id, by=district["centre.acceptor"], category_id=light)
    assert case_of(near).urgency == "urgent"
    hidden = district.report(text="学校门口有人闹事", secret=True)
    assert case_of(hidden).urgency == "urgent" and "urgency" not in case_of(hidden).suggestion


@pytest.mark.clause("9.1.2-2")
def test_the_tree_of_categories_has_days_and_is_told_as_it_stood_on_each(db: None) -> None:
    with time.frozen_at("2026-11-26 09:00") as clock:
        district = build()
        traced()
        CategoryVersions = Category.versions.rel.related_model
        lamp = Category.objects.get(code="0101")
        Category.objects.filter(pk=lamp.pk).update(valid_to="2026-12-01")
        Category.objects.create(
            code="0109", name="智慧灯杆", full_name="市政设施/智慧灯杆", path="01/0109", parent=lamp.parent, active=False,
            valid_from="2026-12-01",
        )  # fmt: skip
        assert jobs.turn_categories() == 0
        clock.move_to(time.at_local(date(2026, 12, 1)))
        assert (jobs.turn_categories(), jobs.turn_categories()) == (2, 0)
        assert dict(Category.objects.filter(parent=lamp.parent).values_list("code", "active")) == {
            "0101": False, "0102": True, "0109": True,
        }  # fmt: skip
        assert CategoryVersions.objects.filter(code="0109").count() == 2
    today = time.today()
    assert {branch.code: branch.active for branch in queries.tree_on(today)}["0109"] is True
    assert ("0109", "新增", "市政设施/智慧灯杆") in queries.changes_between(today - timedelta(days=2), today)
    rights = make_role("clerk", ("dictionaries.edit", "cases.accept"), reach=Role.Reach.DISTRICT)
    clerk = make_officer("clerk", rights, district.units["centre"])
    page = enter(Client(), clerk).get("/cases/categories/").content.decode()
    assert "智慧灯杆" in page and "新增" in page
    assert queries.tree_on(today - timedelta(days=400)) == []
