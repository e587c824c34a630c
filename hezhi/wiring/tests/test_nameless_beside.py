"""Who reported becomes nameless in the rooms beside the case too (到期匿名, 12.3-1): none keeps what another has let go."""

import pytest

from hezhi.chapters.cases.contractors.actions import WORDS, commission
from hezhi.chapters.cases.contractors.models import Commission
from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.models import Case, Step
from hezhi.chapters.cases.intake.testkit import build, order_of
from hezhi.chapters.cases.retention.actions import make_nameless
from hezhi.engines.org.testkit import traced
from hezhi.ground.time import FrozenClock

pytestmark = pytest.mark.clause("12.3-1")


def test_what_was_told_to_a_firm_and_what_was_asked_besides_name_the_reporter_no_more(
    clock: FrozenClock, db: None
) -> None:
    district = build()
    receipt = district.report(text="我是李小明，路灯不亮", name="李小明", phone="13812345678")
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    handling.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order, handler = order_of(receipt.id, district.units["light"]), district["light.handler"]
    handling.sign(order.pk, by=handler)
    commission(order.pk, by=handler, firm="示例照明队", request="请联系李小明", days=7, with_place=False)
    traced()
    Case.objects.filter(pk=receipt.id).update(answers={"灯杆编号": "12号，找李小明"})
    Step.objects.filter(case=receipt.id, verb="sign").update(fields={"灯杆编号": "12号，找李小明"})
    make_nameless(receipt.id, by=district["centre.duty_chief"], reason="示例期限")
    row = Commission.objects.get()
    versions = Commission.versions.rel.related_model.objects.filter(pgh_obj_id=row.pk)
    assert row.request == "请联系某人"
    told = {"灯杆编号": "12号，找某人"}
    assert Case.objects.get(pk=receipt.id).answers == told == Step.objects.get(case=receipt.id, verb="sign").fields
    assert "李小明" not in "".join(text for texts in versions.values_list(*WORDS) for text in texts)
