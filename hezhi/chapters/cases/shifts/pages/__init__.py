"""The pages of shifts (值班与交接班)."""

from django.urls import path

from hezhi.chapters.cases.shifts.pages import desk

urlpatterns = [
    path("", desk.page, name="shifts-desk"),
    path("calls/<uuid:call_id>/answer/", desk.acknowledge, name="shifts-acknowledge"),
    path("case/<uuid:case_id>/promise/", desk.promise, name="shifts-promise"),
    path("promises/<uuid:promise_id>/kept/", desk.keep, name="shifts-keep"),
    path("handovers/new/", desk.hand_over, name="shifts-hand-over"),
    path("handovers/<uuid:handover_id>/", desk.one, name="shifts-handover"),
    path("handovers/<uuid:handover_id>/take/", desk.take_over, name="shifts-take-over"),
]
