"""The Party on the phone (党建手机页): activities of all and mine, propose, sign up, leave, sign in; news for the grid worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.models import Activity, Participation
from hezhi.chapters.grassroots.party.pages import news
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.records.acting import acting
from hezhi.engines.records.files import look_through
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import site
from hezhi.engines.registry.forms import make_form
from hezhi.ground import time
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import tell
from hezhi.ground.ui.fields import ManyFiles
from hezhi.ground.ui.shapes import Chip, Empty
from hezhi.ground.uploads import PICTURES

clause = "9.1.3-3-3"
SHOWN = 60
TONES = {
    "approved": "handling",
    "held": "closed",
    "ended": "void",
    "waiting": "to_review",
    "returned": "redo",
    "draft": "to_accept",
}


@needs("party.take_part", "party_activities.view", clause=clause)
def listed(request: HttpRequest) -> HttpResponse:
    """Activities: all that concern me, or those I took part in (全部、我参与的)."""
    by, mine = reader(request), request.GET.get("mine") == "1"
    rows = list(queries.activities_for(by, mine=mine)[:SHOWN])
    told = queries.taking_part(by, [row.pk for row in rows])
    url = reverse("phone-party")
    context = {
        "rows": [_row(row, told.get(row.pk)) for row in rows],
        "chips": [
            Chip("全部", queries.activities_for(by).count(), url, active=not mine),
            Chip("我参与的", queries.activities_for(by, mine=True).count(), f"{url}?mine=1", active=mine),
        ],
        "may_propose": by.may("party_activities.edit"),
        "empty": Empty("您还没有参加过活动。" if mine else _nothing(by)),
    }  # fmt: skip
    return render(request, "party/phone_activities.html", context)


def _nothing(by: Actor) -> str:
    if queries.member_of_account(by) is None and not by.may("party_activities.view"):
        return "您的账号没有关联党员信息，请联系所在党支部。"
    return "现在没有活动。"


def _row(row: Activity, mine: Participation | None) -> dict[str, Any]:
    told = f"{row.kind} · {row.place}"
    return {
        "name": row.title, "url": reverse("phone-party-activity", args=[row.pk]), "at": row.starts_at,
        "note": f"{told} · 我：{mine.get_state_display()}" if mine else told,
        "state_code": TONES[row.state], "state_name": row.get_state_display(),
    }  # fmt: skip


@needs("party.take_part", "party_activities.view", clause=clause)
def one(request: HttpRequest, id: UUID) -> HttpResponse:
    """One activity: what, when, where, and what I can do now."""
    by = reader(request)
    row = queries.activity_for(by, id)
    me = queries.member_of_account(by)
    mine = queries.taking_part(by, [row.pk]).get(row.pk)
    now, open_ = time.now(), row.state == Activity.State.APPROVED
    joins = open_ and me is not None and (mine is None or mine.state != Participation.State.PRESENT)
    keeps = by.may("party_activities.edit") and Activity.objects.visible_to(by).filter(pk=row.pk).exists()
    context = {
        "activity": row, "mine": mine, "state_code": TONES[row.state], "minutes": mask_text(row.minutes),
        "may_sign_up": joins and now < row.ends_at and (mine is None or mine.state == Participation.State.LEAVE),
        "may_leave": joins and now < row.starts_at and (mine is None or mine.state == Participation.State.SIGNED_UP),
        "may_sign_in": joins and now < row.ends_at, "has_calendar": open_,
        "may_write": keeps and row.state in (Activity.State.APPROVED, Activity.State.HELD) and now >= row.starts_at,
    }  # fmt: skip
    return render(request, "party/phone_activity.html", context)


def _do(request: HttpRequest, id: UUID, done: str, do: Callable[[Actor], Any]) -> HttpResponse:
    """One tap, and back to the activity with what came of it."""
    try:
        do(reader(request))
        messages.success(request, done)
    except Refusal as refusal:
        fields = getattr(refusal, "fields", {})
        messages.error(request, " ".join(said for told in fields.values() for said in told) or str(refusal))
    return redirect("phone-party-activity", id=id)


@needs("party.take_part", clause=clause)
@require_POST
def sign_up(request: HttpRequest, id: UUID) -> HttpResponse:
    """I will come (报名)."""
    return _do(request, id, "已报名。", lambda by: actions.sign_up(id, by=by))


@needs("party.take_part", clause=clause)
@require_POST
def ask_leave(request: HttpRequest, id: UUID) -> HttpResponse:
    """I cannot come, and why (请假)."""
    why = request.POST.get("leave_reason", "")
    return _do(request, id, "已请假。", lambda by: actions.ask_leave(id, by=by, leave_reason=why))


@needs("party.take_part", clause=clause)
def sign_in(request: HttpRequest, id: UUID, code: str = "") -> HttpResponse:
    """I am here: the scanned picture leads to a page with one button; the code can be typed as well (签到)."""
    if request.method == "POST":
        typed = request.POST.get("code", code)
        return _do(request, id, "签到成功。", lambda by: actions.sign_in(id, by=by, code=typed))
    row = queries.activity_for(reader(request), id)
    return render(request, "party/phone_sign_in.html", {"activity": row, "code": code})


@needs("party_activities.edit", clause=clause)
def propose(request: HttpRequest) -> HttpResponse:
    """Propose an activity from the phone: entered and submitted in one step (发起活动)."""
    by, registry = reader(request), site.get("party-activities")
    form = make_form(registry, by, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            with acting(by, verb="party.propose") as deed:
                row = registry_actions.create(registry, request.POST, by=by)
                actions.submit(row, by=by)
                deed.on(row)
            messages.success(request, "已提交，等待第二人审批。")
            return redirect("phone-party-activity", id=row.pk)
        except registry_actions.FormRefused as refusal:
            form = refusal.form
        except Refusal as refusal:
            form.is_valid()
            tell(form, refusal)
    context = {"form": form, "action_url": request.path, "submit_name": "提交审批"}
    return render(request, "party/phone_propose.html", context, status=422 if form.is_bound else 200)


class PhoneMinutesForm(forms.Form):
    """What was done, with photos (活动记录和照片)."""

    text = forms.CharField(
        label="活动记录", max_length=4000, widget=forms.Textarea({"rows": 6}), help_text="不写证件号码和电话"
    )
    photos = forms.FileField(
        label="照片", required=False, widget=ManyFiles({"accept": "image/*"}), help_text="可不拍，可选多张",
    )  # fmt: skip


@needs("party_activities.edit", clause=clause)
def minutes(request: HttpRequest, id: UUID) -> HttpResponse:
    """Write down on the spot what was done (现场写记录)."""
    by = reader(request)
    row = queries.activity_for(by, id)
    sent = request.method == "POST"
    form = PhoneMinutesForm(
        request.POST if sent else None, request.FILES if sent else None, initial={"text": row.minutes}
    )
    if sent and form.is_valid():
        try:
            photos = look_through(request.FILES.getlist("photos"), field="photos", kinds=PICTURES)
            actions.write_minutes(row, by=by, text=form.cleaned_data["text"], photos=photos)
            messages.success(request, "活动记录已保存。")
            return redirect("phone-party-activity", id=id)
        except BadInput as refusal:
            tell(form, refusal)
    context = {"form": form, "activity": row, "action_url": request.path, "submit_name": "保存记录"}
    return render(request, "party/phone_minutes.html", context, status=422 if form.is_bound else 200)


urlpatterns = [
    path("", listed, name="phone-party"),
    path("new/", propose, name="phone-party-propose"),
    path("<uuid:id>/", one, name="phone-party-activity"),
    path("<uuid:id>/sign-up/", sign_up, name="phone-party-sign-up"),
    path("<uuid:id>/leave/", ask_leave, name="phone-party-leave"),
    path("<uuid:id>/in/", sign_in, name="phone-party-enter"),
    path("<uuid:id>/in/<slug:code>/", sign_in, name="phone-party-sign-in"),
    path("<uuid:id>/minutes/", minutes, name="phone-party-minutes"),
    *news.urlpatterns,
]
