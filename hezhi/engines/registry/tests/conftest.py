"""The registry of the tutorial (便民服务点), installed for the tests that want one with everything."""

import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from hezhi.engines.registry import site
from hezhi.engines.registry.contract import World
from hezhi.engines.registry.tests.furnish import room

PAGE = Path(__file__).parents[4] / "docs" / "add-a-registry.md"
ROOM = "hezhi.chapters.grassroots.services"
BLOCK = re.compile(r"\*\*`hezhi/chapters/grassroots/services/(\w+\.py)`\*\*\n```python\n(.*?)```", re.S)


@pytest.fixture(scope="session")
def tutorial_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files of `docs/add-a-registry.md`, as somebody who followed the page would have them."""
    folder = tmp_path_factory.mktemp("tutorial")
    package = folder / "tutorial_services"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name, code in BLOCK.findall(PAGE.read_text("utf-8")):
        (package / name).write_text(code.replace(ROOM, "tutorial_services"), "utf-8")
    return folder


@pytest.fixture(scope="module")
def tutorial(tutorial_folder: Path, django_db_setup, django_db_blocker, database_server) -> Iterator[types.ModuleType]:
    """The room of the tutorial, installed."""
    with django_db_blocker.unblock(), room(tutorial_folder, "tutorial_services", database_server[1]) as module:
        yield module


@pytest.fixture
def world(tutorial: types.ModuleType, db: None) -> World:
    """Two neighbouring towns with service points and people."""
    return World(site.get("service-points"))
