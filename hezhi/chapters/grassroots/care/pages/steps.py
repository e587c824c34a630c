"""Steps on a file (办理档案): each a small form in a dialog."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from hezhi.chapters.grassroots.care import actions, queries, rules
from hezhi.chapters.grassroots.care.models import Need, Referral, Tie, Visit
from hezhi.chapters.grassroots.care.pages.asking import Choice, Colleague, Day, Words, ask, go
from hezhi.engines.org.api import Actor, needs, reader

clause = "9.1.3-2-6"
Done = Callable[[Actor, UUID, dict[str, Any]], object]


class NeedForm(forms.Form):
    kind = Choice(Need.Kind.choices, label="哪一方面")
    text = Words(3, label="需求", help_text="用本人的话写；不写病情、案情和评价。")


class PlanForm(forms.Form):
    text = Words(2, label="做什么")
    doer = forms.CharField(label="由谁办", max_length=30)
    due_on = Day(label="何时完成")


class ServiceForm(forms.Form):
    name = forms.CharField(label="服务名称", max_length=30)
    giver = forms.CharField(label="提供单位", max_length=40)
    given_on = Day(label="日期")
    text = Words(2, label="说明", required=False)


class VisitForm(forms.Form):
    on = Day(label="约定日期")
    doer = Colleague(label="谁去")


class TieForm(forms.Form):
    kind = Choice(Tie.Kind.choices, label="关系")
    person_name = forms.CharField(label="姓名或单位", max_length=50)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    source = forms.CharField(label="来源", max_length=40, help_text="如：本人提供")
    purpose = forms.CharField(label="用途", max_length=40, help_text="如：走失时联系")


class ReferForm(forms.Form):
    kind = Choice(Referral.Kind.choices, label="转介还是移交")
    to_user = Colleague(label="接收人")
    forms = forms.MultipleChoiceField(
        label="提供哪些内容", choices=list(rules.FORMS.items()), widget=forms.CheckboxSelectMultiple, required=False
    )  # fmt: skip
    due_on = Day(label="至何时")
    text = Words(2, label="需要对方做什么")


class ReviewForm(forms.Form):
    goal = Words(3, label="帮扶目标", help_text="复核后仍需帮扶的，写明下一阶段目标。")
    visit_every = forms.IntegerField(label="约定走访周期（天）", min_value=1, max_value=180, required=False)
    two_go = forms.BooleanField(label="须双人上门（不说明原因）", required=False)


class CloseForm(forms.Form):
    closing = Choice(rules.CLOSING.items(), label="结案原因")
    note = Words(3, label="结案说明")


class ReassignForm(forms.Form):
    worker = Colleague(label="帮扶人")
    deputy = Colleague(label="替补人", required=False)
    reason = forms.CharField(label="理由", max_length=200)


class Plain(forms.Form):
    """Nothing to fill in: only a word of confirmation."""


def _id(person: Any) -> Any:
    return person.pk if person else None


STEPS: dict[str, tuple[type[forms.Form], str, str, str, str, Done]] = {
    "need": (NeedForm, "登记需求", "", "needs", "需求已登记。", lambda by, id, t: actions.tell_need(id, by=by, **t)),
    "plan": (PlanForm, "增加计划步骤", "", "plan", "步骤已加入计划。", lambda by, id, t: actions.plan_step(id, by=by, **t)),
    "service": (ServiceForm, "登记服务", "", "services", "服务已登记。", lambda by, id, t: actions.give_service(id, by=by, **t)),
    "visit": (
        VisitForm, "约定走访", "请先和本人约好时间。", "visits", "走访已约定。",
        lambda by, id, t: actions.agree_visit(id, by=by, on=t["on"], doer_id=t["doer"].pk),
    ),
    "tie": (
        TieForm, "登记联系人", "只登记帮扶用得到的人，写明来源和用途。", "ties", "联系人已登记。",
        lambda by, id, t: actions.add_tie(id, by=by, **t),
    ),
    "refer": (
        ReferForm, "转介或移交", "只提供所选内容，对方接收后才能看到。", "referrals", "已发给接收人。",
        lambda by, id, t: actions.refer(id, by=by, **t | {"to_user": t["to_user"].pk}),
    ),
    "review": (
        ReviewForm, "复核档案", "最迟六个月复核一次。", "", "复核已登记。", lambda by, id, t: actions.review_file(id, by=by, **t),
    ),
    "close": (
        CloseForm, "结案", "结案后内容不再可读，保存期满连同历史一并删除；误建的立即删除。", "", "档案已结案。",
        lambda by, id, t: actions.close_file(id, by=by, **t),
    ),
    "reassign": (
        ReassignForm, "调整帮扶人", "", "", "帮扶人已调整。",
        lambda by, id, t: actions.reassign(id, by=by, worker_id=t["worker"].pk, deputy_id=_id(t["deputy"]), reason=t["reason"]),
    ),
    "accept": (Plain, "受理这份档案", "请先核对依据和帮扶人。", "", "档案已受理。", lambda by, id, t: actions.accept_file(id, by=by)),
    "withdraw": (
        Plain, "登记本人撤回同意", "撤回后转介立即停止；凭同意建立的档案停止查阅，由督导人结案。", "", "撤回已登记。",
        lambda by, id, t: actions.withdraw_consent(id, by=by),
    ),
    "together": (
        Plain, "申请两人打开", "另一人会收到通知，半小时内到场确认后，两人可以查阅半小时。", "", "已通知另一人到场。",
        lambda by, id, t: actions.ask_together(id, by=by),
    ),
}  # fmt: skip


@needs("care.work", clause=clause)
def do(request: HttpRequest, file_id: UUID, step: str) -> HttpResponse:
    """One step on a file."""
    by = reader(request)
    if step not in STEPS:
        raise queries.nothing()
    queries.file_for(by, file_id)
    form_class, title, note, tab, sentence, act = STEPS[step]
    back = reverse("care-file", args=[file_id]) + (f"?tab={tab}" if tab else "")

    def done(told: dict[str, Any]) -> tuple[str, str]:
        act(by, file_id, told)
        gone = step in ("close", "withdraw") and not queries.my_files(by).filter(pk=file_id).exists()
        return sentence, reverse("care") if gone else back

    form = form_class(request.POST if request.method == "POST" else None)
    kind = "danger" if step == "close" else "primary"
    return ask(
        request,
        form,
        title=title,
        note=note,
        back=back,
        submit=title[:4] if step == "close" else "确定",
        kind=kind,
        do=done,
    )


class MadeForm(forms.Form):
    outcome = Choice([c for c in Visit.Outcome.choices if c[0] != Visit.Outcome.OFF], label="结果")
    text = Words(3, label="情况", required=False, help_text="写需要跟进的事；不写病情、案情和评价。")


@needs("care.work", clause=clause)
def made(request: HttpRequest, visit_id: UUID) -> HttpResponse:
    """Write down a visit that was made."""
    by = reader(request)
    task = next((task for task in queries.my_visits(by) if task.visit.pk == visit_id), None)
    if task is None:
        raise queries.nothing()

    def done(told: dict[str, Any]) -> tuple[str, str]:
        actions.make_visit(visit_id, by=by, **told)
        return "走访已登记。", reverse("care-visits")

    form = MadeForm(request.POST if request.method == "POST" else None)
    note = f"{task.words}：{task.who} {task.place}".strip("： ")
    return ask(request, form, title="登记走访", note=note, back=reverse("care-visits"), submit="登记", do=done)


@needs("care.work", clause=clause)
def answer_referral(request: HttpRequest, referral_id: UUID) -> HttpResponse:
    """Accept a referral or not."""
    if request.method != "POST":
        raise queries.nothing()
    row = actions.answer_referral(referral_id, by=reader(request), accept=request.POST.get("accept") == "1")
    page = reverse("care-file", args=[row.file_id]) if row.state in ("accepted", "done") else reverse("care")
    return go(request, page)


@needs("care.work", clause=clause)
def finish_referral(request: HttpRequest, referral_id: UUID) -> HttpResponse:
    """Say that a referral is done."""
    if request.method != "POST":
        raise queries.nothing()
    actions.finish_referral(referral_id, by=reader(request))
    messages.success(request, "转介已办结，转出人会收到通知。")
    return go(request, reverse("care"))


DONE: dict[str, tuple[str, str, Callable[[Actor, UUID, UUID], object]]] = {
    "need": ("needs", "需求已解决。", lambda by, file, row: actions.meet_need(file, by=by, need_id=row)),
    "plan": ("plan", "步骤已完成。", lambda by, file, row: actions.step_done(file, by=by, step_id=row)),
}
"""What is marked as done with one press: the tab to go back to, the sentence, the verb."""


@needs("care.work", clause=clause)
def mark_done(request: HttpRequest, file_id: UUID, what: str, row_id: UUID) -> HttpResponse:
    """A need is met, a step is done (已解决、已完成)."""
    if request.method != "POST" or what not in DONE:
        raise queries.nothing()
    tab, sentence, act = DONE[what]
    act(reader(request), file_id, row_id)
    messages.success(request, sentence)
    return go(request, reverse("care-file", args=[file_id]) + f"?tab={tab}")


@needs("care.work", clause=clause)
def join(request: HttpRequest, together_id: UUID) -> HttpResponse:
    """Be the second person at a file."""
    if request.method != "POST":
        raise queries.nothing()
    by = reader(request)
    row = actions.join_together(together_id, by=by)
    if queries.my_files(by).filter(pk=row.file_id).exists():
        return go(request, reverse("care-file", args=[row.file_id]))
    messages.success(request, "已确认到场，申请人可以查阅半小时。")
    return go(request, reverse("care"))
