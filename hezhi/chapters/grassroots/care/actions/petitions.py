"""Verbs on petition matters (信访事项, P4): who must answer and by when; the unit complained of never answers."""

from datetime import date
from typing import Any
from uuid import UUID

from hezhi.chapters.grassroots.care import queries, rules
from hezhi.chapters.grassroots.care.models import PetitionMatter, PetitionParty, PetitionStep
from hezhi.engines.flow.rules.limits import Limit
from hezhi.engines.flow.rules.limits import Unit as Clock
from hezhi.engines.flow.rules.working_time import due
from hezhi.engines.flow.timing import timetable
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.reach.api import tell
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.text import tidy

NEXT = {
    "register": ("handle", "closed"),
    "handle": ("review", "closed"),
    "review": ("recheck", "closed"),
    "recheck": ("closed",),
}


def limit_of(stage: str, since: date, extra: int = 0) -> date | None:
    """The last day of a stage, in calendar days of the law (信访工作条例 22, 34–36)."""
    days = rules.PETITION_DAYS.get(stage)
    if days is None:
        return None
    end = due(time.at_local(since), Limit(days + extra, Clock.DAYS), timetable().calendar)
    return time.local(end).date() if end else None


def _taken(matter_id: UUID, by: Actor, right: str = "petitions.edit") -> PetitionMatter:
    by.must(right)
    row = PetitionMatter.objects.visible_to(by).filter(pk=matter_id, removed_at__isnull=True).first()
    if row is None:
        raise queries.nothing()
    return PetitionMatter.objects.select_for_update(of=("self",)).get(pk=row.pk)


def _stepped(row: PetitionMatter, by: Actor, name: str, text: str) -> PetitionMatter:
    row.revision += 1
    row.changed_at, row.changed_by_id = time.now(), by.user_id
    row.save()
    PetitionStep.objects.create(
        matter=row, name=name, text=tidy(text), at=time.now(), by_name=by.name, unit_name=by.unit_name
    )  # fmt: skip
    return row


@clause("9.1.3-2-6")
@verb("petitions.assign")
def assign_matter(matter_id: UUID, *, by: Actor, office: Unit, text: str = "") -> PetitionMatter:
    """Name the unit that must answer (交办): never the one complained of, nor one below it (信访工作条例 30)."""
    row = _taken(matter_id, by)
    against: Any = row.complained_unit
    if against is not None and office.path.startswith(against.path):
        raise NotNow(
            f"{office.name}是被反映的单位或其下属单位，不能办理这件事项。", "信访事项不得交给被反映的单位（信访工作条例第三十条）。",
            "请交由其上级或其他有权处理的单位。", code="petitions.complained_unit",
        )  # fmt: skip
    row.office = office
    if row.stage == "register":
        row.stage, row.stage_since = "handle", time.today()
        row.due_on = limit_of("handle", time.today())
    tell(
        by, event="petitions.assigned", to_unit=office, permission="petitions.view", about=("care.petitionmatter", row.pk),
        values={"number": row.number, "due": str(row.due_on or "")}, link=f"/r/petition-matters/{row.pk}/",
    )  # fmt: skip
    return _stepped(row, by, f"交{office.name}办理", text)


@clause("9.1.3-2-6")
@verb("petitions.extend")
def extend_matter(matter_id: UUID, *, by: Actor, text: str) -> PetitionMatter:
    """Extend handling once by thirty days, with the reason told to the petitioner (延期)."""
    row = _taken(matter_id, by)
    if row.stage != "handle" or row.extended:
        raise NotNow("只有办理环节可以延期，且只能延一次。", code="petitions.no_extension")
    if not tidy(text):
        raise BadInput({"text": "请写明延期理由，并告知信访人。"})
    row.extended, row.due_on = True, limit_of("handle", row.stage_since, rules.PETITION_EXTENSION)
    return _stepped(row, by, "延期 30 日", text)


@clause("9.1.3-2-6")
@verb("petitions.reply")
def reply_matter(matter_id: UUID, *, by: Actor, text: str) -> PetitionMatter:
    """Write the reply (答复意见): by the unit that handles."""
    row = _taken(matter_id, by, "petitions.reply")
    if row.office_id != by.unit_id:
        raise NotNow("答复由办理单位填写。", code="petitions.not_office")
    if not tidy(text):
        raise BadInput({"text": "请填写答复意见。"})
    row.reply = tidy(text)
    return _stepped(row, by, "答复", "已填写答复意见")


@clause("9.1.3-2-6")
@verb("petitions.advance")
def advance_matter(matter_id: UUID, *, by: Actor, stage: str, text: str) -> PetitionMatter:
    """Bring a matter to its next stage, or close it (进入复查、复核，办结)."""
    row = _taken(matter_id, by)
    if stage not in NEXT.get(row.stage, ()) or stage == "handle":
        raise NotNow("现在不能转到这个环节。", "请按登记、办理、复查、复核的顺序。", code="petitions.stage")
    if stage == "closed" and row.stage != "register" and not row.reply:
        raise NotNow(
            "还没有答复意见，不能办结。",
            "信访事项须书面答复信访人。",
            "请办理单位先填写答复意见。",
            code="petitions.no_reply",
        )
    row.stage, row.stage_since, row.due_on = stage, time.today(), limit_of(stage, time.today())
    row.closed_on = time.today() if stage == "closed" else None
    if stage in ("review", "recheck"):
        row.office = None
    return _stepped(row, by, rules.STAGES[stage], text)


@clause("9.1.3-2-6")
@verb("petitions.add_party")
def add_party(matter_id: UUID, *, by: Actor, person_name: str, phone: str = "") -> PetitionParty:
    """Enter who brought the matter (当事人): with this matter alone."""
    row = _taken(matter_id, by)
    if not tidy(person_name):
        raise BadInput({"person_name": "请填写姓名。"})
    return PetitionParty.objects.create(matter=row, person_name=tidy(person_name), phone=tidy(phone))
