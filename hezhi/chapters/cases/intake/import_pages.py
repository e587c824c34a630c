"""The import wizard (批量导入): upload, match, look at the check, confirm; each batch has an address of its own."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import content_disposition_header

from hezhi.chapters.cases.handling.api import Source
from hezhi.chapters.cases.intake import batches, importing
from hezhi.chapters.cases.intake.importing import CLOCKS, Fit
from hezhi.chapters.cases.intake.mappings import CRS_TITLES, Choice, has_points, mappings
from hezhi.chapters.cases.intake.models import Batch, RefusedRow
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.masks import mask, mask_text
from hezhi.ground.tables.columns import match_headings
from hezhi.ground.text import shorten
from hezhi.ground.ui.shapes import Crumb, Figure, RowProblem, Step

clause = "9.1.2-1"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
State = Batch.State
UNDER_WAY = (State.CHECKING, State.WRITING)
NO_PLACE = "none"
SHOWN_PROBLEMS, PREVIEW = 200, 5
PREVIEWED = ("标题", "内容", "地点", "时间", "姓名", "电话")


class UploadForm(forms.Form):
    """The file to import."""

    file = forms.FileField(
        label="表格文件",
        help_text="xlsx、xls、ods 或 csv（UTF-8、GB 18030 均可），小于 50 MB、20 万行以内。",
        error_messages={"required": "请选择要导入的表格文件。", "empty": "文件是空的，请确认选对了文件。"},
    )


class MatchForm(forms.Form):
    """What nobody may guess about a file (导入选项)."""

    mapping = forms.ChoiceField(label="对照表", help_text="按表头找到的对照表，最相符的排在前面。")
    source = forms.ChoiceField(
        label="来源", choices=[("", "请选择"), *Source.choices], error_messages={"required": "请选择来源。"}
    )
    channel = forms.ChoiceField(
        label="外部编号属于", required=False, help_text="同一平台的同一编号只入库一次，与该平台接口送来的也会对上。"
    )
    position = forms.ChoiceField(
        label="坐标系", required=False,
        choices=[("", "请选择"), *CRS_TITLES.items(), (NO_PLACE, "不带位置（只保留地点文字）")],
        help_text="请向提供表格的单位核实；系统不猜测坐标系，选错会偏出几百米。",
    )  # fmt: skip
    clock = forms.ChoiceField(
        label="时限", choices=list(CLOCKS.items()), widget=forms.RadioSelect,
        help_text="按表中时间起算的，年代久远的诉求一入库即超期。",
        error_messages={"required": "请选择时限从何时起算。"},
    )  # fmt: skip

    def __init__(self, fits: list[Fit], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fits = fits
        places = {place for fit in fits for place in fit.places}
        offered: dict[str, Any] = self.fields
        offered["mapping"].choices = [(fit.mapping.code, fit.mapping.name) for fit in fits]
        offered["channel"].choices = [("", "所选来源本身"), *batches.outside_systems()]
        needless = {"position": not has_points(places), "channel": "outside_number" not in places}
        for name in [name for name, not_asked in needless.items() if not_asked]:
            del offered[name]
        best = fits[0].mapping
        self.initial = {"mapping": best.code, "source": best.source, "clock": best.clock}

    def clean(self) -> dict[str, Any]:
        """Everything that is still open, told at once."""
        fit = next((fit for fit in self.fits if fit.mapping.code == self.cleaned_data.get("mapping")), None)
        faults = importing.faults_of(self.choice(), fit) if fit else {}
        for name, told in faults.items():
            field = {"crs": "position"}.get(name, name)
            if field not in self.errors:
                self.add_error(field, told)
        return self.cleaned_data

    def choice(self) -> Choice:
        """The filled form as a choice."""
        given = self.cleaned_data
        position = given.get("position", "")
        return Choice(
            source=given.get("source", ""), crs="" if position == NO_PLACE else position,
            without_place=position == NO_PLACE, clock=given.get("clock", ""), channel=given.get("channel", ""),
        )  # fmt: skip


@needs("cases.import", clause=clause)
def upload(request: HttpRequest) -> HttpResponse:
    """First step: choose a file (上传表格)."""
    by, form = reader(request), UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            batch = batches.receive(form.cleaned_data["file"], by=by)
            return redirect("case-import-batch", batch_id=batch.pk)
        except BadInput as refusal:
            said = [f"{s}。" for told in refusal.fields.values() for s in told] or [refusal.what]
            form.add_error("file", [*said, f"{refusal.remedy}。"])
    context = _frame(0) | {
        "form": form, "template_url": "template/", "cancel_url": "/r/cases/", "submit_name": "上传",
        "recent": Batch.objects.visible_to(by).select_related("by")[:10],
        "mappings": mappings().values(), "step_note": "上传和预检都不写入事件，确认后才写入。",
    }  # fmt: skip
    return render(request, "intake/import.html", context, status=422 if form.errors else 200)


@needs("cases.import", clause=clause)
def batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Second to fourth step: match, look at the check, see what was written (核对对照、预检、写入)."""
    by = reader(request)
    row = batches.own_batch(batch_id, by)
    step = request.POST.get("step") or request.GET.get("step", "")
    if request.method == "POST" and step == "give_up":
        batches.give_up(row.pk, by=by)
        messages.success(request, "已放弃这个批次，上传的文件已销毁。")
        return redirect("case-import")
    if request.method == "POST" and step == "confirm":
        batches.confirm(row.pk, by=by)
        return redirect("case-import-batch", batch_id=row.pk)
    if request.method == "POST" and step == "go_on":
        batches.go_on(row.pk, by=by)
        return redirect("case-import-batch", batch_id=row.pk)
    if row.state == State.UPLOADED or (row.state == State.CHECKED and step == "match"):
        return _match(request, row)
    return render(request, "intake/import_batch.html", _shown(row))


def _match(request: HttpRequest, row: Batch) -> HttpResponse:
    fits = batches.fits_of(row)
    form = MatchForm(fits, request.POST or None)
    if request.method == "POST" and form.is_valid():
        batches.choose(row.pk, by=reader(request), mapping=form.cleaned_data["mapping"], choice=form.choice())
        return redirect("case-import-batch", batch_id=row.pk)
    unread = fits[0].unread[:30]
    context = _frame(1, row) | {
        "form": form, "submit_name": "预检", "cancel_url": "../", "unread": "、".join(unread), "note": fits[0].mapping.note,
        "preview": _preview(row, fits[0]), "preview_note": "个人信息已遮盖", "match": True,
    }  # fmt: skip
    return render(request, "intake/import_batch.html", context, status=422 if form.errors else 200)


def _preview(row: Batch, fit: Fit) -> dict[str, Any]:
    """The first rows as messages, so that a shifted column is seen before anything is written."""
    lines = []
    for reading in batches.first_rows(row, fit, PREVIEW):
        message = reading.message
        if message is None:
            lines.append(["这一行有误，预检时逐项说明", *[""] * (len(PREVIEWED) - 1)])
            continue
        moment = message.received_at or message.occurred_at
        told = [mask_text(shorten(getattr(message, name) or " ", 60)) for name in ("title", "text", "place")]
        lines.append(
            [*told, time.show(moment) if moment else "", mask("name", message.name), mask("phone", message.phone)]
        )
    return {"head": PREVIEWED, "rows": lines}


def _shown(row: Batch) -> dict[str, Any]:
    """What the page of a batch shows once it is matched."""
    checked_or_later = row.state not in (State.UPLOADED, State.CHECKING)
    problems = problems_of(row, SHOWN_PROBLEMS) if checked_or_later else []
    return _frame(3 if row.state == State.WRITTEN else 2, row) | {
        "counts": _figures(row) if checked_or_later and row.rows else [],
        "problems": problems, "problem_note": f"共退回 {row.refused} 行，其余行不受影响。",
        "report_url": "refused/" if row.refused and row.refused_rows.exists() else "",
        "stalled": batches.is_stalled(row),
        "job": _job(row) if row.state in UNDER_WAY else None, "facts": _facts(row),
    }  # fmt: skip


def problems_of(row: Batch, most: int) -> list[RowProblem]:
    """What is wrong with the first refused rows, masked as on the page."""
    return [problem for refused in row.refused_rows.all()[:most] for problem in _problems(row, refused)]


def _problems(row: Batch, refused: RefusedRow) -> list[RowProblem]:
    """What is wrong with a row, each with its value as others may see it."""
    columns = mappings()[row.mapping].columns
    labels, places = {column.name: column.title for column in columns}, match_headings(columns, row.headings).places
    cells = json.loads(refused.cells)

    def value(name: str) -> str:
        text = cells[places[name]] if name in places and places[name] < len(cells) else ""
        return mask(name, text) if name in ("name", "phone", "address") else mask_text(shorten(text or " ", 40)).strip()

    found = ((name, said) for name, all_ in refused.reasons.items() for said in all_)
    return [RowProblem(refused.row, labels.get(name, ""), value(name) or "—", said) for name, said in found]


@needs("cases.import", clause=clause)
def job(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The line that says how far it is; when it is done it has the page opened again."""
    row = batches.own_batch(batch_id, reader(request))
    if row.state in UNDER_WAY:
        return render(request, "intake/import_job.html", {"job": _job(row)})
    finished = HttpResponse(status=200)
    finished["HX-Refresh"] = "true"
    return finished


@needs("cases.import", clause=clause)
def refused(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The refused rows as a sheet that can be mended and sent again (退回行)."""
    row = batches.own_batch(batch_id, reader(request))
    content = batches.refused_sheet(row.pk, by=reader(request))
    return _as_file(content, f"{row.name.rpartition('.')[0] or row.name}_退回的行.xlsx")


@needs("cases.import", clause=clause)
def template(request: HttpRequest) -> HttpResponse:
    """The template to fill in (导入模板)."""
    return _as_file(batches.template(), "诉求导入模板.xlsx")


# -- pieces ----------------------------------------------------------------------------------------


def _frame(place: int, row: Batch | None = None) -> dict[str, Any]:
    names = ("上传表格", "选择对照", "核对预检", "写入完成")
    steps = [Step(name, "done" if n < place else "current" if n == place else "later") for n, name in enumerate(names)]
    crumbs = [
        Crumb("事件管理", "/r/cases/"),
        Crumb("批量导入", "/cases/import/" if row else ""),
        *([Crumb(row.name)] if row else []),
    ]
    return {
        "heading": f"批量导入：{row.name}" if row else "批量导入",
        "step_list": steps,
        "crumbs": crumbs,
        "batch": row,
    }


def _figures(row: Batch) -> list[Figure]:
    told = (("行数", row.rows, ""), ("新增", row.new, ""), ("已有", row.known, ""), ("退回", row.refused, "danger"))
    return [Figure(label, f"{count:,}", "行", tone=tone if count else "") for label, count, tone in told]


def _facts(row: Batch) -> list[str]:
    """The choices in words, above the counts."""
    options = row.options
    position = "不带位置" if options.get("without_place") else CRS_TITLES.get(options.get("crs", ""), "")
    words = [
        f"对照表：{mappings()[row.mapping].name}" if row.mapping else "",
        f"来源：{Source(row.source).label}" if row.source else "",
        f"坐标系：{position}" if position else "",
        f"时限：{CLOCKS[options['clock']]}" if options.get("clock") else "",
        f"上传：{row.by.full_name if row.by else '系统'} {time.show(row.at)}",
    ]
    return [word for word in words if word]


def _job(row: Batch) -> dict[str, Any]:
    percent = None
    note = "可以离开本页，稍后在“批量导入”里查看结果。"
    if row.state == State.WRITING:
        written = row.new + row.known + row.refused
        percent = min(100, written * 100 // max(1, row.rows))
        note = f"已处理 {written:,} / {row.rows:,} 行。{note}"
    return {"name": row.get_state_display(), "note": note, "percent": percent, "url": f"/cases/import/{row.pk}/job/"}


def _as_file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


urlpatterns = [
    path("import/", upload, name="case-import"),
    path("import/template/", template, name="case-import-template"),
    path("import/<uuid:batch_id>/", batch, name="case-import-batch"),
    path("import/<uuid:batch_id>/job/", job, name="case-import-job"),
    path("import/<uuid:batch_id>/refused/", refused, name="case-import-refused"),
]
