"""Message pages (消息页面): one's own inbox; the sending record, with «send again», for system administrators."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from hezhi.chapters.appcentre.messages import lists
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.reach import actions, queries
from hezhi.engines.reach.models import Outgoing
from hezhi.ground.errors import BadInput, NotFound, Refusal
from hezhi.ground.ui.answers import answer, wants_part
from hezhi.ground.ui.shapes import Action, Crumb

INBOX, MANAGE = "reach.inbox", "channels.edit"
MOST_AT_ONCE = 500


# -- one's own ---------------------------------------------------------------------------------------


@needs(INBOX)
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """One's own messages (站内消息)."""
    by = reader(request)
    listing = lists.inbox(by, request.GET)
    buttons = [Action("全部标为已读", reverse("messages_read_all"), opens="post", icon="check")]
    if by.may(MANAGE):
        buttons.insert(0, Action("发送记录", reverse("messages_sending")))
    context = {"listing": listing, "action_list": buttons}
    return answer(request, "appcentre/messages/list.html", "ui/parts/listing.html", context)


@needs(INBOX)
@require_GET
def open_message(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Open a message (打开消息): it counts as read from now on."""
    message = actions.mark_read(message_id, by=reader(request))
    context = {"message": message, "crumbs": [Crumb("站内消息", reverse("messages_inbox"))]}
    return render(request, "appcentre/messages/message.html", context)


@needs(INBOX)
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Note the ticked messages as read (标为已读)."""
    by = reader(request)
    for message_id in _ids(request.POST.getlist("chosen")):
        actions.mark_read(message_id, by=by)
    return _back_to_inbox(request)


@needs(INBOX)
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Note all messages as read (全部已读)."""
    count = actions.mark_all_read(by=reader(request))
    messages.success(request, f"已将 {count} 条消息标为已读。" if count else "没有未读消息。")
    return _back_to_inbox(request)


@needs(INBOX)
@require_GET
def count(request: HttpRequest) -> JsonResponse:
    """How many messages are unread (未读数), for pages without a stream."""
    return JsonResponse({"unread": queries.unread_count(reader(request))})


count.beat = True  # type: ignore[attr-defined]  # a machine asks: the session's idle clock runs on


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts[:MOST_AT_ONCE]]
    except ValueError:
        raise BadInput(what="所选的消息无法识别。", remedy="请刷新后重新选择。", code="messages.bad_choice") from None


def _back_to_inbox(request: HttpRequest) -> HttpResponse:
    return redirect("messages_inbox")


# -- the sending record ------------------------------------------------------------------------------


@needs(MANAGE)
@require_GET
def sending(request: HttpRequest) -> HttpResponse:
    """What was sent, what waits, what failed (发送记录)."""
    context = {
        "listing": lists.sending(reader(request), request.GET),
        "action_list": [Action("未对接渠道的留存", reverse("messages_local"))],
        "crumbs": [Crumb("站内消息", reverse("messages_inbox"))],
    }
    return answer(request, "appcentre/messages/list.html", "ui/parts/listing.html", context)


@needs(MANAGE)
@require_GET
def local(request: HttpRequest) -> HttpResponse:
    """What unconnected channels would have sent (本地演示通道)."""
    context = {
        "listing": lists.local_copies(reader(request), request.GET),
        "note": "以下渠道尚未对接，系统没有实际发送，这里留存的是对接后将会发出的内容，接收方已脱敏。",
        "crumbs": [Crumb("发送记录", reverse("messages_sending"))],
    }
    return answer(request, "appcentre/messages/list.html", "ui/parts/listing.html", context)


@needs(MANAGE)
@require_GET
def sending_one(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """One message of the record with its tries (发送详情)."""
    message = _outgoing(message_id, reader(request))
    context = {
        "name": lists.event_name(message),
        "fact_list": lists.outgoing_facts(message),
        "timeline_items": lists.outgoing_log(message),
        "action_list": lists.outgoing_actions(message),
        "crumbs": [Crumb("发送记录", reverse("messages_sending"))],
    }
    return render(request, "appcentre/messages/sending.html", context)


class ReasonForm(forms.Form):
    """Why it is done (事由)."""

    reason = forms.CharField(label="事由", max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


@needs(MANAGE)
def resend(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Send a message again (重新发送)."""
    return _with_reason(request, message_id, "重新发送", actions.resend, "已安排重新发送。")


@needs(MANAGE)
def drop(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Give a message up (不再发送)."""
    return _with_reason(request, message_id, "不再发送", actions.drop, "这条消息不再发送。")


def _with_reason(
    request: HttpRequest, message_id: UUID, title: str, verb: Callable[..., Outgoing], said: str
) -> HttpResponse:
    """Ask for the reason, do the verb, go back to the message; a refusal keeps what was typed."""
    by = reader(request)
    message, form = _outgoing(message_id, by), ReasonForm(request.POST or None)
    back = reverse("messages_sending_one", args=[message.pk])
    if request.method == "POST" and form.is_valid():
        try:
            verb(message, by=by, reason=form.cleaned_data["reason"])
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, said)
            return HttpResponse(headers={"HX-Redirect": back}) if wants_part(request) else redirect(back)
    context = {
        "form": form, "dialog_title": title, "heading": title, "cancel_url": back, "action_url": request.path,
        "submit_name": title,
    }  # fmt: skip
    status = 422 if form.is_bound else 200
    return answer(request, "appcentre/messages/form.html", "ui/parts/dialog_form.html", context, status)


def _outgoing(message_id: UUID, by: Actor) -> Outgoing:
    message = queries.outgoing_for(by).filter(pk=message_id).first()
    if message is None:
        raise NotFound("没有找到这条发送记录。")
    return message
