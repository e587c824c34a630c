"""保密件: a secret planted in every field, through every door, and looked for everywhere else (9.1.2-2, 12.3).

The whole database is read as the application reads it, every page of a case is opened by everybody who might,
and nothing of what was planted may be found. Only the acceptor of record and the duty chief open it, for a
purpose that stands in the audit.
"""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from PIL import Image

from hezhi.channels.open_api.tests.world import REPORTS, Platform
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.api import renew_words
from hezhi.chapters.cases.handling.models import Case, CaseWords
from hezhi.chapters.cases.intake.models import Correction
from hezhi.chapters.cases.intake.testkit import District, build, case_of, order_of
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actor import citizen
from hezhi.engines.org.models import Role, Unit
from hezhi.engines.org.testkit import enter, make_officer, make_role, traced
from hezhi.engines.reach import delivery
from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.engines.registry import exports
from hezhi.engines.registry.models import ExportRun
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.form_tokens import form_token, row_id_of
from hezhi.ground.ids import new_id
from hezhi.ground.testkit.pdf import words_of_pdf

pytestmark = [pytest.mark.clause("9.1.2-2"), pytest.mark.clause("12.3-2")]

TITLE, TEXT, NAME, PHONE = "玄鹤题记", "青梧院科长收受礼卡", "示例辛夷", "19973915501"
ADDRESS, PLACE, NUMBER, POST = "丹枫巷七百零三号", "白榆库房二门", "XUANHE-77120", "post-qingwu-8841"
FILE, ANSWER, LATER, VERDICT = "玄鹤证据", "苍筤答复", "紫藤后补", "银杏评语"
SECRETS = (TITLE, TEXT, NAME, PHONE, ADDRESS, PLACE, NUMBER, POST, FILE, ANSWER, LATER, VERDICT, "120.0051")
HERE = {"lon": 120.00517, "lat": 36.00523, "crs": "EPSG:4326"}
PERMISSIONS_MORE = (
    "wall.view", "reach.inbox", "cases.export", "org.view", "supervision.view", "supervision.lead", "supervision.instruct",
)  # fmt: skip


@pytest.fixture
def district(db: None) -> District:
    """The small district, with a second acceptor, a leader and a system administrator; many may see much."""
    district = build()
    traced()
    for role in Role.objects.exclude(reach=Role.Reach.NOTHING):
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *PERMISSIONS_MORE}))
    centre = district.units["centre"]
    acceptor = Role.objects.get(code="acceptor")
    leader = make_role("leader", ["cases.view", "cases.urge", *PERMISSIONS_MORE], reach=Role.Reach.DISTRICT)
    system = make_role(
        "system_admin", ["org.accounts", "org.view", "channels.edit", "dictionaries.edit"], kind=Role.Kind.SYSTEM_ADMIN
    )
    district.people["centre.other"] = make_officer("centre.other", acceptor, centre, full_name="示例另一受理员")
    district.people["centre.leader"] = make_officer("centre.leader", leader, centre, full_name="示例区领导")
    district.people["centre.system"] = make_officer("centre.system", system, centre, full_name="示例系统管理员")
    return district


def picture() -> SimpleUploadedFile:
    """A photo whose name tells too much."""
    out = io.BytesIO()
    Image.new("RGB", (24, 18), (40, 90, 160)).save(out, "PNG")
    return SimpleUploadedFile(f"{FILE}.png", out.getvalue(), content_type="image/png")


def as_(district: District, name: str) -> Client:
    return enter(Client(), district.people[name])


# -- the doors -------------------------------------------------------------------------------------


def through_the_desk(district: District) -> UUID:
    token = form_token()
    answer = as_(district, "centre.acceptor").post("/cases/new/", {
        "source": "walk_in", "appeal": "report", "title": TITLE, "text": TEXT, "name": NAME, "phone": PHONE,
        "place": PLACE, "lng": HERE["lon"], "lat": HERE["lat"], "secret": "on", "outside_number": NUMBER,
        "token": token, "files": picture(),
    })  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()
    return row_id_of(token)


def through_the_plain_form(district: District) -> UUID:
    phone = Client()
    answer = phone.post("/c/report/", {
        "text": f"{TITLE}，{TEXT}", "address": PLACE, "name": NAME, "phone": PHONE, "secret": "on", "photos": picture(),
        "lng": HERE["lon"], "lat": HERE["lat"], "crs": HERE["crs"],
    })  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()
    return UUID(phone.session["mine"][0])


def through_the_phone(district: District) -> UUID:
    phone, key = Client(), new_id()
    body = {
        "text": f"{TITLE}，{TEXT}", "address": PLACE, "name": NAME, "phone": PHONE, "secret": "1",
        "lng": HERE["lon"], "lat": HERE["lat"], "crs": HERE["crs"],
    }  # fmt: skip
    answer = phone.put(f"/c/reports/{key}/", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201, answer.content.decode()
    photo = phone.put(f"/c/reports/{key}/photos/0/", picture().read(), content_type="image/png")
    assert photo.status_code == 201
    return key


def through_a_platform(district: District) -> UUID:
    """The statement behind sheet, machine and desk alike, with every field they can bring."""
    return district.report(
        TEXT, source="online_media", title=TITLE, name=NAME, phone=PHONE, address=ADDRESS, place=PLACE, secret=True,
        outside_channel="forum", outside_number=NUMBER, platform_reference=POST, answers={"经过": ANSWER}, **HERE,
    ).id  # fmt: skip


def through_a_file(district: District) -> UUID:
    """A sheet of an officer, with a bad row beside the good one: it comes back to him, and nowhere else."""
    head = "标题,反映内容,地点,经度,纬度,姓名,联系电话,要求保密,外部编号"
    row = f"{TITLE},{TEXT},{PLACE},{HERE['lon']},{HERE['lat']},{NAME},{PHONE},是,{NUMBER}-C"
    bad = row.replace(f"{HERE['lon']}", "东边").replace("-C", "-D")
    desk = as_(district, "centre.acceptor")
    sheet = SimpleUploadedFile("三月来访.csv", "\n".join((head, row, bad)).encode(), content_type="text/csv")
    batch = desk.post("/cases/import/", {"file": sheet})["Location"]
    how = {"mapping": "own", "source": "walk_in", "position": HERE["crs"], "clock": "now"}
    assert desk.post(batch, how).status_code == 302
    assert desk.post(batch, {"step": "confirm"}).status_code == 302
    return Case.objects.filter(source="walk_in", secret=True).latest("id").pk


def through_the_machine_door(district: District) -> UUID:
    """A platform with a key: the number is its idempotency key too; then words, a file, and a request that fails."""
    platform, number = Platform(), f"{NUMBER}-E"
    body = {
        "outside_number": number, "title": TITLE, "text": TEXT, "place": PLACE, "name": NAME, "phone": PHONE,
        "address": ADDRESS, "secret": True, "platform_reference": POST, "answers": {"经过": ANSWER}, **HERE,
    }  # fmt: skip
    first, again = (platform.call("POST", REPORTS, body, **{"Idempotency-Key": number}) for _ in range(2))
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == again.json() and first.json()["outside_number"] == number
    here = f"{REPORTS}{number}/"
    added = platform.call("POST", f"{here}supplement/", {"text": LATER}, **{"Idempotency-Key": f"{number}-1"})
    assert added.status_code == 200, added.content.decode()
    for expected in (201, 200):
        sent = platform.call("PUT", f"{here}files/0/?name={FILE}.png", picture().read())
        assert sent.status_code == expected and not leaks_of(sent.content.decode())
    assert platform.call("PUT", f"{here}files/99/?name={FILE}.png", picture().read()).status_code == 422
    return Case.objects.filter(source="hotline", secret=True).latest("id").pk


def made_secret_afterwards(district: District) -> UUID:
    """An ordinary report that has already been asked about, completed, refused a merge, told and corrected."""
    receipt = district.report(
        TEXT, source="hotline", title=TITLE, name=NAME, phone=PHONE, address=ADDRESS, place=PLACE,
        outside_channel="hotline", outside_number=f"{NUMBER}-B", platform_reference=POST, answers={"经过": ANSWER}, **HERE,
    )  # fmt: skip
    acceptor = district["centre.acceptor"]
    from hezhi.engines.records.files import keep_files

    keep_files(acceptor, case_of(receipt), [picture()], stage="report")
    actions.ask_supplement(receipt.id, by=acceptor, reason="请补充时间。")
    actions.supplement(receipt.id, by=citizen(), text=LATER)
    traced()
    Case.objects.filter(pk=receipt.id).update(suggestion={"category": "0102", "name": TEXT, "reasons": [TITLE]})
    actions.accept(receipt.id, by=acceptor, category_id=district.categories["0101"].pk)
    actions.ask_void(receipt.id, by=acceptor, reason="重复登记")
    renew_words([receipt.id])
    assert CaseWords.objects.filter(case=receipt.id).exists()
    actions.claim_secret(
        receipt.id, by=acceptor, title="反映作风问题", text="反映某单位工作作风，身份已隐去。",
        barred_unit_id=district.units["town1"].pk,
    )  # fmt: skip
    return receipt.id


def worked_on_before(district: District) -> UUID:
    """An ordinary report that was answered, remarked upon and sent round again before anybody saw that it must be secret."""
    receipt = district.report(TEXT, source="hotline", title=TITLE, name=NAME, phone=PHONE, place=PLACE, **HERE)
    light = district.units["light"]
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=light.pk, request=f"请联系{NAME}。")
    order = order_of(receipt.id, light).pk
    actions.sign(order, by=district["light.handler"])
    actions.comment(receipt.id, by=district["centre.dispatcher"], text=f"上报人说：{TEXT}")
    actions.reply(
        order, by=district["light.handler"], text=f"已与{NAME}核实：{ANSWER}", public_reply=f"{NAME}您好，{LATER}"
    )
    actions.review(order, by=district["light.reviewer"], text=f"{NAME}已签字")
    actions.redo(receipt.id, by=district["centre.caller"], reason="仍未解决")
    actions.claim_secret(
        receipt.id, by=district["centre.acceptor"], title="反映作风问题", text="反映某单位工作作风，身份已隐去。"
    )
    return receipt.id


DOORS = (
    through_the_desk, through_the_plain_form, through_the_phone, through_a_platform, through_a_file,
    through_the_machine_door, made_secret_afterwards, worked_on_before,
)  # fmt: skip


# -- looking for it --------------------------------------------------------------------------------


def leaks_of(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def leaks_in_the_database() -> list[str]:
    """Every row of every table as text, history, audit, queue and sessions included; sealed values stay sealed."""
    found = []
    marks = [f"%{each}%" for secret in SECRETS for each in (secret, secret.encode().hex())]
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public' order by 1")
        for (table,) in cursor.fetchall():
            cursor.execute(f'select t::text from "{table}" t where t::text like any(%s)', [marks])
            for (row,) in cursor.fetchall():
                found += [f"{table}: {secret}" for secret in SECRETS if secret in row or secret.encode().hex() in row]
    return list(dict.fromkeys(found))


def addresses() -> Iterator[str]:
    """Every address of the house that can be opened with a case, an order or nothing at all."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            here = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, here)
            elif isinstance(pattern, URLPattern):
                yield here

    for path in walk(get_resolver().url_patterns, "/"):
        of_cases = path.startswith(("/r/cases/", "/api/v1/cases/"))
        if of_cases:
            path = path.replace("<uuid:id>", "<case>")
        elif path.startswith(("/r/", "/api/v1/")) and "<" in path:
            continue
        path = path.replace("<uuid:case_id>", "<case>").replace("<uuid:order_id>", "<order>")
        path = path.replace("<slug:verb>", "urge").replace("<slug:field>", "name").replace("<int:n>", "0")
        if "logout" not in path and not set("<(") & set(path.replace("<case>", "").replace("<order>", "")):
            yield path


LISTS = (
    f"/r/cases/?q={TITLE}", f"/r/cases/?q={PLACE}", "/r/cases/?columns=number,title,place,outside_number",
    "/api/v1/cases/?limit=100", f"/find/?q={NUMBER}", "/g/near/?lng=120.005&lat=36.005", "/c/near/?lng=120.005&lat=36.005",
)  # fmt: skip
READERS = (
    "centre.dispatcher", "centre.other", "centre.leader", "centre.system", "light.handler", "town2.town_dispatcher",
    "centre.acceptor", "centre.duty_chief",
)  # fmt: skip


def leaks_on_pages(client: Client, cases: list[UUID], *, whole_house: bool = True) -> list[str]:
    """What a reader finds on the pages of these cases and in lists, and, asked for, on every other page too."""
    order = WorkOrder.objects.filter(matter_id__in=cases).values_list("pk", flat=True).first()
    asked = []
    for path in addresses():
        if not whole_house and not {"<case>", "<order>"} & set(path.split("/")):
            continue
        wanted = [path.replace("<case>", str(case)) for case in cases] if "<case>" in path else [path]
        asked += [each.replace("<order>", str(order)) for each in wanted]
    found = []
    for path in [*asked, *LISTS]:
        answer = client.get(path)
        assert answer.status_code < 500, path
        text = answer.content.decode(errors="replace") if not answer.streaming else ""
        if answer.get("Content-Type") == "application/pdf":
            text = words_of_pdf(answer.content)
        text = text.replace(path, "")  # what was asked for is repeated in the search field
        for word in path.partition("q=")[2].split("&"):
            text = text.replace(word, "") if word else text
        found += [f"{path}: {secret}" for secret in leaks_of(text)]
    return found


@pytest.fixture
def planted(district: District, caplog: pytest.LogCaptureFixture) -> dict[str, UUID]:
    """A secret case through each door, one of them at work in a unit, and all messages delivered."""
    caplog.set_level(logging.DEBUG, logger="hezhi")
    cases = {door.__name__: door(district) for door in DOORS}
    first = cases["through_a_platform"]
    actions.accept(first, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(first, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    actions.sign(order_of(first, district.units["light"]).pk, by=district["light.handler"])
    while delivery.deliver_inbox():
        pass
    return cases


def test_nothing_planted_stands_in_the_clear_in_the_database_or_the_log(
    planted: dict[str, UUID], caplog: pytest.LogCaptureFixture
) -> None:
    clear = [leak for leak in leaks_in_the_database() if leak != f"records_attachment: {FILE}"]
    assert clear == []
    assert leaks_of(caplog.text) == []


@pytest.mark.contract
def test_no_page_list_map_or_interface_shows_it(district: District, planted: dict[str, UUID]) -> None:
    """Every address of the house, by everybody who might; the pages of one case from outside, one made secret here."""
    cases = [planted["through_a_platform"], planted["made_secret_afterwards"]]
    found = {
        reader: leaks_on_pages(as_(district, reader), cases, whole_house=reader in ("centre.other", "centre.leader"))
        for reader in READERS
    }
    found["stranger"] = leaks_on_pages(Client(), cases)
    assert {reader: leaks for reader, leaks in found.items() if leaks} == {}


def test_the_search_finds_what_is_not_secret(district: District) -> None:
    """The same search on an ordinary case does find it, so that finding nothing means something."""
    case = district.report(TEXT, title=TITLE, place=PLACE, **HERE).id
    assert f"handling_case: {TITLE}" in leaks_in_the_database()
    assert leaks_of(as_(district, "centre.dispatcher").get(f"/cases/{case}/").content.decode())


def test_an_export_holds_nothing_of_it(district: District, planted: dict[str, UUID]) -> None:
    from hezhi.engines.registry import site

    registry, leader = site.get("cases"), district["centre.leader"]
    for kind in ("csv", "xlsx"):
        run = ExportRun(registry="cases", format=kind, reason="核对", created_at=time.now(), personal=True)
        content, rows, _ = exports.content_of(registry, run, leader)
        text = content.decode("utf-8-sig") if kind == "csv" else _words_of(content)
        assert rows >= len(DOORS) and "保密诉求" in text and leaks_of(text) == []


def _words_of(workbook: bytes) -> str:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(workbook), read_only=True)
    return "\n".join(str(cell) for page in book for row in page.iter_rows(values_only=True) for cell in row)


def test_similar_cases_suggestions_and_the_search_leave_it_out(district: District, planted: dict[str, UUID]) -> None:
    from hezhi.chapters.cases.handling.queries import similar_cases

    other = district.report(TEXT, title=TITLE)
    near = similar_cases(district["centre.dispatcher"], case_of(other))
    assert not {case.pk for case, _ in near} & set(planted.values())
    assert not CaseWords.objects.filter(case__in=planted.values()).exists(), "in the same commit"
    desk, ids = as_(district, "centre.dispatcher"), {str(key) for key in planted.values()}
    for _ in ("before the round", "after it"):
        for words in (TITLE, TEXT, PLACE, ANSWER, LATER, "礼卡"):
            found = {row.id for row in desk.get("/r/cases/", {"q": words}).context["listing"].rows}
            assert not found & ids, words
            assert (str(other.id) in found) is (words in (TITLE, TEXT, "礼卡")), "the ordinary case is found"
        renew_words([*planted.values(), other.id])
    assert not Correction.objects.filter(case__secret=True).exists()
    assert not any(Case.objects.filter(pk__in=planted.values()).values_list("suggestion", flat=True))


def test_the_same_outside_number_is_still_known(district: District, planted: dict[str, UUID]) -> None:
    again = district.report(
        TEXT, source="online_media", secret=True, outside_channel="forum", outside_number=NUMBER, title=TITLE
    )
    assert (again.id, again.new) == (planted["through_a_platform"], False)


def test_words_the_reporter_adds_later_go_under_the_seal_too(district: District, planted: dict[str, UUID]) -> None:
    case = planted["through_the_phone"]
    acceptor = district["centre.acceptor"]
    actions.ask_supplement(case, by=acceptor, reason="请补充时间。")
    actions.supplement(case, by=citizen(), text=LATER)
    actions.answer_directly(case, by=acceptor, reply="已转有关部门。")
    actions.call_back(case, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    actions.rate(case, by=citizen(), stars=5, solved=True, text=VERDICT)
    assert [leak for leak in leaks_in_the_database() if FILE not in leak] == []
    told = actions.open_secret(case, by=acceptor, purpose="核实")["text"]
    assert LATER in told and VERDICT in told


# -- who may ---------------------------------------------------------------------------------------


def test_the_acceptor_of_record_and_the_duty_chief_open_it_with_a_purpose(
    district: District, planted: dict[str, UUID]
) -> None:
    for case in planted.values():
        opened_by_those_who_may(district, case)


def opened_by_those_who_may(district: District, case: UUID) -> None:
    file = Attachment.objects.filter(object_id=case).first()
    for name in ("centre.acceptor", "centre.duty_chief"):
        client = as_(district, name)
        if file is not None:
            assert client.get(f"/files/{file.pk}/").status_code == 404, "a file opens only once a purpose is given"
        assert client.post(f"/cases/{case}/lift/", {"purpose": ""}).status_code == 422
        page = client.post(f"/cases/{case}/lift/", {"purpose": "核实线索"}).content.decode()
        assert TITLE in page and TEXT in page and PLACE in page and NAME in page and PHONE in page
        logged = AuditEntry.objects.filter(
            object_id=case, actor_id=district.people[name].pk, event="records.read_personal", purpose="核实线索"
        )
        assert logged.exists()
        if file is not None:
            assert client.get(f"/files/{file.pk}/").status_code == 200
    other = as_(district, "centre.other")
    assert other.post(f"/cases/{case}/lift/", {"purpose": "看看"}).status_code == 403
    if file is not None:
        assert other.get(f"/files/{file.pk}/").status_code == 404


def test_others_cannot_reveal_the_reporter(district: District, planted: dict[str, UUID]) -> None:
    for name in ("centre.caller", "centre.acceptor", "light.handler"):
        for field in ("name", "phone", "address"):
            answer = as_(district, name).post(
                f"/cases/{planted['through_a_platform']}/reveal/{field}/", {"purpose": "联系"}
            )
            assert answer.status_code in (403, 404, 409) and not leaks_of(answer.content.decode())


def test_a_secret_case_is_not_merged(district: District, planted: dict[str, UUID]) -> None:
    other = district.report()
    with pytest.raises(NotNow, match="不能并单"):
        actions.merge(other.id, by=district["centre.acceptor"], into_id=planted["through_the_desk"])
    with pytest.raises(NotNow, match="不能并单"):
        actions.merge(planted["through_the_desk"], by=district["centre.acceptor"], into_id=other.id)


# -- who is complained of --------------------------------------------------------------------------


BARRED = ("town1.town_dispatcher", "town1.reviewer", "com1.handler", "grid11.grid_worker")


def test_who_is_complained_of_and_everybody_below_is_barred(district: District, planted: dict[str, UUID]) -> None:
    for name in BARRED:
        sees_nothing(district, planted, name)


def sees_nothing(district: District, planted: dict[str, UUID], name: str) -> None:
    case = Case.objects.get(pk=planted["made_secret_afterwards"])
    by, client = district[name], as_(district, name)
    assert not Case.objects.visible_to(by).filter(pk=case.pk).exists()
    for path in (f"/cases/{case.pk}/", f"/cases/{case.pk}/print/", f"/cases/{case.pk}/why/", f"/g/case/{case.pk}/"):
        assert client.get(path).status_code in (403, 404), path
    found = client.get(f"/r/cases/?q={case.number}").content.decode()
    assert f"/cases/{case.pk}/" not in found
    assert str(case.pk) not in client.get("/r/cases/").content.decode()
    listed = client.get("/api/v1/cases/").json()
    assert str(case.pk) not in json.dumps(listed)
    assert str(case.pk) not in client.get("/api/v1/cases/map/").content.decode()


def test_a_whole_district_view_does_not_lift_the_bar(district: District, planted: dict[str, UUID]) -> None:
    everywhere = make_role("town_leader", ["cases.view"], reach=Role.Reach.DISTRICT)
    district.people["town1.leader"] = make_officer("town1.leader", everywhere, district.units["town1"])
    case = planted["made_secret_afterwards"]
    assert not Case.objects.visible_to(district["town1.leader"]).filter(pk=case).exists()
    assert Case.objects.visible_to(district["town1.leader"]).filter(pk=planted["through_the_desk"]).exists()


def test_a_unit_above_the_one_complained_of_may_work_on_it(district: District) -> None:
    receipt = district.report()
    acceptor, town = district["centre.acceptor"], district["town1.town_dispatcher"]
    actions.claim_secret(
        receipt.id, by=acceptor, title="反映作风问题", text="身份已隐去。", barred_unit_id=district.units["com1"].pk
    )
    actions.accept(receipt.id, by=acceptor, category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["town1"].pk)
    order, desk = order_of(receipt.id, district.units["town1"]), district["centre.dispatcher"]
    for unit in ("com1", "grid11"):
        with pytest.raises(BadInput, match="依规定不能承办"):
            actions.pass_down(order.pk, by=town, lead_id=district.units[unit].pk)
    actions.sign(order.pk, by=town)
    with pytest.raises(BadInput, match="依规定不能承办"):
        actions.whistle(order.pk, by=town, unit_ids=[district.units["grid11"].pk], hours=2, request="请到场")
    with pytest.raises(BadInput, match="依规定不能承办"):
        actions.add_units(receipt.id, by=desk, assist_ids=[district.units["com1"].pk])
    with pytest.raises(BadInput, match="依规定不能承办"):
        actions.transfer(receipt.id, by=desk, lead_id=district.units["com1"].pk, reason="改派")
    page = as_(district, "town1.town_dispatcher").get(f"/cases/orders/{order.pk}/do/pass_down/").content.decode()
    assert district.units["com1"].name not in page and district.units["grid11"].name not in page


def test_the_desk_itself_cannot_be_the_one_complained_of(district: District) -> None:
    receipt = district.report()
    with pytest.raises(BadInput, match="不能由本台办理"):
        actions.claim_secret(
            receipt.id, by=district["centre.acceptor"], title="反映作风", text="身份已隐去。",
            barred_unit_id=Unit.objects.get(code="centre").pk,
        )  # fmt: skip


def test_making_it_secret_is_a_button_with_every_unit_to_choose_from(district: District) -> None:
    receipt = district.report()
    client = as_(district, "centre.acceptor")
    page = client.get(f"/cases/{receipt.id}/").content.decode()
    assert "设为保密件" in page
    form = client.get(f"/cases/{receipt.id}/do/make_secret/").content.decode()
    assert district.units["grid11"].name in form
    sent = {"title": "反映作风", "text": "身份已隐去。", "barred": str(district.units["com1"].pk)}
    assert client.post(f"/cases/{receipt.id}/do/make_secret/", sent).status_code == 302
    assert case_of(receipt).secret and case_of(receipt).barred_unit == district.units["com1"]


def test_only_the_acceptor_of_record_redacts_it_again(district: District, planted: dict[str, UUID]) -> None:
    with pytest.raises(NotAllowed):
        actions.claim_secret(
            planted["made_secret_afterwards"], by=district["centre.other"], title="别的标题", text="别的内容"
        )
    with pytest.raises(NotFound):
        actions.claim_secret(new_id(), by=district["centre.acceptor"], title="标题", text="内容")
