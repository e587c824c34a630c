"""Sheets of paper as PDF (文书): headings, facts, paragraphs and steps on A4, in Chinese.

The type is the standard Song of PDF readers (STSong-Light): nothing is embedded, so a sheet is small and no font has to be
shipped (decision 0041). Text is text: it can be searched and copied, and nothing in it is read as markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

__all__ = ["Sheet"]

FONT = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))
INK, SOFT, LINE, HEAD = HexColor("#1b2430"), HexColor("#5b6776"), HexColor("#bcc6d2"), HexColor("#e8eef7")
WIDTH = 170
BODY = ParagraphStyle("body", fontName=FONT, fontSize=10.5, leading=17, textColor=INK, wordWrap="CJK")
SMALL = ParagraphStyle("small", parent=BODY, fontSize=9, leading=14, textColor=SOFT)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=9, leading=13)
TITLE = ParagraphStyle("title", parent=BODY, fontSize=18, leading=26, alignment=1, spaceAfter=4 * mm)
HEADING = ParagraphStyle("heading", parent=BODY, fontSize=12.5, leading=20, spaceBefore=4 * mm, spaceAfter=1 * mm)


@dataclass
class Sheet:
    """One sheet (一份文书), filled from top to bottom; `foot` stands below every page with the page's number."""

    title: str
    foot: str = ""
    _parts: list[Flowable] = field(default_factory=list)

    def heading(self, text: str) -> None:
        """A heading of a section."""
        self._parts.append(Paragraph(_plain(text), HEADING))

    def say(self, text: str, *, small: bool = False) -> None:
        """A paragraph; its line breaks are kept."""
        self._parts.append(Paragraph(_plain(text), SMALL if small else BODY))

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Names and values in two columns of pairs, with lines."""
        cells = [Paragraph(_plain(each), SMALL if n % 2 == 0 else BODY) for row in rows for n, each in enumerate(row)]
        self._table([_four(cells[at : at + 4]) for at in range(0, len(cells), 4)], (22, 63, 22, 63))

    def steps(self, rows: Iterable[Sequence[str]], widths: Sequence[float]) -> None:
        """A table of any columns; `widths` in millimetres."""
        self._table([[Paragraph(_plain(each), BODY) for each in row] for row in rows], widths)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table with heads that come again on each page; the columns share the width, the widest words most of it."""
        told = [[str(each) for each in row] for row in rows]
        longest = [max([len(head), *(len(row[n]) for row in told)]) for n, head in enumerate(heads)]
        shares = [min(max(length, 4), 24) for length in longest]
        widths = [WIDTH * share / sum(shares) for share in shares]
        cells: list[list[Flowable | str]] = [[Paragraph(_plain(head), SMALL) for head in heads]]
        cells += [[Paragraph(_plain(each), CELL) for each in row] for row in told]
        self._table(cells, widths, heads=1)

    def _table(self, cells: list[list[Flowable | str]], widths: Sequence[float], heads: int = 0) -> None:
        if not cells:
            return
        table = Table(cells, colWidths=[width * mm for width in widths], repeatRows=heads)
        lines = [("GRID", (0, 0), (-1, -1), 0.5, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        lines += [("BACKGROUND", (0, 0), (-1, heads - 1), HEAD)] if heads else []
        table.setStyle(
            TableStyle([*lines, ("TOPPADDING", (0, 0), (-1, -1), 3), ("BOTTOMPADDING", (0, 0), (-1, -1), 4)])
        )
        self._parts += [table, Spacer(0, 2 * mm)]

    def pdf(self) -> bytes:
        """The finished file."""
        out = io.BytesIO()
        page = SimpleDocTemplate(
            out, pagesize=A4, title=self.title, author="", leftMargin=20 * mm, rightMargin=20 * mm, topMargin=18 * mm,
            bottomMargin=20 * mm, pageCompression=0,
        )  # fmt: skip
        page.build(
            [Paragraph(_plain(self.title), TITLE), *self._parts], onFirstPage=self._number, onLaterPages=self._number
        )
        return out.getvalue()

    def _number(self, canvas: object, page: object) -> None:
        canvas.saveState()  # type: ignore[attr-defined]
        canvas.setFont(FONT, 8.5)  # type: ignore[attr-defined]
        canvas.setFillColor(SOFT)  # type: ignore[attr-defined]
        canvas.drawString(20 * mm, 12 * mm, self.foot)  # type: ignore[attr-defined]
        canvas.drawRightString(190 * mm, 12 * mm, f"第 {page.page} 页")  # type: ignore[attr-defined]
        canvas.restoreState()  # type: ignore[attr-defined]


def _plain(text: str) -> str:
    """Text as text: signs of markup are shown and not obeyed, line breaks kept."""
    return escape(text).replace("\n", "<br/>")


def _four(cells: list[Flowable]) -> list[Flowable | str]:
    return [*cells, *[""] * (4 - len(cells))]
