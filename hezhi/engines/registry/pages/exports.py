"""Asking for an export, and one's own exports (导出、下载中心)."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views import View

from hezhi.engines.org.actor import reader
from hezhi.engines.registry import addresses, exports, site
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.gates import export_gate
from hezhi.engines.registry.models import ExportRun
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.pages.imports import as_file
from hezhi.engines.registry.scope import person
from hezhi.ground.tables.aside import NOUGHT, Aside
from hezhi.ground.ui.answers import answer

DOWNLOADS = f"{addresses.PAGES}/exports/"


NEEDED = {"required": "请写明导出用途。"}


class ExportForm(forms.Form):
    """In which form, and what for."""

    format = forms.ChoiceField(label="格式", choices=[("xlsx", "Excel 表格（xlsx）"), ("csv", "CSV 文本")])
    reason = forms.CharField(
        label="导出用途", max_length=200, min_length=2, help_text="会记入审计。", error_messages=NEEDED
    )


class AskPage(RegistryPage):
    """Ask for the rows of a query as a file (申请导出)."""

    capability = "export"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._draw(request, ExportForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ExportForm(request.POST)
        if not form.is_valid():
            return self._draw(request, form, 422)
        told = form.cleaned_data
        run = exports.ask(self.registry, self._query(request), by=self.by, format=told["format"], reason=told["reason"])
        waiting = run.state == ExportRun.State.WAITING_APPROVAL
        return self.done("导出申请已提交，批准后生成。" if waiting else "正在生成，完成后可在此下载。", DOWNLOADS)

    def _query(self, request: HttpRequest) -> str:
        kept = QueryDict(mutable=True)
        for name, values in request.GET.lists():
            if name not in ("columns", "size", "after", "before", "view", "order"):
                kept.setlist(name, values)
        return kept.urlencode()

    def _draw(self, request: HttpRequest, form: ExportForm, status: int = 200) -> HttpResponse:
        registry = self.registry
        asked = Asked(registry, self.by, QueryDict(self._query(request)))
        aside = Aside()
        aside.ask_count("count", "", asked.branches())
        counted = aside.tallies(aside.answers(), "count").get("", NOUGHT)
        draft = ExportRun(registry=registry.slug, user_id=person(self.by), personal=bool(registry.personal))
        gate = export_gate(registry, draft, self.by)
        most = registry.export_rows_personal if registry.personal else registry.export_rows
        context = {
            "registry": registry, "heading": f"导出{registry.title}", "crumbs": self.crumbs(), "gate": gate,
            "form": form if gate.state != "closed" else None, "rows": str(counted), "most": f"{most:,}",
            "columns": "、".join(column.label for column in registry.export_columns.values()),
            "masked": "、".join(registry.column(name).label for name in registry.mask_kinds),
            "cancel_url": addresses.with_query(registry.url(), request.GET.urlencode()), "submit_name": "导出",
        }  # fmt: skip
        return answer(request, "registry/export.html", "registry/export.html", context, status=status)


class DownloadsPage(View):
    """One's own exports of the last days (下载中心)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        known = {registry.slug: registry.title for registry in site.registries()}
        runs = ExportRun.objects.visible_to(reader(request))[:50]
        told = [(run, known.get(run.registry, run.registry)) for run in runs]
        making = any(run.state in (ExportRun.State.WAITING, ExportRun.State.RUNNING) for run, _ in told)
        context = {"heading": "我的导出", "runs": told, "making": making, "here": DOWNLOADS}
        return answer(request, "registry/downloads.html", "registry/downloads_part.html", context)


class FilePage(View):
    """Fetch one's own file, once more each time within its day (下载)."""

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        content, content_type, name = exports.fetch(id, by=reader(request))
        return as_file(content, content_type, name)
