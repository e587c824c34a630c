"""A request and the step that leaves it without ground at the same moment (同时办理, 9.1.2-2): on connections of their own."""

import threading
import time as machine

import pytest
from django.db import connection, transaction

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.intake.testkit import build, order_of
from hezhi.chapters.cases.intake.tests.test_requests import signed
from hezhi.engines.flow.models import Approval

pytestmark = pytest.mark.clause("9.1.2-2")


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.usefixtures("committing_db", "clock")
def test_a_step_that_waited_for_the_request_to_be_asked_takes_it_back_all_the_same() -> None:
    """What the lock's own statement read beside the row is older than the row; the revision tells."""
    with transaction.atomic():
        district = build()
        case, order = signed(district)
    by = district["light.handler"]

    def answer() -> None:
        try:
            actions.reply(order.pk, by=by, text="已修。", public_reply="已修好。")
        finally:
            connection.close()

    colleague = threading.Thread(target=answer)
    with transaction.atomic():
        approval = actions.ask_return(order.pk, by=by, reason="不属本单位职责")
        colleague.start()
        until = machine.monotonic() + 20
        while not somebody_waits():
            assert machine.monotonic() < until, "the answer waits for the lock of the case"
            machine.sleep(0.01)
    colleague.join()
    assert order_of(case, district.units["light"]).state == "to_review"
    assert Approval.objects.get(pk=approval.pk).state == Approval.State.WITHDRAWN
