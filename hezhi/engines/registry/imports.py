"""Imports (导入): looked through, checked row by row, written only when somebody has confirmed.

The check does exactly what writing does, in a transaction that is taken back: so it knows the unique
codes, the scope and the conditions of parts as the database knows them. One batch is one transaction;
an untouched batch can be taken back as a whole.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, models, transaction
from procrastinate.contrib.django import app

from hezhi.engines.org.actor import Actor, actor_of
from hezhi.engines.org.models import User
from hezhi.engines.records import files, store
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import Attachment
from hezhi.engines.records.vault import blind, index_of
from hezhi.engines.registry import actions, site
from hezhi.engines.registry.forms import lookup_for, make_form
from hezhi.engines.registry.history import versions_of
from hezhi.engines.registry.lanes import lane_for, lane_of
from hezhi.engines.registry.models import ImportRun
from hezhi.engines.registry.scope import person
from hezhi.ground import tables, time
from hezhi.ground.errors import BadInput, NotFound, NotNow, Refusal
from hezhi.ground.masks import mask
from hezhi.ground.ui.fields import CodeField, Lookup, LookupField, PointField, WordsField, YesNoField, as_typed
from hezhi.ground.uploads import SHEETS
from hezhi.ground.words import in_words

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

State = ImportRun.State
LIVES = timedelta(hours=24)
AT_ONCE_BYTES = 40_000
"""A smaller file is checked while the person waits; a larger one by a job."""
CHUNK = 500
REPORTED = 2_000
CHOICES_IN_TEMPLATE = 300


# -- the template ----------------------------------------------------------------------------------


def sheet_columns(registry: Registry, by: Actor, *, for_template: bool) -> list[tables.Column]:
    """The columns of a sheet: in a template with drop-downs and stars, for reading only the key is needed."""
    form = make_form(registry, by)
    drawn = []
    for name, item in form.fields.items():
        needed = item.required if for_template else name in registry.natural_key and item.required
        choices = _choices(item) if for_template else ()
        drawn.append(
            tables.Column(
                name,
                str(item.label),
                required=needed,
                choices=choices,
                explain=_explain(registry, name, item),
                also=(name,),
            )
        )
    return drawn


def template(registry: Registry, by: Actor) -> bytes:
    """An empty sheet to fill in, with drop-downs and an explanation (导入模板)."""
    out = io.BytesIO()
    tables.write_template(out, registry.title, sheet_columns(registry, by, for_template=True))
    return out.getvalue()


def _choices(item: Any) -> tuple[str, ...]:
    if isinstance(item, CodeField):
        return tuple(item.codes.values())
    if isinstance(item, YesNoField):
        return ("是", "否")
    if isinstance(item, LookupField):
        pairs = item.lookup.first(CHOICES_IN_TEMPLATE + 1)
        return tuple(label for _, label in pairs) if len(pairs) <= CHOICES_IN_TEMPLATE else ()
    return ()


def _explain(registry: Registry, name: str, item: Any) -> str:
    told = [str(item.help_text)] if item.help_text else []
    if name in registry.natural_key:
        told.append("用来认出已有的记录，相同即视为同一条")
    if isinstance(item, LookupField):
        told.append("填名称或代码")
    if isinstance(item, WordsField):
        told.append("多个之间用顿号隔开")
    if isinstance(item, PointField):
        told.append("写成“经度,纬度”，WGS 84")
    if name in registry.mask_kinds:
        told.append("已有记录保留脱敏后的内容不动，即为不修改")
    length = getattr(item, "max_length", None)
    if length:
        told.append(f"最多 {length} 字")
    return "；".join(told)


# -- the way of a batch ----------------------------------------------------------------------------


def receive(registry: Registry, upload: UploadedFile, *, by: Actor) -> ImportRun:
    """Take a file in and have it checked, at once or by a job (上传). Nothing of it is written.

    Raises UploadRefused and TableRefused for a file that is no table.
    """
    lane = lane_for(registry, upload)
    if lane is not None:
        return lane.receive(registry, upload, by=by)
    looked = files.look_through([upload], field="file", kinds=SHEETS)
    run = ImportRun(
        registry=registry.slug, user_id=person(by), post_id=by.post_id, unit_id=by.unit_id,
        name=looked[0].checked.name[:200], created_at=time.now(),
    )  # fmt: skip
    small = looked[0].checked.size <= AT_ONCE_BYTES
    with acting(by, verb="registry.upload") as deed:
        run.save()
        deed.on(run)
        kept = files.keep_files(by, run, looked, field="file")
        run.file = str(kept[0].pk)
        run.save(update_fields=["file"])
        if not small:
            defer("check_import", run)
    if small:
        check(run.pk)
        run.refresh_from_db()
    return run


def check(run_id: UUID) -> None:
    """The dry run (预检): every row written and taken back; afterwards the run tells what would happen."""
    run = ImportRun.objects.filter(pk=run_id, state=State.CHECKING).first()
    if run is None:
        return
    registry, by = site.get(run.registry), importer(run)
    try:
        if run.lane:
            return lane_of(run).check(registry, run, by)
        # The rows need somebody who acts, as in earnest; his trace is taken back with them.
        with transaction.atomic():
            with acting(by, verb=f"{registry.label}.import"):
                batch = _read(registry, run, by)
            transaction.set_rollback(True)
    except Refusal as refusal:
        set_state(
            run, by, "registry.check_import", state=State.FAILED, failure=_sentence(refusal), finished_at=time.now()
        )
        return
    set_state(run, by, "registry.check_import", state=State.CHECKED, report=batch.report[:REPORTED], **batch.counts)


def confirm(run_id: UUID, *, by: Actor) -> ImportRun:
    """Somebody has looked at the check and says: write it (确认导入)."""
    run = own_run(run_id, by)
    if run.state != State.CHECKED:
        raise NotNow(what=f"这个批次{run.get_state_display()}，不能再确认。")
    if not run.new + run.changed:
        raise NotNow(what="这个批次里没有要写入的行。", remedy="请更正退回的行后重新上传。")
    with acting(by, verb="registry.confirm_import") as deed:
        claimed = ImportRun.objects.filter(pk=run.pk, state=State.CHECKED).update(state=State.WRITING)
        if not claimed:
            raise NotNow(what="这个批次刚刚已经确认过了。")
        deed.on(run)
        small = run.rows <= CHUNK and not run.lane
        if not small:
            defer("write_import", run)
    if small:
        write(run.pk)
    run.refresh_from_db()
    return run


def write(run_id: UUID) -> None:
    """Write the accepted rows, all in one transaction; if one of them is refused now, none is written."""
    run = ImportRun.objects.filter(pk=run_id, state=State.WRITING).first()
    if run is None:
        return
    registry, by = site.get(run.registry), importer(run)
    try:
        if run.lane:
            return lane_of(run).write(registry, run, by)
        with acting(by, verb=f"{registry.label}.import") as deed:
            ImportRun.objects.select_for_update().get(pk=run.pk, state=State.WRITING)
            batch = _read(registry, run, by)
            if batch.counts["refused"] > run.refused:
                raise outdated()
            deed.on(run)
            deed.detail = dict(batch.counts)
            ImportRun.objects.filter(pk=run.pk).update(
                state=State.WRITTEN, deed=deed.id, finished_at=time.now(), **batch.counts
            )
            registry.after_batch("import", by)
    except (Refusal, ImportRun.DoesNotExist) as refusal:
        set_state(
            run, by, "registry.fail_import", state=State.FAILED, failure=_sentence(refusal), finished_at=time.now()
        )


def give_up(run_id: UUID, *, by: Actor) -> None:
    """Drop a batch that was not written (放弃); its file is destroyed."""
    run = own_run(run_id, by)
    if run.state not in (State.CHECKED, State.FAILED):
        raise NotNow(what=f"这个批次{run.get_state_display()}，不能放弃。")
    set_state(run, by, "registry.give_up_import", state=State.GIVEN_UP, finished_at=time.now())
    _destroy(run, by)


def undo(run_id: UUID, *, by: Actor, reason: str) -> int:
    """Take a written batch back as a whole (整批撤销), while nobody has touched its rows since.

    New rows are removed (restorable), changed rows get their former values. Gives the number of rows.
    """
    run = own_run(run_id, by)
    registry = site.get(run.registry)
    events = versions_of(registry.model)
    if run.state != State.WRITTEN or run.deed is None or events is None:
        raise NotNow(what="这个批次不能撤销。")
    if not reason.strip():
        raise BadInput({"reason": "请写明撤销的原因。"})
    if run.lane:
        return lane_of(run).undo(registry, run, by, reason)
    with acting(by, verb=f"{registry.label}.undo", reason=reason) as deed:
        written: list[Any] = list(events._default_manager.filter(pgh_context_id=run.deed).order_by("-pgh_id"))
        ids = {event.pgh_obj_id for event in written}
        rows = {row.pk: row for row in registry.visible(by).filter(pk__in=ids).select_for_update(of=("self",))}
        later = events._default_manager.filter(
            pgh_obj_id__in=ids, pgh_id__gt=max((e.pgh_id for e in written), default=0)
        )
        if len(rows) != len(ids) or later.exclude(pgh_context_id=run.deed).exists():
            raise touched()
        for event in written:
            take_back(registry, rows[event.pgh_obj_id], event, events, reason)
        ImportRun.objects.filter(pk=run.pk).update(state=State.UNDONE)
        registry.after_batch("undo", by)
        deed.on(run)
    return len(ids)


def take_back_run(run_id: UUID) -> None:
    """Take back a batch whose lane leaves that to a job."""
    run = ImportRun.objects.filter(pk=run_id, state=State.UNDOING).first()
    if run is not None:
        lane_of(run).take_back(run.pk)


def refused_sheet(run_id: UUID, *, by: Actor) -> bytes:
    """The refused rows as the same sheet, with the reason in the last column (退回行)."""
    run = own_run(run_id, by)
    if not run.file:
        raise NotFound(what="这个批次的文件已经销毁。", meaning="上传的文件只保留 24 小时。")
    registry = site.get(run.registry)
    if run.lane:
        return lane_of(run).refused_sheet(run)
    reasons = {number: by_words(told) for number, told in run.report}
    columns = sheet_columns(registry, by, for_template=False)
    out = io.BytesIO()
    with _table(run, columns) as table:
        refused = ((row, reasons[row.number]) for row in table if row.number in reasons)
        tables.write_refused(out, table.headings, columns, refused)
    return out.getvalue()


def own_run(run_id: UUID, by: Actor) -> ImportRun:
    """One's own batch; anybody else's is «not found»."""
    run = ImportRun.objects.visible_to(by).filter(pk=run_id).first()
    if run is None:
        raise NotFound(what="没有找到这个导入批次。")
    return run  # type: ignore[no-any-return]


def expire() -> int:
    """Destroy uploaded files that are a day old (销毁过期的上传文件); gives how many."""
    over = list(ImportRun.objects.exclude(file="").filter(created_at__lt=time.now() - LIVES)[:200])
    for run in over:
        _destroy(run, Actor(kind="system", name="导入清理", channel="job"))
    return len(over)


@dataclass(frozen=True)
class _Print:
    """A row known by a sealed number: the column of its blind index, and the print."""

    field: str
    value: str


_SEVERAL = object()
"""More than one row has this natural key, so none of them can be meant."""


# -- one batch -------------------------------------------------------------------------------------


@dataclass
class Batch:
    """What came of reading a file: counts, and what is wrong with which row."""

    registry: Registry
    by: Actor
    lookups: dict[str, Lookup]
    counts: dict[str, int] = field(
        default_factory=lambda: {"rows": 0, "new": 0, "changed": 0, "unchanged": 0, "refused": 0}
    )
    report: list[tuple[int, dict[str, list[str]]]] = field(default_factory=list)
    seen: dict[Any, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fields = self.registry.fields()

    def take(self, rows: list[tables.Row]) -> None:
        """Write a chunk of rows, each in a savepoint of its own."""
        keyed = [(row, self._key(row)) for row in rows]
        known = self._known([key for _, key in keyed if key is not None])
        for row, key in keyed:
            self.counts["rows"] += 1
            try:
                with transaction.atomic():
                    outcome = self._write(row, key, known)
            except BadInput as refusal:
                self._refuse(row, refusal.fields or {"": [refusal.what]})
            except Refusal as refusal:
                self._refuse(row, {"": [f"{refusal.what}{refusal.remedy}"]})
            except DatabaseError as fault:
                twice = getattr(fault.__cause__, "sqlstate", "") == "23505"
                self._refuse(row, {"": ["与已有的记录重复。" if twice else "数据库不接受这一行的内容。"]})
            else:
                self.counts[outcome] += 1

    def _write(self, row: tables.Row, key: Any, known: dict[Any, Any]) -> str:
        if row.faults:
            raise BadInput({name: [said] for name, said in row.faults.items()})
        if key is not None and key in self.seen:
            raise BadInput({"": [f"与第 {self.seen[key]} 行是同一条记录。"]})
        if key is not None:
            self.seen[key] = row.number
        found = known.get(key)
        if found is _SEVERAL:
            raise BadInput({"": ["已有多条记录与这一行相同，无法判断是哪一条，请在系统中逐条修改。"]})
        if found is not None and self.registry.removed_by == "removed_at" and found.removed_at:
            raise BadInput({"": ["这条记录已删除，请先恢复再导入。"]})
        form = self._form(row, found)
        if not form.is_valid():
            raise BadInput(form.fault_list())
        if found is not None and not form.changes:
            return "unchanged"
        actions.must_be_open(self.registry, form.instance, form, self.by)
        actions.write_form(self.registry, form, self.by)
        self.registry.after("import", form.instance, self.by)
        self._remember(form.instance)
        return "new" if found is None else "changed"

    def _form(self, row: tables.Row, found: Any) -> Any:
        fields = self.fields
        data = {name: as_typed(fields[name], text) for name, text in row.values.items()}
        if found is not None:
            return make_form(self.registry, self.by, data, instance=found, only=data, lookups=self.lookups)
        for name, item in fields.items():
            if name not in data and item.initial is not None:
                initial = item.initial() if callable(item.initial) else item.initial
                data[name] = as_typed(item, initial)
        return make_form(self.registry, self.by, data, lookups=self.lookups)

    def _key(self, row: tables.Row) -> Any:
        """The row's natural key as values, else the print of a number it is known by; None when a part of it cannot be read (the form tells why)."""
        values = []
        for name in self.registry.natural_key:
            item = self.registry.form_class.base_fields[name]
            try:
                if isinstance(item, LookupField):
                    text = row.values.get(name, "").strip()
                    found = self.lookups[name].find(text) if text else None
                    values.append(found.pk if found is not None else None)
                else:
                    values.append(item.clean(as_typed(item, row.values.get(name, ""))))
            except ValidationError:
                return None
        return tuple(values) if any(value not in (None, "") for value in values) else self._print(row)

    def _print(self, row: tables.Row) -> _Print | None:
        """The print of a sealed number that knows a row without its key (`also_known_by`); None without one."""
        for name in self.registry.also_known_by:
            typed = row.values.get(name, "").strip()
            if typed and "*" not in typed:
                index = index_of(self.registry.model, name)
                return _Print(index.attname, str(blind(index.purpose, typed)))
        return None

    def _known(self, keys: list[Any]) -> dict[Any, Any]:
        """The reader's rows with these keys: one query for the natural keys, one for each kind of print."""
        prints = [key for key in keys if isinstance(key, _Print)]
        found = self._known_by_key([key for key in keys if not isinstance(key, _Print)])
        for column in {each.field for each in prints}:
            wanted = [each.value for each in prints if each.field == column]
            for row in self.registry.visible(self.by).filter(**{f"{column}__in": wanted}):
                key = _Print(column, getattr(row, column))
                found[key] = _SEVERAL if key in found else row
        return found

    def _known_by_key(self, keys: list[tuple[Any, ...]]) -> dict[Any, Any]:
        """The reader's rows with these natural keys, in one query: by the part that tells most apart."""
        if not keys:
            return {}
        names = [self.registry.model._meta.get_field(n).attname for n in self.registry.natural_key]  # type: ignore[union-attr]
        place = max(range(len(names)), key=lambda n: len({key[n] for key in keys} - {None}))
        values = {key[place] for key in keys} - {None}
        rows = self.registry.visible(self.by).filter(**{f"{names[place]}__in": values})
        wanted = set(keys)
        found: dict[Any, Any] = {}
        for row in rows:
            key = tuple(getattr(row, name) for name in names)
            if key in wanted:
                found[key] = self._one_of(found.get(key), row)
        return found

    def _one_of(self, known: Any, row: Any) -> Any:
        """Which of two rows of one key is meant: the one that stands; a removed one only when there is no other."""
        if known is None or self.registry.removed_by != "removed_at":
            return row if known is None else _SEVERAL
        if row.removed_at:
            return known
        return row if known is not _SEVERAL and known.removed_at else _SEVERAL

    def _remember(self, row: Any) -> None:
        """A row of this file may be named by a later one (a unit by the units below it)."""
        for lookup in self.lookups.values():
            if lookup.rows.model is type(row):
                lookup.add(row)

    def _refuse(self, row: tables.Row, told: Any) -> None:
        self.counts["refused"] += 1
        self.report.append((row.number, {name: list(said) for name, said in told.items()}))


def _read(registry: Registry, run: ImportRun, by: Actor) -> Batch:
    batch = Batch(registry, by, lookups_of(registry, by))
    columns = sheet_columns(registry, by, for_template=False)
    with _table(run, columns) as table:
        refuse_unknown(registry, table.unknown)
        rows = iter(table)
        for chunk in iter(lambda: list(islice(rows, CHUNK)), []):
            if batch.counts["rows"] + len(chunk) > registry.import_rows:
                raise BadInput(what=f"一次最多导入 {registry.import_rows:,} 行。", remedy="请分成几个文件，逐个导入。")
            batch.take(chunk)
    if not batch.counts["rows"]:
        raise BadInput(what="表格里只有表头，没有数据。", remedy="请填写后重新上传。")
    return batch


def _table(run: ImportRun, columns: list[tables.Column]) -> tables.Table:
    if run.lane:
        return lane_of(run).table(run, columns)
    kept = Attachment.objects.get(pk=run.file)
    return tables.open_table(io.BytesIO(files.content_of(kept)), kept.kind, columns)


def refuse_unknown(registry: Registry, headings: Iterable[str]) -> None:
    """A heading we do not know is refused, because its column would be lost silently; what an export
    adds for reading is passed over."""
    only_read = {c.label for name, c in registry.export_columns.items() if name not in registry.fields()}
    unknown = [heading for heading in headings if heading not in only_read]
    if unknown:
        raise BadInput(
            {"file": f"不认识这些列：{'、'.join(unknown)}。"}, remedy="请改成模板里的列名，或删去这些列后重新上传。",
            what="表头里有不认识的列，没有读取。", code="registry.unknown_column",
        )  # fmt: skip


def lookups_of(registry: Registry, by: Actor) -> dict[str, Lookup]:
    """What each foreign key of a sheet may name, read once for all its rows."""
    found = {}
    for name, item in registry.form_class.base_fields.items():
        if isinstance(item, LookupField):
            found[name] = lookup_for(registry, name, by)
            found[name].remember_all()
    return found


# -- small things ----------------------------------------------------------------------------------


def problems(registry: Registry, run: ImportRun, most: int = 200) -> list[tuple[int, str, str]]:
    """What is wrong, for the screen: row, column, sentence."""
    return [(n, column, said) for n, column, _, said in problems_with_cells(registry, run, most, cells=False)]


def problems_with_cells(
    registry: Registry, run: ImportRun, most: int = 200, *, cells: bool = True
) -> list[tuple[int, str, str, str]]:
    """The same with what stands in the cell, read from the file itself while it is there."""
    labels = {name: str(item.label) for name, item in registry.fields().items()}
    told = [(n, name, said) for n, fields in run.report for name, all_ in fields.items() for said in all_][:most]
    values = _cells(registry, run, {n for n, _, _ in told}) if cells and told and run.file else {}
    return [(n, labels.get(name, ""), values.get(n, {}).get(name, ""), said) for n, name, said in told]


def _cells(registry: Registry, run: ImportRun, wanted: set[int]) -> dict[int, dict[str, str]]:
    """The cells of some rows; masked where a column is masked."""
    found: dict[int, dict[str, str]] = {}
    with _table(run, sheet_columns(registry, importer(run), for_template=False)) as table:
        for row in table:
            if row.number in wanted:
                kinds = registry.mask_kinds
                found[row.number] = {n: mask(kinds[n], v) if n in kinds else v for n, v in row.values.items()}
                if len(found) == len(wanted):
                    break
    return found


def by_words(told: dict[str, list[str]]) -> dict[str, str]:
    """The faults of a row as one text for each column."""
    return {name: "".join(said) for name, said in told.items()}


def outdated() -> NotNow:
    """The register has changed since the check, so nothing is written."""
    return NotNow(what="预检之后数据有了变化，有的行不能再写入，整批没有写入。", remedy="请重新上传，再预检一次。")


def touched() -> NotNow:
    """Somebody has worked on the batch's rows, so it stays."""
    return NotNow(what="这批记录之后又有改动，不能整批撤销。", remedy="请逐条核对修改。", code="registry.touched")


def importer(run: ImportRun) -> Actor:
    """The one in whose name a batch is written: his rights as they are now."""
    by = actor_of(User.objects.get(pk=run.user_id), run.post_id)
    return by.at(channel="import", address=None, request_id="")


def _sentence(refusal: Exception) -> str:
    if not isinstance(refusal, Refusal):
        return "批次的状态已经改变，没有写入。"
    fields = getattr(refusal, "fields", {})
    said = "".join(s for all_ in fields.values() for s in all_)
    return f"{refusal.what}{said}{refusal.remedy}"[:500]


def set_state(run: ImportRun, by: Actor, verb: str, **values: Any) -> None:
    """Bring a batch to another state, as a verb of its own."""
    with acting(by, verb=verb) as deed:
        ImportRun.objects.filter(pk=run.pk).update(**values)
        deed.on(run)
        deed.detail = {"state": str(values["state"])}


def _destroy(run: ImportRun, by: Actor) -> None:
    with acting(by, verb="registry.destroy_upload") as deed:
        if run.lane:
            lane_of(run).forget(run)
        places = files.erase_files(run.pk)
        ImportRun.objects.filter(pk=run.pk).update(file="")
        deed.on(run)
    for place in places:
        store.drop(place)


def defer(task: str, run: ImportRun) -> None:
    """Leave a batch's next step to the worker, within the verb under way."""
    # By name: the job knows this room, so this room may not know the job.
    app.configure_task(f"registry.{task}").defer(run_id=str(run.pk))


def _take_out(registry: Registry, row: Any, reason: str) -> None:
    """Remove a row that the batch has brought; where the table knows no removal it goes, and its history stays."""
    if registry.removed_by:
        actions.take_out(registry, row, reason)
        row.save()
        return
    try:
        row.delete()
    except models.ProtectedError:
        raise NotNow(
            what=f"“{in_words(row)}”已被引用，不能整批撤销。", remedy="请逐条核对修改。", code="registry.touched"
        ) from None


def take_back(registry: Registry, row: Any, event: Any, events: type[models.Model], reason: str) -> None:
    """Give a row the values it had before one of its versions (恢复原值); a row that was new then is taken out."""
    if event.pgh_label == "insert":
        _take_out(registry, row, reason)
        return
    earlier = events._default_manager.filter(pgh_obj_id=row.pk, pgh_id__lt=event.pgh_id).order_by("-pgh_id").first()
    if earlier is None:
        raise NotNow(what=f"“{in_words(row)}”没有更早的记录，不能撤销。")
    names = {f.attname for f in events._meta.concrete_fields} & {f.attname for f in row._meta.concrete_fields}
    for name in names - {"id", "revision"}:
        setattr(row, name, getattr(earlier, name))
    if hasattr(row, "revision"):
        row.revision += 1
    row.save()
