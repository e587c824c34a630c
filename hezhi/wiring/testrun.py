"""`./test`, once everything is installed (测试): our own database server, then pytest on every core.

`./test unit` runs one group; whatever is not a group's name goes to pytest.
"""

import os
import subprocess
import sys

from hezhi.wiring import frontend
from hezhi.wiring.cluster import Cluster
from hezhi.wiring.places import CHECKOUT, home, private_folder
from hezhi.wiring.voice import Trouble, fail

GROUPS = ("contract", "api", "journey", "fault", "browser")
WORKERS = "2"


def main(words: list[str]) -> int:
    """Run the tests and return pytest's exit code."""
    asked = [word for word in words if word in ("unit", *GROUPS)]
    rest = [word for word in words if word not in asked]
    frontend.build()
    cluster = None if os.environ.get("DATABASE_OWNER_URL") else Cluster(home() / "test/cluster", durable=False)
    started = bool(cluster and cluster.start())
    try:
        return subprocess.call(_command(asked, rest), cwd=CHECKOUT, env=_environment())
    except KeyboardInterrupt:
        return 130
    finally:
        if cluster and started:
            cluster.stop()


def _environment() -> dict[str, str]:
    """Compiled modules are kept beside the test cluster, wherever the person wants none: every process reads them."""
    env = os.environ | {"PYTHONPYCACHEPREFIX": str(private_folder(home() / "test/compiled"))}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
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
    ]
    wanted = [f"not ({' or '.join(GROUPS)})" if name == "unit" else name for name in asked]
    return command + (["-m", " or ".join(f"({name})" for name in wanted)] if wanted else []) + rest


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except Trouble as trouble:
        fail(trouble)
