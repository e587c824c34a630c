"""What a change of the calendar does to open limits (日历变更对在办时限的影响): look first, then move."""

from django import forms
from django.http import HttpRequest, HttpResponse

from hezhi.engines.flow.timing import apply_calendar, moved_by_calendar, timetable
from hezhi.engines.records.acting import acting
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.pages.lists import ListPage
from hezhi.ground.time import show
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Action

SHOWN = 50
LIMITS = "/r/calendar-days/limits/"


class CalendarList(ListPage):
    """The list of days or hours, with the way to what they change."""

    def actions(self, asked: Asked) -> list[Action]:
        return [Action("核对在办时限", LIMITS), *super().actions(asked)]


class WhyForm(forms.Form):
    """Why limits are moved (调整依据)."""

    reason = forms.CharField(label="调整依据", max_length=200, help_text="如：国务院办公厅关于节假日安排的通知")


class LimitsPage(RegistryPage):
    """Which running limits the calendar as it now stands would move, and the button that moves them."""

    capability = "edit"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._draw(WhyForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WhyForm(request.POST)
        if not form.is_valid():
            return self._draw(form, status=422)
        reason = form.cleaned_data["reason"]
        with acting(self.by, verb="flow.apply_calendar", reason=reason) as deed:
            moved = apply_calendar(self.by, reason)
            deed.detail = {"moved": moved}
        return self.done(f"已按现行日历调整 {moved} 个在办时限，每个都留有记录。", self.registry.url())

    def _draw(self, form: WhyForm, status: int = 200) -> HttpResponse:
        moved = moved_by_calendar(timetable())
        rows = [(limit, show(old) if old else "—", show(limit.due_at) if limit.due_at else "—") for limit, old in moved[:SHOWN]]
        context = {
            "form": form, "moved": len(moved), "rows": rows, "shown": SHOWN, "crumbs": self.crumbs(),
            "cancel_url": self.registry.url(), "submit_name": "调整这些时限", "heading": "日历变更对在办时限的影响",
        }  # fmt: skip
        page = "appcentre/calendar_limits.html"
        return answer(self.request, page, page, context, status=status)
