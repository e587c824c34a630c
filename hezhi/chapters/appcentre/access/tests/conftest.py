"""What the tests of outer systems share: a ring of keys, the administrator who looks after channels."""

import pytest

from hezhi.engines.org.models import Role, User
from hezhi.engines.org.testkit import enter, make_officer, make_role
from hezhi.engines.records.vault import create_key_ring


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    """A ring of keys of the test's own, because the secrets of a key are sealed."""
    from hezhi.engines.records.vault.keys import ring

    create_key_ring(tmp_path / "keys")
    settings.HEZHI_HOME = tmp_path
    ring.cache_clear()
    yield
    ring.cache_clear()


@pytest.fixture
def administrator(db) -> User:
    """邵系舟, who looks after accounts, units and channels."""
    role = make_role("system_admin", ["org.view", "channels.edit"], kind=Role.Kind.SYSTEM_ADMIN)
    return make_officer("shao.xizhou", role, full_name="邵系舟")


@pytest.fixture
def desk(client, administrator):
    """The administrator's browser."""
    return enter(client, administrator)
