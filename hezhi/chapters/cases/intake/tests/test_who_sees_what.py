"""Who sees which cases (数据范围), told twice: in plain Python here, and by the queries of lists, counts and pages."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hezhi.chapters.cases.handling.models import Case, Category, State
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, Scope
from hezhi.engines.org.models import Unit
from hezhi.engines.org.testkit import traced
from hezhi.engines.registry import exports, site
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.listing import look
from hezhi.engines.registry.models import ExportRun
from hezhi.ground import time

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.2-2")]
MANY = 160
ORDERS = ("", "number", "-number", "received", "-received", "due", "-due", "closed_at", "-closed_at")


@pytest.fixture
def district(db: None) -> District:
    """The small district with cases of every kind, many of them alike in what a list is sorted by."""
    district = build()
    luck = random.Random(11)
    units, grids = list(district.units.values()), list(Area.objects.filter(level="grid"))
    moments = [time.now() - timedelta(days=day) for day in (1, 1, 2, 3)]
    made = []
    for n in range(MANY):
        grid = luck.choice([*grids, None])
        lead = luck.choice([*units, None])
        work = luck.sample(units, luck.randint(0, 3))
        if lead is not None and luck.random() < 0.8:  # a lead whose work was taken away is not among the units
            work.append(lead)
        secret = luck.random() < 0.3
        state = luck.choice([State.HANDLING, State.TO_SIGN, State.TO_ACCEPT, State.CLOSED, State.CLOSED, State.VOID])
        made.append(
            Case(
                number=f"SEE{n:05d}", kind=luck.choice(["hotline", "grid", "online_media"]), source="hotline",
                title=luck.choice(["路灯不亮", "井盖缺失"]), text="示例", place="长江路", state=state,
                received_at=luck.choice(moments), recorded_at=moments[0], state_since=moments[0],
                grid=grid, community=grid and grid.community, town=grid and grid.town, district=grid and grid.district,
                lead_unit=lead, units=[unit.pk for unit in work], secret=secret,
                barred_unit=luck.choice(units) if secret else None,
                category=luck.choice([*district.categories.values(), None]),
                due_at=luck.choice([*moments, time.now() + timedelta(days=1), None]),
                closed_at=luck.choice(moments) if state == State.CLOSED else None,
            )
        )  # fmt: skip
    traced()
    Case.objects.bulk_create(made)
    return district


def may_see(actor: Actor, case: Case) -> bool:
    """The rule as one would say it."""
    scope = actor.scope
    if case.secret and case.barred_unit_id in actor.above:
        return False
    if scope.matter_kinds and case.kind not in scope.matter_kinds:
        return False
    mine = set(scope.units) & set(case.units)
    return (
        scope.everything or bool(mine) or (scope.area is not None and getattr(case, f"{scope.level}_id") == scope.area)
    )


def keys(rows: Sequence[Case]) -> list[UUID]:
    return [row.pk for row in rows]


def expect_the_rule(actor: Actor, cases: list[Case]) -> None:
    wanted = sorted(case.pk for case in cases if may_see(actor, case))
    assert sorted(Case.objects.visible_to(actor).values_list("pk", flat=True)) == wanted
    for cut in (Case.objects.branches, Case.objects.ordered_branches):
        found = [pk for branch in cut(actor) for pk in branch.values_list("pk", flat=True)]
        assert sorted(found) == wanted, "branches hold every row once"


def test_everybody_of_the_district_sees_what_the_rule_says_and_nothing_else(district: District) -> None:
    cases = list(Case.objects.all())
    seen = set()
    for name in district.people:
        expect_the_rule(district[name], cases)
        seen.add(len(Case.objects.visible_to(district[name])))
    assert len(seen) > 4, "the people see differently much"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_scope_sees_what_the_rule_says_and_nothing_else(district: District, data: st.DataObject) -> None:
    units, areas = sorted(u.pk for u in district.units.values()), sorted(district.areas)
    area = data.draw(st.sampled_from([None, *areas]))
    scope = Scope(
        everything=data.draw(st.booleans()) and data.draw(st.booleans()),
        level=district.areas[area].level if area else "", area=district.areas[area].pk if area else None,
        units=tuple(data.draw(st.lists(st.sampled_from(units), max_size=4, unique=True))),
        matter_kinds=tuple(data.draw(st.lists(st.sampled_from(["hotline", "grid"]), max_size=2, unique=True))),
    )  # fmt: skip
    above = tuple(data.draw(st.lists(st.sampled_from(units), max_size=3, unique=True)))
    expect_the_rule(Actor(scope=scope, unit_id=above[0] if above else None, above=above), list(Case.objects.all()))


def test_an_actor_knows_his_unit_and_those_above_it(district: District) -> None:
    above = {Unit.objects.get(pk=pk).code for pk in district["grid11.grid_worker"].above}
    assert above == {"grid11", "com1", "town1"}
    assert district["light.handler"].above == (district.units["light"].pk,)


READERS = ("centre.dispatcher", "town1.town_dispatcher", "light.handler", "com2.handler", "grid11.grid_worker")


@pytest.mark.parametrize("order", ORDERS)
def test_the_pages_of_a_list_hold_every_row_once_in_order_forwards_and_backwards(
    district: District, order: str
) -> None:
    registry = site.get("cases")
    for name in READERS:
        by = district[name]
        path = order.lstrip("-").replace("received", "received_at").replace("due", "due_at") or "received_at"
        down = order.startswith("-") or not order
        sign = "-" if down else ""
        whole = keys(Case.objects.visible_to(by).order_by(sign + path, sign + "id"))
        query = f"size=20&order={order}" if order else "size=20"
        found, here = [], Asked(registry, by, QueryDict(query)).page([])
        found += keys(here.rows)
        while here.after:
            here = Asked(registry, by, QueryDict(f"{query}&after={here.after.token()}")).page([])
            found += keys(here.rows)
        assert found == whole, name
        back = keys(here.rows)
        while here.before:
            here = Asked(registry, by, QueryDict(f"{query}&before={here.before.token()}")).page([])
            back = keys(here.rows) + back
        assert back == whole, name


@pytest.mark.parametrize(
    "query", ["", "q=路灯", "overdue=1", "overdue=0", "kind=grid", "category={top}", "state=closed"]
)
def test_counts_page_interface_and_export_tell_of_the_same_rows(district: District, query: str) -> None:
    registry, top = site.get("cases"), Category.objects.get(code="01")
    below = set(Category.objects.filter(path__startswith="01").values_list("pk", flat=True))
    tests = {
        "": lambda case: True,
        "q=路灯": lambda case: "路灯" in case.title,
        "overdue=1": _is_late, "overdue=0": lambda case: not _is_late(case),
        "kind=grid": lambda case: case.kind == "grid",
        "category={top}": lambda case: case.category_id in below,
        "state=closed": lambda case: case.state == "closed",
    }  # fmt: skip
    given_ = QueryDict(f"size=200&{query.format(top=top.pk)}")
    for name in READERS:
        by = district[name]
        wanted = {case.pk for case in Case.objects.all() if may_see(by, case) and tests[query](case)}
        found = look(registry, given_, by)
        assert set(keys(found.page.rows)) == wanted, name
        assert found.total == len(wanted), name
        values = Asked(registry, by, given_, sizes=(50, 1000)).page_of_values(["number"])
        assert {row["pk"] for row in values.rows} == wanted
        run = ExportRun(registry="cases", query=given_.urlencode(), format="csv", created_at=time.now(), reason="核对")
        _, rows, cut = exports.content_of(registry, run, by)
        assert (rows, cut) == (len(wanted), False)


def _is_late(case: Case) -> bool:
    return case.due_at is not None and case.due_at < time.now() and case.state not in ("closed", "void")


def test_ended_cases_are_counted_to_a_thousand_and_open_ones_in_full(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hezhi.engines.registry.listing.ENDED_CAP", 5)
    by, registry = replace(district["centre.dispatcher"], above=()), site.get("cases")
    found = look(registry, QueryDict(""), by)
    closed, open_ = found.counts["closed"], found.counts["handling"]
    assert (closed.number, closed.more, str(closed)) == (5, True, "5+")
    assert open_.number == Case.objects.filter(state="handling").count() and not open_.more
    assert found.total is None, "what was not counted cannot be ticked as a whole"
    monkeypatch.setattr("hezhi.engines.registry.listing.OPEN_CAP", 10)
    told = look(registry, QueryDict(""), by).counts
    unended = [tally for code, tally in told.items() if code not in registry.ended]
    assert all(tally.more for tally in unended) and sum(tally.number for tally in unended) == 11
