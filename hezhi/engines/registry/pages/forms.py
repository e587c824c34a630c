"""Enter, change, remove, restore, and change many at once (登记、修改、删除、恢复、批量修改)."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join

from hezhi.engines.registry import actions, addresses
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.declaration import RESTORE_DAYS
from hezhi.engines.registry.forms import lookup_for, make_form
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.versions import version_of
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.form_tokens import form_token, row_id_of
from hezhi.ground.masks import mask
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.fields import LookupField
from hezhi.ground.words import in_words


class _FormPage(RegistryPage):
    """What the two form pages share: drawing the form, with what must go with it."""

    title: ClassVar[str] = ""

    def draw(self, form: Any, *, status: int = 200, back: str, **more: Any) -> HttpResponse:
        context = {
            "form": form, "sections": form.sections(), "registry": self.registry, "heading": more.pop("heading"),
            "cancel_url": back, "crumbs": self.crumbs(), "submit_name": "保存", **more,
        }  # fmt: skip
        return answer(self.request, "registry/form.html", "registry/form.html", context, status=status)


class NewPage(_FormPage):
    """Enter a new row (登记). The hidden token is the new row's id: sent twice, it is written once."""

    capability = "edit"

    def get(self, request: HttpRequest) -> HttpResponse:
        given = {k: v for k, v in request.GET.items() if k in self.registry.form_fields}
        form = make_form(self.registry, self.by, initial=given)
        return self._draw(form, form_token())

    def post(self, request: HttpRequest) -> HttpResponse:
        token = request.POST.get("form_token", "")
        try:
            row = actions.create(self.registry, request.POST, by=self.by, id=row_id_of(token), files=request.FILES)
        except actions.FormRefused as refused:
            return self._draw(refused.form, token, status=refused.status)
        return self.done(f"已登记“{self.registry.row_name(row)}”。", self.registry.url_of(row))

    def _draw(self, form: Any, token: str, status: int = 200) -> HttpResponse:
        heading = f"登记{self.registry.noun}"
        return self.draw(form, status=status, back=self.registry.url(), heading=heading, form_token=token)


class EditPage(_FormPage):
    """Change a row (修改). The second of two people gets a sentence, and keeps what he typed."""

    capability = "edit"

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        row = self.row(id)
        return self._draw(make_form(self.registry, self.by, instance=row), row, version_of(row))

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        version = request.POST.get("row_version", "")
        try:
            row = actions.change(
                self.registry, id, request.POST, by=self.by, version=version, reason=request.POST.get("reason", "")[:200],
                files=request.FILES,
            )  # fmt: skip
        except actions.Overtaken as late:
            fresh = self.row(id)
            notice = _notice(late, self._differences(late.form, fresh))
            return self._draw(late.form, fresh, version_of(fresh), status=late.status, notice=notice)
        except actions.FormRefused as refused:
            return self._draw(refused.form, self.row(id), version, status=refused.status)
        except actions.PutAside as asked:
            return self.done(asked.what, self.registry.url_of(self.row(id)))
        return self.done("已保存。", self.registry.url_of(row))

    def _draw(self, form: Any, row: Any, version: str, status: int = 200, notice: str = "") -> HttpResponse:
        heading = f"修改{self.registry.noun}：{self.registry.row_name(row)}"
        return self.draw(
            form, status=status, back=self.registry.url_of(row), heading=heading, row_version=version, notice=notice
        )

    def _differences(self, form: Any, fresh: Any) -> list[tuple[str, str, str]]:
        """Field by field: what stands there now, and what was typed."""
        found = []
        for name, (_, typed) in form.changes.items():
            kind, now = self.registry.mask_kinds.get(name), in_words(getattr(fresh, name))
            shown = mask(kind, now) if kind else now
            found.append((str(form.fields[name].label), shown or "（空）", in_words(typed) or "（空）"))
        return found


class ReasonForm(forms.Form):
    """Why something is taken out or brought back (原因)."""

    reason = forms.CharField(
        label="原因",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明原因。"},
    )


class RemovePage(RegistryPage):
    """Take a row out, with a reason (删除、停用)."""

    capability = "delete"

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return self._draw(ReasonForm(), self.row(id))

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        row, form = self.row(id), ReasonForm(request.POST)
        if not form.is_valid():
            return self._draw(form, row, status=422)
        actions.remove(self.registry, id, by=self.by, reason=form.cleaned_data["reason"])
        return self.done(f"已{self.registry.removal_word}“{self.registry.row_name(row)}”。", self.registry.url())

    def _draw(self, form: ReasonForm, row: Any, status: int = 200) -> HttpResponse:
        word, days = self.registry.removal_word, RESTORE_DAYS
        note = f"{days} 天内可以恢复。" if word == "删除" else "不再可选，已有的引用不受影响，可以重新启用。"
        title = f"{word}{self.registry.noun}：{self.registry.row_name(row)}"
        url = self.registry.url(row.pk, "remove")
        return self.ask(form, title, f"{word}后{note}", url, self.registry.url_of(row), word, "danger", status)


class RestorePage(RegistryPage):
    """Bring a removed row back (恢复)."""

    capability = "restore"

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        row = actions.restore(self.registry, id, by=self.by, reason=request.POST.get("reason", "")[:200])
        return self.done(f"已恢复“{self.registry.row_name(row)}”。", self.registry.url_of(row))


class PickPage(RegistryPage):
    """Suggestions for a foreign key with many choices (联想输入): options for a datalist."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        field = self.registry.form_class.base_fields.get(name)
        if not isinstance(field, LookupField):
            raise NotFound(what="没有这个选择项。")
        typed = request.GET.get(name, "").strip()[:40]
        pairs = lookup_for(self.registry, name, self.by).like(typed) if typed else []
        return HttpResponse(format_html_join("", '<option value="{}">{}</option>', pairs))


class BulkPage(RegistryPage):
    """Set the same values in many rows (批量修改): first what, then done, all or none."""

    capability = "edit"

    def post(self, request: HttpRequest) -> HttpResponse:
        ids = self._chosen(request)
        names = [n for n in request.POST.getlist("set") if n in self.registry.bulk]
        form = make_form(
            self.registry, self.by, request.POST if "apply" in request.POST else None, only=self.registry.bulk
        )
        if "apply" not in request.POST:
            return self._draw(form, ids)
        if not names:
            form.add_error(None, "请先勾选要修改的项目。")
            return self._draw(form, ids, status=422)
        try:
            # A box that is not ticked is not sent, and still means «否».
            values = {name: request.POST.get(name, "") for name in names}
            count = actions.change_many(
                self.registry, ids, values, by=self.by, reason=request.POST.get("reason", "")[:200]
            )
        except actions.FormRefused as refused:
            told = refused.form
            for name, said in told.errors.items():
                form.add_error(
                    name if name in form.fields else None,
                    [f"{self.registry.row_name(told.instance)}：{s}" for s in said],
                )
            return self._draw(form, ids, names, status=422)
        return self.done(f"已修改 {count} 条，其余 {len(ids) - count} 条原来就是这样。", self._back())

    def _chosen(self, request: HttpRequest) -> list[UUID]:
        if request.POST.get("all_matching") == "1":
            asked = Asked(self.registry, self.by, request.GET)
            ids = list(asked.rows().order_by().values_list("pk", flat=True)[: actions.BULK_ROWS + 1])
        else:
            ids = [_key(value) for value in request.POST.getlist("chosen")]
        if not ids:
            raise BadInput(what="还没有选择记录。", remedy="请在列表中勾选后再批量修改。", code="registry.none_chosen")
        if len(ids) > actions.BULK_ROWS:
            raise BadInput(
                what=f"一次最多批量修改 {actions.BULK_ROWS} 条。",
                remedy="请缩小筛选范围，分批修改。",
                code="registry.too_many",
            )
        return ids

    def _draw(self, form: Any, ids: list[UUID], names: list[str] | None = None, status: int = 200) -> HttpResponse:
        context = {
            "form": form, "bounds": [(bound, bound.name in (names or [])) for bound in form], "ids": ids,
            "registry": self.registry, "crumbs": self.crumbs(), "cancel_url": self._back(),
            "heading": f"批量修改{self.registry.noun}（{len(ids)} 条）", "submit_name": f"修改 {len(ids)} 条",
        }  # fmt: skip
        return answer(self.request, "registry/bulk.html", "registry/bulk.html", context, status=status)

    def _back(self) -> str:
        return addresses.with_query(self.registry.url(), self.request.GET.urlencode())


def _key(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise BadInput(what="选择的记录无法识别。", remedy="请回到列表重新选择。", code="registry.bad_choice") from None


def _notice(late: actions.Overtaken, differences: list[tuple[str, str, str]]) -> str:
    lines = format_html_join("", "<li>{}：现在是“{}”，您填的是“{}”</li>", differences)
    return format_html("<p><b>{}</b>{}{}</p><ul>{}</ul>", late.what, late.meaning, late.remedy, lines)
