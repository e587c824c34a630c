"""The page of a supervised matter (督办事项): facts, the ladder, each unit's part, the timeline, the next steps, the sheet."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.handling.api import queries as handling
from hezhi.chapters.cases.handling.pages.case import receipts_page
from hezhi.chapters.cases.supervision import actions, queries
from hezhi.chapters.cases.supervision.actions.opening import units_at_work
from hezhi.chapters.cases.supervision.actions.turning import MATTER, verb_of
from hezhi.chapters.cases.supervision.flows import PART, SUPERVISION
from hezhi.chapters.cases.supervision.models import Matter, Step
from hezhi.chapters.cases.supervision.pages.forms import (
    form_of,
    instruct_form,
    of_units,
    open_form,
    unit_choices,
    uuids,
)
from hezhi.chapters.cases.supervision.queries import MatterFile
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.rules.life_cycle import Verb
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.engines.reach import calls
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Fact, TimelineItem

clause = "9.1.2-3"
FIRST = ("sign", "answer", "accept", "add_unit", "close")
"""Verbs that are usually the next thing to do; the first of them stands out."""
Given = dict[str, Any]


@needs("supervision.view", clause=clause)
@require_safe
def page(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """The whole file of a matter on one page."""
    by = reader(request)
    file = queries.matter_file(by, matter_id)
    matter = file.matter
    leads = by.may("supervision.lead")
    health = calls.port().health() if leads else None
    no_calls = health.sentence if health and not health.ok else ""
    callable_ = leads and not no_calls and any(verb.code == "call" for verb in file.verbs)
    parts = [
        (
            part,
            [*_part_buttons(part), *(_call_buttons(part) if callable_ else [])],
            mask_text(part.order.request),
            mask_text(part.order.reply),
        )
        for part in file.parts
    ]
    context = {
        "file": file, "matter": matter, "title": mask_text(matter.title), "request_text": mask_text(matter.request),
        "crumbs": [Crumb("督办事项", "/r/supervision/"), Crumb(matter.number)], "fact_list": _facts(file),
        "timeline_items": _timeline(file.steps), "action_list": _buttons(file), "parts": parts,
        "ladder": [(rung, _standing(rung.order, matter)) for rung in file.rungs], "no_calls": no_calls, "leads": leads, "own": queries.is_own(by, matter) and leads,
    }  # fmt: skip
    return render(request, "supervision/matter.html", context)


def _standing(order: int, matter: Matter) -> str:
    return "current" if order == matter.rung.order else "done" if order < matter.rung.order else "later"


def _facts(file: MatterFile) -> list[Fact]:
    matter = file.matter
    facts = [
        Fact("督办类型", matter.get_kind_display()),
        Fact("发起", time.show(matter.opened_at), note=str(matter.opened_by or "系统自动")),
        Fact("督办单位", str(matter.unit or "—")),
        Fact("反馈时限", time.show(matter.due_at) if matter.due_at else "未定"),
    ]
    if matter.case is not None:
        seen = reverse("case", args=[matter.case_id]) if file.case_seen else ""
        facts.append(Fact("所督事件", matter.case.number, note=matter.case.get_state_display(), url=seen))
    if matter.campaign is not None:
        facts.append(Fact("督导专项", matter.campaign.title))
    if matter.sheet_number:
        facts.append(Fact("督办单", matter.sheet_number, note=time.show(matter.sheet_at) if matter.sheet_at else ""))
    if matter.closed_at:
        ended = " ".join(filter(None, (str(matter.closed_unit or ""), str(matter.closed_by or ""))))
        facts.append(Fact(matter.get_state_display(), time.show(matter.closed_at), note=ended))
        facts.append(Fact("督办结论", mask_text(matter.result), wide=True))
    return [*facts, Fact("督办缘由", mask_text(matter.why), wide=True)]


def _timeline(steps: list[Step]) -> list[TimelineItem]:
    tones = {"closed": "done", "cancelled": "warn"}
    return [
        TimelineItem(
            title=step.title, at=step.at, who=" ".join(filter(None, (step.unit_name, step.by_name))), text=mask_text(step.text),
            tone=tones.get(step.to_state, "danger" if step.verb == "climb" else ""),
        )
        for step in steps
    ]  # fmt: skip


def _buttons(file: MatterFile) -> list[Action]:
    settled = bool(file.parts) and all(part.order.state in ("done", "released") for part in file.parts)
    first = {"add_unit"} if not file.parts else {"close"} if settled or file.matter.case_ended_at else set()
    return [
        Action(
            "分解到单位" if verb.code == "add_unit" and not file.parts else verb.name,
            reverse("supervision-do", args=[file.matter.pk, verb.code]), opens="dialog",
            kind="primary" if verb.code in first else "plain",
        )
        for verb in sorted(file.verbs, key=lambda v: (v.code not in first, v.code in ("cancel",)))
    ] + [Action("查阅回执", reverse("supervision-receipts", args=[file.matter.pk]))]  # fmt: skip


def _part_buttons(part: queries.PartFile) -> list[Action]:
    return [
        Action(
            verb.name, reverse("supervision-do-part", args=[part.order.pk, verb.code]), opens="dialog",
            kind="primary" if n == 0 and verb.code in FIRST else "plain",
        )
        for n, verb in enumerate(sorted(part.verbs, key=lambda v: v.code not in FIRST))
    ]  # fmt: skip


def _call_buttons(part: queries.PartFile) -> list[Action]:
    """To ring the unit about its part (视频督办、语音督办)."""
    page = reverse("supervision-talk", args=[part.order.matter_id, part.order.unit_id])
    return [Action("视频督办", f"{page}?video=1", icon="phone"), Action("语音督办", page, icon="phone")]


@needs("supervision.view", clause=clause)
@require_safe
def part(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Where a unit's to-do leads: its part on the page of the matter."""
    return redirect("supervision-matter", matter_id=queries.matter_of_part(reader(request), order_id))


@needs("supervision.view", clause="9.1.2-3-1")
@require_safe
def printed(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """The numbered supervision sheet on paper (督办单); the seal is a later matter of clause 8, and the sheet says so."""
    file = queries.matter_file(reader(request), matter_id)
    if not file.matter.sheet_number:
        raise NotFound(
            "这件督办还没有督办单。", "升到「督办单」这一级时编号出具。", "请先升级督办。", code="supervision.no_sheet"
        )
    context = {
        "file": file, "matter": file.matter, "title": mask_text(file.matter.title),
        "request_text": mask_text(file.matter.request), "why": mask_text(file.matter.why), "printed_at": time.now(),
    }  # fmt: skip
    return render(request, "supervision/print.html", context)


@needs("supervision.view", clause="9.1.2-3")
@require_safe
def receipts(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """Who has read the urgings and sheets of this matter (查阅回执)."""
    matter = queries.matter_for(reader(request), matter_id)
    back = reverse("supervision-matter", args=[matter.pk])
    events = ("supervision.assigned", "supervision.climbed", "supervision.opinion")
    return receipts_page(request, (MATTER, matter.pk), events, f"查阅回执 · {matter.number}", back)


# -- steps ---------------------------------------------------------------------------------------------

Do = Callable[[Actor, UUID, Given], object]

STEPS: dict[str, Do] = {
    "opinion": lambda by, key, t: actions.opinion(key, by=by, text=t["text"], revision=t["revision"]),
    "note": lambda by, key, t: actions.note(key, by=by, text=t["text"], revision=t["revision"]),
    "call": lambda by, key, t: actions.call(key, by=by, unit_id=UUID(t["unit"]), text=t["text"]),
    "climb": lambda by, key, t: actions.climb(key, by=by, text=t["text"], revision=t["revision"]),
    "add_unit": lambda by, key, t: actions.add_units(
        key, by=by, unit_ids=uuids(t["units"]), text=t["request"], days=t["days"], revision=t["revision"]
    ),
    "close": lambda by, key, t: actions.close(key, by=by, text=t["text"], revision=t["revision"]),
    "cancel": lambda by, key, t: actions.cancel(key, by=by, text=t["text"], revision=t["revision"]),
}

PART_STEPS: dict[str, Do] = {
    "sign": lambda by, key, t: actions.sign(key, by=by, text=t["text"]),
    "answer": lambda by, key, t: actions.answer(key, by=by, text=t["text"]),
    "ask_extension": lambda by, key, t: actions.ask_extension(key, by=by, days=t["days"], reason=t["reason"]),
    "ask_resource": lambda by, key, t: actions.ask_resource(key, by=by, reason=t["reason"]),
    "accept": lambda by, key, t: actions.accept(key, by=by, text=t["text"]),
    "send_back": lambda by, key, t: actions.send_back(key, by=by, reason=t["reason"]),
    "release": lambda by, key, t: actions.release(key, by=by, reason=t["reason"]),
}


@needs("supervision.lead", "supervision.instruct", clause=clause)
def do(request: HttpRequest, matter_id: UUID, verb: str) -> HttpResponse:
    """One step on a matter, in a dialog or as a page."""
    if verb not in STEPS:
        raise NotFound("没有这个步骤。")
    by = reader(request)
    matter = queries.matter_for(by, matter_id)
    return _step(request, by, matter, verb_of(SUPERVISION, verb), matter.pk, STEPS[verb], matter.number)


@needs("supervision.answer", "supervision.lead", clause=clause)
def do_part(request: HttpRequest, order_id: UUID, verb: str) -> HttpResponse:
    """One step on a unit's part."""
    if verb not in PART_STEPS:
        raise NotFound("没有这个步骤。")
    by = reader(request)
    matter = queries.matter_for(by, queries.matter_of_part(by, order_id))
    order = WorkOrder.objects.select_related("unit").get(pk=order_id)
    return _step(request, by, matter, verb_of(PART, verb), order_id, PART_STEPS[verb], order.unit.name)


def _step(request: HttpRequest, by: Actor, matter: Matter, verb: Verb, key: UUID, step: Do, about: str) -> HttpResponse:
    asked = "，提交后由督办人员审批" if verb.approval else ""

    def done(given: Given) -> None:
        step(by, key, given)
        messages.success(request, f"已{verb.name}{'，等待审批' if verb.approval else ''}。")

    note = f"{about} {mask_text(matter.title)}{asked}"
    back = reverse("supervision-matter", args=[matter.pk])
    return ask(request, form_of(verb, matter), verb.name, done, back, submit=verb.name, note=note)


# -- beginnings ----------------------------------------------------------------------------------------


@needs("supervision.lead", clause="9.1.2-3-3")
def open_case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Supervise a case by hand, from its page."""
    by = reader(request)
    case = handling.case_for(by, case_id)
    mine = [unit.pk for unit in units_at_work(case)]
    units = of_units(mine)
    if not case.secret:
        units += unit_choices([*mine, *([case.barred_unit_id] if case.barred_unit_id else [])])
    late = case.due_at is not None and case.due_at < time.now()
    form = open_form(units, late=late)
    chosen = [str(key) for key in mine]

    def build(data: Any = None) -> Any:
        made = form(data)
        made.fields["units_at_work"].initial = chosen
        return made

    def done(given: Given) -> HttpResponse | None:
        matter = actions.supervise(
            case.pk, by=by, kind=given["kind"], text=given["text"], unit_ids=uuids(given["units_at_work"]), days=given["days"],
            rung_id=UUID(given["rung"]),
        )  # fmt: skip
        messages.success(request, f"已发起督办，编号 {matter.number}。")
        return None

    title = "" if case.secret else mask_text(case.title)
    return ask(
        request,
        build,
        "发起督办",
        done,
        reverse("case", args=[case.pk]),
        submit="发起督办",
        note=f"{case.number} {title}",
    )


@needs("supervision.instruct", clause="9.1.2-3-2")
def instruct_case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """A leader's task on a case, from its page: two taps and the words."""
    by = reader(request)
    case = handling.case_for(by, case_id)
    mine = [str(unit.pk) for unit in units_at_work(case)]
    form = instruct_form(own_title=False)

    def build(data: Any = None) -> Any:
        made = form(data)
        choices = of_units(UUID(key) for key in mine)
        made.fields["units"].choices = choices if case.secret else [*choices, *unit_choices(UUID(key) for key in mine)]
        made.fields["units"].initial = mine
        return made

    def done(given: Given) -> None:
        matter = actions.instruct(
            by=by, text=given["text"], unit_ids=uuids(given["units"]), case_id=case.pk, days=given["days"]
        )
        messages.success(request, f"已批示交办，编号 {matter.number}。")

    title = "" if case.secret else mask_text(case.title)
    return ask(
        request, build, "批示交办", done, reverse("case", args=[case.pk]), submit="交办", note=f"{case.number} {title}"
    )
