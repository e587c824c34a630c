"""The pages of the audit administrator (审计管理页面); every one asks for `audit.view`, which nobody else holds."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from hezhi.chapters.operations.security_log import actions, rules
from hezhi.chapters.operations.security_log.pages import lists
from hezhi.chapters.operations.security_log.queries import Asked, login_names, names_of, readers
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.engines.records import alarms, audit, queries
from hezhi.engines.records.models import Alarm, AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, Refusal
from hezhi.ground.ui.answers import answer, wants_part
from hezhi.ground.ui.shapes import Bar, Fact, Listing

clause = "12.3-1"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@needs("audit.view", clause=clause)
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The audit, searched by person, object, event, time and address."""
    by, asked = reader(request), Asked.of(request.GET)
    try:
        listing = lists.log(by, asked, request.GET)
    except BadInput as refusal:
        return _list(request, "audit-log", lists.unread_log(asked, refusal), 422)
    actions.looked_up(by, asked)
    return _list(request, "audit-log", listing, export_url=f"{reverse('audit-export')}?{listing.query}")


@needs("audit.view", clause="12.3-2")
@require_safe
def reads(request: HttpRequest) -> HttpResponse:
    """Who read which personal values, by person or by row."""
    by, asked = reader(request), Asked.of(request.GET)
    try:
        listing = lists.reads(by, asked, request.GET)
    except BadInput as refusal:
        return _list(request, "audit-reads", lists.unread_reads(asked, refusal), 422)
    counted = readers(by, asked.search((queries.READ,))) if listing.filtered else []
    actions.looked_up(by, asked)
    known = login_names(person for person, _, _ in counted)
    bars = [
        Bar(name, times, f"{reverse('audit-reads')}?person={known[person]}" if person in known else "", f"{times} 次")
        for person, name, times in counted
    ]
    return _list(request, "audit-reads", listing, bars=bars)


@needs("audit.view", clause=clause)
@require_safe
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """One audit row whole, with its proof."""
    by = reader(request)
    found = queries.entry(by, number)
    if found is None:
        raise NotFound("没有这条审计记录。", "", "请核对记录号。", code="audit.no_entry")
    context = {
        "entry": found, "title": rules.event_name(found.event), "fact_list": _facts(found),
        "side_facts": _proof(by, found), "crumbs": [{"name": "审计日志", "url": reverse("audit-log")}, {"name": f"第 {number} 号"}],
    }  # fmt: skip
    return render(request, "security_log/entry.html", context)


def _facts(found: AuditEntry) -> list[Fact]:
    names = names_of([found])
    name = names.get(found.object_id, "—") if found.object_id else "—"
    facts = [
        Fact("时间", f"{time.local(found.at):%Y-%m-%d %H:%M:%S}"),
        Fact("结果", rules.RESULTS.get(found.result, found.result)),
        Fact("行为人", found.actor_name, found.post_title or rules.KINDS.get(found.actor_kind, "")),
        Fact("对象", name, url=f"{reverse('audit-log')}?object={found.object_id}" if found.object_id else ""),
        Fact("来源地址", found.address or "—", rules.CHANNELS.get(found.channel, found.channel)),
        Fact("请求编号", found.request_id or "—"),
    ]
    for login_name in login_names([found.actor_id]).values():
        facts[2] = Fact("行为人", found.actor_name, found.post_title, f"{reverse('audit-log')}?person={login_name}")
    facts += [Fact("事由", found.reason, wide=True)] if found.reason else []
    facts += [Fact("查阅目的", found.purpose, wide=True)] if found.purpose else []
    return facts + [
        Fact(label, said, wide=True) for label, said in rules.details(found.detail, found.object_type, names)
    ]


def _proof(by: Actor, found: AuditEntry) -> list[Fact]:
    seal = queries.seal_of(by, found.pk)
    told = (
        Fact("封存", f"第 {seal.pk} 号", time.show(seal.sealed_at))
        if seal
        else Fact("封存", "尚未封存", "每秒封存一次")
    )
    return [
        Fact("记录号", found.pk),
        Fact("完整性", "完好" if audit.is_intact(found) else "与写入时不符"),
        told,
        Fact("留痕编号", str(found.deed_id)[-12:] if found.deed_id else "—", "变更历史中同一编号的版本是前后内容"),
    ]


# -- the copy --------------------------------------------------------------------------------------


class Why(forms.Form):
    """Why a copy is taken."""

    reason = forms.CharField(
        label="导出用途", max_length=200, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明导出用途。"}, help_text="会记入审计。文件每一行都带有您的姓名和导出时间。",
    )  # fmt: skip


@needs("audit.view", clause=clause)
def export(request: HttpRequest) -> HttpResponse:
    """Take a copy of what a search finds, with a reason."""
    by, asked = reader(request), Asked.of(request.GET)
    search = asked.search()
    form = Why(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            content = actions.export(asked, search, by=by, reason=form.cleaned_data["reason"])
            name = f"审计日志_{time.local(time.now()):%Y%m%d_%H%M}.xlsx"
            return HttpResponse(
                content, content_type=XLSX, headers={"Content-Disposition": content_disposition_header(True, name)}
            )
        except BadInput as refusal:
            _blame(form, refusal)
    back = f"{reverse('audit-log')}?{request.GET.urlencode()}"
    context = {
        "form": form, "heading": "导出审计日志", "cancel_url": back, "submit_name": "导出", "action_url": request.get_full_path(),
    }  # fmt: skip
    return render(request, "security_log/form.html", context, status=422 if form.is_bound else 200)


# -- alarms ----------------------------------------------------------------------------------------


@needs("audit.view", clause=clause)
@require_safe
def alarm_list(request: HttpRequest) -> HttpResponse:
    """What the audit shows that somebody must look at."""
    return _list(request, "audit-alarms", lists.alarms(reader(request)))


class Note(forms.Form):
    """What came of an alarm."""

    note = forms.CharField(
        label="核查结果和处置措施", max_length=500, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "请写明核查结果和处置措施。"},
    )  # fmt: skip


@needs("audit.view", clause=clause)
def settle(request: HttpRequest, alarm_id: UUID) -> HttpResponse:
    """Say what came of an alarm."""
    by = reader(request)
    alarm = queries.alarms(by).filter(pk=alarm_id).first()
    if alarm is None:
        raise NotFound("没有这条告警。", code="audit.no_alarm")
    form = Note(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            alarms.settle(alarm, by=by, note=form.cleaned_data["note"])
            messages.success(request, "告警已处置。")
            return _go(request, reverse("audit-alarms"))
        except Refusal as refusal:
            _blame(form, refusal)
    return _ask(request, form, "处置安全告警", f"{alarm.get_kind_display()}:{lists.situation(alarm)}", alarm)


def _ask(request: HttpRequest, form: forms.Form, title: str, note: str, alarm: Alarm) -> HttpResponse:
    context = {
        "form": form, "heading": title, "dialog_title": title, "dialog_note": note, "cancel_url": reverse("audit-alarms"),
        "submit_name": "处置", "action_url": request.path,
    }  # fmt: skip
    return answer(
        request, "security_log/form.html", "ui/parts/dialog_form.html", context, 422 if form.is_bound else 200
    )


# -- integrity -------------------------------------------------------------------------------------


@needs("audit.view", clause=clause)
@require_safe
def integrity(request: HttpRequest) -> HttpResponse:
    """Whether the audit is whole: the end of the chain and the last examinations."""
    by = reader(request)
    last = queries.last_seal(by)
    facts = [
        Fact("最新封存", f"第 {last.pk} 号" if last else "尚无", time.show(last.sealed_at) if last else ""),
        Fact("封存值(SM3)", bytes(last.digest).hex() if last else "—", wide=True),
    ]
    return _list(request, "audit-integrity", lists.checks(by), fact_list=facts, may_examine=True)


@needs("audit.view", clause=clause)
@require_safe
def check(request: HttpRequest, number: int) -> HttpResponse:
    """One examination with its findings."""
    by = reader(request)
    found = next((each for each in queries.checks(by, 1000) if each.pk == number), None)
    if found is None:
        raise NotFound("没有这次校验。", code="audit.no_check")
    facts = [
        Fact("校验时间", time.show(found.at), f"用时 {found.seconds:.1f} 秒"),
        Fact("校验人", found.by_name),
        Fact("范围", f"自 {time.show(found.since)}" if found.since else "全部"),
        Fact("封存", f"{found.seals:,} 次"),
        Fact("已封存记录", f"{found.rows:,} 条"),
        Fact("尚未封存", f"{found.tail:,} 条"),
    ]
    context = {
        "check": found, "fact_list": facts,
        "crumbs": [{"name": "完整性", "url": reverse("audit-integrity")}, {"name": f"第 {found.pk} 次校验"}],
    }  # fmt: skip
    return render(request, "security_log/check.html", context)


@needs("audit.view", clause=clause)
@require_POST
def examine(request: HttpRequest) -> HttpResponse:
    """Have the whole chain examined now."""
    actions.ask_check(by=reader(request))
    messages.success(request, "校验已开始，完成后结果显示在下面。")
    return _go(request, reverse("audit-integrity"))


# -- answering -------------------------------------------------------------------------------------


def _list(request: HttpRequest, active: str, listing: Listing, status: int = 200, **more: Any) -> HttpResponse:
    waiting = queries.alarms(reader(request), open_only=True).count()
    context = {"listing": listing, "tabs": lists.tabs(active, waiting), **more}
    return answer(request, "security_log/list.html", "ui/parts/listing.html", context, status)


def _blame(form: forms.Form, refusal: Refusal) -> None:
    if isinstance(refusal, BadInput):
        for name, told in refusal.fields.items():
            form.add_error(name if name in form.fields else None, told)
        return
    form.add_error(None, str(refusal))


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if wants_part(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
