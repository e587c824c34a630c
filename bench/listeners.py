"""Make so many people with a session each, and messages for them, in the database this runs over; prints the session keys as JSON."""

import json
import sys

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.test import Client  # noqa: E402

from hezhi.engines.org.testkit import enter, make_officers, make_role, make_unit  # noqa: E402
from hezhi.engines.reach.models import Outgoing  # noqa: E402
from hezhi.ground import time  # noqa: E402


def main(count: int, messages: int) -> None:
    with transaction.atomic():
        role, unit = make_role("bench_listener", ["cases.view"]), make_unit("bench-listeners", name="测量用单位")
        people = make_officers([(f"bench.listener{n}", f"示例{n}", role, unit) for n in range(count)])
        for _ in range(messages):
            Outgoing.objects.create(
                event="bench", channel="inbox", title="测量", text="测量", state=Outgoing.State.SENT,
                created_at=time.now(), not_before=time.now(),
            )  # fmt: skip
        keys = [enter(Client(), user).session.session_key for user in people]
    print(json.dumps(keys))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
