"""Life cycle (生命周期): a state that changes only by named verbs, each with a date and a reason.

Lifecycle("state", (
    StateVerb("let", "出租", before=("empty",), after="let", reasons=("新签合同", "续租")),
    StateVerb("end", "退租", before=("let",), after="empty", reasons=("合同到期", "提前退租")),
))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.db import transaction
from django.db.models import Model, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse

from hezhi.engines.dossier.models import Move
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.registry import actions
from hezhi.engines.registry.columns import Column
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.parts import Panel, Part
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.ui.shapes import Action, TimelineItem

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry


@dataclass(frozen=True)
class StateVerb:
    """One verb of a life cycle (状态动作): from which states to which, for which reasons, by which capability."""

    code: str
    name: str
    before: Sequence[str]
    after: str
    reasons: Sequence[str] = ()
    right: str = "edit"
    danger: bool = False


class Lifecycle(Part):
    """The state of a row changes only by verbs (状态变更), each dated, with a reason, and kept.

    `field` is the state's field of the model; it stands in no form. Tab 状态, column `state_since`.
    """

    def __init__(self, field: str, verbs: Sequence[StateVerb]) -> None:
        self.field, self.verbs = field, tuple(verbs)

    def problems(self, registry: Registry) -> Sequence[str]:
        fields = {field.name: field for field in registry.model._meta.concrete_fields}
        if self.field not in fields:
            return (f"names {self.field!r}, which {registry.model._meta.label} does not have.",)
        known = {str(code) for code, _ in fields[self.field].flatchoices}
        strange = {code for v in self.verbs for code in (*v.before, v.after)} - known if known else set()
        said = (
            [f"verbs name the states {', '.join(sorted(strange))}, which {self.field!r} does not have."]
            if strange
            else []
        )
        if self.field in registry.form_fields:
            said.append(f"the state {self.field!r} stands in the form too, so it could be changed without a verb.")
        return said

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (StatesPanel(self),)

    def pages(self, registry: Registry) -> Mapping[str, Any]:
        return {"<uuid:id>/state/<str:verb>/": StatePage}

    def actions(self, registry: Registry, row: Model, by: Actor) -> Sequence[Action]:
        if actions.is_removed(registry, row):
            return ()
        open_ = [v for v in self.verbs if getattr(row, self.field) in v.before and by.may(registry.permission(v.right))]
        url, kinds = registry.url, {True: "danger", False: "plain"}
        return [Action(v.name, url(row.pk, "state", v.code), kind=kinds[v.danger], opens="dialog") for v in open_]

    def columns(self, registry: Registry) -> Mapping[str, Column]:
        newest = Move.objects.filter(object_id=OuterRef("pk")).order_by("-since", "-at").values("since")[:1]
        made = {"state_since_told": Subquery(newest)}
        read = lambda row: getattr(row, "state_since_told", None)  # noqa: E731
        return {"state_since": Column("state_since", "状态起始", read, "time", annotations=made)}


class StatesPanel(Panel):
    """The states a row has been in (状态变更)."""

    code, title, template = "states", "状态", "dossier/states.html"

    def __init__(self, part: Lifecycle) -> None:
        self.part = part

    def context(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> dict[str, Any]:
        names = {verb.code: verb.name for verb in self.part.verbs}
        words = dict(registry.model._meta.get_field(self.part.field).flatchoices)  # type: ignore[union-attr]
        moves = Move.of(row).order_by("-since", "-at")[:200]
        return {"states": [_item(move, names, words) for move in moves]}


def _item(move: Move, names: Mapping[str, str], words: Mapping[Any, str]) -> TimelineItem:
    told = f"{words.get(move.before, move.before)} → {words.get(move.after, move.after)}，自 {move.since} 起"
    text = "；".join(filter(None, (told, move.reason, move.note)))
    return TimelineItem(names.get(move.verb, move.verb), move.at, f"{move.by_name} · {move.unit_name}", text)


class StateForm(forms.Form):
    """Since when and why (生效日期、原因)."""

    since = forms.DateField(label="生效日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    reason = forms.CharField(label="原因", max_length=60)
    note = forms.CharField(label="说明", max_length=200, required=False)

    def __init__(self, verb: StateVerb, data: Any = None) -> None:
        super().__init__(data, initial={"since": time.today()})
        if verb.reasons:
            choices = [("", "请选择"), *((reason, reason) for reason in verb.reasons)]
            self.fields["reason"] = forms.ChoiceField(label="原因", choices=choices)
        for field in self.fields.values():
            field.error_messages["required"] = f"请填写{field.label}。"


class StatePage(RegistryPage):
    """Ask since when and why, then change the state (状态变更)."""

    def get(self, request: HttpRequest, id: UUID, verb: str) -> HttpResponse:
        return self._draw(self.row(id), verb)

    def post(self, request: HttpRequest, id: UUID, verb: str) -> HttpResponse:
        row, form = self.row(id), StateForm(verb_of(self.registry, verb)[1], request.POST)
        if not form.is_valid():
            return self._draw(row, verb, form)
        try:
            move(self.registry, id, verb, by=self.by, **form.cleaned_data)
        except BadInput as refusal:
            for name, said in refusal.fields.items():
                form.add_error(name if name in form.fields else None, list(said))
            return self._draw(row, verb, form)
        return self.done("状态已变更。", self.registry.url_of(row))

    def _draw(self, row: Any, code: str, form: StateForm | None = None) -> HttpResponse:
        _, verb = verb_of(self.registry, code)
        title, url = f"{verb.name}：{self.registry.row_name(row)}", self.registry.url(row.pk, "state", code)
        back, kind = self.registry.url_of(row), "danger" if verb.danger else "primary"
        return self.ask(form or StateForm(verb), title, "", url, back, verb.name, kind, 422 if form else 200)


def verb_of(registry: Registry, code: str) -> tuple[Lifecycle, StateVerb]:
    """The verb of a registry by its code; refuses with a letter when there is none."""
    for part in registry.parts:
        for verb in part.verbs if isinstance(part, Lifecycle) else ():
            if verb.code == code:
                return part, verb  # type: ignore[return-value]
    raise NotFound(what="没有这个状态动作。")


def move(registry: Registry, id: UUID, code: str, *, by: Actor, since: date, reason: str, note: str = "") -> Move:
    """Change a row's state by a verb of its life cycle (状态变更).

    Raises NotNow when the row is in no state the verb starts from, BadInput for a day that cannot be.
    """
    part, verb = verb_of(registry, code)
    by.must(registry.permission(verb.right))
    with transaction.atomic():
        row = actions.locked(registry, id, by)
        before = getattr(row, part.field)
        if actions.is_removed(registry, row) or before not in verb.before:
            raise NotNow(what=f"这条{registry.noun}现在的状态不能{verb.name}。", code="dossier.wrong_state")
        last = Move.of(row).order_by("-since").values_list("since", flat=True).first()
        if since > time.today():
            raise BadInput({"since": "生效日期不能晚于今天。"})
        if last and since < last:
            raise BadInput({"since": f"生效日期不能早于上一次变更（{last}）。"})
        if verb.reasons and reason not in verb.reasons:
            raise BadInput({"reason": f"原因应为：{'、'.join(verb.reasons)}。"})
        with acting(by, verb=f"{registry.label}.move", reason=f"{verb.name}：{reason}") as deed:
            setattr(row, part.field, verb.after)
            actions.rewrite(registry, row, by)
            told = {"before": before or "", "after": verb.after, "since": since, "reason": reason, "note": note}
            made: Move = Move.on(row, by, verb=code, **told)
            made.save()
            registry.after("move", row, by)
            deed.on(row)
    return made
