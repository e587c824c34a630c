"""A world made once for all tests of a module (一次备好的小天地): each test finds it as it was made.

What a test writes is taken back to the savepoint before it, the world itself at the end of the module. Only for modules
whose tests stop the clock after their world is made, if at all, and none of which expects an empty database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from django.db import transaction

World = TypeVar("World")


def kept(make: Callable[[], World], django_db_blocker: Any) -> Iterator[World]:
    """What a module's fixture yields from: the world, in a transaction that is taken back at the end.

    A test's own fixture asks for it and for `db`, and gives a deep copy away: `return deepcopy(made)`.
    """
    with django_db_blocker.unblock(), ExitStack() as begun:
        begun.enter_context(_taken_back())
        world = make()
        whole = begun.pop_all()
    yield world
    with django_db_blocker.unblock():
        whole.close()


@contextmanager
def _taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
