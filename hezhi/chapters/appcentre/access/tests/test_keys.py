"""Keys of outer systems at the administrator's screen (接入渠道, 10.1-1-1)."""

import re
from datetime import timedelta

import pytest
from django.test import RequestFactory

from hezhi.engines.connect.errors import UnknownKey
from hezhi.engines.connect.keys import authenticate, forget
from hezhi.engines.connect.models import ChannelKey, Webhook
from hezhi.engines.org.testkit import enter, make_officer, make_role
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.registry import site
from hezhi.engines.registry.contract import World
from hezhi.ground import time
from hezhi.ground.ids import new_id

pytestmark = [pytest.mark.django_db, pytest.mark.clause("10.1-1-1")]

LIST = "/r/channel-keys/"
FORM = {
    "name": "区热线平台", "system": "hotline", "source": "hotline", "scopes": ["reports.write", "reports.read"],
    "quota_per_minute": "300", "must_sign": "on", "webhook_url": "https://hotline.example.com/news", "reason": "新平台上线",
}  # fmt: skip


def text_of(response) -> str:
    return response.content.decode()


def make(desk, **changed):
    return desk.post("/channels/keys/new/", FORM | {"token": str(new_id())} | changed)


def secrets_in(response) -> list[str]:
    return re.findall(r'id="secret-\d" value="([^"]+)"', text_of(response))


def knocks(key: str) -> bool:
    forget()
    try:
        authenticate(RequestFactory().get("/api/v1/reports/", headers={"Authorization": f"Bearer {key}"}))
    except UnknownKey:
        return False
    return True


def test_a_new_key_opens_the_door_and_its_secrets_are_shown_once(desk) -> None:
    made = make(desk, must_sign="")
    key, signing, hook = secrets_in(made)
    assert "只显示这一次" in text_of(made)
    assert made["Cache-Control"] == "no-store"
    assert knocks(key)
    row = ChannelKey.objects.get(system="hotline")
    for page in (f"/channels/keys/{row.pk}/", LIST, f"/channels/keys/{row.pk}/change/"):
        shown = text_of(desk.get(page))
        assert row.prefix in shown or page != f"/channels/keys/{row.pk}/"
        assert not any(secret in shown for secret in (key.partition(".")[2], signing, hook))
    entry = AuditEntry.objects.get(event="connect.create_key")
    assert entry.reason == "新平台上线" and key.partition(".")[2] not in str(entry.detail)


def test_a_form_sent_twice_makes_one_key_and_says_so(desk) -> None:
    token = str(new_id())
    make(desk, token=token)
    again = make(desk, token=token)
    assert ChannelKey.objects.count() == 1
    assert again.status_code == 422 and "轮换一把新的" in text_of(again) and not secrets_in(again)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "必填"),
        ({"valid_to": "2020-01-01T08:00"}, "有效期应晚于现在"),
        ({"system": "热线"}, "系统代码须为"),
        ({"scopes": []}, "请至少选择一项权限"),
        ({"quota_per_minute": "0"}, "最少 1 次"),
        ({"webhook_url": "ftp://x"}, "地址须以 https:// 或 http:// 开头"),
        ({"reason": ""}, "请写明事由"),
    ],
)
def test_a_wrong_form_says_where_and_keeps_what_was_typed(desk, typed, sentence) -> None:
    answer = make(desk, **typed)
    assert answer.status_code == 422 and sentence in text_of(answer)
    assert "300" in text_of(answer) and not ChannelKey.objects.exists()


def test_after_a_rotation_old_and_new_work_side_by_side_for_a_day(desk) -> None:
    old_key = secrets_in(make(desk, must_sign=""))[0]
    old = ChannelKey.objects.get()
    made = desk.post(f"/channels/keys/{old.pk}/rotate/", {"reason": "例行轮换"})
    new_key = secrets_in(made)[0]
    assert "旧密钥继续有效到" in text_of(made)
    assert knocks(old_key) and knocks(new_key)
    page = text_of(desk.get(f"/channels/keys/{old.pk}/"))
    assert "旧密钥" in page and old.prefix in page and new_key.partition(".")[0] in page
    assert f"/channels/keys/{old.pk}/rotate/" not in page, "a key is rotated once"
    with time.frozen_at(time.now() + timedelta(hours=24, seconds=1)):
        assert not knocks(old_key) and knocks(new_key)


def test_a_withdrawn_key_opens_nothing_and_the_reason_is_kept(desk) -> None:
    key = secrets_in(make(desk, must_sign=""))[0]
    row = ChannelKey.objects.get()
    assert desk.post(f"/channels/keys/{row.pk}/withdraw/", {"reason": ""}).status_code == 422
    assert desk.post(f"/channels/keys/{row.pk}/withdraw/", {"reason": "平台下线"}).status_code == 302
    assert not knocks(key)
    page = text_of(desk.get(f"/channels/keys/{row.pk}/"))
    assert "已停用" in page and "平台下线" in page, "the history says why"
    assert "/withdraw/" not in page


def test_what_a_key_may_do_is_changed_with_a_reason(desk) -> None:
    make(desk)
    row = ChannelKey.objects.get()
    changed = {
        "name": "区热线平台二期",
        "scopes": ["reports.read"],
        "quota_per_minute": "60",
        "webhook_url": "",
        "reason": "收窄",
    }
    assert desk.post(f"/channels/keys/{row.pk}/change/", changed).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.scopes, row.must_sign, row.webhook_url) == ("区热线平台二期", ["reports.read"], False, "")
    assert "查询本系统上报事件的进度" in text_of(desk.get(LIST)) and "区热线平台二期" in text_of(desk.get(LIST))


def test_others_find_no_key(client, desk) -> None:
    make(desk)
    row = ChannelKey.objects.get()
    stranger = enter(client, make_officer("stranger", make_role("acceptor", ["cases.view"])))
    for page in (f"/channels/keys/{row.pk}/", "/channels/", "/channels/keys/new/", LIST):
        assert stranger.get(page).status_code == 403
    assert stranger.post(f"/channels/keys/{row.pk}/withdraw/", {"reason": "x"}).status_code == 403


def test_the_registry_shows_no_secret_and_offers_no_machine_interface(db) -> None:
    world = World(site.get("channel-keys"))
    key = world.rows()[0]
    page = text_of(world.get(world.registry.url()))
    for secret in ("digest", "signing_secret", "webhook_secret"):
        assert secret not in world.registry.columns
        assert not getattr(key, secret) or str(getattr(key, secret)) not in page
    assert world.get(world.registry.rest_url()).status_code == 404


# --- news -----------------------------------------------------------------------------------------


@pytest.fixture
def waiting(desk) -> Webhook:
    """News that failed twice and waits for its third try."""
    make(desk)
    moment = time.now()
    return Webhook.objects.create(
        key=ChannelKey.objects.get(), event="case.changed", body={"number": "SJ26112200001", "state_name": "办理中"},
        created_at=moment, next_try_at=moment + timedelta(minutes=5), tries=2, last_answer="对方未接收（500）",
    )  # fmt: skip


def test_the_log_shows_state_tries_next_try_and_the_last_answer(desk, waiting) -> None:
    page = text_of(desk.get(f"/channels/keys/{waiting.key_id}/"))
    for words in ("SJ26112200001", "待推送", "2 次", "对方未接收（500）", "下次"):
        assert words in page
    assert "SJ26112200001" in text_of(desk.get("/channels/?state=waiting"))
    assert "SJ26112200001" not in text_of(desk.get("/channels/?state=delivered"))


def test_news_can_be_tried_at_once_given_up_and_taken_up_again(desk, waiting) -> None:
    desk.post(f"/channels/deliveries/{waiting.pk}/again/")
    waiting.refresh_from_db()
    assert waiting.next_try_at <= time.now() and waiting.tries == 0
    assert desk.post(f"/channels/deliveries/{waiting.pk}/give-up/", {"reason": ""}).status_code == 422
    desk.post(f"/channels/deliveries/{waiting.pk}/give-up/", {"reason": "对方系统已停用"})
    waiting.refresh_from_db()
    assert waiting.given_up_at is not None
    page = text_of(desk.get(f"/channels/keys/{waiting.key_id}/?state=given_up"))
    assert "对方系统已停用" in page and "重新推送" in page
    desk.post(f"/channels/deliveries/{waiting.pk}/again/")
    waiting.refresh_from_db()
    assert waiting.given_up_at is None


def test_delivered_news_are_neither_pushed_again_nor_given_up(desk, waiting) -> None:
    Webhook.objects.filter(pk=waiting.pk).update(delivered_at=time.now())
    for step in ("again", "give-up"):
        answer = desk.post(f"/channels/deliveries/{waiting.pk}/{step}/", {"reason": "x"})
        assert "对方已经接收" in text_of(answer)


def test_long_logs_come_in_pages(desk, waiting) -> None:
    moment = time.now()
    Webhook.objects.bulk_create(
        Webhook(key=waiting.key, event="case.changed", body={"number": f"SJ{n:05d}"}, tries=1,
                created_at=moment - timedelta(minutes=n), next_try_at=moment) for n in range(1, 41)
    )  # fmt: skip
    page = text_of(desk.get("/channels/"))
    further = re.search(r'href="(\?after=[^"]+)">下一页', page)
    assert further is not None
    second = text_of(desk.get("/channels/" + further[1].replace("&amp;", "&")))
    shown = [set(re.findall(r"SJ\d+", text)) for text in (page, second)]
    assert len(shown[0]) == 30 and len(shown[1]) == 11 and not shown[0] & shown[1]
