"""Answers with templates and results in fields (9.1.2-2): what officers write, what the category asks for before the end."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import AnswerTemplate, Category
from hezhi.chapters.cases.handling.rules import Needs, filled, missing_to_close
from hezhi.chapters.cases.intake.actions import Receipt
from hezhi.chapters.cases.intake.testkit import District, case_of, order_of
from hezhi.engines.flow.models import ToDo, WorkOrder
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.models import Attachment
from hezhi.engines.registry import site
from hezhi.ground.errors import BadInput, NotNow

pytestmark = pytest.mark.clause("9.1.2-2")


def at_work(district: District) -> tuple:  # type: ignore[type-arg]
    """A case of street lights whose unit has signed, and its order."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(receipt.id, district.units["light"])
    actions.sign(order.pk, by=district["light.handler"])
    return receipt, order


def photo() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (24, 18), (90, 160, 40)).save(out, "PNG")
    return SimpleUploadedFile("修好了.png", out.getvalue(), content_type="image/png")


def test_one_press_puts_a_template_into_the_reply_and_keeps_what_was_typed(district: District) -> None:
    _, order = at_work(district)
    traced()
    for name, step, category in (
        ("路灯已修", "reply", "0101"),
        ("通用", "reply", ""),
        ("停水", "reply", "0102"),
        ("咨询", "answer_directly", ""),
    ):
        AnswerTemplate.objects.create(
            name=name, step=step, category=district.categories.get(category), text=f"{name}：{{编号}}由{{单位}}办理。"
        )
    desk, url = enter(Client(), district.people["light.handler"]), f"/cases/orders/{order.pk}/do/reply/"
    page = desk.get(url).content.decode()
    number = order.number.rsplit("-", 1)[0]
    assert page.index(f"路灯已修：{number}由示例区城市管理局办理。") < page.index("通用："), "the nearer category first"
    assert "停水：" not in page and "咨询：" not in page
    wanted = AnswerTemplate.objects.get(name="路灯已修").pk
    page = desk.post(url, {"reply": "换了灯泡", "finding": "true", "template": str(wanted)}).content.decode()
    assert "换了灯泡" in page and re.search('name="finding" value="true"[^>]*checked', page)
    assert page.count(f"路灯已修：{number}由示例区城市管理局办理。") >= 2
    order.refresh_from_db()
    assert order.state == WorkOrder.State.HANDLING, "taking a template sends nothing"


def test_a_template_with_a_place_nobody_can_fill_is_refused(district: District) -> None:
    with pytest.raises(BadInput, match="不认识的占位"):
        site.get("answer-templates").check(AnswerTemplate(text="{电话}您好"), district["centre.duty_chief"])


@given(some.text(max_size=60), some.dictionaries(some.sampled_from(["编号", "类别", "单位"]), some.text(max_size=8)))
def test_filling_never_leaves_a_known_place_open_and_touches_nothing_else(text: str, values: dict[str, str]) -> None:
    plain = text.replace("{", "").replace("}", "")
    assert filled(plain, values) == plain
    done = filled(plain + "{编号}", values)
    assert done == plain + (values.get("编号") or "（请填写）")


@pytest.mark.parametrize("left", ["（请填写）", "（请填写日期）", "(请填写 原因)"])
def test_no_answer_goes_to_a_reporter_with_a_place_left_to_be_filled_in(district: District, left: str) -> None:
    """Neither at once from the desk, nor from a unit, nor as a request for more, nor as a reason not to accept."""
    receipt, order = at_work(district)
    other, words, sentence = district.report(), f"您好，计划于{left}完成。", f"还有「{left}」没有填"
    acceptor, by = enter(Client(), district.people["centre.acceptor"]), district["light.handler"]
    category = str(district.categories["0101"].pk)
    for verb, told in (
        ("answer_directly", {"reply": words, "category": category}),
        ("ask_supplement", {"reason": words}),
        ("not_accept", {"reason": words}),
    ):
        answer = acceptor.post(f"/cases/{other.id}/do/{verb}/", told)
        assert answer.status_code == 422 and sentence in answer.content.decode(), verb
    assert (case_of(other).state, case_of(other).reply) == ("to_accept", "")
    told = {"reply": "已修", "public_reply": words, "finding": "true", "contacted": "yes", "solved": "yes"}
    answer = enter(Client(), district.people["light.handler"]).post(f"/cases/orders/{order.pk}/do/reply/", told)
    assert answer.status_code == 422 and sentence in answer.content.decode()
    actions.reply(order.pk, by=by, text="已修", public_reply="已修好。")
    WorkOrder.objects.filter(pk=order.pk).update(public_reply=words)
    with pytest.raises(NotNow, match="没有填"):
        actions.review(order.pk, by=district["light.reviewer"])
    assert case_of(receipt).state == "to_review"


def test_a_direct_answer_asks_for_the_category_where_the_case_has_none_and_the_template_takes_it(
    district: District,
) -> None:
    receipt = district.report()
    traced()
    AnswerTemplate.objects.create(name="咨询", step="answer_directly", text="您咨询的{类别}事项办理如下。")
    desk, url = enter(Client(), district.people["centre.acceptor"]), f"/cases/{receipt.id}/do/answer_directly/"
    page = desk.get(url).content.decode()
    assert "您咨询的（请填写）事项" in page and 'name="category"' in page and "—事项" not in page
    assert "请先选择类别再答复" in desk.post(url, {"reply": "您好，请到政务中心。"}).content.decode()
    assert case_of(receipt).state == "to_accept"
    told = {"category": str(district.categories["0101"].pk), "reply": ""}
    taken = desk.post(url, told | {"template": str(AnswerTemplate.objects.get().pk)}).context["form"]["reply"].value()
    assert taken == "您咨询的路灯照明事项办理如下。"
    assert desk.post(url, told | {"reply": taken}).status_code == 302
    case = case_of(receipt)
    assert (case.state, case.category, case.reply) == ("to_call_back", district.categories["0101"], taken)
    accepted = district.report()
    actions.accept(accepted.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    assert 'name="category"' not in desk.get(f"/cases/{accepted.id}/do/answer_directly/").content.decode()


def test_the_leading_unit_says_what_it_found_and_the_result_is_seen_at_sign_off_and_call_back(
    district: District,
) -> None:
    receipt, order = at_work(district)
    desk, url = enter(Client(), district.people["light.handler"]), f"/cases/orders/{order.pk}/do/reply/"
    told = {"reply": "灯杆要换", "public_reply": "您好，灯杆需更换。"}
    assert "请选择「诉求是否属实」" in desk.post(url, told).content.decode()
    told |= {"finding": "partly", "contacted": "yes", "solved": "no"}
    assert "没有解决的，请写明原因" in desk.post(url, told).content.decode()
    assert desk.post(url, told | {"unsolved_reason": "等灯杆到货"}).status_code == 302
    order.refresh_from_db()
    assert order.result == {"finding": "partly", "contacted": True, "solved": False, "reason": "等灯杆到货"}
    reviewer = enter(Client(), district.people["light.reviewer"])
    form = reviewer.get(f"/cases/orders/{order.pk}/do/review/").content.decode()
    assert "部分属实" in form and "等灯杆到货" in form
    actions.review(order.pk, by=district["light.reviewer"])
    form = enter(Client(), district.people["centre.caller"]).get(f"/cases/{receipt.id}/do/call_back/").content.decode()
    assert "部分属实" in form and "等灯杆到货" in form and "您好，灯杆需更换。" in form


def test_a_case_does_not_end_before_it_has_what_its_category_asks_for(district: District) -> None:
    receipt, order = at_work(district)
    traced()
    Category.objects.filter(code="0101").update(
        needs_result=True, needs_talk=True, needs_site_check=True, needs_photo=True
    )
    handler, reviewer = district["light.handler"], district["light.reviewer"]
    actions.reply(order.pk, by=handler, text="已修", public_reply="已修好。")
    with pytest.raises(NotNow, match=r"尚缺：办理结果.*联系的记录、现场核查记录.*处置后照片"):
        actions.review(order.pk, by=reviewer)
    assert case_of(receipt).state == "to_review"
    actions.send_back(order.pk, by=reviewer, reason="补齐")
    desk, base = enter(Client(), district.people["light.handler"]), f"/cases/orders/{order.pk}/do/"
    assert (
        "这类事件结案前须有：办理结果、联系上报人、现场核查、处置后照片。" in desk.get(f"{base}reply/").content.decode()
    )
    assert desk.post(f"{base}handle/", {"text": "到现场换灯泡", "on_site": "yes", "after": photo()}).status_code == 302
    told = {"reply": "已修", "public_reply": "已修好。", "finding": "true", "contacted": "yes", "solved": "yes"}
    assert desk.post(f"{base}reply/", told).status_code == 302
    actions.review(order.pk, by=reviewer)
    assert case_of(receipt).state == "to_call_back"
    assert Attachment.objects.get(object_id=receipt.id).stage == "after"
    assert "处置后：" in desk.get(f"/cases/{receipt.id}/").content.decode()


def two_at_work(district: District) -> tuple[Receipt, WorkOrder, WorkOrder]:
    """A case on which a lead and a helper work; the lead has answered, the helper has not."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    light, water = district.units["light"], district.units["water"]
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=light.pk, assist_ids=[water.pk])
    lead, helper = order_of(receipt.id, light), order_of(receipt.id, water)
    for order, who in ((lead, "light"), (helper, "water")):
        actions.sign(order.pk, by=district[f"{who}.handler"])
    actions.reply(lead.pk, by=district["light.handler"], text="已修", public_reply="已修好。")
    actions.review(lead.pk, by=district["light.reviewer"])
    return receipt, lead, helper


def helper_goes(district: District, helper: WorkOrder, way: str) -> None:
    if way == "released":
        actions.release(helper.pk, by=district["centre.dispatcher"], reason="不用协办了")
    elif way == "returned":
        asked = actions.ask_return(helper.pk, by=district["water.handler"], reason="与供水无关")
        actions.decide(asked.pk, by=district["centre.dispatcher"], grant=True)
    else:
        actions.reply(helper.pk, by=district["water.handler"], text="水管无损")
        actions.review(helper.pk, by=district["water.reviewer"])


WAYS_TO_GO = pytest.mark.parametrize("way", ["released", "returned", "signed off"])


@WAYS_TO_GO
def test_when_a_helper_is_the_last_to_go_the_answer_is_still_the_leads(district: District, way: str) -> None:
    receipt, lead, helper = two_at_work(district)
    helper_goes(district, helper, way)
    answer = case_of(receipt).steps.last()
    assert (answer.public_title, answer.public_text, answer.public_unit) == ("答复", "已修好。", lead.unit.name)
    assert answer.title != "答复" and answer.unit_name != lead.unit.name, "the office reads who did what"


@WAYS_TO_GO
def test_when_a_helper_is_the_last_to_go_what_is_missing_comes_back_to_the_lead(district: District, way: str) -> None:
    receipt, lead, helper = two_at_work(district)
    Category.objects.filter(code="0101").update(needs_talk=True)
    helper_goes(district, helper, way)
    case = case_of(receipt)
    assert (case.state, case.reply) == ("handling", ""), "nothing ends in silence"
    assert case.steps.last().fields["结案尚缺"] == "与上报人联系的记录"
    todo = ToDo.objects.get(done_at__isnull=True, object_id=lead.pk)
    assert (todo.step, todo.unit) == ("complete", lead.unit)
    assert Outgoing.objects.filter(event="cases.lacks_to_close", unit=lead.unit).exists()
    home = enter(Client(), district.people["light.handler"]).get("/").content.decode()
    assert "补齐结案条件" in home
    actions.reply(
        lead.pk, by=district["light.handler"], text="已修，已联系", public_reply="已修好。", contacted=True
    )  # fmt: skip
    actions.review(lead.pk, by=district["light.reviewer"])
    assert case_of(receipt).state == "to_call_back"


def test_a_case_is_not_taken_up_before_it_has_what_its_category_asks_for(district: District) -> None:
    traced()
    Category.objects.filter(code="0101").update(needs_contact=True, needs_place=True)
    without, with_phone = district.report(anonymous=True), district.report(phone="19900001234")
    accept = {"by": district["centre.acceptor"], "category_id": district.categories["0101"].pk}
    with pytest.raises(NotNow, match="还不能受理，尚缺：上报人的联系方式"):
        actions.accept(without.id, **accept)
    actions.accept(with_phone.id, **accept)
    assert case_of(with_phone).state == "to_dispatch"


@given(
    some.builds(Needs, *[some.booleans()] * 6),
    some.booleans(),
    some.sets(some.sampled_from(["before", "after", "report"])),
)
def test_nothing_is_missing_where_nothing_is_asked_and_what_is_there_is_not_asked_again(
    needs: Needs, on_site: bool, stages: set[str]
) -> None:
    full = [{"finding": "true", "contacted": True, "solved": True}]
    assert missing_to_close(needs, results=full, on_site=True, stages={"after"}) == []
    missing = missing_to_close(needs, results=[], on_site=on_site, stages=stages)
    assert bool(missing) <= needs.to_close
    assert ("处置后照片" in missing) == (needs.photo and "after" not in stages)
