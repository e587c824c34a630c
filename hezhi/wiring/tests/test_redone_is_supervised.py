"""不满意 → 重办 → 督办 (9.1.2-2, 9.1.2-3-3): what does not satisfy twice is redone, counted and watched."""

# ruff: noqa: F811

import pytest

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.testkit import District
from hezhi.chapters.cases.return_visit import jobs
from hezhi.chapters.cases.return_visit.tests.test_return_visit import (  # noqa: F401 - fixtures
    answered,
    district,
    november,
    redone,
    unhappy,
)
from hezhi.chapters.cases.supervision import jobs as supervision
from hezhi.chapters.cases.supervision.actions import load_tables as load_ladder
from hezhi.chapters.cases.supervision.models import Matter
from hezhi.engines.org.actor import system
from hezhi.ground import time

pytestmark = [pytest.mark.clause("9.1.2-2"), pytest.mark.clause("9.1.2-3-3")]


def test_dissatisfied_means_redone_counted_and_supervised_when_it_happens_again(
    district: District,
    november: time.FrozenClock,
) -> None:
    load_ladder(by=system("测试"))
    case = answered(district)
    for times in (1, 2):
        jobs.watch()
        unhappy(district, case)
        assert (Case.objects.get(pk=case).redos, Case.objects.get(pk=case).state) == (times, "redo")
        supervision.watch()
        assert Matter.objects.filter(case=case).exists() == (times == 2)
        november.advance(hours=1)
        redone(district, case) if times == 1 else None
    assert "已重办 2 次" in Matter.objects.get(case=case).why
