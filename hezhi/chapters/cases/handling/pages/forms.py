"""Forms of the verbs, drawn from the flow's own declaration (表单): the table of verbs is the only list of fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Exists, OuterRef
from django.forms import BoundField

from hezhi.chapters.cases.handling.actions.dispatching import KEEP_IT, nobody_signs
from hezhi.chapters.cases.handling.actions.turning import VERBS
from hezhi.chapters.cases.handling.models import Case, Category, Urgency
from hezhi.chapters.cases.handling.queries import (
    UnitChoice,
    asked_of_lead,
    joint_draft,
    starting_reply,
    suggested_units,
)
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.rules.life_cycle import Field, Verb
from hezhi.engines.org.models import Post, Unit
from hezhi.engines.org.queries import somebody_may
from hezhi.engines.records.files import LookedThrough, look_through
from hezhi.ground import time
from hezhi.ground.ui.fields import ManyFiles, Words

Choices = list[tuple[str, Any]]
YES_NO = [("yes", "是"), ("no", "否")]
NOBODY = "暂无签收人"
FEW = 12
"""Up to so many units without anybody are shown greyed; more of them would bury those that work."""
PROPOSED = "建议"
NO_WORK = frozenset({"make_secret", "confer"})
"""Verbs that name units without giving them work: nobody need be there to sign."""
CALLS = frozenset({"ask_help", "whistle"})
"""Verbs that call others to help: of fifty units the likely ones come first."""


@dataclass(frozen=True)
class Units:
    """The units of one form (可选单位): those to choose from, and those in which nobody can sign today."""

    choices: Choices = field(default_factory=list)
    nobody: dict[str, str] = field(default_factory=dict)
    otherwise: str = ""

    @property
    def greyed(self) -> dict[str, str]:
        """The units without anybody that are shown all the same, so that one sees why they cannot be chosen."""
        return self.nobody if len(self.nobody) <= FEW else {}

    @property
    def told(self) -> str:
        """How many units cannot be chosen, and what to do instead; empty when all can."""
        if not self.nobody:
            return ""
        how = "不能选" if self.greyed else "没有列出"
        return f"{len(self.nobody)} 个单位{NOBODY}，{how}。{self.otherwise or '如需派给它们，请系统管理员先安排人员。'}"


class _Greyed:
    """Units without anybody stand at the end of the list and cannot be chosen (灰显)."""

    greyed: dict[str, str]

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> list[Any]:
        groups: list[Any] = super().optgroups(name, value, attrs)  # type: ignore[misc]
        rows = []
        for n, (key, label) in enumerate(self.greyed.items(), len(groups)):
            row = self.create_option(name, key, f"{label}（{NOBODY}）", False, n)  # type: ignore[attr-defined]
            row["attrs"]["disabled"] = True
            rows.append(row)
        return [*groups, (None, rows, len(groups))] if rows else groups


class _OneOf(_Greyed, forms.Select):
    """A list of units."""


class _SomeOf(_Greyed, forms.CheckboxSelectMultiple):
    """Units to be ticked."""


class _Staffed:
    """A field of units that tells apart a unit without anybody and one that was never offered."""

    nobody: dict[str, str]
    otherwise: str

    def valid_value(self, value: Any) -> bool:
        if str(value) in self.nobody:
            raise forms.ValidationError(nobody_signs(self.nobody[str(value)], self.otherwise))
        return bool(super().valid_value(value))  # type: ignore[misc]


class UnitField(_Staffed, forms.ChoiceField):
    """One unit (单位)."""


class UnitsField(_Staffed, forms.MultipleChoiceField):
    """Several units."""


def _staffed(found: forms.Field, units: Units, widget: Any) -> forms.Field:
    """The field with what it must know of the units without anybody."""
    found.nobody, found.otherwise = units.nobody, units.otherwise  # type: ignore[attr-defined]
    widget.greyed = units.greyed
    return found


def form_of(
    verb: Verb, case: Case, order: WorkOrder | None = None, data: Any = None, initial: dict[str, Any] | None = None
) -> forms.Form:
    """The form of a verb for this case; the revision travels along, so that a colleague's change is noticed."""
    # What was sent needs no proposals: they would only cost statements.
    start = _initial(verb, case, order) if data is None else {}
    form = forms.Form(data, initial={**start, **(initial or {})})
    units, told = None, ""
    for declared in verb.fields:
        if verb.code in ASKS_ONCE and declared.kind == "category" and case.category_id:
            continue
        if declared.kind in ("unit", "units") and units is None:
            units = _units_of(verb, case, order, propose=data is None)
            # Proposals cost statements: of what was sent the list keeps its plain order.
            first = "最可能的单位排在前面。" if data is None and verb.code in CALLS else ""
            told = first + units.told
        form.fields[declared.code] = _field(declared, verb, units or Units())
        if declared.kind in ("unit", "units") and told:
            # Said once, at the first list of units.
            form.fields[declared.code].help_text = f"{form.fields[declared.code].help_text}{told}"
            told = ""
    if verb.code == "reply" and order is not None and order.part == WorkOrder.Part.LEAD and order.parent_id is None:
        _asks_for_the_result(form)
    if verb.code in ASKS_ONCE and "category" in form.fields:
        form.fields["category"].required = True
        form.fields["category"].error_messages["required"] = "这件事还没有类别，请先选择类别再答复。"
    if verb.code == "call_back":
        _asks_only_who_was_reached(form, case)
    form.fields["revision"] = forms.IntegerField(widget=forms.HiddenInput, required=False)
    return form


ASKS_ONCE = frozenset({"answer_directly"})
"""Verbs that ask for the category where the case has none yet, and not again where it has."""
RESULT = ("finding", "contacted", "solved")


def _asks_for_the_result(form: forms.Form) -> None:
    """The leading unit answers for the whole: what it found and whether it is solved must be said."""
    for name in RESULT:
        form.fields[name].required = True
        form.fields[name].error_messages["required"] = f"请选择「{form.fields[name].label}」。"
    form.fields["unsolved_reason"].widget.attrs["data-must-if"] = "solved=no"


OF_THE_REACHED = ("true_matter", "contacted", "solved", "satisfied", "satisfied_attitude", "reason")


def _asks_only_who_was_reached(form: forms.Form, case: Case) -> None:
    """What only the reporter can answer goes away while he was not reached; of a unit only where one had the case."""
    if case.lead_unit_id is None:
        del form.fields["contacted"]
    for name in OF_THE_REACHED:
        if name in form.fields:
            form.fields[name].widget.attrs["data-gone-if"] = "reached=no"


FILES = (("before", "处置前照片"), ("after", "处置后照片"), ("files", "其他照片或附件"))


def add_files(form: forms.Form, verb: Verb, files: Any, *, camera: bool = False) -> None:
    """The fields for files of a step; of handling, photos before and after stand apart (处置前后照片)."""
    named = FILES if verb.code in ("handle", "reply") else (("files", "照片或附件"),)
    for name, label in named:
        accept = {"accept": "image/*"} | ({"capture": "environment"} if camera else {})
        if name == "files" and not camera:
            accept = {"accept": "image/*,.pdf,.docx,.xlsx"}
        help_text = "可不拍。" if camera else "可选。照片会自动去除拍摄位置等隐藏信息。" if name == "files" else ""
        widget = forms.FileInput(attrs=accept) if camera else ManyFiles(attrs=accept)
        form.fields[name] = forms.FileField(label=label, required=False, help_text=help_text, widget=widget)
    form.files = files


def looked_through(files: Any, verb: Verb) -> list[tuple[str, list[LookedThrough]]]:
    """The files of a step by stage, looked through before anything is locked."""
    return [
        (verb.code if name == "files" else name, look_through(files.getlist(name), field=name)) for name, _ in FILES
    ]


def _initial(verb: Verb, case: Case, order: WorkOrder | None) -> dict[str, Any]:
    start: dict[str, Any] = {"revision": case.revision, "urgency": case.urgency, "hours": 2, "days": 5}
    if case.category_id:
        start["category"] = str(case.category_id)
    elif case.suggestion.get("category") and case.suggestion.get("confident"):
        # What is only guessed is offered beside the form and not chosen for the officer.
        found = Category.objects.filter(code=case.suggestion["category"]).values_list("pk", flat=True).first()
        start["category"] = str(found) if found else None
    if verb.code == "confer":
        start["held_on"] = time.today()
    if verb.code == "conclude" and order is not None:
        start["joint"] = joint_draft(flow.orders_of(case.pk), order)
    if verb.code == "mark":
        start["mark"] = case.mark or None
    if verb.code == "answer_apart":
        start["reply"] = starting_reply(case)
    if verb.code == "dispatch":
        choices = suggested_units(case)
        start["lead"] = str(choices[0].unit.pk) if choices else None
    if verb.code == "transfer":
        start["request"] = asked_of_lead(flow.orders_of(case.pk))
    if verb.code == "reply" and order is not None:
        told = {True: "yes", False: "no"}
        start |= {
            "reply": order.reply, "public_reply": order.public_reply, "finding": order.result.get("finding"),
            "contacted": told.get(order.result.get("contacted")), "solved": told.get(order.result.get("solved")),
            "unsolved_reason": order.result.get("reason", ""),
        }  # fmt: skip
    return start


def _field(declared: Field, verb: Verb, units: Units) -> forms.Field:
    """One declared field as Django's; what is required says so in a sentence."""
    common: dict[str, Any] = {
        "label": declared.label,
        "required": declared.required,
        "help_text": declared.help or _help(declared, verb),
        "error_messages": {"required": f"请填写{declared.label}。", "invalid_choice": "请从列表中选择。"},
    }
    if declared.kind == "category":
        return forms.ChoiceField(choices=[("", "请选择"), *category_choices()], **common)
    if declared.kind == "unit":
        nothing = "请选择" if declared.required else "不清楚，请派遣台重新派遣"
        one = UnitField(choices=[("", nothing), *units.choices], widget=_OneOf, **common)
        return _staffed(one, units, one.widget)
    if declared.kind == "units":
        some = UnitsField(choices=_flat(units.choices), widget=_SomeOf, **common)
        return _staffed(some, units, some.widget)
    if declared.kind == "choice":
        return forms.ChoiceField(choices=declared.choices or Urgency.choices, widget=forms.RadioSelect, **common)
    if declared.kind == "yesno":
        return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, **common)
    if declared.kind == "number":
        most, unit = {"hours": (72, "小时"), "assist_days": (30, "个工作日")}.get(declared.code, (10, "个工作日"))
        common["error_messages"] |= {
            "min_value": f"最少填 1 {unit}。", "max_value": f"最多填 {most} {unit}。", "invalid": "请填写整数。",
        }  # fmt: skip
        return forms.IntegerField(min_value=1, max_value=most, **common)
    if declared.kind == "case":
        return forms.CharField(max_length=30, **common)
    if declared.kind == "date":
        return forms.DateField(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **common)
    if declared.code == "unsolved_reason":
        return Words(most=300, **common)
    rows = 6 if declared.kind == "parts" or declared.code in ("reply", "public_reply", "joint") else 3
    most = 300 if declared.code == "reason" and verb.code == "call_back" else 5000
    return Words(widget=forms.Textarea(attrs={"rows": rows}), most=most, **common)


def _help(declared: Field, verb: Verb) -> str:
    """A short hint where officers ask for one."""
    return {
        "days": "按工作日计，累计不超过 10 个工作日，须在到期前申请。",
        "review_on": "到这一天会提醒复核是否恢复办理；超过 90 天的，审批人会看到提示。",
        "parts": "每行写一件，每件生成一个新编号。",
        "into": "填写对方的事件编号，例如 SJ26112200001。",
        "barred": "所选单位及其下级不能承办，也看不到本件。",
        "public_reply": "这段话会原样答复上报人，请用平实的话写清结果。",
        "unsolved_reason": "选「否」时必填。",
    }.get(declared.code, "")


def category_choices() -> Choices:
    """Active categories in groups of their first level."""
    rows = list(Category.objects.filter(active=True).select_related("parent").order_by("code"))
    parents = {row.parent_id for row in rows}
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if row.pk not in parents:
            groups.setdefault(row.parent.name if row.parent else row.name, []).append((str(row.pk), row.name))
    return list(groups.items())


def _units_of(verb: Verb, case: Case, order: WorkOrder | None, *, propose: bool) -> Units:
    """Units that may be chosen for this verb: those below for 下派, departments and towns otherwise."""
    rows = Unit.objects.filter(valid_to__isnull=True)
    if case.barred_unit_id:
        rows = rows.exclude(path__startswith=Unit.objects.get(pk=case.barred_unit_id).path)
    below = verb.code == "pass_down" and order is not None
    if below and order is not None:
        rows = rows.filter(path__startswith=order.unit.path).exclude(pk=order.unit_id)
    else:
        # Whom nobody could ever sign for, an office of supervisors say, is not offered.
        signs = Post.objects.filter(
            unit=OuterRef("pk"), valid_to__isnull=True, role__permissions__contains=["cases.sign"]
        )
        rows = rows.filter(Exists(signs), kind__in=[Unit.Kind.DEPARTMENT, Unit.Kind.TOWN, Unit.Kind.OUTSIDE])
    if verb.code in NO_WORK:
        return Units(_grouped(rows))
    found: list[Any] = list(rows.annotate(signs=somebody_may("cases.sign")))
    groups = _grouped(unit for unit in found if unit.signs)
    if propose and verb.code in ("dispatch", "transfer"):
        groups = _first([(str(c.unit.pk), f"{c.unit.name} — {c.reason}") for c in proposed_for(verb, case)], groups)
    if propose and verb.code in CALLS:
        places = [unit for unit in found if unit.signs and unit.area_id and unit.area_id == case.town_id]
        likely = {c.unit.pk: c.unit for c in suggested_units(case)} | {unit.pk: unit for unit in places}
        offered = {value for _, options in groups for value, _ in options}
        groups = _first([(str(pk), unit.name) for pk, unit in likely.items() if str(pk) in offered], groups)
    nobody = {str(unit.pk): unit.name for unit in found if not unit.signs}
    return Units(groups, nobody, KEEP_IT if below else "")


def _first(likely: list[tuple[str, str]], groups: Choices) -> Choices:
    """The likely units as a group of their own before the others."""
    known = {value for value, _ in likely}
    return (
        [(PROPOSED, likely), *[(g, [o for o in options if o[0] not in known]) for g, options in groups]]
        if likely
        else groups
    )


def other_units(form: forms.Form, proposed: Sequence[tuple[int, str, Any]], chosen: str) -> BoundField | None:
    """A list of the units that are not proposed (其他单位), beside buttons for those that are; empty changes nothing."""
    if not proposed:
        return None
    lead: Any = form.fields["lead"]
    known = {value for _, value, _ in proposed}
    rest = [(group, options) for group, options in lead.choices[1:] if group != PROPOSED]
    found = forms.ChoiceField(label="其他单位", required=False, choices=[("", "不改"), *rest], widget=_OneOf)
    found.widget.greyed = lead.nobody if len(lead.nobody) <= FEW else {}  # type: ignore[attr-defined]
    found.widget.attrs = {"class": "form-select", "aria-label": "其他单位", "data-narrow": "单位"}
    shown = forms.Form(initial={"lead_other": "" if chosen in known else chosen})
    shown.fields["lead_other"] = found
    return shown["lead_other"]


def proposed_for(verb: Verb, case: Case) -> list[UnitChoice]:
    """The units proposed for this verb: whoever leads already is not proposed for a transfer (转办)."""
    present = case.lead_unit_id if verb.code == "transfer" else None
    return [choice for choice in suggested_units(case) if choice.unit.pk != present]


def dispatch_choices(case: Case) -> Choices:
    """Every unit that may be given this case."""
    return _units_of(VERBS["transfer"], case, None, propose=False).choices


def barred_choices() -> Choices:
    """Every unit a report may complain of (被反映单位); none is a choice too."""
    return [("", "没有或不明"), *_grouped(Unit.objects.filter(valid_to__isnull=True).order_by("order", "code"))]


def _grouped(units: Iterable[Unit]) -> Choices:
    groups: dict[str, list[tuple[str, str]]] = {}
    for unit in units:
        groups.setdefault(unit.get_kind_display(), []).append((str(unit.pk), unit.name))
    return list(groups.items())


def _flat(groups: Choices) -> Choices:
    """One list of all units, by name alone: the reason of a suggestion belongs to the lead."""
    return [(value, label.split(" — ")[0]) for _, options in groups for value, label in options]


def uuid_of(value: Any) -> UUID | None:
    """A chosen id, or none when nothing was chosen."""
    return UUID(str(value)) if value else None


def yes_of(value: Any) -> bool | None:
    """A yes, a no, or no answer."""
    return {"yes": True, "no": False}.get(str(value))
