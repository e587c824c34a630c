"""Sheets that come in: what is told of a bad one, what a second confirm does, how a batch is taken back."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hezhi.engines.org.models import Unit
from hezhi.engines.registry import imports, site
from hezhi.engines.registry.contract import World, _sheet, _upload
from hezhi.engines.registry.models import ImportRun
from hezhi.ground.errors import NotNow
from hezhi.ground.jobs import work_off
from hezhi.ground.tables import csv_chunks, plain_rows

URL = "/r/service-points/"


def test_the_template_offers_what_may_be_chosen_and_comes_back_as_a_sheet(world: World) -> None:
    answer = world.get(f"{URL}import/template/")
    assert "%E5%AF%BC%E5%85%A5%E6%A8%A1%E6%9D%BF.xlsx" in answer["Content-Disposition"]
    head = next(plain_rows(io.BytesIO(answer.content), "xlsx"))[1]
    assert "*名称" in head and "联系电话" in head
    empty = _upload(world, answer.content)
    assert empty.state == "failed" and "没有数据" in empty.failure


def test_a_csv_of_an_office_machine_is_read_too(world: World) -> None:
    lines = [["样例代办点", "代办", "长江路 1 号", "2026/3/1"]]
    content = (
        b"".join(csv_chunks(["名称", "服务类别", "地址", "开放日期"], lines)).decode("utf-8-sig").encode("gb18030")
    )
    run = imports.receive(world.registry, SimpleUploadedFile("yangli.csv", content), by=world.by(world.officer))
    assert (run.new, run.refused) == (1, 0), run.report


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "修理铺"}, "没有“修理铺”这个选项。可选：维修、代办、助老食堂"),
        ({"unit": "没有这个单位"}, "没有“没有这个单位”这个单位"),
        ({"opens_on": "2026-13-45"}, "日期"),
        ({"open_now": "也许"}, "“也许”不是“是”或“否”"),
        ({"name": "长" * 61}, "60"),
        ({"point": "36.06,120.38"}, "经纬度写反了"),
    ],
)
def test_each_fault_names_its_row_and_says_what_would_do(world: World, changed: dict[str, str], said: str) -> None:
    run = _upload(world, _sheet(world, [world.typed() | changed]))
    assert run.refused == 1
    row, column, value, sentence = imports.problems_with_cells(world.registry, run)[0]
    assert row == 2 and column and said in sentence
    assert value == next(iter(changed.values()))


def test_the_same_row_twice_in_one_sheet_is_told_where(world: World) -> None:
    typed = world.typed()
    run = _upload(world, _sheet(world, [typed, typed]))
    assert (run.new, run.refused) == (1, 1)
    assert "与第 2 行是同一条记录" in str(run.report)


def test_a_row_of_a_neighbour_is_neither_seen_nor_touched(world: World) -> None:
    theirs = world.rows(1, world.theirs)[0]
    run = _upload(
        world, _sheet(world, [world.typed(theirs) | {"unit": world.theirs.code, "address": "改过的样例地址"}])
    )
    assert (run.new, run.changed, run.refused) == (0, 0, 1)
    theirs.refresh_from_db()
    assert theirs.address != "改过的样例地址"


def test_a_removed_row_must_be_restored_before_it_is_imported(world: World) -> None:
    row = world.rows()[0]
    world.client().post(f"{URL}{row.pk}/remove/", {"reason": "停办"})
    run = _upload(world, _sheet(world, [world.typed(row) | {"unit": world.mine.code}]))
    assert "请先恢复再导入" in str(run.report)


def test_units_of_one_sheet_may_stand_under_each_other(db: None) -> None:
    world = World(site.get("units"))
    rows = [
        {"code": "imp-1", "name": "样例局", "kind": "区直部门", "valid_from": "2026-01-01"},
        {"code": "imp-2", "name": "样例科", "kind": "区直部门", "parent": "imp-1", "valid_from": "2026-01-01"},
    ]
    run = _upload(world, _sheet(world, rows))
    assert (run.new, run.refused) == (2, 0), run.report
    imports.confirm(run.pk, by=world.by(world.officer))
    assert Unit.objects.get(code="imp-2").path == "imp-1/imp-2/"


def test_a_large_sheet_is_checked_and_written_by_jobs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "AT_ONCE_BYTES", 10)
    monkeypatch.setattr(imports, "CHUNK", 2)
    sheet = SimpleUploadedFile("yangli.xlsx", _sheet(world, [world.typed() for _ in range(5)]))
    sent = world.client().post(f"{URL}import/", {"file": sheet})
    run = ImportRun.objects.get()
    assert sent["Location"] == f"{URL}import/{run.pk}/" and run.state == "checking"
    waiting = world.get(sent["Location"]).content.decode()
    assert f'hx-get="{URL}import/{run.pk}/job/"' in waiting
    assert work_off() == 1
    assert world.get(f"{URL}import/{run.pk}/job/")["HX-Refresh"] == "true"
    world.client().post(sent["Location"], {"step": "confirm"})
    run.refresh_from_db()
    assert run.state == "writing"
    assert work_off() == 1
    run.refresh_from_db()
    assert (run.state, run.new) == ("written", 5)
    imports.write(run.pk)
    assert world.registry.visible(world.by(world.officer)).count() == 5, "a job that runs twice writes once"


def test_what_changed_since_the_check_stops_the_whole_batch(world: World) -> None:
    good, other = world.typed(), world.typed()
    run = _upload(world, _sheet(world, [good, other]))
    taken = _upload(world, _sheet(world, [good | {"kind": "维修"}]))
    imports.confirm(taken.pk, by=world.by(world.officer))
    world.registry.all_rows().get(name=good["name"])
    world.client().post(f"{URL}{world.registry.all_rows().get(name=good['name']).pk}/remove/", {"reason": "停办"})
    late = imports.confirm(run.pk, by=world.by(world.officer))
    assert late.state == "failed" and "整批没有写入" in late.failure
    assert not world.registry.all_rows().filter(name=other["name"]).exists()


def test_a_batch_that_was_touched_is_not_taken_back(world: World) -> None:
    row = world.rows()[0]
    typed = world.typed(row) | {"unit": world.mine.code, "address": "导入后的样例地址"}
    run = imports.confirm(_upload(world, _sheet(world, [typed])).pk, by=world.by(world.officer))
    assert run.state == "written"
    row.refresh_from_db()
    assert row.address == "导入后的样例地址" and row.revision == 1
    page = world.get(f"{URL}{row.pk}/edit/")
    world.client().post(
        f"{URL}{row.pk}/edit/", world.typed(row) | {"keeper": "后改", "row_version": page.context["row_version"]}
    )
    with pytest.raises(NotNow, match="之后又有改动"):
        imports.undo(run.pk, by=world.by(world.officer), reason="录错")


def test_a_batch_that_was_not_touched_gives_changed_rows_their_former_values(world: World) -> None:
    row = world.rows()[0]
    before = row.address
    typed = world.typed(row) | {"unit": world.mine.code, "address": "导入后的样例地址"}
    run = imports.confirm(_upload(world, _sheet(world, [typed])).pk, by=world.by(world.officer))
    assert imports.undo(run.pk, by=world.by(world.officer), reason="录错") == 1
    row.refresh_from_db()
    assert row.address == before and row.revision == 2


def test_a_batch_belongs_to_who_sent_it(world: World) -> None:
    run = _upload(world, _sheet(world, [world.typed()]))
    url = f"{URL}import/{run.pk}/"
    assert world.get(url, world.neighbour).status_code == 404
    assert world.get(f"{url}report/", world.neighbour).status_code == 404
    assert world.client(world.neighbour).post(url, {"step": "confirm"}).status_code == 404


def test_a_batch_given_up_leaves_nothing_behind(world: World) -> None:
    run = _upload(world, _sheet(world, [world.typed()]))
    world.client().post(f"{URL}import/{run.pk}/", {"step": "give_up"})
    run.refresh_from_db()
    assert (run.state, run.file) == ("given_up", "")
    assert world.get(f"{URL}import/{run.pk}/report/").status_code == 404
    assert world.client().post(f"{URL}import/{run.pk}/", {"step": "confirm"}).status_code == 409


@pytest.mark.parametrize(("name", "content"), [("x.xlsx", b"not a sheet"), ("x.exe", b"MZ\x90\x00"), ("x.csv", b"")])
def test_a_file_that_is_no_table_is_refused_on_the_form(world: World, name: str, content: bytes) -> None:
    answer = world.client().post(f"{URL}import/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422 and answer.context["form"].errors["file"]


def test_a_file_that_is_missing_is_asked_for(world: World) -> None:
    assert "请选择要导入的表格文件" in world.client().post(f"{URL}import/", {}).content.decode()
