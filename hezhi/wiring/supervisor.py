"""Processes of the house under one roof (进程看护): started, watched, restarted, stopped together.

Only the standard library. Each process gets a session of its own, so Ctrl-C reaches us alone and we end
them in order; should we be killed ourselves, the kernel ends them (parent-death signal).
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from hezhi.wiring import machine
from hezhi.wiring.voice import Trouble, say

PR_SET_PDEATHSIG = 1
BIG_LOG = 20 * 2**20
DEATHS, WITHIN = 5, 60.0  # so many deaths in so many seconds are no accident
BREATH = 0.2  # seconds before what has died is started again; with each further death as many more


@dataclass(frozen=True)
class Part:
    """One process: its name, its Chinese name, how it is called, and what its environment adds."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    once: bool = False  # ends by itself and is not started again
    loud: bool = False  # speaks on the terminal instead of into a log
    optional: bool = False  # when it cannot be kept running, the others go on without it


class Supervisor:
    """Runs parts, each with a log file of its own below `logs`."""

    def __init__(
        self, parts: list[Part], logs: Path, environment: dict[str, str], cwd: Path, breath: float = BREATH
    ) -> None:
        self.parts = {part.name: part for part in parts}
        self.logs, self.environment, self.cwd, self.breath = logs, environment, cwd, breath
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.deaths: dict[str, deque[float]] = {name: deque(maxlen=DEATHS) for name in self.parts}

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def start(self, *names: str) -> None:
        """Start these parts, or all that do not run."""
        for name in names or tuple(self.parts):
            if name not in self.running:
                self.running[name] = self._spawn(self.parts[name])

    def kill(self, name: str) -> None:
        """kill -9 a part with all it started, as a fault would; it stays down until `start`."""
        process = self.running.pop(name)
        victims = [process.pid, *_descendants(process.pid)]
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        process.wait()
        machine.wait_gone(victims)

    def tend(self) -> None:
        """Start again what has died; one look, to be called about twice a second.

        Raises `Trouble` when a part dies again and again.
        """
        for name, process in list(self.running.items()):
            code = process.poll()
            if code is None:
                continue
            del self.running[name]
            if self.parts[name].once:
                self._note_end(self.parts.pop(name), code)
                continue
            if self._note_death(name, code):
                self.start(name)

    def stop(self, patience: float = 30) -> None:
        """Ask all to end, the last started first, and kill what does not listen."""
        processes = list(reversed(self.running.values()))
        for process in processes:
            _signal_group(process, signal.SIGTERM)
        until = time.monotonic() + patience
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, until - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()
        self.running.clear()

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        log = self.log_of(part.name)
        if log.exists() and log.stat().st_size > BIG_LOG:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as out:
            return subprocess.Popen(
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=None if part.loud else out,
                stderr=None if part.loud else out,
                cwd=self.cwd,
                env=self.environment | {"HEZHI_PROCESS": part.name} | part.environment,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def _note_end(self, part: Part, code: int) -> None:
        """A part that ends by itself is told of only when it failed; the others go on without it."""
        if code:
            log = self.log_of(part.name)
            why = "原因见上。" if part.loud else f"日志 {log} 末尾：{machine.tail(log, 2)}"
            say(
                f"{part.title}未能完成（代码 {code}），不会自动重试；其他功能不受影响。{why}",
                f"The part {part.name} failed ({code}) and is not started again; all else goes on.",
            )

    def _note_death(self, name: str, code: int) -> bool:
        """Say what has died; whether it is to be started again."""
        title, seen = self.parts[name].title, self.deaths[name]
        seen.append(time.monotonic())
        last = machine.tail(self.log_of(name), 2)
        if len(seen) == DEATHS and seen[-1] - seen[0] < WITHIN:
            if self.parts[name].optional:
                del self.parts[name]
                log = self.log_of(name)
                say(
                    f"{title}反复退出，不再启动，其他功能不受影响。日志 {log} 末尾：{last}",
                    f"The part {name} is given up; see {log}.",
                )
                return False
            raise Trouble(
                f"{title}反复退出，已停止运行。日志 {self.log_of(name)} 末尾：{last}",
                f"The part {name} keeps ending; everything is stopped. See {self.log_of(name)}.",
            )
        say(f"{title}意外退出（代码 {code}），正在重新启动。", f"The part {name} ended ({code}) and is started again.")
        time.sleep(min(2.0, self.breath * len(seen)))
        return True


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _descendants(parent: int) -> list[int]:
    direct = machine.children(parent)
    return direct + [below for child in direct for below in _descendants(child)]
