"""Flows on screen (事件流程): each kind's version in force, a draft to change it, the check, publishing; limits tried out."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from hezhi.chapters.cases.handling.flows import CASE
from hezhi.chapters.cases.handling.models import Category, Kind, Urgency
from hezhi.engines.flow import timing, versions
from hezhi.engines.flow.models import FlowVersion
from hezhi.engines.flow.rules.life_cycle import STAY, LifeCycle, Verb
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.ui.shapes import Crumb, Fact

clause = "9.1.2-2"
RIGHT = "cases.flows"
NAMES = {state.code: state.name for state in CASE.states}
STAGES = (("", "办理总时限"), ("accept", "受理时限"), ("call_back", "回访时限"))


@needs(RIGHT, clause=clause)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The three kinds with their version in force and the draft, if any."""
    rows = [(kind, versions.current(CASE, kind)[0], versions.draft_of(CASE, kind)) for kind in Kind]
    return render(
        request, "handling/flows.html", {"rows": rows, "crumbs": [Crumb("事件管理", "/r/cases/"), Crumb("事件流程")]}
    )


def _kind(kind: str) -> Kind:
    if kind not in Kind.values:
        raise NotFound("没有这种事件类型。")
    return Kind(kind)


def _line(cycle: LifeCycle, verb: Verb) -> dict[str, object]:
    to = "状态不变" if verb.to == STAY else NAMES.get(verb.to) or "、".join(NAMES[code] for code in verb.among)
    return {
        "name": verb.name, "frm": "、".join(NAMES[code] for code in verb.frm), "to": to, "who": "、".join(verb.who),
        "approval": bool(verb.approval), "required": "、".join(f.label for f in verb.fields if f.required),
    }  # fmt: skip


@needs(RIGHT, clause=clause)
@require_safe
def one(request: HttpRequest, kind: str) -> HttpResponse:
    """The flow of a kind as it is in force, its draft with what the check says, and earlier versions."""
    name = _kind(kind)
    cycle, changes = versions.current(CASE, kind)
    draft = versions.draft_of(CASE, kind)
    context = {
        "kind": name, "cycle": cycle, "lines": [_line(cycle, verb) for verb in cycle.verbs], "draft": draft,
        "faults": versions.faults(CASE, draft.changes, versions.held_rights()) if draft else [],
        "differs": versions.differences(CASE, changes, draft.changes) if draft else [],
        "history": FlowVersion.objects.filter(cycle=CASE.code, kind=kind, state="published"),
        "crumbs": [Crumb("事件流程", reverse("case-flows")), Crumb(name.label)],
    }  # fmt: skip
    return render(request, "handling/flow.html", context)


class DraftForm(forms.Form):
    """Which states and verbs a kind uses: one group of fields for each verb."""

    def __init__(self, changes: versions.Changes, data: Any = None) -> None:
        super().__init__(data)
        off = set(changes.get("states_off", ()))
        self.fields["states"] = forms.MultipleChoiceField(
            label="使用的状态", choices=list(NAMES.items()), widget=forms.CheckboxSelectMultiple, required=False,
            initial=[code for code in NAMES if code not in off],
        )  # fmt: skip
        for verb in CASE.verbs:
            self._of(verb, changes.get("verbs", {}).get(verb.code, {}))
        self.fields["note"] = forms.CharField(label="修改说明", max_length=200, required=False)

    def _of(self, verb: Verb, told: dict[str, Any]) -> None:
        boxes, code = forms.CheckboxSelectMultiple, verb.code
        self.fields[f"{code}.on"] = forms.BooleanField(label="启用", required=False, initial=not told.get("off"))
        self.fields[f"{code}.name"] = forms.CharField(
            label="名称", max_length=20, initial=told.get("name") or verb.name
        )
        self.fields[f"{code}.frm"] = forms.MultipleChoiceField(
            label="可办理的状态", choices=[(c, NAMES[c]) for c in verb.frm], widget=boxes, required=False,
            initial=list(told.get("frm", verb.frm)),
        )  # fmt: skip
        free = [(f.code, f.label) for f in verb.form if not f.required]
        if free:
            self.fields[f"{code}.required"] = forms.MultipleChoiceField(
                label="另须填写", choices=free, widget=boxes, required=False, initial=list(told.get("required", ()))
            )

    def groups(self) -> list[tuple[Verb, list[forms.BoundField]]]:
        """The fields of each verb, for the page."""
        return [(verb, [self[n] for n in self.fields if n.startswith(f"{verb.code}.")]) for verb in CASE.verbs]

    def changes(self) -> dict[str, Any]:
        """What differs from the code's own flow, and nothing else."""
        given, told = self.cleaned_data, {}
        for verb in CASE.verbs:
            each: dict[str, Any] = {} if given[f"{verb.code}.on"] else {"off": True}
            if given[f"{verb.code}.name"] != verb.name:
                each["name"] = given[f"{verb.code}.name"]
            if set(given[f"{verb.code}.frm"]) != set(verb.frm):
                each["frm"] = given[f"{verb.code}.frm"]
            if given.get(f"{verb.code}.required"):
                each["required"] = given[f"{verb.code}.required"]
            if each:
                told[verb.code] = each
        return {"states_off": [code for code in NAMES if code not in given["states"]], "verbs": told}


@needs(RIGHT, clause=clause)
def edit(request: HttpRequest, kind: str) -> HttpResponse:
    """Change the draft; it is kept even when the check finds faults, and says them."""
    name, draft = _kind(kind), versions.draft_of(CASE, kind)
    start = draft.changes if draft else versions.current(CASE, kind)[1]
    form = DraftForm(start, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        note = form.cleaned_data["note"]
        versions.save_draft(CASE, kind, form.changes(), by=reader(request), right=RIGHT, note=note)
        messages.success(request, "草稿已保存，发布以前现行流程不变。")
        return redirect("case-flow", kind=kind)
    context = {
        "kind": name, "form": form, "groups": form.groups(),
        "crumbs": [
            Crumb("事件流程", reverse("case-flows")), Crumb(name.label, reverse("case-flow", args=[kind])), Crumb("修改"),
        ],
    }  # fmt: skip
    return render(request, "handling/flow_edit.html", context, status=422 if form.is_bound else 200)


@needs(RIGHT, clause=clause)
@require_POST
def publish(request: HttpRequest, kind: str) -> HttpResponse:
    """Publish the draft, or say why not."""
    draft = versions.draft_of(CASE, _kind(kind))
    if draft is None:
        raise NotFound("没有草稿可以发布。")
    try:
        row = versions.publish(draft.pk, CASE, by=reader(request), right=RIGHT)
        messages.success(request, f"第 {row.number} 版已发布，此后收到的事件按新流程办理，在办的不变。")
    except BadInput as refusal:
        for said in refusal.fields.get("", []):
            messages.error(request, said)
    return redirect("case-flow", kind=kind)


@needs(RIGHT, clause=clause)
@require_POST
def drop(request: HttpRequest, kind: str) -> HttpResponse:
    """Throw the draft away."""
    draft = versions.draft_of(CASE, _kind(kind))
    if draft is not None:
        versions.drop_draft(draft.pk, by=reader(request), right=RIGHT)
        messages.success(request, "草稿已放弃。")
    return redirect("case-flow", kind=kind)


class TryForm(forms.Form):
    """A matter for which the limits are tried out."""

    kind = forms.ChoiceField(label="事件类型", choices=Kind.choices)
    urgency = forms.ChoiceField(label="紧急程度", choices=Urgency.choices, initial="normal")
    category = forms.ModelChoiceField(label="类别", queryset=Category.objects.filter(active=True), required=False)
    at = forms.DateTimeField(
        label="收到时间", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        initial=time.now, error_messages={"required": "请填写收到时间。", "invalid": "时间格式不对。"},
    )  # fmt: skip


@needs(RIGHT, "calendars.edit", clause=clause)
def try_limits(request: HttpRequest) -> HttpResponse:
    """Which limits a matter would have (时限试算): by which rule, until when, when the yellow card falls."""
    form = TryForm(request.GET or None)
    found = []
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        for stage, name in STAGES:
            plan = timing.planned(
                kind=given["kind"], category=given["category"].path if given["category"] else "",
                urgency=given["urgency"], stage=stage, at=given["at"],
            )  # fmt: skip
            due = time.show(plan.due_at) if plan and plan.due_at else "没有适用的规则"
            found.append((name, Fact("到期", due), plan))
    context = {
        "form": form, "found": found, "crumbs": [Crumb("事件流程", reverse("case-flows")), Crumb("时限试算")],
    }  # fmt: skip
    return render(request, "handling/flow_limits.html", context)


urlpatterns = [
    path("flows/", listed, name="case-flows"),
    path("flows/limits/", try_limits, name="case-flow-limits"),
    path("flows/<slug:kind>/", one, name="case-flow"),
    path("flows/<slug:kind>/edit/", edit, name="case-flow-edit"),
    path("flows/<slug:kind>/publish/", publish, name="case-flow-publish"),
    path("flows/<slug:kind>/drop/", drop, name="case-flow-drop"),
]
