"""The tutorial works: its two files are read from the page, installed, and held to the whole contract."""

import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from hezhi.engines.registry import site
from hezhi.engines.registry.checks import problems
from hezhi.engines.registry.contract import PROMISES, Promise, World
from hezhi.engines.registry.tests.furnish import room

PAGE = Path(__file__).parents[4] / "docs" / "add-a-registry.md"
ROOM = "hezhi.chapters.grassroots.services"
BLOCK = re.compile(r"\*\*`hezhi/chapters/grassroots/services/(\w+\.py)`\*\*\n```python\n(.*?)```", re.S)
DJANGO_TABLES = ("models.py", "registries.py")


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory, django_db_setup, django_db_blocker, database_server) -> Iterator[types.ModuleType]:  # noqa: ANN001
    """The room of the page, as somebody who followed it would have it."""
    folder = tmp_path_factory.mktemp("tutorial")
    package = folder / "tutorial_services"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name, code in BLOCK.findall(PAGE.read_text("utf-8")):
        (package / name).write_text(code.replace(ROOM, "tutorial_services"), "utf-8")
    with django_db_blocker.unblock(), room(folder, "tutorial_services", database_server[1]) as module:
        yield module


def test_the_page_shows_the_two_files_it_speaks_of() -> None:
    assert tuple(name for name, _ in BLOCK.findall(PAGE.read_text("utf-8"))) == DJANGO_TABLES


def test_the_declaration_of_the_page_is_sound(tutorial: types.ModuleType) -> None:
    assert problems(site.get("service-points")) == []


@pytest.mark.contract
@pytest.mark.django_db
@pytest.mark.parametrize("keeps", PROMISES, ids=lambda p: p.__name__)
def test_the_registry_of_the_page_keeps_every_promise(tutorial: types.ModuleType, keeps: Promise) -> None:
    keeps(World(site.get("service-points")))


def test_the_start_refuses_the_same_declaration_without_its_purpose(tutorial: types.ModuleType) -> None:
    careless = type("Careless", (tutorial.ServicePoints,), {"purpose": ""})()
    assert any("names no purpose" in said for _, said in problems(careless))
