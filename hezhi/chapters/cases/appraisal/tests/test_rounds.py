"""9.1.2-5 业务考核: from the template to the frozen result, told by who publishes, scores, objects, reviews and reads."""

import io
from datetime import date
from decimal import Decimal as D

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from docx import Document

from hezhi.chapters.cases.appraisal import actions, queries
from hezhi.chapters.cases.appraisal.models import (
    FrozenFact,
    Indicator,
    Line,
    Objection,
    Round,
    Score,
    Template,
    TemplateItem,
)
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.statistics.api import catch_up
from hezhi.chapters.cases.statistics.models import Fact
from hezhi.chapters.cases.statistics.testkit import here
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.models import Attachment
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.uploads.tests import makers

NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


def made(district, level: str = "department", units=("light", "water")) -> Round:
    template = Template.objects.get(level=level)
    wanted = {district.units[code].pk for code in units}
    objects = [(unit, user) for unit, user, _ in queries.objects_for(level) if unit in wanted]
    return actions.make_round(
        by=district["office.manager"], title="十一月考核", template_id=template.pk, first=NOVEMBER[0], last=NOVEMBER[1],
        objects=objects,
    )  # fmt: skip


@pytest.fixture
def frozen(district, month, ledger) -> Round:
    """The departments' November, with points by hand for every unit, frozen; what that costs does not grow with the units."""
    manager, round_ = district["office.manager"], made(district)
    actions.publish(round_.pk, by=manager)
    for score in Score.objects.filter(line__round=round_, item="records"):
        actions.give(score.pk, by=manager, value=D(9), reason="抽查办理记录")
    with ledger.sql("appraisal: bring the scores out", 26):
        return actions.freeze(round_.pk, by=manager)


def line(round_: Round, district, code: str) -> Line:
    return Line.objects.get(round=round_, unit=district.units[code])


def points(line: Line) -> dict[str, D | None]:
    return {s.item: s.given if s.given is not None else s.gained for s in Score.objects.filter(line=line)}


@pytest.mark.clause("9.1.2-5-4", "9.1.2-5-5")
def test_the_scores_are_what_the_hand_works_out_and_each_opens_its_cases(district, frozen, as_, ledger):
    """Light: 4 of 4 handled, 3 on time, none redone, 3 of 4 happy, 3 of 4 closed on time; by hand 9."""
    light = line(frozen, district, "light")
    assert points(light) == {
        "handled": D("25.00"), "on-time": D("18.75"), "rework": D("15.00"), "waiting-late": D("10.00"), "satisfied": D("7.50"),
        "closing-band": D("5.00"), "records": D("9.00"),
    }  # fmt: skip
    assert (light.total, light.grade) == (D("90.25"), "优秀")
    # Water: nothing handled, one late; nobody was asked, so that item has no value: 34 of 90 is 37.78 of a hundred.
    water = line(frozen, district, "water")
    assert points(water) == {
        "handled": D("0.00"), "on-time": D("0.00"), "rework": D("15.00"), "waiting-late": D("0.00"), "satisfied": None,
        "closing-band": D("0.00"), "records": D("9.00"),
    }  # fmt: skip
    assert (water.total, water.grade) == (D("26.67"), "待改进")
    head = as_("light.reviewer")
    head.get("/appraisal/")
    with ledger.sql("result of an appraised unit", 14):
        page = head.get(f"/appraisal/lines/{light.pk}/").content.decode()
    assert "3 ÷ 4 × 25 = 18.75" in page and "90.25" in page
    behind = as_("light.reviewer").get(f"/appraisal/lines/{light.pk}/cases/?item=on-time&part=top").content.decode()
    assert "按期处置数 3 件次" in behind and behind.count("data-row=") == 3


@pytest.mark.clause("9.1.2-5-5")
def test_a_frozen_result_comes_out_the_same_whatever_changes_afterwards(district, frozen, month, hands, as_, ledger):
    before = {each.unit_id: (each.total, points(each)) for each in Line.objects.filter(round=frozen)}
    hands.redo(month["a"])  # the facts of the case change
    Fact.objects.all().delete()  # all of them
    traced()
    Indicator.objects.filter(code="on-time").update(numerator="handled_late", shape="inverse")  # and the rules
    TemplateItem.objects.filter(indicator__code="handled").update(weight=1)
    with ledger.sql("appraisal: work out again", 10):
        assert actions.recompute(district["office.manager"], frozen.pk) == (True, [])
    page = as_("office.manager").get(f"/appraisal/{frozen.pk}/check/").content.decode()
    assert "复算一致" in page
    assert {each.unit_id: (each.total, points(each)) for each in Line.objects.filter(round=frozen)} == before
    FrozenFact.objects.filter(appraisal=frozen, case=month["b"]).update(handled_at=None)  # somebody tampers
    untouched, differences = actions.recompute(district["office.manager"], frozen.pk)
    assert not untouched and {d.item for d in differences} >= {"handled", "on-time"}
    with pytest.raises(NotNow):
        actions.recount(frozen.pk, by=district["office.manager"])


@pytest.mark.clause("9.1.2-5-4")
def test_an_objection_is_reviewed_by_another_and_takes_the_case_out(district, frozen, month, november):
    light, late = line(frozen, district, "light"), month["late"]
    head = district["light.reviewer"]
    with pytest.raises(BadInput):
        actions.object_to(light.pk, by=head, text="不属我局", number=month["water"].number)
    with pytest.raises(NotFound):
        actions.object_to(light.pk, by=district["water.reviewer"], text="别人的分")
    objection = actions.object_to(light.pk, by=head, text="该路灯属高速公路公司", item="on-time", number=late.number)
    assert Outgoing.objects.filter(object_id=objection.pk).exists()
    with pytest.raises(NotNow):
        actions.finish(frozen.pk, by=district["office.manager"])
    with pytest.raises(NotAllowed):
        actions.review(objection.pk, by=head, grant=True, opinion="同意")
    score = Score.objects.get(line=light, item="on-time")
    actions.give(score.pk, by=district["office.second"], value=D(18), reason="按抽查调整")
    with pytest.raises(NotAllowed):  # who gave the points does not judge the objection against them
        actions.review(objection.pk, by=district["office.second"], grant=True, opinion="同意")
    actions.review(objection.pk, by=district["office.reviewer"], grant=True, opinion="核实属公路公司")
    score.refresh_from_db()
    assert (score.numerator, score.denominator, score.gained, score.given) == (3, 3, D("25.00"), D("18.00"))
    assert actions.recompute(district["office.manager"], frozen.pk) == (True, [])
    assert Objection.objects.get().reviewed_by == district.people["office.reviewer"]
    november.move_to(here("2026-12-09 09:00"))
    assert actions.finish(frozen.pk, by=district["office.manager"]).state == "final"
    with pytest.raises(NotNow):
        actions.object_to(light.pk, by=head, text="太晚了")


@pytest.mark.clause("9.1.2-5-4")
def test_points_by_hand_need_a_reason_and_nobody_scores_himself(district, frozen, as_):
    score = Score.objects.get(line=line(frozen, district, "water"), item="records")
    manager = district["office.manager"]
    for value, reason in ((D(11), "抽查办理记录"), (D(5), "无")):
        with pytest.raises(BadInput):
            actions.give(score.pk, by=manager, value=value, reason=reason)
    with pytest.raises(NotAllowed):
        actions.give(score.pk, by=district["water.reviewer"], value=D(10), reason="我们很好")
    paper = SimpleUploadedFile("抽查记录.pdf", makers.pdf(), "application/pdf")
    sent = as_("office.manager").post(
        f"/appraisal/scores/{score.pk}/give/", {"value": "7.5", "reason": "抽查缺三项", "file": paper}
    )
    assert sent.status_code == 302
    score.refresh_from_db()
    file = Attachment.objects.get(object_id=score.pk)
    assert score.given == D("7.50")
    assert as_("water.reviewer").get(f"/files/{file.pk}/").status_code == 200
    assert as_("light.reviewer").get(f"/files/{file.pk}/").status_code == 404


@pytest.mark.clause("9.1.2-5-3")
def test_a_round_is_published_with_whole_weights_told_of_and_frozen_only_when_it_is_over(district, month, november):
    manager, round_ = district["office.manager"], made(district)
    traced()
    item = TemplateItem.objects.get(template__level="department", indicator__code="records")
    TemplateItem.objects.filter(pk=item.pk).update(weight=9)
    with pytest.raises(NotNow, match="99 分"):
        actions.publish(round_.pk, by=manager)
    TemplateItem.objects.filter(pk=item.pk).update(weight=10)
    assert not Round.objects.visible_to(district["light.reviewer"]).exists(), "a draft is nobody's result"
    actions.publish(round_.pk, by=manager)
    assert Outgoing.objects.filter(object_id=round_.pk).exists()
    assert line(round_, district, "light").total is not None, "the automatic scores stand at once"
    with pytest.raises(NotAllowed):
        actions.freeze(round_.pk, by=district["light.reviewer"])
    november.move_to(here("2026-11-30 12:00"))
    with pytest.raises(NotNow, match="还没有结束"):
        actions.freeze(round_.pk, by=manager)


@pytest.mark.clause("9.1.2-5-5")
def test_each_sees_his_own_and_the_report_tells_him_no_more(district, frozen, as_):
    light, water = line(frozen, district, "light"), line(frozen, district, "water")
    assert as_("light.reviewer").get(f"/appraisal/lines/{water.pk}/").status_code == 404
    own = as_("light.reviewer").get(f"/appraisal/{frozen.pk}/report/").content
    whole = as_("office.manager").get(f"/appraisal/{frozen.pk}/report/").content
    said = [
        "\n".join(c.text for t in Document(io.BytesIO(p)).tables for r in t.rows for c in r.cells) for p in (own, whole)
    ]
    assert "示例区水务局" not in said[0] and "示例区水务局" in said[1]
    assert "90.25" in said[0] and str(light.total) in said[1]
    assert "3 ÷ 4 × 25 = 18.75" in as_("office.manager").get(f"/appraisal/{frozen.pk}/print/").content.decode()


@pytest.mark.clause("9.1.2-5-3", "9.1.2-5-5")
def test_grid_members_see_themselves_and_stand_in_no_order(district, month, as_):
    """P14: no ranking of grid members, neither by a button nor by a row written past it."""
    round_ = made(district, "grid_member", ("grid11", "grid21"))
    actions.publish(round_.pk, by=district["office.manager"])
    mine = Line.objects.get(user=district.people["grid11.grid_worker"])
    other = Line.objects.get(user=district.people["grid21.grid_worker"])
    worker, head = as_("grid11.grid_worker"), district["town1.town_dispatcher"]
    assert worker.get(f"/appraisal/lines/{mine.pk}/").status_code == 200
    assert worker.get(f"/appraisal/lines/{other.pk}/").status_code == 404
    assert set(Line.objects.visible_to(head)) == {mine}, "the head of the town sees his own people"
    with pytest.raises(NotNow, match="不排名"):
        actions.order_units(round_.pk, by=district["office.manager"], on=True, reason="比一比")
    page = as_("office.manager").get(f"/appraisal/{round_.pk}/").content.decode()
    assert "按得分排列" not in page
    traced()
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.filter(pk=round_.pk).update(ordered=True)


@pytest.mark.clause("9.1.2-5-1", "9.1.2-5-2", "9.1.2-5-3")
def test_the_manager_builds_indicator_template_and_round_on_screen(district, month, as_):
    desk = as_("office.manager")

    def enter(slug: str, **told: object):
        token = desk.get(f"/r/{slug}/new/").context["form_token"]
        return desk.post(f"/r/{slug}/new/", told | {"form_token": token})

    told = {"code": "fast", "name": "快办率", "shape": "rate", "step": 0, "most": 0, "target": 0}
    wrong = enter("appraisal-indicators", **told)
    assert wrong.status_code == 422 and "请选择分子" in wrong.content.decode()
    rated = {"numerator": "handled_on_time", "denominator": "to_handle"}
    assert enter("appraisal-indicators", **told, **rated).status_code == 302
    assert enter("appraisal-templates", name="专项考核", level="department", good=90, fair=60).status_code == 302
    template, indicator = Template.objects.get(name="专项考核"), Indicator.objects.get(code="fast")
    item = {"template": template.pk, "indicator": indicator.pk, "weight": 100, "order": 1}
    assert enter("appraisal-items", **item).status_code == 302
    catch_up()
    page = desk.get(f"/appraisal/preview/{template.pk}/").content.decode()
    assert "75" in page and "2026-11-01" in page
    light = f"{district.units['light'].pk}:"
    made = desk.post(
        f"/appraisal/new/{template.pk}/",
        {"title": "专项", "first": "2026-11-01", "last": "2026-11-30", "objects": [light]},
    )
    round_ = Round.objects.get(title="专项")
    assert made.url == f"/appraisal/{round_.pk}/"
    for step in ("publish", "recount", "freeze"):
        assert desk.post(f"/appraisal/{round_.pk}/do/{step}/").status_code == 302
    assert line(round_, district, "light").total == D("75.00")
    assert as_("light.reviewer").get("/appraisal/").content.decode().count("专项") >= 1


@pytest.mark.clause("9.1.2-5-4")
def test_an_excluded_case_leaves_the_count_with_its_reason(district, frozen, month):
    light = line(frozen, district, "light")
    with pytest.raises(BadInput):
        actions.exclude(light.pk, by=district["office.manager"], number="SJ000", reason="不属本单位")
    actions.exclude(light.pk, by=district["office.manager"], number=month["late"].number, reason="恶意重复诉求")
    assert points(light)["on-time"] == D("25.00")
    _, rows = queries.behind(district["office.manager"], light, "on-time", "whole")
    assert rows.count() == 3 and Case.objects.filter(pk=month["late"].pk).exists()
