"""The register of people: who is entered once, who finds whom, what leaves the house (9.1.3-2-4)."""

import io

import pytest
from django.contrib.gis.geos import Polygon
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hezhi.chapters.grassroots.registers import api, queries
from hezhi.chapters.grassroots.registers.actions import move_in
from hezhi.chapters.grassroots.registers.models import Compound, Household, Occupancy, Resident
from hezhi.chapters.grassroots.registers.registries.people import example_number
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.testkit import enter
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import imports, site
from hezhi.engines.registry.models import ExportRun
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.tables import write_rows

pytestmark = pytest.mark.clause("9.1.3-2-4")
HEADS = ("姓名", "证件号码", "人口类别", "现住房屋", "与户主关系", "联系电话")


def sheet(rows: list[tuple[str, ...]], heads: tuple[str, ...] = HEADS) -> SimpleUploadedFile:
    out = io.BytesIO()
    write_rows(out, "数据", list(heads), [list(row) for row in rows])
    return SimpleUploadedFile("yangli.xlsx", out.getvalue())


def test_the_number_fills_sex_and_birth_date(quarter) -> None:
    person = quarter.person(5)
    assert person.sex == "1" and f"{person.birth_date:%Y%m%d}" == person.id_number[6:14]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("id_number", example_number(8)[:-1] + "*", "身份证号"),
        ("id_number", example_number(8)[:17], "18 位"),
        ("id_number", "37021119801332001X", "出生日期"),
        ("sex", "2", "第 17 位"),
        ("birth_date", "1971-02-03", "第 7 至 14 位"),
        ("person_name", "张1", "数字"),
        ("phone", "1234567", "联系电话"),
        ("hukou_code", "37", "6 位"),
        ("kind", "foreign", "护照"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words(quarter, field: str, value: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        quarter.person(8, **{field: value})
    assert said in str(refused.value) + str(refused.value.fields)


def test_nobody_is_entered_twice_and_the_neighbour_is_told_nothing_more(quarter) -> None:
    person = quarter.person(5)
    with pytest.raises(BadInput) as near:
        quarter.person(5)
    assert person.number in str(near.value.fields)
    with pytest.raises(BadInput) as far:
        quarter.person(5, by=quarter.neighbour)
    assert person.number not in str(far.value.fields) and "其他社区" in str(far.value.fields)


def test_the_same_name_and_birth_date_is_asked_about(quarter) -> None:
    quarter.person(5, "林砚样")
    data = {
        "person_name": "林砚样", "kind": "foreign", "id_type": "414", "id_number": "YL0000001", "sex": "1",
        "birth_date": Resident.objects.get().birth_date.isoformat(),
    }  # fmt: skip
    with pytest.raises(BadInput):
        registry_actions.create(site.get("residents"), data, by=quarter.by(quarter.clerk))
    made = registry_actions.create(site.get("residents"), data | {"still_new": "1"}, by=quarter.by(quarter.clerk))
    assert made.number != Resident.objects.order_by("number")[0].number


def test_a_person_is_found_by_a_whole_number_or_by_name_and_one_thing_more(quarter) -> None:
    person = quarter.person(5, "热依汗古丽·买买提明")
    by = quarter.by(quarter.worker)
    assert queries.resident_by_id_number(person.id_number, by=quarter.by(quarter.clerk)) == person
    assert queries.residents_by_phone("+86 199 0000 0005", by=quarter.by(quarter.clerk)) == [person]
    with pytest.raises(BadInput):
        queries.residents_by_name("热依汗古丽·买买提明", by=by)
    found = api.residents_by_name(
        "热依汗古丽•买买提明", by=quarter.by(quarter.clerk), birth_year=person.birth_date.year
    )
    assert found == [person]
    assert api.residents_by_name("热依汗古丽·买买提明", by=quarter.by(quarter.neighbour), birth_year=1955) == []


def test_the_page_for_finding_keeps_numbers_out_of_addresses(quarter) -> None:
    person = quarter.person(5, "林砚样")
    browser = quarter.browser(quarter.clerk)
    page = browser.get("/registers/find/")
    assert 'method="post"' in page.content.decode()
    found = browser.post("/registers/find/", {"id_number": person.id_number})
    assert "林砚样" in found.content.decode() and person.number in found.content.decode()
    assert AuditEntry.objects.filter(event="records.read_personal", object_id=person.pk).exists()
    assert browser.post("/registers/find/", {"name": "林砚样"}).status_code == 422
    both = browser.post("/registers/find/", {"name": "林砚样", "community": str(quarter.community.pk)})
    assert person.number in both.content.decode()
    other = quarter.browser(quarter.neighbour).post("/registers/find/", {"id_number": person.id_number})
    assert "没有找到" in other.content.decode()


def test_a_leader_and_a_post_without_duty_see_no_person(quarter) -> None:
    person = quarter.person(5, "林砚样")
    move_in(quarter.homes()[0].pk, person.pk, by=quarter.by(quarter.clerk), since=time.today())
    browser = quarter.browser(quarter.leader)
    doors = [f"/r/residents/{person.pk}/", "/r/residents/", "/registers/find/", "/registers/tree/", "/r/homes/"]
    assert {browser.get(door).status_code for door in doors} == {403}
    assert browser.get("/r/compounds/").status_code == 200


def test_lists_mask_names_and_home_pages_show_them_to_who_serves_the_home(quarter) -> None:
    person = quarter.person(5, "欧阳样例")
    home = quarter.homes()[0]
    move_in(home.pk, person.pk, by=quarter.by(quarter.clerk), since=time.today())
    browser = quarter.browser(quarter.worker)
    listed = browser.get("/r/residents/").content.decode()
    assert "欧阳**" in listed and "欧阳样例" not in listed
    page = browser.get(f"/r/homes/{home.pk}/?tab=people").content.decode()
    assert "欧阳样例" in page and person.phone not in page and person.id_number not in page
    read = AuditEntry.objects.filter(event="records.read_personal", object_id=person.pk)
    assert read.exists() and "欧阳样例" not in str(list(read.values()))
    assert quarter.browser(quarter.next_worker).get(f"/r/homes/{home.pk}/?tab=people").status_code == 404


def test_nothing_of_a_person_stands_clear_in_tables_or_history(quarter) -> None:
    person = quarter.person(5, "欧阳样例", hukou_address="样例省样例市样例路7号")
    with connection.cursor() as cursor:
        for table in ("registers_resident", "registers_residentevent"):
            cursor.execute(f"select id_number, phone, hukou_address from {table}")
            for row in cursor.fetchall():
                assert all(value.startswith("v") and "样例" not in value for value in row)
                assert person.phone not in str(row) and person.id_number not in str(row)


def test_a_sheet_is_checked_row_by_row_and_known_again_by_the_id_number(quarter) -> None:
    home, by = quarter.homes()[0], quarter.by(quarter.clerk)
    good = [
        ("巴特尔·苏和", example_number(11), "户籍人口", home.number, "户主", "19900000011"),
        ("热依汗古丽·买买提明", example_number(12), "户籍人口", home.number, "配偶", ""),
    ]
    bad = [
        ("林样例", example_number(13)[:-1] + ("0" if example_number(13)[-1] != "0" else "1"), "户籍人口", "", "", ""),
        ("林样例", example_number(14), "外星人口", "", "", ""),
        ("林样例", example_number(15), "户籍人口", "999", "", ""),
        ("林样例", example_number(11), "户籍人口", "", "", ""),
        ("林", example_number(16), "户籍人口", "", "", ""),
        ("林样例", example_number(17), "户籍人口", "", "", "123"),
    ]
    run = imports.receive(site.get("residents"), sheet([*good, *bad]), by=by)
    assert (run.new, run.refused) == (2, 6), run.report
    told = dict(run.report)
    assert "末位" in str(told[4]) and "选项" in str(told[5]) and "没有“999”" in str(told[6])
    assert "同一条" in str(told[7]) and "2 个字" in str(told[8]) and "联系电话" in str(told[9])
    imports.confirm(run.pk, by=by)
    home.refresh_from_db()
    household = Household.objects.get(home=home)
    assert home.people_count == 2 and household.head.person_name == "巴特尔·苏和"
    assert set(Occupancy.objects.filter(household=household).values_list("relation", flat=True)) == {"02", "10"}
    again = imports.receive(site.get("residents"), sheet(good), by=by)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 2), again.report
    moved = [(*good[0][:5], "19900000099")]
    changed = imports.receive(site.get("residents"), sheet(moved), by=by)
    assert (changed.new, changed.changed) == (0, 1)


def test_an_export_of_people_waits_for_a_second_person(quarter) -> None:
    quarter.person(5)
    asked = quarter.browser(quarter.clerk).post("/r/residents/export/", {"format": "xlsx", "reason": "年度核对"})
    assert asked.status_code == 302
    run = ExportRun.objects.get()
    assert run.state == "approval"
    request = Approval.objects.get(object_id=run.pk)
    answer = f"/approvals/{request.pk}/answer/"
    own = quarter.browser(quarter.clerk).post(answer, {"grant": "yes", "opinion": ""})
    assert own.status_code == 422 and "不能审批自己提出的申请" in own.content.decode()
    second = quarter.browser(quarter.reviewer)
    assert "导出人口" in second.get("/approvals/").content.decode()
    assert second.post(answer, {"grant": "yes", "opinion": ""}).status_code == 302
    run.refresh_from_db()
    assert run.state != "approval"


def test_people_stand_on_no_map(quarter) -> None:
    for slug in ("residents", "households", "homes", "mobile-residents", "left-behind-residents", "volunteer-members"):
        assert not site.get(slug).gives("map"), slug
    for slug in ("compounds", "buildings", "small-places", "enterprises", "volunteer-groups"):
        assert site.get(slug).gives("map"), slug


@pytest.mark.clause("9.1.3-2-1")
def test_a_compound_drawn_over_another_is_told_of_it_and_one_beside_it_is_not(quarter) -> None:
    x, y = quarter.grid.centre.coords
    drawn = [("样例花园", 0), ("样例东苑", 0.001), ("样例远苑", 0.0031)]
    rows = [quarter.compound]
    for name, _ in drawn[1:]:
        told = {"name": name, "kind": "01", "address": "样例路2号", "grid": str(quarter.grid.pk)}
        rows.append(registry_actions.create(site.get("compounds"), told, by=quarter.by(quarter.clerk)))
    for row, (_, east) in zip(rows, drawn, strict=True):
        Compound.objects.filter(pk=row.pk).update(
            outline=Polygon.from_bbox((x + east, y, x + east + 0.0021, y + 0.001))
        )
    clerk = enter(Client(), quarter.clerk)
    pages = [clerk.get(f"/r/compounds/{row.pk}/").content.decode() for row in rows]
    assert "范围与“样例东苑”重叠" in pages[0] and "范围与“样例花园”重叠" in pages[1]
    assert "重叠" not in pages[2]


def test_counts_by_grid_take_one_query_each(quarter) -> None:
    move_in(quarter.homes()[0].pk, quarter.person(5).pk, by=quarter.by(quarter.clerk), since=time.today())
    for what, expected in (("homes", 12), ("people", 1), ("buildings", 1), ("small_places", 0)):
        with CaptureQueriesContext(connection) as seen:
            assert api.counts(what, "grid", [quarter.grid.pk]) == {quarter.grid.pk: expected}
        assert len(seen) == 1


def test_a_person_entered_in_error_goes_with_the_dates_of_where_he_was(quarter) -> None:
    from datetime import timedelta

    from hezhi.chapters.grassroots.registers.actions import move_out
    from hezhi.engines.registry.jobs import purge

    person, by = quarter.person(5), quarter.by(quarter.clerk)
    move_in(quarter.homes()[0].pk, person.pk, by=by, since=time.today())
    move_out(person.pk, by=by, until=time.today(), end_reason="05")
    registry_actions.remove(site.get("residents"), person.pk, by=by, reason="登记有误")
    with time.frozen_at(time.now() + timedelta(days=31)):
        assert purge() >= 1
    assert not Resident.objects.filter(pk=person.pk).exists()
    assert not Occupancy.objects.filter(resident_id=person.pk).exists()
