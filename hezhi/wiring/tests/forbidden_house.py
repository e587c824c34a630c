"""How a violating patch is laid over the house without touching it (越限补丁): texts, models, declarations, facts.

A patch names a file and what is added to it. Added text is laid over the file's text; added models are made
in a registry of their own; a column added to a class makes a copy of that class; added declarations, addresses,
roles, numbers and programmes take their place in the world that the guards look at.
"""

import copy
import re
import textwrap
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.gis.db import models as gis
from django.db import models
from django.test.utils import isolate_apps

from hezhi.engines.org.models import Role
from hezhi.engines.records.vault import BlindIndexField, SealedTextField
from hezhi.engines.registry.declaration import Registry
from hezhi.wiring.limits.world import World, texts

FORBIDDEN = Path(__file__).parent / "forbidden"
INNOCENT = Path(__file__).parent / "innocent"
MODEL_FILES = re.compile(r"/models(/\w+)?\.py$")
NUMBERS = {
    "GLASS_LASTS": ("glass_minutes", lambda v: v.total_seconds() / 60), "LONGEST_REVIEW": ("review_days", lambda v: v.days),
    "RIGHTS_DAYS": ("rights_days", int), "GLASS_REVIEW_DAYS": ("glass_review_days", int), "GLASS_SENTENCE": ("glass_sentence", int),
    "FEWEST_TOLD": ("fewest_told", int), "PAGES_A_DAY": ("pages_a_day", int), "RIGHTS": ("rights_kinds", set),
}  # fmt: skip


@dataclass(frozen=True)
class Patch:
    """One patch (补丁): its story, the file, where in it, and the lines."""

    name: str
    story: str
    probe: str
    path: str
    within: str
    added: str
    removed: str

    @property
    def limit(self) -> str:
        return f"P{int(self.name[1:3])}"


def read(path: Path) -> Patch:
    """A patch from its file."""
    lines = path.read_text("utf-8").splitlines()
    head = [line for line in lines if not line.startswith(("+", "-", "@@", " "))]
    file = next(line for line in lines if line.startswith("+++ "))[4:].strip()
    within = next(line for line in lines if line.startswith("@@"))[2:].strip()
    probe = next((line.partition(":")[2].strip() for line in head if line.startswith("probe:")), "")
    body = lines[lines.index(next(line for line in lines if line.startswith("@@"))) + 1 :]
    return Patch(
        name=path.stem, story=head[0].lstrip("# "), probe=probe, path=file, within=within,
        added="\n".join(line[1:] for line in body if line.startswith("+")) + "\n",
        removed="\n".join(line[1:] for line in body if line.startswith("-")),
    )  # fmt: skip


def patches(folder: Path) -> list[Patch]:
    """All patches of a folder, in order."""
    return [read(path) for path in sorted(folder.glob("*.patch"))]


@contextmanager
def laid_over(world: World, patch: Patch) -> Iterator[World]:
    """The world as it would be with the patch, for as long as the block runs; only the touched file's text is in it."""
    text = patched_text(patch)
    laid = replace(world, texts=lambda: {patch.path: text})
    with isolate_apps("hezhi.chapters.grassroots.care"):
        yield _with(laid, patch, text)


def patched_text(patch: Patch) -> str:
    """The file's text with the patch in it."""
    text = texts().get(patch.path, "")
    if patch.removed:
        start = text.index(f'code = "{patch.within}"')
        head, tail = text[:start], text[start:]
        for old, new in zip(patch.removed.splitlines(), patch.added.splitlines(), strict=True):
            assert old in tail.split("[[programme]]")[0], f"{patch.name}: {old!r} does not stand in {patch.within}"
            tail = tail.replace(old, new, 1)
        return head + tail
    if patch.within.startswith("class "):
        found = re.search(rf"^{re.escape(patch.within)}\(.*\):\n", text, re.MULTILINE)
        assert found, f"{patch.name}: {patch.within} does not stand in {patch.path}"
        return text[: found.end()] + patch.added + text[found.end() :]
    return text + "\n\n" + patch.added


def _with(world: World, patch: Patch, text: str) -> World:
    if patch.path.endswith("programmes.toml"):
        return replace(world, facts={**world.facts, "programmes": tomllib.loads(text)["programme"]})
    if patch.path.endswith("rights.toml"):
        return replace(world, roles=[*world.roles, *(Role(**row) for row in tomllib.loads(patch.added)["role"])])
    if patch.path.endswith("/rules.py"):
        return replace(world, facts={**world.facts, **_numbers(patch)})
    if not patch.path.endswith(".py"):
        return world
    if patch.within.startswith("class "):
        return _with_a_column(world, patch)
    return _with_code(world, patch)


def _numbers(patch: Patch) -> dict[str, Any]:
    space: dict[str, Any] = {"timedelta": timedelta}
    exec(patch.added, space)
    return {NUMBERS[name][0]: NUMBERS[name][1](space[name]) for name in NUMBERS if name in space}


def _with_a_column(world: World, patch: Patch) -> World:
    """The class of the patch, copied with what is added to it."""
    app = "care" if "/care/" in patch.path else patch.path.split("/")[-3 if "/models/" in patch.path else -2]
    old = apps.get_model(app, patch.within.removeprefix("class "))
    space: dict[str, Any] = {
        "models": models, "gis": gis, "SealedTextField": SealedTextField, "BlindIndexField": BlindIndexField, "Q": models.Q,
    }  # fmt: skip
    exec(textwrap.dedent(patch.added), space)
    own = {
        name: value
        for name, value in space.items()
        if isinstance(value, models.Field | dict) and name != "__builtins__"
    }
    constraints = space.get("meta_constraints", old._meta.constraints)
    new = _copy(old, own, constraints)
    return replace(world, models=[new if model is old else model for model in world.models])


def _copy(old: type[models.Model], own: dict[str, Any], constraints: Any) -> type[models.Model]:
    body: dict[str, Any] = {f.name: f.clone() for f in old._meta.local_fields}
    for field in body.values():
        if field.remote_field is not None:
            field.remote_field.related_name = "+"
    body |= {name: getattr(old, name) for name in ("measures", "purposes", "purpose") if hasattr(old, name)}
    for name in ("measures", "purposes"):
        own[name] = {**getattr(old, name, {}), **own.get(name, {})}
    meta = type("Meta", (), {
        "app_label": old._meta.app_label, "verbose_name": old._meta.verbose_name, "constraints": list(constraints),
    })  # fmt: skip
    manager = copy.copy(old._default_manager)
    return type(
        old.__name__, (models.Model,), {**body, **own, "objects": manager, "Meta": meta, "__module__": old.__module__}
    )


def _with_code(world: World, patch: Patch) -> World:
    """What running the added lines brings: models, declarations, addresses."""
    if not (MODEL_FILES.search(patch.path) or patch.path.endswith("registries.py") or "/pages" in patch.path):
        return world
    module = patch.path.removesuffix(".py").replace("/", ".")
    space: dict[str, Any] = {"__name__": module}
    exec(patch.added.replace("@register\n", ""), space)
    made = [v for v in space.values() if isinstance(v, type) and v.__module__ == module]
    new_models = [v for v in made if issubclass(v, models.Model)]
    declared = [v() for v in made if issubclass(v, Registry)]
    urls = [(f"/care/{p.pattern}", p.callback) for p in space.get("urlpatterns", ())]
    return replace(
        world, models=[*world.models, *new_models], registries=[*world.registries, *declared],
        addresses=[*world.addresses, *urls],
    )  # fmt: skip


def only(findings: list[Any], limit: str) -> list[Any]:
    """The findings of one limit."""
    return [finding for finding in findings if finding.limit == limit]
