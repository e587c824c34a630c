"""People have rights over their data (个人权利, P11): asked at the counter, answered in 15 working days, found by table."""

import pytest

from hezhi.chapters.grassroots.care import actions, queries, rules
from hezhi.chapters.grassroots.care.models import RightsRequest
from hezhi.chapters.grassroots.care.tests.world import ID_NUMBER
from hezhi.engines.reach.models import Outgoing
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed

pytestmark = [pytest.mark.clause("12.3-1"), pytest.mark.clause("9.1.3-2-6")]


def take(office, **more):
    told = {"kind": "see", "person_name": "池向晚", "text": "想看登记了什么", "id_number": ID_NUMBER} | more
    return actions.take_request(by=office["protector"], **told)


def test_five_rights_can_be_asked_for(office):
    assert set(rules.RIGHTS) == {"see", "correct", "delete", "object", "withdraw"}
    for kind in rules.RIGHTS:
        take(office, kind=kind)
    assert RightsRequest.objects.count() == 5


def test_it_is_due_in_fifteen_working_days_and_told_to_the_officer(november, office):
    row = take(office)
    assert time.local(row.due_at).date().isoformat() == "2026-12-17"
    assert Outgoing.objects.get(event="care.request").user_id == office.people["protector"].pk


def test_everything_held_about_the_person_is_found(office, at):
    person = office.resident(id_number=ID_NUMBER)
    office.file("alone", person)
    row = take(office)
    told = {each.name: each.rows for each in queries.held_about(office["protector"], row)}
    assert told["人口"] == 1 and told["帮扶档案"] == 1
    assert "帮扶档案" in at("protector").get(f"/care/requests/{row.pk}/").content.decode()


def test_the_counter_sees_no_holdings(office, at):
    office.resident(id_number=ID_NUMBER)
    row = take(office)
    with pytest.raises(NotAllowed):
        queries.held_about(office["worker"], row)


def test_an_answer_needs_words(office):
    row = take(office)
    with pytest.raises(BadInput):
        actions.answer_request(row.pk, by=office["protector"], state="refused", text=" ")
    row = actions.answer_request(row.pk, by=office["protector"], state="granted", text="已提供复制件")
    assert row.state == "granted" and row.answered_by_id == office.people["protector"].pk


def test_figures_tell_no_small_count(office, at):
    for n in range(12):
        office.file("alone", office.resident(f"示例{n}"))
    for n in range(3):
        office.file("alone", office.resident(f"例示{n}", town=office.areas["town2"]))
    with time.frozen_at("2027-04-02 09:00"):
        day, table = queries.figures(office["leader"])
    assert 3 not in table.cells.values() and (day.month, day.day) == (4, 1)
    assert at("leader").get("/care/figures/").status_code == 200
