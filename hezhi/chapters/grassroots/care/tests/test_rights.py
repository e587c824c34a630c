"""People have rights over their data (个人权利, P11): asked at the counter, answered in 15 working days, found by table."""

import pytest
from django.test import Client

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
    with time.frozen_at(f"{time.today().year + 1}-04-02 09:00"):
        day, table = queries.figures(office["leader"])
    assert 3 not in table.cells.values() and (day.month, day.day) == (4, 1)
    assert at("leader").get("/care/figures/").status_code == 200


def test_a_citizen_asks_without_an_account_and_follows_by_number_and_code(office, client, at):
    office.resident(id_number=ID_NUMBER)
    sent = {"kind": "see", "person_name": "池向晚", "text": "想知道登记了什么", "id_number": ID_NUMBER, "phone": "1234"}
    assert "联系电话" in client.post("/c/rights/", sent).content.decode()
    receipt = client.post("/c/rights/", sent | {"phone": ""}, follow=True).content.decode()
    row = RightsRequest.objects.get()
    code = client.session["rights_told"]["code"]
    assert row.number in receipt and code in receipt and code not in row.follow_print
    assert (row.channel, row.resident.person_name) == ("citizen", "池向晚")
    stranger = Client()
    assert stranger.post("/c/rights/follow/", {"number": row.number, "code": "AAAAAAAA"}).status_code == 422
    told = stranger.post("/c/rights/follow/", {"number": row.number.lower(), "code": code.lower()}).content.decode()
    assert "办理中" in told and "池向晚" not in told and ID_NUMBER not in told
    page = at("protector").get(f"/care/requests/{row.pk}/").content.decode()
    assert "身份还没有核验" in page and "人口" in page
    actions.answer_request(row.pk, by=office["protector"], state="granted", text="请带证件到窗口领取复制件")
    told = stranger.post("/c/rights/follow/", {"number": row.number, "code": code}).content.decode()
    assert "已满足" in told and "到窗口领取" in told


def test_whether_somebody_is_on_the_register_shows_to_no_stranger(office, client):
    sent = {"kind": "see", "person_name": "无此人", "text": "想知道登记了什么", "id_number": "999999199001010016"}
    known = client.post("/c/rights/", sent | {"id_number": ID_NUMBER})
    unknown = client.post("/c/rights/", sent)
    assert (
        (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"]) == (302, "/c/rights/done/")
    )


def test_wrong_codes_lock_the_question(office, client):
    row = take(office)
    for _ in range(6):
        client.post("/c/rights/follow/", {"number": row.number, "code": "AAAAAAAA"})
    assert "30 分钟" in client.post("/c/rights/follow/", {"number": row.number, "code": "AAAAAAAA"}).content.decode()
