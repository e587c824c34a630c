"""到期匿名 (12.3-1, P12): tried out first, then nothing is left of who told us, the matter itself stays and is counted."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.api import renew_words
from hezhi.chapters.cases.handling.models import Case, CaseWords, Moved
from hezhi.chapters.cases.intake.testkit import District, build, case_of, order_of
from hezhi.chapters.cases.retention import actions, jobs, queries
from hezhi.chapters.cases.retention.models import Erased, Run, Term
from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.models import Role, User
from hezhi.engines.org.testkit import enter, make_officer, make_role, traced
from hezhi.engines.reach.delivery import deliver_inbox
from hezhi.engines.records import comments
from hezhi.engines.records.files import keep_files
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed

pytestmark = pytest.mark.clause("12.3-1")
NAME, PHONE = "欧阳试名", "13800001234"


@pytest.fixture
def november():
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    district = build()
    role = make_role("protector", ("retention.manage", "cases.view"), reach=Role.Reach.DISTRICT)
    district.people["protector"] = make_officer("protector", role, district.units["centre"], "示例保护负责人")
    second = make_role("second", ("retention.approve",), reach=Role.Reach.DISTRICT)
    district.people["second"] = make_officer("second", second, district.units["centre"], "示例复核人")
    return district


def closed(district: District, **more: object):  # type: ignore[no-untyped-def]
    """A matter whose reporter has left his name in every place where somebody may write it."""
    told = {
        "title": f"{NAME}反映路灯不亮",
        "text": f"我是{NAME}，电话{PHONE}，路灯不亮",
        "name": NAME,
        "phone": PHONE,
    } | more
    receipt = district.report(**told)  # type: ignore[arg-type]
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    handling.dispatch(
        receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk, request=f"联系{NAME}"
    )
    order = order_of(receipt.id, district.units["light"])
    handling.sign(order.pk, by=district["light.handler"])
    asked = handling.ask_extension(receipt.id, by=district["light.handler"], days=1, reason="配件在途")
    handling.decide(asked.pk, by=district["centre.duty_chief"], grant=True, opinion=f"同意，告知{NAME}")
    handling.reply(
        order.pk, by=district["light.handler"], text=f"已与{NAME}（{PHONE}）联系", public_reply="欧女士您好，已修好", finding="true",
        contacted=True, solved=True,
    )  # fmt: skip
    handling.review(order.pk, by=district["light.reviewer"])
    handling.call_back(
        receipt.id, by=district["centre.caller"], reached=True, solved=True, satisfied=True, note=f"{NAME}满意"
    )
    deliver_inbox()
    return receipt


def photo(name: str) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (24, 18), (90, 160, 40)).save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/png")


def where(*texts: str) -> list[str]:
    """Every column of the whole database in which one of the texts stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns join pg_tables on tablename = table_name"
            " where table_schema = 'public' and data_type in ('text', 'character varying', 'jsonb')"
        )
        found = []
        for table, column in cursor.fetchall():
            cursor.execute(
                f'select 1 from "{table}" where "{column}"::text like any(%s) limit 1',
                [[f"%{text}%" for text in texts]],
            )
            found += [f"{table}.{column}"] if cursor.fetchone() else []
    return found


def test_nothing_is_done_before_a_term_is_settled_and_tried_out(district: District) -> None:
    receipt = closed(district)
    page = enter(Client(), district.people["protector"])
    assert "还没有核定期限" in page.get("/retention/").content.decode() and jobs.nightly() == 0
    short = page.post("/retention/term/", {"months": "3", "basis": "示例"})
    assert short.status_code == 422 and "最少 12 个月" in short.content.decode()
    assert page.post("/retention/term/", {"months": "24", "basis": "示例档案办法第五条"}).status_code == 302
    traced()
    Case.objects.filter(pk=receipt.id).update(closed_at=time.now() - timedelta(days=800))
    assert "今天还没有试算" in page.post("/retention/run/", follow=True).content.decode()
    assert "到期 1 件" in page.post("/retention/try/", follow=True).content.decode()
    trial = Run.objects.get()
    assert trial.trial and trial.counts["by_year"] == {"2024": 1} and trial.counts["by_source"] == {"12345热线": 1}
    assert case_of(receipt).reporter.name == NAME, "a trial changes nothing"
    assert jobs.nightly() == 0, "the nightly run is switched on by hand"
    with pytest.raises(NotAllowed):
        actions.try_out(by=district["centre.dispatcher"])
    assert enter(Client(), district.people["centre.acceptor"]).get("/retention/").status_code == 403
    assert "已匿名 1 件" in page.post("/retention/run/", follow=True).content.decode()


def test_after_the_term_no_table_holds_the_reporter_and_the_case_is_still_counted(district: District, november) -> None:
    old, secret = closed(district), closed(district, secret=True)
    Term.objects.create(months=24, basis="示例", nightly=True, set_at=time.now())
    assert where(NAME, PHONE), "before, he stands in many places"
    renew_words([old.id])
    november.move_to(time.now() + timedelta(days=700))
    assert jobs.nightly() == 0, "too early"
    young = closed(district)
    november.move_to(time.now() + timedelta(days=60))
    assert (jobs.nightly(), jobs.nightly()) == (2, 0)
    for receipt in (old, secret):
        case = case_of(receipt)
        assert (case.state, case.reporter.name, case.reporter.phone, case.sealed_text) == ("closed", "", "", "")
        assert case.category is not None and case.closed_at and case.lead_unit == district.units["light"]
    assert case_of(old).title == "某人反映路灯不亮"
    assert not CaseWords.objects.exists() and Moved.objects.filter(case_id=old.id).exists(), "sought anew without him"
    assert case_of(young).reporter.name == NAME
    actions.make_nameless(young.id, by=district["protector"], reason="示例")
    assert where(NAME, PHONE) == []  # reasons in the audit are the officers' own and must name nobody


def test_what_is_still_at_work_keeps_its_reporter(district: District, november) -> None:
    receipt, main = closed(district), closed(district)
    part = district.report()
    traced()
    Case.objects.filter(pk=part.id).update(split_from=main.id)
    november.move_to(time.now() + timedelta(days=800))
    term = Term.objects.create(months=12, basis="示例", set_at=time.now())
    edge = queries.edge_of(term)
    assert [case.pk for case in queries.due(edge)] == [receipt.id]
    assert queries.counted(edge)["stay"] == 1


def test_a_case_itself_goes_when_its_term_is_over_and_somebody_else_agrees(district: District, november) -> None:
    receipt, young = closed(district), None
    words = ("路灯不亮", "配件在途", "和安1社区第1网格")
    case = case_of(receipt)
    picture = photo("灯.png")
    keep_files(district["centre.acceptor"], case, [picture], stage="report")
    comments.add(case, "路灯不亮的批注", by=district["centre.acceptor"])
    november.move_to(time.now() + timedelta(days=1300))
    young = closed(district, title="新的一件", text="新的内容")
    traced()
    User.objects.update(password_changed_at=time.now())
    desk, second = enter(Client(), district.people["protector"]), enter(Client(), district.people["second"])
    assert desk.post("/retention/term/", {"months": "60", "basis": "示例"}).status_code == 302
    short = desk.post("/retention/cases/term/", {"months": "36", "basis": "示例办法"})
    assert short.status_code == 422 and "不能短于上报人信息的期限" in short.content.decode()
    november.move_to(time.now() + timedelta(minutes=1))
    desk.post("/retention/term/", {"months": "24", "basis": "示例"})
    assert desk.post("/retention/cases/term/", {"months": "36", "basis": "示例办法第七条"}).status_code == 302
    assert "到期 1 件" in desk.post("/retention/cases/try/", follow=True).content.decode()
    run = Run.objects.get(kind="case")
    assert jobs.erase() == 0, "nobody has agreed"
    assert "申请清除" in desk.get("/retention/").content.decode()
    desk.post(f"/retention/cases/{run.pk}/ask/")
    asked = Approval.objects.get(kind="erase_cases")
    with pytest.raises(NotAllowed):
        approvals.settle(asked, by=district["protector"], grant=True, opinion="")
    assert second.get(f"/approvals/{asked.pk}/").status_code == 200
    approvals.settle(asked, by=district["second"], grant=True, opinion="同意")
    assert (jobs.erase(), jobs.erase(), jobs.erase()) == (1, 0, 0)
    gone = case_of(receipt)
    assert (gone.title, gone.text, gone.place, gone.point, gone.reply) == ("已清除", "已清除", "", None, "已清除")
    assert (gone.number, gone.state, gone.lead_unit) == (case.number, "closed", district.units["light"])
    (file,) = Attachment.objects.filter(object_id=case.pk)
    assert (file.name, bytes(file.sealed_key)) == ("已销毁", b""), "nobody can read it again"
    assert case_of(young).text == "新的内容"
    row = Erased.objects.get()
    assert (row.number, row.files, row.remarks) == (case.number, 1, 1)
    assert case.number in second.get(f"/retention/cases/{run.pk}/").content.decode()
    traced()
    actions.erase_case(young.id, by=district["protector"], run=run)
    elsewhere = ("geo_", "org_", "handling_category", "records_tracked", "records_auditentry")
    left = {place for place in where(*words) if not place.startswith(elsewhere)}
    assert left == set(), (
        "no column holds a word of it, beside the names of areas and the audit, which has a term of its own"
    )
    assert "保存期满" in enter(Client(), district.people["centre.acceptor"]).get(f"/cases/{case.pk}/").content.decode()


@given(
    st.text("王李欧阳张先生女士0123456789电话在，", max_size=30), st.sampled_from(["王先生", "欧阳试名", "李明", ""])
)
def test_cleaning_twice_changes_nothing_more_and_leaves_no_name(text: str, name: str) -> None:
    once = actions.cleaned(text, name)
    assert actions.cleaned(once, name) == once
    assert len(name) < 2 or name not in once
