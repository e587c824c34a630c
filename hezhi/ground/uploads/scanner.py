"""The antivirus hook (恶意代码防范, 8.1.4.5): an outside command looks at the file.

The command reads the file from its standard input and answers by its exit status, as clamdscan
does: 0 clean, 1 infected, anything else «could not say». What could not be judged stays closed.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from typing import IO, BinaryIO

__all__ = ["Quarantine", "scan"]

_log = logging.getLogger(__name__)


class Quarantine(StrEnum):
    """Where a file stands with the scanner (查毒状态)."""

    OFF = "off"
    """未配置查毒: no scanner is configured; files open."""
    WAITING = "waiting"
    """待查: not looked at yet, or the scanner could not say; the file stays closed."""
    CLEAN = "clean"
    """通过."""
    INFECTED = "infected"
    """已隔离: never given out again."""

    @property
    def may_open(self) -> bool:
        """Whether the file may be given out."""
        return self in (Quarantine.OFF, Quarantine.CLEAN)

    @property
    def sentence(self) -> str:
        """What to tell a person who wants to open it."""
        return _SENTENCES[self]


_SENTENCES = {
    Quarantine.OFF: "",
    Quarantine.CLEAN: "",
    Quarantine.WAITING: "文件正在查毒，通过后即可打开，请稍后再试",
    Quarantine.INFECTED: "文件查出恶意代码，已隔离，不能打开；请让提交人另传一份",
}


def scan(file: BinaryIO, command: Sequence[str], *, seconds: float = 120) -> Quarantine:
    """Have a file looked at. Without a command OFF; a missing, slow or failing scanner gives WAITING.

    `command` is a list, never a line for a shell: `["clamdscan", "--no-summary", "-"]`.
    """
    if not command:
        return Quarantine.OFF
    with tempfile.TemporaryFile() as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        file.seek(0)
        copy.seek(0)
        return _VERDICTS.get(_status(command, copy, seconds), Quarantine.WAITING)


_NO_ANSWER = -1
_VERDICTS = {0: Quarantine.CLEAN, 1: Quarantine.INFECTED}


def _status(command: Sequence[str], copy: IO[bytes], seconds: float) -> int:
    try:
        run = subprocess.run(
            list(command),
            stdin=copy,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        _log.warning("the virus scanner gave no verdict: %s", fault)
        return _NO_ANSWER
    return run.returncode
