"""What is asked when a roster is written (排班表单)."""

from datetime import timedelta
from typing import Any

from django import forms

from hezhi.chapters.appcentre.roster import queries, rules
from hezhi.chapters.appcentre.users.pages.forms import MomentField, PersonField
from hezhi.engines.org.api import DutyShift, Unit, User
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.time import at_local

RANKS = [(1, "第一顺位（先呼叫）"), (2, "第二顺位"), (3, "第三顺位"), (4, "第四顺位")]
DAY_SHIFTS = "早班 08:30-17:30\n晚班 17:30-次日08:30"
WEEK = list(zip(range(7), ("周一", "周二", "周三", "周四", "周五", "周六", "周日"), strict=True))


class DayField(forms.DateField):
    """A day, chosen in the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RankFields(forms.Form):
    """When in the order somebody is called, and how long he has to answer."""

    rank = forms.TypedChoiceField(label="呼叫顺位", choices=RANKS, coerce=int, initial=1)
    answer_within = forms.IntegerField(
        label="应答时限（分钟）", min_value=1, max_value=120, initial=10, help_text="超过时限未应答，自动呼叫下一顺位。",
        error_messages={"min_value": "最少 1 分钟。", "max_value": "最多 120 分钟。"},
    )  # fmt: skip


class OneShift(RankFields):
    """One line of the roster (登记班次)."""

    person = forms.ChoiceField(label="值班人", error_messages={"required": "请选择值班人。"})
    starts_at = MomentField(label="开始")
    ends_at = MomentField(label="结束")
    field_order = ["person", "starts_at", "ends_at", "rank", "answer_within"]

    def __init__(self, data: Any = None, *, unit: Unit, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial or {})
        people = queries.people_of(unit)
        self.people = {str(person.pk): person for person in people}
        if initial and isinstance(initial.get("person"), User):
            kept: User = initial["person"]
            self.people.setdefault(str(kept.pk), kept)
            self.initial["person"] = str(kept.pk)
        choices = [("", "请选择"), *((key, person.full_name) for key, person in self.people.items())]
        self.fields["person"].choices = choices  # type: ignore[attr-defined]
        if not people:
            self.fields["person"].help_text = "这个单位还没有在岗人员，请先授予岗位。"

    def wanted(self) -> dict[str, Any]:
        """The fields as the verb takes them."""
        given = dict(self.cleaned_data)
        return given | {"user": self.people[given.pop("person")]}


class ChangedShift(OneShift):
    """Another person, or another time (调班), and why."""

    reason = forms.CharField(
        label="事由",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明调班事由。"},
    )

    def __init__(self, data: Any = None, *, shift: DutyShift) -> None:
        kept = {name: getattr(shift, name) for name in ("starts_at", "ends_at", "rank", "answer_within")}
        super().__init__(data, unit=shift.unit, initial=kept | {"person": shift.user})


class Pattern(RankFields):
    """A repeating roster (批量排班)."""

    people = forms.CharField(
        label="值班人（按轮换顺序，一行一人）", widget=forms.Textarea(attrs={"rows": 6}), help_text="姓名或登录名。",
        error_messages={"required": "请至少填写一位值班人。"},
    )  # fmt: skip
    turns = forms.CharField(
        label="班次（一行一班）", widget=forms.Textarea(attrs={"rows": 3}), initial=DAY_SHIFTS,
        help_text="如“早班 08:30-17:30”“晚班 17:30-次日08:30”；全天一班写“全天 08:30-次日08:30”。",
    )  # fmt: skip
    first = DayField(label="从哪天")
    last = DayField(label="到哪天", help_text=f"含当天，一次最多 {rules.LONGEST_DAYS} 天。")
    rotation = forms.ChoiceField(
        label="轮换方式", choices=[(code.value, name) for code, name in rules.ROTATIONS.items()], widget=forms.RadioSelect,
        initial=rules.Rotation.EACH_WEEK.value,
    )  # fmt: skip
    weekdays = forms.TypedMultipleChoiceField(
        label="哪几天排班", choices=WEEK, coerce=int, widget=forms.CheckboxSelectMultiple, initial=list(range(7)),
        error_messages={"required": "请至少选择一天。"},
    )  # fmt: skip
    keep = forms.BooleanField(label="已排的不动，只补空档", required=False)
    field_order = [
        "people", "turns", "first", "last", "rotation", "weekdays", "rank", "answer_within", "keep",
    ]  # fmt: skip

    def __init__(self, data: Any = None, *, unit: Unit) -> None:
        tomorrow = time.today() + timedelta(days=1)
        self.near = {
            name: person for person in queries.people_of(unit) for name in (person.full_name, person.login_name)
        }
        names = "\n".join(dict.fromkeys(person.full_name for person in self.near.values()))
        super().__init__(data, initial={"people": names, "first": tomorrow, "last": tomorrow + timedelta(days=27)})

    def clean_people(self) -> list[User]:
        """Every line one colleague, those of the unit first; a line that means nobody, or two, is told."""
        field, found, wrong = PersonField(), [], []
        for line in filter(str.strip, self.cleaned_data["people"].splitlines()):
            try:
                found.append(self.near.get(line.strip()) or field.clean(line))
            except forms.ValidationError as fault:
                wrong += fault.messages
        if wrong:
            raise forms.ValidationError(wrong)
        return found

    def clean_turns(self) -> str:
        """Turns that can be read."""
        try:
            rules.read_turns(self.cleaned_data["turns"])
        except BadInput as refusal:
            raise forms.ValidationError(refusal.fields["turns"]) from None
        return str(self.cleaned_data["turns"])


class Reason(forms.Form):
    """Why a shift is taken off (取消事由)."""

    reason = forms.CharField(
        label="事由",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明事由。"},
    )


class Nothing(forms.Form):
    """A question without a field."""


def next_start() -> dict[str, Any]:
    """What a new shift is proposed with: tomorrow, in office hours."""
    midnight = at_local(time.today() + timedelta(days=1))
    return {
        "starts_at": midnight + timedelta(hours=8, minutes=30),
        "ends_at": midnight + timedelta(hours=17, minutes=30),
    }
