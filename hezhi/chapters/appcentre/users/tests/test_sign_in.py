"""Signing in, as the person at the door sees it (GB/T 22239-2019 8.1.4.1)."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from hezhi.engines.org import failures
from hezhi.engines.org.models import SessionSeat, SignInFailure, User
from hezhi.engines.org.sign_in import address_of, is_relayed
from hezhi.engines.org.testkit import PASSWORD, enter, hold, make_role, make_unit, make_user
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time

pytestmark = [pytest.mark.django_db, pytest.mark.clause("12.3-1")]
SORRY = "登录没有成功"


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def text_of(response) -> str:
    return response.content.decode()


def test_a_page_asks_to_sign_in_and_then_opens(client, knock, settings, officer):
    settings.DEMO = True
    response = client.get("/account/?tab=1")
    assert response.status_code == 302
    assert response.url == "/accounts/login/?next=%2Faccount%2F%3Ftab%3D1"
    response = knock("LinYuTong", next="/account/?tab=1")
    assert response.url == "/account/?tab=1"
    assert "林雨桐" in text_of(client.get("/account/"))


def test_the_way_back_never_leads_to_another_site(client, knock, settings, officer):
    settings.DEMO = True
    assert knock("linyutong", next="https://example.com/").url == "/"


def test_every_failure_has_the_same_sentence(knock, officer):
    make_user("closed.one", is_active=False)
    make_user("expired.one", expires_at=time.now() - timedelta(minutes=1))
    make_user("unused.one", last_seen_at=time.now() - timedelta(days=90))
    tries = [
        ("linyutong", "wrong"),
        ("nobody", PASSWORD),
        *[(n, PASSWORD) for n in ("closed.one", "expired.one", "unused.one")],
    ]
    sentences = set()
    for name, password in tries:
        page = text_of(knock(name, password))
        assert SORRY in page
        sentences.add(page[page.index(SORRY) : page.index(SORRY) + 60])
    assert len(sentences) == 1


def test_five_failures_lock_the_account_for_half_an_hour(clock, client, knock, settings, officer):
    settings.DEMO = True
    for n in range(5):
        knock("linyutong", "wrong", address=f"10.0.0.{n}")
    assert SORRY in text_of(knock("linyutong", address="10.0.0.9"))
    clock.advance(minutes=29)
    knock("linyutong")
    assert not is_in(client)
    clock.advance(minutes=1)
    knock("linyutong")
    assert is_in(client)


@pytest.mark.usefixtures("clock")
def test_tries_during_a_lock_do_not_make_it_longer(knock, officer):
    for _ in range(9):
        knock("linyutong", "wrong")
    assert SignInFailure.objects.filter(login_name="linyutong").count() == 5


def test_twenty_failures_from_one_address_close_it_for_everybody_there(clock, client, knock, settings, officer):
    settings.DEMO = True
    SignInFailure.objects.bulk_create(
        SignInFailure(login_name=f"guess{n}", address="10.9.9.9", at=clock.moment) for n in range(20)
    )
    knock("linyutong", address="10.9.9.9")
    assert not is_in(client)
    knock("linyutong", address="10.9.9.8")
    assert is_in(client)


def test_a_full_sign_in_clears_the_count(client, knock, settings, officer):
    settings.DEMO = True
    for _ in range(4):
        knock("linyutong", "wrong")
    knock("linyutong")
    assert is_in(client)
    assert not SignInFailure.objects.filter(login_name="linyutong").exists()


def test_an_address_behind_a_trusted_proxy_is_the_one_it_forwards(rf, settings):
    request = rf.get("/", REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="203.0.113.5, 10.0.0.2")
    assert address_of(request) == "192.0.2.7"
    settings.TRUSTED_PROXIES = ["192.0.2.0/24", "10.0.0.0/8"]
    assert address_of(request) == "203.0.113.5"
    assert address_of(rf.get("/", REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="rubbish")) is None


def test_an_address_written_as_ipv6_is_still_that_of_the_proxy(rf, settings):
    settings.TRUSTED_PROXIES = ["192.0.2.7"]
    request = rf.get("/", REMOTE_ADDR="::ffff:192.0.2.7", HTTP_X_FORWARDED_FOR="198.51.100.9, 203.0.113.5")
    assert address_of(request) == "203.0.113.5", "what the visitor wrote himself stands further left"
    assert not is_relayed(request) and is_relayed(rf.get("/", REMOTE_ADDR="192.0.2.8", HTTP_X_FORWARDED_FOR="1.2.3.4"))


@pytest.mark.parametrize("names", [["#{n}"], ["@{n}", "#w{n}", "#m{n}"]])
def test_wrong_public_codes_do_not_lock_the_staff_behind_the_same_address(
    clock, client, knock, settings, officer, names
):
    settings.DEMO = True
    SignInFailure.objects.bulk_create(
        SignInFailure(login_name=name.format(n=n), address="10.9.9.9", at=clock.moment)
        for n in range(20)
        for name in names
    )
    assert failures.is_locked("#another", "10.9.9.9", clock.moment), "public codes are locked there"
    knock("linyutong", address="10.9.9.9")
    assert is_in(client)


def test_wrong_passwords_do_not_lock_public_codes_and_a_strange_name_is_none(clock, knock, officer):
    for n in range(20):
        knock(f"#guess{n}", "wrong", address="10.9.9.9")
    assert not SignInFailure.objects.filter(login_name__startswith="#").exists()
    assert not failures.is_locked("#another", "10.9.9.9", clock.moment)
    assert failures.is_locked("linyutong", "10.9.9.9", clock.moment)


def test_a_stranger_at_the_public_door_locks_the_public_door_alone(client, knock, settings, officer):
    settings.DEMO = True
    for n in range(21):
        page = client.post("/c/follow/", {"number": f"A{n}", "code": "wrong"}, REMOTE_ADDR="10.9.9.9")
    assert "查询次数过多" in text_of(page)
    knock("linyutong", address="10.9.9.9")
    assert is_in(client)


def test_a_sign_in_through_a_proxy_that_nobody_named_leaves_a_mark(client, settings, officer):
    settings.DEMO = True
    words = {"login": "linyutong", "password": PASSWORD}
    client.post("/accounts/login/", words, REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="203.0.113.5")
    assert is_in(client)
    assert AuditEntry.objects.get(event="users.sign_in", result="ok").detail == {"relayed": True}


def test_fifteen_idle_minutes_end_the_session_and_say_so(clock, client, officer):
    enter(client, officer)
    clock.advance(minutes=14)
    assert client.get("/account/").status_code == 200
    clock.advance(minutes=14)
    assert client.get("/account/").status_code == 200
    clock.advance(minutes=15)
    response = client.get("/account/")
    assert "why=idle" in response.url
    assert not is_in(client)
    assert "15 分钟没有操作" in text_of(client.get(response.url))


def test_beats_and_polls_do_not_keep_a_session_awake(clock, client, officer):
    enter(client, officer)
    for _ in range(2):
        clock.advance(minutes=7)
        client.get("/account/", headers={"X-Hezhi-Beat": "1"})
    clock.advance(minutes=1)
    assert "why=idle" in client.get("/account/").url


def test_a_view_marked_as_a_beat_does_not_count_as_the_person(rf):
    from types import SimpleNamespace

    from hezhi.engines.org.rights import beat, needs
    from hezhi.engines.org.sessions import is_beat

    for view in (beat(needs("cases.view")(lambda request: None)), needs("cases.view")(beat(lambda request: None))):
        request = rf.get("/")
        request.resolver_match = SimpleNamespace(func=view)
        assert is_beat(request)


def test_twelve_hours_end_a_session_however_busy_it_is(clock, client, officer):
    enter(client, officer)
    for _ in range(12 * 6 - 1):
        clock.advance(minutes=10)
        assert client.get("/account/").status_code == 200
    clock.advance(minutes=10)
    assert "why=absolute" in client.get("/account/").url


def test_a_new_sign_in_ends_the_old_session_with_a_sentence(officer):
    old, new = Client(), Client()
    enter(old, officer)
    assert old.get("/account/").status_code == 200
    enter(new, officer)
    response = old.get("/account/")
    assert "why=elsewhere" in response.url
    assert "另一处登录" in text_of(old.get(response.url))
    assert new.get("/account/").status_code == 200
    assert SessionSeat.objects.filter(user=officer).count() == 1


def test_desk_and_phone_are_two_channels(settings, officer):
    settings.DEMO = True
    desk, phone = Client(), Client()
    for client, way in ((desk, "/"), (phone, "/g/")):
        client.post("/accounts/login/", {"login": "linyutong", "password": PASSWORD, "next": way})
    assert desk.get("/account/").status_code == phone.get("/account/").status_code == 200
    assert set(SessionSeat.objects.values_list("channel", flat=True)) == {"officer", "gridworker"}


def test_signing_out_leaves_nothing_on_the_server(client, officer):
    enter(client, officer)
    key = client.session.session_key
    response = client.post("/accounts/logout/")
    assert response.status_code == 302
    assert not Session.objects.filter(session_key=key).exists()
    assert client.get("/account/").status_code == 302


def test_a_closed_account_is_out_at_its_next_request(client, officer):
    enter(client, officer)
    from hezhi.engines.org.testkit import traced

    traced()
    User.objects.filter(pk=officer.pk).update(is_active=False)
    assert client.get("/account/").status_code == 302


def test_programs_get_a_letter_and_htmx_gets_a_direction(client):
    response = client.get("/account/", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "org.not_signed_in"
    response = client.post("/account/post/018f0000-0000-7000-8000-000000000000/", headers={
        "HX-Request": "true", "HX-Current-URL": "http://testserver/r/cases/?state=new",
    })  # fmt: skip
    assert response.status_code == 401
    assert response["HX-Redirect"] == "/accounts/login/?next=%2Fr%2Fcases%2F%3Fstate%3Dnew"


def test_a_first_password_must_be_changed_before_anything_else(client, knock, settings, officer):
    settings.DEMO = True
    User.objects.filter(pk=officer.pk).update(password_changed_at=time.now() - timedelta(days=180))
    knock("linyutong")
    response = client.get("/account/")
    assert response.url.startswith("/accounts/password/change/")
    new = "Mangrove+Bay-46"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new, "next": "/account/"}
    response = client.post("/accounts/password/change/", form)
    assert response.url == "/account/"
    assert client.get("/account/").status_code == 200
    officer.refresh_from_db()
    assert officer.check_password(new)
    assert not officer.must_change_password


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        (PASSWORD, "short", "short", "至少 12 位"),
        (PASSWORD, PASSWORD, PASSWORD, "最近 5 次"),
        ("wrong", "Mangrove+Bay-46", "Mangrove+Bay-46", "现用口令不正确"),
        (PASSWORD, "Mangrove+Bay-46", "Mangrove+Bay-47", "不一样"),
    ],
)
def test_a_password_page_says_what_is_wrong(client, officer, old, new, again, sentence):
    enter(client, officer)
    form = {"oldpassword": old, "password1": new, "password2": again}
    assert sentence in text_of(client.post("/accounts/password/change/", form))
    officer.refresh_from_db()
    assert officer.check_password(PASSWORD)


def test_the_seat_is_kept_when_the_password_changes(clock, client, officer):
    enter(client, officer)
    new = "Mangrove+Bay-46"
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    clock.advance(minutes=5)
    assert client.get("/account/").status_code == 200


def test_signing_in_and_failing_are_in_the_audit_without_what_was_typed(client, knock, settings, officer):
    settings.DEMO = True
    knock("linyutong", "my-secret-typed")
    knock("my-secret-typed", "x")
    knock("linyutong")
    client.post("/accounts/logout/")
    rows = list(AuditEntry.objects.order_by("id").values_list("event", "result", "object_id"))
    assert rows == [
        ("users.sign_in", "refused", officer.pk),
        ("users.sign_in", "refused", None),
        ("users.sign_in", "ok", officer.pk),
        ("users.sign_out", "ok", officer.pk),
    ]
    assert not [v for row in AuditEntry.objects.values() for v in row.values() if "my-secret" in str(v)]


def test_session_account_posts_and_scope_cost_three_queries(client, officer, django_assert_num_queries):
    town = make_unit("town9", "town", parent=make_unit())
    hold(officer, make_role("chief", ["cases.view"], reach="unit_tree"), town)
    enter(client, officer)
    session = client.session
    session["post"] = str(officer.holdings.get(post__unit=town).post_id)
    session.save()
    with django_assert_num_queries(3):  # refused as a letter, so nothing else is asked of the database
        response = client.get("/users/accounts/", headers={"Accept": "application/json"})
    assert response.status_code == 403


@pytest.mark.parametrize("state", ["idle", "due", "factorless"])
def test_on_a_public_page_a_session_that_is_over_or_unfinished_is_a_stranger(clock, rf, client, officer, state):
    from django.contrib.auth import get_user

    from hezhi.engines.org.actor import actor_of
    from hezhi.engines.org.sign_in import leave_when_over

    enter(client, officer)
    request = rf.get("/c/")
    request.resolver_match = None
    request.session = client.session
    request.user = get_user(request)
    request.actor = actor_of(request.user)
    leave_when_over(request)
    assert request.actor.kind == "staff"
    if state == "idle":
        clock.advance(minutes=15)
    elif state == "due":
        request.user.must_change_password = True
    else:
        del request.session["second_factor"]
    leave_when_over(request)
    assert request.actor.kind == "citizen"
