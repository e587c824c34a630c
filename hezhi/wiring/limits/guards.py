"""All guards in order (全部检查)."""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Critical

from hezhi.wiring.limits import declared, promises, scripts, sources, tables
from hezhi.wiring.limits.findings import Finding
from hezhi.wiring.limits.looking import world
from hezhi.wiring.limits.people import People
from hezhi.wiring.limits.world import World

Guard = Callable[[World, People], Iterator[Finding]]

STARTING: tuple[Guard, ...] = (*tables.GUARDS, *declared.GUARDS, *promises.GUARDS)
READING: tuple[Guard, ...] = (*sources.GUARDS, *scripts.GUARDS)


def at_start(found: World) -> list[Finding]:
    """What models, declarations, roles and promises show; quick enough for every start."""
    return _run(STARTING, found)


def everywhere(found: World) -> list[Finding]:
    """The same, and what the sources, templates, scripts and requirements show."""
    return _run((*STARTING, *READING), found)


def _run(guards: tuple[Guard, ...], found: World) -> list[Finding]:
    people = People(found.models)
    return list(dict.fromkeys(finding for guard in guards for finding in guard(found, people)))


def check_limits(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Django's check at the start: a crossed limit stops the program with its sentence."""
    hint = "见 docs/data-protection.md；请改设计，不要改检查。"
    return [Critical(str(f), hint=hint, id=f"limits.{f.limit}") for f in at_start(world())]
