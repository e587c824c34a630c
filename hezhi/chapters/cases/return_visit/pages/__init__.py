"""The pages of return visits that no registry can give (回访页面, 9.1.2-2)."""

from django.urls import path

from hezhi.chapters.cases.return_visit.pages import desk

urlpatterns = [
    path("", desk.queue, name="visits"),
    path("exclusions/", desk.exclusions, name="visit-exclusions"),
    path("<uuid:case_id>/give-up/", desk.give_up, name="visit-give-up"),
    path("<uuid:case_id>/exclude/", desk.exclude, name="visit-exclude"),
]
