"""Two processes that seal while this one goes on reading (并行加密)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event, Timer
from types import TracebackType

import msgspec

from hezhi.engines.bulk.sealer import Column
from hezhi.engines.records.vault.keys import key_folder
from hezhi.ground.errors import NotNow

PROCESSES = 2
PATIENCE = 300.0
"""Seconds; the texts of a piece take a tenth of one."""
Answer = list[tuple[list[str], list[str]]]


class _One:
    """One process and the pipe to it. One that does not answer in time is ended, and the batch with it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "hezhi.engines.bulk.sealer", str(key_folder())]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
        self.run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.read = msgspec.msgpack.Decoder(Answer)

    def ask(self, columns: list[Column]) -> Answer:
        told = msgspec.msgpack.encode(columns)
        into, out = self.run.stdin, self.run.stdout
        assert into is not None and out is not None  # noqa: S101
        late = Event()
        guard = Timer(PATIENCE, self._end, [late])
        guard.daemon = True
        guard.start()
        try:
            into.write(len(told).to_bytes(4))
            into.write(told)
            into.flush()
            head = out.read(4)
            return self.read.decode(out.read(int.from_bytes(head)))
        except (OSError, ValueError, msgspec.DecodeError) as fault:
            why = "很久没有应答" if late.is_set() else "意外结束"
            raise NotNow(what=f"加密进程{why}，没有写入任何数据。", remedy="请稍后重新上传。") from fault
        finally:
            guard.cancel()

    def _end(self, late: Event) -> None:
        """A killed process closes its pipes, so whoever reads from it goes on."""
        late.set()
        self.run.kill()


@dataclass
class Pending:
    """Columns on their way (加密中); `wait` gives them whole again."""

    parts: list[Future[Answer]]

    def wait(self) -> Answer:
        """The answer, column by column, once both halves are there."""
        whole: Answer = self.parts[0].result()
        for part in self.parts[1:]:
            for (sealed, prints), (more, others) in zip(whole, part.result(), strict=True):
                sealed += more
                prints += others
        return whole


class Sealers:
    """The processes of one batch; use it in a `with`, so that they end with it."""

    def __init__(self, processes: int = PROCESSES) -> None:
        self.ones = [_One() for _ in range(processes)]
        # One thread for each, so that a process gets its messages in order and never two at once.
        self.threads = [ThreadPoolExecutor(1) for _ in self.ones]

    def send(self, columns: Sequence[Column]) -> Pending:
        """Have columns sealed, each process its share of the rows."""
        parts = []
        for n, (one, thread) in enumerate(zip(self.ones, self.threads, strict=True)):
            share = [
                (bound_to, kind, _share(rows, n, len(self.ones)), _share(texts, n, len(self.ones)))
                for bound_to, kind, rows, texts in columns
            ]
            parts.append(thread.submit(one.ask, share))
        return Pending(parts)

    def __enter__(self) -> Sealers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self.ones:
            one.run.kill()
            one.run.communicate()
        for thread in self.threads:
            thread.shutdown()


def _share(values: list[str], n: int, of: int) -> list[str]:
    return values[len(values) * n // of : len(values) * (n + 1) // of]
