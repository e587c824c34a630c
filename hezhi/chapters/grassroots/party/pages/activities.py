"""Activities at the desk (党支部活动): the list of all and mine, the code at the door, minutes, calendar."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from hezhi.chapters.grassroots.party import actions, queries, rules
from hezhi.chapters.grassroots.party.actions.activities import door_code, own_code, sign_in_code
from hezhi.chapters.grassroots.party.models import Activity
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry import addresses
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import entry_warning
from hezhi.ground.ui.asking import ask, go
from hezhi.ground.ui.shapes import Crumb

clause = "9.1.3-3-3"
SHOWN = 100


@needs("party.take_part", "party_activities.view", clause=clause)
def listed(request: HttpRequest) -> HttpResponse:
    """All activities, or those I took part in (全部、我参与的)."""
    by, mine = reader(request), request.GET.get("mine") == "1"
    rows = list(queries.activities_for(by, mine=mine)[:SHOWN])
    told = queries.taking_part(by, [row.pk for row in rows])
    own = by.may("party_activities.view")
    lines = [
        (row, told.get(row.pk), addresses.page("party-activities", row.pk) if own else reverse("phone-party-activity", args=[row.pk]))
        for row in rows
    ]  # fmt: skip
    context = {
        "rows": lines, "mine": mine, "may_add": by.may("party_activities.edit"), "new_url": addresses.page("party-activities", "new"),
        "no_member": queries.member_of_account(by) is None, "crumbs": [Crumb("党建引领"), Crumb("活动列表")],
    }  # fmt: skip
    return render(request, "party/activities.html", context)


def _kept(by: Actor, key: UUID) -> Activity:
    rows = Activity.objects.visible_to(by).select_related("organisation", "kind")
    found: Activity | None = rows.filter(pk=key, removed_at__isnull=True).first()
    if found is None:
        raise NotFound("没有找到这个活动。")
    return found


def picture_of(told: str) -> tuple[int, str]:
    """A text as a picture to scan (二维码): the width in modules, and the path of its dark ones."""
    import qrcode  # read by the first who prints one: a start need not

    code = qrcode.QRCode(border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(told)
    code.make(fit=True)
    matrix = code.get_matrix()
    dark = [f"M{x} {y}h1v1h-1z" for y, line in enumerate(matrix) for x, is_dark in enumerate(line) if is_dark]
    return len(matrix), "".join(dark)


@needs("party_activities.edit", clause=clause)
def code(request: HttpRequest, id: UUID) -> HttpResponse:
    """The picture and the code for the door of the meeting (签到码), to show or to print."""
    row = _kept(reader(request), id)
    if row.state != Activity.State.APPROVED:
        raise NotFound("活动通过审批后才有签到码。")
    told = sign_in_code(row)
    size, dark = picture_of(request.build_absolute_uri(reverse("phone-party-sign-in", args=[row.pk, told])))
    context = _door(request, row) | {
        "others": queries.without_account(row).count(), "may_name": reader(request).may(queries.NAMES),
        "activity": row, "code": told, "size": size, "dark": dark, "opens_at": row.starts_at - rules.EARLY,
        "crumbs": [Crumb("党建引领"), Crumb("党支部活动", addresses.page("party-activities")), Crumb(row.title, addresses.page("party-activities", row.pk))],
    }  # fmt: skip
    return render(request, "party/code.html", context)


def _door(request: HttpRequest, row: Activity) -> dict[str, Any]:
    """The picture for those without an account, as it stands for five minutes."""
    told = door_code(row, time.now())
    size, dark = picture_of(request.build_absolute_uri(reverse("meeting-in", args=[row.pk, told])))
    return {"activity": row, "door": told, "door_size": size, "door_dark": dark}


@needs("party_activities.edit", clause=clause)
def door(request: HttpRequest, id: UUID) -> HttpResponse:
    """The turning code alone, fetched anew by the screen (会场码)."""
    row = _kept(reader(request), id)
    if row.state != Activity.State.APPROVED:
        raise NotFound("活动通过审批后才有签到码。")
    return render(request, "party/door.html", _door(request, row))


@needs("party_activities.edit", clause=clause)
def slips(request: HttpRequest, id: UUID) -> HttpResponse:
    """The own codes of members without an account, to be cut out and handed over (本人签到码纸条)."""
    by = reader(request)
    by.must(queries.NAMES)
    row = _kept(by, id)
    if request.method == "POST":
        renewed = request.POST.get("renew", "")
        many = actions.give_own_codes(row, by=by, renewed=UUID(renewed) if renewed else None)
        messages.success(request, f"已生成 {many} 个签到码。")
        return redirect("party-slips", id=row.pk)
    people = list(queries.without_account(row))
    queries.names_were_read(people, by)
    lines = [(each, queries.name_of(each.resident, by), own_code(each)) for each in people]
    context = {
        "activity": row, "lines": lines, "missing": any(not code for _, _, code in lines),
        "crumbs": [Crumb("党建引领"), Crumb("党支部活动", addresses.page("party-activities")), Crumb(row.title, addresses.page("party-activities", row.pk)), Crumb("本人签到码")],
    }  # fmt: skip
    return render(request, "party/slips.html", context)


class MinutesForm(forms.Form):
    """What was done (活动记录)."""

    text = forms.CharField(
        label="活动记录", max_length=4000, widget=forms.Textarea({"rows": 8}), help_text="写清议题、发言和决定；不写证件号码和电话",
    )  # fmt: skip


@needs("party_activities.edit", clause=clause)
def minutes(request: HttpRequest, id: UUID) -> HttpResponse:
    """Write down what was done; photos are added on the tab 附件 (写活动记录)."""
    by = reader(request)
    row = _kept(by, id)
    back = f"{addresses.page('party-activities', row.pk)}?tab=minutes"

    def do(given: dict[str, Any]) -> HttpResponse:
        actions.write_minutes(row, by=by, text=given["text"])
        messages.success(request, f"活动记录已保存。{entry_warning(given['text']) or ''}")
        return go(request, back)

    return ask(
        request,
        MinutesForm,
        f"活动记录：{row.title}",
        do,
        back,
        "保存记录",
        "保存后计入年度组织生活次数；照片在“附件”里添加。",
    )


class CancelForm(forms.Form):
    """Why not (取消原因)."""

    reason = forms.CharField(label="取消原因", max_length=200)


@needs("party_activities.edit", clause=clause)
def cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    """An approved activity does not take place (取消活动)."""
    by = reader(request)
    row = _kept(by, id)
    back = addresses.page("party-activities", row.pk)

    def do(given: dict[str, Any]) -> HttpResponse:
        actions.cancel_activity(row, by=by, reason=given["reason"])
        messages.success(request, "活动已取消。")
        return go(request, back)

    return ask(request, CancelForm, f"取消活动：{row.title}", do, back, "取消活动")


@needs("party.take_part", "party_activities.view", clause=clause)
def calendar(request: HttpRequest, id: UUID) -> HttpResponse:
    """The activity as a file for one's own calendar (加入日历)."""
    row = queries.activity_for(reader(request), id)
    if row.state not in (Activity.State.APPROVED, Activity.State.HELD):
        raise NotFound("活动通过审批后才能加入日历。")
    text = rules.calendar(
        uid=f"{row.pk}@hezhi", made=time.now(), starts=row.starts_at, ends=row.ends_at, title=row.title, place=row.place,
        text=f"{row.kind}，{row.organisation}。{row.agenda}", version=row.edition,
    )  # fmt: skip
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="activity.ics"'
    return response


urlpatterns = [
    path("activities/", listed, name="party-activities-listed"),
    path("activities/<uuid:id>/code/", code, name="party-code"),
    path("activities/<uuid:id>/door/", door, name="party-door"),
    path("activities/<uuid:id>/slips/", slips, name="party-slips"),
    path("activities/<uuid:id>/minutes/", minutes, name="party-minutes"),
    path("activities/<uuid:id>/cancel/", cancel, name="party-cancel"),
    path("activities/<uuid:id>/calendar.ics", calendar, name="party-calendar"),
]
