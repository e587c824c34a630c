"""Signing in at a meeting without an account (会场签到): two codes and nothing else; the address says no word of the Party."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.actions.activities import is_at_door, sign_in_code
from hezhi.chapters.grassroots.party.models import Activity
from hezhi.engines.org import failures
from hezhi.engines.org.actor import citizen, reader
from hezhi.engines.org.rights import open_to_all
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, Refusal
from hezhi.ground.ids import clean_code

clause = "9.1.3-3-3"
WHY = "whoever stands before the meeting's screen has the code of these minutes; a code of his own says who he is"


@open_to_all(WHY, clause=clause)
def sign_in(request: HttpRequest, id: UUID, door: str) -> HttpResponse:
    """I am here, by the code on the screen and my own (本人凭码签到)."""
    row = Activity.objects.filter(pk=id, state=Activity.State.APPROVED, removed_at__isnull=True).first()
    if row is None or not is_at_door(row, door, time.now()):
        raise NotFound("会场码已经更换。", remedy="请重新扫会场屏幕上的二维码。", code="party.wrong_door")
    here = reader(request)
    if queries.member_of_account(here) is not None:
        return redirect("phone-party-sign-in", id=row.pk, code=sign_in_code(row))
    context = {"activity": row, "door": door}
    if request.method != "POST":
        return render(request, "party/meeting_in.html", context)
    own, now = clean_code(request.POST.get("own", ""))[:16], time.now()
    name = f"#m{own}"
    if failures.is_locked(name, here.address, now):
        return render(
            request, "party/meeting_in.html", context | {"fault": "尝试次数过多，请会务登记到会。"}, status=422
        )
    by = citizen().at(channel="citizen", address=here.address, request_id=here.request_id)
    try:
        actions.sign_in_by_code(id, by=by, door=door, own=own)
    except Refusal as refusal:
        if isinstance(refusal, BadInput):
            failures.note(name, here.address, now)
        said = [each for told in getattr(refusal, "fields", {}).values() for each in told] or [str(refusal)]
        return render(request, "party/meeting_in.html", context | {"fault": "".join(said)}, status=422)
    return render(request, "party/meeting_in.html", context | {"done": True})


urlpatterns = [path("<uuid:id>/<slug:door>/", sign_in, name="meeting-in")]
