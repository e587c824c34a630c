"""Visits (走访): who went to see, when, what for, what was found, when next. A tab of any registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Exists, Model, OuterRef, Q, Subquery
from django.http import HttpRequest

from hezhi.engines.dossier.models import Visit
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.records.audit import read_of_personal
from hezhi.engines.registry.columns import Column
from hezhi.engines.registry.filters import YesNoFilter
from hezhi.engines.registry.parts import Panel, Part, fault_list
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.masks import entry_warning, mask_text

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

SHOWN = 100


class VisitForm(forms.Form):
    """One visit as it is entered."""

    visited_on = forms.DateField(label="走访日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    visitor = forms.CharField(label="走访人", max_length=60)
    purpose = forms.CharField(label="走访事由", max_length=100)
    finding = forms.CharField(label="走访情况", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    next_on = forms.DateField(
        label="下次走访", required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, part: Visits, by: Actor, data: Any = None) -> None:
        ahead = time.today() + timedelta(days=part.every) if part.every else None
        initial = {"visited_on": time.today(), "visitor": by.name, "next_on": ahead}
        super().__init__(data, initial=initial)
        if part.purposes:
            self.fields["purpose"] = forms.ChoiceField(label="走访事由", choices=[(p, p) for p in part.purposes])
        for field in self.fields.values():
            field.error_messages["required"] = f"请填写{field.label}。"

    def clean(self) -> dict[str, Any]:
        """A visit has happened, and the next one has not."""
        told: dict[str, Any] = super().clean() or {}
        day, ahead = told.get("visited_on"), told.get("next_on")
        if day and day > time.today():
            self.add_error("visited_on", "走访日期不能晚于今天。")
        if day and ahead and ahead <= day:
            self.add_error("next_on", "下次走访应晚于本次。")
        return told


class VisitsPanel(Panel):
    """The visits of a row, newest first, and the form for the next (走访)."""

    code, title, template = "visits", "走访", "dossier/visits.html"

    def __init__(self, part: Visits) -> None:
        self.part = part

    def context(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> dict[str, Any]:
        visits = [(each, mask_text(each.finding)) for each in Visit.of(row).order_by("-visited_on", "-at")[:SHOWN]]
        if visits and registry.personal:
            read_of_personal(by, registry.label, row.pk, ["走访情况"], registry.purpose)
        writes = by.may(registry.permission(self.part.right))
        posted = request.POST if request.method == "POST" and "strike" not in request.POST else None
        return {"visits": visits, "visit_form": VisitForm(self.part, by, posted) if writes else None}

    def receive(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> str | None:
        by.must(registry.permission(self.part.right))
        if "strike" in request.POST:
            strike(registry, row, request.POST["strike"], by=by, reason=request.POST.get("reason", ""))
            return "已作废这条走访记录。"
        visit = add_visit(registry, row, request.POST, by=by, part=self.part)
        return f"走访记录已保存。{entry_warning(visit.finding) or ''}"


class Visits(Part):
    """Visits of a row are written down (走访记录).

    `purposes` are the reasons to choose from (free text without), `every` the usual days to the next one,
    `right` the registry's capability that may enter them. Columns `last_visit` and `next_visit`, filter
    `visit_due` (到期未走访).
    """

    def __init__(self, purposes: Sequence[str] = (), *, every: int = 0, right: str = "edit") -> None:
        self.purposes, self.every, self.right = tuple(purposes), every, right

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (VisitsPanel(self),)

    def columns(self, registry: Registry) -> Mapping[str, Column]:
        return {
            "last_visit": _day("last_visit", "上次走访", "visited_on"),
            "next_visit": _day("next_visit", "下次走访", "next_on"),
        }

    def filters(self, registry: Registry) -> Mapping[str, Any]:
        return {"visit_due": YesNoFilter(label="到期未走访", condition=due)}


def due() -> Q:
    """Rows whose agreed next visit is over (到期未走访)."""
    later = Visit.objects.filter(
        object_id=OuterRef("object_id"), struck_reason="", visited_on__gt=OuterRef("visited_on")
    )
    late = Visit.objects.filter(object_id=OuterRef("pk"), struck_reason="", next_on__lt=time.today())
    return Q(Exists(late.filter(~Exists(later))))


def add_visit(registry: Registry, row: Model, data: Any, *, by: Actor, part: Visits | None = None) -> Visit:
    """Write a visit down (登记走访). Raises BadInput by field; the row is one the caller has found for this person."""
    form = VisitForm(part or Visits(), by, data)
    if not form.is_valid():
        raise BadInput(fault_list(form))
    with acting(by, verb=f"{registry.label}.visit") as deed:
        visit: Visit = Visit.on(row, by, **form.cleaned_data)
        visit.save()
        deed.on(row)
    return visit


def strike(registry: Registry, row: Model, id: str, *, by: Actor, reason: str) -> None:
    """Strike a visit that was entered in error (作废); it stays readable as such."""
    if not reason.strip():
        raise BadInput({"reason": "请写明作废的原因。"})
    visit = next((each for each in Visit.of(row) if str(each.pk) == id), None)
    if visit is None:
        raise NotFound(what="没有找到这条走访记录。")
    with acting(by, verb=f"{registry.label}.strike_visit", reason=reason) as deed:
        visit.struck_reason = reason.strip()[:200]
        visit.save(update_fields=["struck_reason"])
        deed.on(row)


def _day(name: str, label: str, field: str) -> Column:
    newest = Visit.objects.filter(object_id=OuterRef("pk"), struck_reason="").order_by("-visited_on", "-at")
    made = {f"{name}_told": Subquery(newest.values(field)[:1])}
    return Column(name, label, lambda row: getattr(row, f"{name}_told", None), "time", annotations=made)
