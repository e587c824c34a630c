"""What the dictionaries know beyond the contract: a tree that stays whole, rights that are not widened aside."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hezhi.chapters.cases.handling.api import Category
from hezhi.engines.flow.models import CalendarDay, LimitRule
from hezhi.engines.org.models import Post, Role, Unit
from hezhi.engines.org.testkit import hold, make_officer, make_role, make_unit, make_user, traced
from hezhi.engines.reach.models import MessageTemplate
from hezhi.engines.registry import imports, site
from hezhi.engines.registry.contract import World
from hezhi.engines.registry.models import ImportRun
from hezhi.ground.errors import NotNow

pytestmark = pytest.mark.django_db


def post(world: World, url: str, data: dict[str, str]):
    page = world.get(url)
    hidden = {n: page.context[n] for n in ("form_token", "row_version") if page.context.get(n)}
    return world.client().post(url, data | hidden)


def edit(world: World, row: object, **changed: str):
    return post(world, world.registry.url(row.pk, "edit"), world.typed(row) | changed)


def test_a_unit_that_moves_takes_the_units_below_it_along() -> None:
    world = World(site.get("units"))
    old = make_unit("old", name="原上级")
    make_unit("new", name="新上级")
    moved = make_unit("moved", name="迁移单位", parent=old)
    below = make_unit("below", name="下级单位", parent=moved)
    deepest = make_unit("deepest", name="再下级", parent=below)
    assert edit(world, moved, parent="new").status_code == 302
    for unit, path in ((moved, "new/moved/"), (below, "new/moved/below/"), (deepest, "new/moved/below/deepest/")):
        unit.refresh_from_db()
        assert unit.path == path


@pytest.mark.parametrize(("slug", "field"), [("units", "phone"), ("people", "work_phone")])
def test_a_telephone_of_the_office_can_be_dialled(slug: str, field: str) -> None:
    world = World(site.get(slug))
    row = world.mine if slug == "units" else make_officer("posted", make_role("low"), world.mine)
    refused = edit(world, row, **{field: "abc"})
    assert refused.status_code == 422 and list(refused.context["form"].errors) == [field]
    for fine in ("", "12345", "0532-86988888 转 801", "86988888/86988889"):
        assert edit(world, row, **{field: fine}).status_code == 302, fine


def test_a_unit_does_not_come_to_lie_under_itself() -> None:
    world = World(site.get("units"))
    top = make_unit("top", name="上级")
    low = make_unit("low", name="下级", parent=top)
    for parent in (top, low):
        answer = edit(world, top, parent=parent.code)
        assert answer.status_code == 422 and "不能是本单位或本单位的下级" in answer.content.decode()


def test_a_unit_with_people_or_units_below_is_not_closed() -> None:
    world = World(site.get("units"))
    unit = make_unit("busy", name="在用单位")
    make_officer("somebody", unit=unit)
    answer = world.client().post(world.registry.url(unit.pk, "remove"), {"reason": "机构改革"})
    assert answer.status_code == 409 and "1 人在岗" in answer.content.decode()
    assert Unit.objects.get(pk=unit.pk).valid_to is None


def test_the_role_of_a_post_that_somebody_holds_cannot_be_changed_aside() -> None:
    world = World(site.get("posts"))
    low, high = make_role("low", ["cases.view"]), make_role("high", ["cases.view", "cases.void"])
    hold(make_user("holder"), low, world.mine)
    row = Post.objects.get(role=low)
    answer = edit(world, row, role=high.code)
    assert answer.status_code == 422 and "不能更换角色" in answer.content.decode()
    assert edit(world, row, title="改名的岗位").status_code == 302
    closed = world.client().post(world.registry.url(row.pk, "remove"), {"reason": "撤岗"})
    assert closed.status_code == 409 and "现有人任职" in closed.content.decode()


def test_a_person_is_shown_with_the_posts_he_holds_now() -> None:
    world = World(site.get("people"))
    user = make_officer("posted", make_role("low", name="样例角色"), world.mine, "岗样例")
    page = world.get(world.registry.url() + "?q=岗样例").content.decode()
    assert "样例甲街道" in page
    found = world.get(f"{world.registry.url()}?unit={world.mine.pk}").context["listing"].rows
    assert str(user.pk) in [row.id for row in found]


def test_people_are_not_switched_off_here_nor_can_a_login_name_be_changed() -> None:
    world = World(site.get("people"))
    row = world.rows()[0]
    assert world.client().post(world.registry.url(row.pk, "remove"), {"reason": "x"}).status_code == 404
    name = row.login_name
    edit(world, row, login_name="intruder", is_active="", full_name="改名样例")
    row.refresh_from_db()
    assert (row.login_name, row.is_active, row.full_name) == (name, True, "改名样例")


def test_roles_are_read_and_not_written_here() -> None:
    world = World(site.get("roles"))
    role = make_role("low", ["cases.view"], name="样例角色")
    assert "查看事件" in world.get(world.registry.url(role.pk)).content.decode()
    assert world.get(world.registry.url("new")).status_code == 404
    assert world.api("patch", world.registry.rest_url(role.pk), {"permissions": ["cases.void"]}).status_code == 405
    assert Role.objects.get(pk=role.pk).permissions == ["cases.view"]


@pytest.mark.parametrize(
    "spans", ['["12:00-08:30"]', '["08:30-12:00", "11:00-17:00"]', '["morning"]', "[1]", '"08:30"']
)
def test_hours_that_cannot_be_are_refused(spans: str) -> None:
    world = World(site.get("working-hours"))
    answer = post(world, world.registry.url("new"), world.typed() | {"spans": spans})
    assert answer.status_code == 422 and spans.replace('"', "&quot;") in answer.content.decode()


def test_words_that_no_message_can_fill_are_refused() -> None:
    world = World(site.get("message-templates"))
    row = MessageTemplate.objects.first() or world.rows()[0]
    answer = edit(world, row, text="您的事件 {password} 已受理")
    assert answer.status_code == 422 and "{password}" in answer.content.decode()


# -- files of rules --------------------------------------------------------------------------------


def imported(world: World, table: str) -> ImportRun:
    """Upload, check and confirm a sheet; gives the batch."""
    by = world.by(world.officer)
    run = imports.receive(world.registry, SimpleUploadedFile("表.csv", table.encode()), by=by)
    assert (run.state, run.refused) == ("checked", 0), run.report
    return imports.confirm(run.pk, by=by)


@pytest.mark.clause("9.1.2-2")
def test_an_import_of_calendar_days_is_taken_back_as_a_whole() -> None:
    world = World(site.get("calendar-days"))
    kept = world.rows()[0]
    before = kept.name
    run = imported(world, f"日期,上班,名称\n{kept.date},是,写错的一天\n2031-02-03,否,样例节\n")
    assert (run.new, run.changed) == (1, 1)
    assert CalendarDay.objects.filter(date="2031-02-03", is_working=False).exists()
    assert imports.undo(run.pk, by=world.by(world.officer), reason="通知尚未公布") == 2
    kept.refresh_from_db()
    assert kept.name == before and not CalendarDay.objects.filter(date="2031-02-03").exists()
    told = CalendarDay.versions.rel.related_model.objects.filter(date="2031-02-03").order_by("pgh_id")
    assert [event.pgh_label for event in told] == ["insert", "delete"], "the history keeps what went"


def limit(name: str, amount: int = 5, since: str = "2024-01-01", **more: str) -> LimitRule:
    """A rule of the table of limits; for everything unless told otherwise."""
    traced()
    return LimitRule.objects.create(name=name, amount=amount, unit="working_days", valid_from=since, **more)


@pytest.mark.clause("9.1.2-2")
def test_an_import_of_time_limits_is_taken_back_as_a_whole() -> None:
    world = World(site.get("limit-rules"))
    limit("一般事项")
    run = imported(world, "名称,时长,计时单位,启用日期\n样例新时限,3,工作日,2026-01-01\n")
    rule = LimitRule.objects.get(name="样例新时限")
    assert imports.undo(run.pk, by=world.by(world.officer), reason="录错") == 1
    rule.refresh_from_db()
    assert rule.valid_to is not None
    assert [version.pgh_label for version in rule.versions.order_by("pgh_id")] == ["insert", "update"]


@pytest.fixture
def limits() -> dict[str, LimitRule]:
    """A limit for everything in two stages, and one for a kind."""
    return {
        "total": limit("一般事项"), "sign": limit("签收", 1, stage="sign"), "grid": limit("网格事件", 3, matter_kind="grid"),
    }  # fmt: skip


def close(world: World, rule: LimitRule):
    return world.client().post(world.registry.url(rule.pk, "remove"), {"reason": "不再适用"})


@pytest.mark.clause("9.1.2-2")
@pytest.mark.parametrize(("which", "said"), [("total", "缺少兜底的总时限"), ("sign", "缺少兜底的签收时限")])
def test_the_only_limit_for_everything_is_not_closed(limits: dict[str, LimitRule], which: str, said: str) -> None:
    world = World(site.get("limit-rules"))
    answer = close(world, limits[which])
    assert answer.status_code == 409 and said in answer.content.decode()
    limits[which].refresh_from_db()
    assert limits[which].valid_to is None
    api = world.api("delete", f"{world.registry.rest_url(limits[which].pk)}?reason=x")
    assert api.status_code == 409 and LimitRule.objects.get(pk=limits[which].pk).valid_to is None


@pytest.mark.clause("9.1.2-2")
def test_a_particular_limit_and_one_that_has_a_successor_are_closed(limits: dict[str, LimitRule]) -> None:
    world = World(site.get("limit-rules"))
    assert close(world, limits["grid"]).status_code == 302
    limit("一般事项（新）", 6, since="2026-01-01")
    assert close(world, limits["total"]).status_code == 302
    limits["total"].refresh_from_db()
    assert limits["total"].valid_to is not None


@pytest.mark.clause("9.1.2-2")
@pytest.mark.parametrize("changed", [{"category": "01"}, {"valid_from": "2099-01-01"}, {"stage": "accept"}])
def test_a_limit_for_everything_is_not_narrowed_away(
    limits: dict[str, LimitRule], rubbish: Category, changed: dict[str, str]
) -> None:
    world = World(site.get("limit-rules"))
    answer = edit(world, limits["total"], **changed)
    assert answer.status_code == 422 and "缺少兜底的总时限" in answer.content.decode()
    assert edit(world, limits["total"], amount="7").status_code == 302


@pytest.fixture
def rubbish(db) -> Category:
    traced()
    above = Category.objects.create(code="01", name="市容环境", full_name="市容环境", path="01")
    return Category.objects.create(
        code="0102", name="暴露垃圾", full_name="市容环境/暴露垃圾", path="01/0102", parent=above
    )


@pytest.mark.clause("9.1.2-2")
def test_what_a_limit_is_for_is_chosen_by_name_and_kept_by_code(limits: dict[str, LimitRule], rubbish) -> None:
    world = World(site.get("limit-rules"))
    form = world.get(world.registry.url("new")).content.decode()
    for offered in ('<option value="accept">受理</option>', '<option value="critical">特急</option>',
                    '<option value="01/0102">市容环境/暴露垃圾</option>'):  # fmt: skip
        assert offered in form
    typed = {
        "name": "暴露垃圾受理", "stage": "受理", "matter_kind": "网格事件", "category": "0102", "urgency": "特急",
        "amount": "15", "unit": "minutes", "valid_from": "2026-01-01",
    }  # fmt: skip
    assert post(world, world.registry.url("new"), typed).status_code == 302
    rule = LimitRule.objects.get(name="暴露垃圾受理")
    kept = ("accept", "grid", "01/0102", "critical")
    assert (rule.stage, rule.matter_kind, rule.category, rule.urgency) == kept
    for page in (world.registry.url(), world.registry.url(rule.pk)):
        shown = world.get(page).content.decode()
        assert all(word in shown for word in ("受理", "网格事件", "市容环境/暴露垃圾", "特急"))
    assert world.api("get", world.registry.rest_url(rule.pk)).json()["stage"] == "accept"


@pytest.mark.clause("9.1.2-2")
@pytest.mark.parametrize("field", ["stage", "matter_kind", "category", "urgency"])
def test_a_limit_for_what_never_comes_is_refused_on_each_way(limits: dict[str, LimitRule], field: str) -> None:
    world = World(site.get("limit-rules"))
    typed = {"name": "新规", "amount": "3", "unit": "working_days", "valid_from": "2026-01-01", field: "banana"}
    refused = post(world, world.registry.url("new"), typed)
    assert refused.status_code == 422 and list(refused.context["form"].errors) == [field]
    assert world.api("post", world.registry.rest_url(), typed | {"amount": 3}).status_code == 422
    label = {"stage": "环节", "matter_kind": "事件类型", "category": "类别路径", "urgency": "紧急程度"}[field]
    sheet = f"名称,{label},时长,计时单位,启用日期\n新规,banana,3,工作日,2026-01-01\n"
    run = imports.receive(world.registry, SimpleUploadedFile("表.csv", sheet.encode()), by=world.by(world.officer))
    assert run.refused == 1 and "banana" in str(run.report)


@pytest.mark.clause("9.1.2-2")
def test_two_limits_that_contradict_each_other_are_refused_on_each_way(limits: dict[str, LimitRule]) -> None:
    world = World(site.get("limit-rules"))
    twin = world.typed(limits["grid"]) | {"name": "网格事件二", "amount": "4"}
    answer = post(world, world.registry.url("new"), twin)
    assert answer.status_code == 422 and "“网格事件”和“网格事件二”" in answer.content.decode()
    body = {
        "name": "网格事件二",
        "matter_kind": "grid",
        "amount": 4,
        "unit": "working_days",
        "valid_from": "2024-01-01",
    }
    assert world.api("post", world.registry.rest_url(), body).status_code in (409, 422)
    sheet = "名称,事件类型,时长,计时单位,启用日期\n网格事件二,grid,4,工作日,2024-01-01\n"
    by = world.by(world.officer)
    run = imports.receive(world.registry, SimpleUploadedFile("表.csv", sheet.encode()), by=by)
    assert run.refused == 1 and "管同样的事项" in str(run.report)
    assert not LimitRule.objects.filter(name="网格事件二").exists()


@pytest.mark.clause("9.1.2-2")
def test_a_file_of_limits_that_others_rely_on_by_now_is_not_taken_back() -> None:
    world = World(site.get("limit-rules"))
    old = limit("一般事项")
    run = imported(world, "名称,时长,计时单位,启用日期\n一般事项（新）,6,工作日,2026-01-01\n")
    assert close(world, old).status_code == 302
    with pytest.raises(NotNow, match="缺少兜底"):
        imports.undo(run.pk, by=world.by(world.officer), reason="录错")
    assert LimitRule.objects.get(name="一般事项（新）").valid_to is None


def test_hours_keep_their_versions() -> None:
    world = World(site.get("working-hours"))
    row = world.rows()[0]
    edit(world, row, after_hours_moves="true")
    assert row.versions.filter(after_hours_moves=True).exists()


def test_a_code_stays_what_it_is_and_a_new_label_is_a_new_version() -> None:
    world = World(site.get("codes"))
    row = world.rows()[0]
    moved = edit(world, row, code="别的")
    assert moved.status_code == 422 and "登记后不能改" in moved.content.decode()
    assert edit(world, row, label="新名称").status_code == 302


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"registry": "codes"}, "没有“codes”这个选项"),
        ({"kind": "choice"}, "至少要有一个选项"),
        ({"personal": "1", "purpose": ""}, "须写明处理目的"),
        ({"personal": "1", "purpose": "上门服务"}, "不能用来收集个人信息"),
        ({"code": "供暖"}, "只用小写字母"),
    ],
)
def test_an_added_field_that_cannot_be_is_refused_in_words(changed: dict[str, str], said: str) -> None:
    world = World(site.get("extra-fields"))
    answer = post(world, world.registry.url("new"), world.typed() | changed)
    assert answer.status_code == 422 and said in answer.content.decode(), answer.context["form"].errors


def test_a_field_added_on_screen_stands_in_the_form_at_once() -> None:
    fields, units = World(site.get("extra-fields")), World(site.get("units"))
    data = {"registry": "units", "code": "fax", "label": "传真号码", "kind": "text", "valid_from": "2026-01-01"}
    data |= {"order": "1", "unit": fields.mine.code}
    assert post(fields, fields.registry.url("new"), data).status_code == 302
    make_role("contract-officer", [*fields._role.permissions, "org.view", "org.units"], reach=Role.Reach.AREA)
    assert "传真号码" in fields.get(units.registry.url("new")).content.decode()
