"""What is worded once gives the same rows as the ORM, and never a row to somebody who has lost the right to it."""

from uuid import UUID

import pytest
from django.db import connection
from django.db.transaction import TransactionManagementError
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hezhi.chapters.cases.handling import queries
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.pages.beside import reads
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.chapters.cases.supervision.models import Matter
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actor import Actor, Scope
from hezhi.engines.org.models import Holding, Role, User
from hezhi.engines.org.session_store import SessionStore
from hezhi.engines.org.testkit import enter, traced
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.prepared import plain
from hezhi.ground.tables.worded import Given, Worded
from hezhi.wiring.tests.test_sql_counts import dispatched

pytestmark = pytest.mark.django_db


@pytest.fixture
def district(db: None) -> District:
    """The small district."""
    return build()


def seen(client: Client, case: UUID) -> int:
    """How the page of a case answers."""
    return client.get(reverse("case", args=[case])).status_code


def test_a_worded_query_gives_the_rows_the_orm_gives(district: District) -> None:
    case = dispatched(district, "light", "town1")
    rows = WorkOrder.objects.select_related("unit", "issued_by_unit", "holder")
    for order in rows.filter(matter_id=case):
        told = flow.order_of(order.pk)
        assert told is not None
        for field in WorkOrder._meta.concrete_fields:
            assert getattr(told, field.attname) == getattr(order, field.attname), field.attname
        assert (told.unit, told.issued_by_unit, told.holder) == (order.unit, order.issued_by_unit, order.holder)
    assert {order.pk for order in flow.orders_of(case)} == set(rows.filter(matter_id=case).values_list("pk", flat=True))


def test_each_asking_has_its_own_values(district: District) -> None:
    first, second = dispatched(district, "light"), dispatched(district, "light")
    by = district["light.handler"]
    assert [queries.case_for(by, case).pk for case in (first, second, first)] == [first, second, first]
    assert flow.order_of(first) is None  # the id of a case is none of an order


def test_the_page_of_a_case_brings_all_that_the_rooms_above_read(district: District) -> None:
    case, by = dispatched(district, "light"), district["centre.duty_chief"]
    told = queries.case_for(by, case, reads())
    plainly = Case.objects.annotate(**{n: v for read in reads() for n, v in read(by).items()}).get(pk=case)
    for name in plainly.__dict__.keys() - {"_state"}:
        if name in told.__dict__:
            assert getattr(told, name) == getattr(plainly, name), name
    assert {"visits", "exclusions", "commissions"} <= told.__dict__.keys()


def test_who_loses_his_post_loses_the_case_at_once(district: District) -> None:
    case, person = dispatched(district, "light"), district.people["light.handler"]
    client = enter(Client(), person)
    assert seen(client, case) == 200 and seen(client, case) == 200
    traced()
    Holding.objects.filter(user=person).update(valid_to=time.now())
    assert seen(client, case) == 403
    Holding.objects.filter(user=person).update(valid_to=None)
    assert seen(client, case) == 200


def test_whose_reach_grows_smaller_loses_the_case_at_once(district: District) -> None:
    case, client = dispatched(district, "light"), enter(Client(), district.people["centre.dispatcher"])
    assert seen(client, case) == 200
    traced()
    Role.objects.filter(code="dispatcher").update(reach=Role.Reach.OWN_UNIT)
    Case.objects.filter(pk=case).update(units=[district.units["light"].pk], lead_unit=district.units["light"])
    assert seen(client, case) == 404
    Role.objects.filter(code="dispatcher").update(reach=Role.Reach.DISTRICT)
    assert seen(client, case) == 200


def test_a_case_that_leaves_the_scope_leaves_the_page_at_once(district: District) -> None:
    case, by = dispatched(district, "light"), district["light.handler"]
    assert queries.case_for(by, case).pk == case
    traced()
    Case.objects.filter(pk=case).update(units=[district.units["water"].pk], lead_unit=district.units["water"])
    with pytest.raises(NotFound):
        queries.case_for(by, case)


def test_whose_unit_is_complained_of_is_kept_out_at_once(district: District) -> None:
    case, by = dispatched(district, "light"), district["light.handler"]
    assert queries.case_for(by, case).pk == case
    traced()
    Case.objects.filter(pk=case).update(secret=True, barred_unit=district.units["light"])
    with pytest.raises(NotFound):
        queries.case_for(by, case)


def test_what_a_right_brings_to_the_page_goes_with_the_right(district: District) -> None:
    case, client = dispatched(district, "light"), enter(Client(), district.people["centre.duty_chief"])
    chief = Role.objects.get(code="duty_chief")
    traced()
    Role.objects.filter(pk=chief.pk).update(permissions=[*chief.permissions, "supervision.view"])
    page = client.get(reverse("case", args=[case]))
    with_right = set(queries.case_for(page.wsgi_request.actor, case, reads()).__dict__)  # type: ignore[attr-defined]
    Role.objects.filter(pk=chief.pk).update(permissions=chief.permissions)
    page = client.get(reverse("case", args=[case]))
    without = set(queries.case_for(page.wsgi_request.actor, case, reads()).__dict__)  # type: ignore[attr-defined]
    assert with_right - without == {"supervisions"} and Matter.objects.count() == 0


def test_who_sees_nothing_is_given_nothing(district: District) -> None:
    case = dispatched(district, "light")
    with pytest.raises(NotFound):
        queries.case_for(Actor(name="示例甲", scope=Scope()), case)


def test_a_closed_account_and_a_new_post_are_seen_by_the_next_click(district: District) -> None:
    person = district.people["light.handler"]
    client = enter(Client(), person)
    assert client.get("/").status_code == 200
    traced()
    User.objects.filter(pk=person.pk).update(full_name="示例乙")
    assert "示例乙" in client.get("/").content.decode()
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get("/").status_code == 302


def test_a_query_with_a_moment_in_it_is_not_worded_once(district: District) -> None:
    rows = Worded(lambda: WorkOrder.objects.filter(matter_id=Given("case"), issued_at__gt=time.now()))
    with pytest.raises(TypeError):
        rows(case=dispatched(district, "light"))


def test_a_lock_is_refused_outside_a_transaction_at_the_second_asking_too(monkeypatch: pytest.MonkeyPatch) -> None:
    locking = Worded(lambda: WorkOrder.objects.select_for_update().filter(pk=Given("order")))
    assert locking(order=UUID(int=1)) == []
    monkeypatch.setattr(connection, "get_autocommit", lambda: True)  # as where no transaction is open
    with pytest.raises(TransactionManagementError):
        locking(order=UUID(int=1))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_a_list_of_texts_comes_to_the_database_as_it_is(db: None, told: list[str | None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [plain(told)])
        assert cursor.fetchone()[0] == told


def test_a_session_is_read_as_it_was_written_until_it_is_over() -> None:
    session = SessionStore()
    session["post"] = "示例"
    session.create()
    assert SessionStore(session.session_key)["post"] == "示例"
    session.set_expiry(-1)
    session.save()
    over = SessionStore(session.session_key)
    assert over.get("post") is None and over.session_key is None
    assert SessionStore("x" * 32).get("post") is None
