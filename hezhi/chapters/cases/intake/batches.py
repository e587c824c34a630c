"""The way of an uploaded file (导入批次, 9.1.2-1): looked through, matched, checked, confirmed, written.

Each step is one verb; long ones are handed to the worker in the verb's own transaction. Two people, or two
clicks, at one batch: the state is claimed by one statement, so the second gets a sentence.
"""

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from hezhi.chapters.cases.intake import importing
from hezhi.chapters.cases.intake.importing import Counts, Fit, Verdict
from hezhi.chapters.cases.intake.mappings import Choice, Reader, Reading, mappings
from hezhi.chapters.cases.intake.models import Batch, RefusedRow
from hezhi.engines.connect.models import ChannelKey
from hezhi.engines.org.actor import Actor, actor_of, system
from hezhi.engines.org.models import User
from hezhi.engines.records import files, store
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import Attachment
from hezhi.ground import tables, time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow, Refusal
from hezhi.ground.uploads import SHEETS

State = Batch.State
TASKS: dict[str, str] = {State.CHECKING: "check_import", State.WRITING: "write_import"}
FILE_LIVES = timedelta(hours=24)
ROWS_LIVE = timedelta(days=30)
AT_ONCE_BYTES = 40_000
"""A smaller file is checked while the person waits; a larger one by a job."""
AT_ONCE_ROWS = 100
KEPT_REASONS = 20_000
"""More refused rows than this say that the file as a whole is wrong; only so many are kept to be mended."""


def own_batch(batch_id: UUID, by: Actor) -> Batch:
    """A batch of one's own or of one's unit; anybody else's is «not found»."""
    batch = Batch.objects.visible_to(by).filter(pk=batch_id).select_related("by").first()
    if batch is None:
        raise NotFound("没有找到这个导入批次。", code="intake.no_batch")
    return batch


@clause("9.1.2-1")
def receive(upload: UploadedFile, *, by: Actor) -> Batch:
    """Take a file in (上传), sealed; nothing of it is read into cases yet.

    Raises UploadRefused for a file that is no harmless table, TableRefused when no mapping fits its headings.
    """
    by.must("cases.import")
    looked = files.look_through([upload], field="file", kinds=SHEETS)
    importing.fitting(io.BytesIO(looked[0].content), looked[0].checked.kind)
    batch = Batch(
        name=looked[0].checked.name[:200], by_id=by.user_id, post_id=by.post_id, unit_id=by.unit_id, at=time.now()
    )
    with acting(by, verb="cases.upload") as deed:
        batch.save(force_insert=True)
        deed.on(batch)
        kept = files.keep_files(by, batch, looked, field="file")
        batch.file = str(kept[0].pk)
        batch.save(update_fields=["file"])
    return batch


def fits_of(batch: Batch) -> list[Fit]:
    """The mappings that fit the file of a batch, the best first."""
    content, kind = _content(batch)
    return importing.fitting(content, kind)


def fit_for(fits: list[Fit], code: str) -> Fit:
    """The chosen one of the mappings that fit. Raises BadInput."""
    found = next((fit for fit in fits if fit.mapping.code == code), None)
    if found is None:
        raise BadInput({"mapping": ["这张对照表与表头对不上，请另选一张。"]})
    return found


@clause("9.1.2-1")
def choose(batch_id: UUID, *, by: Actor, mapping: str, choice: Choice) -> Batch:
    """Settle mapping, source and coordinate system (选定对照), and have the rows checked; writes no case.

    Raises BadInput with every question that is still open.
    """
    batch = own_batch(batch_id, by)
    fit = fit_for(fits_of(batch), mapping)
    faults = importing.faults_of(choice, fit)
    if faults:
        raise BadInput(faults)
    content, kind = _content(batch)
    with importing.open_as(content, kind, fit.mapping) as table:
        headings = table.headings
    with acting(by, verb="cases.match_import") as deed:
        claimed = Batch.objects.filter(pk=batch.pk, state__in=[State.UPLOADED, State.CHECKED]).update(
            state=State.CHECKING, mapping=mapping, source=choice.source, headings=headings, options=_as_json(choice)
        )
        if not claimed:
            raise _too_late(batch)
        deed.on(batch)
        _hand_over("check_import", batch)
    if len(content.getvalue()) <= AT_ONCE_BYTES:
        check(batch.pk)
    batch.refresh_from_db()
    return batch


def check(batch_id: UUID) -> None:
    """The dry run (预检): counts and the refused rows with their reasons. Done again, it gives the same."""
    batch = Batch.objects.filter(pk=batch_id, state=State.CHECKING).first()
    if batch is None:
        return
    by, counts = _importer(batch), Counts()
    refused: list[RefusedRow] = []
    try:
        for verdict in importing.check_rows(_rows(batch), _reader(batch)):
            counts.add(verdict)
            if verdict.outcome == "refused" and len(refused) < KEPT_REASONS:
                refused.append(_refused_row(batch, verdict))
        if not counts.rows:
            raise BadInput(what="表格里只有表头，没有数据。", remedy="请填写后重新上传。")
    except Refusal as refusal:
        _fail(batch, by, refusal)
        return
    with acting(by, verb="cases.check_import") as deed:
        claimed = Batch.objects.filter(pk=batch.pk, state=State.CHECKING).update(state=State.CHECKED, **vars(counts))
        if claimed:
            batch.refused_rows.all().delete()
            RefusedRow.objects.bulk_create(refused, batch_size=500)
        deed.on(batch)
        deed.detail = vars(counts)


@clause("9.1.2-1")
def confirm(batch_id: UUID, *, by: Actor) -> Batch:
    """Somebody has looked at the check and says: write it (确认写入). A second click finds it done."""
    by.must("cases.import")
    batch = own_batch(batch_id, by)
    if batch.state == State.CHECKED and not batch.new:
        raise NotNow("这份文件里没有要新增的行。", remedy="请更正退回的行后重新上传。", code="intake.nothing_new")
    with acting(by, verb="cases.confirm_import") as deed:
        claimed = Batch.objects.filter(pk=batch.pk, state=State.CHECKED).update(
            state=State.WRITING, by_id=by.user_id, post_id=by.post_id, done=0, new=0, known=0, refused=0, personal=0
        )
        if not claimed:
            raise _too_late(batch)
        RefusedRow.objects.filter(batch=batch).delete()
        deed.on(batch)
        _hand_over("write_import", batch)
    if batch.rows <= AT_ONCE_ROWS:
        write(batch.pk)
    batch.refresh_from_db()
    return batch


def write(batch_id: UUID) -> None:
    """Write the rows, 200 in a transaction, each with the place it has come to (写入).

    Whoever is called while another one writes waits for the batch's row and goes on behind it; so a job
    that was killed, or is run twice, writes each row once.
    """
    batch = Batch.objects.filter(pk=batch_id, state=State.WRITING).first()
    if batch is None:
        return
    by, reader = _importer(batch), _reader(batch)
    try:
        rows = (row for row in _rows(batch) if row.number > batch.done)
        for chunk in _chunks(rows):
            with acting(by, verb="cases.import") as deed:
                locked = Batch.objects.select_for_update().get(pk=batch.pk)
                if locked.state != State.WRITING or locked.done >= chunk[-1].number:
                    continue
                verdicts = importing.take_rows([r for r in chunk if r.number > locked.done], reader, by=by)
                _note(locked, verdicts, chunk[-1].number)
                deed.on(locked)
                deed.detail = {"rows": [chunk[0].number, chunk[-1].number]}
    except Refusal as refusal:
        _fail(batch, by, refusal)
        return
    _finish(batch, by, State.WRITTEN)


def _chunks(rows: Iterator[tables.Row]) -> Iterator[list[tables.Row]]:
    while chunk := list(islice(rows, importing.AT_ONCE)):
        yield chunk


def _note(batch: Batch, verdicts: list[Verdict], done: int) -> None:
    counts = Counts(new=batch.new, known=batch.known, refused=batch.refused, personal=batch.personal)
    for verdict in verdicts:
        counts.add(verdict)
    batch.new, batch.known, batch.refused, batch.personal = counts.new, counts.known, counts.refused, counts.personal
    batch.done = done
    batch.save(update_fields=["new", "known", "refused", "personal", "done"])
    refused = [v for v in verdicts if v.outcome == "refused"] if batch.refused <= KEPT_REASONS else []
    RefusedRow.objects.bulk_create(_refused_row(batch, verdict) for verdict in refused)


def is_stalled(batch: Batch) -> bool:
    """Whether nobody works at a batch that is under way: its job has ended with a fault (任务中断)."""
    if batch.state not in TASKS:
        return False
    waiting = ProcrastinateJob.objects.filter(task_name=f"intake.{TASKS[batch.state]}", status__in=["todo", "doing"])
    return not waiting.filter(args__batch_id=str(batch.pk)).exists()


@clause("9.1.2-1")
def go_on(batch_id: UUID, *, by: Actor) -> None:
    """Hand a batch whose job has broken off to the worker again (继续); it goes on behind the last row written."""
    by.must("cases.import")
    batch = own_batch(batch_id, by)
    with acting(by, verb="cases.go_on_import") as deed:
        locked = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if not is_stalled(locked):
            raise _too_late(batch)
        deed.on(locked)
        _hand_over(TASKS[locked.state], locked)


@clause("9.1.2-1")
def give_up(batch_id: UUID, *, by: Actor) -> None:
    """Drop a batch that was not written (放弃); its file and its refused rows are destroyed."""
    batch = own_batch(batch_id, by)
    if batch.state not in (State.UPLOADED, State.CHECKED, State.FAILED):
        raise _too_late(batch)
    RefusedRow.objects.filter(batch=batch).delete()
    _finish(batch, by, State.DROPPED)


def refused_sheet(batch_id: UUID, *, by: Actor) -> bytes:
    """The refused rows as the same sheet, with the reason in red behind each (退回行). The hand-out is logged."""
    batch = own_batch(batch_id, by)
    rows = list(batch.refused_rows.all())
    if not rows:
        raise NotFound("这个批次没有退回的行，或已过保存期。", "退回的行保存 30 天。", code="intake.no_refused")
    columns = mappings()[batch.mapping].columns
    with acting(by, verb="cases.fetch_refused") as deed:
        deed.on(batch)
        deed.detail = {"rows": len(rows)}
    out = io.BytesIO()
    told = ((tables.Row(r.row, json.loads(r.cells), {}), {n: "".join(s) for n, s in r.reasons.items()}) for r in rows)
    tables.write_refused(out, batch.headings, columns, told)
    return out.getvalue()


def template() -> bytes:
    """An empty sheet to fill in, with drop-downs and an explanation (导入模板)."""
    out = io.BytesIO()
    tables.write_template(out, "诉求导入", importing.own_columns())
    return out.getvalue()


def tidy() -> int:
    """Destroy files that are a day old and refused rows that are thirty days old (销毁); gives how many batches."""
    moment, by = time.now(), system("导入清理")
    over = list(Batch.objects.exclude(file="").exclude(state=State.WRITING).filter(at__lt=moment - FILE_LIVES)[:200])
    for batch in over:
        _finish(batch, by, State.DROPPED if batch.state != State.FAILED else State.FAILED)
    old = Batch.objects.filter(at__lt=moment - ROWS_LIVE, refused_rows__isnull=False).distinct()[:200]
    emptied = list(old)
    RefusedRow.objects.filter(batch__in=emptied).delete()
    return len(over) + len(emptied)


def first_rows(batch: Batch, fit: Fit, most: int) -> list[Reading]:
    """The first rows as messages (预览), so that a shifted column is seen before anything is written."""
    content, kind = _content(batch)
    reader = importing.reader_of(
        fit.mapping, Choice(fit.mapping.source or "hotline", without_place=True, clock="sheet")
    )
    with importing.open_as(content, kind, fit.mapping) as table:
        return [reader.read(row) for row in islice(table, most)]


def outside_systems() -> list[tuple[str, str]]:
    """The outer systems that report by key (接入系统): code and name, for whose numbers a file may hold."""
    rows = ChannelKey.objects.filter(scopes__contains=["reports.write"]).order_by("system", "-valid_from")
    return list(dict(rows.values_list("system", "name")).items())


# -- pieces ----------------------------------------------------------------------------------------


def _content(batch: Batch) -> tuple[io.BytesIO, str]:
    kept = Attachment.objects.filter(pk=batch.file).first() if batch.file else None
    if kept is None:
        raise NotFound(
            "这个批次的文件已经销毁。", "上传的文件最多保存 24 小时。", "请重新上传。", code="intake.file_gone"
        )
    return io.BytesIO(files.content_of(kept)), kept.kind


def _rows(batch: Batch) -> Iterator[tables.Row]:
    content, kind = _content(batch)
    with importing.open_as(content, kind, mappings()[batch.mapping]) as table:
        yield from table


def _reader(batch: Batch) -> Reader:
    return importing.reader_of(mappings()[batch.mapping], Choice(batch.source, **batch.options))


def _as_json(choice: Choice) -> dict[str, Any]:
    return {name: value for name, value in vars(choice).items() if name != "source"}


def _refused_row(batch: Batch, verdict: Verdict) -> RefusedRow:
    cells = json.dumps(verdict.row.cells, ensure_ascii=False)
    return RefusedRow(batch=batch, row=verdict.row.number, cells=cells, reasons=dict(verdict.reasons))


def _importer(batch: Batch) -> Actor:
    if batch.by_id is None:
        return system("诉求导入")
    return actor_of(User.objects.get(pk=batch.by_id), batch.post_id).at(channel="import", address=None, request_id="")


def _hand_over(task: str, batch: Batch) -> None:
    # By name: the job knows this room, so this room may not know the job.
    app.configure_task(f"intake.{task}").defer(batch_id=str(batch.pk))


def _fail(batch: Batch, by: Actor, refusal: Refusal) -> None:
    said = "".join(s for told in getattr(refusal, "fields", {}).values() for s in told)
    batch.failure = f"{refusal.what}{said and f':{said}'}{refusal.remedy and f'。{refusal.remedy}'}"[:500]
    _finish(batch, by, State.FAILED)


def _finish(batch: Batch, by: Actor, state: str) -> None:
    """The last step of a batch: its state, its audit row, and the end of its file."""
    with acting(by, verb=f"cases.import_{state}") as deed:
        Batch.objects.filter(pk=batch.pk).update(state=state, failure=batch.failure, finished_at=time.now(), file="")
        places = files.erase_files(batch.pk)
        deed.on(batch)
    for place in places:
        store.drop(place)


def _too_late(batch: Batch) -> NotNow:
    """A colleague, or the first of two clicks, was quicker."""
    batch.refresh_from_db()
    who = f"，由{batch.by.full_name}办理" if batch.by else ""
    return NotNow(
        f"这个批次现在是“{batch.get_state_display()}”{who}。", "同一批次只写入一次，本次没有重复操作。",
        "请刷新后查看结果。", code="intake.batch_moved_on",
    )  # fmt: skip
