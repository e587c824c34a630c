"""One matter, several orders (并单、拆分): the handling is joined or parted, the answers never."""

from collections.abc import Callable, Sequence
from uuid import UUID

from hezhi.chapters.cases.handling.actions.accepting import answer_directly, begin_accept
from hezhi.chapters.cases.handling.actions.numbering import next_number
from hezhi.chapters.cases.handling.actions.turning import (
    NAMES,
    VERBS,
    for_reporter,
    seen,
    settle,
    take,
    tell_reporter,
    wait,
)
from hezhi.chapters.cases.handling.models import ENDED, Case, Step
from hezhi.chapters.cases.handling.queries import own_replies
from hezhi.chapters.cases.handling.rules import JOINS, joined_through
from hezhi.engines.flow import timing, todos
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotNow, Refusal
from hezhi.ground.events import announce


@clause("9.1.2-2")
@verb("cases.merge")
def merge(case_id: UUID, *, by: Actor, into_id: UUID, reason: str = "", revision: int | None = None) -> Case:
    """Join the handling of a case to another one (并单).

    The merged case keeps its number, its reporter, its clock and its own reply; when the other one is
    answered and closed, so is this one, in its own words. Cases that were joined to it come along, so that
    whoever waits for an answer always waits for a case that is being handled; to undo the merge takes them back.
    """
    if case_id == into_id:
        raise BadInput({"into": ["不能并入自己。"]})
    # Locked in one order, so that two people merging crosswise cannot wait for each other.
    locked = {pk: seen(pk, by=by) for pk in sorted([case_id, into_id])}
    case, main = take(case_id, "merge", by=by, revision=revision), locked[into_id]
    if case.secret or main.secret:
        raise NotNow(
            "保密件不能并单。", "并单会让别的单位从内容推知上报人。", "请单独办理。", code="cases.secret_not_merged"
        )
    if main.state in ENDED:
        raise NotNow(
            f"{main.number} 已是「{NAMES[main.state]}」，不能再并入。", "只能并入还在办理的事件。",
            "如属同一问题反复发生，请对原事件发起重办。", code="cases.merge_into_ended",
        )  # fmt: skip
    along = _joined_to(case)
    told = {"连同": "、".join(each.number for each in along)} if along else {}
    case.merged_into = main
    case.held_from = case.state
    settle(
        case, "merge", by=by, to="merged", text=reason, fields={"并入": main.number, **told},
        public_text="您反映的问题与正在办理的同一事项合并办理，仍会单独答复您。",
        changed=("merged_into", "held_from"),
    )  # fmt: skip
    todos.done(case.pk)
    for each in along:
        each.merged_into = main
        settle(
            each, "taken_along", by=by, title="随主件并入", text=reason, fields={"随": case.number, "并入": main.number},
            changed=("merged_into",),
        )  # fmt: skip
    settle(main, "took_in", by=by, title="并单收入", text=reason, fields={"并入件": case.number, **told})
    return case


def _joined_to(main: Case) -> list[Case]:
    """The cases whose handling is joined to this one now, locked; who holds them holds their main case before."""
    return list(Case.objects.select_for_update().filter(merged_into=main, state="merged").order_by("pk"))


def _ways(cases: Sequence[Case]) -> dict[UUID, list[str]]:
    """By case, through which main cases it came where it is (`joined_through`)."""
    told: dict[UUID, list[tuple[str, str]]] = {case.pk: [] for case in cases}
    rows = Step.objects.filter(case__in=list(told), verb__in=JOINS).order_by("id")
    for key, name, fields in rows.values_list("case_id", "verb", "fields"):
        told[key].append((name, fields.get("并入", "")))
    return {key: joined_through(steps) for key, steps in told.items()}


def merge_all(case_ids: Sequence[UUID], *, by: Actor, into_id: UUID, reason: str = "") -> tuple[int, list[str]]:
    """Join several cases to one (批量并单), each a verb of its own; gives how many, and a sentence for each that could not."""
    return _each(case_ids, lambda key: merge(key, by=by, into_id=into_id, reason=reason), by=by)


def answer_all(case_ids: Sequence[UUID], *, by: Actor, reply: str) -> tuple[int, list[str]]:
    """Answer several cases in the same words (统一答复), each a verb of its own."""
    return _each(case_ids, lambda key: answer_directly(key, by=by, reply=reply), by=by)


def _each(case_ids: Sequence[UUID], step: Callable[[UUID], object], *, by: Actor) -> tuple[int, list[str]]:
    """Do one step on each case that this person may see; a refusal of one does not hold up the others."""
    names = dict(Case.objects.visible_to(by).filter(pk__in=list(case_ids)).values_list("pk", "number"))
    done, refused = 0, []
    for key, number in sorted(names.items(), key=lambda pair: pair[1]):
        try:
            step(key)
            done += 1
        except Refusal as refusal:
            refused.append(f"{number}：{refusal.what}")
    return done, refused


@clause("9.1.2-2")
@verb("cases.unmerge")
def unmerge(case_id: UUID, *, by: Actor, text: str = "", revision: int | None = None) -> Case:
    """Undo a merge (撤销并单): the case goes on by itself from where it stood, with the cases it had brought along."""
    by.must(VERBS["unmerge"].right)
    main_id = Case.objects.filter(pk=case_id).values_list("merged_into", flat=True).first()
    main = seen(main_id, by=by) if main_id else None  # before its joined case, as whoever closes it does
    case = take(case_id, "unmerge", by=by, revision=revision)
    if main is None or case.merged_into_id != main.pk:
        raise NotNow("这件事刚刚被同事改并。", remedy="请刷新后再办。", code="cases.changed_meanwhile")
    others = [each for each in _joined_to(main) if each.pk != case.pk]
    ways = _ways(others)
    along = [each for each in others if case.number in ways[each.pk]]
    _set_free(case, "unmerge", by=by, text=text)
    for each in along:
        _take_back(each, case, by=by, text=text)
    told = {"连同": "、".join(each.number for each in along)} if along else {}
    settle(main, "gave_back", by=by, title="撤出并单", text=text, fields={"撤出": case.number, **told})
    return case


AGAIN = {"to_accept": "accept", "to_supplement": "supplement"}
"""Which step a case waits for that goes on by itself; in every other state before the work it is dispatched."""


def _set_free(case: Case, verb_name: str, *, by: Actor, text: str, title: str = "", public_text: str = "") -> None:
    """The case goes on by itself from where it stood, before the post that has its next step."""
    back = case.held_from or "to_dispatch"
    case.merged_into, case.held_from = None, ""
    settle(
        case, verb_name, by=by, to=back, title=title, text=text, public_text=public_text,
        changed=("merged_into", "held_from"),
    )  # fmt: skip
    step = AGAIN.get(back, "dispatch")
    wait(case, step, f"cases.{step}", case.desk_id)


def _take_back(case: Case, main: Case, *, by: Actor, text: str) -> None:
    """A case that was taken along is joined again to the one it came with."""
    case.merged_into = main
    settle(
        case, "taken_back", by=by, title="随主件撤出", text=text, fields={"并入": main.number}, changed=("merged_into",)
    )


def part_from(main: Case, *, by: Actor, why: str) -> None:
    """A main case has fallen away (作废、不予受理) or is secret now: what was joined to it goes on as before the merge.

    Nobody is refused because somebody else's message was void. Whoever was taken along stays with the one he came with.
    """
    joined = _joined_to(main)
    ways, by_number = _ways(joined), {case.number: case for case in joined}
    for case in joined:
        before = next((by_number[n] for n in reversed(ways[case.pk][:-1]) if n in by_number), None)
        if before is not None:
            _take_back(case, before, by=by, text=why)
        else:
            _set_free(
                case, "parted", by=by, title="恢复单独办理", text=why,
                public_text="您反映的问题恢复单独办理，办理结果会答复您。",
            )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.answer_apart")
def answer_apart(case_id: UUID, *, by: Actor, reply: str, revision: int | None = None) -> Case:
    """Write a joined case's own reply (单独答复): its reporter gets these words when the main case is closed.

    Until then only the office reads them. Written again, the later words count.
    """
    case = take(case_id, "answer_apart", by=by, revision=revision)
    reply = for_reporter(reply, "reply", "请填写给这位上报人的答复。")
    return settle(case, "answer_apart", by=by, text=reply)


def answer_merged(main: Case, *, by: Actor) -> None:
    """When a main case is closed, each merged case gets its own reply and end (分别答复), and its reporter hears of it."""
    joined = _joined_to(main)
    lead = main.lead_unit.name if joined and main.lead_unit else ""
    own = own_replies([case.pk for case in joined]) if joined else {}
    for case in joined:
        case.reply, case.replied_at, case.closed_at = own[case.pk] or main.reply, time.now(), time.now()
        case.close_reason, case.due_at, case.yellow_at = f"随 {main.number} 办结", None, None
        timing.finish(case.pk, ["accept", timing.TOTAL])
        settle(
            case, "answer_merged", by=by, to="closed", title="随主件办结" if own[case.pk] else "随主件答复",
            public_text=case.reply, answered_by="" if own[case.pk] else lead,
            changed=("reply", "replied_at", "closed_at", "close_reason", "due_at", "yellow_at"),
        )  # fmt: skip
        announce("cases.answered", case=case, by=by)
        tell_reporter(case, "cases.closed_reporter", by=by, unit="")


@clause("9.1.2-2")
@verb("cases.split")
def split(
    case_id: UUID, *, by: Actor, parts: Sequence[str], waits: bool = False, revision: int | None = None
) -> list[Case]:
    """Take further matters out of a message that tells several (拆分): each becomes a case of its own.

    The new cases have the same reporter's case as origin and their own number, clock and answer. With `waits` this
    one is not answered before all of them have ended.
    """
    case = take(case_id, "split", by=by, revision=revision)
    titles = [part.strip()[:120] for part in parts if part.strip()]
    if not titles:
        raise BadInput({"parts": ["请至少写一件要拆出的事项，每行一件。"]})
    if len(titles) > 9:
        raise BadInput({"parts": ["一次最多拆出 9 件。"]})
    fresh = [_part(case, title, by=by) for title in titles]
    case.waits_for_parts = case.waits_for_parts or waits
    told = {"拆出": "、".join(c.number for c in fresh), **({"本件": "等拆出的事项都办结后再办结"} if waits else {})}
    settle(case, "split", by=by, text="\n".join(titles), fields=told, changed=("waits_for_parts",))
    return fresh


def _part(case: Case, title: str, *, by: Actor) -> Case:
    moment = time.now()
    part = Case(
        number=next_number(),
        kind=case.kind, source=case.source, title=title, text=case.text, sealed_text=case.sealed_text,
        category=case.category, urgency=case.urgency, appeal=case.appeal, place=case.place, point=case.point,
        district_id=case.district_id, town_id=case.town_id, community_id=case.community_id, grid_id=case.grid_id,
        occurred_at=case.occurred_at, received_at=case.received_at, recorded_at=moment, state="to_accept",
        state_since=moment, desk_id=case.desk_id, secret=case.secret, barred_unit_id=case.barred_unit_id,
        split_from=case, registered_by_id=by.user_id, accepted_by_id=case.accepted_by_id,
    )  # fmt: skip
    part.save(force_insert=True)
    begin_accept(part)
    Case.objects.filter(pk=part.pk).update(due_at=part.due_at, yellow_at=part.yellow_at)
    settle(part, "report", by=by, title="拆分产生", fields={"拆分自": case.number})
    wait(part, "accept", "cases.accept", part.desk_id)
    return part
