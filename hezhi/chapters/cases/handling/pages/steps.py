"""The dialogs in which a step is taken (办理): each verb's form, its call, and what comes back when it is refused."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.actions.approving import RULING, must_name
from hezhi.chapters.cases.handling.actions.turning import ORDER_VERBS
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.pages.beside_form import beside_form, with_template
from hezhi.chapters.cases.handling.pages.decision import before_decision
from hezhi.chapters.cases.handling.pages.forms import (
    add_files,
    barred_choices,
    dispatch_choices,
    form_of,
    looked_through,
    uuid_of,
    yes_of,
)
from hezhi.chapters.cases.handling.rules import long_hold
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow.models import Approval, WorkOrder
from hezhi.engines.flow.rules.life_cycle import Verb
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.records.acting import acting
from hezhi.engines.records.files import keep_files
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, Refusal
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.answers import answer

clause = "9.1.2-2"
Taken = Callable[[Case, WorkOrder | None, Actor, dict[str, Any]], object]


def _many(given: dict[str, Any], name: str) -> list[UUID]:
    return [UUID(value) for value in given.get(name) or []]


def _merge(case: Case, order: WorkOrder | None, by: Actor, given: dict[str, Any]) -> object:
    number = given["into"].strip().upper()
    into = Case.objects.visible_to(by).filter(number=number).first()
    if into is None:
        raise BadInput({"into": [f"没有找到编号 {number} 的事件，请核对。"]})
    return actions.merge(case.pk, by=by, into_id=into.pk, reason=given["reason"], revision=given["revision"])


def _call_back(case: Case, order: WorkOrder | None, by: Actor, given: dict[str, Any]) -> object:
    return actions.call_back(
        case.pk, by=by, reached=yes_of(given["reached"]) is True, true_matter=yes_of(given["true_matter"]),
        solved=yes_of(given["solved"]), satisfied=yes_of(given["satisfied"]),
        satisfied_attitude=yes_of(given["satisfied_attitude"]), contacted=yes_of(given.get("contacted")),
        reason=given["reason"], note=given["note"], revision=given["revision"],
    )  # fmt: skip


CASE_STEPS: dict[str, Taken] = {
    "accept": lambda c, o, by, g: actions.accept(
        c.pk, by=by, category_id=uuid_of(g["category"]), urgency=g["urgency"], text=g["text"], revision=g["revision"]
    ),
    "ask_supplement": lambda c, o, by, g: actions.ask_supplement(
        c.pk, by=by, reason=g["reason"], revision=g["revision"]
    ),
    "supplement": lambda c, o, by, g: actions.supplement(c.pk, by=by, text=g["text"], revision=g["revision"]),
    "answer_directly": lambda c, o, by, g: actions.answer_directly(
        c.pk, by=by, reply=g["reply"], category_id=uuid_of(g.get("category")), revision=g["revision"]
    ),
    "not_accept": lambda c, o, by, g: actions.ask_not_accept(
        c.pk, by=by, reason=g["reason"], revision=g["revision"]
    ),
    "dispatch": lambda c, o, by, g: actions.dispatch(
        c.pk, by=by, lead_id=uuid_of(g["lead"]), assist_ids=_many(g, "assist"), request=g["request"],
        assist_days=g["assist_days"], revision=g["revision"],
    ),
    "transfer": lambda c, o, by, g: actions.transfer(
        c.pk, by=by, lead_id=uuid_of(g["lead"]), reason=g["reason"], request=g["request"], revision=g["revision"]
    ),
    "add_unit": lambda c, o, by, g: actions.add_units(
        c.pk, by=by, assist_ids=_many(g, "assist"), assist_days=g["assist_days"], request=g["request"],
        revision=g["revision"],
    ),
    "hold": lambda c, o, by, g: actions.ask_hold(
        c.pk, by=by, reason=g["reason"], review_on=g["review_on"], revision=g["revision"]
    ),
    "keep_on_hold": lambda c, o, by, g: actions.keep_on_hold(
        c.pk, by=by, review_on=g["review_on"], reason=g["reason"], revision=g["revision"]
    ),
    "confer": lambda c, o, by, g: actions.confer(
        c.pk, by=by, held_on=g["held_on"], unit_ids=_many(g, "assist"), conclusion=g["conclusion"],
        revision=g["revision"],
    ),
    "mark": lambda c, o, by, g: actions.mark(
        c.pk, by=by, mark=g["mark"], text=g["text"], revision=g["revision"]
    ),
    "resume": lambda c, o, by, g: actions.resume(c.pk, by=by, text=g["text"], revision=g["revision"]),
    "extend": lambda c, o, by, g: actions.ask_extension(
        c.pk, by=by, days=g["days"], reason=g["reason"], revision=g["revision"]
    ),
    "urge": lambda c, o, by, g: actions.urge(c.pk, by=by, text=g["text"], revision=g["revision"]),
    "split": lambda c, o, by, g: actions.split(
        c.pk, by=by, parts=g["parts"].splitlines(), waits=yes_of(g["waits"]) is True, revision=g["revision"]
    ),
    "make_secret": lambda c, o, by, g: actions.claim_secret(
        c.pk, by=by, title=g["title"], text=g["text"], barred_unit_id=uuid_of(g["barred"]), revision=g["revision"]
    ),
    "merge": _merge,
    "unmerge": lambda c, o, by, g: actions.unmerge(c.pk, by=by, text=g["text"], revision=g["revision"]),
    "answer_apart": lambda c, o, by, g: actions.answer_apart(c.pk, by=by, reply=g["reply"], revision=g["revision"]),
    "call_back": _call_back,
    "close": lambda c, o, by, g: actions.close(c.pk, by=by, reason=g["reason"], revision=g["revision"]),
    "redo": lambda c, o, by, g: actions.redo(c.pk, by=by, reason=g["reason"], revision=g["revision"]),
    "void": lambda c, o, by, g: actions.ask_void(c.pk, by=by, reason=g["reason"], revision=g["revision"]),
}  # fmt: skip


def _order(order: WorkOrder | None) -> UUID:
    if order is None:
        raise NotFound("没有找到这张承办单。", code="cases.order_not_found")
    return order.pk


ORDER_STEPS: dict[str, Taken] = {
    "sign": lambda c, o, by, g: actions.sign(_order(o), by=by),
    "return_order": lambda c, o, by, g: actions.ask_return(_order(o), by=by, reason=g["reason"]),
    "dispute": lambda c, o, by, g: actions.ask_dispute(
        _order(o), by=by, reason=g["reason"], instead_id=uuid_of(g["instead"])
    ),
    "pass_down": lambda c, o, by, g: actions.pass_down(
        _order(o), by=by, lead_id=uuid_of(g["lead"]), assist_ids=_many(g, "assist"), assist_days=g["assist_days"],
        request=g["request"],
    ),
    "take_over": lambda c, o, by, g: actions.take_over(_order(o), by=by, text=g["text"]),
    "ask_help": lambda c, o, by, g: actions.ask_help(
        _order(o), by=by, unit_ids=_many(g, "assist"), reason=g["reason"]
    ),
    "whistle": lambda c, o, by, g: actions.whistle(
        _order(o), by=by, unit_ids=_many(g, "assist"), hours=g["hours"] or 0, request=g["request"]
    ),
    "arrive": lambda c, o, by, g: actions.arrive(_order(o), by=by, text=g["text"]),
    "conclude": lambda c, o, by, g: actions.conclude(_order(o), by=by, text=g["joint"]),
    "agree": lambda c, o, by, g: actions.agree(_order(o), by=by, text=g["text"]),
    "differ": lambda c, o, by, g: actions.differ(_order(o), by=by, reason=g["reason"]),
    "handle": lambda c, o, by, g: actions.handle(_order(o), by=by, text=g["text"], on_site=yes_of(g["on_site"])),
    "reply": lambda c, o, by, g: actions.reply(
        _order(o), by=by, text=g["reply"], public_reply=g["public_reply"], finding=g["finding"],
        contacted=yes_of(g["contacted"]), solved=yes_of(g["solved"]), unsolved_reason=g["unsolved_reason"],
    ),
    "review": lambda c, o, by, g: actions.review(_order(o), by=by, text=g["text"]),
    "send_back": lambda c, o, by, g: actions.send_back(_order(o), by=by, reason=g["reason"]),
    "release": lambda c, o, by, g: actions.release(_order(o), by=by, reason=g["reason"]),
}  # fmt: skip

WITH_FILES = frozenset({"handle", "reply", "arrive", "supplement"})
DONE = {"ask_supplement": "已请上报人补充。"}
"""What was done, where the name of the verb alone does not make a sentence."""
SUBMIT = {"ask_supplement": "发送"}
"""What the button says, where «提交» and the name of the verb do not fit together."""
OVERTAKEN = frozenset({"cases.changed_meanwhile", "cases.wrong_state", "cases.wrong_order_state"})
"""Refusals that say a colleague was quicker (同事先办了)."""


@needs("cases.view", clause=clause)
def do(request: HttpRequest, case_id: UUID, verb: str) -> HttpResponse:
    """Take a step on a case: the form, or the step itself."""
    case = queries.case_for(reader(request), case_id)
    if verb not in CASE_STEPS:
        raise NotFound("没有这个动作。", code="cases.no_verb")
    return _take(request, queries.declared_for(case, verb), CASE_STEPS[verb], case, None)


@needs("cases.view", clause=clause)
def do_order(request: HttpRequest, order_id: UUID, verb: str) -> HttpResponse:
    """Take a step on one work order."""
    order = flow.order_of(order_id)
    if order is None or verb not in ORDER_STEPS:
        raise NotFound("没有找到这张承办单。", code="cases.order_not_found")
    case = queries.case_for(reader(request), order.matter_id)
    return _take(request, ORDER_VERBS[verb], ORDER_STEPS[verb], case, order)


def _take(request: HttpRequest, verb: Verb, step: Taken, case: Case, order: WorkOrder | None) -> HttpResponse:
    by = reader(request)
    form = _fields(request, verb, case, order, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and (taken := with_template(request, case, verb)) is not None:
        form = _again(form, verb, case, order, taken)
    elif request.method == "POST":
        if form.is_valid():
            try:
                _with_files(request, case, verb, by, lambda: step(case, order, by, form.cleaned_data))
                return _done(request, verb, case, form.cleaned_data)
            except BadInput as refusal:
                _blame(form, refusal)
            except Refusal as refusal:
                if refusal.code in OVERTAKEN:
                    return _overtaken(request, verb, case, order, form, refusal)
                form.add_error(None, str(refusal))
                status = refusal.status
        status = max(status, 422)
    return _form(request, verb, case, form, order, status)


def _fields(request: HttpRequest, verb: Verb, case: Case, order: WorkOrder | None, data: Any) -> forms.Form:
    """The form of the verb with all that this page adds to its fields."""
    # The card of suspects names the case to join; whoever sends the form says it himself.
    told = {"into": request.GET["into"][:30]} if verb.code == "merge" and "into" in request.GET else None
    form = form_of(verb, case, order, data, told)
    if verb.code == "make_secret":
        form.fields["barred"].choices = barred_choices()  # type: ignore[attr-defined]
    if verb.code in WITH_FILES:
        add_files(form, verb, request.FILES)
    return form


def _overtaken(
    request: HttpRequest, verb: Verb, case: Case, order: WorkOrder | None, sent: forms.Form, refusal: Refusal
) -> HttpResponse:
    """A colleague was quicker: what happened meanwhile, and what was typed.

    Where the step is still possible the form comes back with the revision of now, so that a second press goes through;
    otherwise the words stay to be copied.
    """
    by = reader(request)
    now = queries.case_for(by, case.pk)
    order = flow.order_of(order.pk) if order else None
    told = {
        "meanwhile": queries.steps_since(now, sent.cleaned_data.get("revision")),
        "files_again": bool(request.FILES),
    }
    orders = flow.orders_of(now.pk)
    possible = queries.order_verbs_for(by, now, order, orders) if order else queries.verbs_for(by, now)
    if verb.code not in {each.code for each in possible}:
        return _too_late(request, verb, now, order, sent, told | {"refusal": refusal})
    data = request.POST.copy()
    data["revision"] = str(now.revision)
    form = _fields(request, verb, now, order, data)
    form.add_error(None, str(refusal))
    return _form(request, verb, now, form, order, 422, told)


def _too_late(
    request: HttpRequest, verb: Verb, case: Case, order: WorkOrder | None, sent: forms.Form, told: dict[str, Any]
) -> HttpResponse:
    """The step is not possible any more: why, what happened, and the words to copy."""
    words = [
        (bound.label, bound.value()) for bound in sent
        if isinstance(bound.field, forms.CharField) and not bound.is_hidden and bound.value()
    ]  # fmt: skip
    state = order.get_state_display() if order else case.get_state_display()
    context = told | {
        "case": case, "order": order, "words": words, "title": f"{verb.name} · {case.number}",
        "dialog_title": f"现在不能{verb.name}：已是「{state}」",
        "dialog_note": f"{case.number} {mask_text(case.title)}" + (f" · {order.unit.name}" if order else ""),
    }  # fmt: skip
    return answer(request, "handling/too_late.html", "handling/too_late_part.html", context, 422)


def _with_files(request: HttpRequest, case: Case, verb: Verb, by: Actor, step: Callable[[], object]) -> None:
    """The step and its files as one deed; the files are looked through before anything is locked."""
    looked = looked_through(request.FILES, verb) if verb.code in WITH_FILES else []
    if not any(files for _, files in looked):
        step()
        return
    with acting(by, verb=f"cases.{verb.code}_with_files") as deed:
        step()
        deed.on(case)
        for stage, files in looked:
            keep_files(by, case, files, stage=stage)


def _again(form: forms.Form, verb: Verb, case: Case, order: WorkOrder | None, typed: dict[str, Any]) -> forms.Form:
    """The same form with what was typed, unjudged: it was not sent, only filled from a template."""
    fresh = form_of(verb, case, order, initial=typed)
    for name, field in form.fields.items():
        fresh.fields.setdefault(name, field)
    return fresh


def _blame(form: forms.Form, refusal: BadInput) -> None:
    """Put each sentence at its field, so that the person sees where."""
    for name, told in refusal.fields.items():
        for sentence in told:
            form.add_error(name if name in form.fields else None, sentence)


def _form(
    request: HttpRequest, verb: Verb, case: Case, form: forms.Form, order: WorkOrder | None, status: int,
    meanwhile: dict[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    context = {
        "form": form,
        "title": f"{verb.name} · {case.number}",
        "dialog_title": verb.name,
        "dialog_note": f"{case.number} {mask_text(case.title)}" + (f" · {order.unit.name}" if order else ""),
        "action_url": request.path,
        "cancel_url": reverse("case", args=[case.pk]),
        "submit_name": SUBMIT.get(verb.code, f"提交{verb.name}" + ("申请" if verb.approval else "")),
        "case": case,
        **beside_form(verb, case, order, reader(request)),
    }
    if meanwhile is not None:
        context |= meanwhile | {"beside_form": "handling/beside_form.html", "sent_again": True}
    return answer(request, "handling/step.html", "ui/parts/dialog_form.html", context, status)


def _done(request: HttpRequest, verb: Verb, case: Case, given: dict[str, Any]) -> HttpResponse:
    """Back to where the person works: the triage desk goes on to the next case by itself."""
    messages.success(request, f"{case.number} {_said(verb, case, given)}")
    if given.get("review_on") and (warned := long_hold(time.today(), given["review_on"])):
        messages.warning(request, warned)
    target = reverse("case", args=[case.pk])
    if "/triage/" in request.headers.get("HX-Current-URL", ""):
        target = reverse("case-triage")
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = target
        return response
    return redirect(target)


def _said(verb: Verb, case: Case, given: dict[str, Any]) -> str:
    """What was done, in the words of who did it."""
    if verb.approval:
        return f"已提交「{verb.name}」申请，等待审批。"
    if verb.code == "call_back" and yes_of(given["reached"]) is False:
        return f"已记录：第 {queries.tries_in_vain(case)} 次未联系上。"
    return DONE.get(verb.code, f"已{verb.name}。")


@needs("cases.view", clause=clause)
def decide(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """Decide a request (审批): approve or not, with an opinion."""
    by = reader(request)
    approval = Approval.objects.select_related("asked_by", "asked_unit").filter(pk=approval_id).first()
    if approval is None:
        raise NotFound("没有找到这份申请。", code="flow.approval_not_found")
    case = queries.case_for(by, approval.object_id)
    form = forms.Form(request.POST if request.method == "POST" else None)
    form.fields["grant"] = forms.ChoiceField(
        label="审批意见", choices=[("yes", "同意"), ("no", "不同意")], widget=forms.RadioSelect,
        error_messages={"required": "请选择同意或不同意。"},
    )  # fmt: skip
    if approval.permission == RULING:
        nobody = "请选择" if must_name(case, approval) else "退回派遣台重新派遣"
        form.fields["lead"] = forms.ChoiceField(
            label="裁定由哪个单位承办", required=False, initial=approval.proposal.get("instead"),
            choices=[("", nobody), *dispatch_choices(case)], help_text="同意时填写；裁定的单位不得再退。",
        )  # fmt: skip
    form.fields["opinion"] = forms.CharField(
        label="说明", required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="不同意时须写明理由。"
    )
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                actions.decide(
                    approval.pk, by=by, grant=form.cleaned_data["grant"] == "yes", opinion=form.cleaned_data["opinion"],
                    lead_id=uuid_of(form.cleaned_data.get("lead")),
                )  # fmt: skip
                return _back(request, f"{case.number} 的申请已审批。", _opened_from(request, case.pk))
            except BadInput as refusal:
                _blame(form, refusal)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
        status = 422
    context = {
        "form": form,
        "title": mask_text(approval.title),
        "dialog_title": mask_text(approval.title),
        "dialog_note": "",
        "action_url": request.path,
        "cancel_url": reverse("case", args=[case.pk]),
        "submit_name": "提交审批",
        "case": case,
        **before_decision(approval, case),
    }
    return answer(request, "handling/step.html", "ui/parts/dialog_form.html", context, status)


@needs("cases.view", clause=clause)
def withdraw(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """Take one's own request back (撤回申请); only by POST."""
    if request.method != "POST":
        raise NotAllowed("请用页面上的按钮撤回。", code="flow.post_only")
    approval = actions.withdraw_request(approval_id, by=reader(request))
    return _back(request, "申请已撤回。", reverse("case", args=[approval.object_id]))


def _opened_from(request: HttpRequest, case_id: UUID) -> str:
    """Where a decision leads back to: the case, when its page opened the dialog; otherwise the next request."""
    page = reverse("case", args=[case_id])
    return page if urlsplit(request.headers.get("HX-Current-URL", "")).path == page else reverse("case-approvals")


def _back(request: HttpRequest, said: str, target: str) -> HttpResponse:
    messages.success(request, said)
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = target
        return response
    return redirect(target)
