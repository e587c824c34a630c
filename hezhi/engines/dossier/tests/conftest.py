"""The room of the tests, installed with its tables (测试用房间)."""

import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hezhi.engines.registry import dictionaries, site
from hezhi.engines.registry.contract import World
from hezhi.engines.registry.tests.furnish import room

SLUGS = ("test-houses", "test-leases", "test-residents")


@pytest.fixture(scope="module")
def installed(django_db_setup, django_db_blocker, database_server) -> Iterator[types.ModuleType]:
    """The three registries, known to the house."""
    dictionaries.shipped.cache_clear()
    with django_db_blocker.unblock(), room(Path(__file__).parent, "room_of_tests", database_server[1]) as module:
        yield module


@pytest.fixture
def world_of(installed: types.ModuleType, db: None) -> Callable[[str], World]:
    """Two neighbouring towns with one of the registries."""
    dictionaries.forget()
    return lambda slug: World(site.get(slug))


@pytest.fixture
def houses(world_of: Callable[[str], World]) -> World:
    """Houses of two neighbouring towns."""
    return world_of("test-houses")


@pytest.fixture
def residents(world_of: Callable[[str], World]) -> World:
    """Residents of two neighbouring towns."""
    return world_of("test-residents")
