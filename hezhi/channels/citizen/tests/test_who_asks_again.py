"""Whoever asks again proves that he sent it (9.1.2-1): the id of a case, which goes about in the world, opens nothing."""

import re
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.models import Case, Category
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.records.models import Attachment
from hezhi.engines.records.vault.keys import key_folder, ring, rotate
from hezhi.ground.ids import new_id

pytestmark = pytest.mark.clause("9.1.2-1")
TOLD = {"text": "路灯不亮两天", "address": "长江路", "phone": "19900001111"}
PROOF = "0d5a2f7e-6f0b-4c55-9d3a-52c1e6a0a001"
SPOT = {"text": "井盖缺失", "kind": "01", "lng": 120.005, "lat": 36.005, "crs": "EPSG:4326"}
DESK = {"source": "hotline", "appeal": "help", "text": "来电反映噪声"}


@pytest.fixture
def district(db: None) -> District:
    return build()


def put(browser: Client, case: object, door: str = "c", /, **told: object) -> HttpResponse:
    return browser.put(
        f"/{door}/reports/{case}/", told, content_type="application/json", headers={"accept": "application/json"}
    )  # type: ignore[return-value]


def officer(district: District, name: str) -> Client:
    return enter(Client(), district.people[name])


def learned(answer: HttpResponse, case: object, phone: Client) -> list[str]:
    """What a stranger got to know of a case by this answer, and by the pages that it opened to his browser."""
    row, said = Case.objects.get(pk=case), answer.content.decode()
    told = [word for word in (row.number, row.text, 'code": "') if word in said.replace('"code": "intake.', "")]
    return told + [url for url in (f"/c/case/{case}/", f"/c/done/{case}/") if phone.get(url).status_code == 200]


def test_the_id_alone_gives_a_stranger_neither_number_nor_code_nor_page(district: District) -> None:
    case = new_id()
    assert put(Client(), case, **TOLD, proof=PROOF).status_code == 201
    unproven, plain = new_id(), Client()
    assert put(Client(), unproven, **TOLD).status_code == 201
    assert plain.post("/c/report/", TOLD).status_code == 302
    at_the_desk = district.report().id
    refusals = set()
    for known in (case, unproven, UUID(plain.session["mine"][0]), at_the_desk):
        for told in (
            {"text": "x"},
            {"text": "x", "proof": " "},
            {"text": "x", "proof": "\u200b\t"},
            {"text": "x", "proof": PROOF[::-1]},
            {**TOLD, "text": "路灯不亮三天", "proof": "x"},
        ):
            stranger = Client()
            answer = put(stranger, known, **told)
            assert answer.status_code == 404 and not learned(answer, known, stranger), (known, told)
            assert stranger.session.get("mine", []) == []
            assert stranger.put(f"/c/reports/{known}/photos/1/", b"", content_type="image/png").status_code == 404
            refusals.add(re.sub(r"\d{6}-\w{6}", "", answer.content.decode()))
    assert len(refusals) == 1, "one and the same sentence, whatever the case is"


def test_the_words_of_a_proven_report_do_not_open_it_and_those_of_a_plain_one_neither(district: District) -> None:
    case, plain = new_id(), Client()
    assert put(Client(), case, **TOLD, proof=PROOF).status_code == 201
    assert plain.post("/c/report/", TOLD).status_code == 302
    for known in (case, plain.session["mine"][0]):
        assert put(Client(), known, **TOLD).status_code == 404, "an officer reads these words, too"


@pytest.mark.parametrize("more", [{}, {"secret": "1"}])
def test_a_phone_that_never_got_our_answer_hears_the_same_number_and_code_on_any_line(
    district: District, more: dict[str, str]
) -> None:
    """The promise of the dead zone: another network, no cookie, and the desk has changed the words meanwhile."""
    case = new_id()
    first = put(Client(), case, **TOLD, **more, proof=PROOF)
    traced()
    Case.objects.filter(pk=case).update(text="受理员改写过的内容")
    phone = Client()
    again = put(phone, case, **TOLD, **more, proof=PROOF)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert phone.get(f"/c/case/{case}/").status_code == 200
    follow = Client().post("/c/follow/", {"number": first.json()["number"], "code": first.json()["code"]})
    assert follow.status_code == 302, "and the code opens"


@pytest.mark.parametrize(
    "more", [{}, {"secret": "1"}, {"phone": "", "lng": 120.005, "lat": 36.005, "crs": "EPSG:4326"}]
)
def test_a_report_queued_before_there_were_proofs_is_known_by_its_words(
    district: District, more: dict[str, object]
) -> None:
    case, told = new_id(), {**TOLD, **more}
    first = put(Client(), case, **told)
    for proof in ({}, {"proof": PROOF}):
        again = put(Client(), case, **told, **proof)
        assert again.status_code == 200 and again.json() == first.json(), "an edited one brings a proof now"
    for name, other in (("text", "路灯不亮"), ("address", "平江路"), ("phone", "19900001112"), ("name", "示例乙")):
        assert put(Client(), case, **(told | {name: other})).status_code == 404, name


def test_the_key_may_be_changed_between_the_two_askings_and_the_feed_names_on(
    district: District, tmp_path: Path, settings: Any
) -> None:
    case = new_id()
    first, name = put(Client(), case, **TOLD, proof=PROOF), queries.outside_id(case)
    settings.HEZHI_KEYS = shutil.copytree(key_folder(), tmp_path / "keys")
    try:
        rotate(tmp_path / "keys", "blind")
        again = put(Client(), case, **TOLD, proof=PROOF)
        assert again.status_code == 200 and again.json() == first.json() and queries.outside_id(case) == name
        assert put(Client(), case, **TOLD, proof=PROOF[::-1]).status_code == 404
    finally:
        del settings.HEZHI_KEYS
        ring.cache_clear()


def test_a_grid_worker_hears_the_number_of_his_own_report_only(district: District) -> None:
    case, mine = new_id(), officer(district, "grid11.grid_worker")
    first = put(mine, case, "g", **SPOT)
    again = put(officer(district, "grid11.grid_worker"), case, "g", **SPOT)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    by_citizen = new_id()
    put(Client(), by_citizen, **TOLD)
    for known, who in (
        (case, "grid21.grid_worker"),
        (by_citizen, "grid11.grid_worker"),
        (district.report().id, "grid11.grid_worker"),
    ):
        other = officer(district, who)
        answer = put(other, known, "g", **SPOT)
        assert answer.status_code == 404 and Case.objects.get(pk=known).number not in answer.content.decode()
    assert put(Client(), case, **SPOT).status_code == 404, "nor the citizens' door"


def token_of(desk: Client) -> str:
    return str(desk.get("/cases/new/").context["form"]["token"].value())


def picture() -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (24, 18), (40, 90, 160)).save(out, "PNG")
    return SimpleUploadedFile("现场.png", out.getvalue(), content_type="image/png")


def test_the_desks_form_takes_no_id_that_it_has_not_given_out(district: District) -> None:
    """Another's case, a secret one, a closed one, one out of reach: no code, no file, and the words stay on the page."""
    desk = officer(district, "grid11.grid_worker")
    secret, elsewhere = district.report(secret=True), district.report(lon=120.025)
    for case in (secret.id, elsewhere.id, new_id()):
        for wrong in (str(case), f"{case}:forged"):
            answer = desk.post("/cases/new/", DESK | {"token": wrong, "files": picture()})
            page = answer.content.decode()
            assert answer.status_code == 422 and "来电反映噪声" in page and "receipt" not in desk.session
    assert not Attachment.objects.exists() and Case.objects.count() == 2
    fresh = str(answer.context["form"]["token"].value())
    assert desk.post("/cases/new/", DESK | {"token": fresh}).status_code == 302, "one more press is enough"


def test_a_double_press_at_the_desk_is_one_case_and_another_officer_cannot_use_the_form_again(
    district: District,
) -> None:
    desk = officer(district, "centre.acceptor")
    form = DESK | {"token": token_of(desk)}
    first, again = (desk.post("/cases/new/", form | {"files": picture()}) for _ in range(2))
    assert first.status_code == again.status_code == 302 and first["Location"] == again["Location"]
    case = Case.objects.get()
    code = desk.session["receipt"]["code"]
    assert Client().post("/c/follow/", {"number": case.number, "code": code}).status_code == 302
    other = officer(district, "grid11.grid_worker")
    assert other.post("/cases/new/", form | {"files": picture()}).status_code in (404, 422)
    assert "receipt" not in other.session and Attachment.objects.count() == 1


def test_a_known_outside_number_at_the_desk_brings_no_file_into_that_case(district: District) -> None:
    known = district.report(outside_channel="hotline", outside_number="12345-1", lon=120.025)
    desk = officer(district, "grid11.grid_worker")
    answer = desk.post("/cases/new/", DESK | {"token": token_of(desk), "outside_number": "12345-1", "files": picture()})
    assert answer.status_code == 302 and "receipt" not in desk.session
    assert not Attachment.objects.filter(object_id=known.id).exists()


def test_no_id_of_a_case_stands_in_what_everybody_may_read_and_the_feeds_ids_stay(district: District) -> None:
    Category.objects.filter(code="0101").update(public=True)
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    feeds = [Client().get("/c/open/c1.atom").content.decode() for _ in range(2)]
    ids = [[one.text for one in ElementTree.fromstring(feed).iter("{http://www.w3.org/2005/Atom}id")] for feed in feeds]
    assert (
        ids[0] == ids[1] and ids[0][-1].startswith("urn:uuid:") and ids[0][-1].endswith(f":{Case.objects.get().state}")
    )
    for page in (*feeds, Client().get("/c/open/").content.decode(), Client().get("/c/open/points/").content.decode()):
        assert str(receipt.id) not in page and receipt.id.hex not in page
