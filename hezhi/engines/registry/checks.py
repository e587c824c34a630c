"""A declaration is checked when the program starts (启动检查): each fault is a sentence that names it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist

from hezhi.engines.registry.declaration import OFFERS, Registry
from hezhi.engines.registry.scope import scoped
from hezhi.engines.registry.site import registries
from hezhi.ground.masks import Kind
from hezhi.ground.paths import follow


def check_declarations(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Django's system check: every fault of every declaration."""
    found: list[CheckMessage] = []
    for registry in registries():
        where = f"{type(registry).__module__}.{type(registry).__qualname__}"
        found += [Error(f"{where}: {said}", id=f"registry.{code}") for code, said in problems(registry)]
    names = Counter(type(registry).__name__ for registry in registries())
    twice = [name for name, count in names.items() if count > 1]
    said = "is the name of two registries, which the description of the interface could not tell apart."
    return found + [Error(f"{name} {said}", id="registry.E031") for name in twice]


def problems(registry: Registry) -> list[tuple[str, str]]:
    """What is wrong with one declaration: (code, sentence) pairs; empty when it is sound."""
    if not getattr(registry, "model", None):
        return [("E001", "names no model.")]
    unknown = list(_unknown_names(registry))
    if unknown:  # what follows would stumble over them
        return [
            ("E002", f"{where} names {name!r}, which {registry.model._meta.label} does not have.")
            for where, name in unknown
        ]
    return [*_identity(registry), *_personal(registry), *_offers(registry), *_of_parts(registry)]


def _identity(registry: Registry) -> Iterator[tuple[str, str]]:
    if not (registry.clause or registry.reason):
        yield "E003", "says neither the clause it serves (`clause`) nor why it exists without one (`reason`)."
    if not re.fullmatch(r"[a-z][a-z0-9-]*", registry.slug):
        yield "E004", f"has the address {registry.slug!r}; only a-z, 0-9 and - are fit for a url."
    if not registry.right:
        yield "E005", 'names no right (`right = "prefix"` or a map of capabilities to permissions).'
    if not registry.list:
        yield "E006", "has no columns (`list`)."
    if type(registry).scope is scoped and not hasattr(registry.all_rows(), "visible_to"):
        yield (
            "E007",
            (
                f"reads {registry.model._meta.label} by scope, but its manager has no `visible_to`; "
                "inherit org.scope.Scoped, or say `scope = public` or `scope = in_unit(path)`."
            ),
        )


def _personal(registry: Registry) -> Iterator[tuple[str, str]]:
    if registry.personal and not registry.purpose:
        yield (
            "E010",
            (
                f"holds personal information ({', '.join(registry.personal)}) but names no purpose (个人信息须写明处理目的)."
            ),
        )
    for name, kind in registry.mask_kinds.items():
        if name not in registry.personal:
            yield "E011", f"masks {name!r} without naming it in `personal`."
        if kind is not Kind.TEXT and (name in registry.search or name in registry.filters):
            yield "E012", f"masks {name!r} but lets a reader find it by search or filter, so the mask would not hold."
    for name in registry.column_rights:
        if name in registry.search or name in registry.natural_key:
            yield (
                "E014",
                f"keeps {name!r} for a right of its own but lets everybody search by it or needs it to import.",
            )
    kept = {"id_number", "birth_date"} & set(registry.personal)
    if kept and not registry.of_persons:
        yield "E015", f"holds persons ({', '.join(sorted(kept))}) and does not say so (`of_persons = True`)."
    ordered = {path.lstrip("-") for path in registry.ordering}
    for name in ordered & set(registry.mask_kinds):
        yield "E013", f"masks {name!r} but sorts by it, so its values could be guessed from their order."


def _offers(registry: Registry) -> Iterator[tuple[str, str]]:
    for offer in registry.offers:
        if offer not in OFFERS:
            yield "E020", f"offers {offer!r}, which the engine does not know."
    writes = {"add", "edit", "import"} & set(registry.offers)
    if writes and not registry.form_fields:
        yield "E021", f"offers {', '.join(sorted(writes))} but declares no form."
    if "import" in registry.offers:
        if not registry.natural_key:
            yield "E022", "offers an import but no `natural_key` by which a known row is recognised."
        for name in registry.natural_key:
            if registry.form_fields and name not in registry.form_fields:
                yield "E023", f"recognises rows by {name!r}, which is not in the form, so an import could not give it."
    if "delete" in registry.offers and not registry.removed_by:
        yield (
            "E024",
            "offers removal, but the model has none of removed_at, valid_to, active; inherit registry.models.Record.",
        )
    if "bulk" in registry.offers:
        for name in registry.bulk:
            if name not in registry.form_fields:
                yield "E025", f"edits {name!r} in bulk, which is not in the form."
    if registry.on_map and registry.of_persons:
        yield "E028", "puts persons on the map (重点人员不上图)."
    if registry.on_map and "api" not in registry.offers:
        yield "E027", "stands on the map but offers no `api`, from which the map reads its points."
    if registry.on_map and not hasattr(registry.model._meta.get_field(registry.on_map), "geom_type"):
        yield "E026", f"puts {registry.on_map!r} on the map, which is no geometry."


def _of_parts(registry: Registry) -> Iterator[tuple[str, str]]:
    for part in registry.parts:
        for said in part.problems(registry):
            yield "E030", f"{type(part).__name__}: {said}"


def _unknown_names(registry: Registry) -> Iterator[tuple[str, str]]:
    """Names that lead nowhere, with the attribute they stand in."""
    for where in ("list", "also", "machine"):
        yield from _without_column(registry, where, getattr(registry, where))
    masked = tuple(registry.masked)
    form = () if isinstance(registry.form, type) else registry.form_fields
    paths: dict[str, Sequence[str]] = {
        "filters": registry.filters, "search": registry.search, "natural_key": registry.natural_key,
        "personal": registry.personal, "masked": masked, "form": form, "bulk": registry.bulk,
        "ordering": [p.lstrip("-") for p in registry.ordering], "needs": registry.needs,
        "state": [registry.state] if registry.state else [], "on_map": [registry.on_map] if registry.on_map else [],
        "search_column": [registry.search_column] if registry.search_column else [],
        "column_rights": tuple(registry.column_rights), "named_by": [registry.named_by] if registry.named_by else [],
        "also_known_by": registry.also_known_by,
    }  # fmt: skip
    for where, names in paths.items():
        for name in names:
            try:
                follow(registry.model, name)
            except FieldDoesNotExist:
                yield where, name


def _without_column(registry: Registry, where: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            registry.column(name)
        except FieldDoesNotExist:
            yield where, name
