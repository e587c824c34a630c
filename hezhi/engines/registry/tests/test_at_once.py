"""Two people, or one person twice, at the very same moment: each in a connection of his own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from hezhi.engines.org.actor import Actor, system
from hezhi.engines.registry import actions, site
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.versions import version_of
from hezhi.ground.ids import new_id

DATA = {"code": "at-once", "name": "同时登记的样例类别", "urgency": "normal"}


@pytest.fixture
def categories(committing_db: None) -> Registry:
    return site.get("categories")


def both(*works: Callable[[], Any]) -> list[Any]:
    """Start all works at one signal; gives their results or the errors that ended them."""
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            ready.wait(timeout=20)
            return work()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_a_form_sent_twice_at_once_makes_one_row(categories: Registry) -> None:
    key, by = new_id(), system("契约测试")
    send = lambda: actions.create(categories, DATA, by=by, id=key)  # noqa: E731
    found = both(send, send, send)
    assert [getattr(row, "pk", row) for row in found] == [key] * 3
    assert categories.all_rows().filter(code="at-once").count() == 1


def test_the_same_code_from_two_people_is_taken_once_and_told_to_the_other(categories: Registry) -> None:
    def send(by: Actor) -> Callable[[], Any]:
        return lambda: actions.create(categories, DATA, by=by, id=new_id())

    found = both(send(system("甲")), send(system("乙")))
    refused = [each for each in found if isinstance(each, actions.FormRefused)]
    assert len(refused) == 1 and refused[0].form.data["name"] == DATA["name"]


def test_of_two_changes_at_once_one_is_kept_and_the_other_told(categories: Registry) -> None:
    row = actions.create(categories, DATA, by=system("甲"))
    seen = version_of(row)

    def change(who: str) -> Callable[[], Any]:
        data = DATA | {"name": f"{who}改的样例"}
        return lambda: actions.change(categories, row.pk, data, by=system(who), version=seen, only=data)

    found = both(change("甲"), change("乙"))
    late = [each for each in found if isinstance(each, actions.Overtaken)]
    kept = [each for each in found if not isinstance(each, Exception)]
    assert len(late) == len(kept) == 1, found
    row.refresh_from_db()
    assert row.name == kept[0].name
    assert late[0].form.data["name"] != row.name, "what the second one typed is still in his form"
