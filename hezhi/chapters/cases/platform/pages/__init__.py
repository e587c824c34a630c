"""The pages between us and the platforms (来源平台对接, 9.1.2-1)."""

from django.urls import path

from hezhi.chapters.cases.platform.pages import desk, one, sheets

urlpatterns = [
    path("", desk.page, name="platform-desk"),
    path("case/<uuid:case_id>/", one.page, name="platform-case"),
    path("case/<uuid:case_id>/ask/<slug:kind>/", one.ask_for, name="platform-ask"),
    path("case/<uuid:case_id>/follow-up/", one.follow_up, name="platform-follow-up"),
    path("case/<uuid:case_id>/filled/", one.fill, name="platform-fill"),
    path("requests/<uuid:request_id>/answer/", one.answer, name="platform-answer"),
    path("requests/<uuid:request_id>/withdraw/", one.withdraw, name="platform-withdraw"),
    path("sheets/", sheets.listed, name="platform-sheets"),
    path("sheets/new/", sheets.upload, name="platform-sheet-new"),
    path("sheets/ours/", sheets.ours, name="platform-sheet-ours"),
    path("sheets/<uuid:sheet_id>/", sheets.one, name="platform-sheet"),
    path("differences/<uuid:difference_id>/take/", sheets.take, name="platform-take"),
    path("differences/<uuid:difference_id>/explain/", sheets.explain, name="platform-explain"),
]
