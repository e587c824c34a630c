"""Work lists (工作列表): the triage desk for the keyboard, orders, approvals, spot checks."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.actions.turning import MATTER, VERBS
from hezhi.chapters.cases.handling.models import Case, Category
from hezhi.chapters.cases.handling.pages.case import KEYS, suspects, timeline
from hezhi.chapters.cases.handling.pages.forms import form_of, other_units, uuid_of
from hezhi.chapters.cases.handling.pages.steps import OVERTAKEN
from hezhi.engines.flow.queries import approvals_waiting
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs, signed_in
from hezhi.engines.records.acting import acting
from hezhi.engines.registry import addresses
from hezhi.ground import time
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.masks import mask_text
from hezhi.ground.text import shorten

clause = "9.1.2-2"
SHOWN = 60
MOVING = "J 下一件，K 上一件，? 全部"
LATER = [("auto", "按派单目录派给对应单位"), ("", "只受理，稍后派遣")]


@signed_in
def typed(request: HttpRequest) -> HttpResponse:
    """The bare address, as one types it: to the list of cases, to one's own orders, or to one's to-dos."""
    by = reader(request)
    if by.may("cases.view"):
        return redirect("/r/cases/")
    return redirect("case-orders" if by.may("cases.sign") or by.may("cases.review") else "home")


@needs("cases.accept", "cases.dispatch", clause=clause)
def triage(request: HttpRequest, case_id: UUID | None = None) -> HttpResponse:
    """The triage desk (受理派遣台): the queue left, one case open, accept and dispatch by keyboard.

    One form does both steps, so a routine case takes: check, one key for the category if the
    suggestion is wrong, Enter; the next case opens by itself.
    """
    by = reader(request)
    if case_id is None:
        first = queries.triage_queue(by).first()
        if first is not None:
            return redirect("case-triage-one", case_id=first.pk)
        return render(request, "handling/triage_empty.html", {"title": "受理派遣台"})
    case = queries.case_for(by, case_id, (queries.requested,))
    requests = queries.requests_waiting(case) if case.requested else []  # type: ignore[attr-defined]
    told: dict[str, Any] = {"errors": [], "meanwhile": None}
    posted: Any = request.POST.copy() if request.method == "POST" else None
    for name in ("category", "lead") if posted is not None else ():
        if posted.get(f"{name}_other"):
            posted[name] = posted[f"{name}_other"]
    form = _triage_form(by, case, posted)
    if posted is not None and requests:
        told["errors"] = ["这件事正在等待审批，审批以前不在这里受理或派遣。"]
    elif posted is not None and form.is_valid():
        try:
            done = _triage_step(case, by, form.cleaned_data)
            messages.success(request, f"已{done}：{case.number} {shorten(mask_text(case.title), 24)}")
            return redirect("case-triage")
        except BadInput as refusal:
            for name, fault in refusal.fields.items():
                form.add_error(name if name in form.fields else None, fault)
        except Refusal as refusal:
            told["errors"] = [str(refusal)]
            if refusal.code in OVERTAKEN:
                # A colleague was quicker: what he did, and a form with which a second press goes through.
                case = queries.case_for(by, case_id, (queries.requested,))
                told["meanwhile"] = queries.steps_since(case, form.cleaned_data.get("revision"))
                posted["revision"] = str(case.revision)
                form = _triage_form(by, case, posted)
    possible = {verb.code: verb for verb in queries.verbs_for(by, case)}
    over = possible.keys().isdisjoint({"accept", "dispatch"})
    quick = _quick(case)
    chosen = posted.get("category", "") if posted is not None else str(form.initial.get("category") or "")
    quick_units, chosen_lead = _quick_units(case, form), posted.get("lead", "") if posted is not None else ""
    waiting = list(queries.triage_queue(by)[: SHOWN + 1])
    context = {
        "title": "受理派遣台",
        "queue": waiting[:SHOWN],
        "more": addresses.page("cases") if len(waiting) > SHOWN else "",
        "case": case,
        "text": mask_text(case.text),
        "case_title": mask_text(case.title),
        "form": form,
        "requests": requests,
        "over": over,
        "sent_again": not over,
        "suggestion": case.suggestion,
        "quick": quick,
        "chosen": chosen,
        "chosen_other": "" if chosen in {value for _, value, _ in quick} else chosen,
        "quick_units": quick_units,
        "chosen_lead": chosen_lead,
        "lead_other": other_units(form, quick_units, chosen_lead),
        "keys_told": _keys_told(form, quick, quick_units) if not (over or requests) else MOVING,
        "similar": suspects(by, case, list(possible.values())),
        "units": queries.suggested_units(case),
        "reporter": queries.masked_reporter(case),
        "timeline_items": timeline(list(case.steps.order_by("at", "id"))),
        "others": [
            (verb, reverse("case-do", args=[case.pk, code]), KEYS.get(code, ""))
            for code, verb in possible.items()
            if code not in ("accept", "dispatch")
        ],
        "marker": [case.point.x, case.point.y] if case.point else None,
        **told,
    }
    return render(request, "handling/triage.html", context, status=422 if posted is not None else 200)


def _triage_form(by: Actor, case: Case, posted: Any) -> Any:
    """What the desk asks: to accept and, from who may, to dispatch in the same breath; else to dispatch."""
    form = form_of(VERBS["accept"] if case.state == "to_accept" else VERBS["dispatch"], case, data=posted)
    if case.state == "to_accept" and by.may("cases.dispatch"):
        dispatch = form_of(VERBS["dispatch"], case, data=posted)
        for name in ("lead", "assist", "request"):
            form.fields[name] = dispatch.fields[name]
        leads: Any = dispatch.fields["lead"]
        form.fields["lead"] = forms.ChoiceField(label="主办单位", required=False, choices=[*LATER, *leads.choices[1:]])
    return form


def _triage_step(case: Case, by: Actor, given: dict[str, Any]) -> str:
    """Accept, and dispatch in the same transaction when a unit was chosen; gives what was done in words."""
    done_so_far = []
    with acting(by, verb="cases.triage"):
        revision = given.get("revision")
        lead = given.get("lead") if by.may("cases.dispatch") else ""
        if case.state == "to_accept":
            done = actions.accept(
                case.pk, by=by, category_id=uuid_of(given.get("category")), urgency=given.get("urgency") or "",
                text=given.get("text") or "", revision=revision, by_itself=not lead,
            )  # fmt: skip
            case, revision = done, done.revision
            done_so_far.append("受理")
        if lead == "auto":
            lead = _by_duty(case)
        if lead:
            actions.dispatch(
                case.pk, by=by, lead_id=uuid_of(lead), assist_ids=[UUID(a) for a in given.get("assist") or []],
                request=given.get("request") or "", revision=revision,
            )  # fmt: skip
            done_so_far.append("派遣")
    return "并".join(done_so_far)


def _quick(case: Case) -> list[tuple[int, str, str]]:
    """The likeliest categories with their keys 1 to 5: its own first, then the suggested one; fewer where few fit."""
    told = [[case.category.code, case.category.name]] if case.category else []
    told += [[case.suggestion["category"], case.suggestion["name"]]] if case.suggestion.get("category") else []
    names = {code: name.split("/")[-1] for code, name in reversed([*told, *case.suggestion.get("others", [])])}
    ids = dict(Category.objects.filter(code__in=names, active=True).values_list("code", "pk"))
    likely = [code for code, _ in [*told, *case.suggestion.get("others", [])] if code in ids]
    return [(n, str(ids[code]), names[code]) for n, code in enumerate(list(dict.fromkeys(likely))[:5], 1)]


def _quick_units(case: Case, form: Any) -> list[tuple[int, str, queries.UnitChoice]]:
    """The units proposed with their keys, where to dispatch is all that is asked: the likeliest first."""
    if "lead" not in form.fields or "category" in form.fields:
        return []
    return [(n, str(choice.unit.pk), choice) for n, choice in enumerate(queries.suggested_units(case)[:5], 1)]


def _keys_told(form: Any, quick: Sequence[Any], quick_units: Sequence[Any]) -> str:
    """The keys of this form, in the order of its fields; each post reads only those it has."""
    told = []
    if "category" in form.fields:
        told += ["数字选类别，O 其他类别" if quick else "O 选类别"]
    if "urgency" in form.fields:
        told += ["G 紧急程度（方向键选）"]
    if "lead" in form.fields:
        lead = "N 主办单位" if "category" in form.fields else "O 主办单位"
        told += ["数字选单位，O 其他单位" if quick_units else lead, "H 协办单位"]
    return "，".join([*told, "A 提交", MOVING])


def _by_duty(case: Case) -> UUID:
    """The unit that the table of duties names for the category just chosen (按派单目录)."""
    choices = queries.suggested_units(case)
    if not choices:
        raise BadInput({"lead": ["派单目录里没有对应单位，请选择主办单位。"]})
    return choices[0].unit.pk


@needs("cases.sign", "cases.review", clause=clause)
def orders(request: HttpRequest) -> HttpResponse:
    """The open work orders of this post's units (承办单), most pressing first."""
    found = list(queries.open_orders(reader(request))[:200])
    cases = Case.objects.in_bulk([o.matter_id for o in found])
    rows = [(order, cases.get(order.matter_id)) for order in found]
    return render(request, "handling/orders.html", {"rows": rows, "title": "承办单", "now": time.now()})


@needs(
    "cases.approve_extension", "cases.approve_hold", "cases.approve_void", "cases.approve_not_accept",
    "cases.rule_return", "cases.dispatch", "cases.transfer", clause=clause,
)  # fmt: skip
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for this post's decision about cases (待审批)."""
    rows = [row for row in approvals_waiting(reader(request)) if row.object_type == MATTER]
    return render(request, "handling/approvals.html", {"rows": rows, "title": "事件审批"})


@needs("cases.spot_check", clause=clause)
def spot_checks(request: HttpRequest) -> HttpResponse:
    """A sample of matters dealt with on the spot in the last seven days (当场处理抽查): one in ten, ten at least."""
    since = time.now() - timedelta(days=7)
    found = list(
        Case.objects.visible_to(reader(request))
        .filter(on_the_spot=True, received_at__gte=since)
        .select_related("category", "grid", "registered_by")
        .order_by("id")
    )
    # The same sample all day long, so that nobody can draw until it fits.
    dice = random.Random(time.today().toordinal())  # noqa: S311
    sample = dice.sample(found, min(len(found), max(10, len(found) // 10)))
    return render(request, "handling/spot_checks.html", {"rows": sample, "count": len(found), "title": "当场处理抽查"})
