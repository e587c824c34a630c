"""One row with its tabs (详情): 资料, 历史, and whatever parts bring."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from hezhi.engines.records.audit import read_of_personal
from hezhi.engines.registry import actions
from hezhi.engines.registry.columns import Column
from hezhi.engines.registry.history import history, origins, told_versions, versions_of
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.parts import Panel
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Action, Fact, Tab
from hezhi.ground.ui.spans import NOTHING
from hezhi.ground.words import in_words

FACTS, HISTORY = "facts", "history"


class DetailPage(RegistryPage):
    """The detail page (详情). Only the open tab's data is read; every tab has an address of its own."""

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return self._draw(request, self.row(id), request.GET.get("tab", FACTS))

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """A form on a tab, handed to the part that brought the tab."""
        row, tab = self.row(id), request.GET.get("tab", "")
        panel = self._panel(tab)
        try:
            sentence = panel.receive(self.registry, row, self.by, request) if panel else None
        except BadInput as refusal:
            return self._draw(request, row, tab, {"refusal": refusal, "typed": request.POST}, status=refusal.status)
        if sentence is None:
            raise NotFound(what="这里不接收提交的内容。")
        return self.done(sentence, f"{self.registry.url(row.pk)}?tab={tab}")

    # -- pieces --------------------------------------------------------------------------------------

    def row(self, id: UUID) -> Any:
        """The row with what the columns of the page read beside it."""
        registry = self.registry
        columns = [registry.column(n) for n in dict.fromkeys((*registry.form_fields, *registry.list, *registry.also))]
        beside = [c for c in [*columns, *registry.more_columns.values()] if c.annotations]
        rows = registry.visible(self.by).annotate(**{n: made for c in beside for n, made in c.annotations.items()})
        row = rows.filter(pk=id).first()
        if row is None:
            raise NotFound(what=f"没有找到这条{registry.noun}。")
        return row

    def panels(self) -> list[Panel]:
        """The tabs that parts bring and this reader may open."""
        brought = [panel for part in self.registry.parts for panel in part.panels(self.registry)]
        return [panel for panel in brought if self.by.may(self.registry.permission(panel.right))]

    def facts(self, row: Any) -> list[tuple[str, list[Fact]]]:
        """The values of the row, section by section."""
        registry, hidden = self.registry, self.registry.hidden_from(self.by)
        told = [(title, [self._fact(row, n) for n in names if n not in hidden]) for title, names in registry.sections]
        above = {*registry.form_fields, registry.named_by, *hidden}  # the row's name is the page's heading
        rest = dict.fromkeys(n for n in (*registry.list, *registry.also) if n not in above)
        told.append(("其他", [self._fact(row, name) for name in rest]))
        told.append(("补充信息", [Fact(c.label, c.text(row)) for c in self.registry.more_columns.values()]))
        return [(title, facts) for title, facts in told if facts]

    def actions(self, row: Any) -> list[Action]:
        """The buttons of the head, the primary one last."""
        registry, by = self.registry, self.by
        gone = actions.is_removed(registry, row)
        drawn = [button for part in registry.parts for button in part.actions(registry, row, by)]
        word, soft = registry.removal_word, registry.removal_word == "删除"
        if registry.offers_to(by, "delete") and registry.removed_by:
            if gone:
                drawn.append(Action("恢复" if soft else "重新启用", registry.url(row.pk, "restore"), opens="post"))
            else:
                drawn.append(Action(word, registry.url(row.pk, "remove"), kind="danger", opens="dialog"))
        if registry.offers_to(by, "edit") and not (gone and soft):
            drawn.append(Action("修改", registry.url(row.pk, "edit"), kind="primary", icon="edit", key="e"))
        return drawn

    def _draw(
        self, request: HttpRequest, row: Any, tab: str, more: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        registry = self.registry
        context: dict[str, Any] = {
            "registry": registry, "row": row, "heading": registry.row_name(row), "tab": tab,
            "tabs": self._tabs(row, tab), "action_list": self.actions(row), "crumbs": self.crumbs(),
            "removed": actions.is_removed(registry, row), "clause": registry.clause,
        }  # fmt: skip
        if tab == FACTS:
            self._log_reading(row)
            context["sections"] = self.facts(row)
            maps = (part.side_map(registry, row, self.by) for part in registry.parts)
            context["side_map"] = next((told for told in maps if told is not None), None)
            context["notices"] = [said for part in registry.parts for said in part.notices(registry, row, self.by)]
        elif tab == HISTORY:
            versions = told_versions(registry, row, self.by)
            context |= {"timeline_items": history(versions), "origins": origins(versions, self.by)}
        else:
            panel = self._panel(tab)
            if panel is None:
                raise NotFound(what="没有这个页签。")
            context |= {"panel": panel, **panel.context(registry, row, self.by, request)}
        page = "registry/detail.html"
        return answer(request, page, page, context | (more or {}), status=status)

    def _tabs(self, row: Any, open_tab: str) -> list[Tab]:
        told = [(FACTS, "资料")]
        if versions_of(self.registry.model) is not None:
            told.append((HISTORY, "历史"))
        told += [(panel.code, panel.title) for panel in self.panels()]
        if len(told) == 1:
            return []
        url = self.registry.url(row.pk)
        return [Tab(title, url if code == FACTS else f"{url}?tab={code}", code == open_tab) for code, title in told]

    def _panel(self, code: str) -> Panel | None:
        return next((panel for panel in self.panels() if panel.code == code), None)

    def _fact(self, row: Any, name: str) -> Fact:
        column = self.registry.column(name)
        value = column.text(row)
        if getattr(column.field, "geom_type", "POINT") != "POINT" and value != NOTHING:
            value = "已标绘"  # a line or an area is for the map, its numbers tell a person nothing
        long = len(str(value)) > 40 and column.kind != "state"
        if column.mask_kind and value != NOTHING and self.registry.offers_to(self.by, "reveal"):
            value = self._with_reveal(row, column, value)
        return Fact(column.label, value, wide=long)

    def _with_reveal(self, row: Any, column: Column, value: Any) -> Any:
        return format_html(
            '<span class="masked"><span class="masked-text">{}</span> '
            '<a class="masked-button" href="{}" data-dialog-url aria-label="查看{}全文，需填写事由">查看</a></span>',
            value, self.registry.url(row.pk, "reveal", column.name), column.label,
        )  # fmt: skip

    def _log_reading(self, row: Any) -> None:
        """Personal values shown in clear are read, and reading is written down."""
        shown = {*self.registry.form_fields, *self.registry.list, *self.registry.also}
        unseen = {*self.registry.mask_kinds, *self.registry.hidden_from(self.by)}
        clear = [n for n in self.registry.personal if n in shown and n not in unseen]
        if clear:
            read_of_personal(self.by, self.registry.label, row.pk, clear, self.registry.purpose)


class PurposeForm(forms.Form):
    """What a masked value is needed for (查阅事由)."""

    purpose = forms.CharField(
        label="查阅事由",
        max_length=200,
        min_length=2,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明查阅事由。"},
    )


class RevealPage(RegistryPage):
    """Show one masked value once, after a purpose is given; that it was read is written down (查看全文)."""

    capability = "reveal"

    def get(self, request: HttpRequest, id: UUID, name: str) -> HttpResponse:
        return self._draw(PurposeForm(), self.row(id), self._column(name))

    def post(self, request: HttpRequest, id: UUID, name: str) -> HttpResponse:
        row, column, form = self.row(id), self._column(name), PurposeForm(request.POST)
        if not form.is_valid():
            return self._draw(form, row, column, status=422)
        read_of_personal(self.by, self.registry.label, row.pk, [name], form.cleaned_data["purpose"])
        context = {
            "label": column.label, "value": in_words(column.value(row)) or NOTHING, "registry": self.registry,
            "heading": column.label, "back_url": self.registry.url(row.pk), "crumbs": self.crumbs(),
        }  # fmt: skip
        part = "registry/revealed_part.html"
        return answer(request, "registry/revealed.html", part, context)

    def _column(self, name: str) -> Column:
        if name not in self.registry.mask_kinds or name in self.registry.hidden_from(self.by):
            raise NotFound(what="没有这个脱敏项。")
        return self.registry.column(name)

    def _draw(self, form: PurposeForm, row: Any, column: Column, status: int = 200) -> HttpResponse:
        title = f"查看{column.label}：{self.registry.row_name(row)}"
        note, url = "查阅会记入审计，请只在办理公务需要时查看。", self.registry.url(row.pk, "reveal", column.name)
        return self.ask(form, title, note, url, self.registry.url_of(row), "查看", "primary", status)
