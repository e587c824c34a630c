"""What an outside platform says later of a matter it brought (外部平台后续, 9.1.2-1): its clock, its verdict, more words.

They are kept beside ours and decide nothing here: our state, limits and answer stay our own.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hezhi.chapters.cases.handling.actions import supplement
from hezhi.chapters.cases.handling.actions.adding import short_enough
from hezhi.chapters.cases.handling.actions.secrecy import SEALED_WORDS, seal_words
from hezhi.chapters.cases.handling.actions.turning import NAMES, VERBS, given, seen, settle
from hezhi.chapters.cases.handling.api import ENDED, Case, sealed_number
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.text import one_line, tidy

MOST_VERDICT, MOST_WORDS = 60, 5000


def case_of_number(channel: str, number: str) -> Case:
    """The case that a platform brought under its own number (外部编号); a secret one is found as well.

    Raises NotFound, the same for a number that is not there and for one of another platform.
    """
    found = None
    if number and number.isprintable():
        rows = Case.objects.select_related("category", "lead_unit")
        kept = [number, sealed_number(channel, number)]
        found = rows.filter(outside_channel=channel, outside_number__in=kept).first()
    if found is None:
        raise NotFound(
            "没有找到这个编号的事件",
            "本系统没有以您的平台名义收到过它",
            "请核对编号，或先上报",
            code="intake.no_such_number",
        )
    return found


@clause("9.1.2-1")
@verb("cases.note_outside")
def note_outside(
    case_id: UUID, *, by: Actor, verdict: str | None = None, due_at: datetime | None = None, clear_due: bool = False
) -> Case:
    """Keep the platform's verdict and limit beside ours (外部结论、外部时限); what does not change is not written."""
    case = seen(case_id, by=by)
    told: dict[str, str] = {}
    if verdict is not None and one_line(verdict) != case.outside_verdict:
        case.outside_verdict = one_line(verdict)
        if len(case.outside_verdict) > MOST_VERDICT:
            raise BadInput({"verdict": [f"外部结论最多 {MOST_VERDICT} 个字。"]})
        told["外部结论"] = case.outside_verdict or "撤回"
    if (due_at is not None or clear_due) and due_at != case.outside_due_at:
        case.outside_due_at = due_at
        told["外部时限"] = time.show(due_at) if due_at else "取消"
    if not told:
        return case
    return settle(
        case, "note_outside", by=by, title="来源平台更新", fields=told, changed=("outside_verdict", "outside_due_at")
    )


@clause("9.1.2-1")
@verb("cases.add_from_outside")
def add_from_outside(case_id: UUID, *, by: Actor, text: str) -> Case:
    """Add words of the platform (平台补充): where the desk has asked, the clock goes on; else they join the timeline.

    Raises NotNow when the case has ended, BadInput for nothing or too much.
    """
    case = seen(case_id, by=by)
    text = short_enough(given(tidy(text), "text", "请填写补充的内容。"), MOST_WORDS)
    if case.state == "to_supplement":
        may = by.permissions | {VERBS["supplement"].right}
        return supplement(case_id, by=replace(by, permissions=frozenset(may)), text=text)
    if case.state in ENDED:
        raise NotNow(
            f"这件事已经结束（{NAMES[case.state]}），不能再补充", "内容没有保存", "仍有诉求的，请以新的编号另行上报",
            code="intake.ended",
        )  # fmt: skip
    if case.secret:
        seal_words(case, "平台补充", text)
    words = SEALED_WORDS if case.secret else text
    return settle(
        case, "add_from_outside", by=by, title="平台补充", text=words, public_text="已收到补充。",
        changed=("sealed_text",) if case.secret else (),
    )  # fmt: skip
