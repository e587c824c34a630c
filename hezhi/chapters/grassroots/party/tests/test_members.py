"""9.1.3-3-2: members are residents with one organisation; transferred by two sides, on the map by consent, hidden elsewhere."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.models import MapConsent, Member
from hezhi.chapters.grassroots.registers.actions import move_in
from hezhi.chapters.grassroots.registers.models import Resident
from hezhi.chapters.grassroots.registers.registries.people import example_number
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.registry import imports, site
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound
from hezhi.ground.paths import follow

pytestmark = pytest.mark.clause("9.1.3-3-2")


def test_a_sheet_links_known_people_and_hands_the_others_back(party) -> None:
    for n in (1, 2, 3):
        party.quarter.person(n)
    party.quarter.person(4, by=party.quarter.neighbour)
    rows = [[example_number(n), "ZB01", "正式党员", f"2012-07-0{n}"] for n in (1, 2, 3, 4, 5)]
    rows.append([example_number(1), "ZB01", "正式党员", "2012-07-09"])
    run = party.sheet(["人员", "所在党组织", "党员类别", "入党日期"], rows)
    assert (run.state, run.new, run.refused) == ("checked", 3, 3)
    told = str(run.report)
    assert "请先登记人口" in told and "一名党员只能在一个党组织" in told
    assert example_number(5) not in told
    imports.confirm(run.pk, by=party.by(party.secretary))
    assert Member.objects.filter(organisation=party.branch).count() == 3
    back = imports.refused_sheet(run.pk, by=party.by(party.secretary))
    assert back[:2] == b"PK"


def test_one_organisation_at_a_time_and_days_that_can_be(party) -> None:
    person = party.quarter.person(1)
    party.member(person)
    other = party.approved("ZB02", "branch", party.top)
    with pytest.raises(BadInput) as refused:
        party.member(person, other)
    assert "只能在一个党组织" in str(refused.value.fields)
    row = Member.objects.get()
    with pytest.raises(BadInput) as refused:
        party.change(row, "party-members", organisation=str(other.pk))
    assert "转接组织关系" in str(refused.value.fields)
    young = party.quarter.person(2)
    for wrong in (
        {"joined_on": "2099-01-01"},
        {"joined_on": "1960-01-01"},
        {"kind": "probationary", "full_on": "2016-07-01"},
    ):
        with pytest.raises(BadInput):
            party.member(young, **wrong)


def test_a_member_goes_to_another_organisation_when_both_sides_have_said_so(party) -> None:
    far = party.approved("ZB77", "branch", by=party.other_secretary, community=str(party.quarter.other_community.pk))
    row = party.member(party.quarter.person(1, "林清样"))
    desk = party.browser(party.secretary)
    assert desk.post(f"/party/members/{row.pk}/transfer/", {"to": "ZB77", "reason": "搬家（样例）"}).status_code == 302
    row.refresh_from_db()
    [asked] = row.transfers.all()
    assert row.organisation == party.branch and asked.state == "open"
    with pytest.raises(NotAllowed, match="接收方"):
        actions.receive_member(asked, by=party.by(party.secretary))
    there = party.browser(party.other_secretary)
    assert "接收" in there.get("/party/transfers/").content.decode()
    assert there.get(f"/r/party-members/{row.pk}/").status_code == 404
    assert there.post(f"/party/transfers/{asked.pk}/receive/").status_code == 302
    row.refresh_from_db()
    assert (row.organisation, row.community) == (far, party.quarter.other_community)
    assert desk.get(f"/r/party-members/{row.pk}/").status_code == 404
    back = actions.ask_transfer(row, by=party.by(party.officer), to_code="ZB01", reason="搬回（样例）")
    with pytest.raises(NotAllowed, match="两个人"):
        actions.receive_member(back, by=party.by(party.officer))
    actions.refuse_transfer(back, by=party.by(party.second), reason="材料不全")
    row.refresh_from_db()
    assert row.organisation == far


def test_on_the_map_only_by_consent_and_the_point_moves_with_the_house(party) -> None:
    quarter = party.quarter
    clerk, homes = quarter.by(quarter.clerk), quarter.homes()
    rows = []
    for n in range(1, 12):
        person = quarter.person(n, "林清样")
        move_in(homes[n % 12].pk, person.pk, by=clerk, since=time.today() - timedelta(days=200 - n))
        rows.append(party.member(person))
    by = party.by(party.secretary)
    assert queries.members_by_building(by) == []
    actions.agree_to_map(rows[0], by=by, given_on=time.today(), how="paper")
    layer = party.browser(party.secretary).get("/party/map/buildings.json")
    [feature] = layer.json()["features"]
    assert feature["properties"]["name"] == "样例花园3号楼：党员 不满 10 人"
    for row in rows[1:]:
        actions.agree_to_map(row, by=by, given_on=time.today(), how="spoken")
    text = str(party.browser(party.secretary).get("/party/map/buildings.json").json())
    assert "党员 11 人" in text
    assert not any(secret in text for secret in ("林清样", rows[0].number, rows[0].resident.number, str(rows[0].pk)))
    for row in rows[:2]:
        actions.leave_map(row, by=by)
    assert [each.told for each in queries.members_by_building(by)] == ["不满 10 人"]
    assert MapConsent.objects.filter(withdrawn_on=time.today()).count() == 2
    # who moves to a home that is on no map, is on the map no longer
    for row in rows[2:]:
        Resident.objects.filter(pk=row.resident_id).update(home=None)
    assert queries.members_by_building(by) == []


def test_members_are_known_in_this_room_alone(party) -> None:
    quarter = party.quarter
    row = party.member(quarter.person(1, "林清样"), hardship="家中有病人（样例）")
    clerk = party.browser(quarter.clerk)
    for url in ("/r/party-members/", f"/r/party-members/{row.pk}/", "/party/map/buildings.json", "/party/board/"):
        assert clerk.get(url).status_code == 403
    reached = [
        each.name for each in Resident._meta.get_fields() if "party" in str(getattr(each, "related_model", "")).lower()
    ]
    assert reached == []  # nothing leads from a resident to this room: no list, no filter, no search can
    for registry in site.registries():
        if registry.model._meta.app_label == "party":
            continue
        for path in (*registry.list, *registry.also, *registry.filters, *registry.search):
            try:
                fields, related = follow(registry.model, path)
            except Exception:
                continue
            assert not str(fields).startswith("party."), f"{registry.slug}: {path} {related}"
    declared = site.get("party-members")
    assert not {"export", "api", "bulk"} & set(declared.offers)
    assert party.browser(party.officer).get("/r/party-members/export/").status_code in (403, 404)
    with connection.cursor() as cursor:
        cursor.execute("select joined_on, hardship from party_member where id = %s", [row.pk])
        (stored,) = cursor.fetchall()
    assert not any("2015" in value or "样例" in value for value in stored)
    officer = party.browser(party.officer).get(f"/r/party-members/{row.pk}/").content.decode()
    assert "困难情况" not in officer and "2015-07-01" not in officer


def test_names_are_masked_in_lists_and_read_with_a_trace(party) -> None:
    row = party.member(party.quarter.person(1, "林清样"))
    desk = party.browser(party.secretary)
    assert "林清样" not in desk.get("/r/party-members/").content.decode()
    before = AuditEntry.objects.filter(event="records.read_personal").count()
    assert "林清样" in desk.get(f"/r/party-members/{row.pk}/?tab=person").content.decode()
    assert AuditEntry.objects.filter(event="records.read_personal").count() == before + 1
    with pytest.raises(NotFound):
        actions.write_service(
            row, by=party.by(party.other_secretary), done_on=date(2026, 1, 1), hours=Decimal(2), what="清扫（样例）"
        )
    actions.write_service(
        row, by=party.by(party.secretary), done_on=time.today(), hours=Decimal("2.5"), what="清扫（样例）"
    )
    assert "2.5" in desk.get(f"/r/party-members/{row.pk}/?tab=service").content.decode()
