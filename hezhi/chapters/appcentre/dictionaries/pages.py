"""What a change of the calendar does to open limits (日历变更对在办时限的影响): look first, then save and move."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from hezhi.chapters.cases.handling.api import numbers_of
from hezhi.engines.flow import calendar_change, timing
from hezhi.engines.flow.calendar_change import Moved
from hezhi.engines.records.acting import acting
from hezhi.engines.registry import actions
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.pages.forms import EditPage, NewPage
from hezhi.engines.registry.pages.lists import ListPage
from hezhi.ground.errors import Refusal
from hezhi.ground.form_tokens import row_id_of
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Action

SHOWN = 20
LIMITS = "/r/calendar-days/limits/"
STAGES = {
    timing.TOTAL: "总时限", "accept": "受理", "dispatch": "派遣", "call_back": "回访", "reopen": "重办期限",
    calendar_change.SIGN: "签收", calendar_change.HELP: "协办",
}  # fmt: skip
HEADING = "日历变更对在办时限的影响"


class CalendarList(ListPage):
    """The list of days or hours, with the way to what they change."""

    def actions(self, asked: Asked) -> list[Action]:
        return [Action("核对在办时限", LIMITS), *super().actions(asked)]


class WhyForm(forms.Form):
    """Why limits are moved (调整依据)."""

    basis = forms.CharField(
        label="调整依据", max_length=200, help_text="如：国务院办公厅关于节假日安排的通知",
        error_messages={"required": "请写明调整依据，会记在每个变动的时限上。"},
    )  # fmt: skip


def draw_moves(
    page: RegistryPage, form: forms.Form, moved: list[Moved], *, status: int = 200, **more: Any
) -> HttpResponse:
    """The limits that would move, with number, stage, start, old and new due moment, and the question why."""
    numbers = numbers_of([m.matter[1] for m in moved[:SHOWN]])
    rows = [
        (numbers.get(m.matter[1], "—"), {"stage": STAGES.get(m.stage, m.stage), "started_at": m.started_at,
                                         "old": m.old, "new": m.new})
        for m in moved[:SHOWN]
    ]  # fmt: skip
    context = {
        "form": form, "moved": len(moved), "rows": rows, "shown": SHOWN, "crumbs": page.crumbs(), "heading": HEADING,
        "cancel_url": page.registry.url(), **more,
    }  # fmt: skip
    template = "appcentre/calendar_limits.html"
    return answer(page.request, template, template, context, status=status)


class LimitsPage(RegistryPage):
    """Running limits that the calendar as it now stands would move: after an import, or a change from outside."""

    capability = "edit"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._draw(WhyForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WhyForm(request.POST)
        if not form.is_valid():
            return self._draw(form, status=422)
        reason = form.cleaned_data["basis"]
        with acting(self.by, verb="flow.move_limits", reason=reason) as deed:
            moved = calendar_change.move(self.by, reason)
            deed.detail["moved"] = moved
        return self.done(_told(moved), self.registry.url())

    def _draw(self, form: WhyForm, status: int = 200) -> HttpResponse:
        return draw_moves(self, form, calendar_change.moves(), status=status, submit_name="调整这些时限")


def _told(moved: int) -> str:
    return f"已按现行日历调整 {moved} 个在办时限，每个都留有记录。"


class _Looked(Exception):
    """Ends the trial: what was written for it is taken back."""


class _Confirmed(RegistryPage):
    """A form whose saving moves limits: the first sending shows which, the second saves and moves them."""

    title: ClassVar[str] = ""

    def confirm(self, request: HttpRequest, **where: Any) -> HttpResponse:
        """Save at once when nothing moves; otherwise ask for the basis first. Both happen together or not at all."""
        form = WhyForm(request.POST if "basis" in request.POST else None)
        try:
            moved = self._trial(lambda: self.write(request, **where))
        except Refusal:
            return self.save(request, **where)  # the usual page says what is wrong
        if not moved:
            return self.save(request, **where)
        if not form.is_valid():
            kept = [(n, v) for n, vs in request.POST.lists() for v in vs if n not in ("basis", "csrfmiddlewaretoken")]
            status = 422 if form.is_bound else 200
            return draw_moves(self, form, moved, status=status, kept=kept, submit_name="保存并调整这些时限")
        reason = form.cleaned_data["basis"]
        with acting(self.by, verb="flow.move_limits", reason=reason) as deed:
            response = self.save(request, **where)
            count = calendar_change.move(self.by, reason)
            deed.detail["moved"] = count
        messages.success(request, _told(count))
        return response

    @staticmethod
    def _trial(write: Callable[[], object]) -> list[Moved]:
        found: list[Moved] = []
        try:
            with transaction.atomic():
                write()
                found = calendar_change.moves()
                raise _Looked
        except _Looked:
            return found

    def write(self, request: HttpRequest, **where: Any) -> object:
        """The writing alone, for the trial."""
        raise NotImplementedError

    def save(self, request: HttpRequest, **where: Any) -> HttpResponse:
        """The page's own saving."""
        raise NotImplementedError


class CalendarNew(_Confirmed, NewPage):
    """Enter a day or hours (登记), after a look at what they move."""

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.confirm(request)

    def write(self, request: HttpRequest, **where: Any) -> object:
        key = row_id_of(request.POST.get("form_token", ""))
        return actions.create(self.registry, request.POST, by=self.by, id=key)

    def save(self, request: HttpRequest, **where: Any) -> HttpResponse:
        return NewPage.post(self, request)


class CalendarEdit(_Confirmed, EditPage):
    """Change a day or hours (修改), after a look at what they move."""

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return self.confirm(request, id=id)

    def write(self, request: HttpRequest, **where: Any) -> object:
        key: UUID = where["id"]
        return actions.change(self.registry, key, request.POST, by=self.by, version=request.POST.get("row_version", ""))

    def save(self, request: HttpRequest, **where: Any) -> HttpResponse:
        return EditPage.post(self, request, **where)
