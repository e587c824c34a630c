"""Django's name tag of this room."""

from django.apps import AppConfig


class FlowConfig(AppConfig):
    name = "hezhi.engines.flow"
    label = "flow"
    verbose_name = "流程与时限"
