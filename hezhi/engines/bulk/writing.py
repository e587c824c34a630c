"""Writing and taking back a large batch (大批写入与撤销): one transaction, one statement for each piece.

The history triggers are told once who acts, so every row has its version with the batch's trace. If anything is no
longer as it was looked at, nothing is written.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from hezhi.engines.bulk import staging
from hezhi.engines.bulk.checking import COMPARED, row_by_row
from hezhi.engines.bulk.declaration import Bulk
from hezhi.engines.bulk.models import BulkChunk, BulkRun, Staged
from hezhi.engines.bulk.progress import Telling
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.registry import imports
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.history import versions_of
from hezhi.engines.registry.models import ImportRun
from hezhi.ground import time
from hezhi.ground.errors import NotNow

State = ImportRun.State


def write(bulk: Bulk, registry: Registry, run: ImportRun, by: Actor) -> None:
    """Write what was staged, then what waits for the row path, all or nothing. Raises NotNow."""
    chunks = staging.whole_chunks(bulk, run.pk)
    if len(chunks) != BulkChunk.objects.filter(run=run.pk).count():
        raise NotNow(what="预检的暂存数据已经不全，整批没有写入。", remedy="请重新上传，再预检一次。")
    try:
        with Telling(run.pk) as telling, acting(by, verb=f"{registry.label}.import") as deed:
            ImportRun.objects.select_for_update().get(pk=run.pk, state=State.WRITING)
            counts = _write(bulk, registry, run, by, chunks, telling)
            deed.on(run)
            deed.detail = dict(counts)
            ImportRun.objects.filter(pk=run.pk).update(
                state=State.WRITTEN, deed=deed.id, finished_at=time.now(), **counts
            )
    except IntegrityError:
        raise imports.outdated() from None
    with transaction.atomic():
        staging.forget(bulk, run.pk)


def _write(
    bulk: Bulk, registry: Registry, run: ImportRun, by: Actor, chunks: dict[int, BulkChunk], telling: Telling
) -> dict[str, int]:
    telling.step("核对变化", 0)
    with connection.cursor() as cursor, staging.in_sets():
        if staging.conflicts(bulk, run, by) or bulk.outdated(cursor, run.pk):
            raise imports.outdated()
        telling.step("写入", run.new)
        staging.analyze(bulk.staged)
        written, statement = 0, insert_statement(bulk)
        for number in sorted(set(chunks) - {COMPARED}):
            bulk.lead(cursor, run.pk, number, by)
            cursor.execute(statement, stamps(bulk, by) | {"run": run.pk, "chunk": number})
            written += cursor.rowcount
            bulk.follow(cursor, run.pk, number, by)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # looked at piece by piece, not all at the end
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            telling.done(written)
        bulk.finish(cursor, run.pk, by)
    counts = {"new": written, "changed": 0, "unchanged": 0, "refused": run.refused}
    waiting = set(chunks[COMPARED].waiting)
    if waiting:
        telling.step("逐行办理", 0)
        batch = row_by_row(bulk, registry, run, by, waiting)
        for name in ("new", "changed", "unchanged"):
            counts[name] += batch.counts[name]
    if sum(counts.values()) != run.rows or counts["new"] < run.new:
        raise imports.outdated()
    return counts


def insert_statement(bulk: Bulk) -> str:
    """INSERT … SELECT of one piece from the staging table, in the order of the file."""
    staged = {each.column for each in bulk.staged._meta.concrete_fields} - {"run", "chunk", "line", "fate"}
    key = bulk.model._meta.get_field(bulk.key).column  # type: ignore[union-attr]
    names, told = [], []
    for each in bulk.model._meta.concrete_fields:
        column = str(each.column)
        names.append(f'"{column}"')
        if column in bulk.filled_sql:
            told.append(bulk.filled_sql[column])
        elif column == key:
            told.append(f'CASE WHEN s."{key}" <> \'\' THEN s."{key}" ELSE {bulk.number_sql} END')
        elif column in staged:
            told.append(f's."{column}"')
        else:
            told.append(f"%({column})s")
    return (
        f"INSERT INTO {staging.table_of(bulk.model)} ({', '.join(names)}) SELECT {', '.join(told)}"
        f" FROM {staging.table_of(bulk.staged)} AS s {bulk.beside_sql}"
        f" WHERE s.run = %(run)s AND s.chunk = %(chunk)s AND s.fate = '{Staged.State.NEW}' ORDER BY s.line"
    )


def stamps(bulk: Bulk, by: Actor) -> dict[str, Any]:
    """The columns that are the same in every new row: who, when, and what a row begins with."""
    moment = time.now()
    given: dict[str, Any] = {}
    for each in bulk.model._meta.concrete_fields:
        value = each.get_default() if each.has_default() or each.empty_strings_allowed else None
        given[str(each.column)] = None if value == "" and each.null else value
    given |= dict.fromkeys({"created_at", "changed_at"} & set(given), moment)
    given |= dict.fromkeys({"created_by_id", "changed_by_id"} & set(given), by.user_id)
    return given


# -- taking back -----------------------------------------------------------------------------------


def undo(bulk: Bulk, registry: Registry, run: ImportRun, by: Actor, reason: str) -> int:
    """Leave the taking back to a job (整批撤销), when nobody has touched the batch's rows since."""
    if not untouched(bulk, run, by):
        raise imports.touched()
    with acting(by, verb="registry.ask_undo", reason=reason) as deed:
        if not ImportRun.objects.filter(pk=run.pk, state=State.WRITTEN).update(state=State.UNDOING):
            raise NotNow(what="这个批次不能撤销。")
        told = {"reason": reason[:200], "phase": "撤销", "total": 0}
        BulkRun.objects.update_or_create(pk=run.pk, defaults=told)
        deed.on(run)
        imports.defer("undo_import", run)
    return 0


def take_back(bulk: Bulk, registry: Registry, run: ImportRun, by: Actor) -> None:
    """Take a written batch back: new rows are removed (restorable), changed ones get their former values."""
    reason = BulkRun.objects.get(pk=run.pk).reason
    try:
        with acting(by, verb=f"{registry.label}.undo", reason=reason) as deed:
            ImportRun.objects.select_for_update().get(pk=run.pk, state=State.UNDOING)
            if not untouched(bulk, run, by):
                raise imports.touched()
            _take_back(bulk, registry, run, by, reason)
            ImportRun.objects.filter(pk=run.pk).update(state=State.UNDONE)
            deed.on(run)
    except NotNow as refusal:
        imports.set_state(
            run, by, "registry.fail_undo", state=State.WRITTEN, failure=f"{refusal.what}{refusal.remedy}"[:500]
        )
    with transaction.atomic():
        staging.forget(bulk, run.pk)


def untouched(bulk: Bulk, run: ImportRun, by: Actor) -> bool:
    """Whether every row of a batch is as the batch left it, and lies in the scope of who asks."""
    events = _events(bulk)
    mine = f"SELECT pgh_obj_id FROM {events} WHERE pgh_context_id = %(deed)s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {events} WHERE pgh_obj_id IN ({mine}) AND pgh_context_id <> %(deed)s"
            f" AND pgh_id > (SELECT min(pgh_id) FROM {events} WHERE pgh_context_id = %(deed)s)),"
            f" (SELECT count(DISTINCT pgh_obj_id) FROM {events} WHERE pgh_context_id = %(deed)s)",
            {"deed": run.deed},
        )
        later, many = cursor.fetchone()
    rows = bulk.registry().visible(by).extra(where=[f"id IN ({mine % {'deed': '%s'}})"], params=[run.deed])  # noqa: S610
    return not later and rows.count() == many


def _take_back(bulk: Bulk, registry: Registry, run: ImportRun, by: Actor, reason: str) -> None:
    assert run.deed is not None  # noqa: S101
    events: Any = versions_of(bulk.model)
    # What the row path has changed is given back row by row, as it is there.
    changed = set(
        events._default_manager.filter(pgh_context_id=run.deed, pgh_label="update").values_list("pgh_obj_id", flat=True)
    )
    changed -= set(
        events._default_manager.filter(pgh_context_id=run.deed, pgh_label="insert", pgh_obj_id__in=changed).values_list(
            "pgh_obj_id", flat=True
        )
    )
    written = events._default_manager.filter(pgh_context_id=run.deed, pgh_obj_id__in=changed).order_by("-pgh_id")
    rows = {row.pk: row for row in registry.visible(by).filter(pk__in=changed)}
    for event in written:
        imports.take_back(registry, rows[event.pgh_obj_id], event, events, reason)
    with connection.cursor() as cursor, staging.in_sets():
        bulk.undo(cursor, run.deed, by)
        cursor.execute(
            f"UPDATE {staging.table_of(bulk.model)} SET removed_at = %(now)s, removed_reason = %(reason)s"
            f" WHERE removed_at IS NULL AND id IN (SELECT pgh_obj_id FROM {_events(bulk)}"
            " WHERE pgh_context_id = %(deed)s AND pgh_label = 'insert')",
            {"now": time.now(), "reason": reason[:200], "deed": run.deed},
        )


def _events(bulk: Bulk) -> str:
    found = versions_of(bulk.model)
    assert found is not None  # noqa: S101
    return staging.table_of(found)


def abandoned(bulk: Bulk, run_id: UUID) -> None:
    """Erase what is left of a batch whose file goes."""
    with transaction.atomic():
        staging.forget(bulk, run_id)
        BulkRun.objects.filter(pk=run_id).delete()
