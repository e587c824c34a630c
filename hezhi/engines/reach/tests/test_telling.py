"""Telling people and bringing it to them (告知与送达)."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hezhi.engines.reach import delivery, ports, resolvers, words
from hezhi.engines.reach.actions import change_template, drop, mark_all_read, mark_read, resend
from hezhi.engines.reach.api import Message, tell, tell_all
from hezhi.engines.reach.models import Channel, Delivery, InboxMessage, LocalCopy, MessageTemplate, Outgoing
from hezhi.engines.reach.ports import CannotSend, Letter
from hezhi.engines.reach.queries import inbox_of, outgoing_for, unread_count, unread_counts
from hezhi.engines.reach.resolvers import Receiver
from hezhi.engines.reach.tests import world
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.ids import new_id

pytestmark = pytest.mark.django_db
CASE = UUID("01930000-0000-7000-8000-00000000c0de")
VALUES = {"number": "SJ26112200001", "title": "路灯不亮"}


@pytest.fixture(autouse=True)
def _words(db: None) -> Iterator[None]:
    words.forget()
    world.with_words()
    yield
    words.forget()
    resolvers._resolvers.pop("test.matter", None)


def assigned(to_unit: object, **more: object) -> list[Outgoing]:
    return tell(
        world.clock(), event="cases.assigned", to_unit=to_unit, permission="cases.sign",
        about=("handling.case", CASE), values=VALUES, link=f"/cases/{CASE}/", **more,
    )  # fmt: skip


def to_reporter(**more: object) -> Outgoing:
    (row,) = tell(
        world.clock(), event="cases.received_reporter", about=("test.matter", CASE),
        values={"number": "SJ26112200001"}, channels=["sms"], **more,
    )  # fmt: skip
    return row


def send_all() -> None:
    while delivery.deliver_outside():
        pass


class Line:
    """A port in the test's hand."""

    name, connected = "测试通道", True

    def __init__(self) -> None:
        self.sent: list[Letter] = []
        self.trouble: Exception | None = None

    def send(self, letter: Letter) -> str:
        if self.trouble:
            raise self.trouble
        self.sent.append(letter)
        return "已接收"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line()
    monkeypatch.setattr(delivery, "port_for", lambda channel: made)
    return made


# -- the inbox -------------------------------------------------------------------------------------


def test_whoever_holds_the_permission_in_the_unit_is_told() -> None:
    town = world.unit()
    signer = world.officer("cases.sign", at=town)
    colleague = world.officer("cases.view", at=town)
    neighbour = world.officer("cases.sign", at=world.unit("城北街道"))
    assigned(town)
    assert delivery.deliver_inbox() == 1
    assert [m.title for m in inbox_of(signer)] == ["新的承办单：路灯不亮"]
    assert unread_count(colleague) == unread_count(neighbour) == 0


def test_a_deputy_is_told_what_the_absent_one_is_told() -> None:
    town = world.unit()
    post = world.post(town, "cases.sign")
    absent, deputy = world.user("周明"), world.user("林晓")
    held = world.hold(absent, post)
    world.hold(deputy, post, deputy_of=held, days=5)
    tell(world.clock(), event="cases.urged", to_user=absent, values=VALUES)
    assigned(town)
    delivery.deliver_inbox()
    assert InboxMessage.objects.filter(user=deputy).count() == 2
    assert InboxMessage.objects.filter(user=absent).count() == 2


def test_a_holder_whose_time_is_over_or_whose_account_is_closed_is_not_told() -> None:
    town = world.unit()
    post = world.post(town, "cases.sign")
    world.hold(world.user("旧人"), post, days=0)
    world.hold(world.user("停用", is_active=False), post)
    present = world.user("在岗")
    world.hold(present, post)
    with time.frozen_at(time.now() + timedelta(minutes=1)):
        assigned(town)
        delivery.deliver_inbox()
    assert list(InboxMessage.objects.values_list("user_id", flat=True)) == [present.pk]


def test_who_says_it_is_not_told_when_others_are() -> None:
    town = world.unit()
    one, two = world.officer("cases.sign", at=town), world.officer("cases.sign", at=town)
    tell(one, event="cases.comment", to_unit=town, permission="cases.sign", values=VALUES)
    delivery.deliver_inbox()
    assert (unread_count(one), unread_count(two)) == (0, 1)


def test_a_unit_without_a_holder_is_laid_before_a_person() -> None:
    (row,) = assigned(world.unit())
    delivery.deliver_inbox()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (Outgoing.State.FAILED, "单位内没有持有所需权限的人员")
    assert not Delivery.objects.get().ok


def test_telling_twice_in_the_same_round_delivers_each_message_once() -> None:
    town = world.unit()
    signer = world.officer("cases.sign", at=town)
    assigned(town)
    delivery.deliver_inbox()
    Outgoing.objects.update(state="waiting")  # as if the mark had been lost
    delivery.deliver_inbox()
    assert unread_count(signer) == 1


def test_a_message_costs_one_statement_however_many_channels(django_assert_num_queries) -> None:
    town = world.unit()
    words.text_of("cases.assigned", "inbox")
    with django_assert_num_queries(1):
        assigned(town, channels=["inbox", "sms", "shandong_tong"])


def test_delivering_costs_the_same_for_many_as_for_few() -> None:
    town = world.unit()
    world.officer("cases.sign", at=town)
    counts = []
    for amount in (2, 40):
        assert len(tell_all(world.clock(), [_message(town)] * amount)) == amount
        with CaptureQueriesContext(connection) as seen:
            assert delivery.deliver_inbox() == amount
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 9


def _message(town: object) -> Message:
    return Message("cases.assigned", to_unit=town, permission="cases.sign", values=VALUES)


def test_unread_counts_of_many_people_are_one_question(django_assert_num_queries) -> None:
    town = world.unit()
    one, two = world.officer("cases.sign", at=town), world.officer(at=town)
    assigned(town)
    delivery.deliver_inbox()
    with django_assert_num_queries(1):
        assert unread_counts([one.user_id, two.user_id]) == {one.user_id: 1, two.user_id: 0}


def test_reading_counts_once_and_only_ones_own() -> None:
    town = world.unit()
    mine, other = world.officer("cases.sign", at=town), world.officer(at=town)
    assigned(town)
    assigned(town)
    delivery.deliver_inbox()
    message = inbox_of(mine)[0]
    with pytest.raises(NotFound):
        mark_read(message.pk, by=other)
    first = mark_read(message.pk, by=mine).read_at
    assert mark_read(message.pk, by=mine).read_at == first
    assert unread_count(mine) == 1
    assert mark_all_read(by=mine) == 1
    assert unread_count(mine) == 0


# -- what a programmer gets wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"event": "cases.unknown", "to_user": new_id()},
        {"event": "cases.urged", "to_user": new_id(), "values": {"phone": "1"}},
        {"event": "cases.urged", "to_unit": new_id()},
        {"event": "cases.urged", "to_unit": new_id(), "to_user": new_id(), "permission": "x"},
        {"event": "cases.urged"},
        {"event": "cases.urged", "about": ("handling.case", CASE)},
    ],
)
def test_a_message_that_could_not_be_delivered_is_refused_at_once(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        tell(world.clock(), **{"values": {}, **wrong})


def test_a_switched_off_template_sends_nothing() -> None:
    keeper, template = world.keeper(), MessageTemplate.objects.get(code="cases.assigned", channel="inbox")
    change_template(template, by=keeper, title=template.title, text=template.text, active=False)
    assert assigned(world.unit()) == []


def test_changed_words_are_used_and_wrong_ones_refused() -> None:
    template = MessageTemplate.objects.get(code="cases.assigned", channel="inbox")
    change_template(template, by=world.keeper(), title="新任务", text="请办理 {number}", active=True)
    assert assigned(world.unit())[0].text == "请办理 SJ26112200001"
    with pytest.raises(BadInput) as refused:
        change_template(template, by=world.keeper(), title="{phone}", text="好", active=True)
    assert "{phone} 不存在" in str(refused.value)
    with pytest.raises(NotAllowed):
        change_template(template, by=world.officer(), title="新", text="新", active=True)


def test_loading_again_keeps_what_officers_wrote() -> None:
    template = MessageTemplate.objects.get(code="cases.urged", channel="inbox")
    change_template(template, by=world.keeper(), title="请抓紧", text="{number}", active=True)
    assert words.load_templates(by=world.clock()) == 0
    template.refresh_from_db()
    assert template.title == "请抓紧"


@pytest.mark.parametrize("event", words.events().values(), ids=lambda event: event.code)
def test_every_default_text_can_be_filled_and_is_short(event: words.Event) -> None:
    for channel, (title, text) in event.texts.items():
        words.check(event.code, title, text)
        assert len(title) <= 100
        assert channel != "sms" or len(text) <= 70, "一条短信以内"


# -- other channels --------------------------------------------------------------------------------


def test_an_unconnected_channel_keeps_what_it_would_have_sent_and_says_so() -> None:
    town = world.unit()
    world.officer("cases.sign", at=town, work_phone="13812345678")
    assigned(town, channels=["sms"], urgent=True)
    send_all()
    copy, log = LocalCopy.objects.get(), Delivery.objects.last()
    assert (copy.receiver, copy.channel) == ("138****5678", "sms")
    assert copy.text.startswith("【合治】事件SJ26112200001")
    assert log.answer == "本地演示通道（未对接）：已留存，未实际发送"


def test_a_unit_of_several_people_gets_a_message_each_with_its_own_log(line: Line) -> None:
    town = world.unit()
    world.officer("cases.sign", at=town, work_phone="13812345678", name="周明")
    world.officer("cases.sign", at=town, work_phone="13912345678", name="林晓")
    world.officer("cases.sign", at=town, name="无号")
    (row,) = assigned(town, channels=["sms"], urgent=True)
    send_all()
    assert sorted(letter.address for letter in line.sent) == ["13812345678", "13912345678"]
    states = dict(Outgoing.objects.filter(parent=row).values_list("user__full_name", "state"))
    assert states == {"周明": "sent", "林晓": "sent", "无号": "failed"}


def test_the_reporters_phone_is_asked_for_at_sending_time_and_kept_nowhere(line: Line) -> None:
    resolvers.register("test.matter", lambda pk, channel: Receiver("13712340000") if pk == CASE else None)
    row = to_reporter(urgent=True)
    delivery.deliver_outside()
    assert [letter.address for letter in line.sent] == ["13712340000"]
    row.refresh_from_db()
    kept = [str(vars(row)), *(str(vars(one)) for one in Delivery.objects.all())]
    assert not any("13712340000" in text for text in kept)
    assert Delivery.objects.get().receiver == "137****0000"


def test_a_reporter_who_left_no_phone_is_not_told_and_that_is_no_failure(line: Line) -> None:
    resolvers.register("test.matter", lambda pk, channel: None)
    row = to_reporter(urgent=True)
    delivery.deliver_outside()
    row.refresh_from_db()
    assert (row.state, line.sent) == (Outgoing.State.DROPPED, [])


def test_a_matter_nobody_answers_for_ends_before_a_person(line: Line) -> None:
    row = to_reporter(urgent=True)
    delivery.deliver_outside()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (Outgoing.State.FAILED, "找不到该事项的接收人")


def test_at_night_a_text_message_waits_for_the_morning_unless_it_is_urgent(line: Line) -> None:
    resolvers.register("test.matter", lambda pk, channel: Receiver("13712340000"))
    with time.frozen_at("2026-11-22 22:30") as clock:
        to_reporter()
        urgent = to_reporter(urgent=True)
        send_all()
        assert [letter.id for letter in line.sent] == [urgent.pk]
        clock.advance(hours=8)
        assert delivery.deliver_outside() == 0
        clock.advance(minutes=30)
        assert delivery.deliver_outside() == 1
    assert len(line.sent) == 2
    assert not Outgoing.objects.filter(tries__gt=1).exists()


def test_a_failing_channel_is_tried_with_growing_pauses_and_then_laid_before_a_person(line: Line) -> None:
    resolvers.register("test.matter", lambda pk, channel: Receiver("13712340000"))
    line.trouble = CannotSend("通道忙")
    with time.frozen_at("2026-11-23 09:00") as clock:
        row = to_reporter(urgent=True)
        waits = []
        while row.state == Outgoing.State.WAITING:
            assert delivery.deliver_outside() == 1
            assert delivery.deliver_outside() == 0
            row.refresh_from_db()
            waits.append(row.not_before - clock.moment)
            clock.move_to(max(row.not_before, clock.moment))
    assert row.state == Outgoing.State.FAILED
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15)]
    assert Delivery.objects.filter(ok=False, answer="通道忙").count() == 8


def test_a_fault_in_one_message_does_not_stop_the_next(line: Line) -> None:
    answers = iter([RuntimeError("resolver broke"), Receiver("13712340000")])

    def resolver(pk: UUID, channel: str) -> Receiver:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    resolvers.register("test.matter", resolver)
    broken, fine = to_reporter(urgent=True), to_reporter(urgent=True)
    delivery.deliver_outside()
    broken.refresh_from_db()
    assert [letter.id for letter in line.sent] == [fine.pk]
    assert (broken.state, broken.last_error) == (Outgoing.State.WAITING, "发送程序出错（RuntimeError）")


def test_a_message_whose_sender_was_killed_comes_up_again_under_the_same_id(line: Line) -> None:
    resolvers.register("test.matter", lambda pk, channel: Receiver("13712340000"))
    with time.frozen_at("2026-11-23 09:00") as clock:
        row = to_reporter(urgent=True)
        line.trouble = SystemExit()  # the process ends between taking and sending
        with pytest.raises(SystemExit):
            delivery.deliver_outside()
        line.trouble = None
        assert delivery.deliver_outside() == 0
        clock.advance(minutes=4)
        assert delivery.deliver_outside() == 1
    assert [letter.id for letter in line.sent] == [row.pk]


def test_mail_goes_to_the_work_address_once_under_a_fixed_id(settings) -> None:
    settings.REACH_PORTS = {"email": "hezhi.engines.reach.ports.MailPort"}
    person = world.user("周明", email="zhou@example.com")
    (row,) = tell(world.clock(), event="cases.assigned", to_user=person, values=VALUES, channels=["email"])
    delivery.deliver_outside()
    (sent,) = mail.outbox
    assert sent.to == ["zhou@example.com"]
    assert str(row.pk) in sent.extra_headers["Message-ID"]


def test_a_channel_without_a_port_is_the_local_one_and_not_connected() -> None:
    port = ports.port_for(Channel.AI_SHANDONG)
    assert (port.name, port.connected) == ("本地演示通道（未对接）", False)


# -- looking after messages ------------------------------------------------------------------------


def test_a_failed_message_is_sent_again_as_itself_with_a_trace(line: Line) -> None:
    row = to_reporter(urgent=True)
    delivery.deliver_outside()
    resolvers.register("test.matter", lambda pk, channel: Receiver("13712340000"))
    assert resend(row, by=world.keeper(), reason="通道已修复").pk == row.pk
    delivery.deliver_outside()
    row.refresh_from_db()
    assert row.state == Outgoing.State.SENT
    audit = AuditEntry.objects.get(event="reach.resend")
    assert (audit.object_id, audit.reason) == (row.pk, "通道已修复")


def test_a_sent_message_is_sent_again_as_a_copy(line: Line) -> None:
    resolvers.register("test.matter", lambda pk, channel: Receiver("13712340000"))
    row = to_reporter(urgent=True)
    delivery.deliver_outside()
    row.refresh_from_db()
    copy = resend(row, by=world.keeper())
    assert (copy.parent_id, copy.state) == (row.pk, Outgoing.State.WAITING)
    delivery.deliver_outside()
    assert len(line.sent) == 2


def test_a_waiting_message_is_not_sent_again_but_may_be_given_up(line: Line) -> None:
    row = to_reporter(urgent=True)
    with pytest.raises(NotNow):
        resend(row, by=world.keeper())
    drop(row, by=world.keeper())
    assert delivery.deliver_outside() == 0


def test_only_who_looks_after_messages_sees_and_moves_the_outbox() -> None:
    row = to_reporter()
    stranger = world.officer("cases.sign")
    assert not outgoing_for(stranger).exists()
    assert outgoing_for(world.keeper()).get() == row
    with pytest.raises(NotAllowed):
        resend(row, by=stranger)
