"""Posts pass from hand to hand, and no open work is left without an owner."""

from datetime import timedelta

import pytest

from hezhi.engines.org import actions, handover
from hezhi.engines.org.actor import actor_of, holdings_of
from hezhi.engines.org.models import Holding
from hezhi.engines.org.queries import holders_of
from hezhi.engines.org.testkit import hold, make_officer, make_role, make_unit, make_user, traced
from hezhi.ground import time
from hezhi.ground.errors import NotNow

pytestmark = [pytest.mark.django_db, pytest.mark.clause("10.1-3")]


class Desk:
    """An engine above that keeps work: so many pieces claimed by a person in a post."""

    def __init__(self):
        self.claimed = {}

    def move(self, user_from, user_to, moment, post):
        moved = self.claimed.pop((user_from, post), 0)
        self.claimed[user_to, post] = self.claimed.get((user_to, post), 0) + moved
        return moved

    def open_work(self, post):
        return sum(n for (_, p), n in self.claimed.items() if p == post)


@pytest.fixture
def desk(monkeypatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(handover, "_moves", [])
    monkeypatch.setattr(handover, "_counts", [])
    handover.register(desk.move, desk.open_work)
    return desk


@pytest.fixture
def role():
    return make_role("handler", ["cases.handle"])


@pytest.fixture
def sun(role):
    return make_officer("sun.qing", role, full_name="孙清和")


@pytest.fixture
def held(sun) -> Holding:
    return sun.holdings.select_related("post", "user").get()


def test_the_last_holder_cannot_leave_open_work_behind(desk, held):
    desk.claimed[held.user, held.post] = 3
    with pytest.raises(NotNow, match="3 件未办结"):
        actions.end_holding(held)
    held.refresh_from_db()
    assert held.valid_to is None


def test_open_work_goes_to_the_named_successor(desk, held, role):
    heir = make_officer("zhao.heir", role)
    desk.claimed[held.user, held.post] = 3
    assert actions.end_holding(held, successor=heir) == 3
    assert desk.claimed == {(heir, held.post): 3}
    assert not holdings_of(held.user).exists()


def test_without_a_successor_colleagues_find_it_in_the_posts_queue(desk, held, role):
    make_officer("zhao.colleague", role)
    desk.claimed[held.user, held.post] = 2
    actions.end_holding(held)
    assert desk.claimed == {(None, held.post): 2}


def test_a_successor_must_hold_such_a_post_already(desk, held):
    with pytest.raises(NotNow, match="授予岗位"):
        actions.end_holding(held, successor=make_user("stranger"))


def test_a_disabled_account_leaves_no_work_and_no_post(desk, held, role):
    desk.claimed[held.user, held.post] = 1
    with pytest.raises(NotNow):
        actions.disable(held.user)
    heir = make_officer("zhao.heir", role)
    actions.disable(held.user, successor=heir)
    assert desk.claimed == {(heir, held.post): 1}
    assert not held.user.is_active


def test_work_moves_to_the_deputy_when_leave_begins_and_back_when_it_ends(clock, desk, held, role):
    deputy = make_user("qian.deputy")
    desk.claimed[held.user, held.post] = 4
    begins, ends = clock.moment + timedelta(days=1), clock.moment + timedelta(days=3)
    actions.name_deputy(held, deputy, starts=begins, ends=ends, reason="年休假")
    assert actions.move_due_work(clock.moment) == 0
    assert not holdings_of(deputy).exists()
    clock.advance(days=1)
    assert actions.move_due_work(clock.moment) == 4
    assert desk.claimed[deputy, held.post] == 4
    assert actor_of(deputy).may("cases.handle")
    assert actions.move_due_work(clock.moment) == 0
    clock.advance(days=2)
    assert actions.move_due_work(clock.moment) == 4
    assert desk.claimed[held.user, held.post] == 4
    assert not actor_of(deputy).may("cases.handle")
    assert not actions.due_work(clock.moment)


def test_coming_back_early_brings_the_work_back_once(desk, held):
    deputy = make_user("qian.deputy")
    desk.claimed[held.user, held.post] = 2
    now = time.now()
    stand_in = actions.name_deputy(held, deputy, starts=now, ends=now + timedelta(days=9), reason="出差")
    assert desk.claimed[deputy, held.post] == 2
    assert actions.return_from_leave(stand_in) == 2
    assert actions.move_due_work(now + timedelta(days=10)) == 0


def test_when_the_holder_leaves_his_stand_in_leaves_with_him(desk, held, role):
    deputy = make_officer("qian.deputy", make_role("caller"))
    heir = make_officer("zhao.heir", role)
    now = time.now()
    actions.name_deputy(held, deputy, starts=now, ends=now + timedelta(days=9), reason="出差")
    actions.end_holding(held, successor=heir)
    assert holders_of("cases.handle", held.post.unit) == [heir]


def test_two_deputies_at_one_time_are_refused(held):
    now = time.now()
    actions.name_deputy(held, make_user("first.deputy"), starts=now, ends=now + timedelta(days=2), reason="出差")
    with pytest.raises(NotNow, match="已指定"):
        actions.name_deputy(
            held,
            make_user("second.deputy"),
            starts=now + timedelta(days=1),
            ends=now + timedelta(days=3),
            reason="出差",
        )


def test_who_is_away_himself_is_not_named_for_another(held, role):
    """His days away are over before the next leave begins, or somebody else is named."""
    now, away = time.now(), make_officer("away.himself", role)
    his = holdings_of(away).get()
    actions.name_deputy(his, make_user("for.him"), starts=now, ends=now + timedelta(days=2), reason="年休假")
    other = hold(make_user("of.his.unit"), make_role("caller"), his.post.unit)
    with pytest.raises(NotNow, match="自己也不在岗"):
        actions.name_deputy(other, away, starts=now + timedelta(days=1), ends=now + timedelta(days=3), reason="出差")
    actions.name_deputy(other, away, starts=now + timedelta(days=2), ends=now + timedelta(days=3), reason="出差")


def test_a_post_that_ran_out_gives_its_work_back_to_the_queue(desk, role):
    now = time.now()
    user = make_user("temporary")
    held = hold(user, role, make_unit(), valid_from=now - timedelta(days=2), valid_to=now)
    desk.claimed[user, held.post] = 1
    assert actions.move_due_work(now) == 1
    assert desk.claimed == {(None, held.post): 1}


def test_a_person_works_in_one_post_at_a_time(held):
    town = make_unit("town1", "town", parent=make_unit())
    chief = make_role("chief", ["cases.rule_return"], reach="unit_tree")
    second = hold(held.user, chief, town)
    assert actor_of(held.user).may("cases.handle")
    assert not actor_of(held.user).may("cases.rule_return")
    there = actor_of(held.user, second.post_id)
    assert there.may("cases.rule_return")
    assert not there.may("cases.handle")
    assert there.scope.units == (town.pk,)


def test_a_closed_post_and_a_closed_unit_give_nothing(held):
    traced()
    held.post.valid_to = time.today()
    held.post.save()
    assert actor_of(held.user).permissions == frozenset()


def test_a_refusal_says_the_permission_in_chinese():
    from hezhi.engines.org.actor import Actor
    from hezhi.engines.org.permissions import declare
    from hezhi.ground.errors import NotAllowed

    declare({"cases.accept": "受理"})
    with pytest.raises(NotAllowed, match="「受理」"):
        Actor(post_title="回访员").must("cases.accept")
