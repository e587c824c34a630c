"""Kept sums, files and live rows tell the same numbers at every moment, each reader his own (分析引擎)."""

import random
import stat
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.contrib.gis.geos import Point
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.api import actions as handling
from hezhi.chapters.cases.statistics.api import CASES, jobs
from hezhi.engines.analysis.cube import asking, keeping, questions, spark, store
from hezhi.engines.analysis.cube.facts import COLUMNS, KEYS, pieces
from hezhi.engines.analysis.cube.questions import Question
from hezhi.engines.analysis.models import CubeCell, CubeChange, CubePartition
from hezhi.engines.org.testkit import traced
from hezhi.ground import time
from hezhi.ground.ids import new_id
from hezhi.ground.testkit.spark import cluster

pytestmark = pytest.mark.clause("9.1.4-2-1")
SPANS = (
    (date(2026, 9, 20), date(2026, 11, 10)),
    (date(2026, 7, 1), date(2026, 9, 19)),
    (date(2025, 9, 20), date(2025, 11, 10)),
)
DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@given(st.lists(st.tuples(DAYS, st.integers(0, 500)), min_size=1, max_size=3), st.booleans())
def test_kept_sums_cover_each_day_of_the_periods_once_and_no_other(starts, by_day) -> None:
    spans = [(first, first + timedelta(days=more)) for first, more in starts]
    wanted = {first + timedelta(days=n) for first, last in spans for n in range((last - first).days + 1)}
    told = pieces(spans, by_day=by_day)
    covered = [piece.month + timedelta(days=n) for piece in told for n in range(piece.below, piece.upto)]
    assert len(covered) == len(set(covered)) and set(covered) == wanted
    for piece in told:  # a piece lies in one month, wholly inside or wholly outside of each period
        a, b = (piece.month + timedelta(days=n) for n in (piece.below, piece.upto - 1))
        assert piece.month.day == 1 and a == piece.day and (b.year, b.month) == (a.year, a.month)
        assert all(y < a or x > b or (x <= a and y >= b) for x, y in spans) and not (by_day and a != b)


# -- the cases move, the answers stay true -----------------------------------------------------------------


def put(district, dice: random.Random, many: int) -> None:
    """Cases at random places, days, kinds; some of no place, some of no category."""
    traced()
    grids = [area for code, area in district.areas.items() if code.startswith("g")]
    cases = []
    for _ in range(many):
        first, last = dice.choice(SPANS)
        at = time.at_local(first + timedelta(days=dice.randrange((last - first).days + 1))) + timedelta(
            minutes=dice.randrange(1440)
        )
        area = dice.choice([*grids, None])
        levels = {f"{level}_id": key for level, key in area.ancestors().items()} if area else {}
        cases.append(
            Case(
                id=new_id(), number=f"SJ{new_id().hex[-12:]}", kind=dice.choice(["hotline", "grid"]), title="没有水", text="没有水",
                source=dice.choice(["hotline", "walk_in", "grid"]), received_at=at, recorded_at=at, state_since=at,
                category=dice.choice([None, *district.categories.values()]), units=_units(district, dice),
                point=Point(120 + dice.random() / 20, 36 + dice.random() / 40, srid=4326) if dice.random() < 0.9 else None,
                **levels,
            )
        )  # fmt: skip
    Case.objects.bulk_create(cases)


def _units(district, dice: random.Random) -> list:
    return [district.units[code].pk for code in dice.sample(["town1", "com1", "town2", "water"], dice.randrange(3))]


def move(district, dice: random.Random) -> None:
    """Something happens to a few cases at once, as verbs, imports and erasure would do it."""
    traced()
    keys = dice.sample(list(Case.objects.order_by("number").values_list("pk", flat=True)), 4)
    rows = Case.objects.filter(pk__in=keys)
    other = dice.choice(list(district.areas.values()))
    change = dice.randrange(8)
    if change == 7:
        rows[:1].get().delete()
        return
    rows.update(
        **(
            {"state": "closed", "satisfied": dice.choice([True, False, None])}, {"secret": True}, {"secret": False},
            {"state": dice.choice(["void", "handling"])}, {"category": dice.choice([None, *district.categories.values()])},
            {"town_id": other.town_id, "community_id": None, "grid_id": None, "point": Point(120.02, 36.01, srid=4326)},
            {"received_at": time.at_local(dice.choice(SPANS)[0]), "units": _units(district, dice)},
        )[change]
    )  # fmt: skip


def counted(question: Question, reader) -> list[tuple]:
    """The question once more, case by case in plain Python, from what the list of cases would show."""
    rows = Case.objects.visible_to(reader).filter(secret=False).exclude(state="void").select_related("category")
    table: dict[tuple, list[int]] = {}
    for case in rows:
        day = time.local(case.received_at).date()
        fact = {"day": day, "month": day.replace(day=1), "town": case.town_id, "community": case.community_id,
                "grid": case.grid_id, "category": case.category_id, "channel": case.source, "kind": case.kind}  # fmt: skip
        if case.point:
            fact |= {
                "x": int(case.point.x // 0.0056) // question.side,
                "y": int(case.point.y // 0.0045) // question.side,
            }
        inside = [first <= day <= last for first, last in question.spans]
        right = all(str(fact[name]) in values for name, values in question.where)
        if any(inside) and right and (case.point or not question.placed):
            row = table.setdefault(tuple(fact[name] for name in question.by), [0] * len(question.figures))
            told = [case.state == "closed", case.satisfied is True, case.satisfied is not None]
            more = told if question.outcomes else []
            for place, yes in enumerate([*inside, *(inside[0] and each for each in more)]):
                row[place] += yes
    return questions.plain([(*key, *row) for key, row in table.items()], len(question.by))


def asked(district) -> list[Question]:
    """Every question of the screen, with and without filters, and some that no roll-up can answer."""
    town, lamp = str(district.areas["t1"].pk), str(district.categories["0101"].pk)
    told = [
        Question(by, SPANS) for by in ((), ("day",), ("town",), ("community",), ("grid",), ("category",), ("channel",))
    ]
    told += [Question(("x", "y"), SPANS[:1], placed=True, side=4)]
    inside = (("town", (town,)),)
    told += [Question(by, SPANS, inside) for by in ((), ("day",), ("grid",), ("category",), ("channel",))]
    told += [Question(("x", "y"), SPANS[:1], inside, placed=True)]
    told += [Question(("town",), SPANS, (("category", (lamp,)),)), Question(("grid",), SPANS, (("category", (lamp,)),))]
    told += [Question(("month", "town", "channel"), SPANS), Question(("grid",), SPANS, outcomes=False)]
    return [*told, Question(("channel", "category"), SPANS, inside)]


@pytest.mark.django_db
def test_whatever_happens_to_cases_every_reader_is_told_what_his_list_counts(district) -> None:
    dice = random.Random(20261126)
    chief = district["centre.duty_chief"]
    readers = [
        chief, district["town1.town_dispatcher"], district["water.handler"], district["com2.handler"],
        replace(chief, scope=replace(chief.scope, matter_kinds=("grid",))),
    ]  # fmt: skip
    everything = asked(district)
    answered = set()
    put(district, dice, 60)
    for step in range(24):
        dice.choice([move, move, move, lambda d, r: put(d, r, 3)])(district, dice)
        dice.choice([int, lambda: keeping.absorb(CASES), lambda: keeping.write(CASES), lambda: keeping.tidy(CASES)])()
        for question in dice.sample(everything, 6):
            reader = dice.choice(readers)
            rows = counted(question, reader)
            assert asking.ask(CASES, question, reader) == rows, (step, question, reader.scope)
            largest(question, rows, asking.ask_top(CASES, question, reader, 3))
            answered.add(asking.answers(CASES, question, reader))
    assert {"files", "rows", *(rollup.name for rollup in CASES.rollups)} - {"block", "square"} <= answered
    while keeping.write(CASES):
        pass
    keeping.tidy(CASES)
    assert not CubeChange.objects.exists() and not keeping.differing(CASES)
    for question in everything:
        for reader in readers:
            assert asking.ask(CASES, question, reader) == counted(question, reader), (question, reader.scope)
    kept = sums()
    assert keeping.rebuild(CASES) == len(CASES.rows())
    assert sums() == kept
    _no_files_no_difference(district, chief, everything)


def largest(question: Question, rows: list[tuple], top: asking.Top) -> None:
    """The first rows are the largest, and what is told of all rows is how many have which figures."""
    keys, compared = len(question.by), min(2, len(question.spans))
    assert top.rows == sorted(rows, key=lambda row: -row[keys])[:3], question
    assert top.alike == Counter(row[keys : keys + compared] for row in rows), question


def _no_files_no_difference(district, chief, everything) -> None:
    """After a rebuild there is no file: what needs one is asked of the cases themselves."""
    question = everything[-1]
    assert asking.answers(CASES, question, chief) == "rows"
    assert asking.ask(CASES, question, chief) == counted(question, chief)


def sums() -> list[tuple]:
    names = ("rollup", "start", *KEYS, "n", "ended", "happy", "rated")
    return sorted(CubeCell.objects.values_list(*names), key=str)


@pytest.mark.django_db
def test_a_case_that_becomes_secret_is_in_no_answer_at_once_and_in_no_file_after_the_next_run(tell, district) -> None:
    for n in range(5):
        tell("海棠苑没有水", ago=24 * n, category="0102")
    key = tell("反映某工程", ago=24, category="0102")
    chief = district["centre.duty_chief"]
    first = time.today() - timedelta(days=40)
    question = Question(("channel", "category"), ((first, time.today()),))
    while jobs.write_files():
        pass
    assert asking.answers(CASES, question, chief) == "files"
    before = asking.ask(CASES, question, chief)[0][2]
    handling.claim_secret(key, by=district["centre.acceptor"], title="反映某工程", text="隐去身份后的内容")
    assert (before, asking.ask(CASES, question, chief)[0][2]) == (6, 5)
    assert not keeping.differing(CASES)  # the file holds six, the change takes one out
    part = CubePartition.objects.get()
    assert part.rows == 6
    jobs.write_files()
    renewed = CubePartition.objects.get()
    assert renewed.rows == 5 and renewed.file != part.file and not CubeChange.objects.exists()
    assert asking.ask(CASES, question, chief)[0][2] == 5
    _only_its_owner_reads_and_only_facts_are_written(renewed.file)
    _a_damaged_file_is_found_and_written_anew(renewed.file, question, chief)


def _only_its_owner_reads_and_only_facts_are_written(name: str) -> None:
    home = store.folder("cases")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home, home.parent)} == {0o700}
    assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert not [path for path in home.iterdir() if path.suffix != ".parquet"]
    with store.opened() as link:
        told = link.execute(f"describe select * from read_parquet('{home / name}')").fetchall()
    assert tuple(row[0] for row in told) == COLUMNS


def _a_damaged_file_is_found_and_written_anew(name: str, question: Question, chief) -> None:
    path = store.folder("cases") / name
    path.write_bytes(path.read_bytes()[:-40])
    with time.frozen_at("2026-11-27 02:30"):
        assert jobs.check_files() == 0
    with time.frozen_at("2026-11-27 03:10"):
        assert jobs.check_files() == 1
        assert asking.answers(CASES, question, chief) == "rows" and asking.ask(CASES, question, chief)[0][2] == 5
        assert jobs.write_files() == 1 and jobs.check_files() == 0
    assert asking.answers(CASES, question, chief) == "files" and asking.ask(CASES, question, chief)[0][2] == 5


@pytest.mark.fault
@pytest.mark.django_db
def test_postgresql_duckdb_and_a_spark_cluster_tell_the_same_numbers_cell_by_cell(district, settings, tmp_path) -> None:
    dice = random.Random(4)
    put(district, dice, 150)
    for _ in range(6):
        move(district, dice)
    while keeping.write(CASES):
        pass
    put(district, dice, 4)
    move(district, dice)  # some changes no file holds yet
    everything = asked(district)
    chosen = [everything[place] for place in (1, 4, 5, 7, 8, 13, 15, 16)]
    wide = Question(("year", "grid", "category", "channel"), SPANS)
    limits = ("town", (str(district.areas["t1"].pk),))
    pairs = [(wide, wide.only(*limits)), *((question, question) for question in chosen)]
    rows = [asking.on_rows(CASES, more, CASES.rows()) for _, more in pairs]
    assert all(rows) and [asking.on_files(CASES, *pair) for pair in pairs] == rows
    with cluster(tmp_path) as (settings.HEZHI_SPARK, settings.HEZHI_SPARK_OPTIONS):
        try:
            assert [asking.on_files(CASES, *pair) for pair in pairs] == rows
            known = spark.session().sparkContext._jsc.sc().getExecutorMemoryStatus().size()
            assert known == 3  # the driver and two workers, no local stand-in
        finally:
            spark.leave()
