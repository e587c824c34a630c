"""A step that the database ends for the sake of another is done again, once (操作相撞): by the front door."""

import json
import threading
import time as machine
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from psycopg.errors import DeadlockDetected

from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import build
from hezhi.engines.flow.models import ToDo
from hezhi.engines.org.actor import system
from hezhi.engines.org.testkit import enter
from hezhi.engines.records.acting import acting
from hezhi.wiring.middleware import Letters


def somebody_waits() -> None:
    until = machine.monotonic() + 20
    with connection.cursor() as cursor:
        while True:
            cursor.execute("select count(*) from pg_locks where not granted")
            if cursor.fetchone()[0]:
                return
            assert machine.monotonic() < until, "the step waits for the to-do"
            machine.sleep(0.01)


@pytest.mark.usefixtures("committing_db", "clock")
def test_a_step_that_meets_work_of_many_cases_is_done_again_and_its_person_notices_nothing() -> None:
    with transaction.atomic():
        district = build()
        receipt = district.report()
        client = enter(Client(), district.people["centre.acceptor"])
    given = {"category": str(district.categories["0101"].pk), "urgency": "normal", "revision": "0"}
    answers: list[HttpResponse] = []

    def accept() -> None:
        try:
            answers.append(client.post(f"/cases/triage/{receipt.id}/", given))
        finally:
            connection.close()

    colleague = threading.Thread(target=accept)
    with transaction.atomic():
        ToDo.objects.select_for_update().get(object_id=receipt.id)
        colleague.start()
        somebody_waits()
        Case.objects.select_for_update().get(pk=receipt.id)  # each has now what the other wants
    colleague.join()
    assert [answer.status_code for answer in answers] == [302]
    assert Case.objects.get(pk=receipt.id).state == "to_dispatch"


def asked(view: Callable[[HttpRequest], HttpResponse]) -> HttpResponse | None:
    """What a person is told whose step collided, by the last of the house's doors."""
    request = RequestFactory().post("/anywhere/", {"text": "已修好"}, headers={"Accept": "application/json"})
    door = Letters(view)
    door.process_view(request, view, (), {})
    try:
        return view(request)
    except OperationalError as error:
        return door.process_exception(request, error)


def end_for_another() -> None:
    raise OperationalError("deadlock detected") from DeadlockDetected()


def test_who_meets_somebody_twice_is_asked_to_send_it_again() -> None:
    tries: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        tries.append(request.POST["text"])
        end_for_another()
        raise AssertionError

    answer = asked(view)
    assert answer is not None and answer.status_code == 409
    assert "请返回上一页" in json.loads(answer.content)["error"]["remedy"]
    assert tries == ["已修好", "已修好"]


@pytest.mark.django_db
def test_what_has_finished_one_step_is_not_begun_again() -> None:
    tries: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        tries.append(request.POST["text"])
        with acting(system("试"), verb="org.name_deputy"):
            pass
        end_for_another()
        raise AssertionError

    answer = asked(view)
    assert answer is not None and answer.status_code == 409
    assert tries == ["已修好"]


def test_other_faults_of_the_database_are_not_repeated() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise OperationalError("the server closed the connection")

    assert asked(view) is None
