"""One case between us and its platform (对接情况): both clocks, requests, follow-ups, the reply in the platform's fields."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from hezhi.chapters.cases.handling.api import queries as handling
from hezhi.chapters.cases.platform import actions, queries
from hezhi.chapters.cases.platform.actions.asking import may_ask
from hezhi.chapters.cases.platform.models import FollowUp, Request
from hezhi.chapters.cases.platform.queries import Exchange
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Fact

clause = "9.1.2-1"
Given = dict[str, Any]
YES_NO = [("yes", "是"), ("no", "否")]


class Moment(forms.DateTimeField):
    """A moment, typed in Shanghai's time."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def words(label: str, *, required: bool = True, hint: str = "", rows: int = 3) -> forms.CharField:
    """Some sentences to write."""
    return forms.CharField(
        label=label, max_length=500, required=required, help_text=hint, widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": f"请填写{label}。"},
    )  # fmt: skip


def _exchange(by: Actor, case_id: UUID) -> Exchange:
    found = queries.exchange(by, handling.case_for(by, case_id))
    if found is None:
        raise NotFound("这件事不是由已接入的来源平台送来的。", code="platform.none")
    return found


def buttons(by: Actor, told: Exchange) -> list[Action]:
    """What this reader may do with the platform about this case now."""
    if not by.may("platform.handle"):
        return []
    case, found = told.case, []
    for kind in Request.Kind:
        if kind not in told.waiting and may_ask(case, told.platform, kind):
            url = reverse("platform-ask", args=[case.pk, kind])
            found.append(Action(f"申请{kind.label}", url, opens="dialog"))
    found.append(Action("登记平台后续", reverse("platform-follow-up", args=[case.pk]), opens="dialog"))
    return found


def facts(told: Exchange) -> list[Fact]:
    """Both clocks and the platform's verdict, side by side."""
    case = told.case
    ours = time.show(case.due_at) if case.due_at else "不在计时"
    theirs = time.show(case.outside_due_at) if case.outside_due_at else "平台未给时限"
    found = [
        Fact("来源平台", told.platform.name, note=told.platform.get_way_display()),
        Fact("平台编号", "保密" if case.secret else case.outside_number),
        Fact("平台时限", theirs), Fact("本系统时限", ours, note=told.latest.why if told.latest else ""),
    ]  # fmt: skip
    if case.outside_verdict:
        found.append(Fact("平台结论", case.outside_verdict))
    return found


@needs("platform.view", clause=clause)
@require_safe
def page(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Everything between us and the platform about one case."""
    by = reader(request)
    told = _exchange(by, case_id)
    handles = by.may("platform.handle")
    answered = bool(told.case.reply) or told.case.closed_at is not None
    context = {
        "told": told, "case": told.case, "case_title": mask_text(told.case.title), "fact_list": facts(told),
        "action_list": buttons(by, told), "handles": handles, "answered": answered,
        "requests": [
            (row, mask_text(row.reason), mask_text(row.answer), handles and row.state == Request.State.WAITING)
            for row in told.requests
        ],
        "follow_ups": [(row, mask_text(row.text)) for row in told.follow_ups],
        "whole": "\n".join(f"{each.name}：{each.text}" for each in told.fields),
        "crumbs": [
            Crumb("来源平台", reverse("platform-desk")), Crumb(told.case.number, reverse("case", args=[told.case.pk])),
            Crumb("对接情况"),
        ],
    }  # fmt: skip
    return render(request, "platform/case.html", context)


@needs("platform.handle", clause=clause)
def ask_for(request: HttpRequest, case_id: UUID, kind: str) -> HttpResponse:
    """Ask the platform for a return, a longer limit or the closing."""
    by = reader(request)
    if kind not in Request.Kind.values:
        raise NotFound("没有这种申请。")
    told = _exchange(by, case_id)
    name = Request.Kind(kind).label

    class Form(forms.Form):
        reason = words("理由", hint="来源平台会看到，请勿写个人信息。")
        if kind == Request.Kind.EXTENSION:
            until = Moment(label="申请延至", error_messages={"required": "请填写时间。", "invalid": "时间格式不对。"})

    def done(given: Given) -> None:
        actions.ask(case_id, by=by, kind=kind, reason=given["reason"], until=given.get("until"))
        messages.success(request, f"已向{told.platform.name}申请{name}，待来源平台确认。")

    note = f"{told.platform.name}答复以前，本系统照常办理和计时。"
    return ask(request, Form, f"向来源平台申请{name}", done, reverse("platform-case", args=[case_id]), "申请", note)


@needs("platform.handle", clause=clause)
def answer(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Write down what the platform has answered, where it cannot tell us itself."""
    by = reader(request)
    row = queries.request_for(by, request_id)

    class Form(forms.Form):
        decision = forms.ChoiceField(
            label="平台答复", choices=[("granted", "同意"), ("refused", "不同意")], widget=forms.RadioSelect,
            error_messages={"required": "请选择平台的答复。"},
        )  # fmt: skip
        text = words("平台意见", required=False, hint="不同意时必填。")
        if row.kind == Request.Kind.EXTENSION:
            new_due_at = Moment(
                label="平台新时限", required=False, initial=row.until, help_text="同意时以平台给出的为准。"
            )

    def done(given: Given) -> None:
        actions.answer(
            row.pk, by=by, grant=given["decision"] == "granted", text=given["text"], new_due_at=given.get("new_due_at")
        )
        messages.success(request, "已登记平台答复。")

    title, back = f"登记平台对{row.get_kind_display()}的答复", reverse("platform-case", args=[row.case_id])
    return ask(request, Form, title, done, back, "登记", f"{row.platform.name} · {row.case.number}")


@needs("platform.handle", clause=clause)
@require_POST
def withdraw(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take a request back."""
    row = actions.withdraw(request_id, by=reader(request))
    messages.success(request, "申请已撤回。")
    return redirect("platform-case", case_id=row.case_id)


@needs("platform.handle", clause=clause)
def follow_up(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Write down a call-back or a redo of the platform."""
    by = reader(request)
    told = _exchange(by, case_id)

    class Form(forms.Form):
        kind = forms.ChoiceField(label="平台做了什么", choices=FollowUp.Kind.choices, widget=forms.RadioSelect)
        outside_number = forms.CharField(
            label="平台新编号", max_length=60, required=False, help_text="重办时平台另给的编号，今后按它也能找到这件。"
        )
        solved = forms.ChoiceField(label="是否解决", choices=[("", "不适用"), *YES_NO], required=False)
        satisfied = forms.ChoiceField(label="是否满意", choices=[("", "不适用"), *YES_NO], required=False)
        text = words("说明", required=False, hint="重办或未解决时必填：平台给出的原因。")
        due_at = Moment(label="平台新时限", required=False)

    def done(given: Given) -> None:
        said = {"yes": True, "no": False}
        row = actions.follow_up(
            case_id, by=by, kind=given["kind"], outside_number=given["outside_number"], text=given["text"],
            solved=said.get(given["solved"]), satisfied=said.get(given["satisfied"]), due_at=given["due_at"],
        )  # fmt: skip
        messages.success(request, f"已登记{row.get_kind_display()}，{row.did}。")

    return ask(
        request, Form, "登记平台后续", done, reverse("platform-case", args=[case_id]), "登记", told.platform.name
    )


@needs("platform.handle", clause=clause)
@require_POST
def fill(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Tick that the reply stands in the platform's form."""
    actions.fill(case_id, by=reader(request))
    messages.success(request, "已记为已回填。")
    return redirect("platform-case", case_id=case_id)
