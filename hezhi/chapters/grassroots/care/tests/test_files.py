"""Care files (帮扶档案): opened on a basis, seen by name, and by nobody else, whoever he is (P6)."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hezhi.chapters.grassroots.care import actions, queries
from hezhi.chapters.grassroots.care.models import CareFile, Consent, Need, Programme, Referral, Tie, Visit
from hezhi.chapters.grassroots.care.tests.world import ID_NUMBER
from hezhi.engines.org.testkit import traced
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.records.vault import KeyRingRefused, ring
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.ids import new_id

pytestmark = [pytest.mark.clause("9.1.3-2-6"), pytest.mark.clause("9.1.3-2-7")]

STRANGERS = ("neighbour", "other_supervisor", "protector", "chief", "leader", "admin", "auditor", "petitions")
TEAM = ("supervisor", "worker", "deputy")


# -- opening ---------------------------------------------------------------------------------------


def test_a_file_opens_on_a_basis_with_two_names_and_a_review(office):
    file = office.file()
    assert file.state == "open" and file.review_on <= time.today() + timedelta(days=184)
    assert {file.worker_id, file.supervisor_id} == {office.people["worker"].pk, office.people["supervisor"].pk}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"basis": " "}, "没有依据不能建档"),
        ({"basis_kind": "consent", "consent_by": ""}, "由谁同意"),
        ({"worker_id": "supervisor"}, "两个人"),
    ],
)
def test_what_is_missing_is_said(office, more, said):
    told = {k: office.people[v].pk if k == "worker_id" else v for k, v in more.items()}
    with pytest.raises(BadInput, match=said):
        office.file(**told)


def test_nobody_but_a_supervisor_opens_a_file(office):
    programme, person = office.programme("alone"), office.resident()
    with pytest.raises(NotAllowed):
        actions.open_file(
            programme.pk, by=office["worker"], resident_id=person.pk, worker_id=office.people["deputy"].pk, basis_kind="duty", basis="1"
        )  # fmt: skip


def test_a_programme_that_is_not_open_to_him_does_not_exist_for_a_supervisor(office):
    programme, person = office.programme("health_a"), office.resident()
    with pytest.raises(NotFound, match="没有找到"):
        actions.open_file(
            programme.pk, by=office["other_supervisor"], resident_id=person.pk, worker_id=office.people["worker"].pk,
            basis_kind="consent", basis="1", consent_by="self",
        )  # fmt: skip


def test_the_programme_of_an_authority_wants_its_document(office):
    with pytest.raises(BadInput, match="主管部门文书"):
        office.file("released", basis_kind="consent")


def test_a_minor_is_not_entered_with_the_corrected(office):
    child = office.resident("池小满", born=time.today() - timedelta(days=365 * 15))
    with pytest.raises(BadInput, match="未成年人"):
        office.file("correction", child, ends_on=time.today() + timedelta(days=90))


def test_a_child_needs_the_guardians_word_and_leaves_at_eighteen(office):
    child = office.resident("池小满", born=time.today() - timedelta(days=365 * 15))
    with pytest.raises(BadInput, match="监护人同意"):
        office.file("youth_05", child, basis_kind="consent", consent_by="self")
    file = office.file("youth_05", child, basis_kind="consent", consent_by="guardian")
    assert file.ends_on is not None and Consent.objects.get(file=file).until == file.ends_on
    with time.frozen_at(time.at_local(file.ends_on + timedelta(days=1))):
        assert "期限已于" in queries.opened(office["worker"], file.pk).shut


# -- who sees it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", TEAM)
def test_the_team_sees_the_file(office, at, part):
    file = office.file()
    page = at(part).get(f"/care/{file.pk}/")
    assert page.status_code == 200 and "池向晚" in page.content.decode()


@pytest.mark.parametrize("part", STRANGERS)
def test_for_everybody_else_it_is_as_if_there_were_none(office, at, part):
    file, client = office.file(), at(part)
    real, none = client.get(f"/care/{file.pk}/"), client.get(f"/care/{new_id()}/")
    assert real.status_code == none.status_code in (403, 404)
    for page in ("/care/", "/care/desk/", "/r/residents/", "/find/?q=池向晚", "/care/visits/"):
        told = client.get(page).content.decode()
        assert file.number not in told and "独居和失依" not in told.replace("帮扶项目", "")


def test_not_found_costs_the_same_questions_whether_there_is_a_file_or_not(office):
    file, stranger = office.file(), office["neighbour"]
    asked = []
    for key in (file.pk, new_id()):
        with (
            CaptureQueriesContext(
                connection,
            ) as questions,
            pytest.raises(NotFound) as refusal,
        ):
            queries.opened(stranger, key)
        asked.append(([q["sql"].replace(str(key), "?") for q in questions], refusal.value.what, refusal.value.code))
    normal = [([s.split(" WHERE ")[0] for s in sql], what, code) for sql, what, code in asked]
    assert normal[0] == normal[1] and len(asked[0][0]) == 1


def test_the_registry_of_residents_tells_nothing_of_care(office):
    from hezhi.chapters.grassroots.registers.models import Resident

    names = {f.name for f in Resident._meta.get_fields()}
    assert not any("care" in name for name in names)


def test_each_opening_is_written_down_and_told_to_the_worker(office, at):
    file = office.file()
    at("deputy").get(f"/care/{file.pk}/?tab=needs")
    entry = AuditEntry.objects.filter(event="care.read", object_id=file.pk).get()
    assert entry.detail == {"form": "needs", "standing": "deputy"}
    page = at("worker").get(f"/care/{file.pk}/?tab=readers").content.decode()
    assert "沈知远" in page and "替补人" in page


# -- what is written into it -----------------------------------------------------------------------


def test_needs_plan_services_visits_and_contacts(office, at):
    file, client = office.file(), at("worker")
    soon = str(time.today() + timedelta(days=3))
    for step, told in (
        ("need", {"kind": "company", "text": "希望有人陪着去买菜"}),
        ("plan", {"text": "联系助餐点", "doer": "社区", "due_on": soon}),
        ("service", {"name": "助餐", "giver": "平江社区助餐点", "given_on": str(time.today()), "text": ""}),
        ("visit", {"on": soon, "doer": "worker"}),
        (
            "tie",
            {
                "kind": "contact",
                "person_name": "池小满",
                "phone": "19900003333",
                "source": "本人提供",
                "purpose": "走失时联系",
            },
        ),
    ):
        answer = client.post(f"/care/{file.pk}/do/{step}/", told)
        assert answer.status_code == 302, (step, answer.content.decode()[:3000])
    for tab, words in (("needs", "陪着去买菜"), ("plan", "助餐点"), ("services", "助餐"), ("ties", "走失时联系")):
        assert words in client.get(f"/care/{file.pk}/?tab={tab}").content.decode()
    assert "关爱服务上门" in client.get("/care/visits/").content.decode()


def test_a_contact_without_source_and_purpose_is_refused(office):
    file = office.file()
    with pytest.raises(BadInput):
        actions.add_tie(
            file.pk, by=office["worker"], kind="contact", person_name="池小满", phone="", source="", purpose=""
        )
    assert not Tie.objects.exists()


def test_what_the_programme_does_not_hold_cannot_be_entered(office, at):
    file = office.file("veterans")
    with pytest.raises(NotNow, match="不登记"):
        actions.plan_step(file.pk, by=office["worker"], text="x", doer="y", due_on=time.today())
    assert at("worker").get(f"/care/{file.pk}/?tab=plan").status_code == 404


def test_a_strict_programme_lies_in_a_compartment_of_its_own(office, keys):
    file = office.file("mental")
    actions.tell_need(file.pk, by=office["worker"], kind="company", text="危机时先联系姐姐")
    with connection.cursor() as cursor:
        cursor.execute("select text from care_need where file_id = %s", [file.pk])
        ((stored,),) = cursor.fetchall()
        cursor.execute("select summary from care_carefileevent where pgh_obj_id = %s", [file.pk])
        ((old,),) = cursor.fetchall()
    assert stored.startswith("v1@care_mental.") and old.startswith("v1@care_mental.")
    next(keys.glob("field@care_mental.v1.key")).rename(keys / "taken-away")
    ring.cache_clear()
    with pytest.raises(KeyRingRefused):
        Need.objects.get(file=file)
    assert office.resident("楚听澜").person_name == "楚听澜"


# -- visits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "seen"), [("alone", True), ("correction", False)])
def test_a_grid_worker_outside_the_team_sees_what_the_matrix_says(office, code, seen):
    more = {"ends_on": time.today() + timedelta(days=90)} if code == "correction" else {}
    file = office.file(code, two_go=True, **more)
    actions.agree_visit(file.pk, by=office["worker"], on=time.today(), doer_id=office.people["neighbour"].pk)
    (task,) = queries.my_visits(office["neighbour"])
    assert task.words == ("关爱服务上门（双人上门）" if seen else "上门")
    assert (task.who == "池向晚") is seen and not task.linked
    with pytest.raises(NotFound):
        queries.opened(office["neighbour"], file.pk)


def test_a_visit_that_is_made_agrees_on_the_next(office):
    file = office.file(visit_every=14)
    actions.agree_visit(file.pk, by=office["worker"], on=time.today(), doer_id=office.people["worker"].pk)
    (task,) = queries.my_visits(office["worker"])
    actions.make_visit(task.visit.pk, by=office["worker"], outcome="met", text="精神不错")
    assert [v.agreed_on for v in Visit.objects.filter(file=file, made_on__isnull=True)] == [
        time.today() + timedelta(days=14)
    ]


# -- referral --------------------------------------------------------------------------------------


def refer(office, file, **more):
    told = {
        "kind": "referral", "to_user": office.people["neighbour"].pk, "forms": ["needs"], "due_on": time.today() + timedelta(days=30),
        "text": "请提供助餐",
    } | more  # fmt: skip
    return actions.refer(file.pk, by=office["worker"], **told)


def test_a_referral_opens_only_its_forms_and_only_once_accepted(office, at):
    file = office.file()
    row = refer(office, file)
    assert queries.opened(office["neighbour"], file.pk).forms == []
    actions.answer_referral(row.pk, by=office["neighbour"], accept=True)
    client = at("neighbour")
    assert client.get(f"/care/{file.pk}/?tab=needs").status_code == 200
    assert client.get(f"/care/{file.pk}/?tab=visits").status_code == 404
    assert "平江路 8 号" not in client.get(f"/care/{file.pk}/").content.decode()
    with pytest.raises(NotAllowed):
        actions.tell_need(file.pk, by=office["neighbour"], kind="company", text="x")
    with time.frozen_at(time.now() + timedelta(days=31)), pytest.raises(NotFound):
        queries.opened(office["neighbour"], file.pk)


def test_nothing_is_handed_on_without_the_persons_consent(office):
    file = office.file(basis_kind="consent")
    Consent.objects.filter(file=file).update(scope=["visits"])
    with pytest.raises(BadInput, match="没有同意"):
        refer(office, file)


def test_a_transfer_changes_the_worker(office):
    file = office.file()
    row = refer(office, file, kind="transfer")
    actions.answer_referral(row.pk, by=office["neighbour"], accept=True)
    assert queries.opened(office["neighbour"], file.pk).standing == "worker"
    with pytest.raises(NotFound):
        queries.opened(office["worker"], file.pk)


def test_a_consent_taken_back_ends_referrals_and_shuts_the_file(office):
    file = office.file(basis_kind="consent")
    row = refer(office, file)
    actions.withdraw_consent(file.pk, by=office["worker"])
    assert Referral.objects.get(pk=row.pk).state == "revoked"
    assert queries.opened(office["worker"], file.pk).shut


# -- two people ------------------------------------------------------------------------------------


def test_the_health_programme_opens_for_two_people_together(office):
    file = office.file("health_a")
    assert "两人" in queries.opened(office["worker"], file.pk).shut
    asked = actions.ask_together(file.pk, by=office["worker"])
    assert queries.waiting_for_me(office["worker"]) == []
    actions.join_together(asked.pk, by=office["supervisor"])
    assert (
        queries.opened(office["worker"], file.pk).shut == ""
        and queries.opened(office["supervisor"], file.pk).shut == ""
    )
    with time.frozen_at(time.now() + timedelta(minutes=31)):
        assert "两人" in queries.opened(office["worker"], file.pk).shut


def test_nobody_but_the_named_officer_is_the_second_person(office, at):
    file = office.file("health_a")
    asked = actions.ask_together(file.pk, by=office["worker"])
    assert queries.waiting_for_me(office["deputy"]) == []
    with pytest.raises(NotFound):
        actions.join_together(asked.pk, by=office["deputy"])
    assert at("deputy").post(f"/care/together/{asked.pk}/").status_code == 404
    traced()
    Programme.objects.filter(code="health_a").update(officer=office.people["neighbour"])
    assert queries.waiting_for_me(office["supervisor"]) == [], "who was named before is so no longer"
    told = at("neighbour").post(f"/care/together/{asked.pk}/", follow=True).content.decode()
    assert "已确认到场" in told and "池向晚" not in told
    assert queries.opened(office["worker"], file.pk).shut == ""
    with pytest.raises(NotFound):
        queries.opened(office["neighbour"], file.pk)
    traced()
    Programme.objects.filter(code="health_a").update(officer=office.people["supervisor"])
    assert "两人" in queries.opened(office["worker"], file.pk).shut, "an officer named since must come himself"


def test_when_the_officer_asks_himself_one_of_the_team_joins(office):
    file = office.file("health_a")
    asked = actions.ask_together(file.pk, by=office["supervisor"])
    actions.join_together(asked.pk, by=office["deputy"])
    assert queries.opened(office["supervisor"], file.pk).shut == ""


def test_a_withdrawn_consent_erases_it_at_once(office):
    file = office.file("health_a")
    asked = actions.ask_together(file.pk, by=office["worker"])
    actions.join_together(asked.pk, by=office["supervisor"])
    key = file.pk
    actions.withdraw_consent(key, by=office["worker"])
    assert not CareFile.objects.filter(pk=key).exists()
    assert AuditEntry.objects.filter(event="records.erase", object_id=key).exists()


# -- done ------------------------------------------------------------------------------------------


def test_one_press_says_that_a_need_is_met_and_a_step_is_done(office, at):
    file, worker = office.file(), office["worker"]
    need = actions.tell_need(file.pk, by=worker, kind="company", text="想有人陪着买菜")
    step = actions.plan_step(file.pk, by=worker, text="联系助餐点", doer="社区", due_on=time.today())
    client = at("worker")
    for what, row, tab, told in (("need", need, "needs", "需求已解决"), ("plan", step, "plan", "步骤已完成")):
        url = f"/care/{file.pk}/done/{what}/{row.pk}/"
        assert url in client.get(f"/care/{file.pk}/?tab={tab}").content.decode()
        page = client.post(url, follow=True).content.decode()
        assert told in page and url not in page
    assert at("neighbour").post(f"/care/{file.pk}/done/need/{need.pk}/").status_code == 404


def test_a_referral_that_is_done_closes_the_file_to_its_receiver(office, at):
    file = office.file()
    row = refer(office, file)
    actions.answer_referral(row.pk, by=office["neighbour"], accept=True)
    client = at("neighbour")
    assert "办结转介" in client.get(f"/care/{file.pk}/").content.decode()
    assert client.post(f"/care/referrals/{row.pk}/done/").status_code == 302
    assert client.get(f"/care/{file.pk}/").status_code == 404
    assert client.post(f"/care/referrals/{row.pk}/done/").status_code == 404


# -- import ----------------------------------------------------------------------------------------

HEAD = "项目,证件号码,依据,文书编号,帮扶人登录名,期限届满\n"


def sheet(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("档案.csv", (HEAD + "\n".join(lines)).encode(), "text/csv")


def test_a_sheet_comes_in_waiting_and_is_accepted_by_the_supervisor(office, at):
    office.programme("released")
    office.resident(id_number=ID_NUMBER)
    client = at("supervisor")
    answer = client.post(
        "/care/import/", {"file": sheet(f"安置帮教,{ID_NUMBER},主管部门文书,司文〔2026〕8 号,worker,")}
    )
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    file = CareFile.objects.get()
    assert file.state == "waiting" and queries.opened(office["worker"], file.pk).file.state == "waiting"
    assert client.post(f"/care/{file.pk}/do/accept/").status_code == 302
    assert CareFile.objects.get().state == "open"


def test_one_bad_row_keeps_the_whole_sheet_out_and_is_named(office, at):
    office.programme("released")
    office.resident(id_number=ID_NUMBER)
    lines = (
        f"安置帮教,{ID_NUMBER},主管部门文书,司文〔2026〕8 号,worker,",
        f"安置帮教,{ID_NUMBER},主管部门文书,,worker,",
    )
    page = at("supervisor").post("/care/import/", {"file": sheet(*lines)})
    assert page.status_code == 422 and "没有依据不能建档" in page.content.decode() and not CareFile.objects.exists()


def test_only_a_supervisor_imports(office, at):
    assert at("worker").post("/care/import/", {"file": sheet()}).status_code == 403
