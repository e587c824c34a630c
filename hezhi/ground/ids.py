"""Names for things: keys for the machine, numbers for people (编号)."""

from __future__ import annotations

import os
import secrets
import struct
import threading
import unicodedata
from datetime import date
from uuid import UUID

from hezhi.ground.time import real_milliseconds

__all__ = ["SIGNS", "clean_code", "follow_code", "new_id", "new_ids", "short_number"]

SIGNS = "23456789ACDEFGHJKMNPQRTUWXY"
"""Signs that nobody confuses on paper or by phone: without 0 O, 1 I L, S (5), B (8), Z (2), V (U)."""

_COUNTER_BITS = 74
_COUNTER_TOP = 1 << _COUNTER_BITS


class _Uuid7:
    """A maker of UUIDv7 (RFC 9562): time first, so that an index grows at its end.

    Within a process the ids rise strictly, also inside one millisecond and when the machine's
    clock steps back: the 74 free bits are then counted up by a random step.
    """

    def __init__(self) -> None:
        self.start_afresh()

    def start_afresh(self) -> None:
        """Forget what was given out: a forked child must not go on with its parent's row."""
        self._lock = threading.Lock()
        self._millisecond = -1
        self._counter = 0

    def make(self) -> UUID:
        with self._lock:
            moment = real_milliseconds()
            if moment > self._millisecond:
                self._millisecond, self._counter = moment, self._first()
            else:
                self._step()
            return self._compose(self._millisecond, self._counter)

    def make_many(self, many: int) -> list[int]:
        steps = struct.unpack(f"{many}I", os.urandom(4 * many))
        with self._lock:
            moment = real_milliseconds()
            if moment > self._millisecond:
                self._millisecond, self._counter = moment, self._first()
            made = []
            for step in steps:
                self._step(step)
                made.append(self._number(self._millisecond, self._counter))
        return made

    def _step(self, by: int | None = None) -> None:
        self._counter += 1 + (secrets.randbits(32) if by is None else by)
        if self._counter >= _COUNTER_TOP:
            self._millisecond, self._counter = self._millisecond + 1, self._first()

    @staticmethod
    def _first() -> int:
        # The top bit stays free, so that the row of one millisecond has room to grow.
        return secrets.randbits(_COUNTER_BITS - 1)

    @classmethod
    def _compose(cls, millisecond: int, counter: int) -> UUID:
        return UUID(int=cls._number(millisecond, counter))

    @staticmethod
    def _number(millisecond: int, counter: int) -> int:
        high, low = counter >> 62, counter & ((1 << 62) - 1)
        return millisecond << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low


_maker = _Uuid7()
os.register_at_fork(after_in_child=_maker.start_afresh)


def new_id() -> UUID:
    """A new primary key: UUIDv7, rising within this process, safe between threads."""
    return _maker.make()


def new_ids(many: int) -> list[str]:
    """So many new primary keys as text, rising, as `new_id` makes each of them; a quarter of the time."""
    told = [f"{number:032x}" for number in _maker.make_many(many)]
    return [f"{hex_[:8]}-{hex_[8:12]}-{hex_[12:16]}-{hex_[16:20]}-{hex_[20:]}" for hex_ in told]


def short_number(prefix: str, day: date, n: int) -> str:
    """A number that a person can read out: `SJ26112200001` = prefix, day, running number.

    `n` counts from 1 and comes from a sequence of the database. Beyond 99,999 on one day the
    number grows by a digit and stays unique.
    """
    if n < 1:
        raise ValueError(f"a running number starts at 1, not at {n}")
    return f"{prefix}{day:%y%m%d}{n:05d}"


def follow_code() -> str:
    """A random code of eight signs with which a citizen follows a case (查询码)."""
    return "".join(secrets.choice(SIGNS) for _ in range(8))


def clean_code(typed: str) -> str:
    """What a person typed as a code, made comparable: full-width signs, case, spaces, hyphens."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(sign for sign in plain if sign.isalnum())
