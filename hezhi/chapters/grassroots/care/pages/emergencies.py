"""Lists of an emergency on screen (应急名单)."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.grassroots.care import actions, queries
from hezhi.chapters.grassroots.care.pages.asking import Proof, Words, ask
from hezhi.chapters.grassroots.care.pages.steps import Plain
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import User, needs, reader
from hezhi.ground import time
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Cell, Column, Crumb, Empty, Listing, Row

clause = "9.1.3-2-6"


@needs("care.emergency", "care.work", clause=clause)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The lists I opened or am named for."""
    by = reader(request)
    rows = []
    for each in queries.emergency_lists(by):
        page = reverse("care-emergency", args=[each.pk])
        ended = f"{time.show(each.closed_at)} 已销毁 {each.destroyed} 条" if each.closed_at else "进行中"
        rows.append(Row(
            id=str(each.pk), name=each.incident, url=page,
            cells=(
                Cell(each.incident, url=page), Cell(each.title), Cell(each.area.name), Cell(each.opened_by.full_name),
                Cell(time.show(each.opened_at)), Cell(ended),
            ),
        ))  # fmt: skip
    columns = (
        Column("突发事件", "title"), Column("名称"), Column("区域"), Column("启动人"), Column("启动时间", "time"), Column("状态", "state"),
    )  # fmt: skip
    listing = Listing(name="应急名单", columns=columns, rows=rows, empty=Empty("没有进行中的应急名单。"))
    context = {"listing": listing, "may_open": by.may("care.emergency")}
    return answer(request, "care/emergencies.html", "ui/parts/listing.html", context)


class NewList(forms.Form):
    """Opening a list."""

    incident = forms.CharField(label="突发事件编号", max_length=40, help_text="已宣布的突发事件")
    title = forms.CharField(label="事件名称", max_length=60)
    area = forms.CharField(label="区域", max_length=60, help_text="镇街、社区或网格的全名或代码")
    readers = Words(2, label="救援人员", help_text="姓名或登录名，用顿号或空格分开")
    code = Proof()

    def clean_area(self) -> Area:
        told = self.cleaned_data["area"].strip()
        found = list(Area.objects.current().defer("shape").filter(name=told).exclude(level="district")[:2])
        found = found or list(Area.objects.current().defer("shape").filter(code=told)[:1])
        if len(found) != 1:
            raise forms.ValidationError("没有这个区域，请填写镇街、社区或网格的全名或代码。")
        return found[0]

    def clean_readers(self) -> list[UUID]:
        names = [name for name in self.cleaned_data["readers"].replace("、", " ").replace("，", " ").split() if name]
        found = []
        for name in names:
            people = list(User.objects.filter(login_name=name.lower())) or list(User.objects.filter(full_name=name)[:2])
            if len(people) != 1:
                raise forms.ValidationError(f"“{name}”没有找到或有同名，请填写登录名。")
            found.append(people[0].pk)
        return found


@needs("care.emergency", clause=clause)
def new(request: HttpRequest) -> HttpResponse:
    """Open the list of an area for named rescuers."""
    by = reader(request)

    def done(told: dict[str, Any]) -> tuple[str, str]:
        row = actions.open_emergency(by=by, **told)
        return "名单已启动，救援人员已收到通知。", reverse("care-emergency", args=[row.pk])

    form = NewList(request.POST if request.method == "POST" else None)
    note = "只含姓名、住址、电话和所需帮助，不含严格保密的项目。事后逐一告知本人或监护人，结束即销毁。"
    return ask(
        request,
        form,
        title="启动应急名单",
        note=note,
        back=reverse("care-emergencies"),
        submit="启动",
        kind="danger",
        do=done,
    )


@needs("care.emergency", "care.work", clause=clause)
@require_safe
def one(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """The list, while the incident lasts."""
    by = reader(request)
    row, entries = actions.read_emergency(list_id, by=by)
    context = {
        "row": row, "entries": entries, "may_close": row.closed_at is None and (row.opened_by_id == by.user_id or by.may("care.emergency")),
        "crumbs": [Crumb("应急名单", reverse("care-emergencies")), Crumb(row.incident)], "reader": by.name, "now": time.now(),
    }  # fmt: skip
    return render(request, "care/emergency.html", context)


@needs("care.emergency", clause=clause)
def close(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """End the list and destroy it."""
    by = reader(request)

    def done(told: dict[str, Any]) -> tuple[str, str]:
        row = actions.close_emergency(list_id, by=by)
        return f"名单已销毁 {row.destroyed} 条，帮扶人将逐一告知本人。", reverse("care-emergencies")

    form = Plain(request.POST if request.method == "POST" else None)
    back = reverse("care-emergency", args=[list_id])
    return ask(
        request,
        form,
        title="结束并销毁名单",
        note="销毁后任何人都看不到名单。",
        back=back,
        submit="销毁",
        kind="danger",
        do=done,
    )
