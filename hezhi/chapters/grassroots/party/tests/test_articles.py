"""9.1.3-3-4: an article is cleaned, checked by two, shown from a minute on in both channels, withdrawn with its trace."""

import io
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hezhi.chapters.grassroots.party import actions, rules
from hezhi.chapters.grassroots.party.actions.articles import cleaned, shown
from hezhi.chapters.grassroots.party.models import Article, NewsColumn
from hezhi.chapters.grassroots.registers.registries.people import example_number
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import site
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow

pytestmark = pytest.mark.clause("9.1.3-3-4")
PASTED = '<p class="MsoNormal" style="color:red" onclick="steal()">清扫<b>楼道</b></p><script>steal()</script><a href="javascript:steal()">看</a>'


def written(party, **more) -> Article:
    """An article in the editor's draft."""
    told = {
        "column": str(NewsColumn.objects.get(code="party-news").pk), "title": "党员志愿清扫（样例）", "source": "样例党支部", "body": PASTED,
        "audiences": ["public", "grid"], "shows_from": time.local(time.now()).strftime("%Y-%m-%dT%H:%M"), "shows_until": "",
    }  # fmt: skip
    return registry_actions.create(site.get("party-articles"), told | more, by=party.by(party.secretary))


def picture() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (20, 90, 160)).save(out, "JPEG")
    return SimpleUploadedFile("样例.jpg", out.getvalue(), content_type="image/jpeg")


def test_what_could_run_vanishes_and_what_is_personal_stops_the_article(party) -> None:
    row = written(party)
    assert "script" not in row.body + row.html and "style" not in row.html and "onclick" not in row.html
    assert "<p>清扫楼道</p>" in row.html and "javascript" not in row.html
    party.change(row, "party-articles", body=f"联系人证件 {example_number(7)}")
    with pytest.raises(NotNow, match="身份证号"):
        actions.submit(row, by=party.by(party.secretary))
    party.change(row, "party-articles", body="志愿者清扫了楼道。\n\n欢迎参加 <3")
    row.refresh_from_db()
    assert row.html == "<p>志愿者清扫了楼道。</p><p>欢迎参加 &lt;3</p>"
    desk = party.browser(party.secretary)
    tab = f"/r/party-articles/{row.pk}/?tab=pictures"
    assert desk.post(tab, {"picture": picture()}).status_code == 302
    with pytest.raises(NotNow, match="说明文字"):
        actions.submit(row, by=party.by(party.secretary))
    [kept] = row.pictures.all()
    assert desk.post(tab, {"describe": str(kept.pk), "alt": "志愿者在清扫楼道"}).status_code == 302
    party.answer(actions.submit(row, by=party.by(party.secretary)), party.officer)
    with pytest.raises(NotNow, match="须经审批"):
        party.change(row, "party-articles", body="请联系 13900001234")
    with pytest.raises(BadInput) as refused:  # nor does a number get in by a later change
        party.answer(party.waiting(), party.officer)
    assert "电话号码" in str(refused.value.fields)
    row.refresh_from_db()
    assert "13900001234" not in row.html and row.state == "approved"
    with pytest.raises(NotNow, match="不能再改"):
        actions.drop_picture(row, by=party.by(party.secretary), picture_id=kept.pk)


def test_it_appears_at_its_minute_in_both_channels_and_goes_when_withdrawn(party) -> None:
    begins = time.local(time.now()) + timedelta(hours=1)
    row = written(party, shows_from=begins.strftime("%Y-%m-%dT%H:%M"))
    desk = party.browser(party.secretary)
    desk.post(f"/r/party-articles/{row.pk}/?tab=pictures", {"picture": picture(), "alt": "志愿者在清扫楼道"})
    assert "党员志愿清扫" in desk.get(f"/party/articles/{row.pk}/preview/").content.decode()
    party.answer(actions.submit(row, by=party.by(party.secretary)), party.officer)
    citizen, url = Client(), f"/c/news/{row.pk}/"
    assert citizen.get(url).status_code == 404 and "党员志愿清扫" not in citizen.get("/c/news/").content.decode()
    [shot] = row.pictures.all()
    with time.frozen_at(begins.astimezone(time.UTC) + timedelta(minutes=1)):
        grid = party.browser(party.comrade)
        assert "党员志愿清扫" in citizen.get("/c/news/?column=party-news").content.decode()
        page = citizen.get(url)
        assert page.status_code == 200 and "志愿者在清扫楼道" in page.content.decode()
        assert citizen.get(f"{url}pictures/{shot.pk}/")["Content-Type"] == "image/jpeg"
        assert grid.get(f"/g/party/news/{row.pk}/").status_code == 200
        citizen.get(url)
        assert {(each.channel, each.times) for each in row.reads.all()} == {("public", 2), ("grid", 1)}
        assert "sessionid" not in citizen.cookies  # a reading leaves nothing of the reader
        held = party.browser(party.officer)
        assert held.post(f"/party/articles/{row.pk}/withdraw/", {"reason": "内容有误（样例）"}).status_code == 302
        assert citizen.get(url).status_code == 404 and citizen.get(f"{url}pictures/{shot.pk}/").status_code == 404
        assert grid.get(f"/g/party/news/{row.pk}/").status_code == 404
        told = held.get(f"/r/party-articles/{row.pk}/?tab=history").content.decode()
    row.refresh_from_db()
    assert (row.state, row.returned_because) == ("ended", "内容有误（样例）")
    assert "内容有误" in told


class Reader(HTMLParser):
    """What a browser would make of a text: its elements with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


pieces = st.sampled_from(["<script>", "</script>", "<p onload=x>", "<img src=x onerror=y>", "<a href='javascript:z'>", "<svg/onload=a>",
                          "<style>", "<!--", "-->", "<b>", "字", "<", ">", "&lt;script&gt;", "\x00", "<iframe srcdoc='<script>'>"])  # fmt: skip


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(pieces, max_size=8).map("".join))
def test_no_paste_leaves_anything_that_runs(text: str) -> None:
    reader = Reader()
    reader.feed(shown(text))
    assert {tag for tag, _ in reader.seen} <= rules.TAGS
    for _, attributes in reader.seen:
        assert set(attributes) <= {"href", "rel"} and attributes.get("href", "http:").startswith("http")
    assert cleaned(cleaned(text)) == cleaned(text)
