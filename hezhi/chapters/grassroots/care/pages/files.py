"""My files, one file with its tabs, my visits (我的档案、档案、走访)."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from hezhi.chapters.grassroots.care import actions, queries, rules
from hezhi.chapters.grassroots.care.models import CareFile, Consent
from hezhi.chapters.grassroots.care.pages.asking import Choice, Colleague, Day, Words, ask
from hezhi.chapters.grassroots.care.queries import Opened
from hezhi.chapters.grassroots.registers.api import resident_by_id_number, residents_by_name
from hezhi.engines.org.api import needs, reader
from hezhi.engines.records.audit import read_of_personal
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.masks import mask, mask_text
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Action, Cell, Column, Crumb, Empty, Fact, Listing, Row, Tab

clause = "9.1.3-2-6"
STANDINGS = {
    "worker": "帮扶人",
    "deputy": "替补人",
    "supervisor": "督导人",
    "referred": "转介服务",
    "glass": "紧急查阅",
}
COLUMNS = (
    Column("编号", "code"), Column("姓名", "title"), Column("项目"), Column("我的身份"), Column("下次复核", "time"), Column("状态", "state"),
)  # fmt: skip
TABS = (
    ("summary", "概况"), ("needs", "需求"), ("plan", "计划"), ("services", "服务"), ("visits", "走访"), ("ties", "联系人"),
    ("referrals", "转介"), ("consents", "同意"), ("readers", "查阅记录"),
)  # fmt: skip
BUTTONS = {
    "needs": ("need", "登记需求"),
    "plan": ("plan", "增加步骤"),
    "services": ("service", "登记服务"),
    "visits": ("visit", "约定走访"),
    "ties": ("tie", "登记联系人"),
}


@needs("care.work", clause=clause)
def mine(request: HttpRequest) -> HttpResponse:
    """The files I am named in, and nobody else's (我的档案)."""
    by = reader(request)
    files = list(queries.my_files(by)[:200])
    listing = Listing(
        name="我的档案", columns=COLUMNS, rows=[_row(by, file) for file in files],
        empty=Empty("您没有被指派的帮扶档案。被指派时会收到站内消息。"),
    )  # fmt: skip
    context = {
        "listing": listing, "together": queries.waiting_for_me(by), "visits": len(queries.my_visits(by)),
        "may_open": by.may("care.supervise"), "may_break": by.may("care.glass"),
    }  # fmt: skip
    return answer(request, "care/mine.html", "ui/parts/listing.html", context)


def _row(by: Any, file: CareFile) -> Row:
    page, today = reverse("care-file", args=[file.pk]), time.today()
    late = file.state == "open" and file.review_on < today
    return Row(
        id=str(file.pk), name=file.number, url=page, tone="overdue" if late else "",
        cells=(
            Cell(file.number, url=page), Cell(file.resident.person_name), Cell(file.programme.name),
            Cell(STANDINGS.get(queries.standing_of(by, file), "")),
            Cell(str(file.review_on), "已逾期" if late else ""), Cell(file.get_state_display(), rules.TWO_GO if file.two_go else ""),
        ),
    )  # fmt: skip


# -- one file --------------------------------------------------------------------------------------


@needs("care.work", "care.glass", clause=clause)
def one(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """A file, one tab at a time; opening a tab is written down."""
    by = reader(request)
    seen = queries.opened(by, file_id)
    tab = request.GET.get("tab", "summary")
    tabs = _tabs(seen, tab)
    if tab not in {code for code, _ in TABS} or not any(t.active for t in tabs):
        raise queries.nothing()
    actions.write_read(by, seen.file, tab, seen.standing)
    file = seen.file
    context = {
        "seen": seen, "file": file, "tabs": tabs, "tab": tab, "crumbs": [Crumb("我的档案", reverse("care")), Crumb(file.number)],
        "fact_list": _facts(seen) if tab == "summary" and not seen.shut else [], "side_facts": _side(seen),
        "action_list": _actions(seen), "tab_action": _tab_action(seen, tab), "two_go": file.two_go, "me": by.user_id,
        **_referred(by, seen), **_content(by, seen, tab),
    }  # fmt: skip
    return render(request, "care/file.html", context)


def _tabs(seen: Opened, open_tab: str) -> list[Tab]:
    """Only the tabs that this reader's part in the file opens."""
    team = seen.standing in ("worker", "deputy", "supervisor")
    own = {"summary"} | ({"referrals", "consents", "readers"} if team else set())
    url = reverse("care-file", args=[seen.file.pk])
    return [
        Tab(name, url if code == "summary" else f"{url}?tab={code}", code == open_tab)
        for code, name in TABS
        if code in own or code in seen.forms
    ]


def _facts(seen: Opened) -> list[Fact]:
    file, person = seen.file, seen.file.resident
    team = seen.standing != "referred"
    place = " ".join(filter(None, (str(person.community or ""), person.live_address)))
    facts = [
        Fact("姓名", person.person_name),
        Fact("证件号码", mask("resident_id_case", person.id_number) or "未登记"),
        Fact("住址", place if team else mask("address", place)),
        Fact("依据", file.get_basis_kind_display(), file.basis),
    ]
    if file.summary and team:
        facts.append(Fact("缘由", mask_text(file.summary), wide=True))
    if file.goal and team:
        facts.append(Fact("帮扶目标", mask_text(file.goal), wide=True))
    return facts


def _side(seen: Opened) -> list[Fact]:
    file = seen.file
    return [
        Fact("帮扶项目", file.programme.name),
        Fact("我的身份", STANDINGS.get(seen.standing, "")),
        Fact("帮扶人", file.worker.full_name),
        Fact("替补人", file.deputy.full_name if file.deputy else "未指定"),
        Fact("督导人", file.supervisor.full_name),
        Fact("建档日期", str(file.opened_on)),
        Fact("下次复核", str(file.review_on)),
        Fact("期限届满", str(file.ends_on or "无固定期限")),
        Fact("约定走访", f"每 {file.visit_every} 天" if file.visit_every else "按约定"),
    ]


def _actions(seen: Opened) -> list[Action]:
    """What this reader may do next; a reader in an emergency and a service only read."""

    def button(name: str, step: str, kind: str = "plain") -> Action:
        return Action(name, reverse("care-do", args=[seen.file.pk, step]), kind=kind, opens="dialog")

    if seen.file.state == "closed" or seen.standing in ("referred", "glass", ""):
        return []
    found = []
    if seen.file.programme.two_people and seen.shut and not seen.together:
        found.append(button("申请两人打开", "together", "primary"))
    if seen.standing == "supervisor":
        if seen.file.state == "waiting":
            found.append(button("受理", "accept", "primary"))
        found += [button("结案", "close", "danger"), button("调整帮扶人", "reassign")]
    if seen.may_write:
        if seen.file.basis_kind == CareFile.BasisKind.CONSENT:
            found.append(button("撤回同意", "withdraw"))
        found.append(button("转介", "refer"))
    if seen.standing in ("supervisor", "deputy"):
        found.append(button("复核", "review", "primary"))
    return found


def _tab_action(seen: Opened, tab: str) -> Action | None:
    if not seen.may_write or tab not in BUTTONS:
        return None
    step, name = BUTTONS[tab]
    return Action(name, reverse("care-do", args=[seen.file.pk, step]), opens="dialog", icon="plus")


def _referred(by: Any, seen: Opened) -> dict[str, Any]:
    """What a service is asked for, or has taken over and may finish."""
    if seen.standing != "referred":
        return {}
    return {"asked": queries.asked_of_me(by, seen), "mine_to_finish": queries.taken_by_me(by, seen)}


def _content(by: Any, seen: Opened, tab: str) -> dict[str, Any]:
    if tab in rules.FORMS:
        return {"rows": queries.part_of(seen, tab)}
    team = seen.standing in ("worker", "deputy", "supervisor")
    if tab == "referrals" and team and not seen.shut:
        rows = queries.referrals_of(seen)
        return {"rows": [(row, "、".join(rules.FORMS[form] for form in row.forms) or "整份档案") for row in rows]}
    if tab == "consents" and team and not seen.shut:
        told_ = queries.consents_of(seen)
        return {"rows": [(row, "、".join(rules.FORMS[form] for form in row.scope)) for row in told_]}
    if tab == "readers" and team:
        told = [
            (e, STANDINGS.get(e.detail.get("standing", ""), "紧急查阅"), dict(TABS).get(e.detail.get("form", ""), ""))
            for e in queries.readers_of(seen.file.pk)
        ]
        return {"rows": told}
    return {}


class Purpose(forms.Form):
    """What a number is needed for."""

    purpose = Words(2, label="查看目的", max_length=200, min_length=2)


@needs("care.work", "care.glass", clause=clause)
def reveal(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Show the person's phone once, for a purpose that is written down first (查看电话)."""
    by = reader(request)
    seen = queries.opened(by, file_id)
    if seen.shut or seen.standing == "referred":
        raise queries.nothing()
    form = Purpose(request.POST or None)
    back = reverse("care-file", args=[file_id])
    if form.is_bound and form.is_valid():
        read_of_personal(by, "care.carefile", seen.file.pk, ["phone"], form.cleaned_data["purpose"])
        context = {
            "label": "联系电话",
            "value": seen.file.resident.phone or "未登记",
            "heading": "联系电话",
            "back_url": back,
        }
        return answer(request, "care/revealed.html", "care/revealed_part.html", context)
    return ask(
        request, form, title="查看联系电话", note="查看会记入审计，请只在联系本人时查看。", back=back, submit="查看"
    )


# -- opening ---------------------------------------------------------------------------------------


class NewFile(forms.Form):
    """Opening a file (建档)."""

    programme = Choice((), label="帮扶项目")
    id_number = forms.CharField(
        label="证件号码", max_length=30, required=False, help_text="填写完整号码；没有证件的填写姓名和出生年份"
    )
    person_name = forms.CharField(label="姓名", max_length=50, required=False)
    birth_year = forms.IntegerField(label="出生年份", min_value=1900, max_value=2100, required=False)
    basis_kind = Choice(CareFile.BasisKind.choices, label="依据")
    basis = forms.CharField(
        label="同意书或文书编号",
        max_length=60,
        error_messages={"required": "没有依据不能建档，请填写同意书或文书编号。"},
    )
    consent_by = Choice(Consent.GivenBy.choices, label="由谁同意", required=False)
    worker = Colleague(label="帮扶人")
    deputy = Colleague(label="替补人", required=False)
    ends_on = Day(label="期限届满", required=False)
    visit_every = forms.IntegerField(label="约定走访周期（天）", min_value=1, max_value=180, required=False)
    two_go = forms.BooleanField(label="须双人上门（不说明原因）", required=False)
    summary = Words(3, label="缘由", required=False)
    goal = Words(2, label="帮扶目标", required=False)


@needs("care.supervise", clause=clause)
def new(request: HttpRequest) -> HttpResponse:
    """Open a file (建档)."""
    by = reader(request)
    form = NewFile(request.POST or None)
    open_ = queries.programmes_open_to(by)
    form.fields["programme"].choices = [("", "请选择"), *((str(p.pk), p.name) for p in open_)]  # type: ignore[attr-defined]

    def do(told: dict[str, Any]) -> tuple[str, str]:
        file = actions.open_file(
            UUID(told["programme"]), by=by, resident_id=_person(by, told), worker_id=told["worker"].pk,
            deputy_id=told["deputy"].pk if told["deputy"] else None, basis_kind=told["basis_kind"], basis=told["basis"],
            consent_by=told["consent_by"], ends_on=told["ends_on"], visit_every=told["visit_every"], two_go=told["two_go"],
            summary=told["summary"], goal=told["goal"],
        )  # fmt: skip
        return f"档案 {file.number} 已建立，帮扶人已收到通知。", reverse("care-file", args=[file.pk])

    note = "没有依据不能建档。只登记项目所需的内容，不写病情、案情和评价。"
    return ask(request, form, title="新建帮扶档案", note=note, back=reverse("care-desk"), submit="建档", do=do)


def _person(by: Any, told: dict[str, Any]) -> UUID:
    """The resident meant: by the whole ID number, or by name and year of birth."""
    if told["id_number"]:
        found: list[Any] = [resident_by_id_number(told["id_number"], by=by)]
    elif told["person_name"] and told["birth_year"]:
        found = [*residents_by_name(told["person_name"], by=by, birth_year=told["birth_year"])]
    else:
        raise BadInput({"id_number": "请填写完整证件号码，或姓名和出生年份。"})
    people = [person for person in found if person is not None]
    if len(people) != 1:
        raise BadInput({"id_number": "有多人符合，请填写证件号码。" if people else rules.NOTHING_TOLD})
    return people[0].pk


# -- visits ----------------------------------------------------------------------------------------


@needs("care.work", clause=clause)
def visits(request: HttpRequest) -> HttpResponse:
    """The visits I have agreed to make (我的走访); whoever is not in the team reads a neutral task."""
    by = reader(request)
    today = time.today()
    rows = []
    for task in queries.my_visits(by):
        page = reverse("care-visit", args=[task.visit.pk])
        late = task.visit.agreed_on < today
        rows.append(Row(
            id=str(task.visit.pk), name=task.words, url=page, tone="overdue" if late else "",
            cells=(
                Cell(str(task.visit.agreed_on), "已过约定日期" if late else ""), Cell(task.words, task.visit.file.number, page),
                Cell(task.who or "—", task.place),
            ),
        ))  # fmt: skip
    columns = (Column("约定日期", "time"), Column("任务", "title"), Column("姓名"))
    listing = Listing(
        name="我的走访", columns=columns, rows=rows, empty=Empty("没有约定的走访。", "回我的档案", reverse("care"))
    )
    return answer(request, "ui/list.html", "ui/parts/listing.html", {"listing": listing})
