"""Keys of outer systems at the door (接入密钥)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection

from hezhi.engines.connect import keys
from hezhi.engines.connect.actions import change_key, create_key, rotate_key, withdraw_key
from hezhi.engines.connect.errors import BadSignature, OutOfScope, QuotaSpent, UnknownKey
from hezhi.engines.connect.jobs import tidy
from hezhi.engines.connect.keys import KeyActor, authenticate
from hezhi.engines.connect.models import ChannelKey, KeyUse, UsedNonce
from hezhi.engines.connect.queries import keys_for, used_today
from hezhi.engines.connect.tests.world import ADMIN, STRANGER, asked, make_key, signed
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    keys._held.clear()
    yield
    keys._held.clear()


# -- making ----------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_kept_as_a_digest() -> None:
    made = make_key()
    row = ChannelKey.objects.values().get()
    secret = made.key.partition(".")[2]
    assert secret not in str(row)
    assert secret not in repr(made)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM connect_channelkey k")
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT row_to_json(k)::text FROM connect_channelkeyevent k")
        history = cursor.fetchone()[0]
    for kept in (stored, history):
        assert not any(word in kept for word in (secret, made.signing_secret, made.webhook_secret))
    assert AuditEntry.objects.get(event="connect.create_key").object_id == made.row.pk


def test_only_who_looks_after_channels_makes_and_sees_keys() -> None:
    make_key()
    assert keys_for(ADMIN).count() == 1
    assert keys_for(STRANGER).count() == 0
    with pytest.raises(NotAllowed):
        make_key(by=STRANGER)


def test_every_wrong_field_is_told_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        create_key(
            by=ADMIN, name=" ", system="热线", source="hotline", scopes=[], quota_per_minute=0,
            webhook_url="ftp://x",
        )  # fmt: skip
    assert set(refused.value.fields) == {"name", "system", "scopes", "quota_per_minute", "webhook_url"}


# -- at the door -----------------------------------------------------------------------------------


def test_a_right_key_is_an_actor_who_sees_nothing_of_his_own() -> None:
    actor = authenticate(asked(make_key().key), "cases.report")
    assert isinstance(actor, KeyActor)
    assert (actor.kind, actor.name, actor.system, actor.source) == ("channel", "热线平台", "hotline-12345", "hotline")
    assert actor.may("cases.report")
    assert actor.scope.nothing
    assert actor.address == "127.0.0.1"


@pytest.mark.parametrize("wrong", ["", "nonsense", "hzXXXXXXXX.secret", ".", "a.b.c", "汉.字"])
def test_a_wrong_key_is_nobody(wrong: str) -> None:
    make_key()
    with pytest.raises(UnknownKey) as refused:
        authenticate(asked(wrong))
    assert refused.value.status == 401


def test_a_right_prefix_with_a_wrong_secret_is_nobody() -> None:
    made = make_key()
    with pytest.raises(UnknownKey):
        authenticate(asked(f"{made.row.prefix}.wrong"))
    assert not KeyUse.objects.exists()


def test_a_right_the_key_lacks_is_refused_by_name() -> None:
    with pytest.raises(OutOfScope, match=r"cases\.read"):
        authenticate(asked(make_key().key), "cases.report", "cases.read")


def test_a_withdrawn_key_ends_and_says_why_in_the_audit() -> None:
    made = make_key()
    authenticate(asked(made.key))
    with pytest.raises(BadInput):
        withdraw_key(made.row, by=ADMIN, reason=" ")
    withdraw_key(made.row, by=ADMIN, reason="合作终止")
    with pytest.raises(UnknownKey):
        authenticate(asked(made.key))
    assert AuditEntry.objects.get(event="connect.withdraw_key").reason == "合作终止"


def test_old_and_new_key_work_side_by_side_for_a_day(clock: time.FrozenClock) -> None:
    old = make_key()
    new = rotate_key(old.row, by=ADMIN)
    assert authenticate(asked(old.key)).system == authenticate(asked(new.key)).system
    clock.advance(hours=24)
    authenticate(asked(new.key))
    with pytest.raises(UnknownKey):
        authenticate(asked(old.key))
    with pytest.raises(NotNow):
        rotate_key(old.row, by=ADMIN)
    assert ChannelKey.objects.get(pk=old.row.pk).replaced_by_id == new.row.pk


def test_changed_rights_hold_at_once_in_this_process() -> None:
    made = make_key()
    authenticate(asked(made.key))
    change_key(
        made.row, by=ADMIN, name="热线", scopes=["cases.read"], quota_per_minute=60, must_sign=False, webhook_url=""
    )
    with pytest.raises(OutOfScope):
        authenticate(asked(made.key), "cases.report")


def test_a_key_costs_no_question_while_it_is_known(django_assert_num_queries) -> None:
    made = make_key(quota_per_minute=600)
    authenticate(asked(made.key))
    with time.frozen_at(time.now()):
        authenticate(asked(made.key))
        with django_assert_num_queries(0):
            for _ in range(10):
                authenticate(asked(made.key))


# -- quota -----------------------------------------------------------------------------------------


def test_beyond_the_quota_it_says_when_to_come_back(clock: time.FrozenClock) -> None:
    made = make_key(quota_per_minute=3)
    clock.advance(seconds=20)
    for _ in range(3):
        authenticate(asked(made.key))
    with pytest.raises(QuotaSpent) as refused:
        authenticate(asked(made.key))
    assert (refused.value.status, refused.value.retry_after) == (429, 40)
    clock.advance(seconds=40)
    authenticate(asked(made.key))
    assert list(KeyUse.objects.order_by("minute").values_list("count", flat=True)) == [3, 1]


@pytest.mark.usefixtures("clock")
def test_a_large_quota_is_written_in_steps_and_still_holds() -> None:
    made = make_key(quota_per_minute=500)
    done = 0
    with pytest.raises(QuotaSpent):
        while True:
            authenticate(asked(made.key))
            done += 1
    assert done == 500
    assert 490 <= used_today(made.row) <= 500


def test_last_use_is_written_once_a_minute_and_leaves_no_history(clock: time.FrozenClock) -> None:
    made = make_key(quota_per_minute=5)
    first = clock.moment
    authenticate(asked(made.key))
    clock.advance(seconds=30)
    authenticate(asked(made.key))
    assert ChannelKey.objects.get().last_used_at == first
    clock.advance(seconds=40)
    authenticate(asked(made.key))
    assert ChannelKey.objects.get().last_used_at == clock.moment
    assert made.row.versions.count() == 1


# -- signature -------------------------------------------------------------------------------------


def test_a_signed_request_is_taken_once() -> None:
    made = make_key(must_sign=True)
    headers = signed(made)
    authenticate(asked(made.key, **headers))
    with pytest.raises(BadSignature, match="已经处理过"):
        authenticate(asked(made.key, **headers))


@pytest.mark.parametrize(
    "tampered",
    [
        {"body": b'{"amount": 2}'},
        {"X-Hezhi-Signature": "0" * 64},
        {"X-Hezhi-Signature": ""},
        {"X-Hezhi-Nonce": "other-nonce"},
        {"X-Hezhi-Nonce": "x"},
        {"X-Hezhi-Timestamp": "1700000000"},
    ],
)
def test_a_changed_request_is_refused(tampered: dict) -> None:
    made = make_key(must_sign=True)
    headers = signed(made) | {name: value for name, value in tampered.items() if name != "body"}
    with pytest.raises(BadSignature):
        authenticate(asked(made.key, tampered.get("body", b"{}"), **headers))
    assert not UsedNonce.objects.exists()


def test_an_old_request_is_refused_and_an_unsigned_one_too() -> None:
    made = make_key(must_sign=True)
    for headers in (signed(made, at=-301), signed(made, path="/api/v1/other"), {}):
        with pytest.raises(BadSignature):
            authenticate(asked(made.key, **headers))


def test_nonces_are_forgotten_when_no_clock_would_take_them() -> None:
    made = make_key(must_sign=True)
    authenticate(asked(made.key, **signed(made)))
    with time.frozen_at(time.now() + timedelta(minutes=9)):
        assert tidy() == 0
    with time.frozen_at(time.now() + timedelta(minutes=11)):
        assert tidy() == 1
