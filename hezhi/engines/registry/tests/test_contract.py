"""Every declaration of the house is held to every promise of the contract."""

import pytest

from hezhi.engines.registry.contract import PROMISES, Promise, World
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.site import registries


@pytest.mark.contract
@pytest.mark.django_db
@pytest.mark.parametrize("keeps", PROMISES, ids=lambda p: p.__name__)
@pytest.mark.parametrize("registry", registries(), ids=lambda r: r.slug)
def test_each_registry_keeps_its_promises(registry: Registry, keeps: Promise) -> None:
    keeps(World(registry))
