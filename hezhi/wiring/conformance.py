"""How far the house answers the standard (标准符合性, /conformance): a hundred rows, and the table of deviations.

Everything comes from `standard/clauses.toml` and from what code and tests say of themselves; nothing is
typed here.
"""

import io
from collections import Counter
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Pt

from hezhi.engines.org.rights import signed_in
from hezhi.ground import time
from hezhi.ground.ui.shapes import Crumb
from hezhi.wiring import clauses
from hezhi.wiring.clauses import STATES, Row

DEVIATING = ("part", "lawful")
HEADINGS = ("条款", "名称", "标准要求", "已建并可演示", "未建或限定", "依据", "业主意见（签字）")
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True)
class Line:
    """One row of the page (一条标准): with the address that opens what works, and its proofs."""

    row: Row
    url: str
    proof: str

    @property
    def tests(self) -> list[str]:
        """The tests that name the clause, each once."""
        return list(dict.fromkeys(f"{place.path}::{place.name}".removesuffix("::") for place in self.row.tests))


def lines(state: str = "") -> list[Line]:
    """All rows, or those of one state, in the order of the standard."""
    pages, proofs = clauses.addresses(), clauses.last_proofs()
    found = [row for row in clauses.rows().values() if not state or row.state == state]
    return [Line(row, row.shows or _first(pages[row.id].pages), _proof(proofs.get(row.id))) for row in found]


def _first(addresses: list[str]) -> str:
    """The first address that opens without knowing a row."""
    return next((address for address in addresses if "<" not in address and "(" not in address), "")


def _proof(proof: dict[str, object] | None) -> str:
    return f"{proof['at']} 通过 {proof['passed']} 项，未通过 {proof['failed']} 项" if proof else ""


@signed_in
def page(request: HttpRequest) -> HttpResponse:
    """The hundred rows (标准符合性): state in words, the function itself, the tests; filtered by state."""
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    counts = Counter(row.state for row in clauses.rows().values())
    context = {
        "title": "标准符合性", "crumbs": [Crumb("标准符合性")], "lines": lines(state), "chosen": state,
        "all": sum(counts.values()), "states": [(code, name, counts[code]) for code, name in STATES.items()],
    }  # fmt: skip
    return render(request, "wiring/conformance.html", context)


@signed_in
def deviations(request: HttpRequest) -> HttpResponse:
    """The table of deviations (技术偏离表) as a Word file, with a column for the owner's signature."""
    answer = HttpResponse(deviation_table(), content_type=WORD)
    answer["Content-Disposition"] = "attachment; filename*=UTF-8''%E6%8A%80%E6%9C%AF%E5%81%8F%E7%A6%BB%E8%A1%A8.docx"
    return answer


def deviation_table() -> bytes:
    """The rows that are partly built or lawfully narrowed, as a Word file."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "宋体", Pt(10)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    document.add_heading("技术偏离表", level=1)
    document.add_paragraph(f"标准：SZSD02 0014-2025　生成日期：{time.today():%Y年%m月%d日}")
    table = document.add_table(rows=1, cols=len(HEADINGS))
    table.style = "Table Grid"
    for cell, heading in zip(table.rows[0].cells, HEADINGS, strict=True):
        cell.text = heading
    for row in (row for row in clauses.rows().values() if row.state in DEVIATING):
        told = (row.id, row.title, f"见标准第 {row.id} 条", row.built, row.note, row.basis or row.state_title, "")
        for cell, words in zip(table.add_row().cells, told, strict=True):
            cell.text = words
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


urlpatterns = [
    path("conformance/", page, name="conformance"),
    path("conformance/deviations.docx", deviations, name="conformance-deviations"),
]
