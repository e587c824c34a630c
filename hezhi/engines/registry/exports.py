"""Exports (导出): asked for with a reason, let through the gate, made by a job, fetched within 24 hours.

The job reads as the person who asked, in the post he asked in, so it can hold nothing he may not see;
masked columns stay masked. The file lies sealed in the store and is destroyed when its day is over.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import QueryDict
from procrastinate.contrib.django import app

from hezhi.engines.org.actor import Actor, actor_of
from hezhi.engines.org.models import User
from hezhi.engines.records import files, store
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import Attachment
from hezhi.engines.registry import site
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.gates import export_gate
from hezhi.engines.registry.models import ExportRun
from hezhi.engines.registry.scope import person
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow, Refusal
from hezhi.ground.events import announce
from hezhi.ground.tables import csv_chunks, write_rows
from hezhi.ground.uploads import Checked

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

State = ExportRun.State
LIVES = timedelta(hours=24)
LONGEST_QUERY: int = ExportRun._meta.get_field("query").max_length  # type: ignore[assignment]
"""Signs that can be kept; a condition cut off would find more rows than were asked for."""
FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


class Gone(Refusal):
    """The file's day is over (导出文件已过期)."""

    status = 410
    code = "registry.export_gone"
    what = "这份导出文件已超过 24 小时，按规定销毁了。"
    meaning = "台账里的数据没有变化。"
    remedy = "如仍需要，请重新导出。"


def ask(registry: Registry, query: str, *, by: Actor, format: str, reason: str) -> ExportRun:
    """Ask for an export of the rows a query finds (申请导出); made at once, after approval, or refused.

    Raises BadInput for a query or format that is none, NotAllowed when the gate is closed.
    """
    if format not in FORMATS:
        raise BadInput({"format": "格式应为 xlsx 或 csv。"})
    if len(query) > LONGEST_QUERY:
        raise BadInput({"query": f"筛选条件过长（最多 {LONGEST_QUERY} 个字符），请减少条件后再导出。"})
    if len(reason.strip()) < 2:
        raise BadInput({"reason": "请写明导出用途。"})
    Asked(registry, by, QueryDict(query))  # refuses a query that could not be run later
    run = ExportRun(
        registry=registry.slug, user_id=person(by), post_id=by.post_id, unit_id=by.unit_id, query=query,
        format=format, reason=reason.strip()[:200], personal=bool(registry.personal), created_at=time.now(),
    )  # fmt: skip
    with acting(by, verb=f"{registry.label}.export", reason=run.reason) as deed:
        gate = export_gate(registry, run, by)
        if gate.state == "closed":
            raise NotAllowed(what="这次导出没有放行。", meaning=gate.sentence, code="registry.export_closed")
        run.state = State.WAITING if gate.is_open else State.WAITING_APPROVAL
        run.save()
        deed.on(run)
        if gate.is_open:
            _defer(run)
        else:
            announce("registry.export_asked", run=run, registry=registry, by=by)
    return run


def release(run: ExportRun, *, by: Actor) -> None:
    """Let an approved export go (审批通过); for the part that opens the gate. Nobody releases his own."""
    if by.user_id == run.user_id:
        raise NotAllowed(what="不能审批自己的导出申请。", code="registry.own_export")
    with acting(by, verb="registry.release_export") as deed:
        changed = ExportRun.objects.filter(pk=run.pk, state=State.WAITING_APPROVAL).update(state=State.WAITING)
        if not changed:
            raise NotNow(what="这份导出申请已经处理过了。", code="registry.export_decided")
        deed.on(run)
        _defer(run)


def refuse(run: ExportRun, *, by: Actor, reason: str) -> None:
    """Do not let an export go (审批不通过), with the reason the person will read."""
    with acting(by, verb="registry.refuse_export", reason=reason) as deed:
        ExportRun.objects.filter(pk=run.pk, state=State.WAITING_APPROVAL).update(
            state=State.REFUSED, failure=reason[:500], finished_at=time.now()
        )
        deed.on(run)


def make(run_id: UUID) -> None:
    """Make the file (生成导出文件); the job's own work. A second run after a killed worker does no harm."""
    run = ExportRun.objects.filter(pk=run_id, state__in=(State.WAITING, State.RUNNING)).first()
    if run is None:
        return
    ExportRun.objects.filter(pk=run.pk).update(state=State.RUNNING)
    by = _asker(run)
    registry = site.get(run.registry)
    if not registry.offers_to(by, "export"):
        _end(run, by, State.FAILED, failure="申请人现在的岗位没有导出权限。")
        return
    try:
        content, rows, cut = content_of(registry, run, by)
    except Refusal as refusal:
        _end(run, by, State.FAILED, failure=str(refusal)[:500])
        return
    _end(run, by, State.DONE, content=content, rows=rows, cut=cut)


def fetch(run_id: UUID, *, by: Actor) -> tuple[bytes, str, str]:
    """The file for the one who asked for it: content, type, name (下载). Each time is written down.

    Raises NotFound for somebody else's, Gone when its day is over, NotNow when it is not made yet.
    """
    run = ExportRun.objects.visible_to(by).filter(pk=run_id).first()
    if run is None:
        raise NotFound(what="没有找到这份导出文件。")
    if run.state == State.EXPIRED or (run.expires_at and run.expires_at < time.now()):
        raise Gone
    if run.state != State.DONE:
        raise NotNow(what=f"这份导出{run.get_state_display()}，还不能下载。", remedy="请稍后再来。")
    registry = site.get(run.registry)
    by.must(registry.permission("export"))
    content, _ = files.open_file(Attachment.objects.get(pk=run.file))
    with acting(by, verb="registry.fetch_export", reason=run.reason) as deed:
        run.fetched += 1
        run.save(update_fields=["fetched"])
        deed.on(run)
    return content, FORMATS[run.format], file_name(registry, run)


def file_name(registry: Registry, run: ExportRun) -> str:
    """What the file is called on the person's disk."""
    return f"{registry.title}_{time.local(run.created_at):%Y%m%d_%H%M}.{run.format}"


def expire() -> int:
    """Destroy files whose day is over (销毁过期导出); gives how many."""
    over = list(ExportRun.objects.filter(state=State.DONE, expires_at__lt=time.now())[:200])
    for run in over:
        with acting(Actor(kind="system", name="导出清理", channel="job"), verb="registry.expire_export") as deed:
            places = files.erase_files(run.pk)
            ExportRun.objects.filter(pk=run.pk).update(state=State.EXPIRED, file="")
            deed.on(run)
        for place in places:
            store.drop(place)
    return len(over)


# -- how it is made --------------------------------------------------------------------------------


def _defer(run: ExportRun) -> None:
    # By name: the job knows this room, so this room may not know the job.
    app.configure_task("registry.make_export").defer(run_id=str(run.pk))


def _asker(run: ExportRun) -> Actor:
    by = actor_of(User.objects.get(pk=run.user_id), run.post_id)
    return by.at(channel="job", address=None, request_id="")


def content_of(registry: Registry, run: ExportRun, by: Actor) -> tuple[bytes, int, bool]:
    """The file's content, the number of rows, and whether there were more than may leave."""
    asked = Asked(registry, by, QueryDict(run.query))
    most = registry.export_rows_personal if run.personal else registry.export_rows
    hidden = registry.hidden_from(by)
    columns = [column for name, column in registry.export_columns.items() if name not in hidden]
    rows = registry.with_columns(asked.rows(), columns).order_by(*asked.order)[: most + 1]
    told = _Told(rows, columns, most)
    headings, lines = [column.label for column in columns], iter(told)
    if run.personal:  # who took it and when stands on the sheet itself
        headings, lines = [_mark(run, by)], chain([headings], lines)
    out = io.BytesIO()
    if run.format == "csv":
        out.writelines(csv_chunks(headings, lines))
    else:
        write_rows(out, registry.title, headings, lines)
    return out.getvalue(), told.count, told.cut


class _Told:
    """The rows in words, one by one, counted, and no more than may leave."""

    def __init__(self, rows: Any, columns: list[Any], most: int) -> None:
        self.rows, self.columns, self.most = rows, columns, most
        self.count, self.cut = 0, False

    def __iter__(self) -> Iterator[list[str]]:
        for row in self.rows.iterator(chunk_size=2000):
            if self.count == self.most:
                self.cut = True
                return
            self.count += 1
            yield [column.words(row) for column in self.columns]


def _mark(run: ExportRun, by: Actor) -> str:
    when = time.show(run.created_at)
    return f"{by.name}（{by.unit_name}）{when} 导出，用途：{run.reason}，编号 {str(run.pk)[-12:]}。含个人信息，24 小时内使用，不得转发。"


def _end(run: ExportRun, by: Actor, state: str, *, content: bytes = b"", **more: Any) -> None:
    registry = site.get(run.registry)
    moment = time.now()
    with acting(by, verb="registry.make_export", reason=run.reason) as deed:
        deed.on(run)
        deed.detail = {"state": str(state), "rows": more.get("rows", 0)}
        kept = ""
        if state == State.DONE:
            checked = Checked(run.format, FORMATS[run.format], len(content), file_name(registry, run))
            kept = str(files.keep_files(by, run, [files.LookedThrough(checked, content, b"")])[0].pk)
        ExportRun.objects.filter(pk=run.pk).update(
            state=state, file=kept, finished_at=moment, expires_at=moment + LIVES, **more
        )
