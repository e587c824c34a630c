"""The grouping stands in the tables: rebuilt at start with equal answers, put right by people, undone by them (事件归并)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from hezhi.engines.analysis import actions, queries, state
from hezhi.engines.analysis.actions import Incoming
from hezhi.engines.analysis.models import Event, EventMessage, EventProposal, Regrouping
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, Scope, system
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.ids import new_id

pytestmark = pytest.mark.django_db

STREAM = system("事件发现")
EDITOR = Actor(name="研判员", permissions=frozenset({actions.REGROUP}), scope=Scope(everything=True))
READER = Actor(name="受理员", scope=Scope(everything=True))
FIRST = datetime(2026, 3, 2, 1, tzinfo=UTC)
STORY = "从上周开始水压不足，五楼以上几乎没有水，物业说要等加压泵配件，请水务部门协调尽快解决居民用水。"
NOISE = "星河路改造工地半夜打桩，附近居民睡不着，请城管部门管一管。"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    state._memory = state.Memory()
    yield
    state._memory = state.Memory()


def said(title: str, text: str, day: int = 0, area: Area | None = None) -> Incoming:
    return Incoming("test.message", new_id(), title, text, FIRST + timedelta(days=day), area)


def water(day: int = 0, place: str = "海棠苑小区", more: str = "") -> Incoming:
    return said(f"{place}五楼以上没有水{more}", place + STORY, day)


def noise(day: int = 0, more: str = "") -> Incoming:
    return said(f"星河路工地半夜打桩吵人{more}", NOISE, day)


def take(*messages: Incoming) -> list[EventMessage]:
    return actions.take_in(messages, by=STREAM)


def test_messages_are_grouped_once_and_the_event_bears_a_title_without_numbers() -> None:
    one, two, other = take(
        water(0, more="，电话19900001234"), said("海棠苑小区五楼以上没有水", "海棠苑小区" + STORY, 1), noise(2)
    )
    assert one.event_id == two.event_id != other.event_id
    assert "19900001234" not in "".join(EventMessage.objects.values_list("title", flat=True))
    again = Incoming("test.message", one.key, "海棠苑小区五楼以上没有水", STORY, FIRST)
    assert take(again) == [] and EventMessage.objects.count() == 3
    assert AuditEntry.objects.filter(event="analysis.take_in").count() == 2
    name = queries.name(READER, one.event)
    assert name is not None and name.members == 2 and "海棠苑小区" in name.title


def test_rebuilt_from_the_rows_the_stream_answers_as_before() -> None:
    messages = [water(0), noise(1), water(2, more="了"), noise(3, more="了"), water(4, place="润芳园小区")]
    take(*messages[:3])
    take(*messages[3:])
    lived = state._memory
    rebuilt = state.rebuilt()
    assert list(rebuilt.rows) == list(lived.rows)
    assert (rebuilt.stream._df == lived.stream._df).all()
    from hezhi.engines.analysis.events.terms import terms_of

    asked = [("海棠苑小区五楼没有水", STORY), ("星河路打桩吵人", NOISE), ("电梯坏了", "三号楼电梯停运三天。")]
    for n, terms in enumerate(terms_of(asked)):
        one = lived.stream.add(terms, FIRST.timestamp() + n, n)
        other = rebuilt.stream.add(terms, FIRST.timestamp() + n, n)
        assert (one.event, one.score, one.merge, one.alike) == (other.event, other.score, other.merge, other.alike)


def test_the_same_text_about_two_places_stays_two_events_and_is_proposed_to_a_person() -> None:
    one, other = take(water(0), water(1, place="润芳园小区"))
    assert one.event_id != other.event_id
    proposal = queries.proposals(EDITOR).get()
    assert proposal.kind == EventProposal.Kind.COPY
    actions.answer(proposal, same=False, by=EDITOR)
    take(water(2), water(3, place="润芳园小区"))
    assert not queries.proposals(EDITOR).exists(), "what was answered is not asked again"


def test_a_join_and_a_split_by_a_person_are_respected_ever_after() -> None:
    one, other = take(water(0), noise(1))
    actions.join(one.event, [other.pk], by=EDITOR, reason="同一施工造成")
    [third] = take(noise(2, more="了"))
    assert third.event_id == one.event_id, "what resembles the joined message follows it"
    actions.split(Event.objects.get(pk=one.event_id), [other.pk, third.pk], by=EDITOR)
    apart = EventMessage.objects.get(pk=other.pk).event_id
    assert apart != one.event_id
    state._memory = state.Memory()  # a new start
    more = take(noise(3, more="三天"), water(4))
    assert [row.event_id for row in more] == [apart, one.event_id]
    assert not EventProposal.objects.filter(state="waiting").exists()


def test_each_regrouping_is_written_down_and_can_be_undone_once() -> None:
    one, other = take(water(0), noise(1))
    merged = actions.merge(one.event, other.event, by=EDITOR, reason="同一施工")
    gone = Event.objects.get(pk=other.event_id)
    assert (gone.state, gone.merged_into_id) == ("merged", one.event_id)
    assert queries.event_for(READER, gone.pk).pk == one.event_id
    actions.undo(merged, by=EDITOR)
    assert set(EventMessage.objects.values_list("pk", "event_id")) == {
        (one.pk, one.event_id),
        (other.pk, gone.pk),
    }
    assert Event.objects.get(pk=gone.pk).state == "open"
    with pytest.raises(NotNow):
        actions.undo(merged, by=EDITOR)
    assert Regrouping.objects.get().by_name == "研判员"
    assert AuditEntry.objects.filter(event="analysis.undo").exists()


def test_an_accepted_proposal_merges_and_waits_again_when_it_is_undone() -> None:
    take(water(0), water(1, place="润芳园小区"))
    proposal = queries.proposals(EDITOR).get()
    actions.answer(proposal, same=True, by=EDITOR)
    assert queries.events(READER).count() == 1
    with pytest.raises(NotNow):
        actions.answer(proposal, same=True, by=EDITOR)
    actions.undo(Regrouping.objects.get(), by=EDITOR)
    assert queries.events(READER).count() == 2 and queries.proposals(EDITOR).count() == 1


def test_a_late_message_never_opens_a_closed_event_again_unseen() -> None:
    [old] = take(water(0))
    take(noise(200))
    assert Event.objects.get(pk=old.event_id).state == "closed"
    assert bytes(EventMessage.objects.get(pk=old.pk).terms) == b"", "what left the window keeps no terms"
    [late] = take(noise(10))
    assert late.event_id != EventMessage.objects.exclude(pk=late.pk).get(title__startswith="星河路").event_id
    assert not late.alive and Event.objects.get(pk=late.event_id).state == "closed"
    assert queries.proposals(EDITOR).get().kind == EventProposal.Kind.LATE
    [new] = take(water(201))
    assert new.event_id != old.event_id


def test_what_failed_leaves_no_trace_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    take(water(0))
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr(actions, "stamp", lambda _: (_ for _ in ()).throw(RuntimeError("torn")))
        take(noise(1))
    [after] = take(noise(2))
    assert len(state._memory.stream) == 2 and EventMessage.objects.count() == 2
    assert after.event.messages.count() == 1


def test_an_erased_message_is_forgotten_with_its_event() -> None:
    one, two = take(water(0), noise(1))
    assert actions.forget("test.message", two.key, by=STREAM) == 1
    assert list(Event.objects.values_list("pk", flat=True)) == [one.event_id]
    [again] = take(noise(2))
    assert again.event_id != two.event_id


def test_only_who_may_regroup_does_and_nobody_beyond_his_area() -> None:
    own, far = (_town(code, x) for code, x in (("370211001", 0), ("370211002", 1)))
    one, other = take(said("海棠苑小区停水", STORY, 0, own), said("星河路工地吵人", NOISE, 1, far))
    with pytest.raises(NotAllowed):
        actions.merge(one.event, other.event, by=READER)
    local = Actor(name="镇街", permissions=EDITOR.permissions, scope=Scope(level="town", area=own.pk))
    assert list(queries.events(local)) == [one.event]
    with pytest.raises(NotFound):
        actions.merge(one.event, other.event, by=local)
    with pytest.raises(BadInput):
        actions.split(one.event, [one.pk], by=EDITOR)
    actions.rename(one.event, "海棠苑停水", by=local)
    take(said("海棠苑小区停水", STORY, 2, own))
    assert Event.objects.get(pk=one.event_id).title == "海棠苑停水", "the stream leaves a person's title alone"


def _town(code: str, x: int) -> Area:
    square = MultiPolygon(Polygon(((x, 0), (x + 1, 0), (x + 1, 1), (x, 1), (x, 0))), srid=4326)
    return Area.objects.create(
        code=code, name=f"示例{code[-1]}街道", full_name=f"示例{code[-1]}街道", level="town", shape=square,
        centre=Point(x + 0.5, 0.5, srid=4326), valid_from=time.today(),
    )  # fmt: skip


def test_events_need_a_key() -> None:
    with pytest.raises(NotFound):
        queries.event_for(READER, UUID(int=7))
