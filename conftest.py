"""Fixtures of every test (测试公用夹具). How they work stands in hezhi/ground/testkit and hezhi/wiring/testing.py."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from hezhi.ground.testkit.databases import Workshop
from hezhi.wiring import testing


@pytest.fixture(scope="session")
def database_server() -> tuple[str, str]:
    """Addresses (app role, owner role) of the test server."""
    return testing.database_server()


@pytest.fixture(scope="session")
def workshop(database_server: tuple[str, str]) -> Workshop:
    """Where test databases are made."""
    shop = Workshop(database_server[1])
    shop.sweep()
    return shop


@pytest.fixture(scope="session")
def database_name(request: pytest.FixtureRequest) -> str:
    """The name of this process's database: several people, each with several workers, on one server."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    return f"hzt_{os.environ['HEZHI_TEST_PREFIX']}_{worker}"


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker,  # noqa: ANN001
    database_server: tuple[str, str],
    workshop: Workshop,
    database_name: str,
) -> Iterator[None]:
    """Point Django at a fresh copy of the migrated template, as the application's role."""
    from django.db import connections

    for name in testing.worker_database(workshop, database_name):
        _point(connections["default"], database_server[0], name)
        yield
        with django_db_blocker.unblock():
            connections.close_all()


@pytest.fixture
def committing_db(django_db_setup: None, django_db_blocker, workshop: Workshop, database_name: str) -> Iterator[None]:  # noqa: ANN001
    """A database of one test's own, for tests that must commit (two people at once, notifications).

    Dropped afterwards: nothing is flushed, because the application's role may not.
    """
    from django.db import connections

    mine = f"{database_name}_own"
    workshop.copy(testing.migrated_template(workshop), mine)
    connection = connections["default"]
    with django_db_blocker.unblock():
        connections.close_all()
        connection.settings_dict["NAME"] = mine
        yield
        connections.close_all()
        connection.settings_dict["NAME"] = database_name
    workshop.drop(mine)


@pytest.fixture
def transactional_db() -> None:
    """pytest-django's flushing database does not work here, by design."""
    pytest.fail("Use the fixture committing_db: the application's role may not TRUNCATE (the audit).", pytrace=False)


def _point(connection, url: str, name: str) -> None:  # noqa: ANN001
    """Change the address of Django's connection, also for threads still to come."""
    parts = urlsplit(url)
    connection.close()
    connection.settings_dict.update(
        NAME=name, USER=parts.username, PASSWORD=parts.password, HOST=parts.hostname, PORT=str(parts.port), CONN_MAX_AGE=0
    )
