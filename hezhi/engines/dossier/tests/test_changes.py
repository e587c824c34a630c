"""A field that a higher level owns: asked for below, decided above, written in one transaction."""

from typing import Any

import pytest

from hezhi.engines.dossier.models import ChangeRequest
from hezhi.engines.org.models import Role, Unit, User
from hezhi.engines.org.testkit import make_officer, make_role, make_unit
from hezhi.engines.registry import actions
from hezhi.engines.registry.contract import World, _sheet, _upload
from hezhi.ground.events import _listeners

pytestmark = pytest.mark.django_db
HOUSES = "/r/test-houses/"


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def chief(houses: World) -> User:
    """Somebody of the district who may edit houses."""
    role = make_role("dossier-chief", houses._role.permissions, reach=Role.Reach.DISTRICT)
    return make_officer("dossier-chief", role, make_unit("dossier-centre", Unit.Kind.CENTRE), "区样例")


def edit(world: World, row: Any, **more: str) -> Any:
    url = f"{HOUSES}{row.pk}/edit/"
    version = world.get(url).context["row_version"]
    return world.client().post(url, world.typed(row) | more | {"row_version": version}, follow=True)


def decide(world: World, user: User, row: Any, verb: str, opinion: str = "") -> Any:
    data = {"verb": verb, "opinion": opinion, "request": str(ChangeRequest.objects.get().pk)}
    return world.client(user).post(f"{HOUSES}{row.pk}/?tab=changes", data)


def test_a_town_that_changes_the_districts_code_asks_and_the_district_decides(houses: World, chief: User) -> None:
    row = houses.rows()[0]
    before = row.code
    heard: list[str] = []
    _listeners["registry.change_asked"].append(lambda **news: heard.append(news["request"].title))
    page = edit(houses, row, code="F-2026-1", note="顺带改备注")
    _listeners["registry.change_asked"].pop()
    assert "已提交变更申请" in text(page) and heard == [row.name]
    row.refresh_from_db()
    assert row.code == before
    told = text(houses.get(f"{HOUSES}{row.pk}/?tab=changes", chief))
    assert "F-2026-1" in told and "顺带改备注" in told and before in told
    assert str(row.pk) in text(houses.get(f"{HOUSES}?change_waiting=1", chief))
    assert decide(houses, houses.officer, row, "approve").status_code == 403, "nobody decides his own request"
    assert decide(houses, chief, row, "approve").status_code == 302
    row.refresh_from_db()
    assert (row.code, row.note) == ("F-2026-1", "顺带改备注")
    history = text(houses.get(f"{HOUSES}{row.pk}/?tab=history"))
    assert "林样例（样例甲街道）申请" in history and "区样例" in history


def test_a_returned_request_says_why_and_a_withdrawn_one_changes_nothing(houses: World, chief: User) -> None:
    row = houses.rows()[0]
    edit(houses, row, code="F-1")
    assert decide(houses, chief, row, "return").status_code == 422
    assert decide(houses, chief, row, "return", "编号已占用").status_code == 302
    assert "编号已占用" in text(houses.get(f"{HOUSES}{row.pk}/?tab=changes"))
    ChangeRequest.objects.get().refresh_from_db()
    assert decide(houses, chief, row, "approve").status_code == 409, "decided once"
    row.refresh_from_db()
    assert row.code != "F-1"


def test_a_second_request_waits_for_the_first_which_can_be_withdrawn(houses: World) -> None:
    row = houses.rows()[0]
    edit(houses, row, code="F-1")
    second = houses.client().post(f"{HOUSES}{row.pk}/edit/", houses.typed(row) | {"code": "F-2", "row_version": "0"})
    assert second.status_code == 409
    assert decide(houses, houses.officer, row, "withdraw").status_code == 302
    assert "已提交变更申请" in text(edit(houses, row, code="F-2"))


def test_fields_of_ones_own_level_are_written_at_once(houses: World, chief: User) -> None:
    row = houses.rows()[0]
    edit(houses, row, note="本级可改")
    row.refresh_from_db()
    assert row.note == "本级可改" and not ChangeRequest.objects.exists()
    actions.change(houses.registry, row.pk, {"code": "区改"}, by=houses.by(chief), only=["code"])
    row.refresh_from_db()
    assert row.code == "区改"


def test_a_row_changed_meanwhile_is_not_overwritten(houses: World, chief: User) -> None:
    row = houses.rows()[0]
    edit(houses, row, code="F-1")
    actions.change(houses.registry, row.pk, {"note": "后来改的"}, by=houses.by(houses.officer), only=["note"])
    late = decide(houses, chief, row, "approve")
    assert late.status_code == 409 and "又有改动" in text(late)
    assert ChangeRequest.objects.get().state == "waiting", "the decision was taken back with the change"


def test_a_sheet_and_a_bulk_edit_are_no_way_round(houses: World) -> None:
    row = houses.rows()[0]
    run = _upload(houses, _sheet(houses, [{"name": row.name, "code": "F-9"}]))
    assert (run.changed, run.refused) == (0, 1) and "须经审批" in str(run.report)
    answer = houses.api("patch", f"/api/v1/test-houses/{row.pk}/", {"code": "F-9"})
    assert answer.status_code == 409 and "已提交变更申请" in answer.json()["error"]["what"]
    row.refresh_from_db()
    assert row.code != "F-9"
