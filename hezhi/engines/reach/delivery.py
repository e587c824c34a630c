"""Bringing messages to people (送达): the inbox in bulk, other channels one by one through their ports.

Whoever delivers may be killed at any moment. Inbox rows and their mark «sent» are one transaction. A
message for a port is leased first (`not_before` a little ahead, one try counted) and marked after; if
the mark is never made, the lease ends and the message is tried again under the same id.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models, transaction
from django.db.models import F

from hezhi.engines.org.models import User
from hezhi.engines.reach import resolvers, rules, words
from hezhi.engines.reach.models import Channel, Delivery, InboxMessage, Outgoing
from hezhi.engines.reach.ports import CannotSend, Letter, port_for
from hezhi.engines.reach.receivers import people_for
from hezhi.engines.reach.resolvers import Receiver
from hezhi.ground import time
from hezhi.ground.ids import new_id
from hezhi.ground.rounds import fed_by
from hezhi.ground.text import shorten

log = logging.getLogger("hezhi.reach")

INBOX_BATCH = 300
PORT_BATCH = 10
LEASE = timedelta(minutes=3)  # longer than a batch of sends at ten seconds each
_WAITING = "reach_outgoing WHERE state = 'waiting' AND not_before <= statement_timestamp() AND channel"
NOBODY = "单位内没有持有所需权限的人员"
DECLINED = "本人不接收这类消息，不发送"


# -- the inbox -------------------------------------------------------------------------------------


@fed_by(f"{_WAITING} = 'inbox'")
def deliver_inbox() -> int:
    """Put waiting messages into people's inboxes; gives how many were dealt with."""
    with transaction.atomic():
        rows = list(_due().filter(channel=Channel.INBOX)[:INBOX_BATCH])
        if not rows:
            return 0
        people, moment = people_for(rows), time.now()
        InboxMessage.objects.bulk_create(
            [_inbox_row(row, user, moment) for row in rows for user in people[row.pk]], ignore_conflicts=True
        )
        told = [row.pk for row in rows if people[row.pk]]
        declined = [row.pk for row in rows if row.user_id and not people[row.pk]]
        lost = [row.pk for row in rows if not row.user_id and not people[row.pk]]
        Outgoing.objects.filter(pk__in=told).update(
            state=Outgoing.State.SENT, sent_at=moment, tries=F("tries") + 1, last_error=""
        )
        Outgoing.objects.filter(pk__in=lost).update(
            state=Outgoing.State.FAILED, tries=F("tries") + 1, last_error=NOBODY
        )
        Outgoing.objects.filter(pk__in=declined).update(state=Outgoing.State.DROPPED, tries=F("tries") + 1)
        Delivery.objects.bulk_create([_inbox_log(row, len(people[row.pk])) for row in rows])
    return len(rows)


def _inbox_row(row: Outgoing, user: UUID, moment: datetime) -> InboxMessage:
    return InboxMessage(
        id=new_id(), user_id=user, outgoing=row, title=row.title, text=row.text, link=row.link,
        urgent=row.urgent, at=moment,
    )  # fmt: skip


def _inbox_log(row: Outgoing, count: int) -> Delivery:
    answer = f"已送达 {count} 人" if count else DECLINED if row.user_id else NOBODY
    return Delivery(outgoing=row, at=time.now(), ok=count > 0, receiver="站内", answer=answer)


# -- the other channels ----------------------------------------------------------------------------


@fed_by(f"{_WAITING} <> 'inbox'")
def deliver_outside() -> int:
    """Send waiting messages through the ports; gives how many were dealt with."""
    taken, put_off = _lease()
    for row in taken:
        try:
            _deliver_one(row)
        except CannotSend as trouble:
            _failed(row, trouble.reason, lasting=trouble.lasting)
        except Exception as error:
            log.exception("message %s could not be sent", row.pk)
            _failed(row, f"发送程序出错（{type(error).__name__}）")
    return len(taken) + put_off


@transaction.atomic
def _lease() -> tuple[list[Outgoing], int]:
    """Take some messages for a while; what falls into a channel's silence is put off without a try."""
    moment = time.now()
    rows = list(_due().exclude(channel=Channel.INBOX)[:PORT_BATCH])
    if not rows:
        return [], 0
    silent = words.silence(moment)
    hushed = [row for row in rows if row.channel in silent and not row.urgent]
    for row in hushed:
        row.not_before = silent[row.channel]
    Outgoing.objects.bulk_update(hushed, ["not_before"])
    taken = [row for row in rows if row not in hushed]
    for row in taken:
        row.not_before, row.tries = moment + LEASE, row.tries + 1
    Outgoing.objects.bulk_update(taken, ["not_before", "tries"])
    return taken, len(hushed)


def _due() -> models.QuerySet[Outgoing]:
    """Messages whose time has come and that nobody else is working on."""
    return (
        Outgoing.objects.filter(state=Outgoing.State.WAITING, not_before__lte=time.now())
        .select_for_update(skip_locked=True)
        .order_by("not_before", "id")
    )


def _deliver_one(row: Outgoing) -> None:
    if row.user_id is None and row.unit_id is None:
        _send(row, _outside_receiver(row))
        return
    people = [row.user_id] if row.parent_id and row.user_id else people_for([row])[row.pk]
    if not people and row.user_id:
        _finish(row, Outgoing.State.DROPPED, "", DECLINED)
        return
    if not people:
        raise CannotSend(NOBODY, lasting=True)
    if row.user_id and people == [row.user_id]:
        _send(row, _staff_receiver(row, User.objects.get(pk=row.user_id)))
    else:
        _hand_out(row, people)


def _outside_receiver(row: Outgoing) -> Receiver | None:
    if row.object_id is None:
        raise CannotSend("消息没有说明涉及的事项", lasting=True)
    if not resolvers.is_wanted(row.object_type, row.object_id, row.event):
        return None
    try:
        return resolvers.receiver_of(row.object_type, row.object_id, row.channel)
    except LookupError as error:
        raise CannotSend("找不到该事项的接收人", lasting=True) from error


def _staff_receiver(row: Outgoing, user: User) -> Receiver:
    address = user.email if row.channel == Channel.EMAIL else user.work_phone
    if not address:
        missing = "邮箱" if row.channel == Channel.EMAIL else "工作电话"
        raise CannotSend(f"{user.full_name}没有登记{missing}", lasting=True)
    return Receiver(address, user.full_name)


def _send(row: Outgoing, receiver: Receiver | None) -> None:
    if receiver is None or not receiver.address:
        _finish(row, Outgoing.State.DROPPED, "", "没有可联系的接收人，不发送")
        return
    channel = receiver.channel or row.channel
    title, text = rules.worded(row.title, row.text, receiver.values) if receiver.values else (row.title, row.text)
    secrets = tuple(str(value) for value in (receiver.values or {}).values())
    letter = Letter(row.pk, channel, receiver.address, receiver.name, title, text, row.link, row.urgent, secrets)
    port = port_for(channel)
    answer = port.send(letter)
    masked = rules.masked_address(channel, receiver.address)
    _finish(row, Outgoing.State.SENT, masked, f"{port.name}：{answer}")


@transaction.atomic
def _hand_out(row: Outgoing, people: list[UUID]) -> None:
    """Make one message per person, so that each is sent, logged and tried again by itself."""
    moment = time.now()
    if not Outgoing.objects.select_for_update().filter(pk=row.pk, state=Outgoing.State.WAITING).exists():
        return
    Outgoing.objects.bulk_create([_copy(row, user_id=user, moment=moment) for user in people])
    _finish(row, Outgoing.State.SENT, "", f"已分发 {len(people)} 人")


def _copy(row: Outgoing, *, user_id: UUID, moment: datetime) -> Outgoing:
    return Outgoing(
        id=new_id(), event=row.event, channel=row.channel, user_id=user_id, parent_id=row.pk, told_by=row.told_by,
        object_type=row.object_type, object_id=row.object_id, title=row.title, text=row.text, link=row.link,
        urgent=row.urgent, created_at=moment, not_before=moment,
    )  # fmt: skip


# -- how it ended ----------------------------------------------------------------------------------


@transaction.atomic
def _finish(row: Outgoing, state: str, receiver: str, answer: str) -> None:
    """Write the end of a message and its line in the log, once."""
    moment = time.now()
    ended = Outgoing.objects.filter(pk=row.pk, state=Outgoing.State.WAITING).update(
        state=state, sent_at=moment if state == Outgoing.State.SENT else None, last_error=""
    )
    if ended:
        Delivery.objects.create(outgoing=row, at=moment, ok=True, receiver=receiver, answer=shorten(answer, 300))


@transaction.atomic
def _failed(row: Outgoing, reason: str, *, lasting: bool = False) -> None:
    """Write a failed try; later ones wait longer, and after the last the message is laid before a person."""
    moment, pause = time.now(), None if lasting else rules.pause_after(row.tries)
    change: dict[str, object] = {"last_error": shorten(reason, 300)}
    change |= {"not_before": moment + pause} if pause else {"state": Outgoing.State.FAILED}
    if Outgoing.objects.filter(pk=row.pk, state=Outgoing.State.WAITING).update(**change):
        Delivery.objects.create(outgoing=row, at=moment, ok=False, answer=shorten(reason, 300))
