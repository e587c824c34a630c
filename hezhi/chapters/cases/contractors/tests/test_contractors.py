"""9.1.2-2 外协单位: a firm without an account works by a link that is signed, ends, can be taken back, and shows no reporter."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from hezhi.chapters.cases.contractors.actions import WORDS
from hezhi.chapters.cases.contractors.events import veiled
from hezhi.chapters.cases.contractors.models import Commission, Opening
from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build, order_of
from hezhi.engines.org.testkit import enter
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.models import Attachment
from hezhi.ground import time

pytestmark = pytest.mark.clause("9.1.2-2")


@pytest.fixture
def november():
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    return build()


@pytest.fixture
def order(district: District):  # type: ignore[no-untyped-def]
    """An order of the light bureau, signed for, of a reporter who left name and number."""
    receipt = district.report(
        text="我是李小明，电话13812345678，路灯不亮", name="李小明", phone="13812345678", place="长江路5号"
    )
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    handling.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(receipt.id, district.units["light"])
    handling.sign(order.pk, by=district["light.handler"])
    return order


def photo(colour: str = "red") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (600, 400), colour).save(out, "JPEG")
    return SimpleUploadedFile("灯杆.jpg", out.getvalue(), content_type="image/jpeg")


def given(district: District, order, **more: object) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    """The link and the code as the handler sees them, once."""
    desk = enter(Client(), district.people["light.handler"])
    assert "委托外协单位" in desk.get(f"/cases/{order.matter_id}/").content.decode()
    form = {
        "firm": "示例照明工程队",
        "request": "更换灯具，联系电话13812345678",
        "with_place": "on",
        "days": "7",
    } | more
    page = desk.post(f"/contractors/orders/{order.pk}/new/", form, follow=True).content.decode()
    again = desk.get(f"/contractors/{Commission.objects.latest('made_at').pk}/").content.decode()
    code = re.search(r"验证码 (\w{6})", page)
    assert code and "验证码 " + code[1] not in again, "the code is told once"
    link = re.search(r"/c/w/[0-9a-f-]{36}/[0-9a-f]{32}/", page)
    assert link
    return link[0], code[1]


def whats() -> list[str]:
    return list(Opening.objects.order_by("at", "id").values_list("what", flat=True))


def test_a_firm_sees_what_it_needs_shows_photos_says_done_and_the_unit_accepts(district: District, order) -> None:
    link, _ = given(district, order)
    firm = Client()
    before = firm.get(link).content.decode()
    assert "示例照明工程队" in before and "更换灯具" not in before, "looking at the link tells nothing yet"
    page = firm.post(link, follow=True).content.decode()
    assert "更换灯具" in page and "长江路5号" in page
    assert "李小明" not in page and "13812345678" not in page and case_of_order(order).number not in page
    sent = firm.post(f"{link}done/", {"photos": [photo(), photo("blue")], "step": "photos"}, follow=True)
    assert "已收到 2 张照片" in sent.content.decode()
    empty = firm.post(f"{link}done/", {"text": " ", "step": "done"})
    assert empty.status_code == 422 and "请写一句完成情况" in empty.content.decode()
    assert (
        "等委托单位验收" in firm.post(f"{link}done/", {"text": "已更换", "step": "done"}, follow=True).content.decode()
    )
    assert Outgoing.objects.filter(event="contractors.done", unit=district.units["light"]).exists()
    row = Commission.objects.get()
    desk = enter(Client(), district.people["light.handler"])
    refused = desk.post(f"/contractors/{row.pk}/decide/", {"accept": "no", "opinion": ""})
    assert refused.status_code == 422 and "请写明还缺什么" in refused.content.decode()
    assert enter(Client(), district.people["water.handler"]).get(f"/contractors/{row.pk}/").status_code == 404
    desk.post(f"/contractors/{row.pk}/decide/", {"accept": "no", "opinion": "缺夜间照片"})
    assert "缺夜间照片" in firm.get(link).content.decode()
    firm.post(f"{link}done/", {"text": "已补拍", "photos": [photo("black")], "step": "done"})
    assert desk.post(f"/contractors/{row.pk}/decide/", {"accept": "yes"}).status_code == 302
    assert Attachment.objects.filter(object_id=row.case_id, stage="after").count() == 3
    shown = desk.get(f"/contractors/{row.pk}/").content.decode()
    assert "首次打开" in shown and "上传照片" in shown and "报告完成" in shown
    steps = list(case_of_order(order).steps.order_by("at", "id").values_list("verb", flat=True))
    assert steps[-5:] == [
        "commission",
        "contractor_done",
        "contractor_decided",
        "contractor_done",
        "contractor_decided",
    ]


def case_of_order(order):  # type: ignore[no-untyped-def]
    return Case.objects.get(pk=order.matter_id)


def test_another_device_needs_the_code_and_wrong_ones_lock_it(district: District, order) -> None:
    link, code = given(district, order)
    Client().post(link)
    other = Client()
    assert "另一台设备" in other.get(link).content.decode()
    assert other.post(f"{link}done/", {"text": "已更换"}, follow=True).context["row"].state == "open", "not let in"
    assert other.post(link, {"code": "AAAAAA"}).status_code == 422
    right = other.post(link, {"code": code.lower()}, follow=True).content.decode()
    assert "更换灯具" in right and whats()[-2:] == ["code", "shown"]
    third = Client()
    for _ in range(6):
        third.post(link, {"code": "XXXXXX"})
    locked = third.post(link, {"code": code})
    assert locked.status_code == 422 and "锁定" in locked.content.decode()
    assert "更换灯具" in other.get(link).content.decode(), "whoever is in stays in"
    assert "wrong" in whats()


def test_a_link_ends_when_it_is_changed_over_taken_back_or_sealed(district: District, order, november) -> None:
    link, _ = given(district, order)
    firm = Client()
    firm.post(link)
    changed = link[:-2] + ("0/" if link[-2] != "0" else "1/")
    assert firm.get(changed).status_code == 404
    first = Commission.objects.get()
    desk = enter(Client(), district.people["light.handler"])
    assert desk.post(f"/contractors/{first.pk}/revoke/").status_code == 302
    assert firm.get(link).status_code == 404 and whats()[-1] == "over"
    second, _ = given(district, order, days="1")
    firm.post(second)
    november.move_to(time.now() + timedelta(days=1, seconds=1))
    assert firm.get(second).status_code == 404
    assert firm.post(f"{second}done/", {"text": "迟到的"}).status_code == 404
    assert Commission.objects.exclude(pk=first.pk).get().state == "open"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("恶意.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
        ("照片.jpg", b"MZ\x90\x00" + b"\x00" * 200, "image/jpeg"),
        ("网页.jpg", b"<!doctype html><script>alert(1)</script>", "image/jpeg"),
        ("说明.pdf", b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF", "application/pdf"),
    ],
)
def test_what_is_no_photo_is_refused_and_nothing_of_it_kept(district: District, order, name, content, kind) -> None:
    link, _ = given(district, order)
    firm = Client()
    firm.post(link)
    bad = SimpleUploadedFile(name, content, content_type=kind)
    answer = firm.post(f"{link}done/", {"photos": [photo(), bad], "step": "photos", "text": "不能丢"})
    assert answer.status_code == 422 and "不能丢" in answer.content.decode()
    assert not Attachment.objects.filter(object_id=order.matter_id).exists()


def test_a_secret_case_is_never_given_out(district: District, order) -> None:
    link, _ = given(district, order)
    firm = Client()
    firm.post(link)
    receipt = district.report(secret=True)
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    handling.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    hidden = order_of(receipt.id, district.units["light"])
    handling.sign(hidden.pk, by=district["light.handler"])
    desk = enter(Client(), district.people["light.handler"])
    assert "委托外协单位" not in desk.get(f"/cases/{receipt.id}/").content.decode()
    form = {"firm": "示例队", "request": "更换", "days": "7"}
    refused = desk.post(f"/contractors/orders/{hidden.pk}/new/", form)
    assert refused.status_code == 422 and "保密件不能委托" in refused.content.decode()
    veiled(case=case_of_order(order), verb="make_secret", by=district["centre.duty_chief"])
    row = Commission.objects.get()
    assert (row.state, row.request, row.place) == ("revoked", "", "") and firm.get(link).status_code == 404
    assert words_of_versions(row) == {""}, "nor does an earlier version hold it"


def words_of_versions(row: Commission) -> set[str]:
    versions = Commission.versions.rel.related_model.objects.filter(pgh_obj_id=row.pk)
    return {text for texts in versions.values_list(*WORDS) for text in texts}
