"""9.1.3-3-4: a video in an article, given out in parts after the check; an article pushed once, and taken back in time."""

from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from hezhi.chapters.grassroots import party as room
from hezhi.chapters.grassroots.party import actions
from hezhi.chapters.grassroots.party.models import Article, ArticleVideo
from hezhi.chapters.grassroots.party.queries import receivers
from hezhi.chapters.grassroots.party.tests.test_articles import picture, written
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role, Unit
from hezhi.engines.org.testkit import make_officer, make_role
from hezhi.engines.reach.api import load_templates
from hezhi.engines.reach.delivery import deliver_inbox, deliver_outside
from hezhi.engines.reach.models import InboxMessage, LocalCopy, Outgoing
from hezhi.engines.records import files, store
from hezhi.engines.records.playing import asked_part
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow

pytestmark = pytest.mark.clause("9.1.3-3-4")
FILM = (Path(room.__file__).parent / "data" / "film.webm").read_bytes()


def film(content: bytes = FILM, name: str = "样例.webm") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="video/webm")


def published(party, **more) -> Article:
    row = written(party, body="志愿者清扫了楼道。", **more)
    party.answer(actions.submit(row, by=party.by(party.secretary)), party.officer)
    row.refresh_from_db()
    return row


def test_a_video_is_looked_through_and_given_out_in_parts_after_the_check(party, monkeypatch) -> None:
    monkeypatch.setattr(files, "PIECE", 1000)
    monkeypatch.setattr(files, "_SEALED_PIECE", 1028)
    row = written(party, body="志愿者清扫了楼道。")
    desk, tab = party.browser(party.secretary), f"/r/party-articles/{row.pk}/?tab=video"
    wrong = desk.post(
        tab, {"video": film(b"<script>1</script>"), "poster": picture(), "title": "清扫楼道", "transcript": "大家好"}
    )
    assert wrong.status_code == 422 and "大家好" in wrong.content.decode()
    assert (
        desk.post(
            tab, {"video": film(), "poster": picture(), "title": "清扫楼道", "transcript": "请打 13900001234"}
        ).status_code
        == 302
    )
    with pytest.raises(NotNow, match="电话号码"):  # what is said in the video is published too
        actions.submit(row, by=party.by(party.secretary))
    assert desk.post(tab, {"drop": "1"}).status_code == 302
    assert (
        desk.post(tab, {"video": film(), "poster": picture(), "title": "清扫楼道", "transcript": "大家好"}).status_code
        == 302
    )
    kept = ArticleVideo.objects.get()
    assert b"webm" not in store.get(kept.file.file)
    url, citizen = f"/c/news/{row.pk}/video/", Client()
    assert citizen.get(url).status_code == 404 and desk.get(f"/party/articles/{row.pk}/video/").status_code == 200
    assert party.browser(party.comrade).get(f"/party/articles/{row.pk}/video/").status_code == 403
    party.answer(actions.submit(row, by=party.by(party.secretary)), party.officer)
    page = citizen.get(f"/c/news/{row.pk}/").content.decode()
    assert "<video controls" in page and "autoplay" not in page and "大家好" in page
    whole = citizen.get(url)
    assert (whole.status_code, whole["Content-Type"], whole["X-Content-Type-Options"]) == (200, "video/webm", "nosniff")
    assert b"".join(whole.streaming_content) == FILM and whole["Accept-Ranges"] == "bytes"
    part = citizen.get(url, headers={"range": "bytes=990-2010"})
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 990-2010/{len(FILM)}")
    assert b"".join(part.streaming_content) == FILM[990:2011]
    assert b"".join(citizen.get(url, headers={"range": "bytes=-5"}).streaming_content) == FILM[-5:]
    assert citizen.get(url, headers={"range": f"bytes={len(FILM)}-"}).status_code == 416
    assert files.content_of(kept.file) == FILM
    with pytest.raises(NotNow, match="不能再改"):
        actions.drop_video(row, by=party.by(party.secretary))
    actions.withdraw_article(row, by=party.by(party.officer), reason="内容有误（样例）")
    assert citizen.get(url).status_code == 404 and citizen.get(f"/c/news/{row.pk}/poster/").status_code == 404


size = st.integers(1, 5000)


@settings(deadline=None, max_examples=120)
@given(size, st.one_of(st.none(), st.integers(0, 6000)), st.one_of(st.none(), st.integers(0, 6000)))
def test_a_part_lies_inside_and_is_what_was_asked_for(size: int, first: int | None, last: int | None) -> None:
    told = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    try:
        part = asked_part(told, size)
    except ValueError:
        assert (last == 0 and first is None) or (first or 0) >= size
        return
    if part is None:
        assert first is last is None or (first is not None and last is not None and last < first)
        return
    assert 0 <= part[0] <= part[1] < size
    assert part[0] == first or (first is None and part[0] == max(size - (last or 0), 0))


@pytest.fixture
def grid(party):
    """Two grid workers of the first community, and the words of messages."""
    load_templates(by=system("测试"))
    role = Role.objects.filter(code="grid_worker").first() or make_role(
        "grid_worker", ["party.take_part", "reach.inbox"]
    )
    unit = Unit.objects.get(area=party.quarter.community)
    return [make_officer(f"walker{n}", role, unit, f"样例网格员{n}") for n in (1, 2)]


def test_an_article_is_pushed_once_to_each_and_nobody_gets_it_who_wants_none(party, grid) -> None:
    row, by = published(party), party.by(party.officer)
    with pytest.raises(NotAllowed):
        actions.push_article(row, by=party.by(party.secretary), to="grid")
    quiet = party.browser(grid[0])
    assert "关闭推送" in quiet.get("/party/news/").content.decode()
    assert quiet.post("/party/news/choose/", {"wanted": "0"}).status_code == 302
    desk, push = party.browser(party.officer), f"/party/articles/{row.pk}/push/"
    assert desk.post(push, {"to": "grid"}).status_code == 302
    assert desk.post(push, {"to": "grid"}).status_code == 422
    with pytest.raises(NotNow, match="不重复推送"):
        actions.push_article(row, by=by, to="grid")
    with pytest.raises(BadInput):
        actions.push_article(row, by=by, to="officers")
    assert desk.post(push, {"to": "officers", "roles": ["walker"]}).status_code == 302
    assert desk.post(push, {"to": "citizens"}).status_code == 302
    # one more closes them after the push, before the message leaves: the last word counts
    party.browser(party.passer_by).post("/party/news/choose/", {"wanted": "0"})
    assert deliver_inbox() >= 3 and deliver_outside() == 1
    told = dict(InboxMessage.objects.filter(outgoing__event="party.article").values_list("user", "link"))
    assert told[grid[1].pk] == f"/g/party/news/{row.pk}/" and told[party.comrade.pk] == f"/party/news/{row.pk}/"
    assert not {grid[0].pk, party.passer_by.pk} & set(told)
    assert party.browser(party.comrade).get(f"/party/news/{row.pk}/").status_code == 200
    assert Outgoing.objects.get(user=party.passer_by, event="party.article").state == "dropped"
    copy = LocalCopy.objects.get()  # citizens: one message to the column's own subscribers, and no number of anybody
    assert (copy.channel, copy.receiver) == ("ai_shandong", "栏目 party-news 的订阅者")
    tab = desk.get(f"/r/party-articles/{row.pk}/?tab=pushes").content.decode()
    assert "市民订阅者" in tab and "撤回未发出的" not in tab
    with pytest.raises(NotNow, match="都已发出"):
        actions.withdraw_push(row.pushes.get(to="grid"), by=by)
    feed = Client().get("/c/news/feed/party-news.atom")
    assert "党员志愿清扫（样例）" in "".join(ElementTree.fromstring(feed.content).itertext())
    assert "sessionid" not in feed.cookies


def test_what_has_not_left_is_taken_back_by_hand_or_with_the_article(party, grid) -> None:
    begins = time.local(time.now()) + timedelta(hours=2)
    row, by = published(party, shows_from=begins.strftime("%Y-%m-%dT%H:%M")), party.by(party.officer)
    first = actions.push_article(row, by=by, to="grid")
    second = actions.push_article(row, by=by, to="citizens")
    everybody = len(receivers(by, "grid"))
    assert (first.letters, first.leaves_at) == (everybody, row.shows_from) and everybody >= 2
    deliver_inbox()
    assert deliver_outside() == 0 and not InboxMessage.objects.filter(outgoing__event="party.article").exists()
    desk = party.browser(party.officer)
    assert f"待发 {everybody}" in desk.get(f"/r/party-articles/{row.pk}/?tab=pushes").content.decode()
    assert desk.post(f"/party/articles/{row.pk}/pushes/{first.pk}/withdraw/").status_code == 302
    actions.withdraw_article(row, by=by, reason="内容有误（样例）")
    second.refresh_from_db()
    assert second.withdrawn == 1
    with time.frozen_at(begins.astimezone(time.UTC) + timedelta(minutes=1)):
        deliver_inbox()
        assert deliver_outside() == 0 and not InboxMessage.objects.filter(outgoing__event="party.article").exists()
    assert set(Outgoing.objects.filter(event="party.article").values_list("state", flat=True)) == {"dropped"}
