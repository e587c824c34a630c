"""9.1.2-1 来源平台 at the officer's desk: the margin, the two lists, back-filling, the sheet both ways."""

import io
from datetime import datetime, timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.outside import note_outside
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.chapters.cases.platform import actions, queries, rules
from hezhi.chapters.cases.platform.models import BackFill, CodeMapping, Difference, Platform, ReplyField, Request
from hezhi.engines.flow.rules.calendar import shipped_calendar
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import used
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.time import FrozenClock

pytestmark = pytest.mark.clause("9.1.2-1")
START = datetime(2026, 3, 2, 9, tzinfo=time.SHANGHAI)


@given(st.integers(1, 60 * 24 * 40), st.integers(1, 30))
def test_ours_is_never_later_than_theirs_and_leaves_the_margin_where_it_fits(minutes: int, hours: int) -> None:
    due, margin, calendar = START + timedelta(minutes=minutes), Limit(hours, Unit.WORKING_HOURS), shipped_calendar()
    latest = rules.our_latest(due, START, margin, calendar)
    assert START <= latest <= due
    assert latest == due or abs(used(latest, due, Unit.WORKING_HOURS, calendar) - hours) < 0.02


KEYS = st.text("AB12", min_size=1, max_size=2)
OURS = st.builds(
    rules.Ours,
    KEYS,
    st.just("SJ"),
    st.sampled_from(sorted(rules.GROUP_OF)),
    st.just("办理中"),
    st.just(START) | st.none(),
    KEYS,
)
THEIRS = st.builds(
    rules.Theirs,
    KEYS,
    st.sampled_from(["", "办理中", "已办结", "没见过"]),
    st.just(START) | st.none(),
    st.none() | KEYS,
)


@given(st.lists(OURS, max_size=6), st.lists(THEIRS, max_size=6))
def test_two_lists_are_counted_out_whole(ours: list[rules.Ours], theirs: list[rules.Theirs]) -> None:
    found, same = rules.compare(ours, theirs, {}, str)
    mine, yours = {o.key for o in ours}, {t.key for t in theirs}
    assert {d.key for d in found if d.kind == "missing_here"} == yours - mine
    assert {d.key for d in found if d.kind == "missing_there"} == mine - yours
    differing = {d.key for d in found if d.kind in ("state", "deadline", "reply")}
    assert differing <= mine & yours and len(differing) + same == len(mine & yours)


def test_a_platforms_words_are_checked_line_by_line() -> None:
    assert rules.group_of("流转中", rules.state_words("流转中＝办理中\n\n挂单=待办理")) == rules.WORKING
    with pytest.raises(BadInput, match="第 2 行"):
        rules.state_words("流转中=办理中\n归档")


@pytest.fixture
def district(db: None) -> District:
    district = build()
    traced()
    rights = ("platform.view", "platform.handle", "platform.check", "platform.edit")
    for code in ("dispatcher", "caller"):
        role = Role.objects.get(code=code)
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *rights}))
    city = Platform.objects.create(code="city", name="示例市热线")
    ReplyField.objects.create(platform=city, order=1, name="办理结果", source="reply", most=6)
    ReplyField.objects.create(platform=city, order=2, name="经办口径", source="fixed", fixed="合治系统")
    return district


def as_(district: District, name: str = "centre.dispatcher") -> Client:
    return enter(Client(), district.people[name])


def answered(district: District, number: str, **more: object) -> Case:
    receipt = district.report(outside_channel="city", outside_number=number, **more)
    handling.answer_directly(receipt.id, by=district["centre.acceptor"], reply="您好，路灯已经修好。")
    return Case.objects.get(pk=receipt.id)


def test_without_an_interface_the_reply_is_copied_and_ticked_and_a_new_reply_asks_again(district: District) -> None:
    case, desk = answered(district, "C-1"), as_(district)
    page = desk.get(f"/platform/case/{case.pk}/").content.decode()
    assert (
        "您好，路灯已经修好。" in page and "合治系统" in page and "多 4 个字" in page and 'data-copy="fill-1"' in page
    )
    assert case.number in desk.get("/platform/").content.decode()
    assert desk.post(f"/platform/case/{case.pk}/filled/").status_code == 302
    tick = BackFill.objects.get()
    assert (tick.by_name, tick.case_id) == (district["centre.dispatcher"].name, case.pk)
    assert case.number not in desk.get("/platform/").content.decode()
    assert desk.post(f"/platform/case/{case.pk}/filled/").status_code == 409
    assert "已回填" in desk.get(f"/cases/{case.pk}/").content.decode()
    handling.redo(case.pk, by=district["centre.caller"], reason="仍不亮")
    handling.dispatch(case.pk, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    traced()
    Case.objects.filter(pk=case.pk).update(reply="您好，已更换线缆。", replied_at=time.now())
    assert case.number in desk.get("/platform/").content.decode()


def test_the_platforms_answer_is_written_down_by_hand_where_it_cannot_tell_us(district: District) -> None:
    case, desk = answered(district, "C-1"), as_(district)
    assert desk.post(f"/platform/case/{case.pk}/ask/close/", {"reason": "已答复"}).status_code == 302
    waits = Request.objects.get()
    assert "待来源平台确认" in desk.get(f"/cases/{case.pk}/").content.decode()
    no_reason = desk.post(f"/platform/requests/{waits.pk}/answer/", {"decision": "refused", "text": ""})
    assert no_reason.status_code == 422 and "写明平台的理由" in no_reason.content.decode()
    assert desk.post(f"/platform/requests/{waits.pk}/answer/", {"decision": "granted"}).status_code == 302
    case.refresh_from_db()
    assert case.state == "closed"
    neighbour = as_(district, "light.handler")
    assert neighbour.get(f"/platform/case/{case.pk}/").status_code in (403, 404)


@given(
    st.dictionaries(st.sampled_from(["01", "0102", "0301"]), st.sampled_from(["A", "B"])),
    st.sampled_from(["01", "0102", "010203", "0301", "09"]),
)
def test_a_code_means_its_own_line_or_the_nearest_class_above(mapping: dict[str, str], code: str) -> None:
    nearest = next((mapping[code[:n]] for n in (6, 4, 2) if n <= len(code) and code[:n] in mapping), "")
    assert rules.mapped(code, mapping) == nearest


def test_codes_of_another_system_lead_to_our_categories_and_back(district: District) -> None:
    queries.forget()
    lamp = district.categories["0101"]
    traced()
    Platform.objects.update(code_system="city_events")
    CodeMapping.objects.create(system="city_events", code="04", category=lamp)
    CodeMapping.objects.create(system="city_events", code="0408", category=lamp, preferred=False)
    ReplyField.objects.create(platform=Platform.objects.get(), order=3, name="平台类别", source="category_code")
    assert [queries.our_code("city", code) for code in ("0401", "0101", "990")] == ["0101", "0101", "990"]
    assert queries.our_code("other", "0401") == "0401"
    receipt = district.report(outside_channel="city", outside_number="C-8")
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=lamp.pk)
    page = as_(district).get(f"/platform/case/{receipt.id}/").content.decode()
    assert "平台类别：04" in page
    queries.forget()


def book(answer) -> list[list[str]]:
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content), read_only=True).active
    return [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_the_sheet_goes_both_ways_and_never_tells_of_a_secret_case(district: District) -> None:
    case, desk = answered(district, "C-1"), as_(district)
    district.report("青梧院收礼", title="玄鹤题记", secret=True, outside_channel="city", outside_number="XUANHE-9")
    city, today = Platform.objects.get(), time.today()
    span = {"platform": str(city.pk), "first": f"{today}", "last": f"{today}"}
    rows = book(desk.post("/platform/sheets/ours/", span))
    assert [row[0] for row in rows] == ["平台编号", "C-1", "另有保密件 1 件，不列出"] and rows[1][
        4
    ] == "您好，路灯已经修好。"
    lines = ["工单编号,工单状态,办理结果", "C-1,已反馈,旧答复", "XUANHE-9,已归档,青梧院收礼已答复", "C-5,待办,"]
    sheet = SimpleUploadedFile("清单.csv", "\n".join(lines).encode(), content_type="text/csv")
    to = desk.post("/platform/sheets/new/", span | {"file": sheet})
    assert to.status_code == 302, to.content.decode()
    page = desk.get(to["Location"]).content.decode()
    assert "旧答复" in page and "列入回填" in page and "本系统缺件" in page and "保密件" in page
    assert not [word for word in ("XUANHE", "玄鹤", "青梧") if word in page]
    stored = str(list(Difference.objects.values_list("outside_number", "ours", "theirs", "facts")))
    assert not [word for word in ("XUANHE", "玄鹤", "青梧") if word in stored]
    reply = Difference.objects.get(kind="reply")
    assert reply.case == case and desk.post(f"/platform/differences/{reply.pk}/take/").status_code == 302
    assert case.number in desk.get("/platform/").content.decode(), "it is to be filled in again"
    left = Difference.objects.get(kind="missing_here")
    assert desk.post(f"/platform/differences/{left.pk}/explain/", {"text": "平台测试件"}).status_code == 302
    assert "平台测试件" in desk.get(to["Location"]).content.decode()
    bad = SimpleUploadedFile("清单.csv", "工单编号,时限\nC-1,下周\n".encode(), content_type="text/csv")
    refused = desk.post("/platform/sheets/new/", span | {"file": bad})
    assert refused.status_code == 422 and "第 2 行：时限「下周」不是时间" in refused.content.decode()


def test_a_platform_that_does_not_say_whether_the_reporter_is_content_counts_as_nothing_said(
    district: District,
) -> None:
    case = answered(district, "C-1")
    actions.follow_up(case.pk, by=district["centre.caller"], kind="call_back", solved=True)
    case.refresh_from_db()
    assert (case.state, case.satisfied, case.call_backs.get().satisfied) == ("closed", None, None)


def test_a_redo_after_the_platforms_limit_has_a_limit_of_its_own(clock: FrozenClock, district: District) -> None:
    limit = time.now() + timedelta(days=3)
    case = answered(district, "C-1", outside_due_at=limit)
    clock.advance(days=4)
    actions.follow_up(case.pk, by=district["centre.caller"], kind="redo", outside_number="C-1-2", text="仍不亮")
    case.refresh_from_db()
    assert (case.state, case.outside_due_at) == ("redo", limit)
    assert case.due_at is not None and case.due_at > time.now(), "not missed before it begins"
    later = time.now() + timedelta(days=1)
    note_outside(case.pk, by=district["centre.caller"], due_at=later)
    case.refresh_from_db()
    assert case.due_at is not None and case.due_at <= later, "the platform's limit of this round holds"


def test_a_platforms_limit_that_moves_while_the_case_stands_still_counts_when_it_goes_on(district: District) -> None:
    far, near = time.now() + timedelta(days=4), time.now() + timedelta(days=2)
    receipt = district.report(outside_channel="city", outside_number="C-1", outside_due_at=far)
    desk = district["centre.acceptor"]
    handling.accept(receipt.id, by=desk, category_id=district.categories["0101"].pk)
    handling.ask_supplement(receipt.id, by=desk, reason="请补充楼号。")
    note_outside(receipt.id, by=desk, due_at=near)
    handling.supplement(receipt.id, by=desk, text="3号楼。")
    case = Case.objects.get(pk=receipt.id)
    assert case.outside_due_at == near and case.due_at is not None and case.due_at <= near
