"""The second factor: staff reach no page without it, each code works once, secrets lie sealed (8.1.4.1 d)."""

import re
from unittest import mock

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache

from hezhi.engines.org.models import SignInFailure
from hezhi.engines.org.testkit import PASSWORD, enter
from hezhi.engines.records.models import AuditEntry

pytestmark = [pytest.mark.django_db(transaction=False), pytest.mark.clause("12.3-1")]
STEP = 59_000_000


@pytest.fixture(autouse=True)
def watch():
    """The authenticator's clock stands still; `watch.step` moves it on by half a minute."""

    class Watch:
        step = STEP

    one = Watch()
    with mock.patch("allauth.mfa.totp.internal.auth.time.time", lambda: one.step * 30):
        cache.clear()
        yield one
        cache.clear()


def code(secret: str, step: int = STEP) -> str:
    return format_hotp_value(hotp_value(secret, step))


def set_up(client, capture) -> str:
    """Walk the set-up pages as a person does; gives the secret on the phone."""
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page)[1]
    with capture(execute=True):
        response = client.post("/accounts/2fa/totp/activate/", {"code": code(secret)})
    assert response.url == "/accounts/2fa/recovery-codes/"
    return secret


@pytest.fixture
def phone(client, knock, officer, django_capture_on_commit_callbacks) -> str:
    """An officer who has set up his phone and signed out again; the secret on it."""
    knock("linyutong")
    secret = set_up(client, django_capture_on_commit_callbacks)
    client.post("/accounts/logout/")
    return secret


def is_in(client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("page", ["/", "/account/", "/users/accounts/"])
def test_no_page_opens_before_a_second_factor_is_set_up(client, knock, officer, page):
    knock("linyutong")
    response = client.get(page)
    assert response.url.startswith("/accounts/2fa/")
    assert "请至少设置下面一种" in client.get(response.url).content.decode()


def test_a_demonstration_only_offers_it(client, knock, settings, officer):
    settings.DEMO = True
    knock("linyutong")
    assert "不强制两步验证" in client.get("/account/").content.decode()


def test_after_setting_it_up_the_pages_open_and_recovery_codes_show_once(
    client, knock, officer, django_capture_on_commit_callbacks
):
    knock("linyutong")
    set_up(client, django_capture_on_commit_callbacks)
    page = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert len(re.findall(r"<li><code>\d{8}</code>", page)) == 10
    assert client.get("/account/").status_code == 200
    assert "<li><code>" not in client.get("/accounts/2fa/recovery-codes/").content.decode()


def test_the_secret_lies_sealed_in_the_database(phone, officer):
    for row in Authenticator.objects.filter(user=officer):
        assert phone not in str(row.data)
    assert Authenticator.objects.get(user=officer, type="totp").data["secret"].startswith("v1.")


def test_the_code_of_the_phone_opens_the_door(client, knock, phone, watch):
    watch.step += 1
    response = knock("linyutong", next="/account/")
    assert response.url == "/accounts/2fa/authenticate/"
    assert not is_in(client)
    response = client.post("/accounts/2fa/authenticate/", {"code": code(phone, watch.step)})
    assert response.url == "/account/"
    assert client.get("/account/").status_code == 200


def test_a_code_works_once_even_when_another_worker_hears_it(client, knock, phone, watch):
    watch.step += 1
    for entered in (True, False):
        cache.clear()  # another worker remembers nothing
        knock("linyutong")
        client.post("/accounts/2fa/authenticate/", {"code": code(phone, watch.step)})
        assert is_in(client) is entered
        client.post("/accounts/logout/")


def test_wrong_codes_lock_the_account_like_wrong_passwords(client, knock, phone, watch):
    watch.step += 1
    knock("linyutong")
    for _ in range(5):
        page = client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
        assert "验证码不正确" in page
    page = client.post("/accounts/2fa/authenticate/", {"code": code(phone, watch.step)}).content.decode()
    assert "输错次数过多" in page
    assert not is_in(client)
    assert SignInFailure.objects.filter(login_name="linyutong").count() == 5


def test_the_right_password_does_not_wipe_out_wrong_codes(client, knock, phone, watch):
    watch.step += 1
    for _ in range(5):
        knock("linyutong")
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
        client.post("/accounts/logout/")
    assert "登录没有成功" in knock("linyutong").content.decode()


def test_a_recovery_code_opens_the_door_once(client, knock, officer, django_capture_on_commit_callbacks):
    knock("linyutong")
    set_up(client, django_capture_on_commit_callbacks)
    page = client.get("/accounts/2fa/recovery-codes/").content.decode()
    spare = re.search(r"<li><code>(\d{8})</code>", page)[1]
    for entered in (True, False):
        client.post("/accounts/logout/")
        knock("linyutong")
        client.post("/accounts/2fa/authenticate/", {"code": spare})
        assert is_in(client) is entered


def test_removing_the_last_factor_leads_straight_to_a_new_one(client, officer, phone, knock, watch):
    watch.step += 1
    knock("linyutong")
    client.post("/accounts/2fa/authenticate/", {"code": code(phone, watch.step)})
    assert client.get("/account/").status_code == 200
    client.post("/accounts/2fa/totp/deactivate/")
    assert client.get("/account/").url.startswith("/accounts/2fa/")


def test_touching_the_second_factor_later_asks_for_a_proof_again(clock, client, officer):
    enter(client, officer)
    clock.advance(minutes=6)
    response = client.get("/accounts/2fa/totp/activate/")
    assert response.url.startswith("/accounts/reauthenticate/")
    assert "口令不正确" in client.post(response.url, {"password": "wrong"}).content.decode()
    back = client.post(response.url, {"password": PASSWORD})
    assert back.url == "/accounts/2fa/totp/activate/"


def test_setting_up_and_failing_are_in_the_audit(client, knock, phone, officer, watch):
    watch.step += 1
    knock("linyutong")
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    events = list(AuditEntry.objects.filter(object_id=officer.pk).values_list("event", "result"))
    assert ("users.add_second_factor", "ok") in events
    assert ("users.second_factor", "refused") in events
    assert events[-1] == ("users.second_factor", "refused")


def test_there_is_no_way_to_sign_up_or_to_reset_a_password_by_mail(client):
    for address in ("signup/", "password/reset/", "email/", "confirm-email/", "login/code/"):
        assert client.get(f"/accounts/{address}").status_code == 404
