"""The page that takes a sheet of files (批量导入)."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from hezhi.chapters.grassroots.care import actions
from hezhi.chapters.grassroots.care.actions.importing import COLUMNS, MOST, RowsRefused
from hezhi.engines.org.api import needs, reader
from hezhi.ground.errors import BadInput
from hezhi.ground.tables import open_table
from hezhi.ground.ui.shapes import Crumb, RowProblem
from hezhi.ground.uploads import SHEETS, inspect_upload

clause = "9.1.3-2-7"


class SheetForm(forms.Form):
    """A sheet with one row for each file."""

    file = forms.FileField(
        label="表格", help_text=f"列：{'、'.join(column.title for column in COLUMNS)}。最多 {MOST} 行。",
        error_messages={"required": "请选择表格文件。"},
    )  # fmt: skip


@needs("care.supervise", clause=clause)
def sheet(request: HttpRequest) -> HttpResponse:
    """Take a sheet: nothing is written while one row is wrong; what is written waits to be accepted."""
    form = SheetForm(request.POST or None, request.FILES or None)
    problems: list[RowProblem] = []
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            kind = inspect_upload(upload, SHEETS, name=upload.name, field="file").kind
            upload.seek(0)
            with open_table(upload, kind, COLUMNS, most_rows=MOST) as table:
                made = actions.import_files(list(table), by=reader(request))
            messages.success(request, f"已导入 {len(made)} 份，都在“待受理”，逐份核对依据后受理。")
            return redirect("care-desk")
        except RowsRefused as refusal:
            problems = [RowProblem(number, column, "", said) for number, column, said in refusal.rows]
            form.add_error("file", refusal.fields["file"])
        except BadInput as refusal:
            form.add_error(None, str(refusal))
    context = {
        "form": form, "problems": problems, "problem_note": "整批没有写入，更正后重新上传。", "submit_name": "检查并导入",
        "cancel_url": reverse("care-desk"), "crumbs": [Crumb("督导台", reverse("care-desk")), Crumb("批量导入")],
        "step_note": "导入后为待受理，不直接开始帮扶。",
    }  # fmt: skip
    return render(request, "care/import.html", context, status=422 if form.is_bound else 200)
