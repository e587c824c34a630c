"""`manage.py invariants`: look whether everything that must hold of case handling holds (不变量核查); changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hezhi.wiring.invariants import INVARIANTS, check


class Command(BaseCommand):
    """Ends with an error when one does not hold. While the house works, what a verb just did may not be worked off yet."""

    help = "核查事件办理的各项不变量"

    def handle(self, *args: Any, **options: Any) -> None:
        found = check()
        for each in INVARIANTS:
            faults = found.get(each.name, [])
            self.stdout.write(f"{'不符' if faults else '相符'}  {each.name}" + "".join(f"\n      {f}" for f in faults))
        if found:
            raise CommandError(f"{len(found)} 项不符。")
