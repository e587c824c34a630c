"""It ends, and nobody is forgotten (有始有终, P12): frozen when overdue, closed by a person, erased with its history."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from hezhi.chapters.grassroots.care import actions, jobs, queries
from hezhi.chapters.grassroots.care.models import CareFile, Visit
from hezhi.chapters.grassroots.registers.models import Resident
from hezhi.engines.dossier import merging
from hezhi.engines.org.actor import Scope, system
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.models import Alarm, AuditEntry
from hezhi.engines.registry import site
from hezhi.engines.registry.jobs import purge
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotNow
from hezhi.ground.identifiers import id_check_sign

pytestmark = [pytest.mark.clause("9.1.3-2-6"), pytest.mark.clause("9.1.3-2-7")]
LATER = timedelta(days=200)


def told(event: str) -> list:
    return list(Outgoing.objects.filter(event=event).values_list("user_id", flat=True))


def test_an_overdue_review_shuts_the_file_while_agreed_visits_go_on(office):
    file = office.file()
    actions.agree_visit(file.pk, by=office["worker"], on=time.today(), doer_id=office.people["worker"].pk)
    with time.frozen_at(time.now() + LATER):
        assert "复核已于" in queries.opened(office["worker"], file.pk).shut
        with pytest.raises(NotNow):
            actions.tell_need(file.pk, by=office["worker"], kind="company", text="x")
        (task,) = queries.my_visits(office["worker"])
        actions.make_visit(task.visit.pk, by=office["worker"], outcome="met")


def test_deputy_and_supervisor_hear_of_it_every_day_once(office):
    office.file()
    with time.frozen_at(time.now() + LATER) as clock:
        jobs.remind_overdue(system("test"))
        jobs.remind_overdue(system("test"))
        people = {office.people["deputy"].pk, office.people["supervisor"].pk}
        assert set(told("care.overdue")) == people and len(told("care.overdue")) == 2
        clock.advance(days=1)
        jobs.remind_overdue(system("test"))
    assert len(told("care.overdue")) == 4


def test_a_review_opens_it_again_for_six_months_at_most(office):
    file = office.file()
    with time.frozen_at(time.now() + LATER):
        file = actions.review_file(file.pk, by=office["supervisor"], goal="每周三次助餐", two_go=False)
        assert queries.opened(office["worker"], file.pk).shut == ""
        assert file.review_on <= time.today() + timedelta(days=184)


def test_the_database_refuses_a_review_a_year_away(office):
    file = office.file()
    traced()
    with pytest.raises(IntegrityError), transaction.atomic():
        CareFile.objects.filter(pk=file.pk).update(review_on=time.today() + timedelta(days=365))


def test_a_missed_visit_is_told_to_its_doer_the_second_to_the_supervisor_too(office):
    file, worker = office.file(), office.people["worker"].pk
    for ahead in (0, 1):
        actions.agree_visit(file.pk, by=office["worker"], on=time.today() + timedelta(days=ahead), doer_id=worker)
    with time.frozen_at(time.now() + timedelta(days=1)):
        jobs.remind_visits(system("test"))
    assert told("care.visit_missed") == [worker]
    with time.frozen_at(time.now() + timedelta(days=2)):
        jobs.remind_visits(system("test"))
    assert set(told("care.visit_missed")) == {worker, office.people["supervisor"].pk}


def test_only_the_named_supervisor_closes(office):
    file = office.file()
    with pytest.raises(NotAllowed):
        actions.close_file(file.pk, by=office["worker"], closing="met", note="已解决")
    file = actions.close_file(file.pk, by=office["supervisor"], closing="met", note="已解决")
    assert file.state == "closed" and "已结案" in queries.opened(office["supervisor"], file.pk).shut


def test_the_clock_never_closes(office):
    file = office.file("correction", ends_on=time.today() + timedelta(days=10))
    with time.frozen_at(time.now() + timedelta(days=12)):
        jobs.daily()
        file.refresh_from_db()
        assert file.state == "open" and "届满" in queries.opened(office["supervisor"], file.pk).shut


def test_after_its_term_a_file_is_gone_with_its_history_and_the_log_proves_it(office):
    file = office.file("mental")
    actions.tell_need(file.pk, by=office["worker"], kind="company", text="陪伴")
    actions.agree_visit(file.pk, by=office["worker"], on=time.today(), doer_id=office.people["worker"].pk)
    file = actions.close_file(file.pk, by=office["supervisor"], closing="moved", note="迁出")
    with time.frozen_at(time.at_local(file.erase_on - timedelta(days=7))):
        jobs.erase_due(system("test"))
        assert CareFile.objects.filter(pk=file.pk).exists() and told("care.erase_soon") == [
            office.people["supervisor"].pk
        ]
    with time.frozen_at(time.at_local(file.erase_on)):
        assert jobs.erase_due(system("test")) == 1
    with connection.cursor() as cursor:
        for table in ("care_carefile", "care_need", "care_visit"):
            cursor.execute(f"select count(*) from {table}")
            assert cursor.fetchone() == (0,)
            cursor.execute(f"select count(*) from {table}event")
            assert cursor.fetchone() == (0,), table
    proof = AuditEntry.objects.get(event="records.erase", object_id=file.pk)
    assert "保存期满" in proof.reason and "陪伴" not in str(proof.detail)


def test_a_file_whose_term_is_over_is_not_kept_because_nobody_closed_it(office):
    file = office.file("recovery", ends_on=time.today() + timedelta(days=30))
    with time.frozen_at(time.now() + timedelta(days=70)):
        jobs.erase_due(system("test"))
    assert not CareFile.objects.filter(pk=file.pk).exists()


def test_what_was_opened_in_error_goes_at_once(office):
    key = office.file().pk
    actions.close_file(key, by=office["supervisor"], closing="error", note="重名")
    assert not CareFile.objects.filter(pk=key).exists()


def test_on_mondays_the_worker_hears_who_opened_his_file(office):
    file = office.file()
    actions.write_read(office["supervisor"], file, "needs", "supervisor")
    jobs.tell_readers(system("test"))
    message = Outgoing.objects.get(event="care.readers")
    assert message.user_id == office.people["worker"].pk and "温若水" in message.text


def test_thirty_one_pages_in_a_day_raise_an_alarm(office):
    file = office.file()
    for _ in range(30):
        actions.write_read(office["worker"], file, "needs", "worker")
    assert jobs.watch_readers() == 0
    actions.write_read(office["worker"], file, "needs", "worker")
    assert jobs.watch_readers() == 1 and Alarm.objects.get(kind="care_reading").actor_name == "江清和"


def test_visits_of_a_closed_file_are_called_off(office):
    file = office.file()
    actions.agree_visit(file.pk, by=office["worker"], on=time.today(), doer_id=office.people["worker"].pk)
    actions.close_file(file.pk, by=office["supervisor"], closing="met", note="好了")
    assert not Visit.objects.filter(made_on__isnull=True).exists()


def test_who_is_in_care_is_not_erased_with_the_register_and_his_helpers_hear_of_it(office):
    resident = office.resident("楚听澜")
    file = office.file("alone", resident)
    traced()
    long_ago = time.now() - timedelta(days=400)
    Resident.objects.filter(pk__in=[resident.pk, office.resident("不在册").pk]).update(removed_at=long_ago)
    assert purge() == 1, "the other one goes"
    assert CareFile.objects.filter(pk=file.pk).exists() and Resident.objects.filter(pk=resident.pk).exists()
    jobs.remind_removed(system("test"))
    jobs.remind_removed(system("test"))
    assert sorted(told("care.person_removed")) == sorted([file.worker_id, file.supervisor_id])


def test_a_merge_of_residents_does_not_tell_the_audit_who_is_in_care(office):
    born = ("37021119490307002", "37021119490307004")
    kept, gone = (office.resident("池向晚", sex="2", id_number=each + id_check_sign(each)) for each in born)
    file = office.file("alone", gone)
    registry = site.get("residents")
    rights = frozenset(registry.permission(name) for name in ("view", "edit", "delete"))
    keeper = replace(office["supervisor"], scope=Scope(everything=True), permissions=rights)
    merging.merge(registry, kept.pk, gone.pk, (), by=keeper, reason="同一人")
    file.refresh_from_db()
    assert file.resident_id == kept.pk
    said = str([(e.event, e.detail) for e in AuditEntry.objects.filter(object_id__in=[kept.pk, gone.pk])])
    assert "care" not in said.lower() and "其他" in said
