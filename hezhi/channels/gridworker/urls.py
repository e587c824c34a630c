"""Addresses of the grid worker's phone (网格员手机端)."""

from django.urls import path

from hezhi.channels.gridworker import pages, rest

urlpatterns = [
    path("", pages.home, name="grid-home"),
    path("report/", pages.report, name="grid-report"),
    path("mine/", pages.mine, name="grid-mine"),
    path("orders/<uuid:order_id>/", pages.order, name="grid-order"),
    path("orders/<uuid:order_id>/<slug:verb>/", pages.step, name="grid-step"),
    path("case/<uuid:case_id>/", pages.case, name="grid-case"),
    path("case/<uuid:case_id>/questions/", pages.questions, name="grid-questions"),
    path("elder/", pages.elder, name="grid-elder"),
    path("who/", rest.who, name="grid-who"),
    path("near/", rest.near, name="grid-near"),
    path("reports/<uuid:case_id>/", rest.put_report, name="grid-put"),
    path("reports/<uuid:case_id>/photos/<int:n>/", rest.put_photo, name="grid-put-photo"),
    path("sw.js", pages.worker, name="grid-worker-js"),
]
