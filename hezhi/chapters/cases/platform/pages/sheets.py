"""对账 on screen: compare a platform's list, take our own along, deal with the differences."""

import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.platform import actions, queries, rules
from hezhi.chapters.cases.platform.actions.old_sheet import moment_of
from hezhi.chapters.cases.platform.models import Difference, Platform, Sheet
from hezhi.chapters.cases.platform.pages.one import words
from hezhi.engines.org.api import needs, reader
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.masks import mask_text
from hezhi.ground.tables import Column, Row, open_table, write_rows
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Crumb, Figure
from hezhi.ground.uploads import SHEETS, inspect_upload

clause = "9.1.2-1"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (
    Column("key", "平台编号", required=True, also=("工单编号", "外部编号", "编号")),
    Column("state", "状态", also=("工单状态", "办理状态")),
    Column("due_at", "时限", also=("办结时限", "到期时间")),
    Column("reply", "答复内容", also=("办理结果", "答复")),
    Column("title", "标题"),
    Column("text", "反映内容", also=("诉求内容",)),
    Column("secret", "要求保密", also=("保密",)),
)
TAKE = {
    "missing_here": "补收", "missing_there": "重新推送", "state": "记为平台结论", "deadline": "采用平台时限", "reply": "列入回填",
}  # fmt: skip


def _yesterday() -> date:
    return time.today() - timedelta(days=1)


class SpanForm(forms.Form):
    """A platform and some days."""

    platform = forms.ModelChoiceField(
        label="来源平台", queryset=Platform.objects.filter(active=True), empty_label=None,
        error_messages={"required": "请选择来源平台。", "invalid_choice": "请从列表中选择。"},
    )  # fmt: skip
    first = forms.DateField(
        label="收到日期自", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), initial=_yesterday
    )
    last = forms.DateField(
        label="至", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), initial=_yesterday
    )


class SheetForm(SpanForm):
    """The platform's list as a sheet."""

    file = forms.FileField(
        label="平台清单", help_text=f"列：{'、'.join(c.title for c in COLUMNS)}；只有平台编号必填，没有的列不核对。",
        error_messages={"required": "请选择表格文件。"},
    )  # fmt: skip


@needs("platform.view", clause=clause)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The last comparisons, and the platforms that still wait for yesterday's."""
    by = reader(request)
    context = {
        "rows": queries.sheets(by), "not_checked": queries.not_checked(by), "checks": by.may("platform.check"),
        "crumbs": [Crumb("来源平台", reverse("platform-desk")), Crumb("对账")],
    }  # fmt: skip
    return render(request, "platform/sheets.html", context)


@needs("platform.check", clause=clause)
def upload(request: HttpRequest) -> HttpResponse:
    """Compare a list that the platform gave as a sheet; the file is read and not kept."""
    form = SheetForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            sheet = actions.check(
                given["platform"], by=reader(request), first=given["first"], last=given["last"],
                theirs=_read(given["file"]), way=Sheet.Way.FILE,
            )  # fmt: skip
            return redirect("platform-sheet", sheet_id=sheet.pk)
        except BadInput as refusal:
            for name, said in refusal.fields.items():
                form.add_error(name if name in form.fields else None, said)
            if not refusal.fields:
                form.add_error(None, str(refusal))
    context = {
        "form": form, "submit_name": "对账", "cancel_url": reverse("platform-sheets"), "action_url": request.path,
        "crumbs": [Crumb("来源平台", reverse("platform-desk")), Crumb("对账", reverse("platform-sheets")), Crumb("上传平台清单")],
    }  # fmt: skip
    return render(request, "platform/upload.html", context, status=422 if form.is_bound else 200)


def _read(upload: Any) -> list[rules.Theirs]:
    """The rows of a sheet; every wrong one is told at once."""
    kind = inspect_upload(upload, SHEETS, name=upload.name, field="file").kind
    faults: list[str] = []
    with open_table(upload, kind, COLUMNS) as table:
        rows = list(_theirs(iter(table), faults))
    if faults:
        raise BadInput({"file": [*faults[:20], *(["还有更多行有误。"] if len(faults) > 20 else [])]})
    if not rows:
        raise BadInput({"file": ["表格里没有数据。"]})
    return rows


def _theirs(rows: Iterator[Row], faults: list[str]) -> Iterator[rules.Theirs]:
    for row in rows:
        told = row.values
        key, due = told.get("key", ""), told.get("due_at", "")
        moment = moment_of(due) if due else None
        if not key:
            faults.append(f"第 {row.number} 行：平台编号没有填写。")
        elif len(key) > 60:
            faults.append(f"第 {row.number} 行：平台编号超过 60 个字。")
        elif due and moment is None:
            faults.append(f"第 {row.number} 行：时限「{due}」不是时间，应如 2026-03-05 17:30。")
        else:
            yield rules.Theirs(
                key, told.get("state", ""), moment, told.get("reply"), told.get("title", ""), told.get("text", ""),
                told.get("secret", "") in ("是", "1", "true"),
            )  # fmt: skip


@needs("platform.check", clause=clause)
def ours(request: HttpRequest) -> HttpResponse:
    """Our own list of some days as a sheet for the platform (本系统清单); secret cases are counted and not listed."""
    by = reader(request)

    def done(given: dict[str, Any]) -> HttpResponse:
        platform, first, last = given["platform"], given["first"], given["last"]
        if first > last or (last - first).days > 31:
            raise BadInput({"last": ["起止日期须先后有序，一次最多 31 天。"]})
        mine = [each for each in queries.ours(platform, first, last, []) if isinstance(each.case, Case)]
        seen = set(Case.objects.visible_to(by).filter(pk__in=[e.case.pk for e in mine]).values_list("pk", flat=True))  # type: ignore[attr-defined]
        shown = [e for e in mine if not e.secret and e.case.pk in seen]  # type: ignore[attr-defined]
        with acting(by, verb="platform.export", reason=f"{platform.name} {first} 至 {last} 对账清单 {len(shown)} 件"):
            content = _book(platform, shown, sum(e.secret for e in mine))
        name = f"{platform.name}对账清单{first:%Y%m%d}-{last:%Y%m%d}.xlsx"
        headers = {"Content-Disposition": content_disposition_header(True, name)}
        return HttpResponse(content, content_type=XLSX, headers=headers)

    note = "下载后交来源平台核对；不含个人信息，保密件不列出。"
    return ask(request, SpanForm, "下载本系统清单", done, reverse("platform-sheets"), "下载", note)


def _book(platform: Platform, rows: list[rules.Ours], secret: int) -> bytes:
    out = io.BytesIO()
    headings = ["平台编号", "本系统编号", "状态", "平台时限", "答复内容", "类别编码"]
    lines: list[list[object]] = [
        [
            e.key, e.number, e.state_name, time.show(e.due_at) if e.due_at else "", mask_text(e.reply),
            queries.their_code(platform, e.case),
        ]
        for e in rows
    ]  # fmt: skip
    if secret:
        lines.append([f"另有保密件 {secret} 件，不列出"])
    write_rows(out, "本系统清单", headings, lines)
    return out.getvalue()


@needs("platform.view", clause=clause)
@require_safe
def one(request: HttpRequest, sheet_id: UUID) -> HttpResponse:
    """One comparison: what agrees, what differs, and what has been done about it."""
    by = reader(request)
    sheet, rows = queries.sheet_for(by, sheet_id)
    context = {
        "sheet": sheet, "checks": by.may("platform.check"),
        "rows": [(row, mask_text(row.ours), mask_text(row.theirs), TAKE[row.kind], _shown(row)) for row in rows],
        "crumbs": [
            Crumb("来源平台", reverse("platform-desk")), Crumb("对账", reverse("platform-sheets")), Crumb(sheet.platform.name),
        ],
        "figure_list": [
            Figure("平台", str(sheet.theirs), "件"), Figure("本系统", str(sheet.ours), "件"), Figure("一致", str(sheet.same), "件"),
            Figure("差异待处理", str(sum(row.state == "open" for row in rows)), "处"),
        ],
    }  # fmt: skip
    return render(request, "platform/sheet.html", context)


def _shown(row: Difference) -> str:
    return "保密件" if row.case is not None and row.case.secret else row.outside_number


@needs("platform.check", clause=clause)
@require_POST
def take(request: HttpRequest, difference_id: UUID) -> HttpResponse:
    """Do about a difference what its kind asks for."""
    row = actions.act_on(difference_id, by=reader(request))
    messages.success(request, f"{row.note}。")
    return redirect("platform-sheet", sheet_id=row.sheet_id)


class ExplainForm(forms.Form):
    """Why a difference stays."""

    text = words("说明", hint="例如：平台尚未同步，次日复核。")


@needs("platform.check", clause=clause)
def explain(request: HttpRequest, difference_id: UUID) -> HttpResponse:
    """Leave a difference with the reason."""
    by = reader(request)
    row = Difference.objects.visible_to(by).filter(pk=difference_id).first()
    back = reverse("platform-sheet", args=[row.sheet_id]) if row else reverse("platform-sheets")

    def done(given: dict[str, Any]) -> None:
        actions.explain(difference_id, by=by, text=given["text"])
        messages.success(request, "已说明。")

    return ask(request, ExplainForm, "说明差异", done, back, "保存")
