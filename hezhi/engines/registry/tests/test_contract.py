"""Every declaration of the house is held to every promise of the contract."""

from collections.abc import Iterator

import pytest

from hezhi.engines.registry.contract import PROMISES, Promise, World, an_office, hold, prepared
from hezhi.engines.registry.site import registries

pytestmark = pytest.mark.contract
EACH = [pytest.param(r, id=r.slug, marks=pytest.mark.xdist_group(f"contract-{r.slug}")) for r in registries()]


@pytest.fixture(scope="module")
def office(django_db_setup: None, django_db_blocker) -> Iterator[World]:
    """Two towns and their people, for the worlds of all registries."""
    with django_db_blocker.unblock(), an_office() as made:
        yield made


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, office: World, django_db_blocker) -> Iterator[World]:
    """One small district for all promises of one registry; each promise is taken back before the next."""
    with django_db_blocker.unblock(), prepared(request.param, office) as made:
        yield made


@pytest.mark.parametrize("keeps", PROMISES, ids=lambda p: p.__name__)
@pytest.mark.parametrize("world", EACH, indirect=True)
def test_each_registry_keeps_its_promises(world: World, keeps: Promise) -> None:
    hold(world, keeps)
