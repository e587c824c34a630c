"""吹哨报到: units are called, arrive in time, and settle the matter together."""

from dataclasses import replace
from datetime import datetime

from hezhi.engines.flow.rules.whistle import Called, Presence, Whistle, gathered, may_conclude, may_write, presence
from hezhi.ground.time import SHANGHAI


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23 {clock}").replace(tzinfo=SHANGHAI)


POLICE = Called("公安派出所", at("11:00"), at("10:30"), agreed=True)
FIRE = Called("消防救援站", at("11:00"), at("11:30"), agreed=True)
POWER = Called("供电所", at("11:00"))
CALL = Whistle((POLICE, FIRE, POWER), "公安派出所拉设警戒线，消防救援站排查隐患，供电线路次日改接")


def seen(clock: str) -> list[Presence]:
    return [presence(called, at(clock)) for called in CALL.units]


def test_who_came_in_time_who_was_late_and_who_stayed_away():
    assert seen("12:00") == [Presence.ARRIVED, Presence.LATE, Presence.ABSENT]
    assert seen("11:00") == [Presence.ARRIVED, Presence.AWAITED, Presence.AWAITED], "the last minute still counts"


def test_before_the_arrival_limit_a_unit_is_awaited_and_not_absent():
    assert seen("10:45") == [Presence.ARRIVED, Presence.AWAITED, Presence.AWAITED]
    for rule in (gathered, may_write, may_conclude):
        assert rule(CALL, at("10:45")).why == "报到时限未到，消防救援站、供电所尚未报到"


def test_a_unit_that_stayed_away_holds_nobody_up():
    assert may_conclude(replace(CALL, units=(POLICE, POWER)), at("11:01"))
    assert may_conclude(CALL, at("11:31"))


def test_an_excused_unit_is_not_awaited():
    call = replace(CALL, units=(POLICE, replace(FIRE, excused=True), replace(POWER, excused=True)))
    assert may_conclude(call, at("10:31"))


def test_a_joint_result_needs_somebody_on_the_spot_a_text_and_the_agreement_of_all_who_came():
    nobody = replace(CALL, units=(POWER,))
    assert "没有单位报到" in may_conclude(nobody, at("12:00")).why
    assert "还没有填写" in may_conclude(replace(CALL, result=" "), at("12:00")).why
    silent = replace(CALL, units=(POLICE, replace(FIRE, agreed=False)))
    assert may_write(silent, at("12:00")), "to be agreed to, it must be written first"
    assert may_conclude(silent, at("12:00")).why == "消防救援站尚未确认联合处置结果"


def test_a_joint_result_says_of_each_unit_that_came_what_it_did():
    empty = replace(CALL, result="公安派出所：拉设警戒线\n消防救援站：\n供电所：未到场")
    assert may_write(empty, at("12:00")).why == "没有写明消防救援站做了什么"
    assert may_write(replace(empty, result="公安派出所：拉设警戒线\n消防救援站：排查隐患"), at("12:00"))
