"""What people do with messages (消息操作): read them, send a failed one again, give one up, change the words."""

from uuid import UUID

from hezhi.engines.org.actor import Actor
from hezhi.engines.reach import words
from hezhi.engines.reach.models import Channel, InboxMessage, MessageTemplate, Outgoing
from hezhi.engines.reach.queries import inbox_of
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.errors import NotFound, NotNow
from hezhi.ground.ids import new_id

MANAGE, EDIT_WORDS = "channels.edit", "templates.edit"


def mark_read(message_id: UUID, *, by: Actor) -> InboxMessage:
    """Note that a person opened a message of his own (已读); the first opening counts.

    It has no audit row: `read_at` is its trace, and it concerns nobody else.
    """
    message = inbox_of(by).filter(pk=message_id).first()
    if message is None:
        raise NotFound("没有找到这条消息。")
    if message.read_at is None:
        message.read_at = time.now()
        message.save(update_fields=["read_at"])
    return message


def mark_all_read(*, by: Actor) -> int:
    """Note all of a person's messages as read (全部已读); gives how many."""
    return inbox_of(by).filter(read_at__isnull=True).update(read_at=time.now())


@verb("reach.resend")
def resend(message: Outgoing, *, by: Actor, reason: str = "") -> Outgoing:
    """Send a message again (重发): a failed one goes on as itself, a sent one as a copy.

    Gives the message that will be sent. The log of earlier tries stays.
    """
    by.must(MANAGE)
    row = _locked(message)
    moment = time.now()
    if row.state == Outgoing.State.SENT and row.channel != Channel.INBOX:
        return _copy_of(row)
    if row.state not in (Outgoing.State.FAILED, Outgoing.State.DROPPED):
        raise NotNow(
            f"这条消息现为“{row.get_state_display()}”，不能重发。",
            "待发送的消息会自动发出，站内消息送达后无需重发。",
            "请刷新后查看最新状态。",
            code="reach.cannot_resend",
        )
    row.state, row.tries, row.not_before = Outgoing.State.WAITING, 0, moment
    row.save(update_fields=["state", "tries", "not_before"])
    return row


@verb("reach.drop")
def drop(message: Outgoing, *, by: Actor, reason: str = "") -> Outgoing:
    """Give a message up that failed or still waits (不再发送)."""
    by.must(MANAGE)
    row = _locked(message)
    if row.state not in (Outgoing.State.FAILED, Outgoing.State.WAITING):
        raise NotNow(f"这条消息现为“{row.get_state_display()}”，无需再处理。", code="reach.cannot_drop")
    row.state = Outgoing.State.DROPPED
    row.save(update_fields=["state"])
    return row


@verb("reach.change_template")
def change_template(
    template: MessageTemplate, *, by: Actor, title: str, text: str, active: bool, reason: str = ""
) -> MessageTemplate:
    """Change the words of a message (修改模板), after the check that they can be filled."""
    by.must(EDIT_WORDS)
    words.check(template.code, title, text)
    template.title, template.text, template.active = title, text, active
    template.save()
    words.forget()
    return template


def _locked(message: Outgoing) -> Outgoing:
    return Outgoing.objects.select_for_update(of=("self",)).get(pk=message.pk)


def _copy_of(row: Outgoing) -> Outgoing:
    moment = time.now()
    return Outgoing.objects.create(
        id=new_id(), event=row.event, channel=row.channel, user_id=row.user_id, unit_id=row.unit_id,
        permission=row.permission, told_by=row.told_by, parent_id=row.pk, object_type=row.object_type,
        object_id=row.object_id, title=row.title, text=row.text, link=row.link, urgent=row.urgent,
        created_at=moment, not_before=moment,
    )  # fmt: skip
