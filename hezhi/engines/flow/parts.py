"""Approval as a part of a registry (审批部件): it opens the export gate and the change gate by a second person.

    parts = (Approval("persons.approve", changes=("address", "household")),)

An export waits until somebody who holds the permission has approved; so does a change of the named fields. Both
are requests of the common approvals page (`/approvals/`): submit, withdraw, approve, return, co-sign, delegate.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval as Request
from hezhi.engines.org.actor import Actor, actor_of
from hezhi.engines.org.models import Unit, User
from hezhi.engines.org.queries import holders_of
from hezhi.engines.records.acting import acting
from hezhi.engines.records.vault import seal, unseal
from hezhi.engines.registry import actions, exports, site
from hezhi.engines.registry.models import ExportRun
from hezhi.engines.registry.parts import OPEN, Gate, Part
from hezhi.engines.registry.versions import version_of
from hezhi.ground.errors import NotFound, NotNow
from hezhi.ground.events import listens
from hezhi.ground.masks import mask
from hezhi.ground.words import in_words

if TYPE_CHECKING:
    from django.db.models import Model

    from hezhi.engines.registry.declaration import Registry

EXPORT, CHANGE = "registry_export", "registry_change"
EVERY = "*"
_SEALED = "flow.approval.proposal"
_granted: ContextVar[UUID | None] = ContextVar("granted", default=None)


class ExportApproval(Part):
    """Lets exports go when a second person has approved (导出审批, data protection P10); it has no say in what is written.

    Who holds `permission` in the asker's unit, or in the nearest unit above that has such a person, decides.
    """

    exports = True

    def __init__(self, permission: str) -> None:
        self.permission = permission

    def export_gate(self, registry: Registry, run: ExportRun, by: Actor) -> Gate | None:
        """An export waits for the second person; where there is none it stays closed."""
        if not self.exports:
            return None
        if approving_unit(by, self.permission) is None:
            return Gate("closed", f"导出{registry.title}须经第二人审批，现在没有可以审批的人，请联系安全管理员设岗。")
        return Gate("waiting", f"导出{registry.title}须经第二人审批，批准后生成文件。")


class Approval(ExportApproval):
    """The same, and the named changes take effect only when a second person has approved (审批).

    `changes` names the fields whose change must be approved, or `("*",)` for all of them; `exports=False`
    leaves the export gate to the next part.
    """

    def __init__(self, permission: str, *, exports: bool = True, changes: Sequence[str] = ()) -> None:
        super().__init__(permission)
        self.exports = exports
        self.changes = tuple(changes)

    def problems(self, registry: Registry) -> Sequence[str]:
        """Fields that are not in the form cannot wait for an approval."""
        strange = [name for name in self.changes if name != EVERY and name not in registry.form_fields]
        found = [f"Approval(changes=…) names what the form does not have: {', '.join(strange)}."] if strange else []
        aside = [name for name in registry.bulk if name in self.changes or EVERY in self.changes]
        if aside and "bulk" in registry.offers:
            found.append(f"Approval(changes=…) is passed by in bulk: {', '.join(aside)}. Take them out of `bulk`.")
        return found

    def change_gate(self, registry: Registry, row: Model, changes: Mapping[str, Any], by: Actor) -> Gate | None:
        """A change of the named fields becomes a request; with it wait the other fields of the same form."""
        if _granted.get() == row.pk:
            return OPEN
        touched = [name for name in changes if name in self.changes or EVERY in self.changes]
        if not touched:
            return None
        place = approving_unit(by, self.permission)
        if place is None:
            return Gate("closed", "这项修改须经第二人审批，现在没有可以审批的人，请联系安全管理员设岗。")
        self._ask_change(registry, row, changes, by, place)
        return Gate("waiting", f"修改{registry.noun}须经审批，申请已提交，批准后生效。可在“审批”里查看或撤回。")

    def _ask_change(
        self, registry: Registry, row: Model, changes: Mapping[str, Any], by: Actor, place: Unit
    ) -> None:  # fmt: skip
        # The row in hand holds what was typed already; what stands is read afresh.
        now = registry.all_rows().get(pk=row.pk)
        told = {name: [_as_typed(getattr(now, name)), _as_typed(after)] for name, after in changes.items()}
        proposal = {
            "registry": registry.slug, "version": version_of(now), "post": str(by.post_id or ""),
            "fields": sorted(told), "sealed": seal(_SEALED, json.dumps(told, ensure_ascii=False)),
        }  # fmt: skip
        name = registry.row_name(now)
        with acting(by, verb="flow.ask_change") as deed:
            approvals.ask(
                by, kind=CHANGE, obj=(registry.label, now.pk), number=registry.title[:40], unit_id=place.pk,
                title=f"修改{registry.noun}：{name}", reason="、".join(registry.column(n).label for n in told),
                permission=self.permission, proposal=proposal,
            )  # fmt: skip
            deed.on(now)


def approving_unit(by: Actor, permission: str) -> Unit | None:
    """Where the second person sits: the asker's unit, else the nearest unit above where somebody else may decide."""
    here = Unit.objects.filter(pk=by.unit_id).first() if by.unit_id else None
    while here is not None:
        if any(person.pk != by.user_id for person in holders_of(permission, here)):
            return here
        here = here.parent
    return None


# -- exports ---------------------------------------------------------------------------------------


@listens("registry.export_asked")
def _asked(run: ExportRun, registry: Registry, by: Actor) -> None:
    """An export that waits becomes a request, in the transaction in which it was asked for."""
    part = next((p for p in registry.parts if isinstance(p, ExportApproval) and p.exports), None)
    place = approving_unit(by, part.permission) if part else None
    if part is None or place is None:
        return
    approvals.ask(
        by, kind=EXPORT, obj=("registry.exportrun", run.pk), number=registry.title[:40], unit_id=place.pk,
        title=f"导出{registry.title}", reason=run.reason, permission=part.permission,
        proposal={"registry": registry.slug, "query": run.query, "format": run.format},
    )  # fmt: skip


def _tell_export(request: Request) -> list[tuple[str, str]]:
    run = ExportRun.objects.select_related("user", "unit").get(pk=request.object_id)
    registry = site.get(run.registry)
    most = registry.export_rows_personal if run.personal else registry.export_rows
    return [
        ("台账", registry.title), ("条件", run.query or "全部"), ("最多", f"{most:,} 行"),
        ("列", "、".join(column.label for column in registry.export_columns.values())),
        ("脱敏", "、".join(registry.column(name).label for name in registry.mask_kinds) or "没有脱敏项"),
        ("个人信息", "含个人信息，文件带水印，24 小时后销毁" if run.personal else "不含个人信息"),
    ]  # fmt: skip


def _release(request: Request, by: Actor) -> None:
    exports.release(ExportRun.objects.get(pk=request.object_id), by=by)


def _refuse(request: Request, by: Actor) -> None:
    exports.refuse(ExportRun.objects.get(pk=request.object_id), by=by, reason=request.opinion or "申请人已撤回")


# -- changes ---------------------------------------------------------------------------------------


def _values(request: Request) -> dict[str, list[str]]:
    told: dict[str, list[str]] = json.loads(unseal(_SEALED, request.proposal["sealed"]))
    return told


def _tell_change(request: Request) -> list[tuple[str, str]]:
    registry = site.get(request.proposal["registry"])
    lines = []
    for name, (before, after) in _values(request).items():
        kind = registry.mask_kinds.get(name)
        shown = [mask(kind, v) if kind and v else _spoken(registry, name, v) for v in (before, after)]
        lines.append((registry.column(name).label, f"{shown[0] or '空'} → {shown[1] or '空'}"))
    return lines


def _spoken(registry: Registry, name: str, value: str) -> str:
    """A stored value as people say it: the name of what a key points to, the label of a code."""
    field = registry.model._meta.get_field(name)
    model: Any = field.related_model
    if model and value:
        return in_words(model._default_manager.filter(pk=value).first())
    choices = dict(getattr(field, "flatchoices", ()) or ())
    return str(choices.get(value, value))


def _write(request: Request, by: Actor) -> None:
    """Write the change as the one who asked for it, if the row is still as it was then."""
    told = request.proposal
    registry = site.get(told["registry"])
    if request.asked_by_id is None:
        raise NotFound("没有找到申请人。", code="flow.no_asker")
    asker = actor_of(User.objects.get(pk=request.asked_by_id), UUID(told["post"]) if told["post"] else None)
    asker = asker.at(channel=by.channel, address=by.address, request_id=by.request_id)
    row = registry.all_rows().filter(pk=request.object_id).first()
    if row is None or version_of(row) != told["version"]:
        raise NotNow(
            "这条记录在提出申请以后又有修改，这份申请不再适用。", "没有做任何改动。",
            "请不同意这份申请，由申请人按现在的内容重新提出。", code="flow.row_changed",
        )  # fmt: skip
    asker.must(registry.permission("edit"))
    data = {name: after for name, (_, after) in _values(request).items()}
    with _open_for(row.pk):
        actions.change(registry, row.pk, data, by=asker, reason=f"经{by.name}审批", only=list(data))


@contextmanager
def _open_for(key: UUID) -> Iterator[None]:
    token = _granted.set(key)
    try:
        yield
    finally:
        _granted.reset(token)


def _as_typed(value: Any) -> str:
    """A value as it could be typed into the form again."""
    return str(value.pk) if hasattr(value, "pk") else in_words(value)


approvals.register(
    approvals.Kind(EXPORT, "台账导出", describe=_tell_export, granted=_release, refused=_refuse),
)
approvals.register(approvals.Kind(CHANGE, "台账修改", describe=_tell_change, granted=_write))
