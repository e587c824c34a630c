"""What goes out: closed for personal information, opened by a part, made by a job, gone after a day."""

import csv
import io
from typing import Any

import pytest

from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.engines.registry import exports, jobs
from hezhi.engines.registry.contract import World
from hezhi.engines.registry.models import ExportRun
from hezhi.engines.registry.parts import OPEN, Gate, Part
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed
from hezhi.ground.jobs import work_off

URL = "/r/service-points/"


class OpenGate(Part):
    """A part that lets every export go."""

    def export_gate(self, registry: Any, run: Any, by: Any) -> Gate:
        return OPEN


class AskFirst(Part):
    """A part that wants somebody else's word."""

    def export_gate(self, registry: Any, run: Any, by: Any) -> Gate:
        return Gate("waiting", "已提交审批。")


@pytest.fixture
def open_gate(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.registry), "parts", (OpenGate(),))


def ask(world: World, format: str = "csv", query: str = "") -> ExportRun:
    return exports.ask(world.registry, query, by=world.by(world.officer), format=format, reason="核对服务点")


def test_personal_information_is_closed_until_a_part_opens_the_gate(world: World) -> None:
    page = world.get(f"{URL}export/")
    assert "须经第二人审批" in page.content.decode() and page.context["form"] is None
    with pytest.raises(NotAllowed):
        ask(world)
    assert not ExportRun.objects.exists()


def test_an_approved_export_is_released_by_somebody_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.registry), "parts", (AskFirst(),))
    world.rows(2)
    run = ask(world)
    assert run.state == "approval" and work_off() == 0
    with pytest.raises(NotAllowed):
        exports.release(run, by=world.by(world.officer))
    exports.release(run, by=world.by(world.neighbour))
    assert work_off() == 1
    run.refresh_from_db()
    assert (run.state, run.rows) == ("done", 2)


def test_a_refused_export_says_why(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.registry), "parts", (AskFirst(),))
    run = ask(world)
    exports.refuse(run, by=world.by(world.neighbour), reason="用途不明")
    assert "用途不明" in world.get("/r/exports/").content.decode()


def test_the_file_holds_what_the_filter_found_masked_and_marked(world: World, open_gate: None) -> None:
    rows = world.rows(3)
    world.client().post(f"{URL}export/?q={rows[0].name}", {"format": "csv", "reason": "核对服务点"})
    work_off()
    run = ExportRun.objects.get()
    answer = world.get(f"/r/exports/{run.pk}/file/")
    text = answer.content.decode("utf-8-sig")
    mark, head, *lines = list(csv.reader(io.StringIO(text)))
    assert "林样例" in mark[0] and "核对服务点" in mark[0] and "24 小时" in mark[0]
    assert "联系电话" in head and len(lines) == 1
    assert rows[0].keeper_phone not in text and "****" in text
    assert AuditEntry.objects.filter(event="registry.fetch_export", object_id=run.pk).count() == 1


def test_a_value_that_looks_like_a_formula_is_disarmed(world: World, open_gate: None) -> None:
    row = world.rows()[0]
    data = world.typed(row) | {"name": "=HYPERLINK(1)", "row_version": "0"}
    assert world.client().post(f"{URL}{row.pk}/edit/", data).status_code == 302
    content, _, _ = exports.content_of(
        world.registry, ExportRun(registry="service-points", format="csv", query=""), world.by(world.officer)
    )
    assert '"\'=HYPERLINK(1)"' in content.decode("utf-8-sig")


def test_no_more_rows_leave_than_may(world: World, open_gate: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.registry), "export_rows_personal", 2)
    world.rows(3)
    run = ask(world, "xlsx")
    work_off()
    run.refresh_from_db()
    assert (run.rows, run.cut) == (2, True)


def test_the_job_reads_as_who_asked_and_not_as_itself(world: World, open_gate: None) -> None:
    world.rows(2)
    world.rows(3, world.theirs)
    run = ask(world)
    jobs.make_export(str(run.pk))
    run.refresh_from_db()
    assert run.rows == 2


def test_who_has_lost_the_right_meanwhile_gets_no_file(world: World, open_gate: None) -> None:
    world.rows()
    run = ask(world)
    world._role.permissions = ["service_points.view"]
    world._role.save()
    jobs.make_export(str(run.pk))
    run.refresh_from_db()
    assert run.state == "failed" and "没有导出权限" in run.failure


def test_a_job_that_runs_twice_makes_one_file(world: World, open_gate: None) -> None:
    world.rows()
    run = ask(world)
    jobs.make_export(str(run.pk))
    jobs.make_export(str(run.pk))
    assert Attachment.objects.filter(object_id=run.pk).count() == 1


def test_after_a_day_the_file_is_gone_for_good(world: World, open_gate: None) -> None:
    world.rows()
    run = ask(world)
    work_off()
    run.refresh_from_db()
    assert run.expires_at - run.finished_at == exports.LIVES
    ExportRun.objects.filter(pk=run.pk).update(expires_at=time.now())
    assert world.get(f"/r/exports/{run.pk}/file/").status_code == 410
    assert jobs.tidy() == 1
    run.refresh_from_db()
    assert (run.state, run.file) == ("expired", "")
    assert not bytes(Attachment.objects.get(object_id=run.pk).sealed_key)
    gone = world.get(f"/r/exports/{run.pk}/file/")
    assert gone.status_code == 410 and "按规定销毁" in gone.content.decode()


def test_before_it_is_made_a_file_is_announced_and_not_given(world: World, open_gate: None) -> None:
    world.rows()
    run = ask(world)
    assert world.get(f"/r/exports/{run.pk}/file/").status_code == 409
    assert 'hx-trigger="every 3s"' in world.get("/r/exports/").content.decode()


@pytest.mark.parametrize(
    ("data", "field"), [({"format": "pdf", "reason": "核对"}, "format"), ({"format": "csv", "reason": "x"}, "reason")]
)
def test_a_bad_request_is_told_on_the_form(world: World, open_gate: None, data: dict[str, str], field: str) -> None:
    answer = world.client().post(f"{URL}export/", data)
    assert answer.status_code == 422 and answer.context["form"].errors[field]


def test_a_condition_too_long_to_be_kept_is_refused_and_not_cut_off(world: World, open_gate: None) -> None:
    with pytest.raises(BadInput) as refused:
        ask(world, query="q=" + "路" * exports.LONGEST_QUERY)
    assert "条件过长" in str(refused.value.fields)
    assert not ExportRun.objects.exists()
