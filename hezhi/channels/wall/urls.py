"""Addresses of the hall screen (指挥大屏)."""

from django.urls import path

from hezhi.channels.wall import pages

urlpatterns = [
    path("", pages.wall, name="wall"),
    path("figures.json", pages.figures, name="wall-figures"),
    path("shading.json", pages.shading, name="wall-shading"),
]
