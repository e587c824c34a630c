"""Files as a door of intake (批量导入, 9.1.2-1): one reader for the pages, the command and the stream.

A row goes the way of every other message, through `take_in`; here it is only read, counted, and put into
transactions of a handy size. The check (预检) writes nothing: it asks the same questions in bulk.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import BinaryIO

from django.db import DataError, IntegrityError, connection, transaction

from hezhi.chapters.cases.handling.api import Case, Category, sealed_number
from hezhi.chapters.cases.intake.actions import take_in
from hezhi.chapters.cases.intake.mappings import Choice, Reader, Reading, SheetMapping, has_points, mappings
from hezhi.chapters.cases.intake.rules import SOURCES, Message, checked
from hezhi.engines.geo.crs import CRS_NAMES
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.ground import tables, time
from hezhi.ground.errors import BadInput
from hezhi.ground.masks import find_personal
from hezhi.ground.tables import Row, Table, TableRefused, open_table, plain_rows
from hezhi.ground.tables.columns import match_headings
from hezhi.ground.text import fold, one_line

AT_ONCE = 200
"""Rows in one transaction: some seconds of work, so that a colleague's report never waits long behind it."""
CHECKED_AT_ONCE = 500
HEADINGS_WITHIN = 10
CLOCKS = {"sheet": "从表中时间起算", "now": "从导入时起算，表中时间仅留存"}
OUTSIDE = "这个位置不在本区范围内。请核对坐标；确属外区的，请向所在区反映。"


@dataclass
class Counts:
    """How a file went (导入计数)."""

    rows: int = 0
    new: int = 0
    known: int = 0
    refused: int = 0
    personal: int = 0
    """Rows whose text holds ID, phone or bank card numbers; they are masked when shown."""

    def add(self, verdict: "Verdict") -> None:
        """Count one row."""
        self.rows += 1
        self.personal += verdict.personal
        setattr(self, verdict.outcome, getattr(self, verdict.outcome) + 1)


@dataclass(frozen=True)
class Verdict:
    """What becomes of a row (逐行结果): «new», «known» or «refused» with its reasons by column's name."""

    row: Row
    outcome: str
    reasons: Mapping[str, list[str]] = field(default_factory=dict)
    personal: bool = False


# -- which mapping ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fit:
    """A mapping that fits a sheet, the columns it finds there, and headings it does not read."""

    mapping: SheetMapping
    places: tuple[str, ...]
    unread: tuple[str, ...]

    @property
    def has_points(self) -> bool:
        return has_points(self.places)


def fitting(file: BinaryIO, kind: str) -> list[Fit]:
    """The mappings whose columns this sheet has, the best first (可用的对照表). Leaves the file at its start.

    Raises TableRefused when none fits, saying what was seen and what a sheet must have.
    """
    first = [cells for _, cells in islice(plain_rows(file, kind), HEADINGS_WITHIN)]
    file.seek(0)
    if not first:
        raise TableRefused("empty", "表格里没有内容", "请确认数据在第一张工作表里，且文件已保存")
    found = []
    for mapping in mappings().values():
        matches = [match_headings(mapping.columns, cells) for cells in first]
        best = max(matches, key=lambda match: len(match.places))
        if best.places and not best.missing:
            found.append(Fit(mapping, tuple(best.places), tuple(best.unknown)))
    if not found:
        seen = "、".join(filter(None, (one_line(cell) for cell in first[0])))[:200]
        raise TableRefused(
            "no_mapping", f"表头对不上任何一种对照表，读到的第一行是：{seen or '(空)'}",
            "请下载模板，把数据粘贴进去再上传；至少要有“反映内容”一列",
        )  # fmt: skip
    return sorted(found, key=lambda fit: (-len(fit.places), fit.mapping.order))


def faults_of(choice: Choice, fit: Fit) -> dict[str, list[str]]:
    """What is wrong with a choice, or still to be answered (导入选项检查); nothing is guessed."""
    faults: dict[str, list[str]] = {}
    if choice.source not in SOURCES:
        faults["source"] = ["请选择来源。"]
    if fit.has_points and not choice.without_place and choice.crs not in CRS_NAMES:
        faults["crs"] = [f"表中有经纬度，请注明坐标系（{'、'.join(CRS_NAMES)}），或选“不带位置”；系统不猜测坐标系。"]
    if choice.clock not in CLOCKS:
        faults["clock"] = ["请选择时限从何时起算。"]
    return faults


def reader_of(mapping: SheetMapping, choice: Choice) -> Reader:
    """A reader for this mapping and choice, with the district's category words read once."""
    words: dict[str, str] = {}
    for category in Category.objects.filter(active=True).order_by("-code"):
        for word in (*category.aliases, category.name, category.full_name, category.code):
            words[fold(word)] = category.code
    return Reader(mapping, replace(choice, channel=choice.channel or mapping.channel), words)


# -- the check -------------------------------------------------------------------------------------


def check_rows(table: Iterable[Row], reader: Reader) -> Iterator[Verdict]:
    """What would become of each row, writing nothing (预检): three statements for five hundred rows."""
    seen: set[tuple[str, str]] = set()
    rows = iter(table)
    while chunk := list(islice(rows, CHECKED_AT_ONCE)):
        yield from _check(chunk, reader, seen)


def _check(chunk: Sequence[Row], reader: Reader, seen: set[tuple[str, str]]) -> list[Verdict]:
    now = time.now()
    read = [_as_checked(reader.read(row), now) for row in chunk]
    good = [reading.message for reading in read if reading.message]
    known, outside = _known(good) | seen, _outside(good)
    verdicts = []
    for reading in read:
        message = reading.message
        if message is None:
            verdicts.append(Verdict(reading.row, "refused", reading.faults))
            continue
        number = (message.outside_channel, message.outside_number)
        if message.outside_number and number in known:
            verdicts.append(_verdict(reading, "known"))
        elif (message.lon, message.lat) in outside:
            verdicts.append(_verdict(reading, "refused", {"place": [OUTSIDE]}))
        else:
            verdicts.append(_verdict(reading, "new"))
            if message.outside_number:
                known.add(number)
                seen.add(number)
    return verdicts


def _as_checked(reading: Reading, now: object) -> Reading:
    if reading.message is None:
        return reading
    try:
        return replace(reading, message=checked(reading.message, now=now))  # type: ignore[arg-type]
    except BadInput as refusal:
        return Reading(reading.row, None, refusal.fields)


def _verdict(reading: Reading, outcome: str, reasons: Mapping[str, list[str]] | None = None) -> Verdict:
    message = reading.message
    personal = message is not None and not message.secret and bool(find_personal(f"{message.title}\n{message.text}"))
    return Verdict(reading.row, outcome, reasons or {}, personal)


def _known(messages: Sequence[Message]) -> set[tuple[str, str]]:
    """Which of these outside numbers are cases already; one statement."""
    asked = {(m.outside_channel, m.outside_number) for m in messages if m.outside_number}
    if not asked:
        return set()
    # The number of a secret case is kept sealed, and known all the same.
    kept = {(channel, sealed_number(channel, number)): (channel, number) for channel, number in asked}
    kept |= {each: each for each in asked}
    rows = Case.objects.filter(
        outside_channel__in={channel for channel, _ in kept}, outside_number__in=[number for _, number in kept]
    )
    return {kept[pair] for pair in rows.values_list("outside_channel", "outside_number") if pair in kept}


_OUTSIDE = """
select lon, lat from unnest(%s::float8[], %s::float8[]) as asked(lon, lat)
where not exists (
  select from geo_area where level = 'grid' and kind = 'basic' and valid_to is null
    and st_covers(shape, st_setsrid(st_makepoint(lon, lat), 4326)))
"""


def _outside(messages: Sequence[Message]) -> set[tuple[float | None, float | None]]:
    """Which of these points lie in no grid of the district; one statement."""
    points = [(m.lon, m.lat) for m in messages if m.lon is not None]
    if not points:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_OUTSIDE, [[p[0] for p in points], [p[1] for p in points]])
        return set(cursor.fetchall())


# -- taking in -------------------------------------------------------------------------------------


def take_rows(rows: Sequence[Row], reader: Reader, *, by: Actor) -> list[Verdict]:
    """Take rows in within the caller's verb; a refused row stops no other one.

    What is known already is looked up once for all, because `take_in` would work each row out in vain. When
    the database itself refuses something, the rows are taken back and done again with a savepoint for each.
    """
    now = time.now()
    read = [_as_checked(reader.read(row), now) for row in rows]
    known = _known([reading.message for reading in read if reading.message])
    try:
        with transaction.atomic():
            return [_take(reading, known, by) for reading in read]
    except (DataError, IntegrityError):
        return [_take_alone(reading, known, by) for reading in read]


def _take(reading: Reading, known: set[tuple[str, str]], by: Actor) -> Verdict:
    message = reading.message
    if message is None:
        return Verdict(reading.row, "refused", reading.faults)
    if (message.outside_channel, message.outside_number) in known:
        return _verdict(reading, "known")
    try:
        receipt = take_in(message, by=by)
    except BadInput as refusal:
        return _verdict(reading, "refused", refusal.fields)
    return _verdict(reading, "new" if receipt.new else "known")


def _take_alone(reading: Reading, known: set[tuple[str, str]], by: Actor) -> Verdict:
    try:
        with transaction.atomic():
            return _take(reading, known, by)
    except (DataError, IntegrityError) as fault:
        return _verdict(reading, "refused", {"": [f"数据库不接受这一行（{type(fault).__name__}）。"]})


def take_file(table: Iterable[Row], reader: Reader, *, by: Actor, reason: str = "") -> Iterator[list[Verdict]]:
    """Take a whole table in, 200 rows in a transaction; gives the verdicts of each when it has committed."""
    rows = iter(table)
    while chunk := list(islice(rows, AT_ONCE)):
        with acting(by, verb="cases.import", reason=reason) as deed:
            verdicts = take_rows(chunk, reader, by=by)
            counts = Counts()
            for verdict in verdicts:
                counts.add(verdict)
            deed.detail |= {"rows": [chunk[0].number, chunk[-1].number], "new": counts.new, "known": counts.known}
        yield verdicts


def open_as(file: BinaryIO, kind: str, mapping: SheetMapping) -> Table:
    """Open a looked-through file by the columns of a mapping."""
    return open_table(file, kind, mapping.columns)


def own_columns() -> list[tables.Column]:
    """The columns of our template with their drop-downs (模板列): categories as officers keep them now."""
    from hezhi.chapters.cases.intake.mappings import OWN
    from hezhi.chapters.cases.intake.rules import APPEALS, URGENCIES

    leaves = Category.objects.filter(active=True, children__isnull=True).order_by("code")
    choices: dict[str, tuple[str, ...]] = {
        "category": tuple(leaves.values_list("full_name", flat=True)),
        "urgency": tuple(URGENCIES.values()),
        "appeal": tuple(APPEALS.values()),
        "anonymous": ("是", "否"),
        "secret": ("是", "否"),
    }
    return [replace(column, choices=choices.get(column.name, ())) for column in mappings()[OWN].columns]
