"""The registries with every part keep every promise of the contract."""

import types

import pytest

from hezhi.engines.dossier.tests.conftest import SLUGS
from hezhi.engines.registry import dictionaries, site
from hezhi.engines.registry.checks import problems
from hezhi.engines.registry.contract import PROMISES, Promise, World

pytestmark = [pytest.mark.contract, pytest.mark.django_db]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_declaration_is_sound(installed: types.ModuleType, slug: str) -> None:
    assert problems(site.get(slug)) == []


@pytest.mark.parametrize("keeps", PROMISES, ids=lambda p: p.__name__)
@pytest.mark.parametrize("slug", SLUGS)
def test_a_registry_with_every_part_keeps_every_promise(installed: types.ModuleType, slug: str, keeps: Promise) -> None:
    dictionaries.forget()
    keeps(World(site.get(slug)))
