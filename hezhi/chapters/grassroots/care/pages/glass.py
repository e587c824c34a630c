"""Emergency reading and its review (紧急查阅、复核)."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from hezhi.chapters.grassroots.care import actions, queries, rules
from hezhi.chapters.grassroots.care.models import Glass
from hezhi.chapters.grassroots.care.pages.asking import Choice, Proof, Words, ask
from hezhi.engines.org.api import needs, reader
from hezhi.ground import time
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Cell, Column, Empty, Listing, Row

clause = "9.1.3-2-7"


class GlassForm(forms.Form):
    """What is asked before the glass is broken."""

    wanted = forms.CharField(
        label="档案编号或完整的证件号码", max_length=30, error_messages={"required": "请填写档案编号或完整的证件号码。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    reason = Choice(rules.GLASS_REASONS.items(), label="紧急情形")
    sentence = Words(3, label="为何紧急", help_text=f"至少 {rules.GLASS_SENTENCE} 个字，复核时会看到。")
    code = Proof()


@needs("care.glass", clause=clause)
def broken(request: HttpRequest) -> HttpResponse:
    """Break the glass: one file, sixty minutes, read only."""
    by = reader(request)

    def done(told: dict[str, Any]) -> tuple[str, str]:
        glass = actions.break_glass(by=by, **told)
        sentence = f"档案已打开，至 {time.show(glass.until)} 止，只读。督导人和个人信息保护负责人已收到通知。"
        return sentence, reverse("care-file", args=[glass.file_id])

    note = "只在危及生命、走失、灾害转移时使用。打开一份档案，60 分钟，只读；督导人和个人信息保护负责人立即得到通知，3 个工作日内复核。"
    form = GlassForm(request.POST if request.method == "POST" else None)
    return ask(
        request, form, title="紧急查阅", note=note, back=reverse("care"), submit="打开", kind="danger", do=done,
        template="care/glass.html",
    )  # fmt: skip


@needs("care.supervise", "care.protect", clause=clause)
def reviews(request: HttpRequest) -> HttpResponse:
    """Emergency readings that wait for a review (紧急查阅复核)."""
    by, now = reader(request), time.now()
    rows = []
    for glass in queries.glasses_to_review(by):
        page, late = reverse("care-glass-review", args=[glass.pk]), glass.review_due < now
        rows.append(Row(
            id=str(glass.pk), name=glass.file.number, url=page, tone="overdue" if late else "",
            cells=(
                Cell(time.show(glass.opened_at)), Cell(glass.file.number, url=page), Cell(glass.by.full_name),
                Cell(glass.get_reason_display()), Cell(glass.sentence), Cell(time.show(glass.review_due), "已逾期" if late else ""),
            ),
        ))  # fmt: skip
    columns = (
        Column("查阅时间", "time"), Column("档案", "title"), Column("查阅人"), Column("情形"), Column("理由", "long"), Column("复核期限", "time"),
    )  # fmt: skip
    listing = Listing(name="紧急查阅复核", columns=columns, rows=rows, empty=Empty("没有待复核的紧急查阅。"))
    return answer(request, "ui/list.html", "ui/parts/listing.html", {"listing": listing})


class ReviewForm(forms.Form):
    finding = Choice(Glass.Finding.choices, label="结论")
    note = Words(3, label="意见")


@needs("care.supervise", "care.protect", clause=clause)
def review(request: HttpRequest, glass_id: UUID) -> HttpResponse:
    """Review one emergency reading."""
    by = reader(request)
    glass = next((each for each in queries.glasses_to_review(by) if each.pk == glass_id), None)
    if glass is None:
        raise queries.nothing()

    def done(told: dict[str, Any]) -> tuple[str, str]:
        actions.review_glass(glass_id, by=by, **told)
        return "复核已登记，查阅人已收到结论。", reverse("care-glass-reviews")

    note = f"{glass.by.full_name}于 {time.show(glass.opened_at)} 因“{glass.get_reason_display()}”查阅 {glass.file.number}：{glass.sentence}"
    form = ReviewForm(request.POST if request.method == "POST" else None)
    return ask(
        request, form, title="复核紧急查阅", note=note, back=reverse("care-glass-reviews"), submit="登记复核", do=done
    )
