"""The clerk of the fault tests, one for all of them (故障测试夹具)."""

from collections.abc import Iterator

import pytest

from hezhi.wiring.tests.faults.clerk import Clerk


@pytest.fixture(scope="session")
def bulk() -> dict[str, str]:
    """From how many rows an import goes in pieces, and how large they are: small, for the number proves nothing."""
    return {"HEZHI_BULK_FROM_ROWS": "400", "HEZHI_BULK_PIECE_ROWS": "200"}


@pytest.fixture(scope="session")
def clerk(system_to_be_killed, bulk: dict[str, str]) -> Iterator[Clerk]:
    """Somebody who works on the system to be killed."""
    one = Clerk(system_to_be_killed.environment | bulk)
    yield one
    one.go()
