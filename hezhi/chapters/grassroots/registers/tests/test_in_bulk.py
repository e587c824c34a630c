"""Large imports of residents: the same answers in the same words as row by row, sealed, traced, taken back as a whole."""

import io
import signal
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from hezhi.chapters.grassroots.registers.models import Household, Occupancy, Resident, StagedResident
from hezhi.chapters.grassroots.registers.registries.people import example_number
from hezhi.chapters.grassroots.registers.tests.conftest import Quarter, seeded
from hezhi.engines.bulk import checking, sealing
from hezhi.engines.bulk.models import BulkChunk
from hezhi.engines.org.models import Unit
from hezhi.engines.org.testkit import make_officer
from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.engines.records.vault import blind
from hezhi.engines.registry import imports, site
from hezhi.engines.registry.models import ImportRun
from hezhi.ground.errors import NotNow
from hezhi.ground.identifiers import id_check_sign
from hezhi.ground.jobs import work_off
from hezhi.ground.masks import mask
from hezhi.ground.tables import csv_chunks, plain_rows, write_rows

pytestmark = pytest.mark.clause("9.1.3-2-4")

HEADINGS = {
    "number": "人口编号", "person_name": "姓名", "kind": "人口类别", "id_type": "证件种类", "id_number": "证件号码",
    "sex": "性别", "birth_date": "出生日期", "phone": "联系电话", "hukou_code": "户籍地行政区划",
    "hukou_address": "户籍地详址", "home": "现住房屋", "relation": "与户主关系", "live_address": "现住详址",
    "community": "社区", "labels": "服务标签",
}  # fmt: skip
Sheet = list[dict[str, str]]


def person(n: int, **more: str) -> dict[str, str]:
    """A row nobody can find fault with."""
    return {
        "person_name": "样例" + "零一二三四五六七八九"[n % 10] * (n % 3 + 1), "kind": "户籍人口", "id_type": "111",
        "id_number": example_number(500 + n), "phone": f"1980000{n:04d}", "hukou_code": "999999",
        "hukou_address": f"样例路{n}号", "community": "9011",
    } | more  # fmt: skip


def full_width(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() else sign for sign in text)


def nasty(quarter: Quarter) -> Sheet:
    """Everything that was ever seen in a sheet of residents, good rows between bad ones."""
    here = quarter.person(1, "样例旧人")
    there = quarter.person(2, "样例邻人", by=quarter.neighbour)
    gone = quarter.person(3, "样例走了")
    browser = quarter.browser(quarter.clerk)
    browser.post(f"/r/residents/{gone.pk}/remove/", {"reason": "录错"})
    home, other = quarter.homes()[0].full_name, quarter.homes()[1].number
    number = example_number(500)
    passport = {"kind": "境外人员", "id_type": "414", "id_number": "E1234567", "sex": "女", "birth_date": "1988/2/3"}
    rows: Sheet = [
        person(0),
        person(1, id_number=number[:17] + ("0" if number[17] != "0" else "1")),
        person(2, id_number=number[:6] + "19990230" + number[14:]),
        person(3, id_number="12345"),
        person(4, id_number=example_number(504).lower()),
        person(5, id_number=full_width(example_number(505))),
        person(6, id_number="'" + example_number(506)),
        person(7, id_number=example_number(507)[:6] + example_number(507)[8:17]),
        person(8, sex="女"),
        person(9, birth_date="1950-01-01"),
        person(10, birth_date="2026-13-45"),
        person(11, sex="第三种"),
        person(12, kind="外星人口"),
        person(13, person_name="长" * 51),
        person(14, person_name="样"),
        person(15, person_name="样例3号"),
        person(16, person_name=""),
        person(17, hukou_code="99"),
        person(18, hukou_code="青岛市"),
        person(19, hukou_address="长" * 81),
        person(20, phone="12345"),
        person(21, phone="0532-86000000"),
        person(22, phone="+86 198 0000 0022"),
        person(23, home="没有这套房"),
        person(24, home=home, relation="户主"),
        person(25, home=home, relation="配偶"),
        person(26, home=other, relation="子"),
        person(27, community="9012"),
        person(28, community="没有这个社区"),
        person(29, id_number=example_number(500)),
        person(30, number="77700001"),
        person(31, number="77700001"),
        person(32, number="77700002", id_number=example_number(530)),
        person(33, person_name="阿依古丽•买买提"),
        person(34, person_name="张　三丰"),
        person(35, labels="01、02"),
        person(36, labels="没有这种标签"),
        person(37, id_number=mask("resident_id", example_number(537))),
        person(38, phone="198****0038"),
        person(39, **passport),
        person(40, **passport | {"id_number": "E7654321", "id_type": "111"}),
        person(41, kind="未落户人口", id_number="", sex="男", birth_date="2024-05-01"),
        person(42, id_number=""),
        person(43, kind="未落户人口", id_number=""),
        person(44, id_number=here.id_number, person_name="样例旧人", phone="19800009999"),
        person(45, id_number=here.id_number, person_name="样例旧人"),
        person(46, id_number=there.id_number),
        person(47, id_number=gone.id_number),
        person(48, number=here.number, person_name=mask("name", "样例旧人"), id_number=here.id_number),
        person(49, id_number="#N/A"),
        person(50, person_name="样例旧人", id_number=f"{here.id_number[:14]}9990"[:17] + id_check_sign(f"{here.id_number[:14]}999")),
        person(51, person_name="样例同名", id_number=twin(551, "111")),
        person(52, person_name="样例同名", id_number=twin(551, "333")),
        person(53, birth_date="1961年3月2日"),
        person(54, live_address="=1+1"),
        person(55, hukou_address="  样例路  55 号\t甲 "),
    ]  # fmt: skip
    rows.insert(20, dict.fromkeys(HEADINGS, ""))
    rows.insert(33, dict.fromkeys(HEADINGS, "  "))
    return rows


def twin(n: int, order: str) -> str:
    """Another number of the same birthday and sex."""
    head = example_number(n)[:14] + order
    return head + id_check_sign(head)


def as_csv(rows: Sheet) -> SimpleUploadedFile:
    lines = [[row.get(name, "") for name in HEADINGS] for row in rows]
    return SimpleUploadedFile("yangli.csv", b"".join(csv_chunks(list(HEADINGS.values()), lines)))


def as_xlsx(rows: Sheet) -> SimpleUploadedFile:
    out = io.BytesIO()
    write_rows(
        out, "数据", list(HEADINGS.values()), [[row.get(name, "").lstrip("'") for name in HEADINGS] for row in rows]
    )
    return SimpleUploadedFile("yangli.xlsx", out.getvalue())


def take(quarter: Quarter, upload: SimpleUploadedFile, settings: Any, *, in_bulk: bool) -> ImportRun:
    """Upload a sheet the one way or the other, and have it checked."""
    settings.HEZHI_BULK_FROM_ROWS = 0 if in_bulk else 10**9
    run = imports.receive(site.get("residents"), upload, by=quarter.by(quarter.clerk))
    assert run.lane == ("bulk" if in_bulk else "")
    work_off()
    run.refresh_from_db()
    return run


def told(run: ImportRun) -> dict[str, Any]:
    names = ("state", "failure", "rows", "new", "changed", "unchanged", "refused")
    return {name: getattr(run, name) for name in names} | {"report": dict(run.report)}


def confirmed(quarter: Quarter, run: ImportRun) -> ImportRun:
    imports.confirm(run.pk, by=quarter.by(quarter.clerk))
    work_off()
    run.refresh_from_db()
    assert run.state == "written", run.failure
    return run


def people() -> dict[str, dict[str, Any]]:
    """Everybody as he stands in the register, by what nobody else has."""
    left_out = ("id", "number", "revision", "created_at", "changed_at", "household_id", "id_blind", "phone_blind")
    names = [field.attname for field in Resident._meta.concrete_fields if field.attname not in left_out]
    rows = Resident.objects.select_related("household")
    return {
        f"{row.person_name} {row.id_number} {row.birth_date}": {name: getattr(row, name) for name in names}
        | {
            "in household": bool(row.household_id),
            "heads": row.headed.count(),
            "sole": row.household and row.household.sole,
            "lives": [str(each.home) for each in row.occupancies.filter(until__isnull=True)],
            "prints": (
                row.id_blind == blind("resident_id", row.id_number),
                row.phone_blind == blind("phone", row.phone),
            ),
            "home": row.home and (row.home.people_count, row.home.use),
        }
        for row in rows
    }


@pytest.mark.parametrize("shape", [as_csv, as_xlsx])
def test_both_ways_accept_and_refuse_the_same_rows_with_the_same_words(
    quarter: Quarter, settings: Any, shape: Any
) -> None:
    settings.HEZHI_BULK_PIECE_ROWS = 7
    rows = nasty(quarter)
    one_by_one = take(quarter, shape(rows), settings, in_bulk=False)
    in_bulk = take(quarter, shape(rows), settings, in_bulk=True)
    assert told(in_bulk) == told(one_by_one)
    assert one_by_one.refused > 20 and one_by_one.new > 10 and one_by_one.changed >= 1
    with transaction.atomic():
        confirmed(quarter, one_by_one)
        expected = people()
        transaction.set_rollback(True)
    assert len(people()) < len(expected)
    confirmed(quarter, in_bulk)
    assert people() == expected


def test_what_identifies_a_person_is_sealed_and_every_row_has_its_history(quarter: Quarter, settings: Any) -> None:
    rows = [person(n, home=quarter.homes()[n % 3].number, relation="户主") for n in range(12)]
    run = take(quarter, as_csv(rows), settings, in_bulk=True)
    staged = connection.cursor()
    staged.execute("SELECT s::text FROM registers_stagedresident AS s")
    clear = "\n".join(text for (text,) in staged.fetchall())
    assert clear.count("v1.") >= 36
    assert not any(row["id_number"] in clear or row["phone"] in clear or row["hukou_address"] in clear for row in rows)
    confirmed(quarter, run)
    for row in rows:
        found = Resident.objects.get(id_blind=blind("resident_id", row["id_number"]))
        assert (found.id_number, found.phone, found.hukou_address) == (
            row["id_number"], row["phone"], row["hukou_address"],
        )  # fmt: skip
        version = found.versions.get(pgh_label="insert")
        assert (version.pgh_context["verb"], version.pgh_context["name"]) == ("registers.resident.import", "林样例")
        assert version.pgh_context_id == run.deed and version.id_number == row["id_number"]
    assert AuditEntry.objects.filter(event="registers.resident.import", object_id=run.pk).count() == 1
    assert not StagedResident.objects.exists() and not BulkChunk.objects.exists(), "nothing is left behind"


def test_a_batch_is_taken_back_as_a_whole_with_its_households(quarter: Quarter, settings: Any) -> None:
    before = quarter.person(1)
    home = quarter.homes()[0]
    rows = [person(n, home=home.number, relation="户主" if n == 0 else "子") for n in range(5)]
    rows.append(person(9, id_number=before.id_number, person_name=before.person_name, phone="19811112222"))
    run = confirmed(quarter, take(quarter, as_csv(rows), settings, in_bulk=True))
    assert (run.new, run.changed) == (5, 1)
    home.refresh_from_db()
    assert (home.people_count, home.use) == (5, "own")
    assert imports.undo(run.pk, by=quarter.by(quarter.clerk), reason="录错") == 0
    work_off()
    run.refresh_from_db()
    assert run.state == "undone", run.failure
    assert not Resident.objects.filter(
        removed_at__isnull=True, id_blind__in=[blind("resident_id", r["id_number"]) for r in rows[:5]]
    )
    assert Resident.objects.get(pk=before.pk).phone == before.phone
    home.refresh_from_db()
    assert home.people_count == 0 and not Occupancy.objects.exists()
    assert not Household.objects.filter(removed_at__isnull=True).exists()


def test_the_name_of_a_file_is_told_to_who_uploaded_it_and_to_nobody_else(quarter: Quarter, settings: Any) -> None:
    file = as_csv([person(0)])
    file.name = "样例帮扶名单.csv"
    confirmed(quarter, take(quarter, file, settings, in_bulk=True))
    row = Resident.objects.get()
    page = f"/r/residents/{row.pk}/?tab=history"
    assert "样例帮扶名单" in quarter.browser(quarter.clerk).get(page).content.decode()
    colleague = make_officer("colleague", seeded("town_dispatcher"), Unit.objects.get(name="样例1社区"), "同样例")
    told = quarter.browser(colleague).get(page)
    assert told.status_code == 200 and "样例帮扶名单" not in told.content.decode()


def test_a_batch_somebody_has_touched_stays(quarter: Quarter, settings: Any) -> None:
    run = confirmed(quarter, take(quarter, as_csv([person(n) for n in range(4)]), settings, in_bulk=True))
    row = Resident.objects.get(id_blind=blind("resident_id", example_number(500)))
    quarter.browser(quarter.clerk).post(f"/r/residents/{row.pk}/remove/", {"reason": "核实"})
    with pytest.raises(NotNow, match="之后又有改动"):
        imports.undo(run.pk, by=quarter.by(quarter.clerk), reason="录错")


def test_somebody_registered_meanwhile_stops_the_whole_batch(quarter: Quarter, settings: Any) -> None:
    rows = [person(n) for n in range(4)]
    run = take(quarter, as_csv(rows), settings, in_bulk=True)
    quarter.person(502, "样例先来", by=quarter.neighbour)
    imports.confirm(run.pk, by=quarter.by(quarter.clerk))
    work_off()
    run.refresh_from_db()
    assert run.state == "failed" and "整批没有写入" in run.failure
    assert Resident.objects.count() == 1


def test_refused_rows_come_back_as_the_same_sheet(quarter: Quarter, settings: Any) -> None:
    rows = [person(n) for n in range(6)]
    rows[2]["id_number"], rows[4]["person_name"] = "12345", ""
    run = take(quarter, as_csv(rows), settings, in_bulk=True)
    browser = quarter.browser(quarter.clerk)
    page = browser.get(f"/r/residents/import/{run.pk}/").content.decode()
    assert "身份证号应为 18 位，现为 5 位" in page and "请填写姓名" in page
    sheet = browser.get(f"/r/residents/import/{run.pk}/report/")
    lines = [cells for _, cells in plain_rows(io.BytesIO(sheet.content), "xlsx")]
    assert lines[0][:-1] == list(HEADINGS.values()) and len(lines) == 3
    assert [line[-1] for line in lines[1:]] == ["第 4 行：身份证号应为 18 位，现为 5 位。", "第 6 行：请填写姓名。"]
    assert quarter.browser(quarter.neighbour).get(f"/r/residents/import/{run.pk}/report/").status_code == 404


def test_a_job_that_was_killed_goes_on_behind_the_last_whole_piece(
    quarter: Quarter, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HEZHI_BULK_PIECE_ROWS = 5
    put, pieces = checking.Stager.put, []

    def dies_after_three(self: checking.Stager, piece: checking.Piece) -> None:
        put(self, piece)
        pieces.append(piece.number)
        if len(pieces) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(checking.Stager, "put", dies_after_three)
    rows = [person(n) for n in range(30)]
    with pytest.raises(KeyboardInterrupt):
        take(quarter, as_csv(rows), settings, in_bulk=True)
    run = ImportRun.objects.get()
    StagedResident.objects.filter(chunk=1).delete()  # as after a crash of the server
    imports.check(run.pk)
    run.refresh_from_db()
    assert (run.state, run.new) == ("checked", 30) and pieces == [0, 1, 2, 1, 3, 4, 5]
    confirmed(quarter, run)
    imports.write(run.pk)
    assert Resident.objects.count() == 30
    assert Resident.versions.rel.related_model.objects.filter(pgh_label="insert").count() == 30


def test_a_sealing_process_that_does_not_answer_ends_the_batch_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "PATIENCE", 0.1)
    with sealing.Sealers(1) as sealers:
        sealers.ones[0].run.send_signal(signal.SIGSTOP)
        with pytest.raises(NotNow, match="很久没有应答"):
            sealers.send([("", "phone", [""], ["19900000000"])]).wait()


def test_a_batch_given_up_leaves_neither_file_nor_staged_rows(quarter: Quarter, settings: Any) -> None:
    run = take(quarter, as_csv([person(n) for n in range(3)]), settings, in_bulk=True)
    assert StagedResident.objects.count() == 3
    assert not any(b"\xe6\xa0\xb7" in bytes(each.sealed_key) for each in Attachment.objects.all())
    imports.give_up(run.pk, by=quarter.by(quarter.clerk))
    assert not StagedResident.objects.exists() and not BulkChunk.objects.exists()
    assert not Attachment.objects.filter(removed_at__isnull=True).exists()


def test_a_born_tomorrow_is_refused(quarter: Quarter, settings: Any) -> None:
    head = "999999" + f"{date(2200, 1, 1):%Y%m%d}" + "001"
    run = take(quarter, as_csv([person(0, id_number=head + id_check_sign(head)), person(1)]), settings, in_bulk=True)
    assert (run.new, run.refused) == (1, 1) and "不是真实的出生日期" in str(run.report)
