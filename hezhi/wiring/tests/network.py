"""A network of the tests' own (测试用网络): a namespace with one pair of addresses, for what must not listen on this machine's.

It is made before the first browser starts and goes after the last: when an interface comes or goes, every Chromium
of the machine breaks off what it is just fetching (ERR_NETWORK_CHANGED).
"""

import contextlib
import os
import shutil
import subprocess
import zlib
from collections.abc import Iterator

from hezhi.wiring.places import CHECKOUT

MADE = "HEZHI_TEST_NETWORK"
SEED = zlib.crc32(str(CHECKOUT).encode())
NAME = f"hz{SEED % 10**8}"
THERE, HERE = (f"10.99.{SEED % 256}.{SEED // 256 % 64 * 4 + last}" for last in (1, 2))
"""Name and addresses follow from the folder: two checkouts may be tested at once, and what a killed run left is found."""


@contextlib.contextmanager
def network() -> Iterator[str]:
    """The name of the namespace (THERE; HERE is this machine's end); empty where none may be made. Made once for a whole run."""
    if MADE in os.environ or not shutil.which("ip"):
        yield os.environ.get(MADE, "")
        return
    _remove()
    try:
        yield NAME if _make() else ""
    finally:
        _remove()


def _make() -> bool:
    return _run(
        ["netns", "add", NAME], ["link", "add", f"{NAME}a", "type", "veth", "peer", "name", f"{NAME}b"],
        ["link", "set", f"{NAME}b", "netns", NAME], ["addr", "add", f"{HERE}/30", "dev", f"{NAME}a"], ["link", "set", f"{NAME}a", "up"],
        ["-n", NAME, "addr", "add", f"{THERE}/30", "dev", f"{NAME}b"], ["-n", NAME, "link", "set", f"{NAME}b", "up"],
        ["-n", NAME, "link", "set", "lo", "up"],
    )  # fmt: skip


def _remove() -> None:
    _run(["link", "del", f"{NAME}a"])
    _run(["netns", "del", NAME])


def _run(*steps: list[str]) -> bool:
    """Whether all went well; the first that does not ends it."""
    return not any(subprocess.run(["ip", *step], capture_output=True).returncode for step in steps)
