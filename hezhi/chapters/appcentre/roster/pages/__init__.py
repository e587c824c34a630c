"""Pages of the roster (值班表): all units now, one unit by week or month, and what is asked when it is written."""

from django.urls import path

from hezhi.chapters.appcentre.roster.pages import sheets, writing

urlpatterns = [
    path("", sheets.overview, name="roster"),
    path("<uuid:unit_id>/", sheets.unit, name="roster-unit"),
    path("<uuid:unit_id>/new/", writing.new, name="roster-new"),
    path("<uuid:unit_id>/plan/", writing.plan, name="roster-plan"),
    path("<uuid:unit_id>/copy-week/", writing.copy_week, name="roster-copy"),
    path("shifts/<uuid:shift_id>/", writing.change, name="roster-change"),
    path("shifts/<uuid:shift_id>/cancel/", writing.cancel, name="roster-cancel"),
]
