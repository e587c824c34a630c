"""What the tests of signing in share: a ring of keys, a small office, a person at the door."""

import pytest
from django.test import Client

from hezhi.engines.org.models import Role, User
from hezhi.engines.org.testkit import PASSWORD, make_officer, make_role
from hezhi.engines.records.vault import create_key_ring


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    """A ring of keys of the test's own."""
    from hezhi.engines.records.vault.keys import ring

    create_key_ring(tmp_path / "keys")
    settings.HEZHI_HOME = tmp_path
    ring.cache_clear()
    yield
    ring.cache_clear()


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    """These tests sign in some hundred times; that the house itself uses Argon2 has a test of its own."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def officer(db) -> User:
    """林雨桐, who accepts cases, without a second factor yet."""
    return make_officer("linyutong", make_role("acceptor", ["cases.view", "cases.accept"]), full_name="林雨桐")


@pytest.fixture
def system_admin(db) -> User:
    role = make_role("system_admin", ["org.accounts", "org.units", "org.view"], kind=Role.Kind.SYSTEM_ADMIN)
    return make_officer("xitong.yi", role, full_name="邵系舟")


@pytest.fixture
def security_admin(db) -> User:
    role = make_role("security_admin", ["org.roles", "org.view"], kind=Role.Kind.SECURITY_ADMIN)
    return make_officer("anquan.yi", role, full_name="安若衡")


@pytest.fixture
def knock(client: Client):
    """Try the door: `knock("name", "password")` posts the sign-in page."""

    def knock(name: str, password: str = PASSWORD, address: str = "10.1.1.1", **more: str):
        return client.post("/accounts/login/", {"login": name, "password": password, **more}, REMOTE_ADDR=address)

    return knock


@pytest.fixture
def security(db):
    """安若衡, the only security administrator."""
    role = make_role("security_admin", ["org.roles", "org.approve", "org.view"], kind=Role.Kind.SECURITY_ADMIN)
    return make_officer("an.ruoheng", role, full_name="安若衡")


@pytest.fixture
def auditor(db):
    """申明远, the audit administrator."""
    role = make_role("audit_admin", ["audit.view", "org.approve", "org.view"], kind=Role.Kind.AUDIT_ADMIN)
    return make_officer("shen.mingyuan", role, full_name="申明远")
