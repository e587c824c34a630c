"""What a reporter adds to his matter (上报人补充, 9.1.2-2): words and pictures, asked or not, as long as it has not ended."""

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from hezhi.chapters.cases.handling.api import Case, actions
from hezhi.chapters.cases.intake.testkit import District, build, order_of
from hezhi.engines.org.testkit import enter
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.models import Attachment

pytestmark = pytest.mark.clause("9.1.2-2")
TOLD = {"text": "路灯不亮两天", "address": "长江路", "phone": "19900001111"}


@pytest.fixture
def district(db: None) -> District:
    return build()


@pytest.fixture
def phone() -> Client:
    return Client()


def reported(phone: Client, **more: str) -> Case:
    assert phone.post("/c/report/", TOLD | more).status_code == 302
    return Case.objects.get()


def picture(colour: str = "navy") -> SimpleUploadedFile:
    kept = BytesIO()
    Image.new("RGB", (320, 240), colour).save(kept, "JPEG")
    return SimpleUploadedFile("现场.jpg", kept.getvalue(), "image/jpeg")


def at_work(district: District, case: Case) -> Case:
    """The case as the unit for lights has taken it up."""
    actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(case.pk, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    actions.sign(order_of(case.pk, district.units["light"]).pk, by=district["light.handler"])
    case.refresh_from_db()
    return case


def test_unasked_words_and_a_picture_reach_the_unit_at_work_and_come_back_to_the_reporter(
    district: District, phone: Client
) -> None:
    case = at_work(district, reported(phone))
    url = f"/c/case/{case.pk}/"
    assert "补充情况或照片" in phone.get(url).content.decode()
    phone.post(f"{url}add/", {"text": "东侧的两盏也不亮了", "photos": [picture()]})
    page = phone.get(url).content.decode()
    assert "已收到您的补充" in page and "您提交的材料" in page and "东侧的两盏也不亮了" in page
    (file,) = Attachment.objects.filter(object_id=case.pk)
    (address,) = re.findall('<div class="thumbs"><a href="([^"]+)">', page)
    assert str(file.pk) in address and Client().get(address).status_code == 200
    told = enter(Client(), district.people["light.handler"]).get(f"/cases/{case.pk}/").content.decode()
    assert "上报人补充" in told and "东侧的两盏也不亮了" in told and "现场.jpg" in told
    case.refresh_from_db()
    assert case.state == "handling" and case.text == "路灯不亮两天", "the matter itself goes on as it is"
    (called,) = Outgoing.objects.filter(event="cases.added", parent=None)
    assert called.unit_id == district.units["light"].pk and "上报人补充了情况" in called.title


def test_what_was_asked_for_goes_back_to_the_desk_with_its_picture(district: District, phone: Client) -> None:
    case = reported(phone)
    actions.ask_supplement(case.pk, by=district["centre.acceptor"], reason="请说明门牌号")
    page = phone.get(f"/c/case/{case.pk}/").content.decode()
    assert "请说明门牌号" in page and "补充情况或照片" not in page
    phone.post(f"/c/case/{case.pk}/add/", {"text": "12 号门前", "photos": [picture()]})
    case.refresh_from_db()
    assert case.state == "to_accept" and "12 号门前" in case.text
    phone.post(f"/c/case/{case.pk}/add/", {"text": "12 号门前", "photos": [picture()]})
    assert not case.steps.filter(verb="add_by_reporter").exists(), "the same form, sent anew after a lost answer"
    assert Attachment.objects.get(object_id=case.pk).stage == "supplement"


def test_a_second_press_adds_nothing_and_the_sixth_addition_of_a_day_keeps_its_words(
    district: District, phone: Client
) -> None:
    case = reported(phone)
    url = f"/c/case/{case.pk}/add/"
    for n in (1, 1, 2, 3, 4, 5):
        assert phone.post(url, {"text": f"补充第{n}点"}).status_code == 302
    assert case.steps.filter(verb="add_by_reporter").count() == 5
    assert phone.post(url, {"text": "补充第5点", "photos": [picture()]}).status_code == 422, (
        "with a picture it is another"
    )
    assert not Attachment.objects.exists()
    refused = phone.post(url, {"text": "补充第6点"})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "一天内最多补充 5 次" in page and "补充第6点</textarea>" in page


def test_nothing_too_much_and_a_hostile_file_are_refused_with_what_was_typed(district: District, phone: Client) -> None:
    url = f"/c/case/{reported(phone).pk}/add/"
    hostile = SimpleUploadedFile("现场.jpg", b"<script>alert(1)</script>", "image/jpeg")
    for sent, said in (
        ({"text": " "}, "请填写补充的情况"),
        ({"text": "多" * 2001}, "最多 2000 个字"),
        ({"text": "看照片", "photos": [hostile]}, "看照片</textarea>"),
        ({"text": "看照片", "photos": [picture(c) for c in ("red", "blue", "green", "gold", "gray", "pink", "navy")]}, "6 张照片"),
    ):  # fmt: skip
        refused = phone.post(url, sent)
        assert refused.status_code == 422 and said in refused.content.decode(), sent["text"][:5]
    assert not Case.objects.get().steps.filter(verb="add_by_reporter").exists() and not Attachment.objects.exists()


def test_of_a_secret_matter_the_added_words_are_sealed_and_its_pictures_shown_to_nobody(
    district: District, phone: Client
) -> None:
    case = reported(phone, secret="1")
    phone.post(f"/c/case/{case.pk}/add/", {"text": "是三楼的张某", "photos": [picture()]})
    case.refresh_from_db()
    assert case.secret and case.sealed_text.endswith("是三楼的张某")
    assert not case.steps.filter(text__contains="张某").exists()
    assert Attachment.objects.get(object_id=case.pk).visibility == Attachment.Visibility.SECRET
    page = phone.get(f"/c/case/{case.pk}/").content.decode()
    assert "您提交的材料" not in page and "张某" not in page


def test_what_has_ended_takes_nothing_more_and_a_stranger_adds_nothing(district: District, phone: Client) -> None:
    case = reported(phone)
    assert Client().post(f"/c/case/{case.pk}/add/", {"text": "别人的"}).status_code == 404
    Case.objects.filter(pk=case.pk).update(state="closed")
    page = phone.post(f"/c/case/{case.pk}/add/", {"text": "还有一点"}, follow=True).content.decode()
    assert "已经办结，不能再补充" in page and "补充情况或照片" not in page
    assert not case.steps.filter(verb="add_by_reporter").exists()
