from django.apps import AppConfig


class UiConfig(AppConfig):
    """Templates, tags and static files of the house; it owns no table."""

    name = "hezhi.ground.ui"
    label = "ui"
    verbose_name = "界面组件"
