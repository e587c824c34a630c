"""The unit's side of a commission (外协委托): give it, see every opening, accept or send back, take the link back."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.contractors import actions
from hezhi.chapters.cases.contractors.models import Commission
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import Beside
from hezhi.chapters.cases.handling.pages.phone import order_for
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import ask, go
from hezhi.ground.ui.shapes import Action, Crumb, Fact

clause = "9.1.2-2"
NAMES = dict(Commission.State.choices)


class NewForm(forms.Form):
    """What the firm is to know, and for how long."""

    firm = forms.CharField(label="外协单位", max_length=60, error_messages={"required": "请填写外协单位名称。"})
    request = forms.CharField(
        label="委托内容", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="对方只看到这段话和（勾选时）地点；请不要写上报人的姓名、电话。",
        error_messages={"required": "请写明委托内容。"},
    )  # fmt: skip
    with_place = forms.BooleanField(label="告知地点", required=False, initial=True)
    days = forms.IntegerField(
        label="链接有效（天）", min_value=1, max_value=30, initial=7,
        error_messages={"min_value": "最少 1 天。", "max_value": "最多 30 天。", "required": "请填写天数。"},
    )  # fmt: skip


def with_case(by: Actor) -> dict[str, Any]:
    """The commissions of a case, read with it in one statement."""
    told = JSONObject(id="id", firm="firm", state="state")
    rows = Commission.objects.filter(case=OuterRef("pk")).order_by("-made_at")
    return {"commissions": ArraySubquery(rows.values(told=told))}


def beside_case(by: Actor, case: Case) -> Beside | None:
    """The commissions of a case."""
    known = getattr(case, "commissions", [])
    return Beside(
        template="contractors/beside_case.html" if known else "",
        context={"rows": [{**each, "state_name": NAMES[each["state"]]} for each in known]},
    )


def beside_order(by: Actor, case: Case, order: WorkOrder) -> list[Action]:
    """The way to a commission, for the unit that works on the order."""
    mine = by.may("cases.reply") and (by.unit_id == order.unit_id or order.unit_id in by.scope.units)
    if not mine or case.secret or order.state != WorkOrder.State.HANDLING:
        return []
    return [Action("委托外协单位", reverse("contractor-new", args=[order.pk]), opens="dialog")]


@needs("cases.reply", clause=clause)
def new(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Give a firm a part of this order; the link and the code are shown once."""
    by = reader(request)
    case, order = order_for(by, order_id)

    def done(given: dict[str, Any]) -> HttpResponse:
        made = actions.commission(order.pk, by=by, **given)
        request.session["commission"] = {"id": str(made.commission.pk), "code": made.code}
        return go(request, reverse("contractor", args=[made.commission.pk]))

    return ask(
        request, NewForm, "委托外协单位", done, reverse("case", args=[case.pk]), submit="生成链接",
        note=f"{order.number} {order.unit.name}",
    )  # fmt: skip


@needs("cases.view", clause=clause)
@require_safe
def one(request: HttpRequest, commission_id: UUID) -> HttpResponse:
    """One commission: its link, what the firm said and showed, every opening, the next steps."""
    by = reader(request)
    row = (
        Commission.objects.visible_to(by)
        .select_related("case", "order", "unit", "made_by")
        .filter(pk=commission_id)
        .first()
    )
    if row is None:
        raise NotFound("没有找到这项委托。", code="contractors.none")
    mine = by.may("cases.reply") and (by.unit_id == row.unit_id or row.unit_id in by.scope.units)
    told = request.session.pop("commission", {}) if mine else {}
    link = reverse("contractor-link", args=[row.pk, actions.token_of(row)])
    buttons = []
    if mine and row.state == Commission.State.DONE:
        buttons.append(Action("验收", reverse("contractor-decide", args=[row.pk]), opens="dialog", kind="primary"))
    if mine and row.state not in actions.CLOSED:
        buttons.append(Action("收回链接", reverse("contractor-revoke", args=[row.pk]), opens="post"))
    facts = [
        Fact("外协单位", row.firm), Fact("状态", row.get_state_display()), Fact("委托单位", row.unit.name, note=str(row.made_by or "")),
        Fact("链接有效至", time.show(row.expires_at)), Fact("告知的地点", mask_text(row.place) or "未告知"),
        Fact("委托内容", mask_text(row.request), wide=True),
    ]  # fmt: skip
    if row.report:
        at = time.show(row.done_at) if row.done_at else ""
        facts.append(Fact("完成情况", mask_text(row.report), note=at, wide=True))
    if row.opinion:
        facts.append(Fact("验收意见", row.opinion, wide=True))
    context = {
        "row": row, "title": f"外协委托 · {row.case.number}", "fact_list": facts, "action_list": buttons,
        "crumbs": [Crumb("事件管理", "/r/cases/"), Crumb(row.case.number, reverse("case", args=[row.case_id])), Crumb("外协委托")],
        "link": request.build_absolute_uri(link) if mine and row.state not in actions.CLOSED else "",
        "code": told.get("code") if told.get("id") == str(row.pk) else "", "openings": row.openings.all()[:100],
    }  # fmt: skip
    return render(request, "contractors/one.html", context)


class DecideForm(forms.Form):
    """The unit's word on the firm's work."""

    accept = forms.ChoiceField(
        label="验收", choices=[("yes", "通过"), ("no", "退回，请继续办理")], widget=forms.RadioSelect,
        error_messages={"required": "请选择通过或退回。"},
    )  # fmt: skip
    opinion = forms.CharField(label="意见", required=False, max_length=300, help_text="退回时须写明还缺什么。")


@needs("cases.reply", clause=clause)
def decide(request: HttpRequest, commission_id: UUID) -> HttpResponse:
    """Accept the firm's work, or send it back."""
    by = reader(request)

    def done(given: dict[str, Any]) -> None:
        actions.decide(commission_id, by=by, accept=given["accept"] == "yes", opinion=given["opinion"])
        messages.success(request, "已验收。" if given["accept"] == "yes" else "已退回外协单位。")

    return ask(request, DecideForm, "外协验收", done, reverse("contractor", args=[commission_id]), submit="提交")


@needs("cases.reply", clause=clause)
def revoke(request: HttpRequest, commission_id: UUID) -> HttpResponse:
    """Take the link back; only by POST."""
    if request.method == "POST":
        actions.revoke(commission_id, by=reader(request))
        messages.success(request, "链接已收回。")
    return redirect("contractor", commission_id=commission_id)


def photos_of(row: Commission) -> list[Attachment]:
    """What the firm has shown so far."""
    found = Attachment.objects.filter(object_id=row.case_id, stage=actions.STAGE, removed_at__isnull=True)
    return list(found.order_by("uploaded_at"))
