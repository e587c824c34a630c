"""Many cases at once (批量派遣、批量催办): one verb and one transaction per case, and what became of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.pages.forms import dispatch_choices, uuid_of
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.ground.errors import BadInput, NotFound, NotNow, Refusal
from hezhi.ground.masks import mask_text

clause = "9.1.2-2"
MOST = 100
BY_DUTY = "auto"
LIST = "/r/cases/"


@dataclass(frozen=True)
class Outcome:
    """What became of one case (逐件结果)."""

    case: Case
    title: str
    done: bool
    said: str


def _dispatch_form(data: Any = None) -> forms.Form:
    form = forms.Form(data)
    duty = [(BY_DUTY, "按派单目录，逐件派给建议的单位")]
    form.fields["lead"] = forms.ChoiceField(label="主办单位", choices=[*duty, *dispatch_choices(Case())])
    form.fields["text"] = forms.CharField(
        label="办理要求", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    return form


def _urge_form(data: Any = None) -> forms.Form:
    form = forms.Form(data)
    form.fields["text"] = forms.CharField(
        label="催办说明", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    return form


def _dispatch(case: Case, by: Actor, told: dict[str, Any]) -> str:
    lead = told["lead"]
    if lead == BY_DUTY:
        choices = queries.suggested_units(case)
        if not choices:
            raise NotNow("派单目录里没有对应单位。", remedy="请打开这件事选择主办单位。", code="cases.no_duty")
        lead = str(choices[0].unit.pk)
    done = actions.dispatch(case.pk, by=by, lead_id=uuid_of(lead), request=told["text"], revision=case.revision)
    return f"已派给{done.lead_unit}"


def _urge(case: Case, by: Actor, told: dict[str, Any]) -> str:
    return f"已催办，第 {actions.urge(case.pk, by=by, text=told['text']).urged} 次"


STEPS: dict[str, tuple[str, Callable[..., forms.Form], Callable[[Case, Actor, dict[str, Any]], str]]] = {
    "dispatch": ("派遣", _dispatch_form, _dispatch),
    "urge": ("催办", _urge_form, _urge),
}


@needs("cases.dispatch", "cases.urge", clause=clause)
def bulk(request: HttpRequest, verb: str) -> HttpResponse:
    """First what would be done to which cases, then the result of each; one that fails stops no other."""
    if verb not in STEPS:
        raise NotFound("没有这个批量操作。", code="cases.no_verb")
    if request.method != "POST":
        return redirect(LIST)
    by, (name, form_of, step) = reader(request), STEPS[verb]
    by.must(f"cases.{verb}")
    cases = _chosen(by, request.POST.getlist("chosen"))
    form = form_of(request.POST if "apply" in request.POST else None)
    context: dict[str, Any] = {
        "heading": f"批量{name}（{len(cases)} 件）", "form": form, "submit_name": f"{name} {len(cases)} 件",
        "cancel_url": LIST, "rows": [(case, mask_text(case.title)) for case in cases],
    }  # fmt: skip
    if not form.is_bound or not form.is_valid():
        return render(request, "handling/bulk.html", context, status=422 if form.is_bound else 200)
    outcomes = [_one(case, by, step, form.cleaned_data) for case in cases]
    done = sum(each.done for each in outcomes)
    messages.success(
        request,
        f"已{name} {done} 件"
        + (f"，{len(outcomes) - done} 件没有办成，原因见下表。" if done < len(outcomes) else "。"),
    )
    return render(request, "handling/bulk_done.html", context | {"outcomes": outcomes, "heading": f"批量{name}结果"})


def _chosen(by: Actor, ids: Sequence[str]) -> list[Case]:
    """The ticked cases that this reader sees, in the order of their numbers."""
    try:
        keys = list(dict.fromkeys(UUID(each) for each in ids))
    except ValueError:
        keys = []
    if not keys:
        raise BadInput(what="还没有选择事件。", remedy="请在列表中勾选后再批量办理。", code="cases.none_chosen")
    if len(keys) > MOST:
        raise BadInput(what=f"一次最多批量办理 {MOST} 件。", remedy="请分批办理。", code="cases.too_many")
    rows = Case.objects.visible_to(by).filter(pk__in=keys).select_related("category", "lead_unit").order_by("number")
    return list(rows)


def _one(case: Case, by: Actor, step: Callable[[Case, Actor, dict[str, Any]], str], told: dict[str, Any]) -> Outcome:
    """One verb on one case; a refusal is its result and nothing of it stays."""
    title = mask_text(case.title)
    try:
        return Outcome(case, title, done=True, said=step(case, by, told))
    except BadInput as refusal:
        told_of = "".join(sentence for each in refusal.fields.values() for sentence in each)
        return Outcome(case, title, done=False, said=told_of or str(refusal))
    except Refusal as refusal:
        return Outcome(case, title, done=False, said=str(refusal))
