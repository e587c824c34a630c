"""Taking a message in (入件, 9.1.2-1): one statement, one transaction, nothing twice.

This is a hot path, so everything a new case brings is written by one explicit statement, its audit row and
the answer to a repeated request included; grid and desk are looked up inside it. The history triggers see
it like any other write.
"""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from hezhi.chapters.cases.handling.api import (
    ARRIVED,
    MATTER,
    Case,
    Reporter,
    case_changed,
    queries,
    sealed_number,
)
from hezhi.chapters.cases.intake.queries import guess_place, paths, suggest, urgency_of
from hezhi.chapters.cases.intake.rules import KIND_OF, Message, checked
from hezhi.engines.connect.api import CLAIM, Claim
from hezhi.engines.flow import timing
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import TELL, Deed, at_one_stroke, trace_of
from hezhi.engines.records.audit import RECORD, recorded
from hezhi.engines.records.vault import blind, sealed, told_codes
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.crypto import same, sm3
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.events import is_heard
from hezhi.ground.ids import new_id
from hezhi.ground.prepared import Hot


@dataclass(frozen=True)
class Receipt:
    """What the one who reported gets (回执): number, code to follow it, the grid, and whether it was new."""

    id: UUID
    number: str
    code: str
    state: str
    area: str
    new: bool = True


_WRITE = (
    f"with who as ({TELL})"
    + """
, place as (
  select id, community_id, town_id, district_id, full_name from geo_area
  where level = 'grid' and kind = 'basic' and valid_to is null
    and st_covers(shape, st_setsrid(st_makepoint(%(lon)s::float8, %(lat)s::float8), 4326))
  limit 1
), guess as (
  select case when level = 'community' then id end as community_id,
         case when level = 'town' then id else town_id end as town_id, district_id, full_name
  from geo_area where id = %(guess)s
), desk as (
  select id from org_unit where kind = 'centre' and valid_to is null order by "order", code limit 1
), category as (
  select id, urgency from handling_category where code = %(category)s and active
), fresh as (
  insert into handling_case (
    id, number, kind, source, outside_channel, outside_number, outside_due_at, outside_verdict, title, text,
    sealed_text, category_id, answers, urgency, appeal, place, point, place_guessed,
    district_id, town_id, community_id, grid_id, occurred_at, received_at, recorded_at, state, state_since,
    held_from, desk_id, units, due_at, yellow_at, secret, on_the_spot, registered_by_id, reply, replied_at,
    closed_at, close_reason, returns, redos, urged, suggestion, revision)
  select %(id)s, %(prefix)s || lpad(n::text, greatest(5, length(n::text)), '0'), %(kind)s, %(source)s,
    %(outside_channel)s, %(outside_number)s, %(outside_due_at)s, '', %(title)s, %(text)s,
    %(sealed_text)s, category.id, %(answers)s::jsonb, coalesce(nullif(%(urgency)s, ''), category.urgency, 'normal'),
    %(appeal)s, coalesce(nullif(%(place)s, ''), place.full_name, guess.full_name, ''),
    case when %(lon)s::float8 is not null and not %(secret)s then st_setsrid(st_makepoint(%(lon)s::float8, %(lat)s::float8), 4326) end,
    place.id is null and guess.district_id is not null,
    coalesce(place.district_id, guess.district_id), coalesce(place.town_id, guess.town_id),
    coalesce(place.community_id, guess.community_id), place.id,
    %(occurred_at)s, %(received_at)s, %(now)s, %(state)s, %(now)s, '', desk.id, '{}', %(due_at)s, %(yellow_at)s,
    %(secret)s, %(on_the_spot)s, %(user)s, %(reply)s, %(replied_at)s, %(closed_at)s, %(close_reason)s,
    0, 0, 0, %(suggestion)s::jsonb, 0
  from (select nextval('handling_case_number') %% 10000000 as n) as running cross join who
  left join desk on true left join place on true left join guess on true left join category on true
  where (%(lon)s::float8 is null or place.id is not null) and not exists (
    select from handling_case where outside_channel = %(outside_channel)s and outside_number = %(other_number)s
      and outside_number <> '')
  on conflict do nothing
  returning id, number, state, urgency, title, desk_id, unit_id, grid_id, community_id, town_id
), reporter as (
  insert into handling_reporter (
    id, case_id, anonymous, name, phone, phone_blind, address, follow_digest, platform_reference, wants_answer)
  select %(reporter_id)s, id, %(anonymous)s, %(name)s, %(phone)s, %(phone_blind)s, %(address)s,
    %(follow_digest)s, %(platform_reference)s, %(wants_answer)s from fresh
), step as (
  insert into handling_step (
    id, case_id, verb, title, from_state, to_state, by_id, by_name, post_title, unit_id, unit_name, channel, at,
    text, public_text, fields)
  select %(step_id)s, id, 'report', '上报', '', state, %(user)s, %(by)s, %(post)s, %(unit)s, %(unit_name)s,
    %(channel)s, %(now)s, %(step_text)s, '已收到您反映的问题。', '{}' from fresh
), deadline as (
  insert into flow_deadline (
    id, object_type, object_id, stage, rule_id, why, amount, clock, started_at, due_at, yellow_at, state,
    pauses, extensions, warned, log)
  select %(deadline_id)s, %(matter)s, id, 'accept', %(rule)s, %(why)s, %(amount)s, %(clock)s, %(now)s, %(due_at)s,
    %(yellow_at)s, 'running', '[]', '[]', '', '[]'
  from fresh where %(deadline_id)s is not null and state = 'to_accept'
), todo as (
  insert into flow_todo (
    id, object_type, object_id, number, title, step, permission, unit_id, urgency, created_at, due_at)
  select %(todo_id)s, %(matter)s, id, number, title, 'accept', 'cases.accept', desk_id, urgency, %(now)s, %(due_at)s
  from fresh where desk_id is not null and state = 'to_accept'
), receipt as (
  select fresh.id, fresh.number, fresh.state, coalesce(place.full_name, guess.full_name, '') as area
  from fresh left join place on true left join guess on true
), audit as ("""
    + f"{RECORD} from fresh)"
)
_TOLD = "select number, state, area from receipt"
_ANSWER = """jsonb_set(%(claim_answer)s::jsonb, '{told}', %(claim_answer)s::jsonb->'told' || jsonb_build_object(
    'number', receipt.number, 'area', receipt.area))"""

_TYPES = (
    "uuid: id guess user unit reporter_id step_id deadline_id rule todo_id; boolean: secret on_the_spot anonymous"
    " wants_answer; timestamptz: outside_due_at occurred_at received_at now due_at yellow_at replied_at closed_at;"
    " integer: amount"
)
TAKE_IN = Hot(f"{_WRITE} {_TOLD}", _TYPES)
TAKE_IN_ONCE = Hot(f"{_WRITE}, claim as ({CLAIM.replace('{answer}', _ANSWER)} from receipt) {_TOLD}", _TYPES)
"""The same with the key of the request and the answer that its repetition will get."""


@clause("9.1.2-1")
def take_in(message: Message, *, by: Actor, case_id: UUID | None = None, proof: str = "") -> Receipt:
    """Make a case of a message, once (汇聚): the same outside number or the same `case_id` gives the same case.

    An id goes about in the world and opens nothing: who asks again is answered when he is the officer who wrote it
    down, brings the `proof` that came with the first asking (回执凭据), or says the very same. Raises SentByAnother for
    everybody else, BadInput with every wrong field; a place outside the district is one of them.
    """
    message = checked(message, now=time.now())
    case_id = case_id or new_id()
    return _write(message, by, case_id, proof=proof) or _why_not(message, by, case_id, proof)


def take_in_once(message: Message, *, by: Actor, claim: Claim) -> Receipt | None:
    """The same together with the key of the request, for what is new; None when nothing was written.

    Then the key or the number is known already or something is wrong with the place: `once` and `take_in`
    find out which. `claim.answer` holds `told`, to which the number and the area are added here. Raises
    BadInput with every wrong field.
    """
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            return _write(checked(message, now=time.now()), by, new_id(), claim)
    except IntegrityError:
        return None


def _write(message: Message, by: Actor, case_id: UUID, claim: Claim | None = None, proof: str = "") -> Receipt | None:
    deed = Deed(by, "cases.report", objects=[(MATTER, case_id)])
    code = code_for(case_id, proof)
    with at_one_stroke(deed, together=is_heard(ARRIVED)):
        values = _values(message, by, case_id, code) | trace_of(deed)
        values |= recorded(by, deed.verb, deed.objects)
        row = TAKE_IN_ONCE.row(values | claim.values()) if claim else TAKE_IN.row(values)
        if row is None:
            return None
        case_changed(case_id, "report", by=by)
    number, state, area = map(str, row)
    return Receipt(id=case_id, number=number, code=code, state=state, area=area)


def _values(message: Message, by: Actor, case_id: UUID, code: str) -> dict[str, object]:
    """Everything the statement needs; the sealed fields are sealed here, before they leave the process."""
    moment = time.now()
    suggestion = {} if message.secret else suggest(message.title, message.text, message.hint)
    category = message.category or ""
    urgency, why_urgent = message.urgency, ""
    if not urgency:
        asked = paths().get(category or suggestion.get("category", ""), "")
        urgency, why_urgent = queries.ruled_urgency(
            text=f"{message.title} {message.text}", place=message.place, path=asked
        )
    if why_urgent and not message.secret:
        suggestion = {**suggestion, "urgency": [urgency, why_urgent]}
    on_the_spot = bool(message.spot_result)
    kind = KIND_OF.get(message.source, "hotline")
    deadline = None
    if not on_the_spot:
        deadline = timing.planned(
            kind=kind, category="", urgency=urgency or urgency_of(category) or "normal", stage="accept", at=moment,
            tables=timing.recent_timetable(),
        )  # fmt: skip
    reporter_id = new_id()
    sealed_outside = sealed_number(message.outside_channel, message.outside_number)
    answers = {} if message.secret else dict(message.answers)
    return {
        "id": case_id,
        "prefix": f"SJ{time.today():%y%m%d}",
        "kind": kind,
        "source": message.source,
        "outside_channel": message.outside_channel,
        "outside_number": sealed_outside if message.secret else message.outside_number,
        "other_number": message.outside_number if message.secret else sealed_outside,
        "outside_due_at": message.outside_due_at,
        "title": "保密诉求" if message.secret else message.title,
        "text": "内容已按保密件封存，由受理员阅处。" if message.secret else message.text,
        "sealed_text": sealed(Case, "sealed_text", _whole(message) if message.secret else "", row=case_id),
        "category": category,
        "answers": json.dumps(answers, ensure_ascii=False),
        "urgency": urgency,
        "appeal": message.appeal,
        "place": "" if message.secret else message.place,
        "lon": message.lon,
        "lat": message.lat,
        "guess": None if message.lon is not None else guess_place(message.place, message.title, message.text),
        "occurred_at": message.occurred_at,
        "received_at": message.received_at or moment,
        "now": moment,
        "state": message.first_state,
        "due_at": deadline.due_at if deadline else None,
        "yellow_at": deadline.yellow_at if deadline else None,
        "secret": message.secret,
        "on_the_spot": on_the_spot,
        "user": by.user_id,
        "by": by.name,
        "post": by.post_title,
        "unit": by.unit_id,
        "unit_name": by.unit_name,
        "channel": by.channel,
        "reply": message.spot_result,
        "replied_at": moment if on_the_spot else None,
        "closed_at": moment if on_the_spot else None,
        "close_reason": "当场处理" if on_the_spot else "",
        "suggestion": json.dumps(suggestion, ensure_ascii=False),
        "reporter_id": reporter_id,
        "anonymous": message.anonymous or not (message.name or message.phone),
        "name": sealed(Reporter, "name", message.name, row=reporter_id),
        "phone": sealed(Reporter, "phone", message.phone, row=reporter_id),
        "phone_blind": blind("phone", message.phone),
        "address": sealed(Reporter, "address", message.address, row=reporter_id),
        "follow_digest": code_digest(code),
        "platform_reference": "" if message.secret else message.platform_reference,
        "wants_answer": message.wants_answer,
        "step_id": new_id(),
        "step_text": message.spot_result,
        "matter": MATTER,
        "deadline_id": new_id() if deadline else None,
        "rule": deadline.rule_id if deadline else None,
        "why": deadline.why if deadline else "",
        "amount": deadline.amount if deadline else 0,
        "clock": deadline.clock if deadline else "",
        "todo_id": new_id(),
    }


def _whole(message: Message) -> str:
    """Everything a secret report says, for the seal: title, text, place, position, answers."""
    told = [message.title, message.text]
    told += [f"地点：{message.place}"] if message.place else []
    told += [f"位置：{message.lon:.6f}, {message.lat:.6f}（WGS 84）"] if message.lon is not None else []
    told += [f"外部编号：{message.outside_number}"] if message.outside_number else []
    told += [f"平台帖子：{message.platform_reference}"] if message.platform_reference else []
    told += [f"{question}：{answer}" for question, answer in message.answers.items()]
    return "\n".join(told)


def code_for(case_id: UUID, proof: str = "") -> str:
    """The code with which the reporter follows his case (查询码), derived from the id and his proof under a key.

    Derived and not drawn, because a phone that never got our answer asks again and must hear the same
    code; nobody can work it out without the key, and the database holds only its digest. By that digest the
    proof is known again: it is kept nowhere itself.
    """
    return _codes_for(case_id, proof)[0]


def _codes_for(case_id: UUID, proof: str) -> list[str]:
    """The code, and those of older keys: the phone may ask again after the key was changed.

    The stroke stays when blanks are folded away, so that an empty proof is no proof.
    """
    return told_codes("case.follow", f"{case_id}/{proof}" if proof else str(case_id))


def code_digest(code: str) -> str:
    """The digest under which a follow-up code is kept (查询码); the code itself is told once and not stored."""
    return sm3(code.encode()).hex()


class SentByAnother(NotFound):
    """Somebody asks again for a report without showing that it is his (不能补传): nothing is said about it."""

    code = "intake.sent_by_another"
    what = "这条上报已不能再补传。"
    remedy = "请用编号和查询码查看进度。"


def _why_not(message: Message, by: Actor, case_id: UUID, proof: str) -> Receipt:
    """No row came out: either it is known already, or the place lies outside the district."""
    case = Case.objects.filter(pk=case_id).select_related("reporter").first()
    if case is not None:
        return _again(case, message, by, proof)
    if message.outside_number:
        known = Case.objects.filter(
            outside_channel=message.outside_channel,
            outside_number__in=[message.outside_number, sealed_number(message.outside_channel, message.outside_number)],
        ).first()
        if known is not None:
            return Receipt(known.pk, known.number, "", known.state, known.place, new=False)
    raise BadInput(
        {"place": ["这个位置不在本区范围内。请核对地图上的点；确属外区的，请向所在区反映。"]}, code="intake.outside"
    )


def _again(case: Case, message: Message, by: Actor, proof: str) -> Receipt:
    """The first answer once more, for the one who sent it."""
    if (case.source, case.registered_by_id) != (message.source, by.user_id):
        raise SentByAnother
    reporter = getattr(case, "reporter", None)
    digest = reporter.follow_digest if reporter else ""
    by_proof = _told_under(digest, case.pk, proof) if proof else ""
    code = by_proof or _told_under(digest, case.pk, "")
    # An officer is known by his account; a citizen by his proof, or, where none came with the first asking, by his words.
    if by.user_id is None and not by_proof and not (code and _says_the_same(message, case)):
        raise SentByAnother
    return Receipt(case.pk, case.number, code, case.state, case.place, new=False)


def _told_under(digest: str, case_id: UUID, proof: str) -> str:
    """The code that was told with this proof, when it is the one whose digest is kept."""
    return next((each for each in _codes_for(case_id, proof) if digest and same(digest, code_digest(each))), "")


def says_the_same(message: Message, case_id: UUID) -> bool:
    """Whether a form that is sent again tells what its case was made of (重复提交)."""
    case = Case.objects.select_related("reporter").get(pk=case_id)
    return _says_the_same(checked(message, now=time.now()), case)


def _says_the_same(message: Message, case: Case) -> bool:
    """Whether a repeated report is word for word the one that was taken in; for phones that queued it without a proof."""
    reporter = case.reporter
    if (message.name, message.phone) != (reporter.name, reporter.phone):
        return False
    if case.secret or message.secret:
        return case.sealed_text == _whole(message)
    return message.text == case.text and message.place in ("", case.place)
