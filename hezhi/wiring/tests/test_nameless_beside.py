"""Who reported becomes nameless in the rooms beside the case too, and an erased case leaves them (到期匿名、到期清除, 12.3-1)."""

import pytest

from hezhi.chapters.cases.contractors.actions import WORDS, commission
from hezhi.chapters.cases.contractors.models import Commission
from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.models import Case, Step
from hezhi.chapters.cases.intake.testkit import District, build, order_of
from hezhi.chapters.cases.retention import queries as retention
from hezhi.chapters.cases.retention.actions import erase_case, make_nameless
from hezhi.chapters.cases.retention.models import Run
from hezhi.chapters.cases.statistics.api import Fact, catch_up
from hezhi.chapters.cases.supervision import actions as supervision
from hezhi.chapters.cases.supervision.models import Matter
from hezhi.chapters.cases.supervision.models import Step as WatchStep
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role, Unit
from hezhi.engines.org.testkit import make_officer, make_role, make_unit, traced
from hezhi.engines.registry.models import SavedView
from hezhi.ground import time
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


def test_an_erased_case_leaves_the_rooms_beside_and_its_figures_stay(clock: FrozenClock, db: None) -> None:
    district = build()
    receipt = district.report(text="青梧院门前的灯不亮", title="青梧院路灯")
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    handling.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order, handler = order_of(receipt.id, district.units["light"]), district["light.handler"]
    handling.sign(order.pk, by=handler)
    commission(order.pk, by=handler, firm="示例照明队", request="请修青梧院的灯", days=7, with_place=False)
    supervision.load_tables(by=system("测试"))
    _with_supervisor(district)
    matter = supervision.supervise(receipt.id, by=district["supervisor"], text="青梧院的灯请今日修好")
    traced()
    WorkOrder.objects.filter(matter_id=matter.pk).update(reply="青梧院已到")
    Case.objects.filter(pk=receipt.id).update(state="closed", closed_at=time.now())
    catch_up()
    before = Fact.objects.values().get(case=receipt.id)
    run = Run.objects.create(kind="case", trial=True, edge=time.now(), months=36, by_name="示例", at=time.now())
    erase_case(receipt.id, by=district["centre.duty_chief"], run=run)
    matter.refresh_from_db()
    told = [matter.title, matter.request, matter.why, matter.result]
    told += [text for row in Commission.objects.values_list(*WORDS) for text in row]
    told += WatchStep.objects.filter(matter=matter).values_list("text", flat=True)
    told += WorkOrder.objects.filter(matter_id=matter.pk).values_list("reply", flat=True)
    told += [str(row) for row in Matter.versions.rel.related_model.objects.filter(pgh_obj_id=matter.pk).values()]
    assert told and "青梧院" not in "".join(told)
    catch_up()
    after = Fact.objects.values().get(case=receipt.id)
    assert {name: value for name, value in after.items() if name != "id"} == {
        name: value for name, value in before.items() if name != "id"
    }


def test_a_case_of_a_campaign_that_goes_on_is_not_due_until_the_campaign_ends(clock: FrozenClock, db: None) -> None:
    district = build()
    receipt = district.report(text="青梧院门前的灯不亮", name="李小明", phone="13812345678")
    supervision.load_tables(by=system("测试"))
    _with_supervisor(district)
    supervisor = district["supervisor"]
    view = SavedView.objects.create(
        registry="cases", user_id=supervisor.user_id, name="全部", query="", created_at=time.now()
    )
    campaign = supervision.open_campaign(
        by=supervisor, kind="cases", title="路灯专项", request="逐件核实", ends_on=time.today(), view_id=view.pk
    )
    traced()
    Case.objects.filter(pk=receipt.id).update(state="closed", closed_at=time.now())
    clock.advance(days=1)
    assert not retention.due(time.now()).exists(), "the campaign still counts it"
    supervision.close_campaign(campaign.pk, by=supervisor, text="已逐件核实")
    assert [case.pk for case in retention.due(time.now())] == [receipt.id]


def _with_supervisor(district: District) -> None:
    office = make_unit("office", Unit.Kind.CENTRE, name="示例区督查室", order=200)
    role = make_role("supervisor", ("cases.view", "supervision.view", "supervision.lead"), reach=Role.Reach.DISTRICT)
    district.people["supervisor"] = make_officer("supervisor", role, office, "示例督查员")
