"""The addresses of small places on the grid worker's phone (场所检查)."""

from django.urls import path

from hezhi.chapters.grassroots.registers.pages import checking

urlpatterns = [
    path("", checking.phone_places, name="grid-places"),
    path("<uuid:id>/", checking.phone_place, name="grid-place"),
    path("<uuid:id>/check/", checking.phone_check, name="grid-place-check"),
    path("<uuid:id>/recheck/", checking.phone_recheck, name="grid-place-recheck"),
]
