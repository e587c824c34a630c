"""The verbs of a registry (台账的写入): create, change, remove, restore, and the same for many rows.

Each is one transaction with its trace inside (`records.acting`). A page, a sheet and a machine come
through the same verbs, so the same conditions hold for all three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, models, transaction

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.registry.declaration import RESTORE_DAYS
from hezhi.engines.registry.forms import make_form
from hezhi.engines.registry.parts import OPEN, Gate
from hezhi.engines.registry.versions import version_of
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, NotNow

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

Data = Mapping[str, Any]
BULK_ROWS = 500


class FormRefused(BadInput):
    """What was entered cannot be taken (填写有误); carries the form, so nothing typed is lost."""

    def __init__(self, form: Any) -> None:
        super().__init__(form.fault_list(), code="registry.bad_input")
        self.form = form


class PutAside(NotNow):
    """The change is kept as a request and takes effect when it is approved (已提交变更申请)."""

    code = "registry.change_gate"


class Overtaken(NotNow):
    """Somebody else changed the row in the meantime (他人已先修改); carries the form and what differs."""

    def __init__(self, form: Any, row: Any, who: str) -> None:
        super().__init__(
            what=f"{who or '有同事'}刚刚修改了这条记录，您的修改没有保存。",
            meaning="您填写的内容仍在下面，没有丢失。",
            remedy="请核对下面列出的现有内容，确认后再次保存。",
            code="registry.overtaken",
        )
        self.form = form
        self.row = row


# -- one row ---------------------------------------------------------------------------------------


def create(registry: Registry, data: Data, *, by: Actor, id: UUID | None = None, **more: Any) -> Any:
    """Enter a new row (登记). With the `id` of a row that is already there nothing is done twice.

    Raises FormRefused with the form when something must be corrected.
    """
    known = _entered(registry, id, by)
    if known is not None:
        return known
    form = make_form(registry, by, data, **more)
    if id is not None:
        form.instance.pk = id
    if not form.is_valid():
        known = _entered(registry, id, by)
        if known is None:
            raise FormRefused(form)
        return known  # the same form came in while this one was being checked, and is its own obstacle
    try:
        with _told_on(form), acting(by, verb=f"{registry.label}.create") as deed:
            row = write_form(registry, form, by)
            registry.after("create", row, by)
            deed.on(row)
    except IntegrityError:
        known = _entered(registry, id, by)
        if known is None:
            raise _taken(form) from None
        return known  # the same form came twice at the same moment
    return row


def _entered(registry: Registry, id: UUID | None, by: Actor) -> Any:
    """The row that a form with this id has made already, or None."""
    return registry.visible(by).filter(pk=id).first() if id else None


def change(
    registry: Registry, id: UUID, data: Data, *, by: Actor, version: str | None = None, reason: str = "", **more: Any
) -> Any:
    """Change a row (修改). `version` is what the person saw; another one means that somebody was quicker.

    Raises FormRefused, Overtaken or NotFound; a change that changes nothing writes nothing.
    """
    gate: Gate = OPEN
    try:
        with transaction.atomic():
            row = locked(registry, id, by)
            now = version_of(row)
            form = make_form(registry, by, data, instance=row, **more)
            valid = form.is_valid()
            if version is not None and version != now and form.changes:
                raise Overtaken(form, row, last_hand(registry, id))
            if not valid:
                raise FormRefused(form)
            if form.changes:
                gate = _change_gate(registry, row, form, by)
                if gate.is_open:
                    with _told_on(form), acting(by, verb=f"{registry.label}.change", reason=reason) as deed:
                        write_form(registry, form, by)
                        registry.after("change", row, by)
                        deed.on(row)
                        deed.detail = {"fields": sorted(form.changes)}
    except IntegrityError:
        raise _taken(form) from None
    if not gate.is_open:
        refusal = PutAside if gate.state == "asked" else NotNow
        raise refusal(what=gate.sentence or "这项修改须经审批后生效。", code="registry.change_gate")
    return row


def remove(registry: Registry, id: UUID, *, by: Actor, reason: str) -> Any:
    """Take a row out (删除、停用) with a reason; it can be restored for 30 days."""
    reason = reason.strip()
    if not reason:
        raise BadInput({"reason": "请写明原因。"}, code="registry.no_reason")
    with transaction.atomic():
        row = locked(registry, id, by)
        if is_removed(registry, row):
            return row
        with acting(by, verb=f"{registry.label}.remove", reason=reason) as deed:
            take_out(registry, row, reason)
            rewrite(registry, row, by)
            registry.after("remove", row, by)
            deed.on(row)
    return row


def restore(registry: Registry, id: UUID, *, by: Actor, reason: str = "") -> Any:
    """Bring a removed row back (恢复), within 30 days of its removal."""
    with transaction.atomic():
        row = locked(registry, id, by)
        if not is_removed(registry, row):
            return row
        _must_be_fresh(registry, row)
        with acting(by, verb=f"{registry.label}.restore", reason=reason) as deed:
            _bring_back(registry, row)
            try:
                with transaction.atomic():
                    rewrite(registry, row, by)
            except IntegrityError:
                raise NotNow(
                    what="这条记录不能恢复：相同的记录已经重新登记。",
                    meaning="没有做任何改动。",
                    remedy="请直接使用现有的记录。",
                    code="registry.replaced",
                ) from None
            registry.after("restore", row, by)
            deed.on(row)
    return row


# -- many rows -------------------------------------------------------------------------------------


def change_many(registry: Registry, ids: Sequence[UUID], data: Data, *, by: Actor, reason: str = "") -> int:
    """Set the same values in many rows (批量修改), all or none; gives the number of rows changed.

    A row outside the reader's scope refuses the whole, as if it did not exist.
    """
    if len(ids) > BULK_ROWS:
        raise BadInput(what=f"一次最多批量修改 {BULK_ROWS} 条，现选了 {len(ids)} 条。", code="registry.too_many")
    count = 0
    with acting(by, verb=f"{registry.label}.change", reason=reason) as deed:
        rows = list(
            registry.present(registry.visible(by)).filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
        )
        if len(rows) != len(set(ids)):
            raise NotFound(what="所选的记录中有的已不存在，或不在您的数据范围内，没有做任何修改。")
        deed.detail = {"fields": sorted(data)}
        for row in rows:
            form = make_form(registry, by, data, instance=row, only=data)
            if not form.is_valid():
                raise FormRefused(form)
            if form.changes:
                with _told_on(form):
                    must_be_open(registry, row, form, by)
                    write_form(registry, form, by)
                    registry.after("change", row, by)
                deed.on(row)
                count += 1
    return count


# -- steps of the verbs ----------------------------------------------------------------------------


def write_form(registry: Registry, form: Any, by: Actor) -> Any:
    """Write a valid form's row, inside a verb: place, prepare, check, stamp, save, and stay in scope."""
    row = form.instance
    registry.place(row, by)
    registry.prepare(row, by)
    _check(registry, row, by)
    for part in registry.parts:
        part.check_form(registry, form, by)
    _stamp(row, by)
    form.save()
    if not registry.visible(by).filter(pk=row.pk).exists():
        raise BadInput(
            what=f"这样保存后，这条{registry.noun}就不在您的数据范围内了。",
            remedy="请核对所属单位和区域；需要移交其他单位的，请由上级单位办理。",
            code="registry.out_of_scope",
        )
    return row


def rewrite(registry: Registry, row: Any, by: Actor) -> None:
    """Write a row that a verb has changed, inside the verb: its conditions, its stamp, the row."""
    _check(registry, row, by)
    _stamp(row, by)
    row.save()


def locked(registry: Registry, id: UUID, by: Actor) -> Any:
    """The row, held until the transaction ends; refuses as «not found» what the reader may not know of."""
    rows = registry.visible(by).filter(pk=id)
    row = registry.all_rows().filter(pk__in=rows.values("pk")).select_for_update(of=("self",)).first()
    if row is None:
        raise NotFound(what=f"没有找到这条{registry.noun}。")
    return row


def is_removed(registry: Registry, row: Any) -> bool:
    """Whether the row has been taken out (已删除、已停用)."""
    field = registry.removed_by
    if not field:
        return False
    value = getattr(row, field)
    return not value if field in ("active", "is_active") else value is not None


def last_hand(registry: Registry, id: UUID) -> str:
    """Who wrote the row last, for the sentence to the second of two people."""
    from hezhi.engines.registry.history import last_actor

    return last_actor(registry, id)


@contextmanager
def _told_on(form: Any) -> Iterator[None]:
    """Let a condition that refuses a row speak from the form, so that nothing typed is lost."""
    try:
        yield
    except (BadInput, NotNow) as refusal:
        fields = getattr(refusal, "fields", {}) or {"": [f"{refusal.what}{refusal.meaning}{refusal.remedy}"]}
        for name, said in fields.items():
            if name in form.fields:
                form.add_error(name, said)
            else:
                form.add_error(None, said)
        raise FormRefused(form) from refusal


def must_be_open(registry: Registry, row: Any, form: Any, by: Actor) -> None:
    """Where many rows are written at once nothing is put aside as a request: such a row is refused."""
    if not form.is_new and not _change_gate(registry, row, form, by).is_open:
        names = "、".join(str(form.fields[name].label) for name in form.changes)
        raise BadInput(
            what=f"{names}的修改须经审批。",
            remedy="请打开这条记录单独修改，提交变更申请。",
            code="registry.change_gate",
        )


def _change_gate(registry: Registry, row: Any, form: Any, by: Actor) -> Gate:
    for part in registry.parts:
        answer = part.change_gate(registry, row, {name: after for name, (_, after) in form.changes.items()}, by)
        if answer is not None:
            return answer
    return OPEN


def _check(registry: Registry, row: Any, by: Actor) -> None:
    registry.check(row, by)
    for part in registry.parts:
        part.check(registry, row, by)


def _stamp(row: models.Model, by: Actor) -> None:
    """Count the revision and say who wrote, where the table keeps it."""
    names = {field.name for field in row._meta.concrete_fields}
    if "revision" in names and not row._state.adding:
        row.revision += 1  # type: ignore[attr-defined]
    for moment, person in (("created_at", "created_by"), ("changed_at", "changed_by")):
        if moment == "created_at" and not row._state.adding:
            continue
        if moment in names:
            setattr(row, moment, time.now())
        if person in names:
            setattr(row, f"{person}_id", by.user_id)


def take_out(registry: Registry, row: Any, reason: str) -> None:
    """Mark the row as gone (标记删除), the way its table does; not yet saved."""
    field = registry.removed_by
    if not field:
        raise NotNow(what=f"{registry.noun}不能删除。", code="registry.no_removal")
    if field == "removed_at":
        row.removed_at = time.now()
        if hasattr(row, "removed_reason"):
            row.removed_reason = reason[:200]
        return
    if field == "valid_to":
        moment = isinstance(row._meta.get_field(field), models.DateTimeField)
        row.valid_to = time.now() if moment else time.today()
        return
    setattr(row, field, False)


def _bring_back(registry: Registry, row: Any) -> None:
    field = registry.removed_by
    setattr(row, field, True if field in ("active", "is_active") else None)
    if hasattr(row, "removed_reason"):
        row.removed_reason = ""


def _must_be_fresh(registry: Registry, row: Any) -> None:
    if registry.removed_by == "removed_at" and row.removed_at < time.now() - timedelta(days=RESTORE_DAYS):
        raise NotNow(
            what=f"这条{registry.noun}删除已超过 {RESTORE_DAYS} 天，不能恢复。",
            meaning="没有做任何改动。",
            remedy="如仍需要，请重新登记。",
            code="registry.too_old",
        )


def _taken(form: Any) -> BadInput:
    form.add_error(None, "与已有的记录冲突，可能刚刚由别人登记了相同的记录，请核对后再保存。")
    return FormRefused(form)
