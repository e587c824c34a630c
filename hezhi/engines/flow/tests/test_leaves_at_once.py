"""Two people name a stand-in, or end the post, at the same moment (同时指定代理、收回岗位): on connections of their own."""

import threading
import time as machine
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from hezhi.engines.org import actions
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Holding
from hezhi.engines.org.testkit import make_officer, make_role, make_unit
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import NotNow

pytestmark = [pytest.mark.clause("10.1-3"), pytest.mark.usefixtures("committing_db", "clock")]


def office() -> tuple[Holding, list]:
    """A holder, a colleague of his, and two who may stand in."""
    with transaction.atomic():
        unit, role = make_unit("office"), make_role("approver", ["units.approve"])
        holder = make_officer("holder", role, unit, "休假人")
        make_officer("colleague", role, unit, "同事")
        others = [make_officer(f"deputy{n}", make_role("clerk", ["units.view"]), unit, f"代理{n}") for n in (1, 2)]
        return holder.holdings.get(), others


def name(holding: Holding, deputy) -> None:  # type: ignore[no-untyped-def]
    now = time.now()
    with acting(system("人事"), verb="org.name_deputy"):
        actions.name_deputy(holding, deputy, starts=now, ends=now + timedelta(days=3), reason="休假")


def end(holding: Holding) -> None:
    with acting(system("人事"), verb="org.end_holding"):
        actions.end_holding(holding)


def meanwhile(first: Callable[[], None], second: Callable[[], None]) -> list[str]:
    """The first is not finished when the second begins; gives what the second was refused with."""
    told: list[str] = []

    def colleague() -> None:
        try:
            second()
        except NotNow as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    thread = threading.Thread(target=colleague)
    with transaction.atomic():
        first()
        thread.start()
        until = machine.monotonic() + 2
        while thread.is_alive() and machine.monotonic() < until and not _somebody_waits():
            machine.sleep(0.01)
    thread.join()
    return told


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted")
        return bool(cursor.fetchone()[0])


def test_one_leave_gets_one_stand_in() -> None:
    holding, (one, two) = office()
    assert meanwhile(lambda: name(holding, one), lambda: name(holding, two)) == ["org.deputy_named"]
    assert Holding.objects.filter(deputy_of=holding).count() == 1


def test_nobody_is_named_for_a_post_that_is_just_being_taken_away() -> None:
    holding, (one, _) = office()
    again = Holding.objects.select_related("post__role", "user").get(pk=holding.pk)
    assert meanwhile(lambda: end(holding), lambda: name(again, one)) == ["org.holding_over"]
    assert not Holding.objects.filter(deputy_of=holding).exists()


def test_who_was_just_named_goes_with_the_post() -> None:
    holding, (one, _) = office()
    again = Holding.objects.select_related("post__role", "user").get(pk=holding.pk)
    assert meanwhile(lambda: name(holding, one), lambda: end(again)) == []
    assert Holding.objects.get(deputy_of=holding).valid_to <= time.now()
