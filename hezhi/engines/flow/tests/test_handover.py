"""What a person has in hand, was asked to sign or to decide does not wait for him when he is gone (移交、会签、委托)."""

from datetime import timedelta

import pytest

from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval, ToDo, WorkOrder
from hezhi.engines.org import actions
from hezhi.engines.org.actor import actor_of, system
from hezhi.engines.org.models import Holding, Role, Unit, User
from hezhi.engines.org.testkit import actor, hold, make_officer, make_role, make_unit, traced
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotNow
from hezhi.ground.ids import new_id

pytestmark = [pytest.mark.django_db, pytest.mark.clause("10.1-3")]
RIGHT = "units.approve"


@pytest.fixture
def unit() -> Unit:
    return make_unit("office")


@pytest.fixture
def role() -> Role:
    return make_role("approver", [RIGHT])


@pytest.fixture
def chief(role: Role, unit: Unit) -> User:
    return make_officer("chief", role, unit, "核定人")


@pytest.fixture
def signer(role: Role, unit: Unit) -> User:
    return make_officer("signer", role, unit, "会签人")


@pytest.fixture
def deputy(role: Role, unit: Unit) -> User:
    """Somebody of another post, who stands in."""
    return make_officer("deputy", make_role("clerk", ["units.view"]), unit, "代理人")


@pytest.fixture
def asker(unit: Unit) -> User:
    return make_officer("asker", make_role("clerk", ["units.view"]), unit, "申请人")


@pytest.fixture
def request_(unit: Unit, chief: User, signer: User, asker: User) -> Approval:
    """A request on which a colleague was asked to sign too."""
    row = ask(unit, asker)
    approvals.add_cosigner(row, by=actor(chief), user_id=signer.pk, name=signer.full_name)
    return row


def ask(unit: Unit, asker: User) -> Approval:
    traced()
    return approvals.ask(
        actor(asker), kind="test", obj=("flow.test", new_id()), number="样例一", title="样例申请", reason="样例",
        unit_id=unit.pk, permission=RIGHT,
    )  # fmt: skip


def approve(row: Approval, by: User) -> Approval:
    return approvals.decide(row, by=actor(by), grant=True, opinion="")


def signers(row: Approval) -> str:
    row.refresh_from_db()
    return approvals.signers_told(row)


def leave(user: User, successor: User | None = None) -> int:
    with acting(system("人事"), verb="org.end_holding"):
        return actions.end_holding(user.holdings.get(), successor=successor)


def test_a_request_waits_for_the_one_who_was_asked_to_sign(request_, chief) -> None:
    with pytest.raises(NotNow, match="会签人"):
        approve(request_, chief)


def test_the_invitation_of_one_who_leaves_goes_to_his_successor(request_, chief, signer, role, unit) -> None:
    heir = make_officer("heir", role, unit, "接任人")
    assert leave(signer, heir) == 1
    assert signers(request_) == "接任人（接替会签人）未签"
    approvals.cosign(request_, by=actor(heir))
    assert approve(request_, chief).state == "approved"


def test_without_a_successor_it_ends_with_a_note_and_blocks_nobody(request_, chief, signer) -> None:
    assert leave(signer) == 1
    assert signers(request_) == "会签人（已离任或离岗，不再等其会签）不再会签"
    assert approve(request_, chief).state == "approved"


def test_what_he_signed_before_he_left_stays_signed(request_, signer) -> None:
    approvals.cosign(request_, by=actor(signer))
    assert leave(signer) == 0
    assert signers(request_) == "会签人已签"


def test_one_who_leaves_another_post_is_still_waited_for(request_, signer, unit) -> None:
    other = hold(signer, make_role("clerk", ["units.view"]), unit)
    second = make_role("second", [RIGHT])
    make_officer("colleague", second, unit)
    twice = hold(signer, second, unit)
    for holding in (other, twice):
        with acting(system("人事"), verb="org.end_holding"):
            assert actions.end_holding(holding) == 0
    assert signers(request_) == "会签人未签"


def test_a_stand_in_signs_during_the_leave_and_gives_back_what_he_did_not(clock, request_, signer, deputy) -> None:
    stand_in = begin(signer, deputy)
    assert signers(request_) == "代理人（接替会签人）未签"
    clock.advance(days=1)
    back(stand_in)
    assert signers(request_) == "会签人未签"


def begin(holder: User, deputy: User):
    now = time.now()
    with acting(system("人事"), verb="org.name_deputy"):
        return actions.name_deputy(
            holder.holdings.get(), deputy, starts=now, ends=now + timedelta(days=3), reason="休假"
        )


def claimed(unit: Unit, user: User, right: str = RIGHT) -> ToDo:
    """A to-do that somebody took for himself, and the order that it is about."""
    now, key = time.now(), new_id()
    WorkOrder.objects.create(
        id=key, matter_type="flow.test", matter_id=new_id(), number="样例一", unit=unit, state="handling", holder=user,
        issued_at=now,
    )  # fmt: skip
    return ToDo.objects.create(
        object_type="flow.order", object_id=key, number="样例一", title="样例", step="办理", permission=right, unit=unit,
        claimed_by=user, claimed_until=now + timedelta(hours=8), created_at=now,
    )  # fmt: skip


def in_hand(*work: ToDo) -> list[str]:
    """Who has each piece of work, as a to-do and as an order."""
    by_todo = [ToDo.objects.get(pk=each.pk).claimed_by.full_name for each in work]
    by_order = [WorkOrder.objects.get(pk=each.object_id).holder.full_name for each in work]
    assert by_todo == by_order
    return by_todo


@pytest.fixture
def peer(unit: Unit) -> User:
    """A colleague whose own post, another one, carries the same right."""
    return make_officer("peer", make_role("second", [RIGHT]), unit, "同事")


def test_a_colleague_who_stands_in_keeps_his_own_work_at_the_end(clock, unit, peer, signer) -> None:
    with acting(system("样例"), verb="flow.test"):
        lent, own = claimed(unit, signer), claimed(unit, peer)
        stand_in = begin(signer, peer)
        assert in_hand(lent, own) == ["同事", "同事"]
        taken = claimed(unit, peer)
        clock.advance(days=1)
        back(stand_in)
    assert in_hand(lent, own, taken) == ["会签人", "同事", "同事"]


def test_what_a_stand_in_may_do_no_longer_goes_to_the_one_who_comes_back(clock, unit, signer, deputy) -> None:
    with acting(system("样例"), verb="flow.test"):
        lent = claimed(unit, signer)
        stand_in = begin(signer, deputy)
        taken = claimed(unit, deputy)
        clock.advance(days=1)
        back(stand_in)
    assert in_hand(lent, taken) == ["会签人", "会签人"]


def test_a_second_leave_lends_anew(clock, unit, peer, signer) -> None:
    with acting(system("样例"), verb="flow.test"):
        first = claimed(unit, signer)
        stand_in = begin(signer, peer)
        clock.advance(days=1)
        back(stand_in)
        own = claimed(unit, peer)
        again = begin(signer, peer)
        clock.advance(days=1)
        back(again)
    assert in_hand(first, own) == ["会签人", "同事"]


def back(stand_in) -> None:
    with acting(system("人事"), verb="org.return"):
        actions.return_from_leave(stand_in)


def test_what_the_stand_in_was_asked_himself_stays_with_him_while_he_may_sign(
    clock, unit, chief, signer, asker
) -> None:
    row = ask(unit, asker)
    approvals.add_cosigner(row, by=actor(signer), user_id=chief.pk, name=chief.full_name)
    twin = make_role("second", [RIGHT])
    post = hold(make_officer("away", None, unit, "休假人"), twin, unit)
    with acting(system("人事"), verb="org.name_deputy"):
        stand_in = actions.name_deputy(
            post, chief, starts=time.now(), ends=time.now() + timedelta(days=3), reason="休假"
        )
    clock.advance(days=1)
    back(stand_in)
    assert signers(row) == "核定人未签"


def test_who_asked_does_not_sign_for_another(request_, chief, signer, asker) -> None:
    begin(signer, asker)
    assert signers(request_).endswith("不再会签")
    assert approve(request_, chief).state == "approved"


def test_a_colleague_who_signs_already_signs_once(request_, chief, signer, role, unit) -> None:
    heir = make_officer("heir", role, unit, "接任人")
    approvals.add_cosigner(request_, by=actor(chief), user_id=heir.pk, name=heir.full_name)
    leave(signer, heir)
    assert signers(request_).count("未签") == 1
    approvals.cosign(request_, by=actor(heir))
    assert approve(request_, chief).state == "approved"


def test_a_delegated_decision_goes_with_the_work(request_, chief, signer, role, unit, asker) -> None:
    heir = make_officer("heir", role, unit, "接任人")
    approvals.delegate(request_, by=actor(chief), user_id=signer.pk)
    leave(signer, heir)
    request_.refresh_from_db()
    assert request_.delegated_to == heir
    leave(heir)
    request_.refresh_from_db()
    assert request_.delegated_to is None, "any approver of the unit decides"


def test_an_invitation_is_taken_back_by_those_who_decide(request_, chief, signer, asker) -> None:
    with pytest.raises(NotAllowed):
        approvals.drop_cosigner(request_, by=actor(asker), user_id=signer.pk)
    approvals.drop_cosigner(request_, by=actor(chief), user_id=signer.pk)
    assert signers(request_) == "会签人（核定人取消邀请）不再会签"
    with pytest.raises(NotAllowed):
        approvals.cosign(request_, by=actor(signer))
    approvals.add_cosigner(request_, by=actor(chief), user_id=signer.pk, name=signer.full_name)
    assert signers(request_) == "会签人未签", "and given again"
    approvals.cosign(request_, by=actor(signer))
    assert approve(request_, chief).state == "approved"


# --- leaves beside and within each other ----------------------------------------------------------


def due(clock, **later: int) -> int:
    """The round that moves what has come due, some time later."""
    clock.advance(**later)
    with acting(system("到期移交"), verb="flow.test"):
        return actions.move_due_work(time.now())


def lend(holding: Holding, deputy: User, first: int, last: int) -> Holding:
    """A leave from one day to another, counted from now."""
    day = timedelta(days=1)
    with acting(system("人事"), verb="org.name_deputy"):
        return actions.name_deputy(
            holding, deputy, starts=time.now() + first * day, ends=time.now() + last * day, reason="休假"
        )


def test_what_a_stand_in_lent_on_comes_back_to_the_one_whose_it_is(clock, unit, peer, signer, deputy) -> None:
    with acting(system("样例"), verb="flow.test"):
        lent, own = claimed(unit, signer), claimed(unit, peer)
    mine, his = signer.holdings.get(), peer.holdings.get()
    lend(mine, peer, 0, 4)
    lend(his, deputy, 1, 6)
    due(clock, days=1, minutes=1)
    assert in_hand(lent, own) == ["代理人", "代理人"], "the stand-in is away himself"
    due(clock, days=3)
    assert in_hand(lent, own) == ["会签人", "代理人"]
    due(clock, days=2)
    assert in_hand(lent, own) == ["会签人", "同事"]


def test_one_leave_after_another_keeps_the_work_with_the_stand_in(clock, unit, peer, signer) -> None:
    with acting(system("样例"), verb="flow.test"):
        lent = claimed(unit, signer)
    lend(signer.holdings.get(), peer, 0, 2)
    lend(signer.holdings.get(), peer, 2, 4)
    due(clock, days=2, minutes=1)
    assert in_hand(lent) == ["同事"]
    due(clock, days=2)
    assert in_hand(lent) == ["会签人"]


def test_a_post_that_runs_out_during_a_leave_takes_its_stand_in_with_it(clock, unit, role, deputy) -> None:
    away = make_officer("away", None, unit, "休假人")
    post = hold(away, role, unit, valid_to=time.now() + timedelta(days=2))
    with acting(system("样例"), verb="flow.test"):
        lent = claimed(unit, away)
    stand_in = lend(post, deputy, 0, 5)
    due(clock, days=2, minutes=1)
    assert RIGHT not in actor_of(deputy, stand_in.post_id).permissions
    due(clock, days=4)
    assert ToDo.objects.get(pk=lent.pk).claimed_by is None, "nobody's post: a colleague claims it"
    assert WorkOrder.objects.get(pk=lent.object_id).holder is None


def test_an_order_of_his_own_that_waits_for_others_stays_with_the_stand_in(clock, unit, peer, signer) -> None:
    with acting(system("样例"), verb="flow.test"):
        passed_down, to_review = claimed(unit, peer), claimed(unit, peer)
        stand_in = begin(signer, peer)
        for each in (passed_down, to_review):
            ToDo.objects.filter(pk=each.pk).update(done_at=time.now())
        next_step(to_review, unit, "units.review")
        clock.advance(days=1)
        back(stand_in)
    holders = {WorkOrder.objects.get(pk=each.object_id).holder.full_name for each in (passed_down, to_review)}
    assert holders == {"同事"}


def test_a_later_step_of_lent_work_goes_back_with_it(clock, unit, peer, signer) -> None:
    with acting(system("样例"), verb="flow.test"):
        lent = claimed(unit, signer)
        stand_in = begin(signer, peer)
        ToDo.objects.filter(pk=lent.pk).update(done_at=time.now())
        later = next_step(lent, unit, RIGHT, peer)
        clock.advance(days=1)
        back(stand_in)
    assert in_hand(later) == ["会签人"]


def next_step(before: ToDo, unit: Unit, right: str, user: User | None = None) -> ToDo:
    """The to-do of the next step of the same order."""
    return ToDo.objects.create(
        object_type="flow.order", object_id=before.object_id, number="样例一", title="样例", step="下一步", permission=right,
        unit=unit, claimed_by=user, claimed_until=time.now() + timedelta(hours=8), created_at=time.now(),
    )  # fmt: skip


def test_who_stands_in_for_a_stand_in_goes_when_the_leave_is_cut_short(clock, unit, peer, signer, deputy) -> None:
    with acting(system("样例"), verb="flow.test"):
        lent = claimed(unit, signer)
    stand_in = lend(signer.holdings.get(), peer, 0, 4)
    second = lend(stand_in, deputy, 1, 3)
    due(clock, days=1, minutes=1)
    assert in_hand(lent) == ["代理人"]
    back(stand_in)
    assert in_hand(lent) == ["会签人"]
    assert RIGHT not in actor_of(deputy, second.post_id).permissions


def test_nobody_is_named_for_a_post_that_is_over_by_then(unit, role, deputy) -> None:
    post = hold(make_officer("away", None, unit, "休假人"), role, unit, valid_to=time.now() + timedelta(days=2))
    with pytest.raises(NotNow, match="任期在代理开始以前就已结束"):
        lend(post, deputy, 3, 5)


@pytest.mark.parametrize("first", ["away", "stand-in"])
def test_an_invitation_lent_on_comes_back_to_the_one_who_was_asked(clock, request_, unit, peer, signer, first) -> None:
    deputy = make_officer("deputy", make_role("clerk", ["units.view"]), unit, "代理人")
    ends = {"away": (3, 5), "stand-in": (5, 3)}[first]
    asked, helping = signer.holdings.get(), peer.holdings.get()
    lend(asked, peer, 0, ends[0])
    lend(helping, deputy, 1, ends[1])
    assert signers(request_) == "同事（接替会签人）未签"
    due(clock, days=1, minutes=1)
    assert signers(request_) == "代理人（接替同事）未签"
    due(clock, days=2)
    assert signers(request_) == {"away": "会签人未签", "stand-in": "同事（接替会签人）未签"}[first]
    due(clock, days=2)
    assert signers(request_) == "会签人未签"


def test_a_stand_in_whose_own_post_ends_goes_on_standing_in(clock, unit, peer, signer) -> None:
    second = make_officer("third", make_role("second", [RIGHT]), unit, "接任人")
    with acting(system("样例"), verb="flow.test"):
        lent, own = claimed(unit, signer), claimed(unit, peer)
    post = peer.holdings.get()
    stand_in = lend(signer.holdings.get(), peer, 0, 3)
    with acting(system("人事"), verb="org.end_holding"):
        actions.end_holding(post, successor=second)
    assert in_hand(lent, own) == ["同事", "接任人"]
    clock.advance(days=1)
    back(stand_in)
    assert in_hand(lent, own) == ["会签人", "接任人"]


def test_whose_account_is_closed_gives_back_what_he_was_lent(unit, peer, signer) -> None:
    make_officer("third", make_role("second", [RIGHT]), unit, "接任人")
    with acting(system("样例"), verb="flow.test"):
        lent = claimed(unit, signer)
    lend(signer.holdings.get(), peer, 0, 3)
    with acting(system("人事"), verb="org.disable"):
        actions.disable(peer)
    assert in_hand(lent) == ["会签人"]


def test_an_order_of_another_post_in_the_same_unit_stays_when_a_post_ends(unit, signer) -> None:
    other = hold(signer, make_role("clerk", ["units.view"]), unit)
    with acting(system("样例"), verb="flow.test"):
        own = claimed(unit, signer)
        make_officer("colleague", make_role("clerk", ["units.view"]), unit)
        actions.end_holding(other)
    assert in_hand(own) == ["会签人"]
