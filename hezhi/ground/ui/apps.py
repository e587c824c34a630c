from django import forms
from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class UiConfig(AppConfig):
    """Templates, tags and static files of the house; it owns no table."""

    name = "hezhi.ground.ui"
    label = "ui"
    verbose_name = "界面组件"

    def ready(self) -> None:
        """One wording of what is missing, everywhere (必填提示): Django's own is another one."""
        forms.Field.default_error_messages["required"] = gettext_lazy("请填写。")
        for choosing in (forms.ChoiceField, forms.ModelChoiceField, forms.FileField):
            choosing.default_error_messages["required"] = gettext_lazy("请选择。")
