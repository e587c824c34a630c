"""News that rises (事件通知): a lower room announces, higher rooms listen, in the same transaction.

The announcer does not know who listens, so no import points upward. What must survive a crash is
written by the listener as an outbox row or a job, which commits or vanishes with the verb itself.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

Listener = Callable[..., None]
_listeners: dict[str, list[Listener]] = defaultdict(list)


def listens(name: str) -> Callable[[Listener], Listener]:
    """Have a function called whenever `name` is announced."""

    def declare(listener: Listener) -> Listener:
        if listener not in _listeners[name]:
            _listeners[name].append(listener)
        return listener

    return declare


def announce(name: str, **news: Any) -> None:
    """Tell all listeners, in the order in which they signed up; an error of one stops the verb."""
    for listener in _listeners[name]:
        listener(**news)


def is_heard(name: str) -> bool:
    """Whether anybody listens: a hot path opens a transaction for its listeners only then."""
    return bool(_listeners.get(name))
