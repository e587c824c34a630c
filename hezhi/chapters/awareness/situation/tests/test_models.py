"""A model says what it found and how far it may be trusted; one that is no better than last week informs nobody (分析模型)."""

from datetime import date, timedelta

import numpy as np
import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from hezhi.chapters.awareness.early_warning.models import Warning, WarningModel
from hezhi.chapters.awareness.situation import actions, jobs, rules
from hezhi.chapters.awareness.situation.models import Finding, Model
from hezhi.chapters.awareness.situation.queries.replay import try_out
from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.flow.models import ToDo
from hezhi.engines.geo.models import Area
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.jobs import deliver_inbox
from hezhi.engines.reach.models import InboxMessage
from hezhi.ground import time
from hezhi.ground.errors import NotNow
from hezhi.ground.ids import new_id

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.4-2-2")]
QUIET = timedelta(hours=72)
FIRST, JUMP = date(2026, 8, 1), date(2026, 11, 17)


@pytest.fixture
def flow(district):
    """Two cases a day in the first town, six a day since the jump; one a week in the second town."""
    traced()
    cases = []
    for n in range((date(2026, 11, 25) - FIRST).days + 1):
        day = FIRST + timedelta(days=n)
        many = [("g11", 6 if day >= JUMP else 2), ("g21", 1 if n % 7 == 0 else 0)]
        cases += [_case(district, grid, day, hour) for grid, count in many for hour in range(count)]
    Case.objects.bulk_create(cases, batch_size=500)
    return district


def _case(district, grid: str, day: date, hour: int, **more: object) -> Case:
    at = time.at_local(day) + timedelta(hours=8 + hour)
    levels = {f"{name}_id": key for name, key in district.areas[grid].ancestors().items()}
    return Case(**more,
        id=new_id(), number=f"SJ{new_id().hex[-12:]}", kind="hotline", source="hotline", title="没有水", text="没有水", received_at=at,
        recorded_at=at, state_since=at, category=district.categories["0102"], **levels,
    )  # fmt: skip


def make(**more: object) -> Model:
    traced()
    return Model.objects.create(**({"name": "停水突变", "aim": "及早发现", "method": "breaks", "days": 180} | more))


def test_the_day_of_a_jump_is_told_published_and_the_receivers_hear_of_it_in_their_part(flow, as_) -> None:
    model = make(weekly=True, receivers=[flow.units[code].pk for code in ("town1", "town2", "water")])
    desk = as_("centre.duty_chief")
    assert "还没有运行过" in desk.post(f"/situation/models/{model.pk}/do/publish/", follow=True).content.decode()
    page = desk.post(f"/situation/models/{model.pk}/do/run/", follow=True).content.decode()
    assert "2026-11-17 起由每天" in page and "可靠性" in page and "PELT" in page
    desk.post(f"/situation/models/{model.pk}/do/publish/")
    model.refresh_from_db()
    assert (model.state, model.next_on) == ("published", date(2026, 11, 30))
    assert jobs.reports() == 0
    with time.frozen_at("2026-11-30 08:00"):
        assert jobs.reports() == 2  # nobody at the water bureau may see the situation
        assert jobs.reports() == 0
        deliver_inbox()
    told = InboxMessage.objects.filter(title__contains="停水突变")
    assert set(told.values_list("user__login_name", flat=True)) == {"town1.town_dispatcher"}
    two = Finding.objects.get(unit=flow.units["town2"])
    assert not two.usable and "不足以判断" in two.told
    page = as_("town2.town_dispatcher").get(f"/situation/models/{model.pk}/").content.decode()
    assert "2026-11-17" not in page and "不足以判断" in page
    assert as_("town2.town_dispatcher").post(f"/situation/models/{model.pk}/do/run/").status_code == 403


def test_a_forecast_no_better_than_last_week_is_refused(flow, district) -> None:
    model = make(name="来件预测", method="forecast", town=district.areas["t1"])
    by = district["centre.duty_chief"]
    Case.objects.filter(received_at__gte=time.at_local(JUMP)).delete()
    with time.frozen_at("2026-11-17 09:00"):  # two a day, day after day: nothing beats the same as last week
        finding = actions.run_model(model.pk, by=by)
        assert not finding.usable and "不如「与上周同日相同」" in finding.trust
        with pytest.raises(NotNow):
            actions.publish_model(model.pk, by=by)


def test_a_change_of_the_question_is_a_new_version_on_trial(flow, as_) -> None:
    model = make()
    by = flow["centre.duty_chief"]
    actions.run_model(model.pk, by=by)
    actions.publish_model(model.pk, by=by)
    desk = as_("centre.duty_chief")
    page = desk.get(f"/r/situation-models/{model.pk}/edit/")
    hidden = {n: page.context[n] for n in ("form_token", "row_version") if page.context.get(n)}
    form = hidden | {
        "name": "停水突变",
        "aim": "及早发现",
        "measure": "urgent",
        "method": "breaks",
        "days": 180,
        "horizon": 14,
        "ground": "grid",
        "parts": "town_kind",
    }
    desk.post(f"/r/situation-models/{model.pk}/edit/", form)
    model.refresh_from_db()
    assert (model.edition, model.state, model.next_on) == (2, "draft", None)
    with pytest.raises(NotNow):
        actions.publish_model(model.pk, by=by)


def test_where_a_change_comes_from_is_told_by_place_and_kind(flow) -> None:
    model = make(name="来源", method="shares")
    finding = actions.run_model(model.pk, by=flow["centre.duty_chief"])
    assert "东1街道 市政设施/供水排水 +" in finding.told and finding.alert
    assert all("东2街道" not in part for part in finding.told.split("：")[1:])
    told = {
        parts: actions.run_model(make(name=parts, method="shares", parts=parts).pk, by=flow["centre.duty_chief"]).told
        for parts in ("town", "community", "kind", "source")
    }
    assert "东1街道 +" in told["town"] and "和安1社区 +" in told["community"]
    assert "市政设施/供水排水 +" in told["kind"] and "12345热线 +" in told["source"]


def test_each_method_says_something_and_no_field_means_a_person(flow) -> None:
    for method in ("trend", "anomalies", "breaks", "shares"):
        finding = actions.run_model(make(name=method, method=method).pk, by=flow["centre.duty_chief"])
        assert finding.told and finding.trust and finding.usable, method
    pointed = {f.related_model._meta.label_lower for f in Model._meta.fields if f.is_relation}
    assert pointed == {"handling.category", "geo.area"}
    assert rules.apply("trend", FIRST, [0] * 100, 14) == rules.FEW


# -- where it gathers ----------------------------------------------------------------------------------------

LAST = date(2026, 11, 25)


@pytest.fixture
def field(district):
    """Another town of six times six grids with two cases each, a month ago and now; four grids in its middle have twelve now."""
    traced()
    town = _area(district, "t3", "town", "d", 0, 0, 6)
    _area(district, "c3", "community", "t3", 0, 0, 6)
    grids = [_area(district, f"g3{x}{y}", "grid", "c3", x, y, 1) for x in range(6) for y in range(6)]
    cases = []
    for grid in grids:
        hot = grid.code in ("g322", "g323", "g332", "g333")
        for ago, many in ((40, 2), (10, 12 if hot else 2)):
            cases += [
                _case(district, grid.code, LAST - timedelta(days=ago - n), n, point=_within(grid, n))
                for n in range(many)
            ]
    Case.objects.bulk_create(cases, batch_size=500)
    return town


def _within(grid: Area, n: int) -> Point:
    """One of four places in a grid."""
    return Point(grid.centre.x + 0.0025 * (-1) ** n, grid.centre.y + 0.0025 * (-1) ** (n // 2), srid=4326)


def _area(district, code: str, level: str, parent: str, x: int, y: int, side: int) -> Area:
    above = district.areas[parent]
    box = Polygon.from_bbox((120.1 + x / 100, 36 + y / 100, 120.1 + (x + side) / 100, 36 + (y + side) / 100))
    levels = {name: key for name, key in above.ancestors().items() if name != "grid"}
    row = Area.objects.create(
        code=code, name=code, full_name=f"新街道{code}", level=level, parent=above, shape=MultiPolygon(box, srid=4326),
        centre=Point(box.centroid.x, box.centroid.y, srid=4326), valid_from=date(2026, 1, 1),
        **{f"{name}_id": key for name, key in levels.items()},
    )  # fmt: skip
    district.areas[code] = row
    return row


@pytest.mark.parametrize("ground", ["grid", "square"])
def test_hot_ground_is_found_told_as_new_and_drawn_for_who_may_see_it(field, district, as_, ground: str) -> None:
    model = make(name="热点", method="spots", ground=ground, town=field)
    desk = as_("centre.duty_chief")
    page = desk.post(f"/situation/models/{model.pk}/do/run/", follow=True).content.decode()
    finding = Finding.objects.get()
    assert finding.usable and finding.alert and "新热点" in finding.told and "Getis-Ord" in finding.trust
    assert {word for *_, word in finding.content["spots"]} == {"新热点"}
    assert "data-map" in page and '<th scope="row">' in page and "含相邻" in page
    shown = desk.get(f"/situation/models/spots/{finding.pk}.json").json()["features"]
    assert len(shown) == len(finding.content["spots"]) and shown[0]["properties"]["class"] == "新热点"
    xs = [x for x, _ in (p for f in shown for ring in _rings(f["geometry"]) for p in ring)]
    assert min(xs) > 120.1 and max(xs) < 120.16
    assert as_("town2.town_dispatcher").get(f"/situation/models/spots/{finding.pk}.json").status_code == 404


def _rings(shape: dict) -> list:
    return (
        shape["coordinates"] if shape["type"] == "Polygon" else [ring for part in shape["coordinates"] for ring in part]
    )


# -- warnings of what a model found --------------------------------------------------------------------------


def published(flow, **more: object) -> Model:
    """A model that runs every day from tomorrow on."""
    model = make(daily=True, **more)
    actions.run_model(model.pk, by=flow["centre.duty_chief"])
    return actions.publish_model(model.pk, by=flow["centre.duty_chief"])


def test_a_new_discovery_becomes_one_warning_to_the_unit_whose_part_it_is(flow, as_) -> None:
    model = published(flow, receivers=[flow.units["town1"].pk, flow.units["town2"].pk])
    desk = as_("centre.duty_chief")
    form = {"form_token": desk.get("/r/warning-models/new/").context["form_token"], "name": "突变即报", "level": 2, "days": 3,
            "reporters": 2, "heat": 0, "ratio": 0, "unresolved_hours": 0, "acknowledge_minutes": 60, "quiet_hours": 1,
            "analysis": str(model.pk), "beyond_chance": "on", "active": "on"}  # fmt: skip
    refused = desk.post("/r/warning-models/new/", form)
    assert refused.status_code == 422 and "不再填人数" in refused.content.decode()
    desk.post("/r/warning-models/new/", form | {"reporters": 0, "form_token": refused.context["form_token"]})
    with time.frozen_at("2026-11-27 08:00"):
        assert jobs.reports() == 2
    warning = Warning.objects.get()
    assert (warning.level, warning.found_on, warning.units) == (2, JUMP, [flow.units["town1"].pk])
    assert "突变点" in warning.why and "没有水" not in warning.why and warning.ratio > 2 and warning.chance < 0.001
    assert ToDo.objects.get(object_id=warning.pk).title == "橙色预警：数据分析发现突变点"
    with time.frozen_at("2026-11-27 08:05"):
        deliver_inbox()
    assert InboxMessage.objects.filter(
        user=flow.people["town1.town_dispatcher"], title="橙色预警：数据分析发现突变点"
    ).exists()
    with time.frozen_at("2026-11-28 08:00"):  # the quiet hour is over, the break is the same
        assert jobs.reports() == 2
    assert Warning.objects.count() == 1
    town = as_("town1.town_dispatcher")
    page = town.get(f"/warnings/{warning.pk}/").content.decode()
    assert "数据分析发现突变点" in page and f"/situation/models/{model.pk}/" in page and "应有件数" in page
    assert as_("town2.town_dispatcher").get(f"/warnings/{warning.pk}/").status_code == 404
    town.post(f"/warnings/{warning.pk}/acknowledge/", {"measure": "已增派人手"})
    town.post(f"/warnings/{warning.pk}/judge/", {"verdict": "hit"})
    assert "有新发现（突变点）" in desk.get(f"/warnings/models/{warning.model_id}/").content.decode()


def test_a_warning_model_with_a_unit_of_its_own_warns_with_that_units_rights(flow) -> None:
    model = published(flow)
    for n, code in enumerate(("town2", "water", "centre")):
        WarningModel.objects.create(name=code, level=1 + n, analysis=model, unit=flow.units[code])
    with time.frozen_at("2026-11-27 08:00"):
        assert jobs.reports() == 2  # nobody at the water bureau may see the situation
    warning = Warning.objects.get()  # the second town's part has too few
    assert (warning.model.name, warning.units) == ("centre", [flow.units["centre"].pk])


def test_days_beyond_the_bounds_of_an_earlier_forecast_are_told_and_one_alone_is_not() -> None:
    rows = [[(LAST - timedelta(days=n)).isoformat(), 10.0, 6.0, 14.0] for n in range(9)]
    told = rules.Result("未来。", "。", True, False)
    calm = rules.overrun(told, {"rows": rows, "inside": 0.8}, LAST, [9, 10, 11, 15, 10, 9, 12])
    assert calm.news is None and not calm.alert and "没有越出区间" in calm.told
    over = rules.overrun(told, {"rows": rows, "inside": 0.8}, LAST, [9, 16, 17, 18, 10, 19, 12])
    assert over.alert and over.news == rules.News(LAST - timedelta(days=1), 101, 70.0, over.news.chance)
    assert over.news.chance < 0.05 and "其中 4 天越出区间上限" in over.told
    wide = rules.overrun(told, {"rows": rows, "inside": 0.2}, LAST, [9, 16, 17, 18, 10, 19, 12])
    assert wide.news is None  # bounds that did not hold before are no reason to warn
    assert rules.overrun(told, None, LAST, [99] * 7) == told


@pytest.mark.clause("9.1.4-1")
def test_the_dry_run_plays_past_days_with_what_was_written_down_by_then_and_says_what_was_right(district, as_) -> None:
    traced()
    jump, dice = date(2026, 9, 25), np.random.default_rng(4)
    days = [date(2026, 6, 1) + timedelta(days=n) for n in range(178)]
    numbers = {day: int(dice.poisson(10 if day >= jump else 3)) for day in days}
    Case.objects.bulk_create(
        [_case(district, "g11", day, n % 12) for day, many in numbers.items() for n in range(many)]
    )
    model = make(weekly=True)
    warning = WarningModel.objects.create(name="突变即报", analysis=model, days=3)
    by = district["centre.duty_chief"]
    warned = try_out(by, model, QUIET).warnings
    found = warned[0]
    assert found.right and jump < found.at < jump + timedelta(days=29) and abs((found.news.on - jump).days) <= 2
    page = as_("centre.duty_chief").get(f"/warnings/models/{warning.pk}/").content.decode()
    assert f"/situation/tried/{warning.pk}/" in page
    page = as_("centre.duty_chief").get(f"/situation/tried/{warning.pk}/").content.decode()
    right = sum(each.right is True for each in warned)
    assert (
        len(warned) <= 2
        and f"重算 27 次，会预警 {len(warned)} 次，其中 {right} 次事后证实" in page
        and "四周后再算" in page
    )
    assert as_("town1.town_dispatcher").get(f"/situation/tried/{warning.pk}/").status_code == 403
    late, three = time.at_local(date(2026, 10, 28)), time.at_local(jump) + timedelta(hours=8 + 3)
    rows = Case.objects.filter(received_at__gte=time.at_local(jump), received_at__lt=late)
    keys = [case.pk for case in rows if time.local(case.received_at).hour >= time.local(three).hour]
    Case.objects.filter(pk__in=keys).update(recorded_at=late)  # all but three a day were written down a month later
    assert all(each.at > late.date() for each in try_out(by, model, QUIET).warnings)
    for method in ("anomalies", "forecast", "spots"):
        Model.objects.filter(pk=model.pk).update(method=method, ground="community", daily=False)
        told = try_out(by, Model.objects.get(pk=model.pk), QUIET)
        assert told.runs == (27 if method == "anomalies" else 14) and told.usable <= told.runs
    assert not Warning.objects.exists() and not Finding.objects.exists()
