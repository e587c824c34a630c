"""What this room does by the clock (后台任务): sealing the audit, sweeping and scanning files."""

import io
import logging
from datetime import timedelta

from hezhi.engines.org.actor import system
from hezhi.engines.records import files, store
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.uploads import Quarantine, scan

log = logging.getLogger(__name__)

SURELY_OVER = timedelta(hours=1)
"""No verb lasts that long: what lies in the store by then without a row will never have one."""
DAYS_LOOKED_AT = 3
SCANNED_AT_ONCE = 50


def sweep_files() -> int:
    """Empty the places that no row names (清扫未入库附件): left by verbs that were rolled back or killed.

    Looks at the last three days' folders; gives how many were emptied.
    """
    today, swept = time.real_now().date(), 0
    for back in range(DAYS_LOOKED_AT):
        places = set(store.places_of_day(today - timedelta(days=back)))
        for place in sorted(places - _named(places)):
            if store.is_older(place, SURELY_OVER):
                store.drop(place)
                swept += 1
    if swept:
        log.info("%s stored files had no row and were swept", swept)
    return swept


def _named(places: set[str]) -> set[str]:
    """Of these places, the ones that a row names."""
    rows = Attachment.objects.all()
    whole = rows.filter(file__in=places).values_list("file", flat=True)
    small = rows.filter(thumbnail__in=places).values_list("thumbnail", flat=True)
    return {*whole, *small}


def scan_files() -> int:
    """Have waiting files looked at by the virus scanner (查毒, 8.1.4.5); gives how many were judged.

    A file that the scanner cannot judge stays closed and is shown to it again in the next round.
    """
    command, judged = files.scanner(), 0
    if not command:
        return 0
    for attachment in Attachment.objects.filter(state=Attachment.State.WAITING).order_by("pk")[:SCANNED_AT_ONCE]:
        verdict = scan(io.BytesIO(files.content_of(attachment)), command)
        if verdict == Quarantine.CLEAN:
            judged += Attachment.objects.filter(pk=attachment.pk).update(state=Attachment.State.CLEAN)
        elif verdict == Quarantine.INFECTED:
            judged += _shut_away(attachment)
    return judged


def _shut_away(attachment: Attachment) -> int:
    log.error("the file %s is infected and was shut away", attachment.pk)
    with acting(system("查毒"), verb="records.quarantine_file") as deed:
        deed.objects.append((attachment.object_type, attachment.object_id))
        deed.detail["file"] = str(attachment.pk)
        return Attachment.objects.filter(pk=attachment.pk).update(state=Attachment.State.QUARANTINED)
