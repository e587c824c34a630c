"""What the audit administrator does (审计管理): look something up, take a copy, have the chain examined."""

import io
from collections.abc import Iterator
from uuid import UUID

from hezhi.chapters.operations.security_log import rules
from hezhi.chapters.operations.security_log.queries import Asked, names_of
from hezhi.engines.org.api import Actor
from hezhi.engines.records import audit, queries
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.jobs import defer_examination
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.records.queries import Search
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.crypto import sm3
from hezhi.ground.errors import BadInput
from hezhi.ground.tables import write_rows

MOST_ROWS = 50_000
PAGE = 1_000
HEADINGS = (
    "记录号", "时间", "行为人类型", "姓名", "岗位", "渠道", "来源地址", "请求编号", "行为", "对象", "对象编号", "结果", "事由",
    "查阅目的", "细节", "导出水印",
)  # fmt: skip


def looked_up(by: Actor, asked: Asked) -> None:
    """Write down that the audit was searched for a person or a row (检索留痕); leafing through it is not."""
    if asked.person or asked.object:
        audit.write(by, "audit.look_up", detail={"filters": sorted(asked.filled())})


@clause("12.3-1")
def export(asked: Asked, search: Search, *, by: Actor, reason: str) -> bytes:
    """A copy of what a search finds as a sheet (导出审计), marked with who took it and when; at most 50,000 rows.

    The copy's digest stands in the audit. Raises BadInput without a reason or for too many rows.
    """
    by.must(queries.RIGHT)
    if not reason.strip():
        raise BadInput({"reason": "请写明导出用途。"})
    with acting(by, verb="audit.export", reason=reason) as deed:
        found = queries.entries(by, search)
        if found[MOST_ROWS : MOST_ROWS + 1].exists():
            raise BadInput({"reason": f"一次最多导出 {MOST_ROWS:,} 条，请先缩小时间范围。"}, code="audit.too_many")
        out = io.BytesIO()
        mark = f"{by.name} {time.show(time.now())}"
        count = write_rows(out, "审计日志", HEADINGS, _lines(list(found), mark))
        deed.detail |= {"rows": count, "sm3": sm3(out.getvalue()).hex(), "filters": sorted(asked.filled())}
    return out.getvalue()


def _lines(found: list[AuditEntry], mark: str) -> Iterator[list[object]]:
    for start in range(0, len(found), PAGE):
        page = found[start : start + PAGE]
        names = names_of(page)
        for entry in page:
            yield _line(entry, names, mark)


def _line(entry: AuditEntry, names: dict[UUID, str], mark: str) -> list[object]:
    detail = ";".join(f"{label}:{said}" for label, said in rules.details(entry.detail, entry.object_type, names))
    return [
        entry.pk, f"{time.local(entry.at):%Y-%m-%d %H:%M:%S}", rules.KINDS.get(entry.actor_kind, entry.actor_kind),
        entry.actor_name, entry.post_title, rules.CHANNELS.get(entry.channel, entry.channel), entry.address or "",
        entry.request_id, rules.event_name(entry.event), names.get(entry.object_id, "") if entry.object_id else "",
        entry.object_id or "", rules.RESULTS.get(entry.result, entry.result), entry.reason, entry.purpose, detail, mark,
    ]  # fmt: skip


@verb("audit.ask_check")
def ask_check(*, by: Actor) -> None:
    """Have the whole chain examined by a job now (发起完整性校验)."""
    by.must(queries.RIGHT)
    defer_examination(by)
