"""An index beside the list of triggers (触发器索引): every start of every process asks it some hundred times.

django-pgtrigger looks through all triggers twice for each that it registers, so with 650 of them a third of a
start went into it, and it would grow with the square of the tables. The same two questions are answered here from
a dictionary and a set that are kept up with the list. Decision 0060.
"""

from typing import Any

from pgtrigger import registry


def _quick(kind: type) -> type:
    """The registry's class with what it looks up kept instead of worked out."""

    class Indexed(kind):  # type: ignore[misc]
        by_db_table: Any = None  # the properties make room for what is kept
        pg_function_names: Any = None

        def __init__(self) -> None:
            self.by_db_table = {}
            self.pg_function_names = set()
            super().__init__()

        def __setitem__(self, key: str, value: tuple[Any, Any]) -> None:
            super().__setitem__(key, value)
            model, trigger = value
            self.by_db_table[model._meta.db_table, trigger.name] = trigger
            self.pg_function_names.add(trigger.get_pgid(model))

        def __delitem__(self, key: str) -> None:
            model, trigger = self[key]
            super().__delitem__(key)
            self.by_db_table.pop((model._meta.db_table, trigger.name), None)
            self.pg_function_names.discard(trigger.get_pgid(model))

    return Indexed


def keep() -> None:
    """Put the index in place, before any model is read."""
    if not registry._registry:
        registry._registry = _quick(registry._Registry)()
