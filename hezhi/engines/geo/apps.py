"""Django's name tag of this room."""

from django.apps import AppConfig


class GeoConfig(AppConfig):
    name = "hezhi.engines.geo"
    label = "geo"
    verbose_name = "区域与地图"
