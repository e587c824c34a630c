"""Every declaration of the house keeps the promises of its parts; the registries with every part keep all of them."""

import types
from collections.abc import Iterator

import pytest

from hezhi.engines.dossier import contract
from hezhi.engines.dossier.extra import forget
from hezhi.engines.dossier.tests.conftest import SLUGS
from hezhi.engines.registry import dictionaries, site
from hezhi.engines.registry.checks import problems
from hezhi.engines.registry.contract import PROMISES, Promise, World, an_office, hold, prepared

pytestmark = pytest.mark.contract


def pairs() -> Iterator:
    """Each registry with parts and each promise about them; the tests' own registries with the whole contract."""
    known = {r.slug: contract.PROMISES for r in site.registries() if r.parts and r.slug not in SLUGS}
    for slug, promises in (known | {slug: [*PROMISES, *contract.PROMISES] for slug in SLUGS}).items():
        for keeps in promises:
            marks = pytest.mark.xdist_group(f"parts-{slug}")
            yield pytest.param(slug, keeps, id=f"{slug}-{keeps.__name__}", marks=marks)


@pytest.fixture(scope="module")
def office(installed: types.ModuleType, django_db_blocker) -> Iterator[World]:
    """Two towns and their people, for the worlds of all registries.

    The tests' own room comes first: its tables could not be made while this transaction is open.
    """
    with django_db_blocker.unblock(), an_office() as made:
        yield made


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, office: World, django_db_blocker) -> Iterator[World]:
    """One small district for all promises of one registry; each promise is taken back before the next."""
    with django_db_blocker.unblock(), prepared(site.get(request.param), office) as made:
        yield made


@pytest.mark.parametrize(("world", "keeps"), list(pairs()), indirect=["world"])
def test_each_registry_keeps_the_promises_of_its_parts(world: World, keeps: Promise) -> None:
    dictionaries.forget()
    forget()
    hold(world, keeps)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_declaration_is_sound(installed: types.ModuleType, slug: str) -> None:
    assert problems(site.get(slug)) == []
