"""The tutorial works: its two files are read from the page, installed, and held to the whole contract."""

import re
import tomllib
import types

import pytest

from hezhi.engines.registry import site
from hezhi.engines.registry.checks import problems
from hezhi.engines.registry.contract import PROMISES, Promise, World
from hezhi.engines.registry.tests.conftest import BLOCK, PAGE

pytestmark = [pytest.mark.contract, pytest.mark.django_db]
RIGHTS = re.compile(r"\*\*`hezhi/chapters/grassroots/services/data/rights\.toml`\*\*\n```toml\n(.*?)```", re.S)


def test_the_page_shows_the_two_files_it_speaks_of() -> None:
    assert [name for name, _ in BLOCK.findall(PAGE.read_text("utf-8"))] == ["models.py", "registries.py"]


def test_the_declaration_of_the_page_is_sound(tutorial: types.ModuleType) -> None:
    assert problems(site.get("service-points")) == []


def test_the_rights_of_the_page_are_those_that_the_registry_asks_for(tutorial: types.ModuleType) -> None:
    told = tomllib.loads(RIGHTS.findall(PAGE.read_text("utf-8"))[0])
    registry = site.get("service-points")
    assert set(told["permissions"]) == {registry.permission(offer) for offer in registry.offers}
    assert all(set(given) <= set(told["permissions"]) for given in told["grants"].values())


@pytest.mark.parametrize("keeps", PROMISES, ids=lambda p: p.__name__)
def test_the_registry_of_the_page_keeps_every_promise(tutorial: types.ModuleType, keeps: Promise) -> None:
    keeps(World(site.get("service-points")))


def test_the_start_refuses_the_same_declaration_without_its_purpose(tutorial: types.ModuleType) -> None:
    careless = type("Careless", (tutorial.ServicePoints,), {"purpose": ""})()
    assert any("names no purpose" in said for _, said in problems(careless))
