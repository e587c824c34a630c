"""Figures as a document (报告文档) and as a sheet (表格): the same tables as the screen shows, with the moment they were counted."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hezhi.chapters.cases.statistics import queries, rules
from hezhi.chapters.cases.statistics.queries import Asked
from hezhi.engines.org.api import Actor
from hezhi.ground import time

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
NOTE = "口径：应处置为处置时限落在期内或在期内处置的件次；延期、挂账已顺延时限；退回的不计入退回单位；作废的不计。分母为零的不出数。"


@dataclass(frozen=True)
class Table:
    """A titled table, ready to be written."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def percent(value: Any) -> str:
    """A share as it is written, or a dash."""
    return "—" if value is None else f"{value}%"


def tables(by: Actor, asked: Asked) -> list[Table]:
    """All tables of a report for this reader."""
    told = queries.whole(by, asked)
    now, before, year, rates, trend, lines = told.now, told.before, told.year, told.rates, told.trend, told.lines
    volume = [
        (rules.MEASURES[c].name, now[c], before[c], percent(rules.change(now[c], before[c])), year[c],
         percent(rules.change(now[c], year[c])))
        for c in ("reported", "valid", "on_the_spot", "handled", "closed", "waiting_late", "reworked", "satisfied")
    ]  # fmt: skip
    return [
        Table("总体情况", ("项目", "本期", "上期", "环比", "去年同期", "同比"), volume),
        Table("各项比率", ("比率", "算法", "分子", "分母", "本期", "上期", "去年同期"), [
            (r.rate.name, r.rate.means, r.part.value, r.whole.value, percent(r.value) + ("（样本少）" if r.few else ""),
             percent(r.before), percent(r.year_before)) for r in rates
        ]),
        Table(f"按{queries.DIMENSIONS[asked.by]}", (queries.DIMENSIONS[asked.by], "上报", "应处置", "按期处置", "按期处置率", "超期待处置",
              "结案", "返工", "满意率"), [
            (line.name, line["reported"], line["to_handle"], line["handled_on_time"], percent(line.rate("handled_on_time")),
             line["waiting_late"], line["closed"], line["reworked"], percent(line.rate("satisfied"))) for line in lines
        ]),
        Table("环节用时（工作时间）", ("环节", "件次", "平均", "中位数", "九成不超过"), [
            (s.name, s.many, s.mean, s.median, s.slow) for s in told.stages
        ]),
        Table("高频类别", ("类别", "本期", "上期", "增幅"), [
            (h.name, h.now.value, h.before, percent(h.growth)) for h in told.hot
        ]),
        Table("趋势", ("日期", *trend.names), [(day, *numbers) for day, numbers in trend.rows]),
    ]  # fmt: skip


def paper(title: str, notes: Sequence[str], parts: Iterable[Table]) -> bytes:
    """A Word document of these tables."""
    from docx import Document  # the library of Word is read when somebody wants a document
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    document = Document()
    _face(document.styles["Normal"], 10.5)
    for name in ("Title", "Heading 1"):
        _face(document.styles[name], 18 if name == "Title" else 13)
    document.add_heading(title, 0).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for note in notes:
        document.add_paragraph(note)
    for part in parts:
        document.add_heading(part.title, 1)
        if not part.rows:
            document.add_paragraph("本期没有数据。")
            continue
        grid = document.add_table(rows=1, cols=len(part.heads))
        grid.style = "Table Grid"
        for cell, head in zip(grid.rows[0].cells, part.heads, strict=True):
            cell.paragraphs[0].add_run(head).bold = True
        for row in part.rows:
            cells = grid.add_row().cells
            for cell, value in zip(cells, row, strict=True):
                cell.text = str(value)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def pdf(title: str, notes: Sequence[str], parts: Iterable[Table], *, foot: str = "") -> bytes:
    """The same as a PDF (报告 PDF), by the sheets of the house: made on the server, the same on paper everywhere."""
    from hezhi.ground.paper import Sheet  # the library of PDF is read when somebody wants one

    sheet = Sheet(title, foot=foot)
    for note in notes:
        sheet.say(note, small=True)
    for part in parts:
        sheet.heading(part.title)
        if part.rows:
            sheet.table(part.heads, [tuple(map(str, row)) for row in part.rows])
        else:
            sheet.say("本期没有数据。")
    return sheet.pdf()


def _face(style: Any, size: float) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    style.font.name, style.font.size = "宋体", Pt(size)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")


def sheets(notes: Sequence[str], parts: Iterable[Table]) -> bytes:
    """An Excel file of these tables, one sheet each, after a sheet that says what they are."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1})
        told = book.add_worksheet("说明")
        told.set_column(0, 0, 100)
        for n, note in enumerate(notes):
            told.write_string(n, 0, note)
        for part in parts:
            sheet = book.add_worksheet(part.title.split("（")[0][:31])
            sheet.freeze_panes(1, 1)
            sheet.set_column(0, len(part.heads) - 1, 16)
            sheet.write_row(0, 0, part.heads, head)
            for n, row in enumerate(part.rows, start=1):
                for column, value in enumerate(row):
                    if isinstance(value, int):
                        sheet.write_number(n, column, value)
                    else:
                        sheet.write_string(n, column, str(value))
    return out.getvalue()


def notes_of(by: Actor, asked: Asked) -> list[str]:
    """What stands above every report: for which days and matters, when counted, by whom, by what definition."""
    return [
        f"统计期间：{asked.first} 至 {asked.last}", f"统计范围：{asked.words()}（{queries.VIEWS[asked.view]}）",
        f"数据截至：{time.show(queries.up_to())}，由{by.name}生成", NOTE,
    ]  # fmt: skip


__all__ = ["DOCX", "PDF", "XLSX", "Table", "notes_of", "paper", "pdf", "percent", "sheets", "tables"]
