"""Addresses of the officer desk that belong to no chapter: the start page and the search by number."""

from django.urls import path

from hezhi.channels.officer import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("todo/<uuid:todo_id>/claim/", pages.claim, name="todo-claim"),
    path("todo/<uuid:todo_id>/release/", pages.release, name="todo-release"),
    path("find/", pages.find, name="find"),
]
