"""Forms of the verbs (表单), drawn from the flow's own declaration; units and rungs are filled in here."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms

from hezhi.chapters.cases.supervision import rules
from hezhi.chapters.cases.supervision.flows import DAYS
from hezhi.chapters.cases.supervision.models import Kind, Matter, Rung
from hezhi.engines.flow.rules.life_cycle import Field, Verb
from hezhi.engines.org.api import Unit

Choices = list[tuple[str, Any]]


def unit_choices(without: Iterable[UUID] = ()) -> Choices:
    """Units that can be supervised: departments, towns, outside units and the centre, by name."""
    kinds = [Unit.Kind.DEPARTMENT, Unit.Kind.TOWN, Unit.Kind.OUTSIDE, Unit.Kind.CENTRE]
    rows = Unit.objects.filter(valid_to__isnull=True, kind__in=kinds).exclude(pk__in=list(without))
    return [(str(unit.pk), unit.name) for unit in rows.order_by("kind", "order", "code")]


def of_units(ids: Iterable[UUID]) -> Choices:
    """These units, by name."""
    return [(str(unit.pk), unit.name) for unit in Unit.objects.filter(pk__in=list(ids)).order_by("order", "code")]


def field_of(declared: Field, units: Choices) -> forms.Field:
    """One declared field as Django's; what is required says so in a sentence."""
    common: dict[str, Any] = {
        "label": declared.label, "required": declared.required, "help_text": declared.help,
        "error_messages": {"required": f"请填写{declared.label}。", "invalid_choice": "请从列表中选择。"},
    }  # fmt: skip
    if declared.kind == "units":
        return forms.MultipleChoiceField(choices=units, widget=forms.CheckboxSelectMultiple, **common)
    if declared.kind == "unit":
        return forms.ChoiceField(choices=units, **common)
    if declared.kind == "number":
        common["error_messages"] |= {
            "min_value": "最少填 1 个工作日。",
            "max_value": "最多填 30 个工作日。",
            "invalid": "请填写整数。",
        }
        return forms.IntegerField(min_value=1, max_value=30, initial=2, **common)
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, **common)


def form_of(verb: Verb, matter: Matter) -> Any:
    """The form class of a verb for this matter; the revision travels along, so that a colleague's change is noticed."""
    wanted = list(verb.fields)
    if verb.code == "add_unit":
        wanted.append(DAYS)
    units: Choices = []
    if verb.code == "add_unit":
        units = unit_choices(matter.units)
    elif any(each.kind == "unit" for each in wanted):
        units = of_units(matter.units)

    class Form(forms.Form):
        def __init__(self, data: Any = None) -> None:
            super().__init__(data)
            for declared in wanted:
                self.fields[declared.code] = field_of(declared, units)
            self.fields["revision"] = forms.IntegerField(
                widget=forms.HiddenInput, required=False, initial=matter.revision
            )

    return Form


def instruct_form(*, own_title: bool, phone: bool = False) -> Any:
    """A leader's task (批示交办); the words alone must be given, the keyboard's microphone takes dictation."""

    class Form(forms.Form):
        text = forms.CharField(
            label="批示内容", max_length=2000, widget=forms.Textarea(attrs={"rows": 4 if phone else 3}),
            help_text="可用输入法的话筒口述。" if phone else "", error_messages={"required": "请写明批示内容。"},
        )  # fmt: skip
        if own_title:
            title = forms.CharField(label="事项名称", max_length=60, required=False, help_text="不填则取批示的第一行。")
        days = forms.IntegerField(
            label="反馈时限（工作日）", min_value=1, max_value=30, initial=3,
            error_messages={"required": "请填写工作日数。", "invalid": "请填写整数。"},
        )  # fmt: skip
        units = forms.MultipleChoiceField(
            label="承办单位",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text="可不选，由督查员分解到单位。",
        )

        def __init__(self, data: Any = None) -> None:
            super().__init__(data)
            self.fields["units"].choices = unit_choices()  # type: ignore[attr-defined]

    return Form


def phrase_form(at_work: Iterable[UUID], *, secret: bool) -> Any:
    """A leader's task on a case: a phrase or his own words; the units at work are chosen already."""
    known = list(at_work)
    choices = of_units(known)
    choices = choices if secret else [*choices, *unit_choices(known)]

    class Form(forms.Form):
        phrase = forms.ChoiceField(
            label="常用批示", required=False, widget=forms.RadioSelect, choices=[(text, text) for text in rules.PHRASES]
        )
        text = forms.CharField(
            label="或写批示", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
            help_text="可用输入法的话筒口述。",
        )  # fmt: skip
        days = forms.IntegerField(
            label="反馈时限（工作日）", min_value=1, max_value=30, initial=3,
            error_messages={"required": "请填写工作日数。", "invalid": "请填写整数。"},
        )  # fmt: skip
        units = forms.MultipleChoiceField(
            label="承办单位", required=False, widget=forms.CheckboxSelectMultiple, choices=choices,
            initial=[str(key) for key in known],
        )  # fmt: skip

        def clean(self) -> dict[str, Any]:
            given = super().clean() or {}
            given["words"] = "".join(filter(None, (given.get("phrase", ""), given.get("text", "").strip())))
            if not given["words"]:
                self.add_error("phrase", "请选一句常用批示，或写下批示内容。")
            return given

    return Form


def open_form(units: Choices, *, late: bool) -> Any:
    """Supervision of a case by hand (发起督办)."""

    class Form(forms.Form):
        kind = forms.ChoiceField(
            label="督办类型", widget=forms.RadioSelect, initial=Kind.OVERDUE if late else Kind.KEY,
            choices=[(Kind.KEY.value, "重点事件督办（重点投诉、恶性事件、重大事件）"), *([(Kind.OVERDUE.value, Kind.OVERDUE.label)] if late else [])],
        )  # fmt: skip
        text = forms.CharField(
            label="督办要求", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
            error_messages={"required": "请写明督办要求。"},
        )  # fmt: skip
        units_at_work = forms.MultipleChoiceField(
            label="承办单位", widget=forms.CheckboxSelectMultiple, choices=units, initial=[value for value, _ in units],
            error_messages={"required": "请至少选择一个承办单位。"},
        )  # fmt: skip
        days = forms.IntegerField(label="反馈时限（工作日）", min_value=1, max_value=30, initial=2)
        rung = forms.ChoiceField(label="起始阶梯")

        def __init__(self, data: Any = None) -> None:
            super().__init__(data)
            rungs = [(str(rung.pk), rung.name) for rung in Rung.objects.order_by("order")]
            self.fields["rung"].choices = rungs  # type: ignore[attr-defined]

    return Form


def uuids(values: Iterable[str]) -> list[UUID]:
    """Chosen ids."""
    return [UUID(value) for value in values]
