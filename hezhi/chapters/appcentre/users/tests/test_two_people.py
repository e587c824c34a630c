"""Rights are given by two people (授权复核, GB/T 22239-2019 8.1.4.2 e): proposed by one, approved by another."""

import io
from datetime import timedelta

import pytest
from django.test import Client
from openpyxl import load_workbook

from hezhi.chapters.appcentre.users import actions
from hezhi.chapters.appcentre.users.rules import seed_roles
from hezhi.engines.flow.models import Approval, ToDo
from hezhi.engines.org.actions import create_post
from hezhi.engines.org.models import Holding, Role, User
from hezhi.engines.org.rules import countersign_fault, role_fault
from hezhi.engines.org.testkit import actor, enter, hold, make_officer, make_role, make_unit, make_user
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed

pytestmark = [pytest.mark.django_db, pytest.mark.clause("10.1-3")]


@pytest.fixture
def colleague(db):
    return make_user("hao.yue", "郝月")


@pytest.fixture
def post(db):
    """A post of a handler in the housing department, held by nobody yet."""
    role = make_role("handler", ["cases.handle"], name="承办经办人")
    return create_post(make_unit("zhujian", "department", parent=make_unit(), name="住房和城乡建设局"), role)


def text_of(response) -> str:
    return response.content.decode()


def desk(user) -> Client:
    return enter(Client(), user)


def propose(security, user, post, **more):
    form = {"unit": post.unit.code, "role": post.role.pk, "reason": "新任"} | more
    return desk(security).post(f"/users/accounts/{user.pk}/grant/", form)


def decide(user, answer="yes", opinion=""):
    waiting = Approval.objects.get(state="waiting")
    return desk(user).post(f"/approvals/{waiting.pk}/answer/", {"grant": answer, "opinion": opinion})


# --- posts ----------------------------------------------------------------------------------------


def test_a_post_gives_its_permissions_only_when_the_second_person_has_approved(security, auditor, colleague, post):
    assert propose(security, colleague, post).status_code == 302
    assert not actor(colleague).may("cases.handle")
    page = text_of(desk(auditor).get("/"))
    assert "授予岗位：郝月" in page, "it waits among the second person's to-dos"
    told = text_of(desk(auditor).get(f"/approvals/{Approval.objects.get().pk}/"))
    for words in ("郝月（hao.yue）", "承办经办人", "处置", "新任", "安若衡"):
        assert words in told
    assert decide(auditor).status_code == 302
    assert actor(colleague).may("cases.handle")
    assert not ToDo.objects.filter(done_at__isnull=True).exists()
    asked = AuditEntry.objects.get(event="users.propose_grant", actor_id=security.pk, reason="新任")
    shown = text_of(desk(auditor).get(f"/audit/{asked.pk}/"))
    for words in ("任职人", "郝月（hao.yue）", "住房和城乡建设局", "承办经办人", "批准时 至 长期"):
        assert words in shown, "the audit says who is to get which post"
    assert AuditEntry.objects.filter(event="flow.approve", actor_id=auditor.pk).exists()
    assert Holding.objects.get(user=colleague).reason == "新任"


def test_a_post_that_would_end_before_it_begins_is_refused_at_its_field(security, auditor, colleague, post):
    form = {"user": "hao.yue", "valid_to": "2020-01-01T08:00", "reason": "临时"}
    from_the_post = desk(security).post(f"/users/posts/{post.pk}/grant/", form)
    for refused in (from_the_post, propose(security, colleague, post, valid_to="2020-01-01T08:00")):
        assert refused.status_code == 422
        assert refused.context["form"].errors == {"valid_to": ["结束时间应晚于现在。"]}
    more = {"valid_from": time.now() + timedelta(days=9), "valid_to": time.now() + timedelta(days=2)}
    with pytest.raises(BadInput, match="晚于开始时间"):
        actions.propose_grant(post, by=actor(security), user=colleague, reason="倒置", **more)
    assert not Approval.objects.exists()


def test_a_temporary_post_that_ran_out_before_the_approval_is_not_given(security, auditor, colleague, post):
    propose(security, colleague, post, valid_to=f"{time.now() + timedelta(days=1):%Y-%m-%dT%H:%M}")
    waiting = Approval.objects.get()
    waiting.proposal["valid_to"] = (time.now() - timedelta(minutes=1)).isoformat()
    waiting.save()
    assert "结束时间应晚于现在" in text_of(decide(auditor))
    assert not Holding.objects.filter(user=colleague).exists()


def test_people_and_units_are_suggested_while_one_types_and_namesakes_told_apart(security, colleague, post, officer):
    at_desk = desk(security)
    page = text_of(at_desk.get(f"/users/posts/{post.pk}/grant/"))
    assert 'hx-get="/users/pick/people/?field=user"' in page
    offered = text_of(at_desk.get("/users/pick/people/", {"field": "user", "user": "郝"}))
    assert offered == '<option value="hao.yue">郝月</option>'
    offered = text_of(at_desk.get("/users/pick/units/", {"field": "unit", "unit": "住房"}))
    assert offered == '<option value="zhujian">住房和城乡建设局</option>'
    hold(make_user("hao.yue2", "郝月"), post.role, post.unit)
    told = text_of(at_desk.post(f"/users/posts/{post.pk}/grant/", {"user": "郝月", "reason": "新任"}))
    assert "hao.yue（郝月）；hao.yue2（郝月，" in told and "承办经办人" in told
    assert desk(officer).get("/users/pick/people/", {"field": "user", "user": "郝"}).status_code == 403
    assert ">提请审批</button>" in text_of(at_desk.get(f"/users/accounts/{colleague.pk}/grant/"))


def test_a_proposal_that_is_refused_gives_nothing_and_needs_a_reason(security, auditor, colleague, post):
    propose(security, colleague, post)
    assert "不同意时请写明理由" in text_of(decide(auditor, "no"))
    assert decide(auditor, "no", "任职文件未附").status_code == 302
    assert not Holding.objects.filter(user=colleague).exists()
    assert "任职文件未附" in text_of(desk(security).get(f"/approvals/{Approval.objects.get().pk}/"))


def test_nobody_approves_what_he_proposed(security, auditor, colleague, post):
    propose(security, colleague, post)
    assert "不能审批自己提出的申请" in text_of(decide(security))
    page = text_of(desk(security).get(f"/approvals/{Approval.objects.get().pk}/"))
    assert "撤回申请" in page and "/answer/" not in page
    assert not Holding.objects.filter(user=colleague).exists()


def test_the_proposer_takes_his_proposal_back(security, auditor, colleague, post):
    propose(security, colleague, post)
    row = Approval.objects.get()
    assert desk(auditor).post(f"/approvals/{row.pk}/withdraw/").status_code == 403
    desk(security).post(f"/approvals/{row.pk}/withdraw/")
    row.refresh_from_db()
    assert row.state == "withdrawn"
    assert propose(security, colleague, post).status_code == 302


def test_with_a_second_security_administrator_the_auditor_is_not_asked(security, auditor, colleague, post):
    second = make_officer("an.er", Role.objects.get(code="security_admin"), full_name="安二")
    propose(security, colleague, post)
    assert "由其审批" in text_of(decide(auditor))
    assert Approval.objects.get().state == "waiting"
    assert decide(second).status_code == 302
    assert actor(colleague).may("cases.handle")


def test_who_would_be_raised_does_not_approve_it_himself(security, auditor):
    role = Role.objects.get(code="security_admin")
    new = make_officer("new.security", role, make_unit("other", parent=make_unit(), name="另一处"), "新安全员")
    post = create_post(make_unit("third", parent=make_unit(), name="第三处"), role)
    propose(security, new, post)
    row = Approval.objects.get()
    assert row.unit.code == "other"
    assert "不能审批给自己的授权" in text_of(decide(new))


def test_the_system_administrator_neither_proposes_nor_approves(security, auditor, colleague, post):
    role = make_role("system_admin", ["org.accounts", "org.units", "org.view"], kind=Role.Kind.SYSTEM_ADMIN)
    system_admin = make_officer("shao.xizhou", role)
    assert propose(system_admin, colleague, post).status_code == 403
    propose(security, colleague, post)
    assert desk(system_admin).get(f"/approvals/{Approval.objects.get().pk}/").status_code == 404
    assert decide(system_admin).status_code == 404


def test_without_a_second_person_nothing_is_proposed_and_it_says_what_to_do(security, colleague, post):
    answer = propose(security, colleague, post)
    assert answer.status_code == 422 and "hezhi createadmin" in text_of(answer)
    assert not Approval.objects.exists()


def test_what_became_impossible_meanwhile_is_refused_at_the_decision_and_stays_waiting(
    security, auditor, colleague, post
):
    propose(security, colleague, post)
    hold(colleague, post.role, post.unit)
    assert "没有重复授予" in text_of(decide(auditor))
    assert Approval.objects.get().state == "waiting" and Holding.objects.filter(user=colleague).count() == 1


def test_taking_a_post_away_needs_one_person_and_no_waiting(security, auditor, colleague, post):
    held = hold(colleague, post.role, post.unit)
    assert desk(security).post(f"/users/holdings/{held.pk}/end/", {"reason": "违纪"}).status_code == 302
    assert not actor(colleague).may("cases.handle")


# --- roles ----------------------------------------------------------------------------------------


FORM = {"reach": "unit_tree", "permissions": ["cases.handle", "cases.urge"], "reason": "增加催办"}


def test_a_role_changes_when_the_second_person_has_approved_and_the_page_shows_the_difference(
    security, auditor, colleague, post
):
    hold(colleague, post.role, post.unit)
    assert desk(security).post("/users/roles/handler/", FORM).status_code == 302
    assert actor(colleague).permissions == {"cases.handle"}
    told = text_of(desk(auditor).get(f"/approvals/{Approval.objects.get().pk}/"))
    assert "催办" in told and "本单位 → 本单位及下级" in told and "去掉权限" in told
    decide(auditor)
    assert actor(colleague).permissions == {"cases.handle", "cases.urge"}


def test_a_role_changed_meanwhile_is_not_overwritten(security, auditor, post):
    desk(security).post("/users/roles/handler/", FORM)
    make_role("handler", ["cases.handle", "cases.reply"])
    assert "又改过" in text_of(decide(auditor))
    assert Role.objects.get(code="handler").permissions == ["cases.handle", "cases.reply"]


def test_ones_own_role_an_unchanged_one_and_a_mixed_one_are_not_proposed(security, auditor, post):
    own = {"reach": "nothing", "permissions": ["org.roles"], "reason": "x"}
    assert "不能修改本人所任的角色" in text_of(desk(security).post("/users/roles/security_admin/", own))
    same = {"reach": "own_unit", "permissions": ["cases.handle"], "reason": "x"}
    assert "没有变化" in text_of(desk(security).post("/users/roles/handler/", same))
    mixed = FORM | {"permissions": ["org.accounts"]}
    assert desk(security).post("/users/roles/handler/", mixed).status_code == 422
    with pytest.raises(NotAllowed):
        actions.propose_role(post.role, by=actor(auditor), permissions=[], reach="own_unit", reason="x")


def test_an_administrators_right_is_not_even_offered_to_a_business_role(security, post):
    page = text_of(desk(security).get("/users/roles/handler/")).partition("<main")[2]
    assert "催办" in page and "账号管理" not in page and "授权复核" not in page


# --- deputies -------------------------------------------------------------------------------------


def deputy_form(name):
    now = time.local(time.now())
    return {
        "deputy": name,
        "starts": f"{now:%Y-%m-%dT%H:%M}",
        "ends": f"{now + timedelta(days=3):%Y-%m-%dT%H:%M}",
        "reason": "病假",
    }


def test_a_deputy_named_for_somebody_else_needs_the_second_person(security, auditor, colleague, post):
    held = hold(make_user("li.yi", "李一"), post.role, post.unit)
    assert desk(security).post(f"/account/deputy/{held.pk}/", deputy_form("郝月")).status_code == 302
    assert not actor(colleague).may("cases.handle")
    assert "郝月 代理 李一" in text_of(desk(auditor).get("/approvals/"))
    decide(auditor)
    assert actor(colleague).may("cases.handle")


# --- rules, first set-up, document ----------------------------------------------------------------


def test_who_countersigns():
    def fault(**more):
        return countersign_fault(
            **({"approver": 1, "approver_kind": "audit_admin", "barred": [], "others_in_office": 0} | more)
        )

    assert fault() == "" and fault(approver_kind="security_admin", others_in_office=1) == ""
    assert "由其审批" in fault(others_in_office=1)
    assert "给自己" in fault(barred=[1]) and "另一位安全管理员" in fault(approver_kind="system_admin")


def test_only_the_two_offices_carry_the_countersignature():
    assert role_fault("business", ["org.approve"], "own_unit") and role_fault(
        "system_admin", ["org.approve"], "nothing"
    )
    assert not role_fault("security_admin", ["org.approve"], "nothing") and not role_fault(
        "audit_admin", ["org.approve"], "nothing"
    )
    held = {role.code for role in seed_roles() if "org.approve" in role.permissions}
    assert held == {"security_admin", "audit_admin"}


def test_after_the_three_first_administrators_the_first_officer_gets_his_post(colleague):
    people = {kind: actions.create_first_administrator(kind, f"{kind[:6]}.one", "首任")[0]
              for kind in ("system_admin", "security_admin", "audit_admin")}  # fmt: skip
    User.objects.update(must_change_password=False)
    post = create_post(Role.objects.get(code="audit_admin").posts.get().unit, Role.objects.get(code="acceptor"))
    assert propose(people["security_admin"], colleague, post).status_code == 302
    assert decide(people["audit_admin"]).status_code == 302
    assert actor(colleague).may("cases.accept")


def test_the_offices_of_an_older_installation_get_the_countersignature_and_no_other_role_changes():
    actions.load_roles()
    for code in ("security_admin", "audit_admin", "acceptor"):
        make_role(
            code,
            ["org.view"] if code != "acceptor" else ["cases.view"],
            kind=code if code != "acceptor" else "business",
        )
    assert actions.load_roles() == []
    kept = {
        role.code: role.permissions
        for role in Role.objects.filter(code__in=("security_admin", "audit_admin", "acceptor"))
    }
    assert kept == {
        "security_admin": ["org.view", "org.approve"], "audit_admin": ["org.view", "org.approve"], "acceptor": ["cases.view"],
    }  # fmt: skip
    assert AuditEntry.objects.filter(event="users.load_roles", reason="授权改由两人办理").count() == 2


def test_the_policy_is_taken_away_as_a_document_and_that_is_written_down(security, post):
    answer = desk(security).get("/users/roles/policy.xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    lines = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
    head = lines[0]
    line = next(row for row in lines if row[0] == "处置")
    assert line[head.index("承办经办人")] == "有" and line[head.index("security_admin")] == ""
    assert any("安若衡 导出" in str(row[0]) for row in lines)
    assert AuditEntry.objects.filter(event="users.export_policy", actor_id=security.pk).exists()
