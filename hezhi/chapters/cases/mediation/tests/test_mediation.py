"""9.1.2-2 矛盾纠纷调解: nobody is mediated against his will, nobody agrees for an absent side, people stay sealed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.chapters.cases.mediation import actions
from hezhi.chapters.cases.mediation.models import Agreement, Dispute, Party, Referral, Session
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

pytestmark = pytest.mark.clause("9.1.2-2")
NAMES, PHONE, WORDS = ("示例辛夷", "示例紫苏"), "19973915501", "玄鹤库房渗水互不相让"


@pytest.fixture
def district(db: None) -> District:
    district = build()
    traced()
    for code, rights in (
        ("town_dispatcher", ("mediation.view", "mediation.register", "mediation.work")),
        ("handler", ("mediation.view", "mediation.work")), ("dispatcher", ("mediation.view", "mediation.register")),
    ):  # fmt: skip
        role = Role.objects.get(code=code)
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *rights}))
    return district


def registered(district: District, by: str = "town1.town_dispatcher", **more: object) -> Dispute:
    told = {
        "name": "楼上楼下渗水纠纷", "on": time.today(), "address": "和安路 3 号", "category": "0201", "summary": WORDS,
        "due_on": time.today() + timedelta(days=30), "mediator_org": "和安1社区人民调解委员会",
    }  # fmt: skip
    return actions.register(by=district[by], **(told | more))


def ready(district: District) -> tuple[Dispute, list[Party]]:
    row, by = registered(district), district["town1.town_dispatcher"]
    parties = [
        actions.add_party(row.pk, by=by, side=side, name=name, phone=PHONE)
        for side, name in zip(("asks", "other"), NAMES, strict=True)
    ]
    for party in parties:
        row = actions.consent(party.pk, by=by, agrees=True, how="face")
    return row, parties


def met(district: District, outcome: str = "agreed") -> Dispute:
    row, parties = ready(district)
    actions.meet(
        row.pk, by=district["town1.town_dispatcher"], at=time.now(), place="调解室", present=[p.pk for p in parties],
        notes=f"{WORDS}，经劝说达成一致", outcome=outcome,
    )  # fmt: skip
    row.refresh_from_db()
    return row


def test_from_register_to_a_kept_agreement_through_the_pages(district: District) -> None:
    town = enter(Client(), district.people["town1.town_dispatcher"])
    case = district.report("楼上漏水")
    today = time.today()
    form = {
        "name": "楼上楼下渗水纠纷", "on": today, "address": "和安路 3 号", "category": "0201", "scale": "01", "people": 2,
        "summary": WORDS, "due_on": today + timedelta(days=20), "method": "01", "mediator_org": "和安1社区人民调解委员会",
    }  # fmt: skip
    assert town.post(f"/mediation/new/?case={case.id}", form | {"people": 1}).status_code == 422
    at = town.post(f"/mediation/new/?case={case.id}", form)["Location"]
    row = Dispute.objects.get()
    assert row.case_id == case.id and row.town == district.areas["t1"]
    for side, name in zip(("asks", "other"), NAMES, strict=True):
        answer = town.post(f"{at}do/add_party/", {"side": side, "name": name, "phone": PHONE})
        assert answer.status_code == 302, answer.content.decode()
    for party in Party.objects.all():
        assert town.post(f"/mediation/parties/{party.pk}/consent/", {"agrees": "yes", "how": "face"}).status_code == 302
    page = town.get(at).content.decode()
    assert "待调解" in page and WORDS in page and not [word for word in (*NAMES, PHONE) if word in page]
    everybody = [str(party.pk) for party in Party.objects.all()]
    session = {
        "at": f"{time.local(time.now()):%Y-%m-%dT%H:%M}",
        "place": "调解室",
        "notes": "达成一致",
        "outcome": "agreed",
    }
    one_side = town.post(f"{at}do/meet/", session | {"present": everybody[:1]})
    assert one_side.status_code == 422 and "都到场" in one_side.content.decode()
    assert town.post(f"{at}do/meet/", session | {"present": everybody}).status_code == 302
    agreed = {
        "kind": "written",
        "content": "三日内修好防水层",
        "signed_on": today,
        "perform_by": today + timedelta(days=3),
    }
    assert town.post(f"{at}do/agree/", agreed).status_code == 302
    for performed in ("no", "yes"):
        assert town.post(f"{at}do/follow_up/", {"performed": performed, "satisfied": "yes"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.resolved, Agreement.objects.get().performed) == ("closed", True, True)
    party = Party.objects.first()
    assert PHONE in town.post(f"/mediation/parties/{party.pk}/reveal/phone/", {"purpose": "通知调解"}).content.decode()
    assert AuditEntry.objects.filter(event="records.read_personal", object_id=row.pk, purpose="通知调解").exists()
    assert row.number in town.get("/r/disputes/").content.decode()
    assert (
        row.number in enter(Client(), district.people["centre.dispatcher"]).get(f"/cases/{case.id}/").content.decode()
    )


def test_one_no_ends_it_and_the_ways_out_need_a_receipt(district: District) -> None:
    by = district["town1.town_dispatcher"]
    row, parties = ready(district)
    assert actions.consent(parties[1].pk, by=by, agrees=False, how="phone").state == "failed"
    with pytest.raises(NotNow):
        actions.meet(row.pk, by=by, at=time.now(), place="调解室", present=[], notes="无", outcome="go_on")
    actions.refer(row.pk, by=by, to="court", organ="示例区人民法院", reason="一方不同意调解")
    with pytest.raises(BadInput, match="回执编号"):
        actions.receipt(row.pk, by=by, number=" ", accepted=True)
    actions.receipt(row.pk, by=by, number="（2026）示1号", accepted=False)
    row.refresh_from_db()
    assert row.state == "failed", "not accepted there, it is ours again"
    actions.refer(row.pk, by=by, to="arbitration", organ="示例仲裁委", reason="有仲裁条款")
    actions.receipt(row.pk, by=by, number="示仲 2 号", accepted=True)
    row.refresh_from_db()
    assert (row.state, row.resolved, Referral.objects.count()) == ("closed", False, 2)
    broken = met(district)
    with pytest.raises(BadInput):
        actions.agree(broken.pk, by=by, kind="oral", content="三日修好", signed_on=time.today() + timedelta(days=1))
    actions.agree(broken.pk, by=by, kind="oral", content="三日修好", signed_on=time.today())
    actions.follow_up(broken.pk, by=by, performed=False, broken=True)
    assert actions.close(broken.pk, by=by, result="告知可向法院起诉。").resolved is False


def test_only_the_mediator_works_and_a_neighbour_sees_nothing(district: District) -> None:
    row, parties = ready(district)
    town = district["town1.town_dispatcher"]
    actions.appoint(row.pk, by=town, user_id=district.people["com1.handler"].pk)
    with pytest.raises(NotAllowed, match="指定的调解员"):
        actions.meet(row.pk, by=town, at=time.now(), place="调解室", present=[], notes="无", outcome="go_on")
    mediator = district["com1.handler"]
    actions.meet(
        row.pk, by=mediator, at=time.now(), place="调解室", present=[parties[0].pk], notes="先谈一方", outcome="go_on"
    )
    assert Session.objects.get().by_name == mediator.name
    with pytest.raises(NotFound):
        actions.add_party(row.pk, by=district["town2.town_dispatcher"], side="third", name="示例")
    neighbour = enter(Client(), district.people["town2.town_dispatcher"])
    assert neighbour.get(f"/mediation/{row.pk}/").status_code == 404
    assert row.number not in neighbour.get("/r/disputes/").content.decode()
    with pytest.raises(NotAllowed):
        actions.reveal(parties[0].pk, by=town, field="phone", purpose="联系")


def test_people_and_narratives_are_sealed_and_a_secret_case_is_never_mediated(district: District) -> None:
    row = met(district)
    found = []
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        for (table,) in cursor.fetchall():
            for word in (*NAMES, PHONE, WORDS):
                cursor.execute(f'select count(*) from "{table}" t where t::text like %s', [f"%{word}%"])
                found += [(table, word)] if cursor.fetchone()[0] else []
    assert found == []
    secret = district.report("青梧院收礼", title="玄鹤题记", secret=True)
    with pytest.raises(NotNow, match="不转入调解"):
        registered(district, by="centre.dispatcher", case_id=secret.id)
    later = district.report("邻居占道")
    dispute = registered(district, by="centre.dispatcher", case_id=later.id)
    handling.claim_secret(later.id, by=district["centre.acceptor"], title="反映作风", text="已隐去。")
    dispute.refresh_from_db()
    assert dispute.case_id is None
    assert row.pk != dispute.pk
