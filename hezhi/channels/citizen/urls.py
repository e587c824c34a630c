"""Addresses of the citizen's phone page (市民通)."""

from django.urls import path

from hezhi.channels.citizen import mine, pages, public, rest

urlpatterns = [
    path("", pages.home, name="citizen-home"),
    path("report/", pages.report, name="citizen-report"),
    path("follow/", pages.follow, name="citizen-follow"),
    path("mine/", mine.page, name="citizen-mine"),
    path("mine/ask/", mine.ask, name="citizen-mine-ask"),
    path("mine/enter/", mine.enter, name="citizen-mine-enter"),
    path("mine/leave/", mine.leave, name="citizen-mine-leave"),
    path("done/<uuid:case_id>/", pages.done, name="citizen-done"),
    path("case/<uuid:case_id>/", pages.case, name="citizen-case"),
    path("case/<uuid:case_id>/add/", pages.add, name="citizen-add"),
    path("case/<uuid:case_id>/questions/", pages.questions, name="citizen-questions"),
    path("case/<uuid:case_id>/urge/", pages.urge, name="citizen-urge"),
    path("case/<uuid:case_id>/telling/", pages.telling, name="citizen-telling"),
    path("case/<uuid:case_id>/visit/", pages.visit, name="citizen-visit"),
    path("case/<uuid:case_id>/rate/", pages.rate, name="citizen-rate"),
    path("open/", public.page, name="citizen-public"),
    path("open/points/", public.points, name="citizen-public-points"),
    path("open/<str:code>.atom", public.feed, name="citizen-public-feed"),
    path("forget/", pages.forget, name="citizen-forget"),
    path("privacy/", pages.privacy, name="citizen-privacy"),
    path("language/", pages.language, name="citizen-language"),
    path("elder/", pages.elder, name="citizen-elder"),
    path("who/", rest.who, name="citizen-who"),
    path("near/", rest.near, name="citizen-near"),
    path("reports/<uuid:case_id>/", rest.put_report, name="citizen-put"),
    path("reports/<uuid:case_id>/photos/<int:n>/", rest.put_photo, name="citizen-put-photo"),
    path("sw.js", pages.worker, name="citizen-worker"),
]
