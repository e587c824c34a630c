"""A model says what it found and how far it may be trusted; one that is no better than last week informs nobody (分析模型)."""

from datetime import date, timedelta

import pytest

from hezhi.chapters.awareness.situation import actions, jobs, rules
from hezhi.chapters.awareness.situation.models import Finding, Model
from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.jobs import deliver_inbox
from hezhi.engines.reach.models import InboxMessage
from hezhi.ground import time
from hezhi.ground.errors import NotNow
from hezhi.ground.ids import new_id

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.4-2-2")]
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


def _case(district, grid: str, day: date, hour: int) -> Case:
    at = time.at_local(day) + timedelta(hours=8 + hour)
    levels = {f"{name}_id": key for name, key in district.areas[grid].ancestors().items()}
    return Case(
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


def test_each_method_says_something_and_no_field_means_a_person(flow) -> None:
    for method in ("trend", "anomalies", "breaks", "shares"):
        finding = actions.run_model(make(name=method, method=method).pk, by=flow["centre.duty_chief"])
        assert finding.told and finding.trust and finding.usable, method
    pointed = {f.related_model._meta.label_lower for f in Model._meta.fields if f.is_relation}
    assert pointed == {"handling.category", "geo.area"}
    assert rules.apply("trend", FIRST, [0] * 100, 14) == rules.FEW
