"""Every case flows in once, without numbers and names; a secret one is found nowhere (汇聚、入流)."""

import json

import pytest
from django.db import connection

from hezhi.chapters.awareness.early_warning import actions, jobs
from hezhi.chapters.awareness.early_warning.models import Feed, Standing, Warning
from hezhi.chapters.awareness.early_warning.tests.conftest import go_round
from hezhi.chapters.cases.handling.api import Case, Source
from hezhi.chapters.cases.handling.api import actions as cases
from hezhi.engines.analysis.models import Event, EventMessage
from hezhi.engines.org.actor import system
from hezhi.engines.records.erasure import erase
from hezhi.ground import time

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.4-1")]
SECRET = "举报海棠苑小区水泵房承包人私下收钱"


def told_everywhere(word: str) -> list[str]:
    """The tables of the stream and of this room that hold a word, history included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name from information_schema.tables where table_schema = current_schema()"
            " and (table_name like 'analysis_%%' or table_name like 'early_warning_%%' or table_name like 'reach_%%')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for name in tables:
            cursor.execute(f'select count(*) from "{name}" t where t::text like %s', [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(name)
    return found


def test_each_channel_flows_in_once_and_messages_of_one_matter_meet(tell, district) -> None:
    keys = {
        tell(f"海棠苑小区五楼以上没有水，第{n}次反映", ago=9 - n, source=s)
        for n, s in enumerate(Source.values)
        if s != "superior"
    }
    go_round()
    go_round()
    assert set(EventMessage.objects.values_list("key", flat=True)) == keys
    standing = Standing.objects.get()
    assert standing.messages == len(keys) and set(standing.sources) == set(Source.values) - {"superior"}
    assert standing.place == district.areas["c1"]


def test_numbers_and_the_reporters_own_name_do_not_come_along(tell) -> None:
    tell("海棠苑示例芳家没有水，电话19900001234", name="示例芳", phone="19900001234")
    go_round()
    assert told_everywhere("19900001234") == [] and told_everywhere("示例芳") == []
    assert "海棠苑示" in EventMessage.objects.get().title


def test_a_secret_case_is_found_nowhere(tell, district) -> None:
    tell(SECRET, secret=True)
    late = tell("海棠苑小区水泵房承包人收黑钱", ago=1)
    other = tell("海棠苑小区泵房坏了没有水")
    go_round()
    event = EventMessage.objects.get(key=late).event
    cases.claim_secret(late, by=district["centre.acceptor"], title="反映某工程", text="隐去身份后的内容")
    assert not EventMessage.objects.filter(key=late).exists()
    assert told_everywhere("承包人") == []
    assert EventMessage.objects.filter(key=other).exists() and (
        event.pk != EventMessage.objects.get().event_id or Event.objects.get().title
    )
    go_round()
    jobs.feed()
    assert EventMessage.objects.count() == 1 and told_everywhere("承包人") == []


def test_a_secret_case_takes_its_name_from_an_event_that_others_share(burst, district) -> None:
    event = EventMessage.objects.filter(key=burst[0]).get().event
    named = EventMessage.objects.get(event=event, title=event.title).key
    title = event.title
    cases.claim_secret(named, by=district["centre.acceptor"], title="反映某工程", text="隐去身份后的内容")
    assert told_everywhere(title) == []
    event.refresh_from_db()
    assert event.title and event.messages.count() == len(burst) - 1
    assert Warning.objects.filter(event=event).exists()


def test_an_erased_case_and_one_entered_by_mistake_leave_the_stream(burst, district) -> None:
    case = Case.objects.get(pk=burst[1])
    erase(case, by=system("到期清除"), reason="保存期满")
    assert not EventMessage.objects.filter(key=burst[1]).exists()
    approval = cases.ask_void(burst[2], by=district["centre.acceptor"], reason="重复登记")
    cases.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
    assert Case.objects.get(pk=burst[2]).state == "void"
    assert EventMessage.objects.count() == len(burst) - 2


def test_what_a_long_transaction_put_in_late_is_found_and_every_night_all_is_compared(tell) -> None:
    first, late = tell(ago=2), tell("灯塔路口红绿灯不亮了", ago=1)
    while jobs.feed():
        pass
    # As if the second had come in within a transaction that ended after the first was read.
    actions.forget_case(late, by=system("测试"), reason="测试")
    assert jobs.feed() == 0
    assert set(EventMessage.objects.values_list("key", flat=True)) == {first, late}
    state = Feed.objects.get()
    Feed.objects.update(settled=state.seen)
    actions.forget_case(late, by=system("测试"), reason="测试")
    jobs.feed()
    assert EventMessage.objects.count() == 1
    assert jobs.nightly() == 0  # at nine in the morning nothing is compared
    with time.frozen_at("2026-11-27 03:00"):
        assert jobs.nightly() == 1
        assert jobs.nightly() == 0
    assert EventMessage.objects.count() == 2


def test_a_warning_says_no_word_of_what_people_wrote(burst) -> None:
    title = EventMessage.objects.get(key=burst[3]).title
    assert Warning.objects.exists()
    told = json.dumps(told_everywhere("没有水"))
    assert title and "early_warning" not in told and "reach" not in told
