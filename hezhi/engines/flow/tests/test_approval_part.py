"""Approval as a part of a registry (审批部件): exports and named changes wait for a second person."""

import pytest

from hezhi.engines.flow.models import Approval as Request
from hezhi.engines.flow.parts import Approval
from hezhi.engines.org.models import Role, Unit
from hezhi.engines.org.testkit import enter, make_officer, make_role, make_unit
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.records.vault import create_key_ring
from hezhi.engines.registry import site
from hezhi.engines.registry.checks import problems
from hezhi.engines.registry.contract import World
from hezhi.engines.registry.history import history, told_versions
from hezhi.engines.registry.models import ExportRun

pytestmark = pytest.mark.django_db
APPROVE = "units.approve"


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    from hezhi.engines.records.vault.keys import ring

    create_key_ring(tmp_path / "keys")
    settings.HEZHI_HOME = tmp_path
    ring.cache_clear()
    yield
    ring.cache_clear()


@pytest.fixture
def world(db, monkeypatch) -> World:
    """The units of a district, whose telephone and duties may only be changed with an approval."""
    world = World(site.get("units"))
    monkeypatch.setattr(type(world.registry), "parts", (Approval(APPROVE, changes=("phone", "duties")),))
    return world


@pytest.fixture
def chief(world):
    role = make_role("contract-approver", [APPROVE, "org.view"], reach=Role.Reach.OWN_UNIT, name="审批人")
    return make_officer("approver.one", role, world.mine, full_name="核定人")


@pytest.fixture
def second_chief(world, chief):
    return make_officer("approver.two", Role.objects.get(code="contract-approver"), world.mine, full_name="会签人")


def edit(world, row, **changed):
    url = world.registry.url(row.pk, "edit")
    page = world.get(url)
    hidden = {n: page.context[n] for n in ("form_token", "row_version") if page.context.get(n)}
    return world.client().post(url, world.typed(row) | hidden | changed)


def answer(client, user, row, grant="yes", opinion=""):
    return enter(client, user).post(f"/approvals/{row.pk}/answer/", {"grant": grant, "opinion": opinion})


def text_of(response) -> str:
    return response.content.decode()


# -- changes ---------------------------------------------------------------------------------------


def test_a_change_of_a_named_field_waits_and_takes_effect_when_approved(client, world, chief) -> None:
    (row,) = world.rows()
    before = row.phone
    said = edit(world, row, phone="0532-86009999")
    assert said.status_code == 409 and "申请已提交，批准后生效" in text_of(said)
    row.refresh_from_db()
    assert row.phone == before
    request = Request.objects.get()
    told = text_of(enter(client, chief).get(f"/approvals/{request.pk}/"))
    assert "0532-86009999" in told and "值班电话" in told
    assert answer(client, chief, request).status_code == 302
    row.refresh_from_db()
    assert row.phone == "0532-86009999"
    newest = history(told_versions(world.registry, row, world.by(world.officer)))[0]
    assert world.officer.full_name in newest.who and newest.text == "经核定人审批"
    assert AuditEntry.objects.filter(event="flow.approve", actor_id=chief.pk).exists()


def test_other_fields_are_written_at_once(world, chief) -> None:
    (row,) = world.rows()
    assert edit(world, row, short_name="简称样例").status_code == 302
    row.refresh_from_db()
    assert row.short_name == "简称样例" and not Request.objects.exists()


def test_what_is_asked_lies_sealed_in_the_request(world, chief) -> None:
    (row,) = world.rows()
    edit(world, row, duties="样例职责说明")
    assert "样例职责说明" not in str(Request.objects.values_list("proposal", flat=True)[0])


def test_one_open_request_for_a_row_at_a_time(world, chief) -> None:
    (row,) = world.rows()
    edit(world, row, phone="0532-1")
    assert "已有一份同样的申请" in text_of(edit(world, row, phone="0532-2"))
    assert Request.objects.count() == 1


def test_a_refused_or_withdrawn_change_leaves_the_row_alone(client, world, chief) -> None:
    (row,) = world.rows()
    edit(world, row, phone="0532-1")
    assert "不同意时请写明理由" in text_of(answer(client, chief, Request.objects.get(), "no"))
    answer(client, chief, Request.objects.get(), "no", "号码不对")
    edit(world, row, phone="0532-2")
    waiting = Request.objects.get(state="waiting")
    assert world.client().post(f"/approvals/{waiting.pk}/withdraw/").status_code == 302
    row.refresh_from_db()
    assert row.phone not in ("0532-1", "0532-2")
    assert sorted(Request.objects.values_list("state", flat=True)) == ["returned", "withdrawn"]


def test_a_row_that_changed_meanwhile_is_not_overwritten(client, world, chief) -> None:
    (row,) = world.rows()
    edit(world, row, phone="0532-1")
    edit(world, row, short_name="先改了")
    assert "又有修改" in text_of(answer(client, chief, Request.objects.get()))
    row.refresh_from_db()
    assert (row.phone == "0532-1", row.short_name) == (False, "先改了")
    assert Request.objects.get().state == "waiting"


def test_nobody_else_decides_and_the_asker_least_of_all(client, world, chief) -> None:
    (row,) = world.rows()
    edit(world, row, phone="0532-1")
    request = Request.objects.get()
    assert answer(client, world.neighbour, request).status_code == 404
    assert "不能审批自己提出的申请" in text_of(answer(client, world.officer, request))


def test_a_cosigner_signs_before_the_approval(client, world, chief, second_chief) -> None:
    (row,) = world.rows()
    edit(world, row, phone="0532-1")
    request = Request.objects.get()
    url = f"/approvals/{request.pk}/"
    enter(client, chief).post(f"{url}cosigners/", {"person": str(second_chief.pk)})
    assert "还有会签人未签" in text_of(answer(client, chief, request))
    assert enter(client, second_chief).post(f"{url}cosign/").status_code == 302
    assert answer(client, chief, request).status_code == 302
    row.refresh_from_db()
    assert row.phone == "0532-1"


def test_a_signature_that_does_not_come_is_not_waited_for(client, world, chief, second_chief) -> None:
    (row,) = world.rows()
    edit(world, row, phone="0532-1")
    request = Request.objects.get()
    url = f"/approvals/{request.pk}/"
    enter(client, chief).post(f"{url}cosigners/", {"person": str(second_chief.pk)})
    drop = f"{url}cosigners/{second_chief.pk}/drop/"
    assert enter(client, world.officer).post(drop).status_code == 403
    page = text_of(enter(client, chief).get(url))
    assert "不再等会签人会签" in page and drop in page
    assert client.post(drop).status_code == 302
    assert "不再等会签人会签" not in text_of(client.get(url))
    assert answer(client, chief, request).status_code == 302
    row.refresh_from_db()
    assert row.phone == "0532-1"


def test_a_named_colleague_decides_for_one_who_is_away(client, world, chief, second_chief) -> None:
    (row,) = world.rows()
    edit(world, row, phone="0532-1")
    request = Request.objects.get()
    enter(client, chief).post(f"/approvals/{request.pk}/delegate/", {"person": str(second_chief.pk)})
    request.refresh_from_db()
    assert request.delegated_to == second_chief
    assert answer(client, second_chief, request).status_code == 302
    assert Request.objects.get().decided_by == second_chief


def test_without_anybody_who_could_approve_the_gate_is_closed_in_words(world) -> None:
    (row,) = world.rows()
    assert "没有可以审批的人" in text_of(edit(world, row, phone="0532-1"))
    assert "没有可以审批的人" in text_of(world.get(world.registry.url("export")))


def test_the_unit_above_decides_where_the_own_unit_has_nobody(client, world) -> None:
    above = make_unit("contract-above", name="样例上级")
    Unit.objects.filter(pk=world.mine.pk).update(parent=above, path=f"{above.path}{world.mine.code}/")
    role = make_role("contract-approver", [APPROVE], name="审批人")
    boss = make_officer("boss.one", role, above, full_name="上级审批人")
    (row,) = world.rows()
    edit(world, row, phone="0532-1")
    assert Request.objects.get().unit == above
    assert answer(client, boss, Request.objects.get()).status_code == 302


# -- exports ---------------------------------------------------------------------------------------


def test_an_export_waits_and_goes_when_approved(client, world, chief) -> None:
    world.rows(2)
    world.client().post(world.registry.url("export"), {"format": "csv", "reason": "核对单位"})
    run = ExportRun.objects.get()
    assert run.state == "approval"
    request = Request.objects.get()
    told = text_of(enter(client, chief).get(f"/approvals/{request.pk}/"))
    assert "导出单位" in told and "核对单位" in told and "值班电话" in told
    assert answer(client, chief, request).status_code == 302
    run.refresh_from_db()
    assert run.state == "waiting", "the job makes the file"


@pytest.mark.parametrize(("grant", "state"), [("no", "returned"), ("", "withdrawn")])
def test_a_refused_or_withdrawn_export_makes_no_file(client, world, chief, grant, state) -> None:
    world.client().post(world.registry.url("export"), {"format": "csv", "reason": "核对单位"})
    request = Request.objects.get()
    if grant:
        answer(client, chief, request, grant, "用途不明")
    else:
        world.client().post(f"/approvals/{request.pk}/withdraw/")
    run = ExportRun.objects.get()
    assert (run.state, Request.objects.get().state) == ("refused", state)
    assert run.failure == ("用途不明" if grant else "申请人已撤回")


def test_people_leave_only_with_the_countersignature() -> None:
    (part,) = [p for p in site.get("people").parts if isinstance(p, Approval)]
    assert part.permission == "org.approve" and part.exports


def test_a_field_that_is_not_in_the_form_stops_the_start(world, monkeypatch) -> None:
    monkeypatch.setattr(type(world.registry), "parts", (Approval(APPROVE, changes=("nothing",)),))
    assert any("nothing" in str(said) for said in problems(world.registry))
