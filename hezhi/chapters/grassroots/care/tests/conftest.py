"""What the tests of the care room share."""

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache

from hezhi.chapters.grassroots.care.tests.world import Office, build
from hezhi.engines.org.testkit import enter
from hezhi.engines.records.vault import create_key_ring, ring
from hezhi.ground import time

STEP = 59_000_000


@pytest.fixture
def keys(settings, tmp_path: Path) -> Iterator[Path]:
    """A ring of this test's own: compartments are made and destroyed here."""
    settings.HEZHI_KEYS = tmp_path / "keys"
    create_key_ring(settings.HEZHI_KEYS)
    ring.cache_clear()
    yield settings.HEZHI_KEYS
    ring.cache_clear()


@pytest.fixture
def office(db, keys) -> Office:
    """The small care office, programmes loaded and all closed."""
    return build()


@pytest.fixture
def at(client, office):
    """`at("worker")`: the test client signed in as this person."""

    def sign_in(part: str):
        client.logout()
        return enter(client, office.people[part])

    return sign_in


@pytest.fixture
def november() -> Iterator[time.FrozenClock]:
    """The clock stands at a Thursday morning; ask for it before `office`."""
    with time.frozen_at("2026-11-26 10:00") as clock:
        yield clock


@pytest.fixture
def factor():
    """`factor(user)`: gives a person a second factor; gives the code it shows; `factor.step` moves its clock."""

    class Factor:
        step = STEP

        def __call__(self, user):
            secret = generate_totp_secret()
            from allauth.mfa.utils import encrypt

            Authenticator.objects.create(user=user, type="totp", data={"secret": encrypt(secret)})
            return lambda: format_hotp_value(hotp_value(secret, self.step))

    one = Factor()
    with mock.patch("allauth.mfa.totp.internal.auth.time.time", lambda: one.step * 30):
        cache.clear()
        yield one
        cache.clear()
