"""What the tests of this room share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hezhi.engines.org.testkit import actor, make_officer, make_role
from hezhi.engines.records.vault import create_key_ring, ring


@pytest.fixture
def home(settings, tmp_path: Path) -> Iterator[Path]:
    """An installation's folder of the test's own: keys, files, witness."""
    create_key_ring(tmp_path / "keys")
    settings.HEZHI_HOME = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    ring.cache_clear()
    yield tmp_path
    ring.cache_clear()


@pytest.fixture
def officer(db):
    """林雨桐, who handles cases."""
    return actor(make_officer("linyutong", make_role("handler", ["cases.handle"]), full_name="林雨桐"))
