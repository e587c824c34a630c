"""吹哨报到: units are called, arrive in time, and settle the matter together."""

from dataclasses import replace
from datetime import datetime

from hezhi.engines.flow.rules.calendar import shipped_calendar
from hezhi.engines.flow.rules.limits import Limit
from hezhi.engines.flow.rules.whistle import Called, Presence, Whistle, arrivals, may_conclude
from hezhi.ground.time import SHANGHAI, show

CHINA = shipped_calendar()


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23 {clock}").replace(tzinfo=SHANGHAI)


POLICE = Called("公安派出所", at("10:30"), agreed=True)
FIRE = Called("消防救援站", at("11:30"), agreed=True)
POWER = Called("供电所")
CALL = Whistle(at("10:00"), Limit.read("1 小时"), (POLICE, FIRE, POWER), "现场已拉设警戒线，供电线路次日改接")


def test_who_came_in_time_who_was_late_and_who_stayed_away():
    assert show(CALL.arrival_due(CHINA)) == "2026-11-23 11:00"
    seen = [arrival.presence for arrival in arrivals(CALL, CHINA, at("12:00"))]
    assert seen == [Presence.ARRIVED, Presence.LATE, Presence.ABSENT]


def test_before_the_arrival_limit_a_unit_is_awaited_and_not_absent():
    seen = [arrival.presence for arrival in arrivals(CALL, CHINA, at("10:45"))]
    assert seen == [Presence.ARRIVED, Presence.AWAITED, Presence.AWAITED]
    refusal = may_conclude(CALL, CHINA, at("10:45"))
    assert refusal.why == "报到时限未到，消防救援站、供电所尚未报到"


def test_a_unit_that_stayed_away_holds_nobody_up():
    assert may_conclude(CALL, CHINA, at("11:01"))


def test_an_excused_unit_is_not_awaited():
    call = replace(CALL, units=(POLICE, replace(FIRE, excused=True), replace(POWER, excused=True)))
    assert may_conclude(call, CHINA, at("10:31"))


def test_a_joint_result_needs_somebody_on_the_spot_a_text_and_the_agreement_of_all_who_came():
    nobody = replace(CALL, units=(POWER,))
    assert "没有单位报到" in may_conclude(nobody, CHINA, at("12:00")).why
    assert "还没有填写" in may_conclude(replace(CALL, result=" "), CHINA, at("12:00")).why
    silent = replace(CALL, units=(POLICE, replace(FIRE, agreed=False)))
    assert may_conclude(silent, CHINA, at("12:00")).why == "消防救援站尚未确认联合处置结果"
