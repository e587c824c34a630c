"""The process beside that seals (加密进程): texts come in, sealed texts and prints go out, nothing is kept.

Run as a program by `sealing.Sealers`; two of them use two cores. It reads the keys from their own files, as every
process of the house does, so no key travels. What travels is clear and sealed text, through a pipe that only the
two processes have; nothing of it touches a disk.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import msgspec
from django.conf import settings

KINDNESS = 5
"""The pages of the officers come first."""

Column = tuple[str, str, list[str], list[str]]
"""«table.column» (or "" when nothing is to be sealed), kind of print (or ""), rows' ids, texts."""


def answer(columns: list[Column]) -> list[tuple[list[str], list[str]]]:
    """The sealed texts and the prints of each column; sealed with the row's id, as saving the row would seal them."""
    from hezhi.engines.records.vault import blind_many, seal_many

    return [
        (seal_many(bound_to, texts, rows) if bound_to else [], blind_many(kind, texts) if kind else [])
        for bound_to, kind, rows, texts in columns
    ]


def main() -> None:
    """Answer one message after the other until the other side closes."""
    with suppress(OSError):
        os.nice(KINDNESS)
    settings.configure(HEZHI_KEYS=sys.argv[1], USE_TZ=True)
    come, go = sys.stdin.buffer, sys.stdout.buffer
    read = msgspec.msgpack.Decoder(list[Column])
    while len(head := come.read(4)) == 4:
        told = msgspec.msgpack.encode(answer(read.decode(come.read(int.from_bytes(head)))))
        go.write(len(told).to_bytes(4))
        go.write(told)
        go.flush()


if __name__ == "__main__":
    main()
