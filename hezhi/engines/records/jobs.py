"""What this room does by the clock (后台任务): sealing the audit, sweeping and scanning files."""

import io
import logging
from datetime import datetime, timedelta
from uuid import UUID

from procrastinate.contrib.django import app

from hezhi.engines.org.actor import Actor, actor_of, system
from hezhi.engines.org.models import User
from hezhi.engines.records import alarms, files, integrity, sealing, store
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import Alarm, Attachment, AuditCheck
from hezhi.ground import time
from hezhi.ground.rounds import fed_by
from hezhi.ground.uploads import Quarantine, scan

log = logging.getLogger(__name__)

SURELY_OVER = timedelta(hours=1)
"""No verb lasts that long: what lies in the store by then without a row will never have one."""
DAYS_LOOKED_AT = 3
SCANNED_AT_ONCE = 50
DAYS_EXAMINED = timedelta(days=8)


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
        alarms.raise_alarm(Alarm.Kind.INFECTED, str(attachment.pk), detail={"file": str(attachment.pk)})
        return Attachment.objects.filter(pk=attachment.pk).update(state=Attachment.State.QUARANTINED)


# -- the audit -------------------------------------------------------------------------------------


@fed_by(sealing.UNSEALED)
def seal() -> int:
    """Chain the audit rows committed since the last round (审计封存); gives how many."""
    return sealing.seal()


def watch_readers() -> int:
    """Raise alarms for unusual reading of personal values (异常查阅巡查); gives how many."""
    return alarms.watch_readers()


def check_nightly() -> int:
    """Examine the audit once a night between 1 and 5 (夜间完整性校验): 1 when it was done, 0 otherwise.

    The last eight days each night; everything on the first of the month, and when it was never done.
    """
    now = time.now()
    if not 1 <= time.local(now).hour < 5:
        return 0
    today = time.at_local(time.local(now).date())
    if AuditCheck.objects.filter(at__gte=today).exists():
        return 0
    whole = time.local(now).day == 1 or not AuditCheck.objects.filter(since__isnull=True).exists()
    examine(system("夜间校验"), since=None if whole else today - DAYS_EXAMINED)
    return 1


def examine(by: Actor, *, since: datetime | None = None) -> AuditCheck:
    """Verify the audit, keep what was found, raise an alarm when it is not whole (完整性校验)."""
    report = integrity.verify(since)
    with acting(by, verb="records.check_audit") as deed:
        check = AuditCheck.objects.create(
            at=time.now(), since=since, seconds=report.seconds, seals=report.seals, rows=report.rows, tail=report.tail,
            findings=[finding.as_dict() for finding in report.findings], by_name=by.name,
        )  # fmt: skip
        deed.detail |= {"check": check.pk, "findings": len(report.findings)}
        if not report.whole:
            log.error("the audit is not whole: %s findings", len(report.findings))
            alarms.raise_alarm(
                Alarm.Kind.INTEGRITY, f"check {check.pk}", detail={"check": check.pk, "findings": len(report.findings)}
            )
    return check


@app.task(name="records.examine_for", queue="audit")
def examine_for(user_id: str, post_id: str | None) -> None:
    """Examine the whole audit because somebody asked (人工发起的完整性校验)."""
    user = User.objects.filter(pk=user_id).first()
    by = actor_of(user, UUID(post_id) if post_id else None) if user else system("完整性校验")
    examine(by)


def defer_examination(by: Actor) -> None:
    """Hand the examination of the whole audit over to the worker, within the caller's verb."""
    examine_for.defer(user_id=str(by.user_id), post_id=str(by.post_id) if by.post_id else None)
