"""Which limit applies, and may it be extended (时限规则)."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.flow.rules.limits import (
    ExtensionRule,
    Limit,
    LimitRule,
    Unit,
    bound,
    check_rules,
    choose,
    may_extend,
    uncovered,
)
from hezhi.ground.errors import NotNow
from hezhi.ground.time import SHANGHAI

TODAY = date(2026, 11, 23)
FIVE, TEN, ONE = (Limit(n, Unit.WORKING_DAYS) for n in (5, 10, 1))
TABLE = [
    LimitRule("all", FIVE, "一般事项", source="山东省政务服务热线管理办法"),
    LimitRule("urgent", Limit(2, Unit.HOURS), "特急", urgency="extreme"),
    LimitRule("urgent-gas", Limit(1, Unit.HOURS), "燃气特急", category=("03", "0301"), urgency="extreme"),
    LimitRule("ask", ONE, "咨询", kind="ask"),
    LimitRule("city", Limit(3, Unit.WORKING_DAYS), "市容环境", category=("01",)),
    LimitRule("waste", ONE, "暴露垃圾", category=("01", "0102")),
    LimitRule("accept", Limit(30, Unit.WORKING_MINUTES), "受理", stage="accept"),
]


def chosen(**facts) -> str:
    return choose(TABLE, on=TODAY, **facts).rule.key


@pytest.mark.parametrize(
    ("facts", "key"),
    [
        ({}, "all"),
        ({"kind": "complain", "category": ("09", "0901")}, "all"),
        ({"kind": "ask"}, "ask"),
        ({"category": ("01",)}, "city"),
        ({"category": ("01", "0105", "010501")}, "city"),
        ({"category": ("01", "0102", "010203")}, "waste"),
        ({"category": ("01", "0102"), "kind": "ask"}, "waste"),
        ({"category": ("01", "0102"), "urgency": "extreme"}, "urgent"),
        ({"category": ("03", "0301"), "urgency": "extreme"}, "urgent-gas"),
        ({"stage": "accept", "urgency": "extreme"}, "accept"),
    ],
)
def test_the_most_specific_rule_gives_the_limit(facts, key):
    assert chosen(**facts) == key


def test_no_rule_for_a_stage_is_no_limit():
    assert choose(TABLE, on=TODAY, stage="archive") is None


def test_a_rule_holds_from_its_first_day_to_its_last():
    rules = [LimitRule("new", ONE, valid_from=TODAY, valid_until=TODAY + timedelta(days=1)), TABLE[0]]
    days = [choose(rules, on=TODAY + timedelta(days=n)).rule.key for n in (-1, 0, 1, 2)]
    assert days == ["all", "new", "new", "all"]


def test_the_choice_says_why_in_one_sentence():
    assert choose(TABLE, on=TODAY).sentence == "适用规则“一般事项”（山东省政务服务热线管理办法）：5 个工作日。"
    assert choose(TABLE, on=TODAY, category=("01", "0102")).sentence == (
        "适用规则“暴露垃圾”：1 个工作日；本条按第 2 级类别规定，比按第 1 级类别规定的“市容环境”更具体，优先适用。"
    )
    newer = [TABLE[0], LimitRule("newer", TEN, "新规", valid_from=TODAY)]
    assert choose(newer, on=TODAY).sentence == "适用规则“新规”：10 个工作日；与“一般事项”同样具体，以较新的为准。"


@given(st.permutations(TABLE), st.sampled_from(["", "extreme"]), st.sampled_from(["", "ask"]))
def test_the_order_of_the_table_does_not_matter(table, urgency, kind):
    facts = {"on": TODAY, "urgency": urgency, "kind": kind, "category": ("01", "0102")}
    assert choose(table, **facts) == choose(TABLE, **facts)


def test_a_sound_table_has_no_faults():
    assert check_rules(TABLE) == []


def test_a_table_that_leaves_somebody_without_a_limit_is_told_so():
    assert "兜底" in check_rules(TABLE[1:])[0]
    ending = [LimitRule("all", FIVE, valid_until=TODAY)]
    assert "兜底" in check_rules(ending)[0]


@pytest.mark.parametrize(
    ("general", "gap"),
    [
        ([(-9, None)], None),
        ([(-9, 0), (1, None)], None),
        ([(-9, 5), (3, None)], None),
        ([(-9, 0), (2, None)], 1),
        ([(2, None)], 0),
        ([(-9, 4)], 5),
        ([(-9, None), (3, 2)], None),
        ([(0, -1), (0, None)], None),
        ([], 0),
    ],
)
def test_a_stage_needs_a_limit_for_everything_on_each_day_from_today(general, gap):
    rules = [
        LimitRule(f"{n}", FIVE, valid_from=TODAY + timedelta(first), valid_until=last if last is None else TODAY + timedelta(last))
        for n, (first, last) in enumerate(general)
    ]  # fmt: skip
    others = [LimitRule("s", FIVE, stage="sign"), LimitRule("k", FIVE, kind="ask")]
    assert uncovered([*rules, *others], "", TODAY) == (None if gap is None else TODAY + timedelta(gap))


def test_each_stage_that_is_asked_about_needs_its_own():
    faults = check_rules(TABLE, since=TODAY, stages={"": "总时限", "accept": "受理时限", "sign": "签收时限"})
    assert [fault.partition("：")[0] for fault in faults] == ["缺少兜底的签收时限"]


def test_two_rules_that_contradict_each_other_are_told_by_name():
    twin = LimitRule("waste-2", TEN, "垃圾（新）", category=("01", "0102"))
    (fault,) = check_rules([*TABLE, twin])
    assert "“暴露垃圾”和“垃圾（新）”" in fault


def test_a_rule_that_ends_before_it_begins_is_told():
    never = LimitRule("never", TEN, "旧规", kind="ask", valid_from=TODAY, valid_until=TODAY - timedelta(days=1))
    assert check_rules([*TABLE, never]) == ["规则“旧规”的失效日期早于生效日期，永远不会适用。"]


@given(st.integers(1, 999), st.sampled_from(Unit))
def test_a_limit_reads_as_it_is_written(amount, unit):
    limit = Limit(amount, unit)
    assert Limit.read(str(limit)) == limit


@pytest.mark.parametrize(
    ("text", "unit"), [("5工作日", Unit.WORKING_DAYS), ("15 天", Unit.DAYS), ("30分钟(工作时间)", Unit.WORKING_MINUTES)]
)
def test_a_limit_reads_what_people_type(text, unit):
    assert Limit.read(text).unit is unit


@pytest.mark.parametrize("text", ["", "五天", "5", "5 星期", "-3 天", "工作日"])
def test_what_is_no_limit_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match="看不懂时限"):
        Limit.read(text)


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(ValueError, match="a limit of 0"):
        Limit(0, Unit.HOURS)


def test_days_have_no_fixed_minutes():
    with pytest.raises(ValueError, match="calendar"):
        _ = Unit.WORKING_DAYS.minutes


NOON = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)
LATER = NOON + timedelta(days=3)


def test_a_stage_never_outlives_its_case():
    assert bound(NOON, LATER) == bound(NOON, None)
    assert (bound(LATER, NOON).due, bound(LATER, NOON).by_total) == (NOON, True)
    assert bound(None, NOON).due == NOON
    assert bound(None, None).due is None


def asked(limit=TEN, granted=(), at=NOON, due=LATER, rule=None):
    return may_extend(limit, granted=granted, at=at, due=due, rule=rule)


def test_an_extension_of_ten_working_days_may_be_asked_for_once_and_in_time():
    assert asked()
    assert asked(at=LATER)
    assert "已延期 1 次" in asked(granted=[ONE]).why
    assert "时限已过" in asked(at=LATER + timedelta(minutes=1)).why
    assert "不能超过 10 个工作日" in asked(Limit(11, Unit.WORKING_DAYS)).why
    assert "按“工作日”计" in asked(Limit(3, Unit.DAYS)).why
    assert "暂停" in asked(due=None).why


def test_a_rule_may_allow_a_second_extension_within_the_same_sum():
    twice = ExtensionRule(times=2)
    assert asked(FIVE, [FIVE], rule=twice)
    assert not asked(Limit(6, Unit.WORKING_DAYS), [FIVE], rule=twice)


def test_a_refusal_becomes_a_letter():
    asked().or_refuse()
    with pytest.raises(NotNow, match=r"时限已过.*系统没有做任何改动.*请尽快办结.*编号"):
        asked(at=LATER + timedelta(days=1)).or_refuse()
