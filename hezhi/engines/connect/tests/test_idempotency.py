"""Asked twice, done once (幂等)."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from hezhi.engines.connect.errors import BadKey, OtherRequest
from hezhi.engines.connect.idempotency import digest_of, once
from hezhi.engines.connect.models import IdempotentRequest
from hezhi.ground.ids import new_id

BODY = digest_of(b'{"title": "x"}')


def work(key: str = "A-1", digest: str = BODY, channel: str = "hotline", done: Callable[[], None] = lambda: None):
    with once(channel, key, digest) as kept:
        if kept.is_new:
            done()
            kept.keep({"number": f"SJ{IdempotentRequest.objects.count()}"}, object_id=new_id())
    return kept


@pytest.mark.django_db
def test_a_repeated_request_gets_the_same_answer_and_nothing_is_done_again() -> None:
    times: list[int] = []
    first = work(done=lambda: times.append(1))
    again = work(done=lambda: times.append(1))
    assert (again.answer, again.object_id, again.is_new) == (first.answer, first.object_id, False)
    assert len(times) == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused_and_changes_nothing() -> None:
    first = work()
    with pytest.raises(OtherRequest) as refused:
        work(digest=digest_of(b"other"))
    assert (refused.value.status, refused.value.code) == (409, "connect.key_reused")
    assert work().answer == first.answer


@pytest.mark.django_db
def test_channels_do_not_share_keys() -> None:
    assert work(channel="hotline").answer != work(channel="police").answer


@pytest.mark.django_db
def test_work_that_failed_is_done_at_the_next_try() -> None:
    def fail() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        work(done=fail)
    assert work().is_new


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "  ", "x" * 81, "a\nb", "a\x00b"])
def test_a_key_that_cannot_be_kept_is_refused(key: str) -> None:
    with pytest.raises(BadKey):
        work(key)


@pytest.mark.django_db
def test_once_costs_two_statements_and_a_repetition_two(django_assert_num_queries) -> None:
    with django_assert_num_queries(4), once("hotline", "B-1", BODY) as kept:  # two of them are savepoints
        kept.keep({"number": "SJ1"})
    with django_assert_num_queries(4), once("hotline", "B-1", BODY):
        pass


def at_once(count: int, *calls: Callable[[], object]) -> list[object]:
    """Run the calls on connections of their own, started together; results or errors."""
    outcomes: list[object] = []
    together = threading.Barrier(count)

    def run(call: Callable[[], object]) -> None:
        together.wait()
        try:
            outcomes.append(call())
        except Exception as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_eight_at_once_one_does_the_work_and_all_get_its_answer(committing_db: None) -> None:
    times: list[int] = []
    pause = threading.Event()

    def slowly() -> None:
        times.append(1)
        pause.wait(0.2)

    outcomes = at_once(8, *[lambda: work(done=slowly)] * 8)
    assert len(times) == 1
    assert sorted(kept.is_new for kept in outcomes) == [False] * 7 + [True]
    assert len({kept.object_id for kept in outcomes}) == 1


def test_when_the_first_of_two_fails_the_second_does_the_work(committing_db: None) -> None:
    started, turn = threading.Event(), []

    def first_fails() -> None:
        turn.append(1)
        if len(turn) == 1:
            started.wait(0.2)
            raise RuntimeError

    outcomes = at_once(2, *[lambda: work(done=first_fails)] * 2)
    assert sum(isinstance(outcome, RuntimeError) for outcome in outcomes) == 1
    assert sum(getattr(outcome, "is_new", False) for outcome in outcomes) == 1
    assert IdempotentRequest.objects.get().answer


def test_two_at_once_with_other_bodies_one_wins_and_the_other_is_told(committing_db: None) -> None:
    outcomes = at_once(2, lambda: work(digest=digest_of(b"one")), lambda: work(digest=digest_of(b"two")))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Kept", "OtherRequest"]
