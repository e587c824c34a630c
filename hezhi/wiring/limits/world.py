"""What the guards look at (检查对象): one value that holds the house as it stands, so that a test can change it."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import models

from hezhi.engines.org.models import Role
from hezhi.engines.registry.declaration import Registry
from hezhi.wiring.places import CHECKOUT

ALLOWED = Path(__file__).with_name("allowed.toml")
SKIPPED = ("/tests/", "/testkit/", "/migrations/", "/node_modules/", "/static/")


@dataclass(frozen=True)
class World:
    """Models, declarations, texts and facts (全部可检查的东西). Texts by path from the project's root."""

    models: Sequence[type[models.Model]]
    registries: Sequence[Registry]
    roles: Sequence[Role]
    addresses: Sequence[tuple[str, Any]]
    texts: Callable[[], Mapping[str, str]] = dict
    facts: Mapping[str, Any] = field(default_factory=dict)
    allowed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, *endings: str) -> dict[str, str]:
        """The texts whose path ends so."""
        return {path: text for path, text in self.texts().items() if path.endswith(endings)}


def is_ours(model: type[models.Model]) -> bool:
    """A table of the house that is no history: history mirrors what is looked at already."""
    return model.__module__.startswith("hezhi.") and not hasattr(model, "pgh_tracked_model")


def addresses() -> list[tuple[str, Any]]:
    """Every address with its view (网址)."""
    from django.urls import get_resolver

    return list(_views(get_resolver().url_patterns, "/"))


def _views(patterns: Sequence[Any], prefix: str) -> Any:
    for pattern in patterns:
        path = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if hasattr(pattern, "url_patterns"):
            yield from _views(pattern.url_patterns, path)
        else:
            yield path, pattern.callback


@lru_cache(maxsize=1)
def texts() -> Mapping[str, str]:
    """The house's own texts: sources, templates, scripts, data of rooms, lists of requirements."""
    found: dict[str, str] = {}
    for ending in ("py", "html", "js", "toml", "sql"):
        for path in sorted((CHECKOUT / "hezhi").glob(f"**/*.{ending}")):
            name = path.relative_to(CHECKOUT).as_posix()
            if not any(part in f"/{name}" for part in SKIPPED):
                found[name] = path.read_text("utf-8")
    for path in (*sorted((CHECKOUT / "requirements").glob("*.*")), CHECKOUT / "package.json"):
        found[path.relative_to(CHECKOUT).as_posix()] = path.read_text("utf-8")
    return found


@lru_cache(maxsize=1)
def allowed() -> Mapping[str, Mapping[str, str]]:
    """What is no crossing although it looks like one, each with the reason (例外清单)."""
    return tomllib.loads(ALLOWED.read_text("utf-8"))
