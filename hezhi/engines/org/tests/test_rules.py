"""The rules of accounts, read as sentences and held against a slow obvious implementation."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.org import rules
from hezhi.engines.org.rules import Policy, locked_until

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
POLICY = Policy()
WITHIN, LOCK = POLICY.within, POLICY.lock
minutes = st.lists(st.integers(0, 180), max_size=25).map(sorted)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def test_four_failures_lock_nothing_and_the_fifth_locks_for_half_an_hour():
    assert locked_until([at(m) for m in range(4)], 5, WITHIN, LOCK) is None
    assert locked_until([at(m) for m in range(5)], 5, WITHIN, LOCK) == at(34)


def test_five_failures_over_a_long_afternoon_lock_nothing():
    assert locked_until([at(m) for m in (0, 10, 20, 30, 40)], 5, WITHIN, LOCK) is None


@given(minutes, st.integers(1, 6))
def test_a_lock_is_there_exactly_when_some_quarter_of_an_hour_holds_enough_failures(times, limit):
    failures = [at(m) for m in times]
    ends = []
    for last in failures:
        near = [f for f in failures if last - WITHIN <= f <= last]
        if len(near) >= limit:
            ends.append(last + LOCK)
    assert locked_until(failures, limit, WITHIN, LOCK) == max(ends, default=None)


@pytest.mark.parametrize(
    ("given_", "open_"),
    [
        ({}, True),
        ({"is_active": False}, False),
        ({"expires_at": NOON}, False),
        ({"expires_at": NOON + timedelta(seconds=1)}, True),
        ({"last_used": NOON - timedelta(days=89)}, True),
        ({"last_used": NOON - timedelta(days=90)}, False),
    ],
)
def test_an_account_is_open_unless_disabled_expired_or_unused_for_90_days(given_, open_):
    facts = {"is_active": True, "expires_at": None, "last_used": NOON} | given_
    assert rules.may_enter(**facts, now=NOON, policy=POLICY) is open_


@pytest.mark.parametrize(
    ("days", "administrator", "due"), [(89, True, False), (90, True, True), (90, False, False), (180, False, True)]
)
def test_a_password_lasts_90_days_for_administrators_and_180_for_others(days, administrator, due):
    changed = NOON - timedelta(days=days)
    assert (
        rules.password_is_due(
            must_change=False, changed_at=changed, administrator=administrator, now=NOON, policy=POLICY
        )
        is due
    )


def test_a_first_password_is_due_at_once():
    assert rules.password_is_due(must_change=True, changed_at=NOON, administrator=False, now=NOON, policy=POLICY)


def test_a_session_ends_after_15_idle_minutes_or_12_hours():
    assert rules.why_ended(at(0), at(0), at(14), POLICY) == ""
    assert rules.why_ended(at(0), at(0), at(15), POLICY) == "idle"
    assert rules.why_ended(at(0), at(12 * 60 - 1), at(12 * 60), POLICY) == "absolute"
    assert rules.why_ended(None, None, at(0), POLICY) == "absolute"


@pytest.mark.parametrize("name", ["admin", "root", "test", "administrator"])
def test_names_everybody_guesses_are_refused(name):
    assert "猜到" in rules.login_name_fault(name)


@pytest.mark.parametrize("name", ["ab", "1abc", "王小明", "a b c", "x" * 41, "a'--", ""])
def test_ill_formed_login_names_are_refused(name):
    assert rules.login_name_fault(name)


def test_full_width_letters_and_capitals_are_the_same_login_name():
    assert rules.plain_login_name(" Ｚｈａｎｇ.San ") == "zhang.san"


def test_the_three_offices_carry_only_their_own_permissions_and_see_no_business():
    assert rules.role_fault("system_admin", ["org.accounts", "org.view"], "nothing") == ""
    assert "职责" in rules.role_fault("system_admin", ["org.roles"], "nothing")
    assert "职责" in rules.role_fault("security_admin", ["cases.view"], "nothing")
    assert "业务数据" in rules.role_fault("audit_admin", ["audit.view"], "district")
    assert "管理员" in rules.role_fault("business", ["cases.view", "org.roles"], "district")
    assert rules.role_fault("business", ["cases.view"], "district") == ""


def test_nobody_gives_a_post_to_himself_and_only_security_gives_any():
    assert "自己" in rules.grant_fault(granter="a", receiver="a", granter_kind="security_admin")
    assert "安全管理员" in rules.grant_fault(granter="a", receiver="b", granter_kind="system_admin")
    assert rules.grant_fault(granter="a", receiver="b", granter_kind="security_admin") == ""


def deputy(**more):
    facts = {
        "holder": "holder", "deputy": "deputy", "named_by": "holder", "named_by_kind": "business",
        "same_unit": True, "starts": at(0), "ends": at(600), "now": at(0),
    }  # fmt: skip
    return rules.deputy_fault(**(facts | more))


def test_a_holder_names_a_colleague_of_his_unit_and_security_names_anybody():
    assert deputy() == ""
    assert deputy(same_unit=False)
    assert deputy(named_by="security", named_by_kind="security_admin", same_unit=False) == ""


def test_nobody_makes_himself_a_deputy_and_no_deputy_is_for_ever():
    assert deputy(deputy="holder")
    assert "自己" in deputy(named_by="deputy", named_by_kind="security_admin")
    assert deputy(named_by="other")
    assert deputy(ends=at(0))
    assert "180" in deputy(ends=at(0) + timedelta(days=181))
