"""Some thousand real messages flow in as cases would (真实诉求): events come out of them that agree with what people know."""

from datetime import timedelta
from pathlib import Path

import pytest

from hezhi.chapters.awareness.early_warning import jobs
from hezhi.chapters.awareness.early_warning.models import Standing, Warning
from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.analysis.events.measure import Known, read_known
from hezhi.engines.analysis.events.scores import agreement
from hezhi.engines.analysis.models import EventMessage
from hezhi.engines.org.testkit import traced
from hezhi.ground import time
from hezhi.ground.ids import new_id

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.4-1")]
DATA = "data/appeals-teddy2020"
DAYS = 150


def test_thousands_of_real_messages_become_events_and_few_warnings(district, shared: Path) -> None:
    known = read_known(shared / DATA / "messages_events.csv", shared / DATA / "events_gold.csv")
    cases = _cases(district, known)
    while jobs.feed():
        pass
    events = dict(EventMessage.objects.values_list("key", "event_id"))
    assert len(events) == len(cases) > 2500
    scored = [(event, events[case.pk]) for event, case in zip(known.events, cases, strict=True) if event is not None]
    found = agreement([event for event, _ in scored], [event for _, event in scored])
    assert found.b3_f1 > 0.92
    jobs.watch()
    assert Standing.objects.filter(messages__gt=1).exists()
    assert Warning.objects.count() <= 3  # spread evenly over months, hardly anything is a burst


def _cases(district, known: Known) -> list[Case]:
    """The messages as cases of the last months, in their order."""
    traced()
    levels = {f"{name}_id": key for name, key in district.areas["g11"].ancestors().items()}
    step = timedelta(days=DAYS) / len(known.messages)
    moment = time.now() - timedelta(days=DAYS)
    cases = [
        Case(
            id=new_id(), number=f"SJ{n:09d}", kind="hotline", source="hotline", title=title.strip()[:120], text=text,
            received_at=moment + n * step, recorded_at=time.now(), state_since=time.now(), **levels,
        )
        for n, (title, text) in enumerate(known.messages)
    ]  # fmt: skip
    return Case.objects.bulk_create(cases, batch_size=500)
