"""What a citizen asks about his own data, without an account (市民端个人信息请求): ask, and follow by number and code.

The answer itself never shows here what is held: who answers has it fetched at the counter, card in hand, or asks for
proof first. So a stranger who knows a number learns nothing.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from hezhi.chapters.grassroots.care import actions, queries, rules
from hezhi.chapters.grassroots.care.models import RightsRequest
from hezhi.chapters.grassroots.care.pages.asking import Choice, Words
from hezhi.engines.org import failures
from hezhi.engines.org.api import Actor, citizen, open_to_all, reader
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow, Refusal
from hezhi.ground.ids import clean_code, follow_code

clause = "12.3-1"
WHY = "everybody may ask what is held about him, and needs no account for it (PIPL 44-47)"
MOST_PER_HOUR = 20


class AskForm(forms.Form):
    """What is asked, by whom, and how he is found (个人信息请求)."""

    kind = Choice(rules.RIGHTS.items(), label="您要")
    text = Words(3, label="具体内容", max_length=1000, help_text="如：想知道登记了我哪些信息；电话号码已经换了")
    person_name = forms.CharField(label="姓名", max_length=50)
    id_number = forms.CharField(
        label="证件号码", max_length=30, required=False, help_text="只用来找到您本人的登记，不保存；也可以到窗口再核对"
    )
    phone = forms.CharField(label="手机号", max_length=20, required=False, help_text="可不填，凭编号和查询码也能查结果")


def _me(request: HttpRequest) -> Actor:
    here = reader(request)
    return citizen().at(channel="citizen", address=here.address, request_id=here.request_id)


def _not_too_many(address: str | None) -> None:
    key = f"care.requests.{address}.{time.now():%Y%m%d%H}"
    cache.add(key, 0, timeout=3700)
    if cache.incr(key) > MOST_PER_HOUR:
        raise NotNow(what="提交得太频繁了。", remedy="请一小时后再提交，或到受理窗口办理。", code="care.too_many")


@open_to_all(WHY, clause=clause)
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for one's rights; the receipt with number and code comes once."""
    form = AskForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                return _taken(request, form.cleaned_data)
            except BadInput as refusal:
                for name, said in refusal.fields.items():
                    form.add_error(name if name in form.fields else None, said)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
    context = {"form": form, "action_url": request.path, "submit_name": "提交"}
    return render(request, "care/public_ask.html", context, status=status)


def _taken(request: HttpRequest, told: dict[str, Any]) -> HttpResponse:
    me = _me(request)
    _not_too_many(me.address)
    code = follow_code()
    row = actions.take_request(by=me, channel=RightsRequest.Channel.CITIZEN, code=code, **told)
    request.session["rights_told"] = {"number": row.number, "code": code}
    return redirect("rights-done")


@open_to_all(WHY, clause=clause)
def done(request: HttpRequest) -> HttpResponse:
    """The receipt: number and code; gone with this browser's session."""
    told = request.session.get("rights_told")
    if told is None:
        return redirect("rights-follow")
    return render(request, "care/public_done.html", told)


@open_to_all(WHY, clause=clause)
def follow(request: HttpRequest) -> HttpResponse:
    """How my request stands, by number and code; wrong tries are counted and lock for a while, like a sign-in."""
    number, told, row = clean_code(request.POST.get("number", ""))[:20], "", None
    if request.method == "POST":
        address, moment = reader(request).address, time.now()
        if failures.is_locked(f"#{number}", address, moment):
            told = "查询次数过多，请 30 分钟后再试。"
        else:
            row = queries.request_by_code(number, request.POST.get("code", ""))
            if row is None:
                failures.note(f"#{number}", address, moment)
                told = "编号或查询码不对，请核对回执后再试。"
    context = {"row": row, "told": told, "number": number}
    return render(request, "care/public_follow.html", context, status=422 if told else 200)


urlpatterns = [
    path("", ask, name="rights-ask"),
    path("done/", done, name="rights-done"),
    path("follow/", follow, name="rights-follow"),
]
