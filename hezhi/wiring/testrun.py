"""`./test`, once everything is installed (测试): our own database server, then pytest on every core.

`./test unit` runs one group; whatever is not a group's name goes to pytest. Which group a test is of follows
from what it uses (conftest.py): a unit needs no database, a room has one, and so on.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hezhi.ground.testkit.databases import Workshop
from hezhi.wiring import frontend
from hezhi.wiring.cluster import OWNER, Cluster
from hezhi.wiring.places import CHECKOUT, open_folder, test_home
from hezhi.wiring.voice import Trouble, fail

GROUPS = ("room", "contract", "api", "journey", "fault", "browser")
OF_THE_SYSTEM = {"journey", "fault", "browser"}
WORKERS = "2"


def main(words: list[str]) -> int:
    """Run the tests and return pytest's exit code."""
    asked = [word for word in words if word in ("unit", *GROUPS)]
    rest = [word for word in words if word not in asked]
    frontend.build()
    os.environ["HEZHI_TEST_HOME"] = str(open_folder(test_home()))  # decided once: later there may be less memory
    _sweep_scratch()
    cluster = None if os.environ.get("DATABASE_OWNER_URL") else Cluster(test_home() / "cluster", durable=False)
    started = bool(cluster and cluster.start())
    preparing = _prepare_demo() if not rest and (not asked or OF_THE_SYSTEM & set(asked)) else None
    try:
        return subprocess.call(_command(asked, rest), cwd=CHECKOUT, env=_environment())
    except KeyboardInterrupt:
        return 130
    finally:
        if preparing:
            preparing.terminate()
            preparing.wait()
        if cluster and started:
            Workshop(cluster.url(OWNER)).sweep()
            cluster.stop()
        shutil.rmtree(_scratch(), ignore_errors=True)


def _prepare_demo() -> subprocess.Popen[bytes]:
    """Load the demo district beside the quick tests, so that none of the slow ones has to wait for it."""
    command = [sys.executable, "-m", "hezhi.wiring.system"]
    return subprocess.Popen(command, cwd=CHECKOUT, env=_environment(), stdout=subprocess.DEVNULL)


def _scratch() -> Path:
    """Where the tests, browsers and systems of this run put what they throw away."""
    return test_home() / f"scratch-{os.getpid()}"


def _sweep_scratch() -> None:
    """Delete what killed runs left: where it lies in memory, nothing else frees it."""
    for old in test_home().glob("scratch-*"):
        if not Path("/proc", old.name.partition("-")[2]).exists():
            shutil.rmtree(old, ignore_errors=True)


def _environment() -> dict[str, str]:
    """Compiled modules lie beside their sources, even where the person wants none: a hundred processes read them.

    In a folder of their own those of the installed packages, which are compiled already, would be compiled again.
    """
    env = os.environ | {"TMPDIR": str(open_folder(_scratch()))}
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
        env.pop(name, None)
    return env


def _command(asked: list[str], rest: list[str]) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        os.environ.get("HEZHI_TEST_WORKERS", WORKERS),
        "--dist",
        "loadgroup",
        "--no-loadscope-reorder",  # quick groups first (conftest.py), not large ones
    ]
    wanted = [f"not ({' or '.join(GROUPS)})" if name == "unit" else name for name in asked]
    return command + (["-m", " or ".join(f"({name})" for name in wanted)] if wanted else []) + rest


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except Trouble as trouble:
        fail(trouble)
