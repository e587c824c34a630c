"""对账: two lists side by side, and what is done about each difference: taken, pushed again, or explained."""

import json
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hezhi.chapters.cases.handling.actions.turning import given
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.api import Message, take_in
from hezhi.chapters.cases.intake.outside import note_outside
from hezhi.chapters.cases.platform import queries, rules
from hezhi.chapters.cases.platform.actions.filling import ask_again
from hezhi.chapters.cases.platform.actions.turning import CHECK, number_told, who
from hezhi.chapters.cases.platform.models import Difference, Platform, Sheet
from hezhi.engines.connect.api import push
from hezhi.engines.connect.models import ChannelKey
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.text import shorten

Kind, State = Difference.Kind, Difference.State
MOST_DAYS, MOST_ITEMS = 31, 20_000
VEILED = "保密件，内容不列出"


@clause("9.1.2-1")
@verb("platform.check")
def check(platform: Platform, *, by: Actor, first: date, last: date, theirs: Sequence[rules.Theirs], way: str) -> Sheet:
    """Compare a platform's list with ours over the days from first to last (对账); the differences wait to be dealt with.

    `theirs` has the numbers as the platform says them. Of what is there already nothing is changed.
    """
    if by.kind != "channel":
        by.must(CHECK)
    if first > last or (last - first).days >= MOST_DAYS:
        raise BadInput({"last": [f"起止日期须先后有序，一次最多对账 {MOST_DAYS} 天。"]})
    if len(theirs) > MOST_ITEMS:
        raise BadInput({"items": [f"一次最多 {MOST_ITEMS} 件，请按日期分次对账。"]})
    ours = queries.ours(platform, first, last, [their.key for their in theirs])
    keyed = queries.keyed(platform, theirs, {our.key for our in ours})
    inside = [our for our in ours if our.key in keyed or queries.is_within(our, first, last)]
    found, same = rules.compare(inside, keyed.values(), rules.state_words(platform.state_words), time.show)
    sheet = Sheet.objects.create(
        platform=platform, way=way, first=first, last=last, ours=len(inside), theirs=len(keyed), same=same,
        by_name=who(by), at=time.now(),
    )  # fmt: skip
    Difference.objects.bulk_create(_row(sheet, each) for each in found)
    return sheet


def _row(sheet: Sheet, found: rules.Differs) -> Difference:
    case = found.mine.case if found.mine else None
    facts = ""
    if found.kind == Kind.MISSING_HERE and found.yours and (found.yours.title or found.yours.text):
        told = {"title": found.yours.title, "text": found.yours.text, "secret": found.yours.secret}
        facts = json.dumps(told, ensure_ascii=False)
    return Difference(
        sheet=sheet, case=case, outside_number=found.key, kind=found.kind, ours=shorten(found.ours, 300),
        theirs=shorten(found.theirs, 300), due_at=found.yours.due_at if found.yours else None, facts=facts,
    )  # fmt: skip


def _open(difference_id: UUID, by: Actor) -> Difference:
    """An open difference that this person may see, locked."""
    by.must(CHECK)
    rows = Difference.objects.select_for_update(of=("self",)).visible_to(by).select_related("sheet__platform", "case")
    row = rows.filter(pk=difference_id).first()
    if row is None:
        raise NotFound("没有找到这条差异。", code="platform.no_difference")
    if row.state != State.OPEN:
        raise NotNow(
            f"这条差异{row.get_state_display()}。", "同事刚刚处理过。", "请刷新后查看。", code="platform.dealt_with"
        )
    return row


@clause("9.1.2-1")
@verb("platform.take")
def act_on(difference_id: UUID, *, by: Actor) -> Difference:
    """Do about a difference what its kind asks for (处理差异): take in, push again, adopt the limit, note, fill again."""
    row = _open(difference_id, by)
    row.note = _TAKEN[Kind(row.kind)](row, by)
    return _end(row, State.TAKEN, by)


@clause("9.1.2-1")
@verb("platform.explain")
def explain(difference_id: UUID, *, by: Actor, text: str) -> Difference:
    """Leave a difference as it is, with the reason (说明差异)."""
    row = _open(difference_id, by)
    row.note = given(text, "text", "请写明为什么保留这处差异。")[:300]
    return _end(row, State.EXPLAINED, by)


def _end(row: Difference, state: str, by: Actor) -> Difference:
    row.state, row.done_by, row.done_at, row.facts = state, who(by), time.now(), ""
    row.save(update_fields=["state", "note", "done_by", "done_at", "case", "facts"])
    return row


def _take_in(row: Difference, by: Actor) -> str:
    told = json.loads(row.facts) if row.facts else {}
    if not told:
        raise NotNow(
            "平台的清单里没有这件的内容，不能补收。", "没有内容就无法受理。", "请平台重新推送，收到后再对账；确不需要的写明说明。",
            code="platform.no_words",
        )  # fmt: skip
    platform = row.sheet.platform
    source = ChannelKey.objects.filter(system=platform.code).values_list("source", flat=True).first() or "hotline"
    receipt = take_in(
        Message(
            source=source, title=told["title"], text=told["text"], secret=told["secret"], outside_channel=platform.code,
            outside_number=row.outside_number, outside_due_at=row.due_at,
        ),
        by=by,
    )  # fmt: skip
    row.case_id = receipt.id
    if told["secret"]:
        row.outside_number, row.theirs = "", VEILED
        row.save(update_fields=["outside_number", "theirs"])
    return f"已补收为 {receipt.number}"


def _push(row: Difference, by: Actor) -> str:
    case = _case(row)
    sent = push(
        row.sheet.platform.code, event="report.changed",
        body={**number_told(case), "state": case.state, "verb": "check", "verb_name": "对账重推", "at": time.now().isoformat()},
    )  # fmt: skip
    if not sent:
        raise NotNow(
            "这个平台没有登记状态回推地址，不能重新推送。", "平台收不到本系统的消息。", "请人工告知平台，并写明说明。",
            code="platform.no_address",
        )  # fmt: skip
    return "已重新推送"


def _note(row: Difference, by: Actor) -> str:
    note_outside(_case(row).pk, by=by, verdict=f"平台状态：{row.theirs}"[:60])
    return "已记为平台结论，本系统状态不变"


def _due(row: Difference, by: Actor) -> str:
    note_outside(_case(row).pk, by=by, due_at=row.due_at)
    return "已采用平台时限"


def _fill(row: Difference, by: Actor) -> str:
    ask_again(_case(row))
    return "已列入待回填"


def _case(row: Difference) -> Case:
    if row.case is None:
        raise NotFound("没有找到这件事。", code="cases.not_found")
    return row.case


_TAKEN = {
    Kind.MISSING_HERE: _take_in, Kind.MISSING_THERE: _push, Kind.STATE: _note, Kind.DEADLINE: _due, Kind.REPLY: _fill,
}  # fmt: skip
