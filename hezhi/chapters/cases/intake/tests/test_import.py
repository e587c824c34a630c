"""Files through the wizard (批量导入, 9.1.2-1): asked, checked, confirmed once, refused rows handed back, nothing lost."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from procrastinate.contrib.django import app

from hezhi.chapters.cases.handling.models import Case, Reporter
from hezhi.chapters.cases.intake import batches
from hezhi.chapters.cases.intake.models import Batch, RefusedRow
from hezhi.chapters.cases.intake.testkit import District
from hezhi.engines.org.testkit import enter, hold, make_role, make_user
from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.ground import time
from hezhi.ground.tables import REASON

pytestmark = pytest.mark.clause("9.1.2-1")

HEADINGS = ("标题", "反映内容", "类别", "地点", "经度", "纬度", "诉求时间", "姓名", "联系电话", "要求保密", "外部编号")
START = "/cases/import/"


def line(**given: str) -> tuple[str, ...]:
    """A good row of our template, with what a test changes of it."""
    usual = {
        "标题": "路灯不亮", "反映内容": "12 号楼前的路灯已有三天不亮。", "类别": "路灯照明", "地点": "平江路",
        "经度": "120.005", "纬度": "36.005", "诉求时间": "2026-03-05 09:30", "姓名": "示例甲", "联系电话": "19900001111",
        "要求保密": "", "外部编号": "",
    }  # fmt: skip
    return tuple((usual | given)[heading] for heading in HEADINGS)


def sheet(*rows: tuple[Any, ...], headings: tuple[str, ...] = HEADINGS) -> bytes:
    """An xlsx sheet as an officer saves it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False}) as book:
        page = book.add_worksheet("诉求")
        for number, row in enumerate((headings, *rows)):
            for place, cell in enumerate(row):
                page.write(number, place, cell)
    return out.getvalue()


@pytest.fixture
def officer(district: District) -> Client:
    """The acceptor at his screen."""
    return enter(Client(raise_request_exception=True), district.people["centre.acceptor"])


def send(client: Client, content: bytes, name: str = "三月诉求.xlsx") -> Any:
    """Upload a file; gives the page that answers."""
    return client.post(START, {"file": SimpleUploadedFile(name, content)}, follow=True)


def work_off() -> None:
    """Do what was handed to the worker, in its order; a job that is done leaves the queue."""
    with connection.cursor() as cursor:
        cursor.execute("select id, task_name, args from procrastinate_jobs where status = 'todo' order by id")
        for job, name, values in cursor.fetchall():
            app.tasks[name](**(json.loads(values) if isinstance(values, str) else values))
            cursor.execute("delete from procrastinate_jobs where id = %s", [job])


ANSWERS = {"mapping": "own", "source": "hotline", "position": "EPSG:4326", "clock": "now"}


def checked(client: Client, content: bytes, name: str = "三月诉求.xlsx", **answers: str) -> Batch:
    """Upload and match a file; gives the batch after its check."""
    sent = send(client, content, name)
    assert sent.status_code == 200, sent.content.decode()
    batch = Batch.objects.latest("at")
    given = ANSWERS | answers
    matched = client.post(f"{START}{batch.pk}/", {k: v for k, v in given.items() if v}, follow=True)
    assert matched.status_code == 200, matched.content.decode()
    work_off()
    batch.refresh_from_db()
    return batch


def written(client: Client, batch: Batch) -> Batch:
    """Press «确认写入»."""
    assert client.post(f"{START}{batch.pk}/", {"step": "confirm"}).status_code == 302
    work_off()
    batch.refresh_from_db()
    return batch


def reasons(batch: Batch) -> str:
    """Everything said about the refused rows."""
    return "".join(s for row in batch.refused_rows.all() for told in row.reasons.values() for s in told)


def test_a_sheet_is_asked_about_checked_and_written_only_when_confirmed(officer: Client, district: District) -> None:
    sent = send(officer, sheet(line(), line(标题="再来一件", 经度="120.025")))
    page = sent.content.decode()
    assert "系统不猜测坐标系" in page and "请选择" in page and "平江路" in page
    assert "19900001111" not in page and "示例甲" not in page, "a preview is masked like any page"
    batch = Batch.objects.get()
    open_questions = officer.post(f"{START}{batch.pk}/", {"mapping": "own", "clock": "now"})
    assert open_questions.status_code == 422
    assert "请选择来源" in open_questions.content.decode() and "请注明坐标系" in open_questions.content.decode()

    batch = checked(officer, sheet(line(), line(标题="再来一件", 经度="120.025")))
    assert (batch.state, batch.rows, batch.new, batch.refused) == ("checked", 2, 2, 0)
    assert not Case.objects.exists()
    batch = written(officer, batch)
    assert (batch.state, batch.new) == ("written", 2)
    case = Case.objects.get(title="路灯不亮")
    assert (case.grid, case.category, case.source) == (district.areas["g11"], district.categories["0101"], "hotline")
    assert Reporter.objects.get(case=case).phone == "19900001111"
    assert AuditEntry.objects.filter(event="cases.report", object_id=case.pk).count() == 1
    trace = case.versions.get().pgh_context
    assert (trace["verb"], trace["channel"]) == ("cases.report", "import")


def test_the_file_is_sealed_until_it_is_written_and_then_destroyed(officer: Client) -> None:
    batch = checked(officer, sheet(line()))
    kept = Attachment.objects.get(object_id=batch.pk)
    from hezhi.engines.records import store

    assert "示例甲".encode() not in store.get(kept.file) and batch.file == str(kept.pk)
    written(officer, batch)
    kept.refresh_from_db()
    assert bytes(kept.sealed_key) == b"" and not Batch.objects.get().file


def test_a_second_click_on_confirm_writes_once(officer: Client) -> None:
    batch = checked(officer, sheet(line(), line()))
    written(officer, batch)
    again = officer.post(f"{START}{batch.pk}/", {"step": "confirm"})
    assert again.status_code == 409 and "已写入" in again.content.decode()
    assert Case.objects.count() == 2


def test_two_people_at_one_batch_write_it_once_and_the_second_reads_who_was_quicker(
    officer: Client, district: District
) -> None:
    colleague = enter(Client(), hold_second(district))
    batch = checked(officer, sheet(line()))
    written(officer, batch)
    second = colleague.post(f"{START}{batch.pk}/", {"step": "confirm"})
    assert second.status_code == 409 and district.people["centre.acceptor"].full_name in second.content.decode()
    assert Case.objects.count() == 1


def hold_second(district: District) -> Any:
    """A second acceptor in the same centre."""
    user = make_user("centre.acceptor2", "示例第二受理员")
    role = district.people["centre.acceptor"].holdings.get().post.role
    hold(user, role, district.units["centre"])
    return user


def test_two_people_with_the_same_file_make_each_case_once(officer: Client, district: District) -> None:
    content = sheet(line(外部编号="Q-1"), line(外部编号="Q-2"))
    colleague = enter(Client(), hold_second(district))
    mine, his = checked(officer, content), checked(colleague, content)
    assert his.new == 2, "when it was checked, nothing was there yet"
    written(officer, mine)
    his = written(colleague, his)
    assert (his.new, his.known, Case.objects.count()) == (0, 2, 2)


def test_a_stranger_finds_neither_the_page_nor_the_batch(officer: Client, district: District) -> None:
    batch = checked(officer, sheet(line()))
    other = make_user("elsewhere", "示例外单位")
    hold(other, make_role("importer", ["cases.import"]), district.units["light"])
    assert enter(Client(), other).get(f"{START}{batch.pk}/").status_code == 404
    handler = enter(Client(), district.people["light.handler"])
    assert handler.get(START).status_code == 403 and handler.get(f"{START}{batch.pk}/").status_code == 403


def test_the_same_outside_number_is_one_case_within_a_file_and_between_files(officer: Client) -> None:
    first = written(officer, checked(officer, sheet(line(外部编号="A1"), line(外部编号="A1"), line(外部编号="A2"))))
    assert (first.new, first.known) == (2, 1)
    again = checked(officer, sheet(line(外部编号="A2"), line(外部编号="A3")))
    assert (again.new, again.known) == (1, 1)


FAULTS: list[tuple[str, dict[str, str], str]] = [
    ("a name of 10,000 signs", {"姓名": "长" * 10_000}, "姓名最多 60 个字"),
    ("a time in the future", {"诉求时间": "2099-01-01 08:00"}, "时间在将来"),
    ("a time that is none", {"诉求时间": "昨天下午"}, "时间读不出来"),
    ("a place outside", {"经度": "10.5", "纬度": "50.2"}, "不在本区范围内"),
    ("swapped degrees", {"经度": "36.005", "纬度": "120.005"}, "可能经度和纬度写反"),
    ("half a point", {"纬度": ""}, "同时填写"),
    ("degrees in words", {"经度": "东经120度"}, "经度不是数字"),
    ("a masked phone", {"联系电话": "138****5678"}, "电话已被遮盖"),
    ("a phone too short", {"联系电话": "12"}, "联系电话"),
    ("nothing told", {"标题": "", "反映内容": ""}, "请写明反映的问题"),
    ("neither yes nor no", {"要求保密": "也许"}, "请填“是”或“否”"),
    ("a long outside number", {"外部编号": "9" * 61}, "外部编号最多 60 个字"),
    ("a text of 5,001 signs", {"反映内容": "长" * 5_001}, "内容最多 5000 个字"),
]


@pytest.mark.parametrize(("given", "said"), [pytest.param(g, s, id=name) for name, g, s in FAULTS])
def test_a_faulty_row_is_refused_with_its_sentence_and_stops_no_other(
    officer: Client, given: dict[str, str], said: str
) -> None:
    batch = checked(officer, sheet(line(标题="好的一行"), line(**given)))
    assert (batch.new, batch.refused) == (1, 1)
    assert said in reasons(batch)
    page = officer.get(f"{START}{batch.pk}/").content.decode()
    assert said in page and "19900001111" not in page
    batch = written(officer, batch)
    assert (batch.new, batch.refused, Case.objects.get().title) == (1, 1, "好的一行")
    assert said in reasons(batch), "writing says the same as the check"


def test_an_unknown_category_is_kept_for_the_desk_and_not_refused(officer: Client) -> None:
    written(officer, checked(officer, sheet(line(类别="神秘事项"))))
    case = Case.objects.get()
    assert case.category is None and case.answers == {"来源类别": "神秘事项"} and case.suggestion["category"] == "0101"


def test_a_script_in_a_title_stays_text(officer: Client) -> None:
    batch = checked(officer, sheet(line(标题="<script>alert(1)</script>", 经度="10")))
    page = officer.get(f"{START}{batch.pk}/").content.decode()
    assert "<script>alert(1)" not in page
    batch = checked(officer, sheet(line(标题="<script>alert(1)</script>")))
    preview = officer.get(f"{START}{batch.pk}/?step=match").content.decode()
    assert "<script>alert(1)" not in preview and "&lt;script&gt;" in preview


def test_a_secret_row_is_sealed_like_one_from_the_desk(officer: Client) -> None:
    written(officer, checked(officer, sheet(line(反映内容="举报某经办人吃拿卡要", 要求保密="是"))))
    case = Case.objects.get()
    assert case.secret and "吃拿卡要" not in case.title + case.text and "吃拿卡要" in case.sealed_text


def test_a_secret_row_is_known_again_although_its_number_lies_sealed(officer: Client) -> None:
    row = line(要求保密="是", 外部编号="S-1")
    written(officer, checked(officer, sheet(row)))
    assert "S-1" not in Case.objects.get().outside_number
    again = checked(officer, sheet(row))
    assert (again.new, again.known) == (0, 1)


def test_a_formula_cell_is_read_as_its_value_and_a_broken_one_is_refused(officer: Client) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ("标题", "反映内容"))
        page.write_formula(1, 0, '="路灯"&"坏了"', value="路灯坏了")
        page.write(1, 1, "公式拼出来的标题")
        page.write_string(2, 0, "=HYPERLINK(1)")
        page.write(2, 1, "看起来像公式的文字")
        page.write_formula(3, 1, "=1/0", value="#DIV/0!")
    batch = written(officer, checked(officer, out.getvalue(), position=""))
    assert batch.new == 2 and set(Case.objects.values_list("title", flat=True)) == {"路灯坏了", "=HYPERLINK(1)"}
    exported = checked(officer, "标题,反映内容\n#REF!,标题是公式错误\n".encode(), "公式.csv", position="")
    assert exported.refused == 1 and "公式错误" in reasons(exported)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_is_read_whatever_office_program_wrote_it(officer: Client, encoding: str) -> None:
    content = "标题,反映内容\n路灯不亮,平江路路灯不亮㙟\n".encode(encoding)
    batch = written(officer, checked(officer, content, "诉求.csv", position=""))
    assert batch.new == 1 and Case.objects.get().text == "平江路路灯不亮㙟"


def test_a_sheet_of_the_old_format_is_read_with_its_dates_and_numbers(officer: Client) -> None:
    content = (Path(__file__).parent / "data" / "old.xls").read_bytes()
    batch = written(officer, checked(officer, content, "旧格式.xls", position="", clock="sheet"))
    assert (batch.rows, batch.new) == (2, 2)
    case = Case.objects.get(outside_number="370211260305001")
    assert (case.title, time.show(case.received_at)) == ("路灯不亮", "2026-03-05 09:30")


def test_a_zip_bomb_is_refused_at_the_door(officer: Client) -> None:
    with zipfile.ZipFile(plain := io.BytesIO(sheet(line())), "a", zipfile.ZIP_DEFLATED) as folder:
        folder.writestr("xl/media/more.xml", b"0" * (200 << 20))
    answer = send(officer, plain.getvalue())
    assert answer.status_code == 422 and "展开后" in answer.content.decode()
    assert not Batch.objects.exists() and not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (sheet(("x", "y"), headings=("甲", "乙")), "错表头.xlsx", "表头对不上任何一种对照表"),
        (b"", "空.xlsx", "文件是空的"),
        ("标题,反映内容\n".encode(), "只有表头.csv", ""),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "图.xlsx", "后缀是 .xlsx"),
        (b"<html><body>", "网页.xls", ""),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_what_to_do(
    officer: Client, content: bytes, name: str, said: str
) -> None:
    answer = send(officer, content, name)
    if name == "只有表头.csv":
        batch = checked(officer, content, name, position="")
        assert batch.state == "failed" and "只有表头" in batch.failure
        return
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not Batch.objects.exists()


def test_refused_rows_come_back_as_the_same_sheet_and_go_in_when_mended(officer: Client) -> None:
    batch = written(officer, checked(officer, sheet(line(), line(标题="错的", 联系电话="138****5678"))))
    answer = officer.get(f"{START}{batch.pk}/refused/")
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert rows[0] == (*HEADINGS, REASON) and "第 3 行" in rows[1][-1] and "电话已被遮盖" in rows[1][-1]
    assert AuditEntry.objects.filter(event="cases.fetch_refused").exists()
    mended = [[cell if cell != "138****5678" else "13800005678" for cell in row] for row in rows]
    batch = written(officer, checked(officer, sheet(*mended[1:], headings=tuple(mended[0]))))  # type: ignore[arg-type]
    assert (batch.new, Case.objects.count()) == (1, 2)


def test_refused_rows_lie_sealed_and_are_destroyed_after_thirty_days(officer: Client) -> None:
    batch = checked(officer, sheet(line(姓名="示例丙", 联系电话="1")))
    with connection.cursor() as cursor:
        cursor.execute("select cells from intake_refusedrow")
        assert "示例丙" not in cursor.fetchone()[0]
    Batch.objects.update(at=time.now() - timedelta(days=31))
    batches.tidy()
    assert not RefusedRow.objects.exists()
    assert officer.get(f"{START}{batch.pk}/refused/").status_code == 404


def test_a_file_nobody_confirmed_is_destroyed_after_a_day(officer: Client) -> None:
    batch = checked(officer, sheet(line()))
    Batch.objects.update(at=time.now() - timedelta(hours=25))
    batches.tidy()
    batch.refresh_from_db()
    assert batch.state == "dropped" and not batch.file
    assert officer.post(f"{START}{batch.pk}/", {"step": "confirm"}).status_code == 409
    assert not Case.objects.exists()


def test_another_coordinate_system_can_be_chosen_after_the_check(officer: Client) -> None:
    batch = checked(officer, sheet(line(经度="120.0001")), position="GCJ-02")
    assert (batch.new, batch.refused) == (0, 1), "shifted out of the district"
    page = officer.get(f"{START}{batch.pk}/").content.decode()
    assert "不在本区范围内" in page and "改选对照" in page
    officer.post(f"{START}{batch.pk}/?step=match", ANSWERS)
    work_off()
    batch.refresh_from_db()
    assert (batch.state, batch.new, batch.refused) == ("checked", 1, 0)
    assert not batch.refused_rows.exists()


def test_a_batch_can_be_given_up(officer: Client) -> None:
    batch = checked(officer, sheet(line()))
    officer.post(f"{START}{batch.pk}/", {"step": "give_up"})
    batch.refresh_from_db()
    assert batch.state == "dropped" and not batch.file and not Case.objects.exists()


def test_a_foreign_coordinate_system_is_converted_and_a_whole_file_may_go_without_place(officer: Client) -> None:
    written(officer, checked(officer, sheet(line(经度="120.012")), position="GCJ-02"))
    moved = Case.objects.latest("id")
    assert moved.point is not None and 0.003 < 120.012 - moved.point.x < 0.008
    written(officer, checked(officer, sheet(line(经度="-71.06", 纬度="42.36", 地点="长江路")), position="none"))
    bare = Case.objects.latest("id")
    assert (bare.point, bare.place) == (None, "长江路")


def test_the_sheets_own_time_starts_the_limit_only_when_asked_to(officer: Client) -> None:
    written(officer, checked(officer, sheet(line()), clock="sheet"))
    assert time.show(Case.objects.latest("id").received_at) == "2026-03-05 09:30"
    written(officer, checked(officer, sheet(line()), clock="now"))
    case = Case.objects.latest("id")
    assert time.now() - case.received_at < timedelta(minutes=5)
    assert case.occurred_at is not None and time.show(case.occurred_at) == "2026-03-05 09:30"


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Let the writer die after so many rows, as a killed worker does."""
    from hezhi.chapters.cases.intake import importing

    usual = importing.take_in

    def die_after(rows: int) -> None:
        count = iter(range(10_000))

        def take_in(*args: Any, **more: Any) -> Any:
            if next(count) == rows:
                raise KeyboardInterrupt
            return usual(*args, **more)

        monkeypatch.setattr(importing, "take_in", take_in)

    yield die_after
    monkeypatch.setattr(importing, "take_in", usual)


def test_a_writer_that_dies_half_way_goes_on_where_it_stopped(
    officer: Client, dying: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE_ROWS", 0)
    monkeypatch.setattr("hezhi.chapters.cases.intake.importing.AT_ONCE", 4)
    batch = checked(officer, sheet(*(line(标题=f"第{n}件") for n in range(10))))
    dying(6)
    officer.post(f"{START}{batch.pk}/", {"step": "confirm"})
    with pytest.raises(KeyboardInterrupt):
        work_off()
    batch.refresh_from_db()
    assert (batch.state, batch.new, Case.objects.count()) == ("writing", 4, 4), "what has committed stays"
    page = officer.get(f"{START}{batch.pk}/").content.decode()
    assert "已处理 4 / 10 行" in page
    assert "接着办" not in page, "its job still stands in the queue"
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'failed' where task_name = 'intake.write_import'")
    assert "接着办" in officer.get(f"{START}{batch.pk}/").content.decode()
    dying(10_000)
    assert officer.post(f"{START}{batch.pk}/", {"step": "go_on"}).status_code == 302
    assert officer.post(f"{START}{batch.pk}/", {"step": "go_on"}).status_code == 409, "a second click"
    work_off()
    batch.refresh_from_db()
    assert (batch.state, batch.new, Case.objects.count()) == ("written", 10, 10)
    assert Case.objects.values("title").distinct().count() == 10


def test_a_row_that_the_database_refuses_takes_no_other_with_it(
    officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hezhi.chapters.cases.intake import importing

    usual = importing.take_in

    def refuse(message: Any, **more: Any) -> Any:
        receipt = usual(message, **more)
        if message.title == "坏的":
            with connection.cursor() as cursor:
                cursor.execute("select 1 / 0")
        return receipt

    monkeypatch.setattr(importing, "take_in", refuse)
    batch = written(officer, checked(officer, sheet(line(标题="好的"), line(标题="坏的"), line(标题="也好"))))
    assert (batch.new, batch.refused) == (2, 1) and "数据库不接受这一行" in reasons(batch)
    assert set(Case.objects.values_list("title", flat=True)) == {"好的", "也好"}


def test_the_template_has_drop_downs_and_an_explanation_and_is_read_back(officer: Client) -> None:
    content = officer.get(f"{START}template/").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    titles = [cell.value for cell in book.worksheets[0][1]]
    assert "*反映内容" in titles and "填写说明" in book.sheetnames
    listed = book.worksheets[0].data_validations.dataValidation
    assert len(listed) == 5, "category, urgency, appeal, anonymous, secret"
    book.worksheets[0].append(["测试", "内容"])
    book.save(out := io.BytesIO())
    assert checked(officer, out.getvalue()).new == 1
