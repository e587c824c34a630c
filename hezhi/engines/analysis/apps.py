"""Django's name tag of this room."""

from django.apps import AppConfig


class AnalysisConfig(AppConfig):
    name = "hezhi.engines.analysis"
    label = "analysis"
    verbose_name = "文本与分析"
