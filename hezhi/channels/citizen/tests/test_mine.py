"""我的诉求 (9.1.2-1): a citizen proves his telephone and sees his matters of all channels, for half an hour, and nobody else's."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hezhi.channels.citizen import actions as actions_of_phones
from hezhi.channels.citizen import jobs
from hezhi.channels.citizen.models import PhoneProof
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.delivery import deliver_outside
from hezhi.engines.reach.models import LocalCopy, Outgoing
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time

pytestmark = pytest.mark.clause("9.1.2-1")
HIS, OTHER, NOBODY = "19900001111", "19900002222", "19900009999"


@pytest.fixture
def district(db: None, settings: LazySettings) -> Iterator[District]:
    settings.DEMO = True  # where no line is connected, codes are read in the local copy of a demonstration alone
    with time.frozen_at("2026-11-26 23:00"):  # a code leaves at night too
        yield build()


def said_by(district: District, text: str, phone: str = HIS, **more: object) -> Case:
    return Case.objects.get(pk=district.report(text, **({"title": text, "name": "示例甲", "phone": phone} | more)).id)


def asked(phone: str, typed: str = HIS) -> str:
    """Ask for a code, and read it where the unconnected channel keeps what it would have sent."""
    assert phone.post("/c/mine/ask/", {"phone": typed}).status_code == 302
    deliver_outside()
    return re.search(r"验证码(\d{6})", LocalCopy.objects.latest("id").text)[1]  # type: ignore[index]


def signed_in(typed: str = HIS) -> Client:
    phone = Client()
    assert phone.post("/c/mine/enter/", {"code": asked(phone, typed)}).url == "/c/mine/"
    return phone


def statements(step: Callable[[], object]) -> list[str]:
    """The SQL of a step, read before another request forgets it."""
    with CaptureQueriesContext(connection) as seen:
        step()
        return [each["sql"] for each in connection.queries[seen.initial_queries :]]


def shown(phone: Client) -> str:
    return phone.get("/c/mine/").content.decode()


def test_his_matters_of_every_channel_stand_together_and_open_as_by_number_and_code(district: District) -> None:
    by_hotline = said_by(district, "热线反映路灯")
    at_counter = said_by(district, "窗口反映积水", phone="+86 199 0000 1111", source="walk_in")
    by_web = Client()
    by_web.post("/c/report/", {"kind": "01", "text": "网上反映井盖", "address": "长江路", "phone": HIS})
    said_by(district, "别人反映的", phone=OTHER)
    secret = said_by(district, "保密反映", secret=True)
    said_by(district, "匿名反映", anonymous=True)
    old = said_by(district, "去年办结的")
    traced()
    Case.objects.filter(pk=old.pk).update(state="closed", state_since=time.now() - timedelta(days=400))
    actions.accept(by_hotline.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(by_hotline.pk, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    actions.ask_supplement(at_counter.pk, by=district["centre.acceptor"], reason="请说明是哪条路")

    phone = signed_in()
    page = shown(phone)
    for words in ("热线反映路灯", "窗口反映积水", "网上反映井盖", "199****1111", "请您补充情况", "预计答复 2026",
                  district.units["light"].name):  # fmt: skip
        assert words in page, words
    for words in ("别人反映的", "保密", "匿名反映", "去年办结的", secret.number, HIS, "示例甲"):
        assert words not in page.replace("要求保密的", ""), words

    assert district.units["light"].name in phone.get(f"/c/case/{by_hotline.pk}/").content.decode()
    phone.post(f"/c/case/{at_counter.pk}/add/", {"text": "长江路与平江路路口"})
    at_counter.refresh_from_db()
    assert at_counter.state == "to_accept", "he adds what he was asked for"
    assert phone.get(f"/c/case/{secret.pk}/").status_code == phone.get(f"/c/case/{old.pk}/").status_code == 404
    read = AuditEntry.objects.filter(event="citizen.read_by_phone", actor_kind="citizen")
    assert read.filter(object_id=by_hotline.pk).exists() and read.count() == 2

    before = Client()
    before.cookies["hezhi_phone"] = kept = phone.cookies["hezhi_phone"].value
    phone.post("/c/mine/leave/")
    assert phone.cookies["hezhi_phone"].value == "" and "mine" not in phone.session
    before.cookies["hezhi_phone"] = kept
    for client in (phone, before):
        assert "获取验证码" in shown(client) and client.get(f"/c/case/{by_hotline.pk}/").status_code == 404


def test_a_number_with_matters_and_one_without_are_answered_alike(district: District) -> None:
    said_by(district, "路灯不亮")
    Client().post("/c/mine/ask/", {"phone": "19900003333"})  # the words of messages are read once in ten seconds
    told, work = [], []
    for number in (HIS, NOBODY):
        phone = Client()
        asking = statements(lambda phone=phone, number=number: phone.post("/c/mine/ask/", {"phone": number}))
        work.append([re.sub(r"'[^']*'|\d+", "?", each)[:60] for each in asking])
        told.append(re.sub(r"\d{3}\*{4}\d{4}|[A-Za-z0-9]{64}", "", shown(phone)))
    assert work[0] == work[1], "the same statements, so the same time"
    assert told[0] == told[1]
    kept = " ".join(str(vars(row)) for row in Outgoing.objects.all())
    assert HIS not in kept and not re.search(r"验证码\d", kept), "the outbox holds neither number nor code"
    deliver_outside()
    assert HIS not in " ".join(str(vars(row)) for row in LocalCopy.objects.all())
    assert "没有可以在这里查看的事项" in shown(signed_in(OTHER))


def test_where_no_line_is_connected_no_code_is_made_and_the_page_says_so_kindly(
    district: District, settings: LazySettings
) -> None:
    said_by(district, "路灯不亮")
    settings.DEMO = False
    before = LocalCopy.objects.count()
    answer = Client().post("/c/mine/ask/", {"phone": HIS})
    page = answer.content.decode()
    assert answer.status_code == 422 and "短信服务还没有接通" in page and "编号和查询码" in page
    deliver_outside()
    assert not PhoneProof.objects.exists()
    assert not re.search(r"验证码\d", " ".join(row.text for row in LocalCopy.objects.all()[before:]))


def test_a_code_that_was_asked_for_is_blanked_in_the_local_copy_outside_a_demonstration(
    district: District, settings: LazySettings
) -> None:
    phone = Client()
    assert phone.post("/c/mine/ask/", {"phone": HIS}).status_code == 302
    settings.DEMO = False  # the line was taken away between the asking and the sending
    deliver_outside()
    text = LocalCopy.objects.latest("id").text
    assert "******" in text and actions_of_phones.code_of(PhoneProof.objects.get()) not in text


def test_a_code_is_for_one_browser_five_minutes_and_five_tries(district: District) -> None:
    phone = Client()
    code = asked(phone)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    stranger = Client()
    assert "已经失效" in stranger.post("/c/mine/enter/", {"code": code}).content.decode()
    for _ in range(5):
        assert "验证码不对" in phone.post("/c/mine/enter/", {"code": wrong}).content.decode()
    assert "已经失效" in phone.post("/c/mine/enter/", {"code": code}).content.decode(), "the sixth try is none"
    assert "一分钟" in Client().post("/c/mine/ask/", {"phone": HIS}).content.decode()
    with time.frozen_at(time.now() + timedelta(minutes=2)):
        late = asked(phone)
        with time.frozen_at(time.now() + timedelta(minutes=6)):
            assert "已经失效" in phone.post("/c/mine/enter/", {"code": late}).content.decode()
    with time.frozen_at(time.now() + timedelta(minutes=10)):
        code = asked(phone)
        open_ = phone.cookies["hezhi_phone"].value
        assert phone.post("/c/mine/enter/", {"code": f" {code[:3]} {code[3:]}"}).status_code == 302
        assert phone.cookies["hezhi_phone"].value != open_, "another token than the one that asked"
        with time.frozen_at(time.now() + timedelta(minutes=31)):
            assert "获取验证码" in shown(phone), "half an hour, however busy"


def test_nobody_is_sent_codes_all_day_and_a_day_later_nothing_is_kept(district: District) -> None:
    start = time.now()
    for n in range(5):
        with time.frozen_at(start + timedelta(minutes=2 * n)):
            assert Client().post("/c/mine/ask/", {"phone": HIS}).status_code == 302
    with time.frozen_at(start + timedelta(minutes=20)):
        refused = Client().post("/c/mine/ask/", {"phone": HIS})
        assert refused.status_code == 422 and "每天最多五次" in refused.content.decode()
        assert HIS in refused.content.decode(), "what was typed is not lost"
        for n in range(25):
            Client().post("/c/mine/ask/", {"phone": f"1990001{n:04d}"})
        assert "这个网络" in Client().post("/c/mine/ask/", {"phone": OTHER}).content.decode()
    assert "请填写 11 位手机号" in Client().post("/c/mine/ask/", {"phone": "0532-86000000"}).content.decode()
    with time.frozen_at(start + timedelta(days=2)):
        assert jobs.tidy() == 30 and not PhoneProof.objects.exists()


def test_a_page_of_two_hundred_matters_costs_as_much_as_one_of_two(district: District) -> None:
    for n in range(3):
        said_by(district, f"第{n}件")
    phone = signed_in()
    few = statements(lambda: shown(phone))
    for n in range(3, 25):
        said_by(district, f"第{n}件")
    many = statements(lambda: shown(phone))
    page = shown(phone)
    assert len(many) == len(few) == 3, many
    assert page.count("phone-row-main") == 20 and "第24件" in page and "较早的" in page
    assert "第0件" in phone.get("/c/mine/?page=2").content.decode()
    with connection.cursor() as cursor:
        cursor.execute("set enable_seqscan = off")
        cursor.execute(f"explain {next(each for each in many if 'phone_blind' in each and 'lead_unit' in each)}")
        plan = " ".join(row[0] for row in cursor.fetchall())
        cursor.execute("reset enable_seqscan")
    assert "phone_blind" in plan, "the print of the number leads to the rows"
