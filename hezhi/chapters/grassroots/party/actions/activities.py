"""Activities of the branches (党支部活动): approved, joined, attended, written down."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.crypto import salted_hmac

from hezhi.chapters.grassroots.party import queries, rules
from hezhi.chapters.grassroots.party.actions.review import Matter, matter
from hezhi.chapters.grassroots.party.models import Activity, Member, Participation
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import locked
from hezhi.engines.records.acting import verb
from hezhi.engines.records.files import LookedThrough, keep_files
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.crypto import random_token, same
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.ids import SIGNS, clean_code
from hezhi.ground.text import tidy

EDIT, TAKE_PART = "party_activities.edit", "party.take_part"
State = Participation.State
LONGEST_MINUTES = 4000


def sign_in_code(activity: Activity) -> str:
    """The code of an activity, as it stands under its picture (签到码): eight signs that can be read out."""
    return _signs("party.sign_in", str(activity.pk), 8)


def door_code(activity: Activity, moment: datetime, *, before: int = 0) -> str:
    """The code on the meeting's screen for those without an account (会场码): another one every five minutes."""
    turn = rules.door_turn(moment) - before
    return _signs("party.door", f"{activity.pk}:{turn}", 6)


def own_code(member: Member) -> str:
    """The code by which a member without an account signs in (本人签到码), handed to him by his branch; empty until given."""
    return _signs("party.own_code", f"{member.pk}:{member.own_code_salt}", 8) if member.own_code_salt else ""


def _signs(key: str, told: str, many: int) -> str:
    return "".join(SIGNS[byte % len(SIGNS)] for byte in salted_hmac(key, told).digest()[:many])


def _tell(row: Activity) -> Sequence[tuple[str, str]]:
    return [
        ("主题", row.title), ("主办", str(row.organisation)), ("类别", str(row.kind)), ("开始", time.show(row.starts_at)),
        ("结束", time.show(row.ends_at)), ("地点", row.place), ("参加范围", row.get_reaches_display()), ("议程", row.agenda),
    ]  # fmt: skip


def _is_ready(row: Activity) -> None:
    if row.organisation.state != "approved":
        raise NotNow(
            "主办党组织还没有通过审批，或已经撤销。", remedy="请先办理党组织。", code="party.organisation_not_there"
        )


matter(Matter("party_activity", "党支部活动", Activity, EDIT, _tell, _is_ready, "party-activities"))


# -- taking part -----------------------------------------------------------------------------------


def _me(by: Actor) -> Member:
    by.must(TAKE_PART)
    found = queries.member_of_account(by)
    if found is None:
        raise NotNow("您的账号没有关联党员信息。", "没有做任何改动。", "请联系所在党支部核对。", code="party.no_member")
    return found


def _joined(activity_id: UUID, by: Actor) -> tuple[Activity, Member]:
    """The activity and the member, where it is his to take part in; it must be approved and not over."""
    me = _me(by)
    row = Activity.objects.open_to_member(me).filter(pk=activity_id).first()
    if row is None:
        raise NotFound("没有找到这个活动，或您不在参加范围内。", code="party.not_your_activity")
    if row.state != Activity.State.APPROVED:
        raise NotNow(f"这个活动{row.get_state_display()}，不能再登记。", code="party.activity_over")
    return row, me


def _write(row: Activity, me: Member, state: str, how: str = "", leave_reason: str = "") -> Participation:
    found = Participation.objects.select_for_update().filter(activity=row, member=me).first()
    told = found or Participation(activity=row, member=me)
    told.state, told.how, told.leave_reason, told.changed_at = state, how, leave_reason, time.now()
    told.save()
    return told


@clause("9.1.3-3-3")
@verb("party.sign_up")
def sign_up(activity_id: UUID, *, by: Actor) -> Participation:
    """The member says that he will come (报名), before the activity is over."""
    row, me = _joined(activity_id, by)
    if time.now() > row.ends_at:
        raise NotNow("活动已经结束，不能再报名。", code="party.activity_over")
    if row.participations.filter(member=me, state=State.PRESENT).exists():
        raise NotNow("您已经签到，不用再报名。", code="party.present_already")
    return _write(row, me, State.SIGNED_UP)


@clause("9.1.3-3-3")
@verb("party.ask_leave")
def ask_leave(activity_id: UUID, *, by: Actor, leave_reason: str) -> Participation:
    """The member cannot come and says why (请假), before the activity begins."""
    row, me = _joined(activity_id, by)
    leave_reason = tidy(leave_reason)[:100]
    if not leave_reason:
        raise BadInput({"leave_reason": "请填写请假事由。"})
    if time.now() > row.starts_at:
        raise NotNow("活动已经开始，不能再请假，请联系会务。", code="party.activity_begun")
    return _write(row, me, State.LEAVE, leave_reason=leave_reason)


@clause("9.1.3-3-3")
@verb("party.sign_in")
def sign_in(activity_id: UUID, *, by: Actor, code: str) -> Participation:
    """The member is there (扫码签到): the right code, inside the time, by a member of the activity; twice changes nothing."""
    row, me = _joined(activity_id, by)
    if not same(clean_code(code), sign_in_code(row)):
        raise BadInput({"code": "签到码不对，请看会场的签到码。"}, code="party.wrong_code")
    now = time.now()
    if not rules.may_sign_in(now, row.starts_at, row.ends_at):
        raise NotNow(rules.window_told(now, row.starts_at), "没有签到。", code="party.not_sign_in_time")
    known = row.participations.filter(member=me, state=State.PRESENT).first()
    return known or _write(row, me, State.PRESENT, Participation.How.CODE)


# -- without an account ----------------------------------------------------------------------------


def is_at_door(activity: Activity, code: str, moment: datetime) -> bool:
    """Whether a code is the one on the screen now, or the one before it."""
    told = clean_code(code)
    return any(same(told, door_code(activity, moment, before=n)) for n in (0, 1))


@clause("9.1.3-3-3")
@verb("party.sign_in_by_code")
def sign_in_by_code(activity_id: UUID, *, by: Actor, door: str, own: str) -> Participation:
    """A member without an account is there (本人凭码签到): the code on the screen, and the one his branch gave him.

    No name, no telephone, no digits of a document are asked, and nothing is told back. Raises BadInput for a wrong code of
    either kind, with the same words for a member of another branch and for nobody at all.
    """
    row = Activity.objects.filter(pk=activity_id, state=Activity.State.APPROVED, removed_at__isnull=True).first()
    now = time.now()
    if row is None or not is_at_door(row, door, now):
        raise BadInput({"door": "会场码已经更换，请重新扫会场屏幕上的二维码。"}, code="party.wrong_door")
    if not rules.may_sign_in(now, row.starts_at, row.ends_at):
        raise NotNow(rules.window_told(now, row.starts_at), "没有签到。", code="party.not_sign_in_time")
    told = clean_code(own)
    me = next((each for each in queries.expected(row) if each.own_code_salt and same(told, own_code(each))), None)
    if me is None:
        raise BadInput({"own": "本人签到码不对，请核对纸条，或请会务登记。"}, code="party.wrong_own_code")
    known = row.participations.filter(member=me, state=State.PRESENT).first()
    return known or _write(row, me, State.PRESENT, Participation.How.OWN_CODE)


@clause("9.1.3-3-3")
@verb("party.give_own_codes")
def give_own_codes(activity: Activity, *, by: Actor, renewed: UUID | None = None) -> int:
    """Give each expected member without an account a code of his own (生成本人签到码); gives how many are new.

    `renewed` is a member who lost his or whose code somebody else has seen: he gets another, the old one ends.
    """
    row = _kept(activity, by, ("approved",))
    by.must(queries.NAMES)
    many = 0
    for each in queries.without_account(row).select_for_update(of=("self",)):
        if not each.own_code_salt or each.pk == renewed:
            each.own_code_salt = random_token(10)[:12]
            each.save(update_fields=["own_code_salt"])
            many += 1
    return many


# -- keeping the book ------------------------------------------------------------------------------


def _kept(activity: Activity, by: Actor, states: Collection[str]) -> Activity:
    by.must(EDIT)
    row = locked(Activity.objects.visible_to(by).filter(removed_at__isnull=True), activity.pk).first()
    if row is None:
        raise NotFound("没有找到这个活动。")
    if row.state not in states:
        raise NotNow(f"这个活动现在是“{row.get_state_display()}”，不能这样办理。", code="party.wrong_state")
    return row


@clause("9.1.3-3-3")
@verb("party.record_presence")
def record_presence(activity: Activity, *, by: Actor, member_ids: Collection[UUID]) -> int:
    """Who was there, entered by the one who keeps the book (会务登记到会); what members signed themselves stays.

    Gives how many were there. Raises NotNow before the activity begins.
    """
    row = _kept(activity, by, ("approved", "held"))
    if time.now() < row.starts_at:
        raise NotNow("活动还没有开始，不能登记到会。", code="party.activity_not_begun")
    here = queries.expected(row).filter(pk__in=member_ids)
    now = {each.member_id: each for each in row.participations.select_for_update()}
    for each in here:
        if each.pk not in now or now[each.pk].state != State.PRESENT:
            _write(row, each, State.PRESENT, Participation.How.RECORDED)
    for told in now.values():
        recorded = told.state == State.PRESENT and told.how == Participation.How.RECORDED
        if recorded and told.member_id not in set(member_ids):
            told.delete()
    return row.participations.filter(state=State.PRESENT).count()


@clause("9.1.3-3-3")
@verb("party.write_minutes")
def write_minutes(
    activity: Activity, *, by: Actor, text: str, photos: Sequence[LookedThrough] = ()
) -> Activity:  # fmt: skip
    """Write down what was done (活动记录), with photos; from then on the activity counts towards the year's duty."""
    row = _kept(activity, by, ("approved", "held"))
    text = tidy(text)
    if not text:
        raise BadInput({"text": "请填写活动记录。"})
    if len(text) > LONGEST_MINUTES:
        raise BadInput({"text": f"活动记录最多 {LONGEST_MINUTES} 字，现为 {len(text)} 字。"})
    if time.now() < row.starts_at:
        raise NotNow("活动还没有开始，不能写记录。", code="party.activity_not_begun")
    row.minutes, row.state, row.changed_at, row.changed_by_id = text, Activity.State.HELD, time.now(), by.user_id
    row.revision += 1
    row.save()
    keep_files(by, row, photos, stage="minutes", field="photos")
    return row


@clause("9.1.3-3-3")
@verb("party.cancel_activity")
def cancel_activity(activity: Activity, *, by: Actor, reason: str) -> Activity:
    """An approved activity does not take place (取消活动), with a reason; it stays on the list as cancelled."""
    row = _kept(activity, by, ("approved",))
    if not reason.strip():
        raise BadInput({"reason": "请写明取消的原因。"})
    row.state, row.returned_because, row.changed_at = Activity.State.ENDED, reason.strip()[:200], time.now()
    row.revision += 1
    row.save()
    return row
