"""The audit administrator's pages, by the front door (安全审计)."""

import io
from datetime import timedelta

import pytest
from django.test import Client
from openpyxl import load_workbook

from hezhi.engines.org.models import Role, User
from hezhi.engines.org.testkit import actor, enter, make_officer, make_role
from hezhi.engines.records import alarms, audit, jobs
from hezhi.engines.records.models import Alarm, AuditCheck, AuditEntry
from hezhi.ground import time
from hezhi.ground.ids import new_id

pytestmark = pytest.mark.clause("12.3-1")

PAGES = ("/audit/", "/audit/reads/", "/audit/alarms/", "/audit/integrity/", "/audit/export/")


@pytest.fixture
def auditor(db) -> User:
    role = make_role("audit_admin", ["audit.view", "org.view"], kind=Role.Kind.AUDIT_ADMIN)
    return make_officer("shenji.yi", role, full_name="顾明审")


@pytest.fixture
def officer(db) -> User:
    return make_officer("linyutong", make_role("acceptor", ["cases.view", "cases.reveal_personal"]), full_name="林雨桐")


@pytest.fixture
def inside(client: Client, auditor) -> Client:
    return enter(client, auditor)


def act(user: User, event: str = "cases.accept", **more) -> AuditEntry:
    by = actor(user).at(
        channel="officer", address=more.pop("address", "10.1.1.1"), request_id=more.pop("request_id", "r1")
    )
    return audit.write(by, event, [("handling.case", more.pop("about", new_id()))], **more)


def shown(answer) -> list[str]:
    """The numbers of the rows on a page."""
    return [row.id for row in answer.context["listing"].rows]


# -- who may ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "permissions", "kind"),
    [
        ("system_admin", ["org.accounts", "org.units", "org.view"], Role.Kind.SYSTEM_ADMIN),
        ("security_admin", ["org.roles", "org.view"], Role.Kind.SECURITY_ADMIN),
        ("duty_chief", ["cases.view", "cases.open_secret"], Role.Kind.BUSINESS),
    ],
)
def test_nobody_but_the_audit_administrator_sees_the_audit(client: Client, db, code: str, permissions, kind):
    enter(client, make_officer(f"{code}.yi", make_role(code, permissions, kind=kind), full_name="邵系舟"))
    entry = act(make_officer("other", make_role("acceptor")))
    for page in (*PAGES, f"/audit/{entry.pk}/", "/audit/integrity/1/", f"/audit/alarms/{new_id()}/"):
        answer = client.get(page)
        assert answer.status_code == 403, page
        assert "查看审计" in answer.content.decode() or "权限" in answer.content.decode()
    assert client.post("/audit/integrity/examine/").status_code == 403
    assert client.post("/audit/export/", {"reason": "x"}).status_code == 403


def test_a_stranger_is_asked_to_sign_in(client: Client, db):
    for page in PAGES:
        assert client.get(page).status_code == 302


# -- the log ---------------------------------------------------------------------------------------


def test_the_log_is_found_by_person_object_event_result_address_and_day(inside: Client, officer):
    about, third = new_id(), make_officer("zhoumingche", make_role("handler"), full_name="周明澈")
    mine = act(officer, about=about)
    other = act(third, "users.sign_in", address="10.9.9.9", result="refused")
    old = act(officer, "cases.reply")
    for query, wanted in (
        ("person=林雨", [old, mine]), ("person=linyutong", [old, mine]), (f"person={third.pk}", [other]),
        (f"object={about}", [mine]), ("event=cases.reply", [old]), ("result=refused", [other]),
        ("address=10.9.9.9", [other]), ("person=没有这个人", []), ("object=SJ00000000000", []),
        (f"since={time.today()}&person=林雨桐", [old, mine]), (f"until={time.today() - timedelta(days=1)}&person=林雨桐", []),
    ):  # fmt: skip
        answer = inside.get(f"/audit/?{query}")
        assert shown(answer) == [str(entry.pk) for entry in wanted], query
    page = inside.get("/audit/?event=cases.reply").content.decode()
    assert "反馈" in page and "林雨桐" in page and "10.1.1.1" in page
    assert '<optgroup label="事件办理">' in page and '<option value="cases.reply" selected>反馈</option>' in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=昨天", "日期格式不对"),
        ("event=x", "没有这种行为"),
        ("address=10.1.1", "来源地址格式不对"),
        ("after=乱", "翻页位置"),
    ],
)
def test_a_search_that_cannot_be_read_says_where(inside: Client, query: str, said: str):
    answer = inside.get(f"/audit/?{query}")
    assert answer.status_code == 422 and said in answer.content.decode()
    assert "没有查询" in answer.content.decode()


def test_a_wrong_search_keeps_what_was_typed(inside: Client):
    page = inside.get("/audit/reads/?since=昨天&person=林雨桐").content.decode()
    assert 'value="林雨桐"' in page and "日期格式不对" in page


def test_pages_go_on_behind_the_last_row_and_back(inside: Client, officer):
    numbers = [str(act(officer).pk) for _ in range(120)][::-1]
    first = inside.get("/audit/?person=林雨桐")
    second = inside.get("/audit/" + first.context["listing"].pager.next_url)
    third = inside.get("/audit/" + second.context["listing"].pager.next_url)
    assert shown(first) + shown(second) + shown(third) == numbers
    back = inside.get("/audit/" + third.context["listing"].pager.previous_url)
    assert shown(back) == shown(second)
    assert third.context["listing"].pager.next_url == ""


def test_leafing_leaves_no_trace_and_looking_somebody_up_does(inside: Client, officer, auditor):
    inside.get("/audit/")
    inside.get("/audit/?event=cases.accept")
    assert not AuditEntry.objects.filter(event="audit.look_up").exists()
    inside.get("/audit/?person=林雨桐")
    entry = AuditEntry.objects.get(event="audit.look_up")
    assert (entry.actor_id, entry.detail) == (auditor.pk, {"filters": ["person"]})


def test_one_row_is_shown_whole_with_its_proof(inside: Client, officer):
    entry = act(
        officer, "cases.reveal_personal", reason="回访核实", purpose="回访", detail={"fields": ["reporter.phone"]}
    )
    page = inside.get(f"/audit/{entry.pk}/").content.decode()
    for told in ("查看联系方式", "林雨桐", "回访核实", "上报人电话", "完好", "尚未封存", "r1"):
        assert told in page, told
    assert inside.get("/audit/999999999/").status_code == 404


def test_the_log_costs_a_fixed_number_of_statements(inside: Client, officer, django_assert_max_num_queries):
    for n in range(60):
        act(officer, ("cases.accept", "users.sign_in")[n % 2])
    with django_assert_max_num_queries(12):
        inside.get("/audit/?event=cases.accept")


# -- reading of personal values --------------------------------------------------------------------


@pytest.mark.clause("12.3-2")
def test_who_read_whose_values_and_why_by_person_and_by_row(inside: Client, officer, auditor):
    about = new_id()
    for purpose in ("回访", "核实地点"):
        audit.read_of_personal(actor(officer), "handling.case", about, ["phone", "address"], purpose)
    audit.read_of_personal(actor(auditor), "handling.case", new_id(), ["name"], "")
    act(officer)
    assert len(shown(inside.get("/audit/reads/"))) == 3
    page = inside.get(f"/audit/reads/?object={about}")
    assert len(shown(page)) == 2
    text = page.content.decode()
    assert "电话、住址" in text and "回访" in text and "核实地点" in text
    assert [(bar.label, bar.value) for bar in page.context["bars"]] == [("林雨桐", 2)]
    assert len(shown(inside.get(f"/audit/reads/?person={auditor.pk}"))) == 1


# -- the copy --------------------------------------------------------------------------------------


def test_a_copy_needs_a_reason_is_marked_and_stands_in_the_audit_itself(inside: Client, officer, auditor):
    for _ in range(3):
        act(officer, detail={"fields": ["phone"]})
    act(auditor)
    refused = inside.post("/audit/export/?person=林雨桐", {"reason": " "})
    assert refused.status_code == 422 and "请写明导出用途" in refused.content.decode()
    answer = inside.post("/audit/export/?person=林雨桐", {"reason": "季度安全检查"})
    assert answer.status_code == 200 and answer["Content-Disposition"].startswith("attachment")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 4 and rows[0][1] == "时间"
    assert {row[3] for row in rows[1:]} == {"林雨桐"}
    assert all("顾明审" in row[-1] for row in rows[1:])
    entry = AuditEntry.objects.get(event="audit.export")
    assert (entry.actor_id, entry.reason, entry.detail["rows"], entry.detail["filters"]) == (
        auditor.pk, "季度安全检查", 3, ["person"],
    )  # fmt: skip
    assert len(entry.detail["sm3"]) == 64


def test_too_large_a_copy_is_refused_with_what_to_do(inside: Client, officer, monkeypatch):
    from hezhi.chapters.operations.security_log import actions

    monkeypatch.setattr(actions, "MOST_ROWS", 2)
    for _ in range(3):
        act(officer)
    answer = inside.post("/audit/export/?person=林雨桐", {"reason": "检查"})
    assert answer.status_code == 422 and "请先缩小时间范围" in answer.content.decode()
    assert not AuditEntry.objects.filter(event="audit.export").exists()


# -- alarms ----------------------------------------------------------------------------------------


def test_an_alarm_is_listed_counted_and_settled_with_a_note(inside: Client, officer):
    alarm = alarms.raise_alarm(
        Alarm.Kind.BULK_READING, "once", actor_id=officer.pk, actor_name="林雨桐", detail={"values": 41, "minutes": 10}
    )
    page = inside.get("/audit/alarms/").content.decode()
    assert "10 分钟内查看了 41 项个人信息" in page and "林雨桐" in page
    assert inside.get("/audit/").context["tabs"][2].count == 1
    address = f"/audit/alarms/{alarm.pk}/"
    assert inside.post(address, {"note": ""}).status_code == 422
    assert inside.post(address, {"note": "已核实，系集中回访"}).status_code == 302
    assert "顾明审 已处置" in inside.get("/audit/alarms/").content.decode()
    again = inside.post(address, {"note": "再来一次"})
    assert again.status_code == 422 and "已有人处置" in again.content.decode()


def test_every_kind_of_alarm_is_a_sentence(inside: Client):
    for n, (kind, detail) in enumerate(
        (
            ("night_reading", {"at": "2026-11-22T18:10:00+00:00"}),
            ("integrity", {"check": 3, "findings": 2}),
            ("infected", {"file": "x"}),
        )
    ):
        alarms.raise_alarm(Alarm.Kind(kind), str(n), detail=detail)
    page = inside.get("/audit/alarms/").content.decode()
    assert "2026-11-23 02:10 查看了个人信息" in page and "第 3 次完整性校验发现 2 处问题" in page and "已隔离" in page


# -- integrity -------------------------------------------------------------------------------------


def test_the_integrity_page_shows_the_examinations_and_their_findings(inside: Client, auditor):
    assert "还没有做过完整性校验" in inside.get("/audit/integrity/").content.decode()
    good = jobs.examine(actor(auditor))
    assert good.findings == []
    bad = AuditCheck.objects.create(
        at=time.now(), seconds=1, seals=2, rows=3, tail=0, by_name="夜间校验",
        findings=[{"kind": "row_missing", "sentence": "第 7 号审计记录已封存，现在不见了。", "seal": 1, "entry": 7}],
    )  # fmt: skip
    page = inside.get("/audit/integrity/").content.decode()
    assert "完好" in page and "发现 1 处问题" in page
    assert "第 7 号审计记录已封存" in inside.get(f"/audit/integrity/{bad.pk}/").content.decode()
    assert "没有发现被改动" in inside.get(f"/audit/integrity/{good.pk}/").content.decode()
    assert inside.get("/audit/integrity/999/").status_code == 404


def test_an_examination_can_be_asked_for_and_is_done_by_a_job(inside: Client, auditor):
    from procrastinate.contrib.django.models import ProcrastinateJob

    assert inside.post("/audit/integrity/examine/").status_code == 302
    [job] = ProcrastinateJob.objects.filter(task_name="records.examine_for")
    assert AuditEntry.objects.filter(event="audit.ask_check", actor_id=auditor.pk).exists()
    jobs.examine_for(**job.args)
    assert AuditCheck.objects.get().by_name == "顾明审"
    assert inside.get("/audit/integrity/examine/").status_code == 405
