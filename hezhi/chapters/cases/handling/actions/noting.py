"""What is written down beside the work (会商记录、重复和群体标记)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hezhi.chapters.cases.handling.actions.dispatching import fit_units
from hezhi.chapters.cases.handling.actions.turning import given, seen, settle, take
from hezhi.chapters.cases.handling.models import Case, Mark
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed


@clause("9.1.2-2")
@verb("cases.confer")
def confer(
    case_id: UUID, *, by: Actor, held_on: date | None, unit_ids: Sequence[UUID], conclusion: str,
    revision: int | None = None,
) -> Case:  # fmt: skip
    """Write down a conference of units over a case (会商记录): when, who took part, what was agreed."""
    case = take(case_id, "confer", by=by, revision=revision)
    if held_on is None or held_on > time.today():
        raise BadInput({"held_on": ["会商日期请填今天或以前的日子。"]})
    if not unit_ids:
        raise BadInput({"assist": ["请选择参加会商的单位。"]})
    conclusion = given(conclusion, "conclusion", "请写明会商结论：谁主办、谁配合、各做什么。")
    units = fit_units(case, list(dict.fromkeys(unit_ids)), "assist", work=False)
    told = {"会商日期": time.show_day(held_on), "参加单位": "、".join(u.name for u in units)}
    return settle(case, "confer", by=by, text=conclusion, fields=told)


@clause("9.1.2-2")
@verb("cases.mark")
def mark(case_id: UUID, *, by: Actor, mark: str, text: str = "", revision: int | None = None) -> Case:
    """Mark a case as told before or told by many (重复件、群体件), or take the mark off; the step says who and why."""
    case = take(case_id, "mark", by=by, revision=revision)
    if mark not in (*Mark.values, "none"):
        raise BadInput({"mark": ["请选择标记。"]})
    case.mark = "" if mark == "none" else mark
    told = {"标记": case.get_mark_display() or "不作标记"}
    return settle(case, "mark", by=by, text=text.strip(), fields=told, changed=("mark",))


@clause("9.1.2-2")
@verb("cases.follow")
def follow(case_id: UUID, *, by: Actor, wanted: bool) -> Case:
    """Follow a case that one sees (关注), or cease to: who follows is told of each new state while he still sees it."""
    by.must("cases.view")
    case = seen(case_id, by=by)
    if by.user_id is None:
        raise NotAllowed("请登录后再关注。", code="cases.nobody_follows")
    others = [each for each in case.followers if each != by.user_id]
    case.followers = [*others, by.user_id] if wanted else others
    case.save(update_fields=["followers"])
    return case
