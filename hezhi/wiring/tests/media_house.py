"""A media server for tests (测试用音视频服务): in a network of its own where the machine lets us make one.

With the right to make a network namespace, the server sees one address and no other machine; without it
(a container that forbids it) it takes this machine's own address, and everything else is the same.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from hezhi.engines.reach.calling.janus import Janus
from hezhi.wiring import media
from hezhi.wiring.places import CHECKOUT, private_folder
from hezhi.wiring.supervisor import Supervisor
from hezhi.wiring.system import wait_until
from hezhi.wiring.tests.network import THERE, network


@contextlib.contextmanager
def media_server(home: Path) -> Iterator[Janus]:
    """The engine over a running server, whose notes lie in this data folder."""
    lacking = media.missing(THERE)
    assert not lacking, lacking  # a test that finds no server has failed: ./test installs it
    private_folder(home / "run")
    with network() as name:
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
