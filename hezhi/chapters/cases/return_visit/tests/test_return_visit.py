"""回访 and 剔除 (9.1.2-2): who is drawn and why, tries, the reporter's own answer, verdicts that do not count."""

import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.models import CallBack
from hezhi.chapters.cases.intake.testkit import District, build, order_of
from hezhi.chapters.cases.return_visit import actions, jobs, queries, rules
from hezhi.chapters.cases.return_visit.models import Exclusion, Visit, VisitRule
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.actor import citizen, system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.rounds import heap_of

pytestmark = pytest.mark.clause("9.1.2-2")
GRANTS = {
    "handler": "visits.exclude",
    "town_dispatcher": "visits.exclude",
    "duty_chief": "visits.review",
    "reviewer": "visits.review",
}


@pytest.fixture
def november():
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    district = build()
    traced()
    for code, permission in GRANTS.items():
        role = Role.objects.get(code=code)
        Role.objects.filter(pk=role.pk).update(permissions=[*role.permissions, permission])
    actions.load_tables(by=system("测试"))
    return district


def answered(district: District, **more: object) -> UUID:
    """A case of street lights that the light bureau has answered: it waits for the return visit."""
    receipt = district.report(**more)
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    return redone(district, receipt.id)


def redone(district: District, case: UUID) -> UUID:
    handling.dispatch(case, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(case, district.units["light"], "to_sign")
    handling.sign(order.pk, by=district["light.handler"])
    handling.reply(
        order.pk, by=district["light.handler"], text="已修", public_reply="已修好。", finding="true", solved=True
    )
    handling.review(order.pk, by=district["light.reviewer"])
    return case


def sample(share: int) -> None:
    traced()
    VisitRule.objects.update(share=share, seed="2026年11月")


def unhappy(district: District, case: UUID, why: str = "还是黑的") -> None:
    by = district["centre.caller"]
    handling.call_back(case, by=by, reached=True, solved=False, satisfied=False, satisfied_attitude=True, reason=why)


# -- drawing -------------------------------------------------------------------------------------------


@given(some.text(max_size=12), some.text(min_size=1, max_size=24), some.integers(1, 99), some.integers(1, 99))
def test_the_same_lot_falls_always_and_a_larger_share_only_adds(seed: str, number: str, one: int, other: int) -> None:
    low, high = sorted((one, other))
    hit, why = rules.drawn(rules.Rule("a", "甲", low, seed), number)
    assert (hit, why) == rules.drawn(rules.Rule("a", "甲", low, seed), number)
    assert hit == (rules.lot(seed, number) < low) and f"{rules.lot(seed, number):.2f}" in why
    assert not hit or rules.drawn(rules.Rule("a", "甲", high, seed), number)[0]
    assert rules.drawn(rules.Rule("a", "甲", low, seed), number, "redone")[0]


def test_of_many_about_as_many_are_drawn_as_the_rule_says() -> None:
    rule = rules.Rule("a", "抽三成", 30, "2026")
    hits = sum(rules.drawn(rule, f"SJ261126{n:05d}")[0] for n in range(10_000))
    assert 2_850 < hits < 3_150


def test_each_waiting_case_is_drawn_once_and_those_left_out_are_closed_with_the_reason(district: District) -> None:
    cases = [answered(district) for _ in range(6)]
    sample(50)
    assert jobs.watch() == 6 and jobs.watch() == 0
    for visit in Visit.objects.select_related("case"):
        hit = rules.lot("2026年11月", visit.case.number) < 50
        assert visit.state == ("waiting" if hit else "left_out")
        assert visit.case.state == ("to_call_back" if hit else "closed")
        assert "按种子「2026年11月」" in visit.why and ("抽中" if hit else "未抽中") in visit.why
        if not hit:
            assert "未抽中" in visit.case.close_reason
    drawn = Visit.objects.filter(state="waiting").values_list("case", flat=True)
    page = enter(Client(), district.people["centre.caller"]).get("/visits/").content.decode()
    assert {case for case in cases if str(case) in page} == set(drawn)


def test_one_case_that_cannot_be_closed_does_not_stop_those_behind_it(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = [answered(district) for _ in range(4)]
    sample(0)
    close = handling.close

    def not_this_one(case_id: UUID, **more: object) -> Case:
        if case_id == first:
            raise NotNow("这类事件不能不经回访办结。")
        return close(case_id, **more)

    monkeypatch.setattr(handling, "close", not_this_one)
    assert jobs.watch() == 3
    assert {str(state) for state in Case.objects.filter(pk__in=others).values_list("state", flat=True)} == {"closed"}
    assert not Visit.objects.filter(case=first).exists(), "nothing of it is written by half"


def test_what_was_redone_or_rated_badly_is_always_called_back(district: District, november: time.FrozenClock) -> None:
    rated, again = answered(district), answered(district)
    jobs.watch()
    handling.call_back(rated, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    november.advance(hours=1)
    handling.rate(rated, by=citizen(), stars=1, solved=False)
    unhappy(district, again)
    november.advance(hours=1)
    redone(district, again)
    sample(1)
    jobs.watch()
    why = dict(Visit.objects.filter(state="waiting").values_list("case", "why"))
    assert "评价不满意" in why[rated] and "重办过" in why[again]
    assert Visit.objects.filter(case=again).count() == 2, "a case that comes back waits anew"


# -- calling -------------------------------------------------------------------------------------------


def test_who_is_not_reached_is_tried_again_in_working_hours_and_given_up_after_three_tries(
    district: District, november: time.FrozenClock
) -> None:
    case, by = answered(district), district["centre.caller"]
    jobs.watch()
    november.advance(hours=7.5)
    handling.call_back(case, by=by, reached=False, note="无人接听")
    visit = Visit.objects.get(case=case)
    assert visit.tries == 1 and visit.next_at is not None
    assert time.local(visit.next_at).date() == time.today() + timedelta(days=1), "four working hours later is tomorrow"
    with pytest.raises(NotNow, match="才联系了 1 次，满 3 次"):
        actions.give_up(case, by=by)
    desk = enter(Client(), district.people["centre.caller"])
    form = desk.get(f"/cases/{case}/do/call_back/").content.decode()
    assert "为什么抽到这件" in form and "回访话术" in form and "无人接听" in form and "是否属实" in form
    for _ in range(2):
        handling.call_back(case, by=by, reached=False)
    assert "联系不上，办结" in desk.get("/visits/").content.decode()
    assert desk.post(f"/visits/{case}/give-up/", {"note": "三天不同时段"}).status_code == 302
    row = Case.objects.get(pk=case)
    assert (row.state, row.satisfied) == ("closed", None) and "3 次均未联系上" in row.close_reason
    assert Visit.objects.get(case=case).state == "unreachable"


def test_who_was_not_reached_has_said_nothing_and_the_caller_reads_that_it_was_written_down(
    district: District,
) -> None:
    case, desk = answered(district), enter(Client(), district.people["centre.caller"])
    url = f"/cases/{case}/do/call_back/"
    said = {"reached": "no", "solved": "yes", "satisfied": "yes", "note": "占线"}
    refused = desk.post(url, said)
    assert refused.status_code == 422 and "未联系上的，这一项不填" in refused.content.decode()
    assert not CallBack.objects.exists()
    fields = refused.context["form"].fields
    assert fields["solved"].widget.attrs["data-gone-if"] == "reached=no" and not fields["note"].widget.attrs.get(
        "data-gone-if"
    )
    for n in (1, 2):
        page = desk.post(url, {"reached": "no", "note": "占线"}, follow=True).content.decode()
        assert f"已记录：第 {n} 次未联系上" in page and "已回访" not in page
    row = Case.objects.get(pk=case)
    assert (row.state, row.satisfied, row.call_backs.count()) == ("to_call_back", None, 2)


def test_the_caller_has_the_words_the_answer_and_on_one_press_the_number(district: District) -> None:
    """That he opened it stands in the audit with its purpose, which nobody had to type; nobody else has the short way."""
    case = answered(district, text="路灯不亮已经三天，晚上看不清路", name="示例甲", phone="19900001234")
    desk = enter(Client(), district.people["centre.caller"])
    page = desk.get(f"/cases/{case}/do/call_back/").content.decode()
    assert "晚上看不清路" in page and "已修好。" in page and "19900001234" not in page and "承办单位联系过" in page
    url = f"/cases/{case}/reveal/phone/?calling=1"
    assert url in page
    read = AuditEntry.objects.filter(event="records.read_personal", object_id=case)
    assert "19900001234" not in desk.get(url).content.decode() and not read.exists()
    shown = desk.post(url, headers={"HX-Request": "true"}).content.decode()
    assert "19900001234" in shown
    assert (read.get().purpose, read.get().detail["fields"]) == ("回访", ["reporter.phone"])
    acceptor = enter(Client(), district.people["centre.acceptor"])
    assert "19900001234" not in acceptor.post(url).content.decode() and read.count() == 1


def test_of_a_unit_only_where_a_unit_had_the_case(district: District) -> None:
    receipt = district.report()
    handling.answer_directly(receipt.id, by=district["centre.acceptor"], reply="您好，已处理。")
    jobs.watch()
    url = f"/cases/{receipt.id}/do/call_back/"
    desk = enter(Client(), district.people["centre.caller"])
    page = desk.get(url).content.decode()
    assert "承办单位联系过" not in page and "2. 问题解决了吗" in page, "neither the form nor the script"
    assert "承办单位联系过" not in mine(receipt.id).get(f"/c/case/{receipt.id}/").content.decode()
    assert desk.post(url, {"reached": "yes", "solved": "yes", "satisfied": "yes"}).status_code == 302
    assert Case.objects.get(pk=receipt.id).state == "closed"


# -- the reporter himself ------------------------------------------------------------------------------


def mine(case: UUID) -> Client:
    """The browser of the one who reported."""
    phone = Client()
    session = phone.session
    session["mine"] = [str(case)]
    session.save()
    return phone


def test_the_reporter_answers_himself_a_good_answer_closes_and_a_bad_one_goes_before_the_caller(
    district: District,
) -> None:
    good, bad = answered(district), answered(district)
    jobs.watch()
    yes = {"solved": "yes", "satisfied": "yes", "process": "yes", "contacted": "yes"}
    assert "请您说说办得怎么样" in mine(good).get(f"/c/case/{good}/").content.decode()
    mine(good).post(f"/c/case/{good}/visit/", yes)
    row = Case.objects.get(pk=good)
    assert (row.state, row.satisfied, row.call_backs.get().way, row.call_backs.get().contacted) == (
        "closed",
        True,
        "link",
        True,
    )
    phone = mine(bad)
    refused = phone.post(f"/c/case/{bad}/visit/", yes | {"solved": "no"})
    page = refused.content.decode()
    assert refused.status_code == 422 and "方便我们改进" in page and "错误编号" in page
    for name, value in (yes | {"solved": "no"}).items():
        assert re.search(rf'name="{name}" value="{value}"[^>]* checked', page), f"{name} stays as chosen"
    assert 'data-must-if="solved=no satisfied=no"' in page, "the phone asks for the reason before it sends"
    phone.post(f"/c/case/{bad}/visit/", yes | {"solved": "no", "reason": "还是黑的"})
    assert Case.objects.get(pk=bad).state == "to_call_back", "nothing is redone unseen"
    assert "上报人已填，请核实" in enter(Client(), district.people["centre.caller"]).get("/visits/").content.decode()
    assert "请您说说办得怎么样" not in phone.get(f"/c/case/{bad}/").content.decode()
    assert Client().post(f"/c/case/{bad}/visit/", yes).status_code == 404
    with pytest.raises(NotAllowed):
        actions.answer_by_reporter(
            bad,
            by=district["centre.caller"],
            true_matter=None,
            contacted=None,
            solved=True,
            satisfied=True,
            process=None,
        )


# -- exclusions ----------------------------------------------------------------------------------------


def paper() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (24, 18), (90, 160, 40)).save(out, "PNG")
    return SimpleUploadedFile("复查.png", out.getvalue(), content_type="image/png")


def test_a_verdict_is_left_out_only_with_evidence_and_by_a_unit_that_has_no_part_in_it(district: District) -> None:
    happy, case = answered(district), answered(district)
    jobs.watch()
    handling.call_back(happy, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    handling.call_back(
        case,
        by=district["centre.caller"],
        reached=True,
        solved=True,
        satisfied=False,
        satisfied_attitude=True,
        reason="要赔偿",
    )
    assert queries.last_month(district["centre.duty_chief"]) == rules.Rates(2, 0, 100.0, 50.0, 100.0)
    handler = district["light.handler"]
    with pytest.raises(BadInput, match="请附上依据"):
        actions.ask_exclusion(case, by=handler, ground="unreasonable", text="超出法定标准")
    with pytest.raises(NotAllowed, match="只有承办单位"):
        actions.ask_exclusion(
            case, by=district["town1.town_dispatcher"], ground="unreasonable", text="甲", files=[paper()]
        )
    with pytest.raises(NotNow, match="不满意"):
        actions.ask_exclusion(happy, by=handler, ground="unreasonable", text="甲", files=[paper()])
    desk = enter(Client(), district.people["light.handler"])
    assert "申请剔除" in desk.get(f"/cases/{case}/").content.decode()
    told = {"ground": "unreasonable", "reason": "超出法定标准", "files": paper()}
    assert desk.post(f"/visits/{case}/exclude/", told).status_code == 302
    approval = Approval.objects.get(kind="case_exclusion")
    Approval.objects.filter(pk=approval.pk).update(unit=district.units["light"])
    own = enter(Client(), district.people["light.reviewer"])
    assert "不能复核自己的剔除申请" in own.post(f"/approvals/{approval.pk}/answer/", {"grant": "yes"}).content.decode()
    assert queries.last_month(district["centre.duty_chief"]).satisfied == 50.0, "until it is decided it counts"
    Approval.objects.filter(pk=approval.pk).update(unit=district.units["centre"])
    chief = enter(Client(), district.people["centre.duty_chief"])
    chief.post(f"/approvals/{approval.pk}/answer/", {"grant": "yes", "opinion": "证据充分"})
    row = Exclusion.objects.get()
    assert (row.state, row.decided_unit) == ("granted", district.units["centre"])
    assert queries.last_month(district["centre.duty_chief"]) == rules.Rates(1, 1, 100.0, 100.0, None)
    assert "证据充分" in chief.get("/visits/exclusions/").content.decode()


@given(some.lists(some.builds(rules.Verdict, *[some.sampled_from([True, False, None])] * 3, some.booleans())))
def test_what_is_left_out_changes_no_share(verdicts: list[rules.Verdict]) -> None:
    told = rules.rates(verdicts)
    kept = rules.rates([v for v in verdicts if not v.excluded])
    assert (told.counted, told.solved, told.satisfied, told.process) == (
        kept.counted,
        kept.solved,
        kept.satisfied,
        kept.process,
    )
    assert told.counted + told.excluded == len(verdicts)


def test_others_see_no_queue_and_a_unit_complained_of_no_visit(district: District) -> None:
    case = answered(district)
    jobs.watch()
    assert enter(Client(), district.people["light.handler"]).get("/visits/").status_code == 403
    assert Visit.objects.visible_to(district["light.handler"]).filter(case=case).exists()
    assert not Visit.objects.visible_to(district["town2.town_dispatcher"]).exists()


def found(words: str) -> list[str]:
    """Every table in which these words stand, history and audit included."""
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        for name in list(tables):
            cursor.execute(f'select 1 from "{name}" t where t::text like %s limit 1', [f"%{words}%"])
            if cursor.fetchone() is None:
                tables.remove(name)
    return tables


def test_a_case_that_goes_under_the_veil_keeps_no_word_of_its_visits(district: District) -> None:
    case = answered(district)
    jobs.watch()
    mine(case).post(f"/c/case/{case}/visit/", {"solved": "no", "satisfied": "no", "reason": "玄鹤旧事"})
    unhappy(district, case)
    actions.ask_exclusion(case, by=district["light.handler"], ground="untrue", text="玄鹤旧事", files=[paper()])
    handling.claim_secret(case, by=district["centre.acceptor"], title="反映作风", text="身份已隐去。")
    assert found("玄鹤旧事") == []


def test_what_a_secret_reporter_fills_in_lies_under_the_seal(district: District) -> None:
    case = answered(district, secret=True)
    jobs.watch()
    mine(case).post(f"/c/case/{case}/visit/", {"solved": "no", "satisfied": "no", "reason": "玄鹤旧事"})
    assert "封存" in Visit.objects.get(case=case).reason and found("玄鹤旧事") == []
    assert "玄鹤旧事" in Case.objects.get(pk=case).sealed_text


# -- drawn at once ---------------------------------------------------------------------------------


def rings() -> bool:
    """Whether the worker's look finds a case to draw."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {heap_of(jobs.watch)})")
        return cursor.fetchone()[0]


def test_a_case_that_begins_to_wait_is_seen_by_the_look_of_each_second(district: District) -> None:
    assert not rings()
    case = answered(district)
    traced()
    Case.objects.update(state_since=time.real_now())
    assert rings()
    assert jobs.watch() == 1
    assert not rings()
    unhappy(district, case)
    redone(district, case)
    traced()
    Case.objects.update(state_since=time.real_now())
    assert rings(), "a case that comes back waits anew"


def test_what_was_missed_is_drawn_by_the_round_that_is_done_in_any_case(district: District) -> None:
    answered(district)
    traced()
    Case.objects.update(state_since=time.real_now() - timedelta(hours=1))
    assert not rings()
    assert jobs.watch() == 1
