"""One dispute on screen (纠纷详情): register, the steps of mediation, parties masked and revealed for a purpose."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.handling.api import queries as cases
from hezhi.chapters.cases.mediation import actions, queries
from hezhi.chapters.cases.mediation.flows import DISPUTE
from hezhi.chapters.cases.mediation.models import Agreement, Dispute, Party, Referral, Session
from hezhi.chapters.cases.mediation.queries import DisputeFile
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.engines.registry.dictionaries import current
from hezhi.ground import time
from hezhi.ground.errors import NotFound, Refusal
from hezhi.ground.masks import entry_warning, mask, mask_text
from hezhi.ground.ui.asking import ask, tell
from hezhi.ground.ui.shapes import Action, Crumb, Fact, TimelineItem

clause = "9.1.2-2"
Given = dict[str, Any]
YES_NO = [("yes", "是"), ("no", "否")]
SAID = {"yes": True, "no": False}
HIDDEN = "由调解员和登记人查阅。"


def words(label: str, rows: int = 4, *, required: bool = True, most: int = 2000, hint: str = "") -> forms.CharField:
    """Some sentences to write."""
    return forms.CharField(
        label=label, max_length=most, required=required, help_text=hint, widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": f"请填写{label}。"},
    )  # fmt: skip


def line(label: str, most: int = 100, *, required: bool = True, hint: str = "") -> forms.CharField:
    """One line to write."""
    return forms.CharField(
        label=label, max_length=most, required=required, help_text=hint, error_messages={"required": f"请填写{label}。"}
    )


def day(label: str, *, required: bool = True, **more: Any) -> forms.DateField:
    """A day."""
    return forms.DateField(
        label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": f"请填写{label}。", "invalid": "日期格式不对。"}, **more,
    )  # fmt: skip


def choice(label: str, choices: Any, *, radio: bool = True, required: bool = True) -> forms.ChoiceField:
    """One of some."""
    widget = forms.RadioSelect if radio else forms.Select
    said = {"required": f"请选择{label}。", "invalid_choice": "请从列表中选择。"}
    return forms.ChoiceField(label=label, choices=choices, required=required, widget=widget, error_messages=said)


class NewForm(forms.Form):
    """What GB/T 31000 asks of a dispute, without the people."""

    name = line("事件名称", hint="如“某小区楼道堆物纠纷”，不写姓名。")
    on = day("发生日期")
    address = line("发生地点")
    category = forms.ChoiceField(label="事件类别")
    scale = forms.ChoiceField(label="事件规模")
    people = forms.IntegerField(label="涉及人数", min_value=2, initial=2)
    units = line("涉及单位", required=False)
    summary = words("事件简述", 5, hint="加密保存。")
    due_on = day("化解时限", initial=lambda: time.today() + timedelta(days=30))
    method = forms.ChoiceField(label="化解方式")
    mediator_org = line("化解组织", hint="如“和安社区人民调解委员会”。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: dict[str, Any] = self.fields
        offered["category"].choices = [each for each in current("disputes") if len(each[0]) == 4 or each[0] == "99"]
        offered["scale"].choices, offered["method"].choices = current("dispute_scale"), current("dispute_method")


@needs("mediation.register", clause=clause)
def new(request: HttpRequest) -> HttpResponse:
    """Register a dispute, by itself or from a case."""
    by = reader(request)
    case = cases.case_for(by, _uuid(request.GET["case"])) if request.GET.get("case") else None
    start = {"address": case.place, "on": time.local(case.received_at).date()} if case and not case.secret else {}
    form = NewForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.register(by=by, case_id=case.pk if case else None, **form.cleaned_data)
            warning = entry_warning(form.cleaned_data["name"])
            if warning:
                messages.warning(request, warning)
            return redirect("mediation", dispute_id=row.pk)
        except Refusal as refusal:
            tell(form, refusal)
    context = {
        "form": form, "submit_name": "登记", "cancel_url": "/r/disputes/", "action_url": request.get_full_path(),
        "case": case, "crumbs": [Crumb("矛盾纠纷", "/r/disputes/"), Crumb("登记纠纷")],
    }  # fmt: skip
    return render(request, "mediation/new.html", context, status=422 if form.is_bound else 200)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("没有找到这件事。", code="cases.not_found") from None


@needs("mediation.view", clause=clause)
@require_safe
def page(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """The whole file of a dispute on one page."""
    by = reader(request)
    file = queries.dispute_file(by, dispute_id)
    row, names = file.row, queries.party_names(file.parties)
    reads = file.works or by.may("mediation.register")

    def told(text: str) -> str:
        return mask_text(text) if reads else HIDDEN

    context = {
        "file": file, "row": row, "name": mask_text(row.name), "summary": told(row.summary), "fact_list": _facts(file),
        "action_list": [
            Action(v.name, reverse("mediation-do", args=[row.pk, v.code]), "primary" if n == 0 else "plain", opens="dialog")
            for n, v in enumerate(v for v in file.verbs if v.code != "consent")
        ],
        "parties": [
            (p, mask("name", p.name), mask("phone", p.phone), mask("address", p.address) if p.address else "")
            for p in file.parties
        ],
        "asks": file.works and row.state in ("registered", "ready"),
        "sessions": [(s, "、".join(names[k] for k in s.present if k in names) or "无人", told(s.notes)) for s in file.sessions],
        "agreements": [(a, told(a.content)) for a in file.agreements],
        "follow_ups": [(f, told(f.note) if f.note else "") for f in file.follow_ups],
        "result": told(row.result) if row.result else "",
        "timeline_items": [
            TimelineItem(title=s.title, at=s.at, who=f"{s.unit_name} {s.by_name}".strip(), text=mask_text(s.text))
            for s in file.steps
        ],
        "crumbs": [Crumb("矛盾纠纷", "/r/disputes/"), Crumb(row.number)],
    }  # fmt: skip
    return render(request, "mediation/dispute.html", context)


def _facts(file: DisputeFile) -> list[Fact]:
    row = file.row
    facts = [
        Fact("事件类别", row.get_category_display()), Fact("事件规模", row.get_scale_display()),
        Fact("发生日期", str(row.on)), Fact("发生地点", mask_text(row.address)), Fact("涉及人数", f"{row.people} 人"),
        Fact("涉及单位", row.units or "无"), Fact("化解时限", str(row.due_on)), Fact("化解方式", row.get_method_display()),
        Fact("化解组织", row.mediator_org), Fact("化解负责人", row.mediator.full_name if row.mediator else "未指定"),
    ]  # fmt: skip
    if row.case is not None:
        facts.append(Fact("来源事件", row.case.number, url=reverse("case", args=[row.case_id])))
    if row.resolved is not None:
        facts.append(Fact("化解成功", "是" if row.resolved else "否"))
    return facts


# -- steps ---------------------------------------------------------------------------------------------


class PartyForm(forms.Form):
    """A party: name and how to reach him."""

    side = choice("身份", Party.Side.choices)
    name = line("姓名", 60, hint="加密保存，页面上只显示姓。")
    phone = line("联系电话", 20, required=False)
    address = line("住址", 200, required=False, hint="送达需要时填写。")


class AgreeForm(forms.Form):
    """What the parties have agreed."""

    kind = choice("协议形式", Agreement.Kind.choices)
    content = words("协议内容", 5)
    signed_on = day("达成日期", initial=time.today)
    perform_by = day("履行期限", required=False)


class ReferForm(forms.Form):
    """Where it is sent on to."""

    to = choice("转往", Referral.To.choices)
    organ = line("受理机关", hint="如“示例区劳动人事争议仲裁委员会”。")
    reason = words("转出理由", 3, most=300)


class ReceiptForm(forms.Form):
    """What came back."""

    accepted = choice("是否受理", YES_NO)
    number = line("回执编号", 60)


class FollowUpForm(forms.Form):
    """How it went on."""

    performed = choice("协议已履行", [("yes", "已履行"), ("no", "尚未履行"), ("broken", "不再履行，调解不成")])
    satisfied = choice("当事人满意", [("", "未问"), *YES_NO], required=False)
    note = words("回访情况", 3, required=False)


class CloseForm(forms.Form):
    """How it ends without an agreement."""

    result = words("化解情况", 4, hint="写明做了什么、告知了当事人哪些其他途径。")


def _appoint_form(by: Actor, row: Dispute) -> Any:
    class Form(forms.Form):
        user = choice("调解员", queries.mediators(by), radio=False)

    return Form


def _meet_form(by: Actor, row: Dispute) -> Any:
    names = queries.party_names(list(Party.objects.filter(dispute=row)))

    class Form(forms.Form):
        at = forms.DateTimeField(
            label="时间", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
            initial=time.now, error_messages={"required": "请填写时间。", "invalid": "时间格式不对。"},
        )  # fmt: skip
        place = line("地点")
        present = forms.MultipleChoiceField(
            label="到场当事人", required=False, choices=[(str(key), name) for key, name in names.items()],
            widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip
        notes = words("调解记录", 5)
        outcome = choice("结果", Session.Outcome.choices)

    return Form


Doing = Callable[[Dispute, Actor, Given], object]
FORMS: dict[str, Any] = {
    "appoint": _appoint_form, "add_party": lambda by, row: PartyForm, "meet": _meet_form, "agree": lambda by, row: AgreeForm,
    "refer": lambda by, row: ReferForm, "receipt": lambda by, row: ReceiptForm, "follow_up": lambda by, row: FollowUpForm,
    "close": lambda by, row: CloseForm,
}  # fmt: skip
STEPS: dict[str, Doing] = {
    "appoint": lambda row, by, g: actions.appoint(row.pk, by=by, user_id=UUID(g["user"])),
    "add_party": lambda row, by, g: actions.add_party(row.pk, by=by, **g),
    "meet": lambda row, by, g: actions.meet(row.pk, by=by, **(g | {"present": [UUID(key) for key in g["present"]]})),
    "agree": lambda row, by, g: actions.agree(row.pk, by=by, **g),
    "refer": lambda row, by, g: actions.refer(row.pk, by=by, **g),
    "receipt": lambda row, by, g: actions.receipt(row.pk, by=by, number=g["number"], accepted=SAID[g["accepted"]]),
    "follow_up": lambda row, by, g: actions.follow_up(
        row.pk, by=by, performed=g["performed"] == "yes", broken=g["performed"] == "broken",
        satisfied=SAID.get(g["satisfied"]), note=g["note"],
    ),
    "close": lambda row, by, g: actions.close(row.pk, by=by, result=g["result"]),
}  # fmt: skip


@needs("mediation.register", "mediation.work", clause=clause)
def do(request: HttpRequest, dispute_id: UUID, code: str) -> HttpResponse:
    """Take a step on a dispute."""
    by = reader(request)
    row = queries.dispute_for(by, dispute_id)
    if code not in STEPS:
        raise NotFound("没有这个步骤。")
    name = next(v.name for v in DISPUTE.verbs if v.code == code)

    def done(given: Given) -> None:
        STEPS[code](row, by, given)
        messages.success(request, f"{name}：已登记。")

    return ask(request, FORMS[code](by, row), name, done, reverse("mediation", args=[row.pk]), "登记", row.number)


class ConsentForm(forms.Form):
    """Whether a party wants to be mediated."""

    agrees = choice("是否同意调解", YES_NO)
    how = choice("征询方式", Party.How.choices)


@needs("mediation.work", clause=clause)
def consent(request: HttpRequest, party_id: UUID) -> HttpResponse:
    """Write a party's answer down."""
    by = reader(request)
    party = Party.objects.filter(pk=party_id).first()
    if party is None:
        raise NotFound("没有找到这位当事人。", code="mediation.no_party")
    row = queries.dispute_for(by, party.dispute_id)

    def done(given: Given) -> None:
        actions.consent(party.pk, by=by, agrees=SAID[given["agrees"]], how=given["how"])

    note = f"{party.get_side_display()} {mask('name', party.name)}。调解以自愿为前提，不同意的不得强行调解。"
    return ask(request, ConsentForm, "征询调解意愿", done, reverse("mediation", args=[row.pk]), "登记", note)


class PurposeForm(forms.Form):
    """What a value is looked at for."""

    purpose = line("查看目的", 200, hint="查看会被记录。")


@needs("mediation.work", clause=clause)
def reveal(request: HttpRequest, party_id: UUID, field: str) -> HttpResponse:
    """Show one value of a party in clear, for a purpose that is logged."""
    by = reader(request)

    def done(given: Given) -> HttpResponse:
        value = actions.reveal(party_id, by=by, field=field, purpose=given["purpose"])
        return render(request, "mediation/revealed.html", {"value": value or "未登记"})

    return ask(request, PurposeForm, "查看当事人信息", done, "/r/disputes/", "查看")
