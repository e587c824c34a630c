"""How many SQL statements a request costs (查询数量台账), from session to answer, through the front door.

The figures stand in `sql-counts.json` and may only shrink; the limits beside them here are promises of the
project. Transactions' own words (BEGIN, savepoints) do not count. Each request is made once before it is
counted: what a process keeps (small tables, keys) is read by then, as in a process that has been serving.
"""

import json
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.flows import CASE as CASE_FLOW
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build, order_of
from hezhi.engines.connect.actions import MANAGE, create_key
from hezhi.engines.flow import versions
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import actor, enter, hold, make_officer, make_role, traced
from hezhi.engines.reach import words
from hezhi.ground import time
from hezhi.ground.form_tokens import form_token
from hezhi.ground.ids import new_id

INTAKE, LIST, CASE, CHANGE, HALL = 15, 8, 12, 12, 10
FIFTY = "size=50"
PLACE = {"lon": 120.005, "lat": 36.005, "crs": "EPSG:4326"}
KEY = "api.reports"


@pytest.fixture
def district(no_time_passes: None, db: None) -> District:
    """The small district; the duty chief also looks after the hall screen."""
    district = build()
    words.text_of("cases.assigned", "inbox")  # a process reads the texts of messages every ten seconds
    versions.cycle_for(CASE_FLOW, "hotline", time.now())  # and the versions of the flows every half minute
    traced()
    Role.objects.filter(code="duty_chief").update(
        permissions=[*Role.objects.get(code="duty_chief").permissions, "wall.view", "reach.inbox", "supervision.view"]
    )
    return district


def as_(district: District, name: str) -> Client:
    """A browser in which this person has signed in with both factors."""
    return enter(Client(), district.people[name])


def accepted(district: District) -> UUID:
    """A case that waits for dispatch."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    return receipt.id


def dispatched(district: District, *units: str) -> UUID:
    """A case that waits to be signed for."""
    case = accepted(district)
    lead, *assist = [district.units[unit].pk for unit in units]
    actions.dispatch(case, by=district["centre.dispatcher"], lead_id=lead, assist_ids=assist)
    return case


def signed(district: District, *units: str) -> UUID:
    """A case whose lead unit is at work."""
    case = dispatched(district, *units)
    actions.sign(order_of(case, district.units[units[0]]).pk, by=district[f"{units[0]}.{hand(units[0])}"])
    return case


def signed_by_another(district: District, unit: str) -> UUID:
    """A case that a colleague of the unit's handler works on."""
    case = dispatched(district, unit)
    other = make_officer(f"{unit}.other", Role.objects.get(code="handler"), district.units[unit])
    actions.sign(order_of(case, district.units[unit]).pk, by=actor(other))
    return case


def held(district: District) -> UUID:
    """A case that stands still."""
    case = signed(district, "light")
    asked = actions.ask_hold(case, by=district["light.handler"], reason="等待配件到货")
    actions.decide(asked.pk, by=district["centre.duty_chief"], grant=True)
    return case


def answered(district: District) -> UUID:
    """A case that waits for its return visit."""
    case = signed(district, "light")
    order = order_of(case, district.units["light"]).pk
    actions.reply(order, by=district["light.handler"], text="已修好", public_reply="您好，路灯已修好。")
    actions.review(order, by=district["light.reviewer"])
    return case


def hand(unit: str) -> str:
    """The role that works in a unit."""
    return "town_dispatcher" if unit.startswith("town") else "handler"


# -- intake ----------------------------------------------------------------------------------------


def desk_form() -> dict[str, object]:
    """What an officer writes down of a call."""
    return {
        "source": "hotline", "appeal": "help", "text": "长江路路灯不亮已经三天", "place": "长江路", "name": "示例甲",
        "phone": "19900001111", "lng": 120.005, "lat": 36.005, "token": form_token(),
    }  # fmt: skip


def test_an_officer_registers_a_call(district: District, ledger) -> None:
    client, url = as_(district, "centre.acceptor"), reverse("case-new")
    assert client.post(url, desk_form()).status_code == 302
    with ledger.sql("intake by an officer's form", INTAKE):
        response = client.post(url, desk_form())
    assert response.status_code == 302 and Case.objects.count() == 2


def test_a_citizen_reports_by_phone(district: District, ledger) -> None:
    client = Client()

    def put() -> int:
        body = {"text": "路灯不亮", "lng": 120.005, "lat": 36.005, "crs": "EPSG:4326", "phone": "19900001111"}
        url = reverse("citizen-put", args=[new_id()])
        return client.put(url, json.dumps(body), content_type="application/json").status_code

    assert put() == 201
    with ledger.sql("intake by a citizen's phone", INTAKE):
        assert put() == 201


def test_a_machine_reports_with_its_key(district: District, ledger) -> None:
    client, header = Client(), {"Authorization": f"Bearer {machine_key()}"}

    def post() -> int:
        body = {"text": "路灯不亮", "outside_number": str(new_id()), "name": "示例甲", "phone": "19900001111"} | PLACE
        return client.post(
            "/api/v1/reports/", json.dumps(body), content_type="application/json",
            headers=header | {"Idempotency-Key": str(new_id())},
        ).status_code  # fmt: skip

    assert post() == 201
    with ledger.sql("intake by a machine's key", INTAKE):
        assert post() == 201


def machine_key() -> str:
    """A key of an outer system that may report."""
    administrator = Actor(name="示例管理员", permissions=frozenset({MANAGE}))
    made = create_key(by=administrator, name="示例平台", system="demo", source="hotline", scopes=["reports.write"],
                      quota_per_minute=60_000)  # fmt: skip
    return made.key


# -- reading ---------------------------------------------------------------------------------------

QUESTIONS = {
    "no filter": lambda d: "",
    "state": lambda d: "state=to_sign",
    "town and state": lambda d: f"town={d.areas['t1'].pk}&state=to_sign",
    "category": lambda d: f"category={d.categories['0101'].pk}",
    "overdue": lambda d: "overdue=1",
    "unit": lambda d: f"lead_unit={d.units['town1'].pk}",
    "words": lambda d: "q=路灯",
    "words, town, grid, state, urgency": lambda d: (
        f"q=路灯&town={d.areas['t1'].pk}&grid={d.areas['g11'].pk}&state=to_sign&urgency=normal"
    ),
}


def test_a_list_of_fifty_cases_whoever_asks_whatever(district: District, ledger) -> None:
    for _ in range(51):
        dispatched(district, "town1", "light")
    for who in ("centre.dispatcher", "town1.town_dispatcher", "light.handler"):
        client = as_(district, who)
        for name, question in QUESTIONS.items():
            url = f"/r/cases/?{FIFTY}&{question(district)}"
            client.get(url)
            with ledger.sql(f"list of 50 cases, {who.partition('.')[2]}, {name}", LIST):
                response = client.get(url)
            assert response.status_code == 200
            assert name == "overdue" or response.content.decode().count('href="/cases/') >= 50, name


@pytest.mark.parametrize("who", ["centre.dispatcher", "town1.town_dispatcher", "light.handler", "centre.duty_chief"])
def test_the_page_of_a_case_at_work(district: District, ledger, who: str) -> None:
    case = signed(district, "town1", "light")
    client, url = as_(district, who), reverse("case", args=[case])
    client.get(url)
    with ledger.sql(f"case page, {who.partition('.')[2]}", CASE):
        assert client.get(url).status_code == 200


def test_the_page_of_a_case_just_come_in(district: District, ledger) -> None:
    district.report()
    client, url = as_(district, "centre.acceptor"), reverse("case", args=[district.report().id])
    client.get(url)
    with ledger.sql("case page, new case with similar ones", CASE):
        assert client.get(url).status_code == 200


def test_the_start_page_with_to_dos(district: District, ledger) -> None:
    for _ in range(10):
        dispatched(district, "light")
    client = as_(district, "light.handler")
    client.get("/")
    with ledger.sql("start page with ten to-dos", LIST):
        assert client.get("/").status_code == 200


def test_the_triage_desk(district: District, ledger) -> None:
    for _ in range(10):
        district.report()
    client, url = as_(district, "centre.acceptor"), reverse("case-triage-one", args=[district.report().id])
    client.get(url)
    with ledger.sql("triage desk with eleven cases", CASE):
        assert client.get(url).status_code == 200


def test_the_figures_of_the_hall_screen(district: District, ledger) -> None:
    for _ in range(10):
        district.report()
    client = as_(district, "centre.duty_chief")
    for name, url in (("hall screen", reverse("wall")), ("hall screen's figures", reverse("wall-figures"))):
        client.get(url)
        with ledger.sql(name, HALL):
            assert client.get(url).status_code == 200


# -- changes of state ------------------------------------------------------------------------------


MORE = {"whistle": 13, "resume": 13}
"""Steps that ask more by what they are: whom the rules let call whom, and the limits of the case and of its orders."""


def take(district: District, ledger, who: str, verb: str, url: str, given: dict[str, object]) -> None:
    """Open the dialog of a step and send it; only the sending is counted."""
    client = as_(district, who)
    assert client.get(url).status_code == 200
    with ledger.sql(f"step: {verb}", MORE.get(verb, CHANGE)):
        response = client.post(url, given)
    assert response.status_code == 302, response.content.decode()


CASE_STEPS = {
    "accept": ("centre.acceptor", lambda d: d.report().id, lambda d: {"category": d.categories["0101"].pk, "urgency": "normal"}),
    "ask_supplement": ("centre.acceptor", lambda d: d.report().id, lambda d: {"reason": "请说明灯杆编号"}),
    "answer_directly": ("centre.acceptor", accepted, lambda d: {"reply": "周三上午修。"}),
    "not_accept": ("centre.acceptor", lambda d: d.report().id, lambda d: {"reason": "不属本级职责"}),
    "dispatch": ("centre.dispatcher", accepted, lambda d: {"lead": d.units["light"].pk, "assist": [d.units["town1"].pk]}),
    "urge": ("centre.dispatcher", lambda d: dispatched(d, "light"), lambda d: {"text": "请抓紧"}),
    "hold": ("light.handler", lambda d: signed(d, "light"), lambda d: {"review_on": "2999-01-04", "reason": "等待配件到货"}),
    "extend": ("light.handler", lambda d: signed(d, "light"), lambda d: {"days": 3, "reason": "等待配件到货"}),
    "mark": ("centre.dispatcher", accepted, lambda d: {"mark": "repeated", "text": "昨天报过"}),
    "merge": ("centre.dispatcher", accepted, lambda d: {"into": Case.objects.get(pk=accepted(d)).number, "reason": "同一盏灯"}),
    "transfer": ("centre.dispatcher", lambda d: signed(d, "light", "water"), lambda d: {"lead": d.units["house"].pk, "reason": "归口"}),
    "add_unit": ("centre.dispatcher", lambda d: signed(d, "light"), lambda d: {"assist": [d.units["water"].pk], "request": "请配合"}),
    "resume": ("centre.dispatcher", held, lambda d: {"text": "配件到货"}),
    "call_back": ("centre.caller", answered, lambda d: {
        "reached": "yes", "contacted": "yes", "solved": "yes", "satisfied": "yes", "text": "满意"}),
    "redo": ("centre.caller", answered, lambda d: {"reason": "灯又灭了"}),
}  # fmt: skip


@pytest.mark.parametrize("verb", CASE_STEPS)
def test_a_step_on_a_case(district: District, ledger, verb: str) -> None:
    who, before, given = CASE_STEPS[verb]
    case = before(district)
    form = given(district) | {"revision": Case.objects.get(pk=case).revision}
    take(district, ledger, who, verb, reverse("case-do", args=[case, verb]), form)


def test_a_direct_answer_that_names_the_category_a_case_had_none_of(district: District, ledger) -> None:
    """Like the accepting of a case, it looks the category up in the list and once more for itself."""
    case = district.report().id
    form = {"category": district.categories["0101"].pk, "reply": "周三上午修。", "revision": 0}
    url = reverse("case-do", args=[case, "answer_directly"])
    take(district, ledger, "centre.acceptor", "answer_directly with the category", url, form)


ORDER_STEPS = {
    "take_over": (signed_by_another, {}),
    "sign": (dispatched, {}),
    "handle": (signed, {"text": "到现场看过"}),
    "reply": (
        signed,
        {
            "reply": "已修好",
            "public_reply": "您好，路灯已修好。",
            "finding": "true",
            "contacted": "yes",
            "solved": "yes",
        },
    ),
    "return_order": (dispatched, {"reason": "不属本单位职责，属市政"}),
}


@pytest.mark.parametrize("verb", ORDER_STEPS)
def test_a_step_on_a_work_order(district: District, ledger, verb: str) -> None:
    before, given = ORDER_STEPS[verb]
    order = order_of(before(district, "light"), district.units["light"])
    take(district, ledger, "light.handler", verb, reverse("order-do", args=[order.pk, verb]), given)


def test_signing_off_a_reply(district: District, ledger) -> None:
    order = order_of(signed(district, "light"), district.units["light"])
    actions.reply(order.pk, by=district["light.handler"], text="已修好", public_reply="已修好")
    take(district, ledger, "light.reviewer", "review", reverse("order-do", args=[order.pk, "review"]), {"text": "同意"})


def test_settling_a_whistle(district: District, ledger) -> None:
    """A town calls a unit, which arrives; the town writes the joint result, the called unit agrees to it."""
    case = signed(district, "town1", "light")
    calling, water = order_of(case, district.units["town1"]).pk, district.units["water"]
    given = {"assist": [water.pk], "hours": "2", "request": "请到场"}
    take(district, ledger, "town1.town_dispatcher", "whistle", reverse("order-do", args=[calling, "whistle"]), given)
    called, name = order_of(case, water).pk, water.name
    for who, verb, order, given in (
        ("water.handler", "arrive", called, {}),
        ("town1.town_dispatcher", "conclude", calling, {"joint": f"{name}：已堵漏。"}),
        ("water.handler", "agree", called, {}),
    ):
        take(district, ledger, who, verb, reverse("order-do", args=[order, verb]), given)


def test_a_town_passes_an_order_down_and_a_helper_is_freed(district: District, ledger) -> None:
    case = signed(district, "town1", "light")
    order = order_of(case, district.units["town1"]).pk
    given = {"lead": district.units["grid11"].pk, "request": "请现场核实"}
    take(district, ledger, "town1.town_dispatcher", "pass_down", reverse("order-do", args=[order, "pass_down"]), given)
    helper = order_of(case, district.units["light"]).pk
    take(
        district,
        ledger,
        "centre.dispatcher",
        "release",
        reverse("order-do", args=[helper, "release"]),
        {"reason": "不需要"},
    )


def test_a_reply_sent_back(district: District, ledger) -> None:
    order = order_of(signed(district, "light"), district.units["light"])
    actions.reply(order.pk, by=district["light.handler"], text="已修好", public_reply="已修好")
    given = {"reason": "请写明时间"}
    take(district, ledger, "light.reviewer", "send_back", reverse("order-do", args=[order.pk, "send_back"]), given)


def test_triage_accepts_and_dispatches_at_once(district: District, ledger) -> None:
    hold(district.people["centre.acceptor"], make_role("both", ["cases.view", "cases.accept", "cases.dispatch"],
         reach=Role.Reach.DISTRICT), district.units["centre"])  # fmt: skip
    client = as_(district, "centre.acceptor")
    _use_post(client, district, "both")
    receipt = district.report()
    url = reverse("case-triage-one", args=[receipt.id])
    assert client.get(url).status_code == 200
    form = {"category": district.categories["0101"].pk, "urgency": "normal", "lead": "auto", "revision": 0}
    with ledger.sql("triage: accept and dispatch in one go", 2 * CHANGE):
        response = client.post(url, form)
    assert response.status_code == 302, response.content.decode()


def _use_post(client: Client, district: District, role: str) -> None:
    post = district.people["centre.acceptor"].holdings.get(post__role__code=role).post_id
    session = client.session
    session["post"] = str(post)
    session.save()
