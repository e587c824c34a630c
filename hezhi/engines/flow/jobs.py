"""The clock's own work (时限看守): cards at their time, claims that fall back, moved limits."""

from hezhi.engines.flow.models import Deadline, ToDo
from hezhi.engines.org.actor import system
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.events import announce

BATCH = 500


def watch() -> int:
    """Show yellow and red cards that have become due (黄牌、红牌); each card once. Gives how many."""
    shown = 0
    for colour, column, earlier in (("red", "due_at", ["", "yellow"]), ("yellow", "yellow_at", [""])):
        while _due(column, earlier):
            with acting(system("时限看守"), verb=f"flow.{colour}_cards") as deed:
                found = list(
                    Deadline.objects.filter(state="running", warned__in=earlier, **{f"{column}__lte": time.now()})
                    .select_for_update(skip_locked=True)
                    .order_by(column)[:BATCH]
                )
                Deadline.objects.filter(pk__in=[d.pk for d in found]).update(warned=colour)
                deed.detail["count"] = len(found)
                if found:
                    announce("flow.cards", deadlines=found, colour=colour)
            shown += len(found)
            if len(found) < BATCH:
                break
    return shown


def _due(column: str, earlier: list[str]) -> bool:
    """Whether a card waits to be shown at all: a quiet minute leaves no row in the audit."""
    return Deadline.objects.filter(state="running", warned__in=earlier, **{f"{column}__lte": time.now()}).exists()


def release_claims() -> int:
    """Let claimed to-dos fall back to their post when the shift is over (认领到期退回)."""
    return ToDo.objects.filter(done_at__isnull=True, claimed_until__lt=time.now()).update(
        claimed_by=None, claimed_until=None
    )
