"""What the care room does by the clock (后台任务): it reminds, alarms and erases after the term; it closes nothing (P12)."""

from datetime import timedelta

from hezhi.chapters.grassroots.care import actions, queries, rules
from hezhi.chapters.grassroots.care.models import CareFile, EmergencyList, Visit
from hezhi.engines.org.api import Actor, system
from hezhi.engines.reach.api import tell
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records import erasure
from hezhi.engines.records.acting import acting
from hezhi.engines.records.alarms import raise_alarm
from hezhi.engines.records.models import Alarm
from hezhi.ground import time
from hezhi.ground.clauses import clause

LABEL = "care.carefile"
MONDAY = 0
WARNED_BEFORE = timedelta(days=7)


@clause("9.1.3-2-6")
def daily() -> int:
    """Everything that is due today; run every hour, it does each thing once a day (每日巡查)."""
    by = system("帮扶巡查")
    done = remind_overdue(by) + remind_removed(by) + remind_visits(by) + watch_readers() + erase_due(by)
    done += end_emergencies(by)
    return done + (tell_readers(by) if time.local(time.now()).weekday() == MONDAY else 0)


def _told_today(event: str, file: CareFile) -> bool:
    since = time.at_local(time.today())
    return Outgoing.objects.filter(event=event, object_id=file.pk, created_at__gte=since).exists()


def _tell(by: Actor, event: str, file: CareFile, people: set, **values: str) -> int:
    """Tell people of a file once a day."""
    if _told_today(event, file):
        return 0
    with acting(by, verb=event) as deed:
        deed.on(file)
        for person in people - {None}:
            tell(
                by, event=event, to_user=person, about=(LABEL, file.pk), values={"number": file.number, **values},
                link=f"/care/{file.pk}/",
            )  # fmt: skip
    return 1


def remind_overdue(by: Actor) -> int:
    """Tell deputy and supervisor each day of a file whose review is overdue, or whose term is over (P12)."""
    today = time.today()
    late = CareFile.objects.filter(state="open", review_on__lt=today)
    return sum(_tell(by, "care.overdue", f, {f.deputy_id, f.supervisor_id}, since=str(f.review_on)) for f in late)


def remind_removed(by: Actor) -> int:
    """Tell worker and supervisor each day of a file whose person was taken out of the register (P12): it is not forgotten."""
    gone = CareFile.objects.exclude(state="closed").filter(resident__removed_at__isnull=False)
    return sum(_tell(by, "care.person_removed", f, {f.worker_id, f.supervisor_id}) for f in gone)


def end_emergencies(by: Actor) -> int:
    """Destroy the lists of an emergency that nobody ended (P7): a danger that lasts longer is opened anew, by name."""
    late = EmergencyList.objects.filter(closed_at__isnull=True, opened_at__lt=time.now() - rules.EMERGENCY_LASTS)
    return sum(actions.end_emergency(row.pk, by=by) is not None for row in late)


def remind_visits(by: Actor) -> int:
    """Tell the doer of an agreed visit that was missed; at the second on a file the supervisor too."""
    missed = Visit.objects.filter(
        made_on__isnull=True, told_on__isnull=True, agreed_on__lt=time.today(), file__state="open"
    )
    done = 0
    for visit in missed.select_related("file"):
        before = Visit.objects.filter(file=visit.file, told_on__isnull=False, made_on__isnull=True).exists()
        people = {visit.doer_id, visit.file.supervisor_id if before else None}
        with acting(by, verb="care.visit_missed") as deed:
            deed.on(visit.file)
            visit.told_on = time.today()
            visit.save()
            for person in people - {None}:
                tell(
                    by, event="care.visit_missed", to_user=person, about=(LABEL, visit.file_id),
                    values={"number": visit.file.number, "on": str(visit.agreed_on)}, link="/care/visits/",
                )  # fmt: skip
        done += 1
    return done


def watch_readers() -> int:
    """Raise an alarm for who opens more file pages in a day than anybody's work needs (P6)."""
    raised = 0
    for person, name, pages in queries.heavy_readers(time.today()):
        raised += raise_alarm(
            Alarm.Kind.CARE_READING, f"{person}@{time.today()}", actor_id=person, actor_name=name, detail={"values": pages}
        ) is not None  # fmt: skip
    return raised


def tell_readers(by: Actor) -> int:
    """On Mondays, tell each worker who opened his files in the last week besides himself (查阅告知)."""
    since, told = time.today() - timedelta(days=7), 0
    for file in CareFile.objects.filter(state="open"):
        names = [e.actor_name for e in queries.readers_of(file.pk, since) if e.actor_id != file.worker_id]
        if names:
            told += _tell(by, "care.readers", file, {file.worker_id}, readers="、".join(dict.fromkeys(names)))
    return told


def erase_due(by: Actor) -> int:
    """Erase what has reached its end, history included; a week before, the supervisor hears of it (P12).

    A closed file goes on its day of erasure. A file whose term is over and that nobody closed is not kept for
    that: it goes after the programme's keeping time counted from its last day.
    """
    today, erased = time.today(), 0
    for file in CareFile.objects.filter(state="closed", erase_on__lte=today + WARNED_BEFORE).select_related(
        "programme"
    ):
        if file.erase_on and file.erase_on <= today:
            erasure.erase(file, by=by, reason=f"结案后保存期满（{file.programme.keep_months} 个月）")
            erased += 1
        elif file.erase_on == today + WARNED_BEFORE:
            _tell(by, "care.erase_soon", file, {file.supervisor_id}, on=str(file.erase_on))
    for file in CareFile.objects.exclude(state="closed").filter(ends_on__lt=today).select_related("programme"):
        if file.ends_on and rules.months_later(file.ends_on, file.programme.keep_months) <= today:
            erasure.erase(file, by=by, reason=f"期限于 {file.ends_on} 届满且保存期满")
            erased += 1
    return erased
