"""9.1.3-3-3: an activity from the phone to its minutes: approved by a second person, joined, attended, counted."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from hezhi.chapters.grassroots.party import actions, queries, rules
from hezhi.chapters.grassroots.party.actions.activities import door_code, own_code, sign_in_code
from hezhi.chapters.grassroots.party.models import Activity, ActivityKind, Participation
from hezhi.chapters.grassroots.party.tests.conftest import Party, make_party
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.actor import citizen
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

pytestmark = pytest.mark.clause("9.1.3-3-3")
BEGINS = "2026-11-26T14:00"


@pytest.fixture
def party(db: None) -> Party:
    """Made for each test while its clock stands, so that nobody's post begins only later."""
    return make_party()


@pytest.fixture
def noon():
    """The clock stands at noon in Shanghai on the day of the activity; ask for it before `party`."""
    with time.frozen_at("2026-11-26 12:00") as clock:
        yield clock


def proposed(party, title: str = "主题党日（样例）", kind: str = "theme") -> Activity:
    """An activity sent from the secretary's phone."""
    typed = {
        "organisation": str(party.branch.pk), "kind": str(ActivityKind.objects.get(code=kind).pk), "title": title, "reaches": "own",
        "starts_at": BEGINS, "ends_at": "2026-11-26T16:00", "place": "样例党群服务站", "agenda": "学习；讨论；交纳党费",
    }  # fmt: skip
    answer = party.browser(party.secretary).post("/g/party/new/", typed)
    assert answer.status_code == 302, answer.content.decode()[:600]
    return Activity.objects.get(title=title)


def test_from_the_phone_to_the_minutes(noon, party) -> None:
    row = proposed(party)
    me = party.member(party.quarter.person(1, "林清样"), account=party.comrade.login_name)
    absent = party.member(party.quarter.person(2, "顾若样"))
    assert row.state == "waiting"
    with pytest.raises(NotFound):
        actions.sign_up(row.pk, by=party.by(party.comrade))
    party.answer(party.waiting(), party.officer)
    mine, page = party.browser(party.comrade), f"/g/party/{row.pk}/"
    assert "主题党日（样例）" in mine.get("/g/party/").content.decode()
    assert "您还没有参加过活动" in mine.get("/g/party/?mine=1").content.decode()
    assert mine.post(f"{page}leave/", {"leave_reason": "出差（样例）"}).status_code == 302
    assert mine.post(f"{page}sign-up/").status_code == 302
    assert "主题党日（样例）" in mine.get("/party/activities/?mine=1").content.decode()
    # the door: the right code, inside the time, by a member of the branch
    code, by = sign_in_code(row), party.by(party.comrade)
    with pytest.raises(NotNow, match="还没有到签到时间"):
        actions.sign_in(row.pk, by=by, code=code)
    noon.move_to(row.starts_at - timedelta(minutes=29))
    with pytest.raises(BadInput):
        actions.sign_in(row.pk, by=by, code="AAAAAAAA")
    mine, other = party.browser(party.comrade), party.browser(party.passer_by)
    assert other.get(page).status_code == 404
    with pytest.raises(NotNow, match="没有关联党员信息"):
        actions.sign_in(row.pk, by=party.by(party.passer_by), code=code)
    door = party.browser(party.secretary).get(f"/party/activities/{row.pk}/code/").content.decode()
    assert code in door and "<svg" in door
    assert mine.get(f"{page}in/{code}/").status_code == 200
    assert mine.post(f"{page}in/", {"code": code}).status_code == 302
    told = Participation.objects.get(member=me)
    assert (told.state, told.how) == ("present", "code")
    # the book: who had no account is entered, who signed in himself stays
    noon.move_to(row.ends_at)
    desk = party.browser(party.secretary)
    tab = f"/r/party-activities/{row.pk}/?tab=presence"
    assert desk.post(tab, {"present": [str(absent.pk)]}).status_code == 302
    assert desk.post(tab, {"present": []}).status_code == 302
    assert {(each.member_id, each.how) for each in row.participations.all()} == {(me.pk, "code")}
    noon.advance(minutes=1)
    with pytest.raises(NotNow, match="已经结束"):
        actions.sign_in(row.pk, by=by, code=code)
    before = queries.board(party.by(party.officer)).held
    typed = {"text": "学习了样例文件，联系电话 13900001234"}
    assert desk.post(f"/party/activities/{row.pk}/minutes/", typed).status_code == 302
    row.refresh_from_db()
    assert row.state == "held" and queries.board(party.by(party.officer)).held == before + 1
    assert "13900001234" not in party.browser(party.comrade).get(page).content.decode()
    duties = {d.organisation.pk: dict(zip([k.code for k in ActivityKind.objects.filter(yearly__gt=0)], d.counts, strict=True))
              for d in queries.board(party.by(party.officer)).duties}  # fmt: skip
    assert duties[party.branch.pk]["theme"] == (1, 12)


def test_a_change_after_approval_is_a_new_version_that_must_be_approved(noon, party) -> None:
    row = proposed(party)
    party.answer(party.waiting(), party.officer)
    with pytest.raises(NotNow, match="须经审批"):
        party.change(row, "party-activities", place="样例礼堂")
    row.refresh_from_db()
    assert (row.place, row.edition) == ("样例党群服务站", 1)
    asked = party.waiting()
    with pytest.raises(NotAllowed):
        party.answer(asked, party.secretary)
    party.answer(asked, party.second)
    row.refresh_from_db()
    assert (row.place, row.edition) == ("样例礼堂", 2)
    file = party.browser(party.secretary).get(f"/party/activities/{row.pk}/calendar.ics").content.decode()
    assert "DTSTART:20261126T060000Z" in file and "SEQUENCE:2" in file and "LOCATION:样例礼堂" in file
    actions.cancel_activity(row, by=party.by(party.secretary), reason="场地停电（样例）")
    assert party.browser(party.secretary).get(f"/party/activities/{row.pk}/calendar.ics").status_code == 404


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=120))
def test_a_calendar_file_has_short_lines_and_gives_back_what_was_written(text: str) -> None:
    """RFC 5545 3.1: at most 75 octets a line; unfolded and unescaped it says what was written."""
    assume("\\N" not in text)  # the reader of this test takes it for the end of a line, behind another stroke too
    begins = datetime.fromisoformat(f"{BEGINS}+08:00")
    file = rules.calendar(
        uid="1@hezhi", made=begins, starts=begins, ends=begins, title=text, place="甲;乙,丙", text="一\n二", version=3
    )
    assert all(len(line.encode()) <= 75 for line in file.split("\r\n"))
    (event,) = Calendar.from_ical(file).events
    assert (event["summary"], event["location"], event["description"]) == (text, "甲;乙,丙", "一\n二")
    assert event.start == begins and event["sequence"] == 3


def test_who_has_no_account_signs_in_by_two_codes_and_nothing_else(noon, party) -> None:
    row = proposed(party)
    me = party.member(party.quarter.person(1, "林清样"))
    far = party.approved("ZB77", "branch", by=party.other_secretary, community=str(party.quarter.other_community.pk))
    stranger = party.member(party.quarter.person(2, by=party.quarter.neighbour), far, by=party.other_secretary)
    party.answer(Approval.objects.get(state="waiting", kind="party_activity"), party.officer)
    desk, slips = party.browser(party.secretary), f"/party/activities/{row.pk}/slips/"
    assert party.browser(party.comrade).get(slips).status_code == 403
    assert desk.post(slips).status_code == 302
    me.refresh_from_db()
    own = own_code(me)
    assert own in desk.get(slips).content.decode() and own_code(stranger) == ""
    noon.move_to(row.starts_at)
    door, anyone = door_code(row, time.now()), Client()
    url = f"/c/meeting/{row.pk}/{door}/"
    assert "<svg" in party.browser(party.secretary).get(f"/party/activities/{row.pk}/door/").content.decode()
    page = anyone.get(url).content.decode()
    assert "党" not in page.replace(row.title, "").replace(row.place, "") and "林清样" not in page
    assert anyone.post(url, {"own": "AAAAAAAA"}).status_code == 422
    answer = anyone.post(url, {"own": own.lower()}).content.decode()
    assert "已签到" in answer and "林" not in answer and me.number not in answer
    told = Participation.objects.get(member=me)
    assert (told.state, told.how) == ("present", "own_code")
    # a code that somebody else has seen is changed, and the screen's code ends by itself
    actions.give_own_codes(row, by=party.by(party.secretary), renewed=me.pk)
    with pytest.raises(BadInput):
        actions.sign_in_by_code(row.pk, by=citizen(), door=door, own=own)
    noon.advance(minutes=11)
    assert anyone.get(url).status_code == 404
    me.refresh_from_db()
    with pytest.raises(BadInput, match="会场码"):
        actions.sign_in_by_code(row.pk, by=citizen(), door=door, own=own_code(me))
