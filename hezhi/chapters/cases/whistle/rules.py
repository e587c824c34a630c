"""How whistling thinks (吹哨规则): which rule lets one unit call another. Values in, values out."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class May:
    """One rule as values; an empty condition fits all."""

    caller: str
    called: str
    caller_unit: UUID | None = None
    called_unit: UUID | None = None
    category: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A unit as a rule looks at it."""

    id: UUID
    kind: str


def lets(rule: May, caller: Body, called: Body, path: str) -> bool:
    """Whether a rule lets this unit call that one about a matter of this category path."""
    return (
        rule.caller == caller.kind
        and rule.called == called.kind
        and rule.caller_unit in (None, caller.id)
        and rule.called_unit in (None, called.id)
        and (not rule.category or path == rule.category or path.startswith(f"{rule.category}/"))
    )


def refused(rules: Iterable[May], caller: Body, called: Iterable[Body], path: str) -> list[UUID]:
    """The units that no rule lets this one call."""
    known = list(rules)
    return [body.id for body in called if not any(lets(rule, caller, body, path) for rule in known)]
