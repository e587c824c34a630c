"""What the lists of the security log are made of (列表数据)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from hezhi.chapters.operations.security_log import rules
from hezhi.chapters.operations.security_log.queries import Asked, names_of
from hezhi.engines.org.api import Actor
from hezhi.engines.records import queries
from hezhi.engines.records.models import Alarm, AuditCheck, AuditEntry
from hezhi.engines.records.queries import NEWEST_FIRST, READ
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.tables.paging import Page, page_of, read_token
from hezhi.ground.ui.shapes import Cell, Column, Empty, Filter, Listing, Option, Pager, Row, Tab

SIZE = 50
LOG = (
    Column("时间", "time"),
    Column("行为人"),
    Column("行为", "title"),
    Column("对象"),
    Column("结果"),
    Column("来源", "extra"),
)
READS = (
    Column("时间", "time"),
    Column("查阅人", "title"),
    Column("对象"),
    Column("查看内容"),
    Column("目的", "long"),
    Column("来源", "extra"),
)
CHECKS = (
    Column("时间", "time"),
    Column("范围", "title"),
    Column("条数", "number"),
    Column("未封存", "number"),
    Column("结果"),
    Column("校验人", "extra"),
)
ALARMS = (Column("时间", "time"), Column("告警", "title"), Column("行为人"), Column("情况", "long"), Column("处置"))


def tabs(active: str, alarms: int) -> list[Tab]:
    """The four rooms of the security log."""
    found = (
        ("audit-log", "日志", 0),
        ("audit-reads", "个人信息查阅", 0),
        ("audit-alarms", "安全告警", alarms),
        ("audit-integrity", "完整性", 0),
    )
    return [Tab(name, reverse(url), active=url == active, count=count) for url, name, count in found]


def log(by: Actor, asked: Asked, places: Mapping[str, str]) -> Listing:
    """The audit as a list, newest first (审计日志)."""
    page = _page(by, asked, (), places)
    names = names_of(page.rows)
    rows = [_log_row(entry, names) for entry in page.rows]
    return _log(asked, rows, Empty("没有符合条件的审计记录。", "查看全部", reverse("audit-log")), _pager(page, asked))


def reads(by: Actor, asked: Asked, places: Mapping[str, str]) -> Listing:
    """Who read which personal values of whom, and why (个人信息查阅)."""
    page = _page(by, asked, (READ,), places)
    names = names_of(page.rows)
    rows = [_read_row(entry, names) for entry in page.rows]
    return _reads(asked, rows, Empty("这个范围内没有人查看过个人信息。"), _pager(page, asked))


def unread_log(asked: Asked, refusal: BadInput) -> Listing:
    """The list for a search that could not be read: what was typed stays, and what is wrong is said."""
    return _log(asked, (), _wrong(refusal), Pager())


def unread_reads(asked: Asked, refusal: BadInput) -> Listing:
    """The same for the list of readings."""
    return _reads(asked, (), _wrong(refusal), Pager())


def _wrong(refusal: BadInput) -> Empty:
    return Empty("".join(sentence for said in refusal.fields.values() for sentence in said) + "没有查询。")


def _log(asked: Asked, rows: Sequence[Row], empty: Empty, pager: Pager) -> Listing:
    return Listing(
        name="审计日志",
        columns=LOG,
        rows=rows,
        empty=empty,
        filters=[*_who_and_what(asked), _events(asked), _results(asked), _address(asked), *_days(asked)],
        query=urlencode(asked.filled()),
        filtered=bool(asked.filled()),
        clear_url=reverse("audit-log"),
        pager=pager,
    )


def _reads(asked: Asked, rows: Sequence[Row], empty: Empty, pager: Pager) -> Listing:
    return Listing(
        name="个人信息查阅",
        columns=READS,
        rows=rows,
        empty=empty,
        filters=[*_who_and_what(asked), _address(asked), *_days(asked)],
        query=urlencode(asked.filled()),
        filtered=bool(asked.filled()),
        clear_url=reverse("audit-reads"),
        pager=pager,
    )


def _page(by: Actor, asked: Asked, events: Sequence[str], places: Mapping[str, str]) -> Page:
    rows = queries.entries(by, asked.search(events))
    found = {
        name: read_token(AuditEntry, NEWEST_FIRST, places[name]) for name in ("after", "before") if places.get(name)
    }
    return page_of(rows, NEWEST_FIRST, SIZE, **found)


def _pager(page: Page, asked: Asked) -> Pager:
    def link(name: str, place: Any) -> str:
        return f"?{urlencode(asked.filled() | {name: place.token()})}" if place else ""

    last = page.first + len(page.rows) - 1
    told = f"第 {page.first:,}–{last:,} 条" if page.rows else ""
    return Pager(link("before", page.before), link("after", page.after), told)


def _log_row(entry: AuditEntry, names: dict[UUID, str]) -> Row:
    page = reverse("audit-entry", args=[entry.pk])
    return Row(
        id=str(entry.pk),
        name=f"第 {entry.pk} 号",
        url=page,
        tone="danger" if entry.result == "refused" else "",
        cells=(
            _when(entry),
            Cell(entry.actor_name, entry.post_title or rules.KINDS.get(entry.actor_kind, "")),
            Cell(rules.event_name(entry.event), entry.reason[:60], page),
            Cell(names.get(entry.object_id, "") if entry.object_id else ""),
            Cell(rules.RESULTS.get(entry.result, entry.result)),
            _where(entry),
        ),
    )


def _read_row(entry: AuditEntry, names: dict[UUID, str]) -> Row:
    page = reverse("audit-entry", args=[entry.pk])
    return Row(
        id=str(entry.pk),
        name=f"第 {entry.pk} 号",
        url=page,
        cells=(
            _when(entry),
            Cell(entry.actor_name, entry.post_title, page),
            Cell(names.get(entry.object_id, "") if entry.object_id else ""),
            Cell("、".join(rules.field_name(str(name), entry.object_type) for name in entry.detail.get("fields", []))),
            Cell(entry.purpose or "未写"),
            _where(entry),
        ),
    )


def _when(entry: AuditEntry) -> Cell:
    return Cell(f"{time.local(entry.at):%Y-%m-%d %H:%M:%S}")


def _where(entry: AuditEntry) -> Cell:
    return Cell(entry.address or "—", rules.CHANNELS.get(entry.channel, entry.channel))


# -- filters ---------------------------------------------------------------------------------------


def _who_and_what(asked: Asked) -> list[Filter]:
    return [
        Filter("person", "行为人", "search", asked.person, placeholder="姓名或登录名"),
        Filter("object", "对象", "text", asked.object, placeholder="事件编号、登录名"),
    ]


def _events(asked: Asked) -> Filter:
    options = [
        Option("", "全部行为"),
        *(Option(code, name, code == asked.event, area) for area, found in rules.event_areas() for code, name in found),
    ]
    return Filter("event", "行为", "select", asked.event, options)


def _results(asked: Asked) -> Filter:
    options = [
        Option("", "全部结果"),
        *(Option(code, name, code == asked.result) for code, name in rules.RESULTS.items()),
    ]
    return Filter("result", "结果", "select", asked.result, options)


def _address(asked: Asked) -> Filter:
    return Filter("address", "来源地址", "text", asked.address, placeholder="来源地址")


def _days(asked: Asked) -> list[Filter]:
    return [Filter("since", "自", "date", asked.since), Filter("until", "至", "date", asked.until)]


# -- examinations and alarms -----------------------------------------------------------------------


def checks(by: Actor) -> Listing:
    """The last examinations of the chain (校验记录)."""
    return Listing(
        name="完整性",
        columns=CHECKS,
        rows=[_check_row(check) for check in queries.checks(by)],
        empty=Empty("还没有做过完整性校验。每夜 1 时至 5 时自动校验，也可以现在发起。"),
    )


def _check_row(check: AuditCheck) -> Row:
    page = reverse("audit-check", args=[check.pk])
    result = Cell("完好") if not check.findings else Cell(f"发现 {len(check.findings)} 处问题", url=page)
    return Row(
        id=str(check.pk),
        url=page,
        tone="danger" if check.findings else "",
        cells=(
            Cell(time.show(check.at), f"用时 {check.seconds:.1f} 秒"),
            Cell(f"自 {time.show(check.since)}" if check.since else "全部", f"{check.seals:,} 次封存", page),
            Cell(f"{check.rows:,}"),
            Cell(f"{check.tail:,}"),
            result,
            Cell(check.by_name),
        ),
    )


def alarms(by: Actor) -> Listing:
    """The last two hundred alarms (安全告警)."""
    return Listing(
        name="安全告警",
        columns=ALARMS,
        rows=[_alarm_row(alarm) for alarm in queries.alarms(by)[:200]],
        empty=Empty("没有安全告警。"),
    )


def _alarm_row(alarm: Alarm) -> Row:
    page = reverse("audit-settle", args=[alarm.pk])
    settled = Cell(f"{alarm.seen_by} 已处置", alarm.note) if alarm.seen_at else Cell("处置", url=page)
    return Row(
        id=str(alarm.pk),
        tone="" if alarm.seen_at else "danger",
        cells=(
            Cell(time.show(alarm.at)),
            Cell(alarm.get_kind_display()),
            Cell(alarm.actor_name or "—"),
            Cell(situation(alarm)),
            settled,
        ),
    )


def situation(alarm: Alarm) -> str:
    """What happened, in a sentence."""
    told = alarm.detail
    if alarm.kind == Alarm.Kind.BULK_READING:
        return f"{told.get('minutes')} 分钟内查看了 {told.get('values')} 项个人信息。"
    if alarm.kind == Alarm.Kind.NIGHT_READING:
        return f"{_moment(told.get('at'))} 查看了个人信息，当时不在值班表上。"
    if alarm.kind == Alarm.Kind.INTEGRITY:
        return f"第 {told.get('check')} 次完整性校验发现 {told.get('findings')} 处问题。"
    return "上传的附件查出恶意代码，已隔离。"


def _moment(told: object) -> str:
    return time.show(datetime.fromisoformat(str(told))) if told else ""
