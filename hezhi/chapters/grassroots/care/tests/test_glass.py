"""Breaking the glass (紧急查阅, P7): proved, reasoned, one file, one hour, read only, told at once, reviewed."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from hezhi.chapters.grassroots.care import actions, queries
from hezhi.chapters.grassroots.care.models import Glass
from hezhi.chapters.grassroots.care.tests.world import ID_NUMBER
from hezhi.engines.org.models import SignInFailure
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

pytestmark = pytest.mark.clause("9.1.3-2-7")
WHY = "老人在平江路走失，需要马上联系监护人"


def smash(office, code, part="chief", wanted="", **more):
    told = {"wanted": wanted, "reason": "missing", "sentence": WHY, "code": code} | more
    return actions.break_glass(by=office[part], **told)


@pytest.fixture
def shown(office, factor):
    """The duty chief's second factor: the code its phone shows."""
    return factor(office.people["chief"])


def test_one_file_opens_for_an_hour_read_only(office, at, shown):
    file, other = office.file("mental"), office.file("alone", office.resident("楚听澜"))
    client = at("chief")
    answer = client.post("/care/glass/", {"wanted": file.number, "reason": "missing", "sentence": WHY, "code": shown()})
    assert answer.status_code == 302 and answer.url == f"/care/{file.pk}/"
    page = client.get(answer.url).content.decode()
    assert "紧急查阅，只读" in page and "登记需求" not in page
    with pytest.raises(NotAllowed):
        actions.tell_need(file.pk, by=office["chief"], kind="company", text="x")
    with pytest.raises(NotFound):
        queries.opened(office["chief"], other.pk)
    with time.frozen_at(time.now() + timedelta(minutes=61)), pytest.raises(NotFound):
        queries.opened(office["chief"], file.pk)


def test_it_is_found_by_the_whole_id_number(office, shown):
    person = office.resident(id_number=ID_NUMBER)
    file = office.file("alone", person)
    assert smash(office, shown(), wanted=ID_NUMBER).file_id == file.pk


def test_supervisor_and_protection_officer_are_told_at_once(office, shown):
    file = office.file()
    smash(office, shown(), wanted=file.number)
    told = Outgoing.objects.filter(event="care.glass")
    assert {row.user_id for row in told} == {office.people["supervisor"].pk, office.people["protector"].pk}
    assert all(row.urgent for row in told)


@pytest.mark.parametrize("demo", [False, True])
def test_without_a_second_factor_nothing_opens_not_even_in_the_demonstration(office, settings, demo):
    settings.DEMO = demo
    file = office.file()
    with pytest.raises(NotNow, match="第二因素"):
        smash(office, "123456", wanted=file.number)
    assert not Glass.objects.exists()


@pytest.mark.parametrize("demo", [False, True])
def test_a_wrong_code_is_refused_and_counted(office, settings, shown, demo):
    settings.DEMO = demo
    file = office.file()
    with pytest.raises(BadInput, match="验证码不对"):
        smash(office, "000000", wanted=file.number)
    assert SignInFailure.objects.count() == 1 and not Glass.objects.exists()


def test_a_code_opens_once(office, shown):
    file = office.file()
    smash(office, shown(), wanted=file.number)
    with pytest.raises(BadInput, match="验证码不对"):
        smash(office, shown(), wanted=file.number)


def test_a_code_that_another_process_heard_opens_nothing(office, shown):
    file = office.file()
    code = shown()
    smash(office, code, wanted=file.number)
    cache.clear()  # what the library remembers of used codes is this process's own
    with pytest.raises(BadInput, match="验证码不对"):
        smash(office, code, wanted=file.number)


@pytest.mark.parametrize(
    ("more", "said"),
    [({"reason": ""}, "紧急情形"), ({"sentence": "有人走失"}, "至少 15 个字"), ({"wanted": ""}, "档案编号")],
)
def test_reason_and_sentence_are_asked_for(office, shown, more, said):
    file = office.file()
    with pytest.raises(BadInput, match=said):
        smash(office, shown(), **{"wanted": file.number} | more)


def test_an_open_review_never_blocks_a_danger_to_life(office, shown, factor):
    first, second = office.file(), office.file("mental", office.resident("楚听澜"))
    smash(office, shown(), wanted=first.number)
    with time.frozen_at(time.now() + timedelta(days=30)):
        factor.step += 1
        assert smash(office, shown(), wanted=second.number).file_id == second.pk


def test_it_opens_a_frozen_file_too(office, shown):
    file = office.file()
    with time.frozen_at(time.now() + timedelta(days=200)):
        smash(office, shown(), wanted=file.number)
        assert queries.opened(office["chief"], file.pk).shut == ""


def test_the_programme_of_two_people_is_never_opened_so(office, shown):
    file = office.file("health_a")
    with pytest.raises(NotFound, match="没有找到"):
        smash(office, shown(), wanted=file.number)
    assert AuditEntry.objects.filter(event="care.break_glass", result="refused").exists()


def test_the_review_is_due_in_three_working_days_and_is_somebody_elses(november, office, shown):
    file = office.file()
    glass = smash(office, shown(), wanted=file.number)
    assert time.local(glass.review_due).date().isoformat() == "2026-12-01"
    with pytest.raises(NotFound):
        actions.review_glass(glass.pk, by=office["chief"], finding="right", note="x")
    actions.review_glass(glass.pk, by=office["supervisor"], finding="right", note="情况属实")
    assert queries.glasses_to_review(office["protector"]) == []


def test_the_protection_officer_sees_readings_and_no_content(office, at, shown):
    file = office.file()
    actions.tell_need(file.pk, by=office["worker"], kind="company", text="希望有人陪")
    smash(office, shown(), wanted=file.number)
    page = at("protector").get("/care/protection/").content.decode()
    assert file.number in page and "程晚晴" in page and "希望有人陪" not in page and "池向晚" not in page
    assert at("protector").get("/care/glass/reviews/").status_code == 200
