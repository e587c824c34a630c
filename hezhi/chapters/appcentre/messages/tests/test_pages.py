"""Message pages by the front door (消息页面)."""

from collections.abc import Iterator

import pytest
from django.test import Client

from hezhi.engines.org.models import Role, User
from hezhi.engines.org.testkit import enter, make_officer, make_role, make_unit
from hezhi.engines.reach import delivery, words
from hezhi.engines.reach.api import tell
from hezhi.engines.reach.models import InboxMessage, Outgoing
from hezhi.engines.reach.tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _words(db: None) -> Iterator[None]:
    words.forget()
    world.with_words()
    yield
    words.forget()


@pytest.fixture
def zhou() -> User:
    return make_officer("zhou", make_role("acceptor", ["reach.inbox"]), make_unit(), "周明")


@pytest.fixture
def admin() -> User:
    role = make_role("keeper", ["channels.edit", "reach.inbox"], kind=Role.Kind.SYSTEM_ADMIN)
    return make_officer("admin", role, make_unit(), "系统管理员")


def say(user: User, title: str = "路灯不亮", **more: object) -> Outgoing:
    (row,) = tell(
        world.clock(), event="cases.urged", to_user=user, link="/cases/1/",
        values={"number": "SJ26112200001", "title": title, "text": "请抓紧"}, **more,
    )  # fmt: skip
    delivery.deliver_inbox()
    return row


def failed() -> Outgoing:
    """A message whose unit has nobody to read it."""
    (row,) = tell(
        world.clock(), event="cases.assigned", to_unit=make_unit("empty"), permission="cases.sign",
        values={"number": "SJ26112200001", "title": "路灯不亮"},
    )  # fmt: skip
    delivery.deliver_inbox()
    return row


# -- one's own inbox -------------------------------------------------------------------------------


def test_a_person_reads_his_messages_and_nobody_elses(client: Client, zhou: User, admin: User) -> None:
    say(zhou, "路灯不亮")
    say(admin, "另一件事")
    page = enter(client, zhou).get("/messages/").content.decode()
    assert "催办：路灯不亮" in page
    assert "另一件事" not in page


def test_opening_a_message_marks_it_read_and_leads_to_the_matter(client: Client, zhou: User) -> None:
    say(zhou)
    message = InboxMessage.objects.get()
    page = enter(client, zhou).get(f"/messages/{message.pk}/").content.decode()
    assert 'href="/cases/1/"' in page
    assert client.get("/messages/count/").json() == {"unread": 0}


def test_another_persons_message_is_not_there(client: Client, zhou: User, admin: User) -> None:
    say(zhou)
    message = InboxMessage.objects.get()
    assert enter(client, admin).get(f"/messages/{message.pk}/").status_code == 404
    client.post("/messages/read/", {"chosen": str(message.pk)})
    message.refresh_from_db()
    assert message.read_at is None


def test_ticked_messages_and_then_all_are_marked_read(client: Client, zhou: User) -> None:
    for title in ("一", "二", "三"):
        say(zhou, title)
    enter(client, zhou)
    one = InboxMessage.objects.first()
    client.post("/messages/read/", {"chosen": str(one.pk)})
    assert client.get("/messages/count/").json() == {"unread": 2}
    assert client.get("/messages/?state=unread").content.decode().count("data-row=") == 2
    client.post("/messages/read-all/")
    assert client.get("/messages/count/").json() == {"unread": 0}
    assert "没有未读消息" in client.get("/messages/?state=unread").content.decode()


def test_long_lists_have_pages(client: Client, zhou: User) -> None:
    for number in range(52):
        say(zhou, f"第{number}件")
    first = enter(client, zhou).get("/messages/").content.decode()
    assert first.count("data-row=") == 50
    further = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert client.get(f"/messages/{further}").content.decode().count("data-row=") == 2


def test_a_strange_choice_is_a_letter_and_no_fault(client: Client, zhou: User) -> None:
    enter(client, zhou)
    assert client.post("/messages/read/", {"chosen": "x'; drop"}).status_code == 422
    assert client.get("/messages/?after=x").status_code == 422


def test_counting_is_the_machines_doing_and_renews_no_session() -> None:
    from hezhi.chapters.appcentre.messages.pages import count

    assert count.beat is True


@pytest.mark.parametrize(
    "path",
    ["/messages/", "/messages/count/", "/messages/sending/", "/messages/sending/local/"],
)
def test_strangers_see_nothing(client: Client, path: str) -> None:
    assert client.get(path).status_code in (302, 401)


def test_the_inbox_costs_few_questions(client: Client, zhou: User, django_assert_max_num_queries) -> None:
    for number in range(20):
        say(zhou, f"第{number}件")
    enter(client, zhou)
    client.get("/messages/")
    with django_assert_max_num_queries(10):
        client.get("/messages/")


# -- the sending record ----------------------------------------------------------------------------


def test_the_sending_record_shows_failures_first_and_no_words_of_a_case(client: Client, admin: User) -> None:
    failed()
    page = enter(client, admin).get("/messages/sending/").content.decode()
    assert "派单给承办单位" in page
    assert "单位内没有持有所需权限的人员" in page
    assert "路灯不亮" not in page


def test_only_system_administrators_open_it(client: Client, zhou: User) -> None:
    row = failed()
    enter(client, zhou)
    for path in ("", "local/", f"{row.pk}/", f"{row.pk}/resend/", f"{row.pk}/drop/"):
        assert client.get(f"/messages/sending/{path}").status_code == 403
    assert client.post(f"/messages/sending/{row.pk}/resend/", {"reason": "x"}).status_code == 403


def test_a_failed_message_is_sent_again_with_a_reason(client: Client, admin: User) -> None:
    row = failed()
    enter(client, admin)
    address = f"/messages/sending/{row.pk}/"
    page = client.get(address).content.decode()
    assert "重新发送" in page
    assert "路灯不亮" not in page
    assert client.post(f"{address}resend/", {"reason": ""}).status_code == 422
    assert client.post(f"{address}resend/", {"reason": "已补人员"}).headers["Location"] == address
    row.refresh_from_db()
    assert row.state == Outgoing.State.WAITING
    refused = client.post(f"{address}resend/", {"reason": "再来一次"})
    assert refused.status_code == 422
    assert "再来一次" in refused.content.decode(), "what was typed stays"


def test_a_message_is_given_up_in_the_dialog(client: Client, admin: User) -> None:
    row = failed()
    enter(client, admin)
    done = client.post(f"/messages/sending/{row.pk}/drop/", {"reason": "单位已撤并"}, headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == f"/messages/sending/{row.pk}/"
    row.refresh_from_db()
    assert row.state == Outgoing.State.DROPPED


def test_what_an_unconnected_channel_would_have_sent_is_shown_as_such(client: Client, admin: User) -> None:
    lin = make_officer("lin", make_role("acceptor", ["reach.inbox"]), make_unit(), "林晓", work_phone="13812345678")
    tell(
        world.clock(), event="cases.urged", to_user=lin, values={"number": "SJ26112200001"}, channels=["sms"],
        urgent=True,
    )  # fmt: skip
    delivery.deliver_outside()
    page = enter(client, admin).get("/messages/sending/local/").content.decode()
    assert "本地演示通道（未对接）" in page
    assert "138****5678" in page
    assert "13812345678" not in page


def test_a_record_that_is_not_there_is_a_letter(client: Client, admin: User) -> None:
    enter(client, admin)
    assert client.get("/messages/sending/01930000-0000-7000-8000-000000000000/").status_code == 404
