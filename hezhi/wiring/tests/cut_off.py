"""Load the demo district and die on the way (中途断电的演示载入): run as a process of its own by `test_demo_cut_off`.

    python -m hezhi.wiring.tests.cut_off MODULE NAME CALLS

Just when NAME in MODULE has been called so many times, with its work done, the process kills itself; with no words it
loads to the end. Three messages and one room are enough to stand in each step.
"""

import importlib
import os
import signal
import sys
from typing import Any

import django


def main(words: list[str]) -> None:
    """Load, and die where told."""
    django.setup()
    from django.core.management import call_command

    from hezhi.wiring.management.commands import load_demo

    load_demo.ROOMS = ("cases.mediation",)
    if words:
        _die_after(words[0], words[1], int(words[2]))
    call_command("load_demo", few=3)


def _die_after(module: str, name: str, calls: int) -> None:
    place: Any = importlib.import_module(module)
    work, done = getattr(place, name), []

    def dying(*args: Any, **more: Any) -> Any:
        given = work(*args, **more)
        done.append(name)
        if len(done) == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return given

    setattr(place, name, dying)


if __name__ == "__main__":
    main(sys.argv[1:])
