"""9.1.2-1 Open311 GeoReport v2: the standard's own examples at our door, and nothing of a person going out."""

from xml.etree import ElementTree

import pytest
from django.test import Client

from hezhi.channels.open_api.tests.world import make_key
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case, Category
from hezhi.chapters.cases.intake.testkit import District
from hezhi.engines.org.testkit import traced

pytestmark = [pytest.mark.clause("9.1.2-1"), pytest.mark.api]
ROOT = "/api/open311/v2"
SERVICE = {"service_code", "service_name", "description", "metadata", "type", "keywords", "group"}
REQUEST = {
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible",
    "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address", "lat", "long", "media_url",
}  # fmt: skip
SAID = "示例甲反映三号楼前路灯不亮"
REPORT = {
    "service_code": "0101", "lat": "36.00517", "long": "120.00523", "description": SAID, "first_name": "甲", "last_name": "示例",
    "phone": "19900001111", "attribute[pole]": "灯杆倾斜",
}  # fmt: skip


@pytest.fixture
def public(district: District) -> District:
    """Lamps may be shown to everybody, water may not."""
    traced()
    questions = [{"key": "pole", "text": "灯杆是否倾斜？", "choices": ["灯杆倾斜", "没有"]}]
    Category.objects.filter(code="0101").update(public=True, questions=questions)
    return district


def get(address: str):
    return Client().get(f"{ROOT}{address}")


def test_services_and_their_definition_in_both_forms(public: District) -> None:
    (service,) = get("/services.json").json()
    assert set(service) == SERVICE and (service["service_code"], service["metadata"]) == ("0101", True)
    tree = ElementTree.fromstring(get("/services.xml").content)
    assert tree.tag == "services" and {each.tag for each in tree[0]} == SERVICE
    (told,) = get("/services/0101.json").json()
    assert told["attributes"][0]["datatype"] == "singlevaluelist" and told["attributes"][0]["code"] == "pole"
    answer = get("/services/0102.xml")
    assert answer.status_code == 404 and ElementTree.fromstring(answer.content)[0].find("code").text == "404"


def test_a_report_needs_a_key_and_comes_out_with_few_details(public: District) -> None:
    client, key = Client(), make_key().key
    assert client.post(f"{ROOT}/requests.json", REPORT).status_code == 403
    assert client.post(f"{ROOT}/requests.json", REPORT | {"api_key": "hzX.wrong"}).status_code == 403
    answer = client.post(f"{ROOT}/requests.json", REPORT | {"api_key": key})
    assert answer.status_code == 201, answer.content.decode()
    number = answer.json()[0]["service_request_id"]
    case = Case.objects.get(number=number)
    assert (case.category.code, case.answers) == ("0101", {"灯杆是否倾斜？": "灯杆倾斜"})
    bad = client.post(f"{ROOT}/requests.xml", {"service_code": "0101", "api_key": key, "description": SAID})
    assert bad.status_code == 400 and "address_string" in bad.content.decode()
    (row,) = get(f"/requests/{number}.json").json()
    assert set(row) == REQUEST and (row["status"], row["lat"], row["long"]) == ("open", 36.005, 120.005)
    for form in ("json", "xml"):
        text = get(f"/requests.{form}").content.decode()
        assert number in text and not [word for word in (SAID, "示例甲", "19900001111", "36.00517") if word in text]
    assert get("/requests.json?status=closed").json() == []
    actions.answer_directly(case.pk, by=public["centre.acceptor"], reply="您好，已修好。")
    actions.call_back(case.pk, by=public["centre.caller"], reached=True, solved=True, satisfied=True)
    assert get("/requests.json?status=closed&service_code=0101").json()[0]["status_notes"] == "已办结"
    assert get("/requests.json?start_date=2020-01-01T00:00:00Z").status_code == 400


def test_a_secret_or_private_matter_does_not_exist_here(public: District) -> None:
    secret = public.report("青梧院收礼", title="玄鹤题记", secret=True, category="0101")
    private = public.report("水管漏水", category="0102")
    for receipt in (secret, private):
        assert receipt.number not in get("/requests.json").content.decode()
        assert get(f"/requests/{receipt.number}.json").status_code == 404
        assert get(f"/requests.json?service_request_id={receipt.number}").json() == []


def test_one_address_leads_to_all_others_and_a_token_tells_its_number_to_its_holder(public: District) -> None:
    (told,) = get("/discovery.json").json()
    assert told["endpoints"][0]["url"].endswith(ROOT) and "text/xml" in told["endpoints"][0]["formats"]
    tree = ElementTree.fromstring(get("/discovery.xml").content)
    assert tree[0].find("endpoints/endpoint/specification").text.endswith("GeoReport_v2")
    sent = Client().post(f"{ROOT}/requests.json", REPORT | {"api_key": make_key().key, "answer": "token"})
    (given,) = sent.json()
    assert set(given) == {"token", "service_notice", "account_id"}
    number = Case.objects.latest("recorded_at").number
    assert get(f"/tokens/{given['token']}.json").json() == [{"service_request_id": number, "token": given["token"]}]
    assert get(f"/tokens/{number}.{'0' * 24}.json").status_code == 404
    assert get("/tokens/SJ26112600009.json").status_code == 404
