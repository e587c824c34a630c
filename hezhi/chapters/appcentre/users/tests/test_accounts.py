"""Account administration by its pages: who may do what to whom, and what it leaves behind (10.1-3)."""

import re
from datetime import timedelta

import pytest

from hezhi.chapters.appcentre.users import actions
from hezhi.chapters.appcentre.users.rules import permission_names, seed_roles
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Holding, Role, User
from hezhi.engines.org.testkit import actor, enter, hold, make_officer, make_role, make_unit, make_user
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.reach.words import load_templates
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotNow

pytestmark = [pytest.mark.django_db, pytest.mark.clause("10.1-3")]


@pytest.fixture
def colleague():
    """郝月, a person with an account and no post."""
    return make_user("hao.yue", "郝月", work_phone="0532-86001122")


def text_of(response) -> str:
    return response.content.decode()


def shown_password(response) -> str:
    return re.search(r'<code class="first-password">([^<]+)</code>', text_of(response))[1]


# --- the system administrator -------------------------------------------------------------


def test_a_new_account_shows_its_first_password_once_and_must_change_it(client, system_admin, settings):
    settings.DEMO = True
    enter(client, system_admin)
    response = client.post("/users/accounts/new/", {"login_name": "Zhou.Ying", "full_name": "周映雪"})
    password = shown_password(response)
    user = User.objects.get(login_name="zhou.ying")
    assert user.check_password(password)
    assert password not in text_of(client.get(f"/users/accounts/{user.pk}/"))
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"login": "zhou.ying", "password": password})
    assert client.get("/account/").url.startswith("/accounts/password/change/")


@pytest.mark.parametrize("demo", [True, False])
def test_an_account_made_in_a_demonstration_belongs_to_it(system_admin, settings, demo):
    settings.DEMO = demo
    user, _ = actions.create_account(by=actor(system_admin), login_name="zhou.ying", full_name="周映雪")
    assert user.is_demo is demo


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"login_name": "admin"}, "太容易被猜到"),
        ({"login_name": "hao.yue"}, "已有人使用"),
        ({"login_name": "郝月"}, "小写字母开头"),
        ({"full_name": ""}, "必填"),
        ({"expires_at": "2026-13-01"}, "日期"),
    ],
)
def test_a_wrong_account_form_says_why_and_keeps_what_was_typed(client, system_admin, colleague, typed, sentence):
    enter(client, system_admin)
    form = {"login_name": "new.one", "full_name": "新人甲", "work_phone": "0532-1"} | typed
    response = client.post("/users/accounts/new/", form)
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert "0532-1" in text_of(response)


def test_resetting_a_password_signs_the_person_out(client, system_admin, colleague):
    from django.test import Client

    theirs = enter(Client(), colleague)
    assert theirs.get("/account/").status_code == 200
    enter(client, system_admin)
    response = client.post(f"/users/accounts/{colleague.pk}/password/", {"reason": "本人忘记口令"})
    colleague.refresh_from_db()
    assert colleague.check_password(shown_password(response))
    assert colleague.must_change_password
    assert theirs.get("/account/").status_code == 302


def test_closing_and_opening_an_account_leave_a_trace_with_the_reason(client, system_admin, colleague):
    enter(client, system_admin)
    client.post(f"/users/accounts/{colleague.pk}/disable/", {"reason": "调离本区"})
    colleague.refresh_from_db()
    assert not colleague.is_active
    client.post(f"/users/accounts/{colleague.pk}/enable/", {"reason": "调回"})
    colleague.refresh_from_db()
    assert colleague.is_active
    rows = AuditEntry.objects.filter(object_id=colleague.pk).order_by("id")
    assert [(r.event, r.reason, r.actor_id) for r in rows] == [
        ("users.disable", "调离本区", system_admin.pk),
        ("users.enable", "调回", system_admin.pk),
    ]


def test_unlocking_lets_the_person_in_again(client, knock, system_admin, officer, settings):
    settings.DEMO = True
    for _ in range(5):
        knock("linyutong", "wrong")
    enter(client, system_admin)
    assert "锁定至" in text_of(client.get(f"/users/accounts/{officer.pk}/"))
    client.post(f"/users/accounts/{officer.pk}/unlock/", {"reason": "本人来电核实"})
    client.post("/accounts/logout/")
    assert knock("linyutong").status_code == 302


def test_an_account_can_be_given_an_end(client, system_admin, colleague):
    enter(client, system_admin)
    page = f"/users/accounts/{colleague.pk}/expiry/"
    until = {"lasting": "until", "expires_at": "2099-12-31T18:00", "reason": "借调至年底"}
    assert "晚于现在" in text_of(client.post(page, until | {"expires_at": "2020-01-01T08:00"}))
    client.post(page, until)
    colleague.refresh_from_db()
    assert time.show(colleague.expires_at) == "2099-12-31 18:00"


def test_an_account_loses_its_end_only_when_that_is_chosen(client, system_admin, colleague):
    enter(client, system_admin)
    page = f"/users/accounts/{colleague.pk}/expiry/"
    client.post(page, {"lasting": "until", "expires_at": "2099-12-31T18:00", "reason": "借调"})
    assert 'value="2099-12-31T18:00"' in text_of(client.get(page)), "the form shows what is so now"
    assert "请选择到指定时间" in text_of(client.post(page, {"reason": "只写了事由"}))
    assert "请填写有效期至" in text_of(client.post(page, {"lasting": "until", "reason": "没有日期"}))
    colleague.refresh_from_db()
    assert colleague.expires_at is not None
    client.post(page, {"lasting": "forever", "expires_at": "2099-12-31T18:00", "reason": "转为长期"})
    colleague.refresh_from_db()
    assert colleague.expires_at is None


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [("expires_at", "2020-01-01T08:00", "有效期应晚于现在"), ("work_phone", "abc", "电话请填写号码")],
)
def test_no_account_is_born_expired_or_with_a_telephone_that_is_none(client, system_admin, field, typed, said):
    enter(client, system_admin)
    form = {"login_name": "lin.wangshu", "full_name": "林望舒", "work_phone": "0532-86988888 转 801"}
    refused = client.post("/users/accounts/new/", form | {field: typed})
    assert refused.status_code == 422 and said in text_of(refused)
    assert list(refused.context["form"].errors) == [field]
    assert client.post("/users/accounts/new/", form).status_code == 200


def test_nobody_touches_his_own_account(client, system_admin):
    enter(client, system_admin)
    for way in ("disable", "password", "factor", "expiry"):
        response = client.post(f"/users/accounts/{system_admin.pk}/{way}/", {"reason": "x", "lasting": "forever"})
        assert response.status_code == 422
        assert "不能给自己" in text_of(response)
    assert "停用账号" not in text_of(client.get(f"/users/accounts/{system_admin.pk}/"))


def test_the_system_administrator_gives_no_posts(client, system_admin, colleague):
    enter(client, system_admin)
    assert client.post(f"/users/accounts/{colleague.pk}/grant/", {"reason": "x"}).status_code == 403
    with pytest.raises(NotAllowed):
        actions.propose_grant(system_admin.holdings.get().post, by=actor(system_admin), user=colleague, reason="x")


def test_unused_accounts_are_closed_but_not_the_last_one_with_open_work(officer, monkeypatch):
    from hezhi.engines.org import handover

    old = time.now() - timedelta(days=91)
    idle = make_officer("idle.one", make_role("caller"), last_seen_at=old)
    User.objects.filter(pk=officer.pk).update(last_seen_at=old)
    busy = officer.holdings.get().post
    monkeypatch.setattr(handover, "_counts", [lambda post: 1 if post == busy else 0])
    assert actions.disable_unused() == [idle]
    officer.refresh_from_db()
    assert officer.is_active
    assert list(AuditEntry.objects.filter(event="users.disable").values_list("object_id", flat=True)) == [idle.pk]


# --- the security administrator -----------------------------------------------------------


@pytest.fixture
def auditor(db):
    """申明远, the audit administrator, who countersigns where there is one security administrator only."""
    role = make_role("audit_admin", ["audit.view", "org.approve", "org.view"], kind=Role.Kind.AUDIT_ADMIN)
    return make_officer("shen.mingyuan", role, full_name="申明远")


@pytest.fixture
def handler_post(officer, auditor):
    """The post of a handler in the housing department, held by nobody yet."""
    from hezhi.engines.org.actions import create_post

    role = make_role("handler", ["cases.handle"], name="承办经办人")
    return create_post(make_unit("zhujian", "department", parent=make_unit(), name="住房和城乡建设局"), role)


def grant(client, user, **more):
    form = {"unit": "zhujian", "role": Role.objects.get(code="handler").pk, "reason": "新任"} | more
    return client.post(f"/users/accounts/{user.pk}/grant/", form)


def test_a_unit_may_be_named_by_its_full_name_and_a_wrong_one_is_said(client, security_admin, colleague, handler_post):
    enter(client, security_admin)
    assert "没有找到单位" in text_of(grant(client, colleague, unit="不存在的局"))
    assert "请先由系统管理员设岗" in text_of(grant(client, colleague, unit="centre"))
    assert grant(client, colleague, unit="住房和城乡建设局").status_code == 302


def test_the_same_post_is_not_proposed_twice_nor_given_twice(client, security_admin, colleague, handler_post):
    enter(client, security_admin)
    grant(client, colleague)
    assert "已有一份同样的申请" in text_of(grant(client, colleague))
    hold(colleague, handler_post.role, handler_post.unit)
    assert "没有重复授予" in text_of(grant(client, colleague))


def test_an_administrator_cannot_be_given_business(client, security_admin, system_admin, handler_post):
    enter(client, security_admin)
    response = grant(client, system_admin)
    assert response.status_code == 422
    assert "三员互斥" in text_of(response)


def test_nobody_gives_himself_a_post(client, security_admin, handler_post):
    enter(client, security_admin)
    assert "不能给自己授予岗位" in text_of(grant(client, security_admin))


def test_a_post_is_taken_back_with_a_successor(client, security_admin, officer, colleague):
    enter(client, security_admin)
    held = officer.holdings.get()
    page = f"/users/holdings/{held.pk}/end/"
    assert "授予岗位" in text_of(client.post(page, {"successor": "郝月", "reason": "轮岗"}))
    hold(colleague, held.post.role, held.post.unit)
    assert client.post(page, {"successor": "郝月", "reason": "轮岗"}).status_code == 302
    held.refresh_from_db()
    assert held.valid_to is not None


def test_an_unknown_or_doubtful_name_is_asked_about(client, security_admin, officer):
    make_user("li.yi", "李一")
    make_user("li.er", "李一")
    enter(client, security_admin)
    page = f"/users/holdings/{officer.holdings.get().pk}/end/"
    assert "没有找到" in text_of(client.post(page, {"successor": "无此人", "reason": "x"}))
    assert "请填写其登录名" in text_of(client.post(page, {"successor": "李一", "reason": "x"}))


# --- the list -----------------------------------------------------------------------------


def test_the_list_finds_people_and_shows_who_needs_a_look(client, security_admin, officer, colleague):
    make_user("old.one", "久未登录", last_seen_at=time.now() - timedelta(days=100))
    enter(client, security_admin)
    everybody = text_of(client.get("/users/accounts/"))
    assert "林雨桐" in everybody
    assert "郝月" in everybody
    found = text_of(client.get("/users/accounts/?q=郝"))
    assert "郝月" in found
    assert "林雨桐" not in found
    look = text_of(client.get("/users/accounts/?state=look"))
    assert "90 天未使用" in look
    assert "没有任职岗位" in look
    assert "林雨桐" not in look


def test_the_list_is_read_in_pages(client, security_admin):
    for n in range(55):
        make_user(f"person{n:03}")
    enter(client, security_admin)
    first = text_of(client.get("/users/accounts/?q=person"))
    assert "person049" in first
    assert "person050" not in first
    assert "person050" in text_of(client.get("/users/accounts/?q=person&after=person049"))


def test_an_officer_sees_no_account_pages(client, officer, colleague):
    enter(client, officer)
    for page in ("/users/accounts/", f"/users/accounts/{colleague.pk}/", "/users/accounts/new/"):
        assert client.get(page).status_code == 403


def test_an_auditor_looks_and_touches_nothing(client, colleague, auditor):
    enter(client, auditor)
    page = text_of(client.get(f"/users/accounts/{colleague.pk}/"))
    assert "郝月" in page
    assert "重置口令" not in page
    assert "授予岗位" not in page


# --- one's own account --------------------------------------------------------------------


def test_a_person_switches_between_his_posts_and_only_his(client, officer, handler_post):
    hold(officer, handler_post.role, handler_post.unit)
    enter(client, officer)
    client.post(f"/account/post/{handler_post.pk}/")
    page = text_of(client.get("/account/"))
    assert "已切换到「住房和城乡建设局 承办经办人」" in page
    other = make_officer("other.one", make_role("caller")).holdings.get().post
    assert client.post(f"/account/post/{other.pk}/").status_code == 403


def test_who_is_refused_in_one_post_and_may_in_another_goes_on_from_the_refusal(client, officer, handler_post):
    lists = make_role("keeper", ["org.view"])
    post = hold(officer, lists, handler_post.unit).post
    enter(client, officer)
    page = "/users/accounts/?q=%E9%83%9D"
    answer = client.get(page)
    told = answer.content.decode()
    assert answer.status_code == 403 and f"切换到「{post.unit.name} {post.title}」后打开" in told
    assert f'action="/account/post/{post.pk}/"' in told and f'name="next" value="{page}"' in told
    assert client.post(f"/account/post/{post.pk}/", {"next": page})["Location"] == page
    assert client.get(page).status_code == 200
    for elsewhere in ("https://example.org/", "//example.org/", ""):
        assert client.post(f"/account/post/{post.pk}/", {"next": elsewhere})["Location"] == "/"
    assert "切换到「" not in client.get("/operations/").content.decode(), "no post of his opens this one"


@pytest.mark.parametrize(
    "wanted",
    ["cases", "case-triage", "?a=1", "users_own_account", "http://testserver/", "javascript:alert(1)", "/\\\\example.org",
     "///example.org", "\t//example.org", "https:example.org"],
)  # fmt: skip
def test_who_switches_is_sent_to_no_address_that_is_not_a_page_of_ours(client, officer, handler_post, wanted):
    post = hold(officer, handler_post.role, handler_post.unit).post
    enter(client, officer)
    answer = client.post(f"/account/post/{post.pk}/", {"next": wanted}, secure=True)
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_an_address_that_takes_forms_only_says_so_when_it_is_opened(client, officer, handler_post):
    enter(client, officer)
    answer = client.get(f"/account/post/{handler_post.pk}/")
    told = text_of(answer)
    assert answer.status_code == 405 and answer["Allow"] == "POST"
    assert "这个地址不能直接打开" in told and "回到首页" in told


def test_a_holder_names_a_colleague_for_his_leave_and_comes_back_early(client, officer):
    load_templates(by=system("测试"))
    make_officer("he.lin", make_role("caller"), full_name="何霖")
    enter(client, officer)
    held = officer.holdings.get()
    now = time.local(time.now())
    form = {
        "deputy": "何霖",
        "starts": f"{now:%Y-%m-%dT%H:%M}",
        "ends": f"{now + timedelta(days=3):%Y-%m-%dT%H:%M}",
        "reason": "年休假",
    }
    assert client.post(f"/account/deputy/{held.pk}/", form).status_code == 302
    assert "何霖 代理" in text_of(client.get("/account/"))
    told = Outgoing.objects.get(event="users.stands_in", channel="inbox")
    assert told.user.full_name == "何霖" and "切换到这个岗位" in told.text
    stand_in = Holding.objects.get(deputy_of=held)
    client.post(f"/account/return/{stand_in.pk}/")
    assert "何霖 代理" not in text_of(client.get("/account/"))


def test_a_holder_cannot_name_a_stranger_nor_for_somebody_else(client, officer, colleague):
    enter(client, officer)
    now = time.local(time.now())
    form = {
        "deputy": "郝月",
        "starts": f"{now:%Y-%m-%dT%H:%M}",
        "ends": f"{now + timedelta(days=3):%Y-%m-%dT%H:%M}",
        "reason": "年休假",
    }
    held = officer.holdings.get()
    assert "本单位同事" in text_of(client.post(f"/account/deputy/{held.pk}/", form))
    others = make_officer("other.one", make_role("caller")).holdings.get()
    assert client.get(f"/account/deputy/{others.pk}/").status_code == 403


# --- seeds --------------------------------------------------------------------------------


def test_the_seed_roles_load_once_and_leave_a_changed_role_alone(security_admin):
    before = set(Role.objects.values_list("code", flat=True))
    made = actions.load_roles()
    assert {r.code for r in made} | before == {r.code for r in seed_roles()}
    make_role("acceptor", ["cases.view"])
    assert actions.load_roles() == []
    assert Role.objects.get(code="acceptor").permissions == ["cases.view"]


def test_every_permission_has_a_name_and_a_role_that_needs_it():
    held = {permission for role in seed_roles() for permission in role.permissions}
    assert held == set(permission_names())


def test_no_seed_role_both_asks_and_approves():
    pairs = [("extend", "approve_extension"), ("hold", "approve_hold"), ("void", "approve_void"),
             ("not_accept", "approve_not_accept"), ("export", "approve_export"), ("return", "rule_return"), ("reply", "review")]  # fmt: skip
    for role in seed_roles():
        for asks, approves in pairs:
            assert not {f"cases.{asks}", f"cases.{approves}"} <= set(role.permissions), (role.code, asks)


def test_the_first_three_administrators_are_made_once_each():
    made = [
        actions.create_first_administrator(kind, f"{kind.split('_')[0]}.first", "首任")
        for kind in ("system_admin", "security_admin", "audit_admin")
    ]
    assert [actor(user).role_code for user, _ in made] == ["system_admin", "security_admin", "audit_admin"]
    assert all(user.check_password(password) and user.must_change_password for user, password in made)
    with pytest.raises(NotNow, match="已有"):
        actions.create_first_administrator("system_admin", "second.one", "后来")


def test_the_history_of_an_account_names_who_changed_it_and_holds_no_password(client, system_admin, colleague):
    enter(client, system_admin)
    client.post(f"/users/accounts/{colleague.pk}/disable/", {"reason": "调离本区"})
    last = colleague.versions.order_by("-pgh_id").first()
    assert last.pgh_context["name"] == "邵系舟"
    assert last.pgh_context["reason"] == "调离本区"
    assert not last.is_active
    assert not hasattr(last, "password")


def test_a_write_without_an_actor_is_refused_by_the_database(colleague):
    from django.db import DatabaseError, connection, transaction

    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pghistory.context_metadata', '', true)")
    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.filter(pk=colleague.pk).update(full_name="改名")
