"""Many requests at once at the door (并发鉴权): on connections of their own, committed."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from hezhi.engines.connect import keys
from hezhi.engines.connect.errors import BadSignature, QuotaSpent
from hezhi.engines.connect.keys import authenticate
from hezhi.engines.connect.models import KeyUse
from hezhi.engines.connect.tests.world import asked, make_key, signed


@pytest.fixture(autouse=True)
def _fresh(committing_db: None) -> Iterator[None]:
    keys._held.clear()
    yield
    keys._held.clear()


def at_once(count: int, call: Callable[[], None]) -> None:
    together = threading.Barrier(count)

    def run() -> None:
        together.wait()
        try:
            call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("clock")
def test_many_at_once_never_pass_the_quota() -> None:
    made = make_key(quota_per_minute=40)
    passed, refused = [], []

    def call() -> None:
        for _ in range(10):
            try:
                keys.spend(keys.known(made.key))
                passed.append(1)
            except QuotaSpent:
                refused.append(1)

    at_once(6, call)
    assert (len(passed), len(refused)) == (40, 20)


@pytest.mark.usefixtures("clock")
def test_another_process_counts_into_the_same_minute() -> None:
    made = make_key(quota_per_minute=40)
    keys.spend(keys.known(made.key))
    KeyUse.objects.update(count=39)  # what other processes have used meanwhile
    keys.spend(keys.known(made.key))
    with pytest.raises(QuotaSpent):
        keys.spend(keys.known(made.key))


def test_a_nonce_is_taken_once_even_by_many_at_once() -> None:
    made = make_key(must_sign=True)
    headers = signed(made)
    outcomes: list[str] = []

    def call() -> None:
        try:
            authenticate(asked(made.key, **headers))
            outcomes.append("taken")
        except BadSignature:
            outcomes.append("refused")

    at_once(4, call)
    assert sorted(outcomes) == ["refused"] * 3 + ["taken"]
