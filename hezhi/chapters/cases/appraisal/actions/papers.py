"""The report of a round (考核报告) as a document: totals, items with how they came about, objections and exclusions."""

from uuid import UUID

from hezhi.chapters.cases.appraisal import queries, rules
from hezhi.chapters.cases.appraisal.models import Round
from hezhi.chapters.cases.statistics.api import documents
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause

Table = documents.Table


def tables(by: Actor, round_: Round) -> tuple[list[str], list[documents.Table]]:
    """What the report says to this reader: only lines he may see."""
    items = queries.rules_in(round_)
    sheets = [queries.sheet(by, line.pk) for line in queries.lines_of(by, round_)]
    notes = [
        f"考核模板：{round_.template.name}（{round_.get_level_display()}），考核期间 {round_.first} 至 {round_.last}，状态：{round_.get_state_display()}",
        f"数据时点：{time.show(round_.as_of) if round_.as_of else '尚未冻结，为预估得分'}" + (f"，事实摘要 {round_.digest[:16]}" if round_.digest else ""),
        "分母为零的指标不出分，其余各项按比例折算；加分项另加。不计人口、人员登记数量。",
    ]  # fmt: skip
    parts = [
        Table(
            "总分和等次",
            ("考核对象", "总分", "等次"),
            [(str(s.line), rules.plain(s.line.total), s.line.grade or "—") for s in sheets],
        ),
        Table("指标和权重", ("指标", "权重", "口径"), [(r.name, rules.plain(r.weight), r.means) for r in items]),
    ]
    for told in sheets:
        rows = [
            (i.rule.name, rules.plain(i.rule.weight), rules.plain(i.value), i.how + (f"；人工：{i.score.reason}" if i.score.given is not None else ""))
            for i in told.items
        ]  # fmt: skip
        parts.append(Table(str(told.line), ("指标", "权重", "得分", "由来"), rows))
        if told.exclusions:
            taken = [(number, e.reason, str(e.by or "")) for e, number in told.exclusions]
            parts.append(Table(f"{told.line} 剔除的事件", ("编号", "理由", "决定人"), taken))
        if told.objections:
            said = [(o.text, o.get_state_display(), o.opinion or "—") for o in told.objections]
            parts.append(Table(f"{told.line} 的异议", ("异议", "复核结果", "复核意见"), said))
    return notes, parts


@clause("9.1.2-5-5")
@verb("appraisal.report")
def report(round_id: UUID, *, by: Actor, form: str = "docx") -> bytes:
    """The report of a round as a Word document or a PDF (导出考核报告)."""
    by.must("appraisal.view")
    round_ = queries.round_for(by, round_id)
    notes, parts = tables(by, round_)
    write = documents.pdf if form == "pdf" else documents.paper
    return write(f"{round_.title}考核报告", notes, parts)
