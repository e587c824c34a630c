"""Addresses of the officer that belong to no chapter: start page, search by number, and the phone (手机端)."""

from django.urls import path

from hezhi.channels.officer import pages, phone

urlpatterns = [
    path("", pages.home, name="home"),
    path("todo/<uuid:todo_id>/claim/", pages.claim, name="todo-claim"),
    path("todo/<uuid:todo_id>/release/", pages.release, name="todo-release"),
    path("find/", pages.find, name="find"),
    path("m/", phone.home, name="phone-home"),
    path("m/orders/<uuid:order_id>/", phone.order, name="phone-order"),
    path("m/orders/<uuid:order_id>/<slug:verb>/", phone.step, name="phone-step"),
    path("m/elder/", phone.elder, name="phone-elder"),
]
