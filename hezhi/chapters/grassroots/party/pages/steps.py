"""Steps on organisations and members (办理): submit, dissolve, transfer and its answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.models import Member, PartyOrganisation, Transfer
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry import addresses, site
from hezhi.ground.errors import NotFound, Refusal
from hezhi.ground.ui.asking import ask, go
from hezhi.ground.ui.shapes import Crumb

SUBMITTED = ("party-organisations", "party-activities", "party-articles")


@needs("party_organisations.edit", "party_activities.edit", "party_articles.edit", clause="9.1.3-3-1")
@require_POST
def submit(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Put a draft before the second person (提交审批)."""
    by = reader(request)
    if slug not in SUBMITTED:
        raise NotFound("这类材料不用审批。")
    registry = site.get(slug)
    by.must(registry.permission("edit"))
    row = registry.visible(by).filter(pk=id).first()
    if row is None:
        raise NotFound(f"没有找到这条{registry.noun}。")
    try:
        actions.submit(row, by=by)
        messages.success(request, "已提交，等待第二人审批。")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return go(request, addresses.page(slug, row.pk))


class ReasonForm(forms.Form):
    """Why (依据)."""

    reason = forms.CharField(label="撤销依据", max_length=200, widget=forms.Textarea({"rows": 3}))


@needs("party_organisations.delete", clause="9.1.3-3-1")
def dissolve(request: HttpRequest, id: UUID) -> HttpResponse:
    """Ask that an organisation be ended (申请撤销)."""
    by = reader(request)
    row = PartyOrganisation.objects.visible_to(by).filter(pk=id, removed_at__isnull=True).first()
    if row is None:
        raise NotFound("没有找到这个党组织。")
    back = addresses.page("party-organisations", row.pk)

    def do(given: dict[str, Any]) -> HttpResponse:
        actions.ask_dissolve(row, by=by, reason=given["reason"])
        messages.success(request, "撤销申请已提交，等待第二人审批。")
        return go(request, back)

    note = "还有党员或下级党组织的，不能撤销。批准后不再列入在册党组织。"
    return ask(request, ReasonForm, f"申请撤销：{row}", do, back, "提交申请", note)


class TransferForm(forms.Form):
    """Where to and why (转接)."""

    to = forms.CharField(label="接收党组织编号", max_length=20)
    reason = forms.CharField(label="转接原因", max_length=100)


@needs("party_members.transfer", clause="9.1.3-3-2")
def transfer(request: HttpRequest, id: UUID) -> HttpResponse:
    """Let a member go to another organisation, if that one agrees (转接组织关系)."""
    by = reader(request)
    row = Member.objects.visible_to(by).filter(pk=id, removed_at__isnull=True).first()
    if row is None:
        raise NotFound("没有找到这名党员。")
    back = addresses.page("party-members", row.pk)

    def do(given: dict[str, Any]) -> HttpResponse:
        actions.ask_transfer(row, by=by, to_code=given["to"], reason=given["reason"])
        messages.success(request, "转出已确认，等待接收方确认。")
        return go(request, back)

    note = "提交即为转出方确认；接收方由另一人确认后，组织关系才转过去。"
    return ask(request, TransferForm, f"转接组织关系：{row.number}", do, back, "确认转出", note)


@needs("party_members.transfer", clause="9.1.3-3-2")
def transfers(request: HttpRequest) -> HttpResponse:
    """Transfers of both sides (组织关系转接)."""
    by = reader(request)
    mine = set(PartyOrganisation.objects.visible_to(by).values_list("pk", flat=True))
    found = queries.transfers(by)
    queries.names_were_read([each.member for each in found], by)
    rows = [
        {
            "transfer": each, "name": queries.name_of(each.member.resident, by),
            "may_answer": each.state == Transfer.State.OPEN and each.to_organisation_id in mine
            and each.released_by_id != by.user_id,
        }
        for each in found
    ]  # fmt: skip
    return render(request, "party/transfers.html", {"rows": rows, "crumbs": [Crumb("党建引领"), Crumb("组织关系转接")]})


class NothingForm(forms.Form):
    """Nothing is asked but the word (确认)."""


class RefuseForm(forms.Form):
    """Why not (不同意的理由)."""

    reason = forms.CharField(label="不同意的理由", max_length=100)


@needs("party_members.transfer", clause="9.1.3-3-2")
def answer_transfer(request: HttpRequest, id: UUID, answer: str) -> HttpResponse:
    """The receiving side says yes or no (接收、退回)."""
    by = reader(request)
    found = Transfer.objects.visible_to(by).filter(pk=id).select_related("member", "to_organisation").first()
    if found is None or answer not in ("receive", "refuse"):
        raise NotFound("没有找到这份转接。")
    back = reverse("party-transfers")

    def do(given: dict[str, Any]) -> HttpResponse:
        if answer == "receive":
            actions.receive_member(found, by=by)
            messages.success(request, "已接收，组织关系已转入。")
        else:
            actions.refuse_transfer(found, by=by, reason=given["reason"])
            messages.success(request, "已退回转出方。")
        return go(request, back)

    if answer == "receive":
        return ask(request, NothingForm, f"接收到“{found.to_organisation}”", do, back, "确认接收", "确认后立即生效。")
    return ask(request, RefuseForm, "不同意接收", do, back, "退回")


urlpatterns = [
    path("submit/<slug:slug>/<uuid:id>/", submit, name="party-submit"),
    path("organisations/<uuid:id>/dissolve/", dissolve, name="party-dissolve"),
    path("members/<uuid:id>/transfer/", transfer, name="party-transfer"),
    path("transfers/", transfers, name="party-transfers"),
    path("transfers/<uuid:id>/<slug:answer>/", answer_transfer, name="party-transfer-answer"),
]
