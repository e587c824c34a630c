"""Tables come in as a stream with the person's own row numbers, and go out unable to do harm."""

import datetime
import io
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from hezhi.ground import tables
from hezhi.ground.errors import BadInput
from hezhi.ground.tables import Column, TableRefused, open_table

COLUMNS = (
    Column("name", "姓名", required=True, example="王芳"),
    Column("phone", "联系电话", required=True, also=("电话", "手机"), explain="11 位手机号码，或区号加座机号码"),
    Column("kind", "类型", choices=("户主", "家属"), width=10),
    Column("note", "备注"),
)


def sheet(rows: Sequence[Sequence[object]], start: tuple[int, int] = (0, 0), **options: object) -> io.BytesIO:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd", **options}) as book:
        page = book.add_worksheet("名单")
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if value is not None:
                    page.write(start[0] + number, start[1] + place, value)
    out.seek(0)
    return out


def comma(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


def read(file: io.BytesIO, kind: str = "xlsx", **options: int) -> tuple[tables.Table, list[tables.Row]]:
    with open_table(file, kind, COLUMNS, **options) as table:
        return table, list(table)


def refused(file: io.BytesIO, kind: str = "xlsx", **options: int) -> TableRefused:
    with pytest.raises(TableRefused) as letter:
        read(file, kind, **options)
    assert isinstance(letter.value, BadInput) and letter.value.remedy
    return letter.value


# -- in --------------------------------------------------------------------------------------------


def test_rows_keep_the_numbers_that_the_person_sees() -> None:
    rows = [["某社区居民登记表"], [], ["姓名", "联系电话"], ["王芳", "13800000000"], [], ["李强", "13900000000"]]
    table, found = read(sheet(rows))
    assert table.heading_row == 3
    assert [(row.number, row.values["name"]) for row in found] == [(4, "王芳"), (6, "李强")]


def test_a_table_that_starts_in_the_middle_of_the_sheet_is_read_alike() -> None:
    _, found = read(sheet([["姓名", "电话"], ["王芳", "13800000000"]], start=(4, 2)))
    assert [(row.number, row.values) for row in found] == [(6, {"name": "王芳", "phone": "13800000000"})]


@pytest.mark.parametrize("kind", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_each_encoding_that_offices_use(kind: str) -> None:
    table, found = read(comma("姓名,手机\r\n王芳,13800000000\r\n\r\n李强,13900000000\r\n", kind), "csv")
    assert [(row.number, row.values["phone"]) for row in found] == [(2, "13800000000"), (4, "13900000000")]
    assert table.places == {"name": 0, "phone": 1}


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_is_read_with_each_usual_delimiter_and_quoted_line_breaks(delimiter: str) -> None:
    text = delimiter.join(["姓名", "电话", "备注"]) + "\n" + delimiter.join(["王芳", "13800000000", '"第一行\n第二行"'])
    _, found = read(comma(text), "csv")
    assert found[0].values["note"] == "第一行\n第二行"


def test_numbers_dates_and_choices_come_as_the_person_sees_them() -> None:
    day = datetime.date(1990, 3, 7)
    moment = datetime.datetime.fromisoformat("2025-01-02T08:30:00")
    file = sheet([["姓名", "电话", "备注", "类型"], ["甲", 13800000000, day, True], ["乙", 0.1 + 0.2, moment, 12.5]])
    _, found = read(file)
    assert found[0].values == {"name": "甲", "phone": "13800000000", "note": "1990-03-07", "kind": "是"}
    assert found[1].values["phone"] == "0.3"
    assert found[1].values["kind"] == "12.5"


def test_an_id_number_that_the_sheet_has_spoilt_is_noticed() -> None:
    _, found = read(sheet([["姓名", "电话"], ["甲", 370211199001010011], ["乙", "999999199001010018"]]))
    assert "已被表格软件改成 0" in found[0].faults["phone"]
    assert found[1].faults == {}


def test_a_formula_error_is_a_fault_of_its_cell() -> None:
    _, found = read(comma("姓名,电话\n甲,#REF!\n"), "csv")
    assert found[0].faults == {"phone": "联系电话是公式错误 #REF!，请改成具体的值"}


def test_cells_are_tidied_but_handed_back_as_they_were() -> None:
    _, found = read(comma("姓名,电话\n　王芳 ,１３８００００００００\n"), "csv")
    assert found[0].values == {"name": "王芳", "phone": "13800000000"}
    assert found[0].cells == ["　王芳 ", "１３８００００００００"]


def test_headings_are_known_by_stars_notes_and_other_names() -> None:
    table, _ = read(comma("序号, *姓 名（必填）,手机:,未导入原因\n1,王芳,13800000000,x\n"), "csv")
    assert table.places == {"name": 1, "phone": 2}
    assert table.unknown == ["序号"]


def test_headings_that_cannot_be_are_refused_with_their_names() -> None:
    assert refused(comma("姓名,备注\n王芳,x\n"), "csv").fields == {"file": ["缺少必填的列：联系电话"]}
    assert "重复出现：联系电话" in str(refused(comma("姓名,电话,手机\n"), "csv"))
    assert "没有找到表头，应有：姓名、联系电话、类型、备注" in str(refused(comma("a,b\n1,2\n"), "csv"))
    assert "没有内容" in str(refused(comma("\n\n"), "csv"))
    assert "没有内容" in str(refused(sheet([])))


def test_too_many_rows_are_refused_and_nothing_more_is_read() -> None:
    text = "姓名,电话\n" + "王芳,13800000000\n" * 100
    assert "超过 99 行" in str(refused(comma(text), "csv", most_rows=99))
    assert len(read(comma(text), "csv", most_rows=100)[1]) == 100
    with pytest.raises(TableRefused):
        list(tables.plain_rows(comma(text), "csv", most_rows=50))


def test_a_quote_that_never_closes_is_told_with_its_row() -> None:
    letter = refused(comma('姓名,电话\n甲,1\n乙,"13800000000\n' + "丙,1\n" * 40_000), "csv")
    assert "第 3 行读不出来" in str(letter)


def test_a_sheet_that_asks_for_endless_memory_ends_its_own_process_only() -> None:
    file = sheet([["姓名", "电话"], ["王芳", "13800000000"]])
    far = io.BytesIO()
    with xlsxwriter.Workbook(far, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write(0, 0, "姓名")
        page.write(1_048_575, 16_383, "x")
    assert len(far.getvalue()) < 10_000
    assert refused(far).code == "table_too_large"
    assert len(read(file)[1]) == 1, "the next sheet is read as if nothing had been"


def test_a_sheet_too_wide_broken_or_locked_is_refused() -> None:
    assert refused(sheet([["姓名", *[f"列{n}" for n in range(600)]]])).code == "table_wide"
    broken = sheet([["姓名", "电话"]]).getvalue()
    assert refused(io.BytesIO(broken[: len(broken) // 2])).code == "table_damaged"
    assert refused(io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "xls").code == "table_damaged"
    with pytest.raises(ValueError, match="pdf"):
        open_table(io.BytesIO(), "pdf", COLUMNS)


def test_a_hidden_or_empty_first_sheet_is_passed_over() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        hidden, empty, page = (book.add_worksheet() for _ in range(3))
        hidden.write(0, 0, "秘密")
        page.write_row(0, 0, ["姓名", "电话"])
        page.write_row(1, 0, ["王芳", "13800000000"])
        hidden.hide()
        empty.activate()
    assert len(read(out)[1]) == 1


def test_a_table_left_half_read_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []

    class Noted(subprocess.Popen):
        """A process whose end is looked at; the test's own process may have others, of fixtures that last longer."""

        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    rows = [["姓名", "电话"], *[["王芳", "13800000000"]] * 3000]
    with open_table(sheet(rows), "xlsx", COLUMNS) as table:
        next(iter(table))
    assert started and all(run.returncode is not None for run in started), "ended, and its end was taken note of"


def test_an_upload_is_read_from_djangos_own_file_and_stays_open() -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    for name, kind, file in (
        ("a.csv", "csv", comma("姓名,电话\n王芳,1\n")),
        ("a.xlsx", "xlsx", sheet([["姓名", "电话"], ["王芳", "1"]])),
    ):
        upload = SimpleUploadedFile(name, file.getvalue())
        for _ in range(2):
            with open_table(upload, kind, COLUMNS) as table:  # type: ignore[arg-type]
                assert [row.values["name"] for row in table] == ["王芳"]


def test_rows_without_declared_columns_come_plain() -> None:
    assert list(tables.plain_rows(comma("a,b\n1,2\n"), "csv")) == [(1, ["a", "b"]), (2, ["1", "2"])]


def test_a_row_shows_nothing_of_its_person_in_a_log() -> None:
    _, found = read(comma("姓名,电话\n王芳,13800000000\n"), "csv")
    assert "王芳" not in repr(found) and "13800000000" not in repr(found)


# -- out -------------------------------------------------------------------------------------------


def opened(write: io.BytesIO) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(write.getvalue()))


def test_a_template_has_headings_drop_downs_text_cells_and_an_explanation() -> None:
    out = io.BytesIO()
    tables.write_template(out, "居民/登记", COLUMNS)
    book = opened(out)
    assert book.sheetnames == ["居民登记", "填写说明", "选项"]
    page = book["居民登记"]
    assert [cell.value for cell in page[1]] == ["*姓名", "*联系电话", "类型", "备注"]
    assert {each.number_format for each in page.column_dimensions.values()} == {"@"}
    [drop_down] = page.data_validations.dataValidation
    assert drop_down.formula1 == '"户主,家属"' and str(drop_down.sqref) == "C2:C5001"
    explain = [[cell.value for cell in row] for row in book["填写说明"].iter_rows()]
    assert explain[2] == ["联系电话", "必填", "11 位手机号码，或区号加座机号码", None]
    assert explain[3][2] == "可选：户主、家属"
    assert book["选项"].sheet_state == "hidden"


def test_a_filled_template_comes_back_in() -> None:
    out = io.BytesIO()
    tables.write_template(out, "居民", COLUMNS)
    book = opened(out)
    book["居民"].append(["王芳", "13800000000", "户主", None])
    filled = io.BytesIO()
    book.save(filled)
    _, found = read(filled)
    assert [(row.number, row.values["kind"]) for row in found] == [(2, "户主")]


def test_a_long_drop_down_stands_on_a_hidden_sheet() -> None:
    long = Column("street", "街道", choices=tuple(f"某某街道办事处第{n}社区" for n in range(80)))
    comma_inside = Column("size", "规模", choices=("1,000 以下", "1,000 以上"))
    out = io.BytesIO()
    tables.write_template(out, "表", (*COLUMNS, long, comma_inside))
    book = opened(out)
    sources = [each.formula1 for each in book["表"].data_validations.dataValidation]
    assert "'选项'!$E$1:$E$80" in sources and "'选项'!$F$1:$F$2" in sources
    assert book["选项"]["E80"].value == "某某街道办事处第79社区"


def test_refused_rows_come_back_with_red_reasons_and_can_be_sent_in_again() -> None:
    table, found = read(comma("序号,姓名,电话,未导入原因\n1,王芳,1380000000,旧\n2,,13900000000,旧\n"), "csv")
    out = io.BytesIO()
    reasons = [{"phone": "联系电话应为 11 位数字，现为 10 位"}, {"name": "姓名不能为空", "": "与第 2 行重复"}]
    assert tables.write_refused(out, table.headings, COLUMNS, zip(found, reasons, strict=True)) == 2
    page = opened(out).active
    assert page is not None
    assert [cell.value for cell in page[1]] == ["序号", "姓名", "电话", tables.REASON]
    assert [cell.value for cell in page[2]] == [
        "1",
        "王芳",
        "1380000000",
        "第 2 行：联系电话应为 11 位数字，现为 10 位",
    ]
    assert page["D3"].value == "第 3 行：姓名不能为空；与第 2 行重复"
    assert page["D2"].font.color.rgb.endswith("C00000")
    assert page["C2"].fill.fgColor.rgb.endswith("FCE4E4") and not page["B2"].fill.fgColor.rgb.endswith("FCE4E4")
    again, rows = read(out)
    assert again.unknown == ["序号"] and rows[0].values["phone"] == "1380000000"


ATTACKS = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "＝1+1", " =cmd|' /C calc'!A0", "'=1", "-5", "+86", "-12.5%"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_exported_cell_runs_as_a_formula(attack: str) -> None:
    out = io.BytesIO()
    tables.write_rows(out, "导出", ["列"], [[attack], [datetime.date(2025, 1, 2)], [None]])
    cell = opened(out).active["A2"]
    assert cell.data_type == "s" and "<f>" not in _sheet_xml(out)
    text = b"".join(tables.csv_chunks(["列"], [[attack]])).decode("utf-8-sig")
    [(_, _), (_, [back])] = tables.plain_rows(comma(text), "csv")
    assert back == attack
    first = text.splitlines()[1].lstrip('"')[:1]
    assert first not in "=@\t＝" and (first not in "+-" or attack in ("-5", "+86", "-12.5%"))


def _sheet_xml(out: io.BytesIO) -> str:
    with zipfile.ZipFile(out) as folder:
        return folder.read("xl/worksheets/sheet1.xml").decode()


@given(st.text(max_size=40))
def test_a_guarded_cell_is_itself_again(text: str) -> None:
    assert tables.plain_cell(tables.safe_cell(text)) == text


@given(st.text(max_size=40))
def test_a_guarded_cell_never_begins_like_a_formula(text: str) -> None:
    guarded = tables.safe_cell(text).lstrip()
    assert not guarded.startswith(("=", "@", "＝", "＠", "＋", "－"))
    assert not guarded.startswith(("+", "-")) or guarded[1:].rstrip("%").replace(".", "", 1).isdigit()


def test_an_export_holds_any_text_and_cuts_only_what_no_cell_can_hold() -> None:
    out = io.BytesIO()
    assert tables.write_rows(out, "导出[1]", ["列"], [["a\x00b\x0bc"], ["字" * 40_000]]) == 2
    page = opened(out).active
    assert page is not None
    assert page["A2"].value == "abc"
    assert len(page["A3"].value) == 32_767 and page["A3"].value.endswith("…")


def test_a_long_csv_goes_out_in_pieces() -> None:
    pieces = list(tables.csv_chunks(["列"], ([n] for n in range(30_000))))
    assert len(pieces) > 2 and max(map(len, pieces)) < 100_000
    assert b"".join(pieces).count(b"\r\n") == 30_001


def test_the_process_apart_knows_no_house(tmp_path: Path) -> None:
    """It runs alone: none of our modules, no settings, no keys in its memory."""
    source = (Path(tables.__file__).parent / "unfold.py").read_text()
    assert "hezhi" not in source and "django" not in source
