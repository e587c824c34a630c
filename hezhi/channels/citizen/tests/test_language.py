"""The citizen's pages in English (9.1.2-1): report, follow and rate without a word of Chinese of ours, switched by a plain form."""

import gettext
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.testkit import traced
from hezhi.ground import time
from hezhi.ground.ids import new_id

pytestmark = pytest.mark.clause("9.1.2-1")
CATALOGUE = Path(__file__).parents[1] / "locale" / "en" / "LC_MESSAGES"
FRONT = Path(__file__).parents[3] / "ground" / "ui" / "frontend" / "phone"
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
KEPT = {"中文", "合治", "区域社会治理数字化系统", "爱山东"}
"""The way back, the name of the system, the name of the provincial app."""


def left(page: str) -> set[str]:
    """Chinese that a reader of the page still meets, in its text or in what is read out."""
    body = re.sub(r"(?s)<(script|style|template)\b.*?</\1>", "", page)
    return {word for word in CHINESE.findall(body) if word not in KEPT}


@pytest.fixture
def district(db: None) -> District:
    return build()


def test_report_follow_and_rate_speak_english_to_who_asks_for_it_and_to_nobody_else(district: District) -> None:
    phone = Client(headers={"accept-language": "en"})
    assert "我要反映问题" in phone.get("/c/").content.decode(), "only the reader's own choice counts"
    assert phone.post("/c/language/", headers={"referer": "http://testserver/c/report/"}).url.endswith("/c/report/")
    for url in ("/c/", "/c/report/", "/c/follow/", "/c/mine/", "/c/privacy/"):
        page = phone.get(url).content.decode()
        assert '<html lang="en"' in page and left(page) <= {"市政设施"}, url
    assert "Please say what the problem is." in phone.post("/c/report/", {}).content.decode()
    sent = phone.post("/c/report/", {"text": "Street lamp broken", "address": "Main gate", "phone": "19900001111"})
    case = Case.objects.get()
    done, page = (phone.get(url).content.decode() for url in (sent.url, f"/c/case/{case.pk}/"))
    assert "Please take a screenshot" in done and left(done) == set()
    assert "You can remind them from" in page and "We have received your report." in page and left(page) == set()
    Case.objects.update(received_at=time.now() - timedelta(days=10))
    assert "Remind them" in phone.get(f"/c/case/{case.pk}/").content.decode()
    assert "was reminded" in phone.post(f"/c/case/{case.pk}/urge/", follow=True).content.decode()
    actions.answer_directly(
        case.pk, by=district["centre.acceptor"], reply="已修好。", category_id=district.categories["0101"].pk
    )
    traced()
    Case.objects.update(state="closed")
    page = phone.get(f"/c/case/{case.pk}/").content.decode()
    assert "Please rate" in page and "已修好" in page and "Answers are written in Chinese" in page
    rated = phone.post(f"/c/case/{case.pk}/rate/", {"stars": "5", "solved": "yes"}, follow=True).content.decode()
    assert "Thank you for rating." in rated
    assert 'lang="zh-CN"' in phone.get("/c/open/").content.decode(), "the public map is Chinese"
    phone.post("/c/language/")
    assert "我要反映问题" in phone.get("/c/").content.decode()


def test_what_is_refused_is_refused_in_english_and_links_stand_off_the_words_before_them(district: District) -> None:
    phone = Client()
    phone.post("/c/language/")
    told = {
        "text": "Street lamp broken",
        "address": "Main gate",
        "phone": "1380000",
        "lng": "0.5",
        "lat": "0.5",
        "crs": "EPSG:4326",
    }
    url = f"/c/reports/{new_id()}/"

    def refused(reader: Client, **changed: object) -> dict[str, list[str]]:
        answer = reader.put(
            url, told | changed, content_type="application/json", headers={"accept": "application/json"}
        )
        assert answer.status_code == 422
        return answer.json()["error"]["fields"]

    assert refused(phone) == {"phone": ["A telephone number has 11 digits; this one has 7."]}
    assert refused(Client()) == {"phone": ["联系电话应为 11 位数字，现为 7 位。"]}
    assert left(str(refused(phone, phone=""))) == set(), "a place outside the district"
    photo = phone.put(f"{url}photos/1/", b"x", content_type="text/plain", headers={"accept": "application/json"})
    assert photo.status_code == 404 and left(photo.content.decode()) == set()
    pages = "".join(phone.get(page).content.decode() for page in ("/c/follow/", "/c/mine/", "/c/report/", "/c/"))
    assert re.findall(r"[?.!,;]<a[ >]", pages) == []


def test_the_catalogue_is_made_from_its_source_and_the_phones_own_words_are_all_told() -> None:
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', (CATALOGUE / "django.po").read_text(encoding="utf-8"), re.M)
    with (CATALOGUE / "django.mo").open("rb") as file:
        made = gettext.GNUTranslations(file)
    assert len(pairs) > 150
    for chinese, english in pairs:
        assert made.gettext(chinese) == english and not CHINESE.search(
            english.replace("爱山东", "").replace("(Chinese)", "")
        )
    listed = set(re.findall(r'^  "(.+?)": "', (FRONT / "words.js").read_text(encoding="utf-8"), re.M))
    for file in FRONT.glob("*.js"):
        for said in re.findall(r"say`([^`]+)`", file.read_text(encoding="utf-8")):
            key = re.sub(r"\$\{(?:[^{}]|\{[^}]*\})*\}", "{}", said)
            assert key in listed or "另一账号" in key or file.name == "words.js", key
