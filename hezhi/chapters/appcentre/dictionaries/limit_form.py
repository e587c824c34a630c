"""What a time limit may be for (时限规则的适用条件): stage, kind, category and urgency are chosen, by name or by code.

A rule for a code that no matter ever has would stand in the table and never apply.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from hezhi.chapters.appcentre.dictionaries.pages import STAGES
from hezhi.chapters.cases.handling.api import Category, Kind, Urgency
from hezhi.engines.flow import timing
from hezhi.engines.flow.calendar_change import HELP
from hezhi.engines.flow.models import LimitRule
from hezhi.ground.ui.fields import CodeField, form_field

RULED = {code: name for code, name in STAGES.items() if code not in (timing.TOTAL, HELP)}
"""Stages that have limits by rule beside the total one; how long a helper has is asked with each order."""


class PathField(CodeField):
    """A category by its path from the root (类别路径); its code and its full name are taken as well."""

    fixed = False

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value)
        if "/" in typed or typed in self.codes:
            return typed
        return next((path for path in self.codes if path.rpartition("/")[2] == typed), typed)

    def validate(self, value: Any) -> None:
        """Told without the list of all: there are hundreds."""
        if value and not self.valid_value(value):
            raise ValidationError(
                f"没有“{value}”这个类别。请填类别路径（如 03/0301）、类别代码或完整名称。", code="unknown"
            )


def categories() -> list[tuple[str, str]]:
    """Every category by its path, with its full name; one out of use is told so."""
    rows = Category.objects.order_by("path").values_list("path", "full_name", "active")
    return [("", "全部类别"), *((path, name if active else f"{name}（已停用）") for path, name, active in rows)]


class LimitRuleForm(forms.ModelForm):
    """A time limit as it is entered: for which matters, how long, since when."""

    stage = CodeField(label="环节", choices=[("", STAGES[timing.TOTAL]), *RULED.items()], required=False)
    matter_kind = CodeField(label="事件类型", choices=[("", "全部类型"), *Kind.choices], required=False)
    category = PathField(label="类别路径", choices=categories, required=False, help_text="对其下各级同样适用。")
    urgency = CodeField(label="紧急程度", choices=[("", "全部"), *Urgency.choices], required=False)
    sections = (
        ("适用", ("name", "stage", "matter_kind", "category", "urgency")),
        ("时限", ("amount", "unit", "basis", "valid_from")),
    )

    class Meta:
        model = LimitRule
        fields = ("name", "stage", "matter_kind", "category", "urgency", "amount", "unit", "basis", "valid_from")
        formfield_callback = form_field
