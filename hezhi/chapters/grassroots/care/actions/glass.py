"""Breaking the glass (紧急查阅, P7): one file, one hour, read only; told at once; reviewed by somebody else."""

from uuid import UUID

from hezhi.chapters.grassroots.care import queries, rules
from hezhi.chapters.grassroots.care.actions.factor import must_prove
from hezhi.chapters.grassroots.care.actions.files import LABEL, link_of
from hezhi.chapters.grassroots.care.models import CareFile, Glass
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import due
from hezhi.engines.flow.timing import timetable
from hezhi.engines.org.api import Actor, User
from hezhi.engines.reach.api import tell
from hezhi.engines.records import audit
from hezhi.engines.records.acting import current_deed, verb
from hezhi.engines.records.vault import blind
from hezhi.engines.registry.scope import person as who
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.text import tidy


@clause("9.1.3-2-7")
def break_glass(*, by: Actor, wanted: str, reason: str, sentence: str, code: str) -> Glass:
    """Open the file of a person in danger (紧急查阅), found by its number or the person's whole ID number.

    The second factor is asked for first, before anything is looked for, and before the verb: a wrong code is
    counted even though nothing is opened. An earlier reading that still waits for review blocks nothing: a
    life does not wait. Raises BadInput, NotNow and the room's one NotFound; the attempt is written down.
    """
    by.must("care.glass")
    _asked_rightly(wanted, reason, sentence)
    must_prove(by, code)
    try:
        return _break(by=by, wanted=wanted, reason=reason, sentence=sentence)
    except NotFound as refusal:
        audit.refused(by, queries.BROKEN, refusal)
        raise


def _asked_rightly(wanted: str, reason: str, sentence: str) -> None:
    faults = {}
    if not tidy(wanted):
        faults["wanted"] = "请填写档案编号或完整的证件号码。"
    if reason not in rules.GLASS_REASONS:
        faults["reason"] = "请选择紧急情形。"
    if len(tidy(sentence)) < rules.GLASS_SENTENCE:
        faults["sentence"] = f"请用至少 {rules.GLASS_SENTENCE} 个字写明为何紧急，现为 {len(tidy(sentence))} 字。"
    if faults:
        raise BadInput(faults)


@verb(queries.BROKEN)
def _break(*, by: Actor, wanted: str, reason: str, sentence: str) -> Glass:
    file = _found(wanted)
    if file is None:
        raise queries.nothing()
    moment = time.now()
    review_due = due(moment, Limit(rules.GLASS_REVIEW_DAYS, Unit.WORKING_DAYS), timetable().calendar)
    glass = Glass.objects.create(
        file=file, by_id=who(by), reason=reason, sentence=tidy(sentence), opened_at=moment, until=moment + rules.GLASS_LASTS,
        review_due=review_due or moment + rules.GLASS_LASTS,
    )  # fmt: skip
    deed = current_deed()
    if deed is not None:  # the verb's own row in the audit names the file first
        deed.on(file)
        deed.detail |= {"standing": "glass", "why": reason}
    told = {
        "number": file.number,
        "reader": by.name,
        "reason": rules.GLASS_REASONS[reason],
        "due": time.show(glass.review_due),
    }
    for person in {file.supervisor_id, *protectors()}:
        tell(
            by,
            event="care.glass",
            to_user=person,
            about=(LABEL, file.pk),
            values=told,
            urgent=True,
            link="/care/glass/reviews/",
        )
    return glass


def _found(wanted: str) -> CareFile | None:
    """The file of this number, or of the person with this ID number; never one that two people must open."""
    rows = CareFile.objects.filter(state="open", programme__two_people=False).order_by(
        "-programme__strict", "opened_on"
    )
    by_number = rows.filter(number=tidy(wanted).upper()).first()
    return (
        by_number or rows.filter(resident__id_blind=blind("resident_id", wanted) if _is_number(wanted) else "-").first()
    )


def _is_number(wanted: str) -> bool:
    return sum(sign.isdigit() for sign in wanted) >= 15


def protectors() -> list[UUID]:
    """The data protection officers (个人信息保护负责人)."""
    found = User.objects.filter(holdings__post__role__permissions__contains=["care.protect"], is_active=True)
    return list(found.values_list("pk", flat=True).distinct())


@clause("9.1.3-2-7")
@verb("care.review_glass")
def review_glass(glass_id: UUID, *, by: Actor, finding: str, note: str) -> Glass:
    """Review an emergency reading (复核): by the supervisor or the protection officer, never by who read."""
    glass = next((each for each in queries.glasses_to_review(by) if each.pk == glass_id), None)
    if glass is None:
        raise queries.nothing()
    if finding not in Glass.Finding.values or not tidy(note):
        raise BadInput({"finding": "请选择结论并写明意见。"})
    glass.finding, glass.note, glass.reviewed_by_id, glass.reviewed_at = finding, tidy(note), by.user_id, time.now()
    glass.save()
    tell(
        by, event="care.glass_reviewed", to_user=glass.by_id, about=(LABEL, glass.file_id),
        values={"number": glass.file.number, "finding": glass.get_finding_display()}, link=link_of(glass.file),
    )  # fmt: skip
    return glass
