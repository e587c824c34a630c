"""Merging (合并): two rows of a registry are one and the same; field by field, with everything that hangs on them.

Every registry whose rows can be removed and restored has it by itself. What pointed to the one that goes
points to the kept one afterwards: rows of other tables, files, remarks, visits, ties, labels. The history of
both says so, and for 30 days it can be taken back, while neither was touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from hezhi.engines.dossier.models import ChangeRequest, ExtraValues, Merging, Move, Tagged, Tie, Verification, Visit
from hezhi.engines.dossier.ties import find
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.records.erasure import erase
from hezhi.engines.records.models import Attachment, Comment
from hezhi.engines.registry import actions, imports
from hezhi.engines.registry.history import versions_of
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.parts import Part
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Action

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

UNDO_DAYS = 30
Moved = list[list[Any]]

BESIDE: list[tuple[type[models.Model], str]] = [
    (Attachment, "object_id"), (Comment, "object_id"), (Visit, "object_id"), (Move, "object_id"),
    (Tie, "object_id"), (Tie, "other_id"), (Tagged, "object_id"), (Verification, "object_id"),
]  # fmt: skip
"""Tables that name a row by its id alone, and the field that does; a room with one of its own adds it."""


class Merges(Part):
    """Given to every registry whose rows can be removed and come back (合并)."""

    merges = True

    def fits(self, registry: Registry) -> bool:
        """Whether two rows of this registry can be made one."""
        return registry.mergeable and registry.removed_by == "removed_at" and {"edit", "delete"} <= set(registry.offers)

    def actions(self, registry: Registry, row: models.Model, by: Actor) -> Sequence[Action]:
        if not may(registry, by) or actions.is_removed(registry, row):
            return ()
        return (Action("合并", registry.url(row.pk, "merge")),)

    def pages(self, registry: Registry) -> Mapping[str, Any]:
        return {"<uuid:id>/merge/": MergePage, "<uuid:id>/unmerge/<uuid:merging>/": UnmergePage}

    def notices(self, registry: Registry, row: models.Model, by: Actor) -> Sequence[str]:
        told = []
        for each in Merging.of(row).filter(undone_at__isnull=True, at__gt=_horizon()).order_by("-at"):
            url = registry.url(row.pk, "unmerge", each.pk) if may(registry, by) else ""
            link = format_html(' <a class="btn" href="{}" data-dialog-url>撤销合并</a>', url) if url else ""
            said = "<p>{} 于 {} 并入了另一条记录：{}。{} 天内未改动可以撤销。{}</p>"
            told.append(format_html(said, each.by_name, time.show(each.at), each.reason, UNDO_DAYS, link))
        into = Merging.objects.filter(gone_id=row.pk, undone_at__isnull=True).first()
        if into is not None:
            kept = registry.visible(by).filter(pk=into.object_id).first()
            url, name = (registry.url_of(kept), registry.row_name(kept)) if kept else ("", "另一条记录")
            told.append(format_html('<p>这条记录已并入<a href="{}">{}</a>。</p>', url, name))
        return told

    def purge(self, registry: Registry, row: models.Model, by: Actor, reason: str) -> None:
        """With a row for good goes what hangs on it here."""
        told: list[type[Any]] = [Visit, Move, Tie, Tagged, Verification, ChangeRequest, Merging]
        for model in told:
            for each in model.of(row):
                erase(each, by=by, reason=reason)
        for each in [*Tie.objects.filter(other_id=row.pk), *ExtraValues.objects.filter(pk=row.pk)]:
            erase(each, by=by, reason=reason)


def may(registry: Registry, by: Actor) -> bool:
    """Whether this person may merge rows: one is changed and one removed."""
    return registry.offers_to(by, "edit") and registry.offers_to(by, "delete")


# -- the pages -------------------------------------------------------------------------------------


class MergePage(RegistryPage):
    """Both rows side by side, field by field (合并)."""

    capability = "delete"

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return self._draw(self.row(id))

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        row = self.row(id)
        try:
            gone = find(self.registry, request.POST.get("with", ""), self.by)
            chosen = [n for n in self.registry.form_fields if request.POST.get(f"take_{n}") == "gone"]
            merge(self.registry, row.pk, gone.pk, chosen, by=self.by, reason=request.POST.get("reason", ""))
        except BadInput as refusal:
            return self._draw(row, refusal)
        return self.done("已合并，随附的资料都归到这条记录。", self.registry.url_of(row))

    def _draw(self, row: Any, refusal: BadInput | None = None) -> HttpResponse:
        registry, typed = self.registry, self.request.POST.get("with") or self.request.GET.get("with") or ""
        other, lines = None, []
        if typed:
            try:
                other = find(registry, typed, self.by)
                lines = _lines(registry, row, other, self.by, self.request.POST)
            except BadInput as strange:
                refusal = refusal or strange
        context = {
            "registry": registry, "row": row, "other": other, "lines": lines, "typed": typed, "refusal": refusal,
            "heading": f"合并{registry.noun}：{registry.row_name(row)}", "crumbs": self.crumbs(),
            "kept_name": registry.row_name(row), "gone_name": registry.row_name(other) if other else "",
            "cancel_url": registry.url_of(row), "reason": self.request.POST.get("reason", ""), "undo_days": UNDO_DAYS,
            "swap_url": f"{registry.url(other.pk, 'merge')}?with={row.pk}" if other else "",
        }  # fmt: skip
        page = "dossier/merge.html"
        return answer(self.request, page, page, context, status=refusal.status if refusal else 200)


class UndoForm(forms.Form):
    """Why a merge is taken back (撤销原因)."""

    reason = forms.CharField(label="原因", max_length=200, error_messages={"required": "请写明原因。"})


class UnmergePage(RegistryPage):
    """Take a merge back (撤销合并)."""

    capability = "delete"

    def get(self, request: HttpRequest, id: UUID, merging: UUID) -> HttpResponse:
        return self._draw(self.row(id), merging, UndoForm())

    def post(self, request: HttpRequest, id: UUID, merging: UUID) -> HttpResponse:
        row, form = self.row(id), UndoForm(request.POST)
        if not form.is_valid():
            return self._draw(row, merging, form, 422)
        unmerge(self.registry, row.pk, merging, by=self.by, reason=form.cleaned_data["reason"])
        return self.done("已撤销合并，两条记录恢复原样。", self.registry.url_of(row))

    def _draw(self, row: Any, merging: UUID, form: UndoForm, status: int = 200) -> HttpResponse:
        url, back = self.registry.url(row.pk, "unmerge", merging), self.registry.url_of(row)
        note = "两条记录和随附的资料恢复到合并以前。"
        return self.ask(form, "撤销合并", note, url, back, "撤销合并", "danger", status)


def _lines(registry: Registry, row: Any, other: Any, by: Actor, typed: Any) -> list[dict[str, Any]]:
    """The fields with both values as the reader may see them; those that differ can be chosen."""
    if other.pk == row.pk:
        raise BadInput({"with": "不能与自己合并。"})
    lines, hidden = [], registry.hidden_from(by)
    for name in registry.form_fields:
        column = registry.column(name)
        differs = getattr(row, column.path or name) != getattr(other, column.path or name)
        if name not in hidden:
            gone = typed.get(f"take_{name}") == "gone"
            told = {"name": name, "label": column.label, "differs": differs, "gone": gone}
            lines.append(told | {"mine": column.text(row), "theirs": column.text(other)})
    return lines


# -- the verbs -------------------------------------------------------------------------------------


def merge(registry: Registry, kept_id: UUID, gone_id: UUID, take: Sequence[str], *, by: Actor, reason: str) -> Merging:
    """Make two rows one (合并): the kept row takes the fields named in `take` from the other, which goes.

    Everything that hangs on the other comes along. Raises BadInput, NotFound, or NotNow where the database
    holds the two apart (each with an entry of which there may be one).
    """
    _may(registry, by)
    if not reason.strip():
        raise BadInput({"reason": "请写明合并的依据。"})
    if kept_id == gone_id:
        raise BadInput({"with": "不能与自己合并。"})
    strange = (set(take) - set(registry.form_fields)) | (set(take) & registry.hidden_from(by))
    if strange:
        raise BadInput({"": f"没有这些项目：{'、'.join(sorted(strange))}。"})
    try:
        with transaction.atomic():
            kept, gone = _both(registry, kept_id, gone_id, by)
            with acting(by, verb=f"{registry.label}.merge", reason=reason.strip()[:200]) as deed:
                values = {name: getattr(gone, name) for name in take}
                actions.take_out(registry, gone, f"并入另一条记录：{reason}")
                actions.rewrite(registry, gone, by)
                for name, value in values.items():
                    setattr(kept, name, value)
                registry.prepare(kept, by)
                actions.rewrite(registry, kept, by)
                moved = _carry(gone, kept)
                made: Merging = Merging.on(
                    kept, by, gone_id=gone.pk, deed=deed.id, moved=moved, reason=reason.strip()[:200]
                )
                made.save()
                registry.after("merge", kept, by)
                deed.on(kept)
                deed.on(gone)
                deed.detail = {"fields": sorted(take), "moved": _told(moved)}
    except IntegrityError:
        raise NotNow(
            what="这两条记录不能直接合并：各有一项只允许一份的内容。", meaning="没有做任何改动。",
            remedy="请先核对两条记录下的资料，去掉重复的一份再合并。", code="dossier.cannot_merge",
        ) from None  # fmt: skip
    return made


def unmerge(registry: Registry, kept_id: UUID, merging_id: UUID, *, by: Actor, reason: str) -> None:
    """Take a merge back within 30 days (撤销合并), while neither row nor what moved was touched since."""
    _may(registry, by)
    events = versions_of(registry.model)
    with transaction.atomic():
        kept = actions.locked(registry, kept_id, by)
        made = Merging.of(kept).filter(pk=merging_id, undone_at__isnull=True, at__gt=_horizon()).first()
        if made is None or events is None:
            raise NotFound(what="没有可以撤销的合并。", meaning=f"合并 {UNDO_DAYS} 天后不能撤销。")
        gone = actions.locked(registry, made.gone_id, by)
        with acting(by, verb=f"{registry.label}.unmerge", reason=reason) as deed:
            for row in (kept, gone):
                event = _last_of_deed(events, row, made.deed)
                imports.take_back(registry, row, event, events, reason)
            _carry_back(made.moved, kept, gone)
            made.undone_at = time.now()
            made.save(update_fields=["undone_at"])
            registry.after("restore", gone, by)
            deed.on(kept)
            deed.on(gone)


def _may(registry: Registry, by: Actor) -> None:
    by.must(registry.permission("edit"))
    by.must(registry.permission("delete"))


def _both(registry: Registry, kept_id: UUID, gone_id: UUID, by: Actor) -> tuple[Any, Any]:
    """Both rows, locked in one order whoever asks, so that two merges cannot wait for each other."""
    rows = {id_: actions.locked(registry, id_, by) for id_ in sorted((kept_id, gone_id))}
    if any(actions.is_removed(registry, row) for row in rows.values()):
        raise NotNow(what="其中一条记录已经删除，不能合并。")
    if ChangeRequest.objects.filter(object_id=gone_id, state=ChangeRequest.State.WAITING).exists():
        raise NotNow(what="要并入的记录还有待审的变更申请。", remedy="请先处理申请，再合并。")
    return rows[kept_id], rows[gone_id]


def _last_of_deed(events: Any, row: Any, deed: UUID) -> Any:
    """The version the merge wrote; refuses when the row was written again since."""
    last = events._default_manager.filter(pgh_obj_id=row.pk).order_by("-pgh_id").first()
    if last is None or last.pgh_context_id != deed:
        raise NotNow(what="合并之后又有改动，不能撤销。", remedy="请逐项核对修改。", code="registry.touched")
    return last


# -- what hangs on a row ---------------------------------------------------------------------------


def _pointing(model: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    """Every table and field that points to rows of a model, links of many-to-many fields included."""
    found = list(BESIDE)
    for link in model._meta.get_fields(include_hidden=True):
        field = getattr(link, "field", None) if link.auto_created and not link.concrete else None
        if (
            field is not None
            and (link.one_to_many or link.one_to_one)
            and not hasattr(field.model, "pgh_tracked_model")
        ):
            found.append((field.model, field.name))
    return found


def _carry(gone: Any, kept: Any) -> Moved:
    """Let everything that points to the one point to the other; tells what, for the way back."""
    moved: Moved = []
    for model, name in _pointing(type(kept)):
        rows = model._base_manager.filter(**{name: gone.pk})
        rows = rows.exclude(pk__in=_doubles(model, name, rows, kept))
        ids = list(rows.values_list("pk", flat=True))
        if ids:
            model._base_manager.filter(pk__in=ids).update(**{name: kept.pk})
            moved.append([model._meta.label, name, [str(id_) for id_ in ids]])
    extra = {each.pk: each for each in ExtraValues.objects.filter(pk__in=(kept.pk, gone.pk))}
    added = {c: v for c, v in _values(extra, gone).items() if c not in _values(extra, kept)}
    if added:
        mine = extra.get(kept.pk) or ExtraValues(pk=kept.pk, object_type=kept._meta.label_lower)
        mine.values = {**mine.values, **added}
        mine.save()
        moved.append([ExtraValues._meta.label, "", sorted(added)])
    return moved


def _doubles(model: type[models.Model], name: str, rows: Any, kept: Any) -> list[Any]:
    """What the kept row has already (the same file, label or tie) stays where it is."""
    same = {Attachment: ("digest", "stage", "visibility"), Tagged: ("tag_id",), Tie: ("kind", "other_id")}.get(model)  # type: ignore[call-overload]
    if model is Tie:
        same = ("kind", "object_id") if name == "other_id" else ("kind", "other_id")
    through = bool(model._meta.auto_created)
    if through:
        same = tuple(f.attname for f in model._meta.concrete_fields if f.name not in ("id", name))
    if same is None:
        return []
    there = set(model._base_manager.filter(**{name: kept.pk}).values_list(*same))
    selves = {kept.pk}  # a tie between the two would tie the kept one to itself
    told = rows.values_list("pk", *same)
    return [pk for pk, *key in told if tuple(key) in there or (model is Tie and key[-1] in selves)]


def _told(moved: Moved) -> dict[str, int]:
    """What moved, for the audit: that somebody has a file of an assigned circle is told to nobody outside of it (P6)."""
    told: dict[str, int] = {}
    for label, name, ids in moved:
        rows = apps.get_model(label)._default_manager.all()
        said = "其他" if getattr(rows, "by_assignment", False) else f"{label}.{name}"
        told[said] = told.get(said, 0) + len(ids)
    return told


def _carry_back(moved: Moved, kept: Any, gone: Any) -> None:
    """The way back; refuses when something that moved has gone elsewhere since."""
    for label, name, ids in moved:
        if not name:
            mine = ExtraValues.objects.get(pk=kept.pk)
            mine.values = {code: value for code, value in mine.values.items() if code not in ids}
            mine.save()
            continue
        rows = apps.get_model(label)._base_manager.filter(pk__in=ids, **{name: kept.pk})
        if rows.update(**{name: gone.pk}) != len(ids):
            raise NotNow(what="随附的资料在合并之后又有改动，不能撤销。", code="registry.touched")


def _values(extra: Mapping[Any, ExtraValues], row: Any) -> dict[str, Any]:
    return extra[row.pk].values if row.pk in extra else {}


def _horizon() -> Any:
    return time.now() - timedelta(days=UNDO_DAYS)
