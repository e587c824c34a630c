"""Taking over from an old system on screen (旧系统接管): the sheet, the dry run, the comparison."""

import io

from django import forms
from django.contrib import messages
from django.core.validators import validate_slug
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.platform.actions.old_sheet import COLUMNS, read
from hezhi.chapters.cases.platform.actions.taking_over import MOST, Outcome, take_over
from hezhi.chapters.cases.platform.models import TakeOver
from hezhi.engines.org.api import needs, reader
from hezhi.ground.errors import BadInput
from hezhi.ground.tables import write_template
from hezhi.ground.ui.shapes import Crumb, RowProblem
from hezhi.ground.uploads import SHEETS, inspect_upload

clause = "9.1.2-2"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RIGHT = "cases.import"


class OldForm(forms.Form):
    """The sheet, the old system, and whether it is for good."""

    name = forms.CharField(label="旧系统名称", max_length=60, error_messages={"required": "请填写旧系统名称。"})
    system = forms.CharField(
        label="旧系统代码", max_length=40, validators=[validate_slug], help_text="英文字母、数字和连字符；原编号以它区分。",
        error_messages={"required": "请填写旧系统代码。"},
    )  # fmt: skip
    file = forms.FileField(
        label="在办件清单",
        help_text=f"按模板填写，一次最多 {MOST} 件。",
        error_messages={"required": "请选择表格文件。"},
    )
    how = forms.ChoiceField(
        label="做什么", widget=forms.RadioSelect, initial="try",
        choices=[("try", "预检：办一遍、对一遍账，然后全部撤回"), ("write", "接管：对账差额为 0 才写入")],
    )  # fmt: skip


@needs(RIGHT, clause=clause)
def page(request: HttpRequest) -> HttpResponse:
    """Take a sheet: a dry run, or for good; the comparison stands below."""
    form = OldForm(request.POST or None, request.FILES or None)
    outcome: Outcome | None = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            kind = inspect_upload(given["file"], SHEETS, name=given["file"].name, field="file").kind
            rows, faults = read(given["file"], kind)
            write = given["how"] == "write" and not faults
            outcome = take_over(rows, by=reader(request), system=given["system"], name=given["name"], write=write)
            outcome.faults = sorted([*faults, *outcome.faults])
            if outcome.row is not None:
                messages.success(request, f"已接管 {outcome.row.rows} 件，对账差额为 0。")
                return redirect("platform-takeover")
        except BadInput as refusal:
            for name, said in refusal.fields.items():
                form.add_error(name if name in form.fields else None, said)
    context = {
        "form": form, "outcome": outcome, "submit_name": "开始", "action_url": request.path,
        "problems": [RowProblem(row, "", "", said) for row, said in outcome.faults[:200]] if outcome else [],
        "runs": TakeOver.objects.all()[:20], "crumbs": [Crumb("事件管理", "/r/cases/"), Crumb("旧系统接管")],
        "template_url": reverse("platform-takeover-template"),
    }  # fmt: skip
    return render(request, "platform/takeover.html", context, status=422 if form.errors else 200)


@needs(RIGHT, clause=clause)
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """The empty sheet to fill in."""
    out = io.BytesIO()
    write_template(out, "在办件清单", COLUMNS)
    headers = {"Content-Disposition": content_disposition_header(True, "旧系统在办件清单.xlsx")}
    return HttpResponse(out.getvalue(), content_type=XLSX, headers=headers)


urlpatterns = [
    path("", page, name="platform-takeover"),
    path("template/", template, name="platform-takeover-template"),
]
