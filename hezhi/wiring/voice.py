"""How the house speaks on a terminal (终端提示): Chinese first, the same in English below."""

import sys
from typing import NoReturn


class Trouble(Exception):
    """A fault that a person can mend; it carries the same sentence in both languages."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}\n{english}")
        self.chinese, self.english = chinese, english


def say(chinese: str, english: str = "") -> None:
    """Print a sentence, with its English twin when there is one."""
    print(f"[合治] {chinese}", flush=True)
    if english:
        print(f"       {english}", flush=True)


def fail(trouble: Trouble) -> NoReturn:
    """Say what is wrong on the error stream and leave with 1."""
    print(f"[合治] {trouble.chinese}\n       {trouble.english}", file=sys.stderr, flush=True)
    raise SystemExit(1)
