"""An order on the grid worker's phone (9.1.2-2): each step says which case it is of, and its form asks for what fits."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, order_of
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.testkit import enter
from hezhi.ground.uploads.tests.makers import photo

pytestmark = pytest.mark.clause("9.1.2-2")


@pytest.fixture
def order(district: District) -> WorkOrder:
    """Signed by the grid worker, who leads."""
    receipt = district.report(title="李四 13800001234 反映路灯不亮", place="和安路 3 号东侧")
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["grid11"].pk)
    order = order_of(receipt.id, district.units["grid11"])
    actions.sign(order.pk, by=district["grid11.grid_worker"])
    return order


@pytest.fixture
def phone(district: District) -> Client:
    return enter(Client(), district.people["grid11.grid_worker"])


def step(order: WorkOrder, verb: str) -> str:
    return reverse("grid-step", args=[order.pk, verb])


def test_each_step_says_which_case_it_is_of_masked_like_the_order(phone: Client, order: WorkOrder) -> None:
    for url in (
        reverse("grid-order", args=[order.pk]),
        *(step(order, v) for v in ("handle", "reply", "ask_help", "whistle")),
    ):
        page = phone.get(url).content.decode()
        assert order.number in page and "和安路 3 号东侧" in page and "反映路灯不亮" in page, url
        assert "13800001234" not in page, url


def test_handling_comes_before_the_answer_until_something_was_handled(
    phone: Client, order: WorkOrder, district: District
) -> None:
    def buttons() -> list[str]:
        page = phone.get(reverse("grid-order", args=[order.pk])).content.decode()
        return [name for name in re.findall(r'<a class="btn[^>]*>([^<]+)</a>', page) if name in ("处置", "反馈")]

    assert buttons() == ["处置", "反馈"]
    actions.handle(order.pk, by=district["grid11.grid_worker"], text="已到现场")
    assert buttons() == ["反馈", "处置"]


@pytest.mark.parametrize("verb", ["ask_help", "whistle"])
def test_the_likely_units_come_first_among_those_to_call(
    verb: str, phone: Client, order: WorkOrder, district: District
) -> None:
    def names(page: str) -> list[str]:
        return re.findall(r'<label[^>]*><input type="checkbox" name="assist"[^>]*>\s*([^<]+?)\s*</label>', page)

    light, town = district.units["light"].name, district.units["town1"].name
    page = phone.get(step(order, verb)).content.decode()
    told = names(page)
    assert set(told[:2]) == {light, town} and len(told) == len(set(told)) > 2, told
    assert "最可能的单位排在前面。" in page
    refused = phone.post(step(order, verb), {}).content.decode()
    assert set(names(refused)) == set(told) and "最可能的单位排在前面。" not in refused


def test_a_refused_form_keeps_the_words_and_says_that_the_photo_must_be_chosen_again(
    phone: Client, order: WorkOrder
) -> None:
    page = phone.get(step(order, "reply")).content.decode()
    assert 'data-must-if="solved=no"' in page and "data-typed" in page
    picture = SimpleUploadedFile("现场.jpg", photo(), "image/jpeg")
    told = {"reply": "等配件", "finding": "true", "contacted": "yes", "solved": "no", "after": picture}
    answer = phone.post(step(order, "reply"), told)
    page = answer.content.decode()
    assert answer.status_code == 422 and "等配件" in page and page.count("照片请重新选择。") == 1
    assert re.search(r'name="after"[^>]*aria-describedby="[^"]*id_after_error"', page)


def test_of_a_secret_case_the_phone_is_asked_to_keep_no_word(phone: Client, order: WorkOrder) -> None:
    Case.objects.filter(pk=order.matter_id).update(secret=True)
    answer = phone.get(step(order, "reply"))
    assert answer.status_code == 200 and "data-typed" not in answer.content.decode()


def test_the_phone_has_a_way_out_that_tidies_it(phone: Client, district: District) -> None:
    page = phone.get("/g/").content.decode()
    assert district.people["grid11.grid_worker"].full_name in page and 'href="/account/"' in page
    assert re.search(r'action="/accounts/logout/" data-logout', page)
