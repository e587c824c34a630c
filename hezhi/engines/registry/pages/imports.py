"""The import wizard (导入): upload, look at the check, confirm; each step has an address of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from hezhi.engines.registry import imports
from hezhi.engines.registry.lanes import lane_of
from hezhi.engines.registry.models import ImportRun
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Figure, RowProblem, Step

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
State = ImportRun.State
UNDER_WAY = (State.CHECKING, State.WRITING, State.UNDOING)


class UploadForm(forms.Form):
    """The file to import."""

    file = forms.FileField(
        label="表格文件", help_text="xlsx、xls、ods 或 csv。第一行为表头，也可以用本系统导出的表格。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].error_messages["required"] = "请选择要导入的表格文件。"


class UploadPage(RegistryPage):
    """First step: choose a file (上传)."""

    capability = "import"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._draw(UploadForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._draw(form, 422)
        try:
            run = imports.receive(self.registry, form.cleaned_data["file"], by=self.by)
        except BadInput as refusal:
            said = [s for all_ in refusal.fields.values() for s in all_] or [refusal.what]
            form.add_error("file", [*said, refusal.remedy])
            return self._draw(form, 422)
        told = "文件已上传，正在预检" if run.state == State.CHECKING else "文件已上传并预检"
        return self.done(f"{told}，尚未写入任何数据。", self.registry.url("import", run.pk))

    def _draw(self, form: UploadForm, status: int = 200) -> HttpResponse:
        recent = ImportRun.objects.visible_to(self.by).filter(registry=self.registry.slug)[:10]
        context = {
            "registry": self.registry, "heading": f"导入{self.registry.title}", "crumbs": self.crumbs(),
            "step_list": steps_at(0), "form": form, "template_url": self.registry.url("import", "template"),
            "cancel_url": self.registry.url(), "submit_name": "上传并预检", "recent": recent,
            "step_note": "预检不写入数据，确认后才写入。",
        }  # fmt: skip
        return answer(self.request, "registry/import.html", "registry/import.html", context, status=status)


class TemplatePage(RegistryPage):
    """The template to fill in (导入模板)."""

    capability = "import"

    def get(self, request: HttpRequest) -> HttpResponse:
        content = imports.template(self.registry, self.by)
        return as_file(content, XLSX, f"{self.registry.title}_导入模板.xlsx")


class RunPage(RegistryPage):
    """Second and third step: what the check found, and the button that writes (预检结果、确认)."""

    capability = "import"

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return self._draw(self._run(id))

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        run, step = self._run(id), request.POST.get("step", "")
        if step == "give_up":
            imports.give_up(run.pk, by=self.by)
            return self.done("已放弃这个批次，上传的文件已销毁。", self.registry.url())
        if step == "undo":
            count = imports.undo(run.pk, by=self.by, reason=request.POST.get("reason", "")[:200])
            said = f"已撤销这个批次的 {count} 行。" if count else "正在撤销这个批次，完成后本页会更新。"
            return self.done(said, self.registry.url("import", run.pk))
        imports.confirm(run.pk, by=self.by)
        return self.done("批次已确认。", self.registry.url("import", run.pk))

    def _run(self, id: UUID) -> ImportRun:
        run = imports.own_run(id, self.by)
        if run.registry != self.registry.slug:
            raise NotFound(what="没有找到这个导入批次。")
        return run

    def _draw(self, run: ImportRun) -> HttpResponse:
        url = self.registry.url("import", run.pk)
        context: dict[str, Any] = {
            "registry": self.registry, "run": run, "heading": f"导入{self.registry.title}：{run.name}",
            "crumbs": self.crumbs(("导入", self.registry.url("import"))), "step_list": steps_at(_step_of(run)),
            "counts": [] if run.state in UNDER_WAY else figures(run), "action_url": url,
            "problems": [RowProblem(*told) for told in imports.problems_with_cells(self.registry, run)],
            "problem_note": f"共退回 {run.refused} 行，其余行不受影响。",
            "report_url": self.registry.url("import", run.pk, "report") if run.refused and run.file else "",
            "job": job_of(self.registry, run) if run.state in UNDER_WAY else None,
            "again_url": self.registry.url("import"), "list_url": self.registry.url(),
        }  # fmt: skip
        return answer(self.request, "registry/import_run.html", "registry/import_run.html", context)


class JobPage(RunPage):
    """The line that says how far it is; when it is done it has the page opened again."""

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        run = self._run(id)
        if run.state in UNDER_WAY:
            return answer(request, "registry/job.html", "registry/job.html", {"job": job_of(self.registry, run)})
        finished = HttpResponse(status=200)
        finished["HX-Refresh"] = "true"
        return finished


class ReportPage(RunPage):
    """The refused rows as a sheet that can be mended and sent again (退回行)."""

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        run = self._run(id)
        return as_file(imports.refused_sheet(run.pk, by=self.by), XLSX, f"{self.registry.title}_退回的行.xlsx")


def steps_at(place: int) -> list[Step]:
    """The wizard's three steps with the present one marked."""
    names = ("上传表格", "核对预检", "写入完成")
    return [Step(name, "done" if n < place else "current" if n == place else "later") for n, name in enumerate(names)]


def figures(run: ImportRun) -> list[Figure]:
    """The counts of a batch."""
    told = (
        ("行数", run.rows),
        ("新增", run.new),
        ("变更", run.changed),
        ("未变", run.unchanged),
        ("退回", run.refused),
    )
    return [
        Figure(label, f"{count:,}", "行", tone="danger" if label == "退回" and count else "") for label, count in told
    ]


def job_of(registry: Any, run: ImportRun) -> dict[str, Any]:
    """What the wizard shows while a job is at work."""
    told = lane_of(run).progress(run) if run.lane else None
    waited = int((time.now() - run.created_at).total_seconds())
    note = f"已用 {waited} 秒。可以离开本页，稍后在“导入”里查看结果。"
    if told is not None:
        left = "" if told.left is None else f"约还需 {in_short(told.left)}。"
        note = f"{told.words}。{left}可以离开本页，稍后在“导入”里查看结果。"
    return {
        "name": run.get_state_display(),
        "note": note,
        "percent": told.percent if told else None,
        "url": registry.url("import", run.pk, "job"),
    }


def in_short(seconds: int) -> str:
    """A span in words: «40 秒», «3 分钟»."""
    return f"{max(seconds, 1)} 秒" if seconds < 90 else f"{(seconds + 30) // 60} 分钟"


def as_file(content: bytes, content_type: str, name: str) -> HttpResponse:
    """A file to keep, named in Chinese."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _step_of(run: ImportRun) -> int:
    return 1 if run.state in (State.CHECKING, State.CHECKED, State.WRITING, State.FAILED) else 2
