"""Django's name tag of this room."""

from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "hezhi.engines.org"
    label = "org"
    verbose_name = "组织与权限"
