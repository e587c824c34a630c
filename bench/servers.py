"""A server under measurement (被测服务): started, watched, its CPU time read from the kernel."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hezhi.wiring import machine
from hezhi.wiring.places import CHECKOUT

TICK = os.sysconf("SC_CLK_TCK")


class Died(RuntimeError):
    """A server under measurement ended by itself: its figures are worth nothing."""


@dataclass
class Server:
    """One stack that answers on a port of its own."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    born: frozenset[int]

    def check(self) -> None:
        """Refuse to go on when the server or one of its workers is not the one that was started."""
        if self.process.poll() is not None:
            raise Died(f"{self.name} ended: {machine.tail(self.log, 8)}")
        if self.born and not self.born <= set(_tree(self.process.pid)):
            raise Died(f"{self.name} lost a worker: {machine.tail(self.log, 8)}")

    def cpu(self) -> float:
        """Seconds of CPU that the server and its workers have used so far."""
        return sum(map(cpu_of, _tree(self.process.pid)))


@contextmanager
def serving(
    name: str, command: Sequence[str], environment: dict[str, str], log: Path, path: str = "/"
) -> Iterator[Server]:
    """Start a server whose command holds `{port}`, wait until it answers, and end it."""
    port = machine.free_port(f"bench-{name}")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [word.replace("{port}", str(port)) for word in command], env=environment, cwd=CHECKOUT, stdout=out,
            stderr=out, start_new_session=True,
        )  # fmt: skip
    server = Server(name, process, port, log, frozenset())
    try:
        until = time.monotonic() + 90
        while not _answers(f"http://127.0.0.1:{port}{path}"):
            server.check()
            if time.monotonic() > until:
                raise Died(f"{name} does not answer: {machine.tail(log, 8)}")
            time.sleep(0.2)
        server.born = frozenset(_tree(process.pid))
        yield server
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(address: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(address, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _tree(parent: int) -> list[int]:
    return [parent, *[below for child in machine.children(parent) for below in _tree(child)]]


def cpu_of(pid: int) -> float:
    """Seconds of CPU (user and system) that a process and its ended children have used."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(told[n]) for n in (11, 12, 13, 14)) / TICK


def cpu_below(pid: int) -> float:
    """The same for a process with all below it: a database server and its connections."""
    return sum(map(cpu_of, _tree(pid)))
