"""The start page of the officer desk (我的待办): what waits for this post, most pressing first."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from hezhi.chapters.cases.handling.api import MATTER, Case
from hezhi.engines.flow import todos
from hezhi.engines.flow.models import Approval, ToDo, WorkOrder
from hezhi.engines.flow.queries import todo_counts, todos_from
from hezhi.engines.flow.queries import todos as todos_of
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.duty import on_duty_here
from hezhi.engines.org.rights import needs, signed_in
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.answers import addresses
from hezhi.ground.ui.shapes import Chip, Pager, Waiting

APPROVAL = "flow.approval"
SHOWN = 100
"""To-dos on one page."""
STEPS = {
    "accept": "受理", "supplement": "补充", "dispatch": "派遣", "sign": "签收", "handle": "办理", "complete": "补齐结案条件", "review": "审签",
    "conclude": "填写联合处置结果", "agree": "确认联合处置结果",
    "call_back": "回访", "review_hold": "复核挂起", "approve_dispute": "裁定派单异议", "approve_case_exclusion": "复核剔除", "approve_extension": "审批延期", "approve_hold": "审批挂起", "approve_return": "审批退回",
    "approve_void": "审批作废", "approve_not_accept": "审批不予受理", "approve_help": "审批协办申请",
}  # fmt: skip


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """My to-dos; a citizen who strays here is sent to the phone page by the sign-in rule."""
    by = reader(request)
    step, page = request.GET.get("step", ""), page_asked(request)
    counts = todo_counts(by)
    kinds = [(kind, code) for kind, code, _ in counts if step_name(kind, code) == step] if step else []
    total = sum(n for kind, code, n in counts if not step or (kind, code) in kinds)
    # The first page of all is read at each sign-in; the others are asked for by name.
    first = page == 1 and not step
    found = todos_of(by, SHOWN) if first else todos_from(by, kinds, (page - 1) * SHOWN, SHOWN) if total else []
    cases, titles = matters_of(found), titles_of(by, found)
    claim_at, release_at = addresses("todo-claim"), addresses("todo-release")
    rows = [
        Waiting(
            todo.pk, step_of(todo), todo.number, mask_text(titles.get(todo.object_id, todo.title)), url, todo.due_at,
            todo.created_at, *(("取消认领", release_at(todo.pk)) if todo.claimed_by_id == by.user_id else ("认领", claim_at(todo.pk))),
        )
        for todo, url in zip(found, addresses_of(found, cases), strict=True) if url
    ]  # fmt: skip
    late = sum(1 for row in rows if row.due_at and row.due_at < time.now())
    on_duty = on_duty_here(by.unit_id, time.now()) if by.may("cases.view") else []
    context = {
        "rows": rows, "late": late, "title": "我的待办", "unit_id": by.unit_id, "total": total,
        "chips": step_chips(counts, step), "pages": pages_of(total, page, step),
        "mine": [s for s in on_duty if s.unit_id == by.unit_id],
        "centre": [s for s in on_duty if s.unit_id != by.unit_id], "sees_duty": by.may("cases.view"),
        "has_phone": by.may("cases.sign") or by.may("cases.review"),
    }  # fmt: skip
    return render(request, "officer/home.html", context)


def page_asked(request: HttpRequest) -> int:
    """Which page of the list was asked for; anything odd is the first."""
    asked = request.GET.get("page", "")
    return max(int(asked), 1) if asked.isdecimal() and len(asked) < 5 else 1


def step_chips(counts: list[tuple[str, str, int]], chosen: str) -> list[Chip]:
    """How many wait at each step (环节), all of them first; a press shows those alone."""
    named: dict[str, int] = {}
    for kind, code, n in counts:
        name = step_name(kind, code)
        named[name] = named.get(name, 0) + n
    whole = Chip("全部", sum(named.values()), "/", active=not chosen)
    ordered = sorted(named.items(), key=lambda pair: -pair[1])
    return [whole, *(Chip(name, n, f"?{urlencode({'step': name})}", active=name == chosen) for name, n in ordered)]


def pages_of(total: int, page: int, step: str) -> Pager | None:
    """Before and after, where one page does not hold all."""
    if total <= SHOWN:
        return None

    def to(number: int) -> str:
        return f"?{urlencode({'step': step, 'page': number} if step else {'page': number})}"

    last = min(page * SHOWN, total)
    told = f"第 {(page - 1) * SHOWN + 1:,}–{last:,} 件，共 {total:,} 件，先急后缓"
    return Pager(to(page - 1) if page > 1 else "", to(page + 1) if last < total else "", told)


def titles_of(by: Actor, found: list[ToDo]) -> dict[UUID, str]:
    """What to-dos are about that keep no word of it themselves, as their rooms tell it to this reader."""
    told: dict[UUID, str] = {}
    for kind in {todo.object_type for todo in found}:
        lead = todos.lead_of(kind)
        if lead is not None and lead.titles is not None:
            told |= lead.titles(by, [todo.object_id for todo in found if todo.object_type == kind])
    return told


def matters_of(found: list[ToDo]) -> dict[UUID, UUID]:
    """The case behind each to-do: itself, its work order's, or its approval's; two queries at the most."""
    matters = {t.object_id: t.object_id for t in found if t.object_type == "handling.case"}
    orders = [t.object_id for t in found if t.object_type == "flow.workorder"]
    approvals = [t.object_id for t in found if t.object_type == APPROVAL]
    if orders:
        matters |= dict(WorkOrder.objects.filter(pk__in=orders).values_list("pk", "matter_id"))
    if approvals:
        matters |= dict(Approval.objects.filter(pk__in=approvals, object_type=MATTER).values_list("pk", "object_id"))
    return matters


def step_of(todo: ToDo) -> str:
    """What the step is called."""
    return step_name(todo.object_type, todo.step)


def step_name(kind: str, step: str) -> str:
    """What a step is called: the room that put it there knows its own."""
    lead = todos.lead_of(kind)
    if lead is not None:
        return lead.steps.get(step, step)
    return STEPS.get(step, "审批" if kind == APPROVAL else step)


def addresses_of(found: list[ToDo], cases: dict[UUID, UUID]) -> list[str]:
    """Where each to-do is done: the page of its case, the page its room names, or the common approvals page."""
    of_case, of_approval = addresses("case"), addresses("approval")

    def address_of(todo: ToDo) -> str:
        if todo.object_id in cases:
            return of_case(cases[todo.object_id])
        lead = todos.lead_of(todo.object_type)
        if lead is not None:
            return lead.address(todo.object_id)
        return of_approval(todo.object_id) if todo.object_type == APPROVAL else ""

    return [address_of(todo) for todo in found]


@signed_in
def claim(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Take a to-do for oneself until the shift ends (认领)."""
    by = reader(request)
    if request.method == "POST":
        todo = get_object_or_404(todos.waiting_for(by), pk=todo_id)
        with acting(by, verb="flow.claim"):
            until = todos.shift_end(by)
            todos.claim(todo, by=by, until=until)
        messages.success(request, f"已认领，同岗位同事会看到由您办理。到 {time.show(until)} 还没办完的，退回岗位。")
    return redirect("home")


@signed_in
def release(request: HttpRequest, todo_id: UUID) -> HttpResponse:
    """Give a claimed to-do back (退回待办池)."""
    by = reader(request)
    if request.method == "POST":
        todo = get_object_or_404(todos.waiting_for(by), pk=todo_id)
        with acting(by, verb="flow.release"):
            todos.release(todo, by=by)
    return redirect("home")


@needs("cases.view")
def find(request: HttpRequest) -> HttpResponse:
    """Search by number first: a whole number opens its case, anything else goes to the list's search."""
    words = request.GET.get("q", "").strip()
    case = Case.objects.visible_to(reader(request)).filter(number=words.upper()).first() if words else None
    if case is not None:
        return redirect("case", case_id=case.pk)
    return redirect(f"/r/cases/?q={words}")
