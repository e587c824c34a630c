"""A media server for tests (测试用音视频服务): in a network of its own where the machine lets us make one.

With the right to make a network namespace, the server sees one address and no other machine; without it
(a container that forbids it) it takes this machine's own address, and everything else is the same.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hezhi.engines.reach.calling.janus import Janus
from hezhi.wiring import media
from hezhi.wiring.places import CHECKOUT, private_folder
from hezhi.wiring.supervisor import Supervisor
from hezhi.wiring.system import wait_until

THERE, HERE = "10.99.0.1", "10.99.0.2"


@contextlib.contextmanager
def media_server(home: Path) -> Iterator[Janus]:
    """The engine over a running server, whose notes lie in this data folder."""
    lacking = media.missing(THERE)
    assert not lacking, lacking  # a test that finds no server has failed: ./test installs it
    private_folder(home / "run")
    with _network(home.name) as name:
        apart = {"address": THERE, "api": THERE, "before": ("ip", "netns", "exec", name)} if name else {}
        roof = Supervisor(
            [media.part(home, **apart)],
            private_folder(home / "log"),
            {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            CHECKOUT,
        )
        engine = Janus(media.notes_of(home))
        try:
            roof.start()
            wait_until(lambda: engine._look().ok, 30, lambda: roof.log_of(media.NAME).read_text()[-2000:])
            yield engine
        finally:
            roof.stop()
            media.forget(home)


@contextlib.contextmanager
def _network(seed: str) -> Iterator[str]:
    """The name of a fresh network namespace with one pair of addresses; empty where none may be made."""
    name = f"hz{abs(hash(seed)) % 10**6}"
    steps = [
        ["netns", "add", name], ["link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b"],
        ["link", "set", f"{name}b", "netns", name], ["addr", "add", f"{HERE}/30", "dev", f"{name}a"], ["link", "set", f"{name}a", "up"],
        ["-n", name, "addr", "add", f"{THERE}/30", "dev", f"{name}b"], ["-n", name, "link", "set", f"{name}b", "up"],
        ["-n", name, "link", "set", "lo", "up"],
    ]  # fmt: skip
    made = bool(shutil.which("ip")) and not any(
        subprocess.run(["ip", *step], capture_output=True).returncode for step in steps
    )
    try:
        yield name if made else ""
    finally:
        for step in (["link", "del", f"{name}a"], ["netns", "del", name]):
            if shutil.which("ip"):
                subprocess.run(["ip", *step], capture_output=True)
