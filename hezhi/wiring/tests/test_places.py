"""Where test runs keep their databases: in memory where there is plenty of it and nobody else stands there."""

import os
import shutil
from pathlib import Path

import pytest

from hezhi.wiring import housekeeping, places
from hezhi.wiring.cluster import Cluster
from hezhi.wiring.voice import Trouble


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the file system in memory, and a data folder on disk."""
    monkeypatch.delenv("HEZHI_TEST_HOME")
    monkeypatch.setenv("HEZHI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(places, "MEMORY", tmp_path / "memory")
    monkeypatch.setattr(places, "_roomy", lambda: True)
    places.MEMORY.mkdir()
    return places.MEMORY


def test_where_memory_is_plenty_it_is_used(memory: Path) -> None:
    assert places.test_home() == memory / "hezhi-home"


def test_a_small_memory_is_left_alone(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_roomy", lambda: False)
    assert places.test_home() == places.home() / "test"


def test_what_somebody_else_put_there_is_not_used(memory: Path) -> None:
    (memory / "hezhi-home").symlink_to("/")
    assert places.test_home() == places.home() / "test"


def test_room_is_told_by_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MEMORY", Path("/proc"))
    assert not places._roomy(), "no file system in memory lies there"
    monkeypatch.setattr(places, "MEMORY", Path("/dev/shm"))
    monkeypatch.setattr(places, "ROOM_FOR_TESTS", 2**60)
    assert not places._roomy()


@pytest.fixture
def told_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEZHI_RESET", "yes")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(Cluster, "remove", lambda self: shutil.rmtree(self.folder))


@pytest.mark.usefixtures("told_yes")
def test_reset_deletes_both_places_whatever_tests_left_there(memory: Path) -> None:
    for folder in (places.home(), *places.test_homes()):
        for name in ("cluster", "demo-12ab"):
            (folder / name).mkdir(parents=True)
    housekeeping.reset()
    assert not any(folder.exists() for folder in (places.home(), *places.test_homes()))
    assert os.listdir(memory) == []


@pytest.mark.usefixtures("told_yes")
def test_reset_deletes_nothing_at_all_where_one_place_is_not_ours(memory: Path) -> None:
    letters = places.test_homes()[0] / "letters"
    for folder in (letters, places.home() / "cluster"):
        folder.mkdir(parents=True)
    with pytest.raises(Trouble, match="does not look like our data folder"):
        housekeeping.reset()
    assert letters.exists() and (places.home() / "cluster").exists()
