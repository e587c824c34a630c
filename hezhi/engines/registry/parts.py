"""Parts (部件): abilities that a declaration plugs in through hooks.

A part may add columns, filters, panels (tabs of the detail page), actions (buttons), checks (conditions on
a row before it is written), pages below the registry's own, and form fields whose values lie in a table of
the part. Two gates may be taken over as well: `export_gate` (see `gates`) and `change_gate`. The engine
imports no part of another engine; `dossier`, `flow`, `survey` and chapters bring theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from hezhi.engines.org.actor import Actor
from hezhi.ground.ui.shapes import Action

if TYPE_CHECKING:
    import django_filters
    from django.db.models import Model
    from django.forms import BaseForm, Field

    from hezhi.engines.registry.columns import Column
    from hezhi.engines.registry.declaration import Registry
    from hezhi.engines.registry.models import ExportRun


class Panel:
    """A tab of the detail page (详情页签): a template of its own and what it shows.

    `code` stands in the url (`?tab=history`), `right` is one of the registry's capabilities.
    """

    code: str = ""
    title: str = ""
    template: str = ""
    right: str = "view"

    def context(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> dict[str, Any]:
        """What the template shows; asked only when the tab is open."""
        return {}

    def receive(self, registry: Registry, row: Model, by: Actor, request: HttpRequest) -> str | None:
        """A form posted to this tab; gives the sentence to show, or None when nothing is taken here."""
        return None


class Part:
    """The base of all parts: every hook answers «nothing» until it is overridden."""

    def fits(self, registry: Registry) -> bool:
        """Whether a registry can have this part at all; asked of the parts that are given (`GIVEN`)."""
        return True

    def columns(self, registry: Registry) -> Mapping[str, Column]:
        """Columns this part knows; the declaration's `list` may name them."""
        return {}

    def filters(self, registry: Registry) -> Mapping[str, django_filters.Filter]:
        """Filters this part adds, by the name of their parameter."""
        return {}

    def panels(self, registry: Registry) -> Sequence[Panel]:
        """Tabs this part adds to the detail page."""
        return ()

    def actions(self, registry: Registry, row: Model, by: Actor) -> Sequence[Action]:
        """Buttons this part adds to the head of the detail page."""
        return ()

    def check(self, registry: Registry, row: Model, by: Actor) -> None:
        """A condition on a row before it is written; refuse by raising `BadInput` or `NotNow`."""

    def check_form(self, registry: Registry, form: Any, by: Actor) -> None:
        """The same with the form in hand: `form.is_new`, `form.changes`, and the `words` this part reads from its data."""

    machine: tuple[str, ...] = ()
    """Columns of this part that the machine interface tells by itself."""

    words: tuple[str, ...] = ()
    """What this part understands in a form's or a machine's data beside the fields."""

    def dress(self, registry: Registry, form: Any) -> None:
        """Last touches on a form before it is drawn: another widget, a hint."""

    def side_map(self, registry: Registry, row: Model, by: Actor) -> Mapping[str, Any] | None:
        """A map to show beside the facts of a row, as for the tag `map_box`."""
        return None

    def notices(self, registry: Registry, row: Model, by: Actor) -> Sequence[str]:
        """What must be said above the facts of a row; safe markup where it holds links."""
        return ()

    def pages(self, registry: Registry) -> Mapping[str, Any]:
        """Pages this part brings, by their path below the registry's own (`<uuid:id>/merge/`): `RegistryPage` classes."""
        return {}

    def more_columns(self, registry: Registry) -> Mapping[str, Column]:
        """Columns that are data and not declaration, so they may change between two requests."""
        return {}

    def more_filters(self, registry: Registry) -> Mapping[str, django_filters.Filter]:
        """Filters that are data and not declaration."""
        return {}

    def fields(self, registry: Registry) -> Mapping[str, Field]:
        """Form fields whose values lie in a table of this part."""
        return {}

    def values(self, registry: Registry, row: Model) -> Mapping[str, Any]:
        """The values of these fields for one row."""
        return {}

    def save(self, registry: Registry, form: Any, by: Actor) -> None:
        """Keep the values of these fields, in the verb that writes the row."""

    def purge(self, registry: Registry, row: Model, by: Actor, reason: str) -> None:
        """Erase what this part keeps of a row that is erased for good."""

    def connect(self, registry: Registry) -> None:
        """Once, when the program starts: make the registry known where this part needs it."""

    def problems(self, registry: Registry) -> Sequence[str]:
        """What is wrong with the declaration in the eyes of this part; sentences stop the start."""
        return ()

    def export_gate(self, registry: Registry, run: ExportRun, by: Actor) -> Gate | None:
        """Whether an export may go now; None leaves the answer to the next part or the default."""
        return None

    def change_gate(self, registry: Registry, row: Model, changes: Mapping[str, Any], by: Actor) -> Gate | None:
        """Whether a change may be written now, or must be approved first."""
        return None


@dataclass(frozen=True)
class Gate:
    """The answer of a gate (关口): open, or waiting for an approval, or closed; with the sentence to show.

    «asked» is waiting too, but the part has put the change aside as a request: a page then says so and goes on.
    """

    state: str  # open, waiting, asked, closed
    sentence: str = ""

    @property
    def is_open(self) -> bool:
        return self.state == "open"


OPEN = Gate("open")
GIVEN: list[Part] = []
"""Parts that every registry has which they fit (`fits`), without naming them; put here before registries are read."""


def fault_list(form: BaseForm) -> dict[str, list[str]]:
    """What must be corrected in a form, by field; «» is the form as a whole."""
    return {("" if name == "__all__" else name): [str(s) for s in said] for name, said in form.errors.items()}
