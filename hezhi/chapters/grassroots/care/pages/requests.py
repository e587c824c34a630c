"""Requests of people over their own data on screen (个人信息请求)."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.grassroots.care import actions, queries, rules
from hezhi.chapters.grassroots.care.pages.asking import Choice, Words, ask
from hezhi.engines.org.api import needs, reader
from hezhi.ground import time
from hezhi.ground.masks import mask
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Action, Cell, Column, Crumb, Empty, Fact, Listing, Row

clause = "12.3-1"


@needs("care.requests", "care.protect", clause=clause)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Requests, those next to be answered first."""
    by, now = reader(request), time.now()
    rows = []
    for each in queries.requests(by):
        page, late = reverse("care-request", args=[each.pk]), each.state == "open" and each.due_at < now
        rows.append(Row(
            id=str(each.pk), name=each.number, url=page, tone="overdue" if late else "",
            cells=(
                Cell(each.number, url=page), Cell(each.get_kind_display()), Cell(mask("name", each.person_name)),
                Cell(each.get_channel_display()), Cell(time.show(each.due_at), "已逾期" if late else ""), Cell(each.get_state_display()),
            ),
        ))  # fmt: skip
    columns = (
        Column("编号", "title"), Column("请求事项"), Column("请求人"), Column("渠道"), Column("答复期限", "time"), Column("状态", "state"),
    )  # fmt: skip
    listing = Listing(name="个人信息请求", columns=columns, rows=rows, empty=Empty("没有个人信息请求。"))
    context = {"listing": listing, "may_take": by.may("care.requests")}
    return answer(request, "care/requests.html", "ui/parts/listing.html", context)


class NewRequest(forms.Form):
    """Taking a request at the counter."""

    kind = Choice(rules.RIGHTS.items(), label="请求事项")
    person_name = forms.CharField(label="请求人姓名", max_length=50, help_text="请核对证件原件，代办的核对委托书")
    id_number = forms.CharField(label="证件号码", max_length=30, required=False, help_text="用于找到本人的登记")
    phone = forms.CharField(label="联系电话", max_length=30, required=False)
    text = Words(3, label="请求内容")


@needs("care.requests", clause=clause)
def new(request: HttpRequest) -> HttpResponse:
    """Take a request at the counter."""
    by = reader(request)

    def done(told: dict[str, Any]) -> tuple[str, str]:
        row = actions.take_request(by=by, **told)
        return f"已受理 {row.number}，请于 {time.show(row.due_at)} 前答复。", reverse("care-requests")

    form = NewRequest(request.POST if request.method == "POST" else None)
    return ask(
        request, form, title="受理个人信息请求", note="15 个工作日内答复。", back=reverse("care-requests"), submit="受理", do=done
    )  # fmt: skip


@needs("care.protect", "care.requests", clause=clause)
@require_safe
def one(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One request; for the protection officer with all that is held about the person."""
    by = reader(request)
    row = queries.request_for(by, request_id)
    facts = [
        Fact("请求事项", row.get_kind_display()), Fact("请求人", mask("name", row.person_name)),
        Fact("联系电话", mask("phone", row.phone) or "未留"), Fact("渠道", row.get_channel_display()),
        Fact("收到时间", time.show(row.received_at)), Fact("答复期限", time.show(row.due_at)), Fact("状态", row.get_state_display()),
        Fact("请求内容", row.text, wide=True),
    ]  # fmt: skip
    if row.answer:
        facts.append(Fact("答复", row.answer, wide=True))
    protects = by.may("care.protect")
    buttons = [Action("答复", reverse("care-request-answer", args=[row.pk]), kind="primary", opens="dialog")]
    context = {
        "row": row, "fact_list": facts, "held": queries.held_about(by, row) if protects else [], "protects": protects,
        "action_list": buttons if protects and row.state == "open" else [],
        "crumbs": [Crumb("个人信息请求", reverse("care-requests")), Crumb(row.number)],
    }  # fmt: skip
    return render(request, "care/request.html", context)


class AnswerForm(forms.Form):
    state = Choice([("granted", "已满足"), ("partly", "部分满足"), ("refused", "依法不予满足")], label="结果")
    text = Words(4, label="答复内容", help_text="不予满足的写明法律依据，并告知可以投诉、起诉。")


@needs("care.protect", clause=clause)
def answer_it(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Answer a request."""
    by = reader(request)
    back = reverse("care-request", args=[request_id])

    def done(told: dict[str, Any]) -> tuple[str, str]:
        actions.answer_request(request_id, by=by, **told)
        return "答复已登记。", back

    form = AnswerForm(request.POST if request.method == "POST" else None)
    return ask(request, form, title="答复个人信息请求", back=back, submit="答复", do=done)
