"""Whether the audit is whole (审计完整性校验): nothing changed, nothing missing, nothing slipped in.

`verify` walks the seals in their order and holds the rows against them. What a person with the database
in hand but without the key can do, it finds: a changed row, a removed one, an exchanged one, one put in
by hand, a seal changed, removed or moved, the end cut off. It reports the rows not sealed yet (the tail).
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.db import connection
from django.db.models.expressions import RawSQL

from hezhi.engines.records import audit, sealing
from hezhi.engines.records.models import AuditEntry, AuditSeal
from hezhi.engines.records.vault import KeyRingRefused, mac_fits
from hezhi.ground import time
from hezhi.ground.crypto import CHAIN_START

MOST_FINDINGS = 100
PAGE = 2_000


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (问题): its kind for machines, a sentence for people, where to look."""

    kind: str
    sentence: str
    seal: int | None = None
    entry: int | None = None

    def as_dict(self) -> dict[str, object]:
        """As it is kept in `AuditCheck.findings`."""
        return {"kind": self.kind, "sentence": self.sentence, "seal": self.seal, "entry": self.entry}


@dataclass
class Report:
    """What an examination saw (校验结果). `tail` rows were too young to be sealed; their oldest is given."""

    since: datetime | None = None
    seals: int = 0
    rows: int = 0
    tail: int = 0
    tail_since: datetime | None = None
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Nothing wrong was found (完好)."""
        return not self.findings

    def found(self, kind: str, sentence: str, *, seal: int | None = None, entry: int | None = None) -> None:
        """Note a finding; after a hundred the report is clear enough."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(kind, sentence, seal, entry))


def verify(since: datetime | None = None) -> Report:
    """Examine the audit from the first seal on, or from a moment on (完整性校验). Reads only.

    From a moment on, the seal before it is taken for right.
    """
    report, began = Report(since=since), time.monotonic()
    last = AuditSeal.objects.order_by("-id").first()
    named = _walk(report, since, last)
    _slipped_in(report, since, last, named)
    _tail(report, last)
    _end(report, last)
    report.seconds = round(time.monotonic() - began, 3)
    return report


# -- the seals and their rows ----------------------------------------------------------------------


def _walk(report: Report, since: datetime | None, last: AuditSeal | None) -> list[list[int]]:
    """Hold every seal against the one before it and against its rows; gives the spans they name."""
    expected, named = CHAIN_START, []
    seals = AuditSeal.objects.order_by("id")
    if since is not None:
        seals = seals.filter(sealed_at__gte=since)
        before = AuditSeal.objects.filter(sealed_at__lt=since).order_by("-id").first()
        expected = bytes(before.digest) if before else CHAIN_START
    if last is not None:
        seals = seals.filter(id__lte=last.pk)  # the sealer goes on meanwhile
    for seal in seals.iterator(PAGE):
        _seal(report, seal, expected)
        named += seal.members
        expected = bytes(seal.digest)
    return _joined(report, named)


def _seal(report: Report, seal: AuditSeal, expected: bytes) -> None:
    report.seals += 1
    _prove(report, "seal", f"第 {seal.pk} 号封存", sealing.canonical(seal), bytes(seal.mac), seal=seal.pk)
    if bytes(seal.previous) != expected:
        report.found("seal_missing", f"第 {seal.pk} 号封存与前一封存不相接，中间有封存缺失或被调换。", seal=seal.pk)
    ids = [id_ for first, last in seal.members for id_ in range(first, last + 1)]
    rows = {row.pk: row for row in _rows(ids)}
    report.rows += len(rows)
    for id_ in ids:
        if id_ not in rows:
            report.found("row_missing", f"第 {id_} 号审计记录已封存，现在不见了。", seal=seal.pk, entry=id_)
    for row in rows.values():
        _prove_row(report, row, seal.pk)
    present = ((id_, bytes(rows[id_].mac)) for id_ in ids if id_ in rows)
    if len(rows) == len(ids) and sealing.carried_on(bytes(seal.previous), present) != bytes(seal.digest):
        report.found("rows_exchanged", f"第 {seal.pk} 号封存的值与其中的记录不符，有记录被调换或重写。", seal=seal.pk)


def _prove_row(report: Report, row: AuditEntry, seal: int | None = None) -> None:
    _prove(report, "row", f"第 {row.pk} 号审计记录", audit.canonical(row), bytes(row.mac), seal=seal, entry=row.pk)


def _prove(report: Report, kind: str, name: str, said: bytes, mac: bytes, **where: int | None) -> None:
    """Hold a row or a seal against its own fingerprint."""
    try:
        if not mac_fits(said, mac):
            report.found(f"{kind}_changed", f"{name}被改动过。", **where)
    except KeyRingRefused:
        report.found(f"{kind}_key_unknown", f"{name}所用的密钥不在密钥环上：是伪造的，或缺少旧版密钥。", **where)


def _rows(ids: list[int]) -> Iterator[AuditEntry]:
    wanted = RawSQL("SELECT unnest(%s::bigint[])", [ids])
    return AuditEntry.objects.filter(pk__in=wanted).iterator(PAGE)


def _joined(report: Report, named: list[list[int]]) -> list[list[int]]:
    """The spans in order; a row that two seals name is a finding."""
    named.sort()
    for (_, end), (start, _) in pairwise(named):
        if start <= end:
            report.found("sealed_twice", f"第 {start} 号审计记录出现在两次封存里。", entry=start)
    return named


# -- what no seal names ----------------------------------------------------------------------------

_BY_NOW = "(id <= %(floor)s OR pg_visible_in_snapshot(xact, %(snapshot)s::pg_snapshot))"

_YOUNG = """
    SELECT id FROM records_auditentry
    WHERE id > %s AND xact >= pg_snapshot_xmin(%s::pg_snapshot) AND NOT pg_visible_in_snapshot(xact, %s::pg_snapshot)
"""


def _slipped_in(report: Report, since: datetime | None, last: AuditSeal | None, named: list[list[int]]) -> None:
    """Rows old enough to be sealed, and not sealed: put in by hand under an old transaction's number."""
    if last is None:
        return
    starts = [first for first, _ in named]
    given: dict[str, int | str | datetime | None] = {"floor": last.floor, "snapshot": last.snapshot, "since": since}
    young = "%(since)s::timestamptz IS NULL OR at >= %(since)s::timestamptz"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM records_auditentry WHERE ({young}) AND {_BY_NOW} ORDER BY id", given)  # noqa: S608
        for (id_,) in cursor:
            place = bisect_right(starts, id_) - 1
            if place < 0 or id_ > named[place][1]:
                report.found("row_slipped_in", f"第 {id_} 号审计记录不在任何封存里，不是系统写入的。", entry=id_)


def _tail(report: Report, last: AuditSeal | None) -> None:
    """Rows committed since the last seal: there are few, and they are intact."""
    rows = AuditEntry.objects.order_by("id")
    if last is not None:
        rows = rows.filter(pk__in=RawSQL(_YOUNG, [last.floor, last.snapshot, last.snapshot]))  # noqa: S611
    for row in rows.iterator(PAGE):
        report.tail += 1
        report.tail_since = min(report.tail_since or row.at, row.at)
        _prove_row(report, row)


def _end(report: Report, last: AuditSeal | None) -> None:
    """Hold the chain's end against the witness outside the database."""
    told = sealing.witnessed()
    if told is None:
        return
    number, digest = told
    here = AuditSeal.objects.filter(pk=number).first()
    if here is None or bytes(here.digest) != digest:
        end = f"现在的末尾是第 {last.pk} 号" if last else "现在没有任何封存"
        report.found(
            "end_cut",
            f"库外见证记下的第 {number} 号封存不在库里，{end}。审计末尾可能被截去，或数据库是从较早的备份恢复的。",
            seal=number,
        )
