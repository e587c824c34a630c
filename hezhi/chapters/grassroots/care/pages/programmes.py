"""Programmes on screen (帮扶项目): their purpose record, their assessment, on and off."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html

from hezhi.chapters.grassroots.care import actions, queries, rules
from hezhi.chapters.grassroots.care.models import Programme
from hezhi.chapters.grassroots.care.pages.asking import Colleague, Day, Words, ask
from hezhi.chapters.grassroots.care.pages.steps import Plain
from hezhi.engines.org.api import Unit, needs, reader
from hezhi.engines.records.files import guard, look_through
from hezhi.engines.records.models import Attachment
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Action, Cell, Column, Crumb, Empty, Fact, Listing, Row

clause = "9.1.3-2-6"


def _one(request: HttpRequest, programme_id: UUID) -> Programme:
    found = next((p for p in queries.programmes(reader(request)) if p.pk == programme_id), None)
    if found is None:
        raise queries.nothing()
    return found


@needs("care.programmes", "care.supervise", clause=clause)
def listed(request: HttpRequest) -> HttpResponse:
    """All programmes (帮扶项目)."""
    rows = []
    for each in queries.programmes(reader(request)):
        page = reverse("care-programme", args=[each.pk])
        state = "已启用" if each.enabled else "未启用"
        rows.append(Row(
            id=str(each.pk), name=each.name, url=page,
            cells=(
                Cell(each.name, each.category, page), Cell(each.get_group_display()), Cell("严格保密" if each.strict else "一般"),
                Cell(each.duty_holder), Cell(str(each.assessed_until or "未评估")), Cell(state, "" if each.offered else "依法默认关闭"),
            ),
        ))  # fmt: skip
    columns = (
        Column("项目", "title"), Column("所属"), Column("保密"), Column("履职单位"), Column("评估有效期", "time"), Column("状态", "state"),
    )  # fmt: skip
    listing = Listing(name="帮扶项目", columns=columns, rows=rows, empty=Empty("还没有载入帮扶项目。"))
    return answer(request, "care/programmes.html", "ui/parts/listing.html", {"listing": listing})


@needs("care.programmes", "care.supervise", clause=clause)
def one(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """The purpose record of a programme (项目说明)."""
    each = _one(request, programme_id)
    facts = [
        Fact("标准类别", each.category, each.get_group_display()),
        Fact("履职单位", each.duty_holder, str(each.unit or "")),
        Fact("处理目的", each.purpose, wide=True),
        Fact("法律依据", each.basis, wide=True),
        Fact("登记内容", "、".join(rules.ITEMS.get(item, item) for item in each.items), wide=True),
        Fact("接收方", each.recipients, wide=True),
        Fact("团队", "、".join(each.team)),
        Fact("何时结束", each.ends_when),
        Fact("复核周期", f"{each.review_months} 个月"),
        Fact("结案后保存", f"{each.keep_months} 个月"),
        Fact("网格员所见", each.get_grid_sees_display()),
        Fact("保密", "严格：单独密钥、单独团队" if each.strict else "一般"),
        Fact("告知内容", each.notice, wide=True),
    ]
    side = [
        Fact("状态", "已启用" if each.enabled else "未启用"),
        Fact("影响评估", each.assessment or "未登记", str(each.assessed_on or "")),
        Fact("下次评估", str(each.assessed_until or "—")),
    ]
    papers = queries.papers_of(each)
    side.insert(2, Fact("评估报告", _paper(papers.get(queries.ASSESSMENT))))
    if each.needs_order:
        side += [
            Fact("主管文件", each.order_number or "未登记"), Fact("文件原件", _paper(papers.get(queries.ORDER))),
            Fact("指定专人", str(each.officer or "未指定")),
        ]  # fmt: skip
    context = {
        "programme": each, "fact_list": facts, "side_facts": side, "action_list": _actions(request, each),
        "crumbs": [Crumb("帮扶项目", reverse("care-programmes")), Crumb(each.name)],
    }  # fmt: skip
    return render(request, "care/programme.html", context)


def _paper(paper: Attachment | None) -> str:
    """The paper by its name, to be opened; or that it is missing."""
    if paper is None:
        return "未上传"
    return format_html('<a href="{}">{}</a>', reverse("file", args=[paper.pk]), paper.name)


def _actions(request: HttpRequest, each: Programme) -> list[Action]:
    if not reader(request).may("care.programmes"):
        return []

    def button(name: str, step: str, kind: str = "plain") -> Action:
        return Action(name, reverse("care-programme-do", args=[each.pk, step]), kind=kind, opens="dialog")

    found = [button("登记影响评估", "assess")]
    if each.needs_order:
        found.append(button("登记主管部门文件", "order"))
    return [*found, button("停用", "off") if each.enabled else button("启用", "on", "primary")]


NO_FILE = {"required": "请选择要上传的文件。"}


def _looked(told: dict[str, Any]) -> dict[str, Any]:
    """The same values with the upload looked through, before any row is locked."""
    return told | {"paper": look_through([told["paper"]], field="paper")[0]}


class AssessForm(forms.Form):
    number = forms.CharField(label="评估报告编号", max_length=60)
    on = Day(label="评估日期")
    until = Day(label="下次评估", help_text="一年以内")
    paper = forms.FileField(label="评估报告", help_text="PDF、Word 或扫描图片", error_messages=NO_FILE)


class OrderForm(forms.Form):
    number = forms.CharField(label="文件编号", max_length=60)
    officer = Colleague(label="指定专人")
    unit = forms.CharField(label="主管单位代码", max_length=32)
    paper = forms.FileField(label="文件原件", help_text="PDF、Word 或扫描图片", error_messages=NO_FILE)

    def clean_unit(self) -> Unit:
        found = Unit.objects.filter(code=self.cleaned_data["unit"].strip()).first()
        if found is None:
            raise forms.ValidationError("没有这个单位代码。")
        return found


class OffForm(forms.Form):
    reason = Words(2, label="停用理由", max_length=200)


@needs("care.programmes", clause=clause)
def do(request: HttpRequest, programme_id: UUID, step: str) -> HttpResponse:
    """One step on a programme."""
    by, each = reader(request), _one(request, programme_id)
    found: dict[str, tuple[type[forms.Form], str, Any]] = {
        "assess": (AssessForm, "登记影响评估", lambda t: actions.assess(each.pk, by=by, **_looked(t))),
        "order": (
            OrderForm, "登记主管部门文件",
            lambda t: actions.note_order(
                each.pk, by=by, number=t["number"], officer_id=t["officer"].pk, unit_id=t["unit"].pk, paper=_looked(t)["paper"]
            ),
        ),
        "on": (Plain, "启用项目", lambda t: actions.enable(each.pk, by=by)),
        "off": (OffForm, "停用项目", lambda t: actions.turn_off(each.pk, by=by, **t)),
    }  # fmt: skip
    if step not in found:
        raise queries.nothing()
    form_class, title, act = found[step]
    back = reverse("care-programme", args=[each.pk])

    def done(told: dict[str, Any]) -> tuple[str, str]:
        act(told)
        return f"{title}：已办理。", back

    sent = request.method == "POST"
    form = form_class(request.POST if sent else None, request.FILES if sent else None)
    note = f"{each.name}：{each.basis}" if step == "on" else ""
    return ask(request, form, title=title, note=note, back=back, submit="确定", do=done)


guard("care.programme", queries.may_open_paper)
