"""What a new district sets up on day one, without a line of SQL (单位与岗位, 10.1-3)."""

from datetime import timedelta

import pytest
from django.test import Client

from hezhi.engines.flow.models import Approval, ToDo
from hezhi.engines.org.models import Holding, Post, Role, Unit
from hezhi.engines.org.testkit import actor, enter, hold, make_officer, make_role, make_unit, make_user, traced
from hezhi.ground import time
from hezhi.ground.ids import new_id

pytestmark = [pytest.mark.django_db, pytest.mark.clause("10.1-3")]


@pytest.fixture
def office(db):
    """The three administrators of a new district, at their desks."""
    rights = {
        "system_admin": ["org.accounts", "org.units", "org.view"],
        "security_admin": ["org.roles", "org.approve", "org.view"],
        "audit_admin": ["audit.view", "org.approve", "org.view"],
    }
    people = {
        code: make_officer(f"{code[:6]}.one", make_role(code, p, kind=code, name=code)) for code, p in rights.items()
    }
    return {code: enter(Client(), user) for code, user in people.items()}


def text_of(response) -> str:
    return response.content.decode()


def send(client, url, data):
    """Fill in a registry's form as the page gives it."""
    page = client.get(url)
    hidden = {n: page.context[n] for n in ("form_token", "row_version") if page.context.get(n)}
    return client.post(url, data | hidden)


def test_from_an_empty_district_to_an_officer_at_work(office) -> None:
    system, security, audit = (office[code] for code in ("system_admin", "security_admin", "audit_admin"))
    form = {
        "code": "T01",
        "name": "听潮街道办事处",
        "kind": "镇街",
        "parent": "centre",
        "order": "100",
        "valid_from": "2026-01-01",
    }
    assert send(system, "/r/units/new/", form).status_code == 302
    town = Unit.objects.get(code="T01")
    assert town.path == "centre/T01/" and "听潮街道办事处" in text_of(system.get("/users/units/"))
    role = make_role("town_dispatcher", ["cases.view"], name="镇街派遣员")
    assert system.post(f"/users/units/{town.pk}/posts/new/", {"role": role.pk, "title": ""}).status_code == 302
    post = Post.objects.get(unit=town)
    page = text_of(system.get(f"/users/units/{town.pk}/"))
    assert "镇街派遣员" in page and "空岗" in page
    answer = system.post("/users/accounts/new/", {"login_name": "lin.wangshu", "full_name": "林望舒"})
    assert "初始口令" in text_of(answer)
    proposed = security.post(f"/users/posts/{post.pk}/grant/", {"user": "林望舒", "reason": "新任"})
    assert proposed.status_code == 302
    audit.post(f"/approvals/{Approval.objects.get().pk}/answer/", {"grant": "yes"})
    holding = Holding.objects.get(post=post)
    assert holding.user.full_name == "林望舒" and actor(holding.user).may("cases.view")
    assert "林望舒" in text_of(system.get(f"/users/units/{town.pk}/"))


def test_the_tree_shows_units_below_their_parents_and_counts_posts_and_people(office) -> None:
    town = make_unit("town1", Unit.Kind.TOWN, parent=make_unit(), name="听潮街道办事处")
    make_unit("com1", Unit.Kind.COMMUNITY, parent=town, name="潮声社区")
    make_officer("gu.yu", make_role("handler", ["cases.handle"]), town, "顾屿")
    page = text_of(office["system_admin"].get("/users/units/"))
    below = f"/users/units/{town.pk}/below/"
    assert below in page and "潮声社区" not in page, "a lower branch comes when it is opened"
    part = text_of(office["system_admin"].get(below, HTTP_HX_REQUEST="true"))
    assert "潮声社区" in part and "听潮街道办事处" not in part
    alone = text_of(office["system_admin"].get(below))
    assert alone.index("听潮街道办事处") < alone.index("潮声社区")
    Unit.objects.filter(pk=town.pk).update(valid_to=time.today())
    assert office["system_admin"].get(below).status_code == 404, "a closed unit is in no tree"
    Unit.objects.filter(pk=town.pk).update(valid_to=None)
    line = page[page.index("听潮街道办事处") :]
    assert "1 岗 1 人" in line[:400] and "下级单位 1 个" in line[:600]
    found = text_of(office["system_admin"].get("/users/units/?q=潮声"))
    assert "潮声社区" in found and "听潮街道办事处" not in found
    assert "没有名称或代码含" in text_of(office["system_admin"].get("/users/units/?q=无此"))


def test_a_unit_with_open_work_is_not_closed_and_it_says_how_many_and_what_to_do(office) -> None:
    unit = make_unit("ju", Unit.Kind.DEPARTMENT, parent=make_unit(), name="示例局")
    traced()
    for n in range(3):
        ToDo.objects.create(
            object_type="handling.case", object_id=new_id(), number=f"SJ{n}", title="示例", step="sign",
            permission="cases.sign", unit=unit, created_at=time.now(),
        )  # fmt: skip
    assert "3 件待办" in text_of(office["system_admin"].get(f"/users/units/{unit.pk}/"))
    answer = office["system_admin"].post(f"/r/units/{unit.pk}/remove/", {"reason": "机构改革"})
    assert answer.status_code == 409
    assert "还有 3 件待办没有办结" in text_of(answer) and "转办给其他单位" in text_of(answer)
    ToDo.objects.filter(unit=unit).update(done_at=time.now())
    assert office["system_admin"].post(f"/r/units/{unit.pk}/remove/", {"reason": "机构改革"}).status_code == 302
    unit.refresh_from_db()
    assert unit.valid_to == time.today()
    page = text_of(office["system_admin"].get(f"/users/units/{unit.pk}/"))
    assert "已停用" in page and "设岗" not in page.partition("<main")[2].partition("岗位和人员")[0]


def test_stand_ins_and_ends_are_seen_beside_the_holder(office) -> None:
    unit = make_unit("ju", Unit.Kind.DEPARTMENT, parent=make_unit(), name="示例局")
    role = make_role("handler", ["cases.handle"], name="承办经办人")
    held = hold(make_user("gu.yu", "热依汗古丽·买买提明"), role, unit)
    hold(make_user("cen.tang", "岑棠"), role, unit, deputy_of=held, valid_to=time.now() + timedelta(days=2))
    page = text_of(office["security_admin"].get(f"/users/units/{unit.pk}/"))
    assert "代理 热依汗古丽·买买提明" in page and "安排人员" in page


def test_who_may_do_what(office) -> None:
    unit = make_unit("ju", Unit.Kind.DEPARTMENT, parent=make_unit(), name="示例局")
    role = make_role("handler", ["cases.handle"])
    system, security, audit = (office[code] for code in ("system_admin", "security_admin", "audit_admin"))
    assert security.get(f"/users/units/{unit.pk}/posts/new/").status_code == 403
    system.post(f"/users/units/{unit.pk}/posts/new/", {"role": role.pk})
    post = Post.objects.get(unit=unit)
    assert system.get(f"/users/posts/{post.pk}/grant/").status_code == 403
    assert audit.get(f"/users/units/{unit.pk}/").status_code == 200
    officer = enter(Client(), make_officer("reader", Role.objects.get(code="handler"), unit))
    assert officer.get("/users/units/").status_code == 403
