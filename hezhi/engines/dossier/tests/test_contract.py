"""Every declaration of the house keeps the promises of its parts; the registries with every part keep all of them."""

import types

import pytest

from hezhi.engines.dossier import contract
from hezhi.engines.dossier.extra import forget
from hezhi.engines.dossier.tests.conftest import SLUGS
from hezhi.engines.registry import dictionaries, site
from hezhi.engines.registry.checks import problems
from hezhi.engines.registry.contract import PROMISES, Promise, World
from hezhi.engines.registry.declaration import Registry

pytestmark = [pytest.mark.contract, pytest.mark.django_db]


@pytest.mark.parametrize("keeps", contract.PROMISES, ids=lambda p: p.__name__)
@pytest.mark.parametrize("registry", [r for r in site.registries() if r.parts], ids=lambda r: r.slug)
def test_each_registry_keeps_the_promises_of_its_parts(registry: Registry, keeps: Promise) -> None:
    keeps(World(registry))


@pytest.mark.parametrize("slug", SLUGS)
def test_the_declaration_is_sound(installed: types.ModuleType, slug: str) -> None:
    assert problems(site.get(slug)) == []


@pytest.mark.parametrize("keeps", [*PROMISES, *contract.PROMISES], ids=lambda p: p.__name__)
@pytest.mark.parametrize("slug", SLUGS)
def test_a_registry_with_every_part_keeps_every_promise(installed: types.ModuleType, slug: str, keeps: Promise) -> None:
    dictionaries.forget()
    forget()
    keeps(World(site.get(slug)))
