"""What the Party room does by the clock (后台任务): it reminds of terms that end; it changes nothing."""

from datetime import timedelta

from hezhi.chapters.grassroots.party import rules
from hezhi.chapters.grassroots.party.models import PartyOrganisation
from hezhi.chapters.grassroots.party.models.base import APPROVED
from hezhi.engines.org.api import holders_of, system
from hezhi.engines.reach.api import tell
from hezhi.engines.reach.models import Channel, Outgoing
from hezhi.engines.reach.words import text_of
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.clauses import clause

EVENT = "party.term_ends"
AGAIN = timedelta(days=30)
"""So long after a reminder the next one follows, while nothing has changed."""


@clause("9.1.3-3-1")
def remind() -> int:
    """Tell those who keep an organisation that its term ends within 90 days or is over, once in 30 days (届满提醒)."""
    by, day = system("党建提醒"), time.today()
    if text_of(EVENT, Channel.INBOX) is None:
        return 0  # the message is switched off
    last = day + timedelta(days=rules.TERM_NOTICE)
    told = Outgoing.objects.filter(event=EVENT, created_at__gte=time.now() - AGAIN).values("object_id")
    rows = PartyOrganisation.objects.filter(
        state=APPROVED, removed_at__isnull=True, term_until__lte=last, unit__isnull=False
    )
    done = 0
    for row in rows.exclude(pk__in=told).select_related("unit"):
        people = holders_of("party_organisations.edit", row.unit) if row.unit else []
        with acting(by, verb=EVENT) as deed:
            deed.on(row)
            for person in people:
                tell(
                    by, event=EVENT, to_user=person.pk, about=(row._meta.label_lower, row.pk),
                    values={"name": row.name, "until": str(row.term_until)}, link=f"/r/party-organisations/{row.pk}/",
                )  # fmt: skip
        done += bool(people)
    return done
