"""What a room says of a register that takes large files (大批量导入声明).

    @in_bulk
    class ResidentsInBulk(Bulk):
        registry = Residents
        staged = StagedResident
        known_print = "id_blind"
        lies_with = "home"

Columns, code lists, sealed fields, prints and references are read off the registry's own declaration and form. A
declaration adds only what cannot be read off: which rows need no second look, and what follows from the rows as a set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db import models

from hezhi.engines.bulk.models import Staged
from hezhi.engines.dossier.duplicates import Duplicates
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Part
from hezhi.engines.registry.scope import scoped

Values = dict[str, list[Any]]
"""Cleaned values of a piece of rows, by field, in the order of the rows."""

B = TypeVar("B", bound="type[Bulk]")
_carried: dict[str, Bulk] = {}
_WRITING_HOOKS = ("check", "change_gate")
UNDERSTOOD = ("Duplicates", "ExtraFields", "ChangeRequests")
"""Parts with a say in what is written whose conditions this engine holds as well, or leaves to the row path."""


class Bulk:
    """How one register takes a large file (大批量导入). Told once, beside the registry's declaration."""

    registry: ClassVar[type[Registry]]
    staged: ClassVar[type[Staged]]
    most_rows: ClassVar[int] = 1_200_000
    known_print: ClassVar[str] = ""
    """The blind index by which a row without its natural key is known (`also_known_by`)."""
    lies_with: ClassVar[str] = ""
    """The reference whose area and unit a row takes over, where it has one."""
    placed_by: ClassVar[tuple[str, ...]] = ()
    """The references that decide where the other rows lie; asked once for each combination."""
    number_sql: ClassVar[str] = "''"
    """SQL for the natural key of a row that comes without one."""
    beside_sql: ClassVar[str] = ""
    """SQL joined to the staged rows `s` when they are written, for instance a table that `lead` has filled."""
    filled_sql: ClassVar[Mapping[str, str]] = {}
    """Column of the register → SQL over what is joined, for columns that are not staged."""

    def plain(self, values: Values) -> list[bool]:
        """Which rows are beyond doubt right by the rules of the room, and filled as the rules would fill them.

        May say «no» too often, never «yes» too often: a row that is not plain is looked at by `rules`.
        """
        return [False] * len(next(iter(values.values()), []))

    def rules(self, row: Any, by: Actor) -> None:
        """The registry's own rules for one row, as far as they ask no database; raises BadInput as they do."""

    def more(self, values: Values) -> dict[str, list[Any]]:
        """Values for the staging table's own columns."""
        return {}

    def lead(self, cursor: Any, run: UUID, chunk: int, by: Actor) -> None:
        """What must stand before a piece of new rows does, in sets; it may leave behind what `filled_sql` reads."""

    def follow(self, cursor: Any, run: UUID, chunk: int, by: Actor) -> None:
        """What else belongs to a piece of new rows, in sets; the rows stand in the register already."""

    def finish(self, cursor: Any, run: UUID, by: Actor) -> None:
        """What follows once all pieces are written."""

    def outdated(self, cursor: Any, run: UUID) -> bool:
        """Whether something the staged rows rest on has changed since they were looked at."""
        return False

    def undo(self, cursor: Any, deed: UUID, by: Actor) -> None:
        """Take back what `follow` and `finish` wrote under this deed; the rows themselves are not yet gone."""

    # -- what follows from the registry ---------------------------------------------------------------

    @property
    def model(self) -> type[models.Model]:
        """The register's table."""
        return self.registry.model

    @property
    def key(self) -> str:
        """The one field that recognises a row."""
        return self.registry.natural_key[0]

    @property
    def likeness(self) -> Sequence[Sequence[str]]:
        """Groups of fields by which a new row may be a doubtful double (`Duplicates`)."""
        return next((part.by for part in self.registry.parts if isinstance(part, Duplicates)), ())

    def problems(self) -> list[str]:
        """Why this registry cannot be carried this way; sentences stop the start."""
        told = self.registry
        found = []
        if len(told.natural_key) != 1:
            found.append("a large import recognises rows by one field.")
        if told.scope is not scoped:
            found.append("a large import knows the scope of areas and units only.")
        found += [
            f"the part {type(part).__name__} has a say in what is written, which a large import does not know."
            for part in told.parts
            if type(part).__name__ not in UNDERSTOOD and _has_a_say(part)
        ]
        if any(len(group) != 2 for group in self.likeness):
            found.append("a large import compares doubles by two fields.")
        return found


def in_bulk(cls: B) -> B:
    """Make a declaration known (登记大批量导入声明). Raises ValueError for a registry that cannot be carried."""
    made = cls()
    if problems := made.problems():
        raise ValueError(f"{cls.__name__}: {' '.join(problems)}")
    _carried[cls.registry.slug] = made
    return cls


def carrier_of(slug: str) -> Bulk | None:
    """The declaration for a registry, or None."""
    return _carried.get(slug)


def carried() -> Mapping[str, Bulk]:
    """Every declaration by its registry's address."""
    return _carried


def _has_a_say(part: Part) -> bool:
    hooks = (*_WRITING_HOOKS, "check_form", "save")
    return any(getattr(type(part), hook) is not getattr(Part, hook) for hook in hooks)
