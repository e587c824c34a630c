"""Addresses of the hall screen (指挥大屏)."""

from django.urls import path

from hezhi.channels.wall import pages

urlpatterns = [
    path("", pages.wall, name="wall"),
    path("figures.json", pages.figures, name="wall-figures"),
    path("shading.json", pages.shading, name="wall-shading"),
    path("situation/", pages.situation, name="wall-situation"),
    path("situation/figures.json", pages.situation_figures, name="wall-situation-figures"),
    path("situation/shading.json", pages.situation_shading, name="wall-situation-shading"),
    path("situation/spots.json", pages.situation_spots, name="wall-situation-spots"),
]
