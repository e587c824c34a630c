"""The officer's form for a caller or visitor (登记事件, 9.1.2-1): nothing thrown away, nothing cut, nothing twice; its slip, its sheet."""

from datetime import timedelta

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District
from hezhi.engines.org.testkit import enter
from hezhi.ground import time

pytestmark = pytest.mark.clause("9.1.2-1")
URL = "/cases/new/"
CALL = {"source": "hotline", "appeal": "complaint", "text": "长江路夜间施工噪声大", "place": "长江路"}


@pytest.fixture
def desk(district: District) -> Client:
    """The acceptor's browser."""
    return enter(Client(), district.people["centre.acceptor"])


def drawn(desk: Client) -> dict[str, str]:
    """A fresh form, filled in."""
    return CALL | {"token": str(desk.get(URL).context["form"]["token"].value())}


def test_an_anonymous_report_takes_no_name_and_no_number_and_throws_none_away(desk: Client) -> None:
    form = drawn(desk)
    assert "匿名件不留姓名和电话" in desk.get(URL).content.decode()
    for left in ({"name": "示例甲"}, {"phone": "19900001234"}):
        refused = desk.post(URL, form | left | {"anonymous": "on"})
        page = refused.content.decode()
        assert refused.status_code == 422 and "请清空姓名、电话，或取消匿名" in page
        assert next(iter(left.values())) in page and not Case.objects.exists()
    assert desk.post(URL, form | {"anonymous": "on"}).status_code == 302
    assert Case.objects.get().reporter.anonymous


def test_the_same_form_sent_again_leads_to_the_first_receipt_and_another_matter_is_not_lost(desk: Client) -> None:
    form = drawn(desk)
    first = desk.post(URL, form)
    again = desk.post(URL, form, follow=True)
    case = Case.objects.get()
    assert again.redirect_chain[0][0] == first["Location"]
    assert f"这张表已经登记过，编号 {case.number}，没有另建事件" in again.content.decode()
    other = form | {"text": "停水两天"}
    refused = desk.post(URL, other)
    assert refused.status_code == 422 and f"已登记为 {case.number}" in refused.content.decode()
    assert "停水两天" in refused.content.decode() and Case.objects.count() == 1
    fresh = str(refused.context["form"]["token"].value())
    assert desk.post(URL, other | {"token": fresh}).status_code == 302 and Case.objects.count() == 2


def test_what_is_too_long_is_refused_and_not_cut_and_each_fault_is_counted_at_its_field(desk: Client) -> None:
    page = desk.get(URL).content.decode()
    assert "maxlength" not in page.split("<form", 2)[-1].split("</form>")[0].replace('maxlength="200"', "")
    assert 'data-most="5000"' in page and 'data-most="120"' in page
    form = drawn(desk)
    refused = desk.post(URL, form | {"text": "长" * 5012, "title": "题" * 121})
    page = refused.content.decode()
    assert "有 2 处需要更正" in page
    assert "最多 5000 个字，现在是 5012 个字" in page and "最多 120 个字，现在是 121 个字" in page
    assert "长" * 5012 in page and not Case.objects.exists()
    lines = "一二三四\r\n" * 1000
    assert desk.post(URL, form | {"text": lines}).status_code == 302, "a line break is one sign"
    day = (time.today() + timedelta(days=2)).isoformat()
    refused = desk.post(URL, drawn(desk) | {"occurred_on": day, "anonymous": "on", "name": "示例甲"})
    assert "时间在将来" not in refused.content.decode(), "the words of the form are looked at first"
    refused = desk.post(URL, drawn(desk) | {"occurred_on": day, "token": "x"})
    assert refused.content.decode().count("有 ") <= 1
    refused = desk.post(URL, drawn(desk) | {"occurred_on": day})
    assert refused.context["form"].errors["occurred_on"] == ["时间在将来，请核对日期和钟点。"]
    assert "有 1 处需要更正" in refused.content.decode() and 'id="id_occurred_on_error"' in refused.content.decode()


def test_what_kind_of_report_it_is_and_when_it_happened_stand_on_the_page_and_the_sheet_with_its_limit(
    desk: Client, district: District
) -> None:
    day = time.today() - timedelta(days=2)
    slip = desk.post(URL, drawn(desk) | {"occurred_on": day.isoformat(), "source": "walk_in"}, follow=True)
    assert "登记回执" in slip.content.decode() and "受理回执" not in slip.content.decode()
    assert "只在此显示一次" not in slip.content.decode() and "再登记一件或退出以后" in slip.content.decode()
    case = Case.objects.get()
    for url in (f"/cases/{case.pk}/", f"/cases/{case.pk}/print/"):
        page = desk.get(url).content.decode()
        assert "<dt>诉求类型</dt><dd>投诉" in page and f"<dt>发生日期</dt><dd>{time.show_day(day)}" in page
    assert f"<dt>时限</dt><dd>{time.show(case.due_at)}" in page
    actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    assert "受理回执" in desk.get(f"/cases/{case.pk}/receipt/").content.decode()
    secret = district.report(secret=True, appeal="report", occurred_at=time.now())
    assert "诉求类型" not in desk.get(f"/cases/{secret.id}/").content.decode()


def test_a_place_nobody_knows_is_not_called_a_guess(desk: Client) -> None:
    desk.post(URL, drawn(desk) | {"place": ""})
    case = Case.objects.get()
    Case.objects.filter(pk=case.pk).update(place_guessed=True, town=None, community=None, grid=None)
    assert "未定位（推测）" not in desk.get(f"/cases/{case.pk}/").content.decode()


def test_a_request_for_more_is_sent_in_its_own_words(desk: Client, district: District) -> None:
    url = f"/cases/{district.report().id}/do/ask_supplement/"
    page = desk.get(url).content.decode()
    assert "需要补充的内容" in page and ">发送</button>" in page and "提交请补充" not in page
    assert "已请上报人补充" in desk.post(url, {"reason": "请说明灯杆编号。"}, follow=True).content.decode()
