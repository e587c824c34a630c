"""The test run's own house (测试运行环境): settings, a test cluster, a template, a running system.

pytest loads this module before Django's settings (`-p hezhi.wiring.testing` in pyproject.toml): what the
settings read from the environment is decided here. The fixtures themselves stand in the root conftest.py.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import settings

from hezhi.ground.testkit.databases import Workshop, digest_of, with_name
from hezhi.wiring.cluster import OWNER, Cluster
from hezhi.wiring.places import CHECKOUT, open_folder, test_home


def prepare_environment() -> None:
    """Tests see no keys, files or demo switch of the person who runs them; xdist's workers inherit this."""
    if os.environ.get("HEZHI_TESTING") == "1":
        return
    os.environ["HEZHI_TEST_HOME"] = str(open_folder(test_home()))
    scratch = tempfile.mkdtemp(prefix="hezhi-test-")
    Path(scratch, "static").mkdir()
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    os.environ.setdefault("HEZHI_TEST_PREFIX", str(os.getpid()))
    os.environ.update(HEZHI_TESTING="1", HEZHI_HOME=scratch)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in the test's thread
    ours = ("HEZHI_DEMO", "HEZHI_DB_ROLE", "HEZHI_SECRET_KEY_FILE", "HEZHI_STATIC_ROOT", "HEZHI_TLS", "HEZHI_FILES")
    for name in ours:
        os.environ.pop(name, None)


def database_server() -> tuple[str, str]:
    """Addresses (app, owner) of the server for tests: the one given by the environment, or our own.

    Our own stays up between runs (`./test` and `make stop` stop it): starting costs more than keeping.
    """
    owner = os.environ.get("DATABASE_OWNER_URL")
    if owner:
        return os.environ["DATABASE_URL"], owner
    cluster = Cluster(Path(os.environ["HEZHI_TEST_HOME"]) / "cluster", durable=False)
    cluster.start()
    return cluster.url(), cluster.url(OWNER)


def migrated_template(workshop: Workshop) -> str:
    """The template with every migration applied by the owner."""
    return workshop.template("t", migrations_digest(), lambda url: _manage(url, "migrate", "--verbosity=0"))


def migrations_digest() -> str:
    """Changes with any migration of ours and with any locked package."""
    ours = (CHECKOUT / "hezhi").glob("**/migrations/*.py")
    return digest_of([*ours, CHECKOUT / "requirements/base.txt"])


def _manage(owner_url: str, *words: str, **more: str) -> None:
    env = os.environ | more | {"DATABASE_OWNER_URL": owner_url, "HEZHI_DB_ROLE": "owner"}
    command = [sys.executable, str(CHECKOUT / "manage.py"), *words]
    done = subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(words)} failed:\n{done.stdout}\n{done.stderr}")


def worker_database(workshop: Workshop, name: str) -> Iterator[str]:
    """A database for one test process, dropped at the end."""
    workshop.copy(migrated_template(workshop), name)
    yield name
    workshop.drop(name)


prepare_environment()
# A busy machine is no fault of an example: a property is right or wrong, however long one try takes.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

__all__ = ["database_server", "migrated_template", "with_name", "worker_database"]
