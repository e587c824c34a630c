"""The page of one case (事件详情): facts, map, timeline, work orders, masked people, files, next steps, why this limit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.actions.turning import BEGINNING, MATTER
from hezhi.chapters.cases.handling.models import ENDED, Case, Step
from hezhi.chapters.cases.handling.pages.asked import asked_of
from hezhi.chapters.cases.handling.pages.beside import beside, of_order, reads
from hezhi.chapters.cases.handling.queries import CaseFile
from hezhi.chapters.cases.handling.rules import APPEALS, own_reply, result_words
from hezhi.engines.analysis.text.duplicates import Candidate
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import Deadline, WorkOrder
from hezhi.engines.flow.rules.life_cycle import Verb
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.duty import on_duty
from hezhi.engines.org.models import DutyShift
from hezhi.engines.org.rights import needs
from hezhi.engines.reach import queries as reach
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import NotNow
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.shapes import Action, Crumb, Fact, TimelineItem

clause = "9.1.2-2"
FIRST = ("accept", "dispatch", "call_back", "sign", "reply", "review", "arrive", "agree")
"""Verbs that are usually the next thing to do; the first of them stands out."""
KEYS = {
    "accept": "A", "dispatch": "D", "call_back": "C", "extend": "E", "merge": "M", "urge": "U", "sign": "S", "reply": "R",
    "review": "V", "return_order": "T", "handle": "H", "pass_down": "P",
}  # fmt: skip
"""The letters of the daily steps (快捷键); a letter opens the step on the page of a case and on the triage desk."""
CALLING = "回访"
"""The purpose for which a caller opens the number of whom he is to ring."""
MORE = ("void", "split", "mark", "confer", "unmerge", "close", "release", "dispute")


@needs("cases.view", clause=clause)
def page(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The whole file of a case on one page."""
    by = reader(request)
    file = queries.case_file(by, case_id, reads())
    case = file.case
    told = beside(by, case)
    context: dict[str, Any] = {
        "file": file,
        "beside": [each for each in told if each.template],
        "case": case,
        "title": f"{case.number} {mask_text(case.title)}",
        "crumbs": [Crumb("事件管理", "/r/cases/"), Crumb(case.number)],
        "text": mask_text(case.text),
        "case_title": mask_text(case.title),
        "fact_list": _facts(file),
        "timeline_items": timeline(file.steps),
        "action_list": [
            *_buttons(_possible(file), lambda v: reverse("case-do", args=[case.pk, v.code])),
            *(action for each in told for action in each.actions),
            *([Action("催办回执", reverse("case-receipts", args=[case.pk]))] if case.urged else []),
            *_following(case, by),
        ],
        "orders": [
            (order, [*_order_buttons(file, order.pk), *of_order(by, case, order)], result_words(order.result))
            for order in file.orders
        ],
        "merged": [(other, mask_text(other.title)) for other in file.merged],
        "parts": [(other, mask_text(other.title)) for other in file.parts],
        "own_reply": mask_text(own_reply((step.verb, step.text) for step in file.steps)),
        "marker": [case.point.x, case.point.y] if case.point else None,
        "total": file.total,
        "similar": suspects(by, case, file.verbs) if case.state in ("to_accept", "to_dispatch") else [],
        "on_duty": _on_duty(file),
        "may_reveal": by.may("cases.reveal_personal") and not case.secret,
        "may_lift": case.secret and queries.may_lift_veil(by, case),
        "asked": asked_of(file.approvals, by),
    }  # fmt: skip
    return render(request, "handling/case.html", context)


def suspects(by: Actor, case: Case, verbs: Sequence[Verb]) -> list[tuple[Case, str, Candidate, str]]:
    """What may be the same (疑似重复), each with the address that joins this case to it, where it can be joined."""
    joins = reverse("case-do", args=[case.pk, "merge"]) if any(verb.code == "merge" for verb in verbs) else ""
    return [
        (
            other,
            mask_text(other.title),
            why,
            f"{joins}?into={other.number}" if joins and other.state not in ENDED else "",
        )
        for other, why in queries.similar_cases(by, case)
    ]


def _possible(file: CaseFile) -> list[Verb]:
    """The next steps of the case; while somebody asks that it be not begun with, those that begin are left out."""
    waits = any(row.state == "waiting" and row.kind in queries.ASKED_AWAY for row in file.approvals)
    return [verb for verb in file.verbs if not (waits and verb.code in BEGINNING)]


def receipts_page(
    request: HttpRequest, about: tuple[str, UUID], events: Sequence[str], title: str, back: str
) -> HttpResponse:
    """Who was told of an urging, and who has opened it (查阅回执); for other rooms that urge too."""
    rows = [replace(row, text=mask_text(row.text)) for row in reach.receipts(about, events)]
    read = sum(1 for row in rows if row.read_at)
    context = {"rows": rows, "title": title, "read": read, "unread": len(rows) - read, "back": back}
    return render(request, "handling/receipts.html", context)


@needs("cases.view", clause="9.1.2-3")
def receipts(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Who has read the urgings of this case (催办回执)."""
    case = queries.case_for(reader(request), case_id)
    back = reverse("case", args=[case.pk])
    return receipts_page(request, (MATTER, case.pk), ("cases.urged",), f"催办回执 · {case.number}", back)


def _following(case: Case, by: Actor) -> list[Action]:
    """The button to follow the case, or to cease to; who follows it finds the others he follows."""
    follows = by.user_id in case.followers
    url = f"{reverse('case-follow', args=[case.pk])}?follow={'no' if follows else 'yes'}"
    all_followed = [Action("我关注的事件", reverse("cases-followed"))] if follows else []
    return [Action("取消关注" if follows else "关注", url, opens="post"), *all_followed]


def _on_duty(file: CaseFile) -> list[DutyShift]:
    """Whom to ring now about an urgent case: who is on duty where it lies (值班联系)."""
    case = file.case
    place = case.lead_unit_id or case.desk_id
    if case.urgency == "normal" or case.closed_at is not None or place is None:
        return []
    return on_duty(place, time.now())


def _facts(file: CaseFile) -> list[Fact]:
    case = file.case
    where = " ".join(str(a) for a in (case.town, case.grid or case.community) if a)
    facts = [
        Fact("来源", case.get_source_display()),
        *_of_the_report(case),
        Fact("类别", str(case.category or "未定")),
        Fact("紧急程度", case.get_urgency_display(), note=_why_urgent(case)),
        Fact("网格", (where + ("（推测）" if case.place_guessed else "")) if where else "未定位"),
        Fact("地点", case.place or "未填"),
        Fact("收到时间", time.show(case.received_at)),
        Fact("主办单位", str(case.lead_unit or "未派遣")),
        Fact("上报人", file.reporter["name"]),
    ]
    first = next((o for o in file.orders if o.depth == 0), None)
    if first is not None:
        ruling = any(a.kind == "dispute" and a.state == "waiting" for a in file.approvals)
        facts.append(Fact("首接单位", first.unit.name, note="派单异议裁定前由其先行办理" if ruling else ""))
    facts += [Fact(question, mask_text(str(answer))) for question, answer in case.answers.items()]
    if case.review_on:
        facts.append(Fact("挂起复核", time.show_day(case.review_on)))
    if case.outside_number and not case.secret:
        due = f"平台时限 {time.show(case.outside_due_at)}" if case.outside_due_at else ""
        facts.append(Fact("外部编号", case.outside_number, note=due))
    if case.merged_into:
        facts.append(Fact("并入", case.merged_into.number, url=reverse("case", args=[case.merged_into_id])))
    if case.split_from:
        facts.append(Fact("拆分自", case.split_from.number, url=reverse("case", args=[case.split_from_id])))
    if case.waits_for_parts:
        facts.append(Fact("拆出的事项", "都办结后本件再办结"))
    unsigned = [o for o in file.orders if o.state == "to_sign" and o.sign_due_at]
    if unsigned:
        facts.append(
            Fact("签收时限", "；".join(f"{o.unit.name} {time.show(o.sign_due_at)}" for o in unsigned if o.sign_due_at))
        )
    own = [o for o in file.orders if o.own_days and o.ended_at is None]
    if own:
        facts.append(
            Fact("协办时限", "；".join(f"{o.unit.name} {time.show(o.due_at) if o.due_at else '暂停'}" for o in own))
        )
    return facts


def _of_the_report(case: Case) -> list[Fact]:
    """What kind of report it is and when it happened (诉求类型、发生日期); of a secret one neither."""
    if case.secret:
        return []
    facts = [Fact("诉求类型", APPEALS.get(case.appeal, case.appeal))]
    if case.occurred_at:
        here = time.local(case.occurred_at)
        day_alone = (here.hour, here.minute, here.second) == (0, 0, 0)
        facts.append(Fact("发生日期" if day_alone else "发生时间", (time.show_day if day_alone else time.show)(here)))
    return facts


def _on_paper(file: CaseFile) -> list[Fact]:
    """The facts as the sheet has them, with the limit that stands in a card of its own on the page."""
    total = file.total
    if total is None:
        return _facts(file)
    ends = time.show(total.due_at) if total.due_at else "已停表"
    return [*_facts(file), Fact("时限", ends, note=f"{total.get_state_display()}；{total.why}")]


def _why_urgent(case: Case) -> str:
    """Which rule made the report urgent, as long as nobody has decided otherwise."""
    told = case.suggestion.get("urgency") if isinstance(case.suggestion, dict) else None
    return str(told[1]) if told and told[0] == case.urgency else ""


def timeline(steps: list[Step], *, public: bool = False) -> list[TimelineItem]:
    """The steps as the timeline shows them; `public` keeps only what the reporter may read."""
    tones = {"closed": "done", "void": "warn", "not_accepted": "warn"}
    items = []
    for step in steps:
        text = step.public_text if public else step.text
        if public and not text:
            continue
        told = "" if public else "；".join(f"{k}：{v}" for k, v in step.fields.items() if v)
        items.append(
            TimelineItem(
                title=step.public_title if public else step.title,
                at=step.at,
                who=step.public_unit if public else " ".join(filter(None, (step.unit_name, step.by_name))),
                text=mask_text("\n".join(filter(None, (text, told)))),
                tone=tones.get(step.to_state, ""),
                code=step.to_state if step.to_state != step.from_state else "",
            )
        )
    return items


def _buttons(verbs: list[Verb], url: Any) -> list[Action]:
    """Next steps as buttons: the likeliest one stands out, rare ones come last."""
    ranked = sorted(verbs, key=lambda v: (v.code not in FIRST, v.code in MORE))
    return [
        Action(
            v.name + ("（申请）" if v.approval else ""), url(v), opens="dialog",
            kind="primary" if n == 0 and v.code in FIRST else "plain", key=KEYS.get(v.code, ""),
        )
        for n, v in enumerate(ranked)
    ]  # fmt: skip


def _order_buttons(file: CaseFile, order_id: UUID) -> list[Action]:
    return _buttons(file.order_verbs[order_id], lambda v: reverse("order-do", args=[order_id, v.code]))


@needs("cases.view", clause=clause)
def why(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """«为什么是这个时限»: the counted stretches of each limit of this case."""
    case = queries.case_for(reader(request), case_id)
    found = [
        (deadline, timing.why(deadline))
        for deadline in Deadline.objects.filter(object_id=case.pk).order_by("started_at")
    ]
    return render(request, "handling/why.html", {"case": case, "limits": found})


@needs("cases.reveal_personal", clause=clause)
def reveal(request: HttpRequest, case_id: UUID, field: str) -> HttpResponse:
    """Show one personal value in clear (查看), for a purpose that is asked for and logged.

    The purpose of a caller whose case waits for the call is known: one press shows him the number (`calling`).
    """
    by = reader(request)
    case = queries.case_for(by, case_id)
    if field not in ("name", "phone", "address") or case.secret:
        raise NotNow("这一项不能在这里查看。", "保密件的上报人只由受理员和值班长按程序查阅。", code="cases.no_reveal")
    calls = "calling" in request.GET and by.may("cases.call_back") and case.state == "to_call_back" and field == "phone"
    purpose = CALLING if calls else request.POST.get("purpose", "").strip()
    if request.method != "POST" or not purpose:
        return render(
            request,
            "handling/reveal.html",
            {"case": case, "field": field},
            status=422 if request.method == "POST" else 200,
        )
    value = actions.reveal_personal(case.pk, by=by, field=field, purpose=purpose)
    if calls and request.headers.get("HX-Request"):
        return render(request, "ui/parts/masked.html", {"text": value or "未登记"})
    return render(request, "handling/revealed.html", {"value": value or "未登记"})


@needs("cases.open_secret", clause=clause)
def lift(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Lift the veil of a secret case (查阅保密内容): the acceptor of record or the duty chief, logged."""
    by = reader(request)
    case = queries.case_for(by, case_id)
    if request.method != "POST":
        return redirect("case", case_id=case.pk)
    told = actions.open_secret(case.pk, by=by, purpose=request.POST.get("purpose", ""))
    files = [a for a in queries.attachments_for(by, case) if a.stage in queries.FROM_THE_REPORTER]
    context = {"case": case, "told": told, "files": files, "title": f"保密内容 · {case.number}"}
    return render(request, "handling/lifted.html", context)


@needs("cases.view", clause=clause)
def comment(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Leave a remark for colleagues on the case (批注)."""
    by = reader(request)
    case = queries.case_for(by, case_id)
    if request.method == "POST":
        actions.comment(case.pk, by=by, text=request.POST.get("text", ""))
        messages.success(request, "批注已保存。")
    return redirect("case", case_id=case.pk)


@needs("cases.view", clause=clause)
def follow(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Follow the case, or cease to (关注、取消关注); only by POST."""
    if request.method == "POST":
        wanted = request.GET.get("follow") == "yes"
        actions.follow(case_id, by=reader(request), wanted=wanted)
        messages.success(request, "已关注，有新进展会发站内消息。" if wanted else "已取消关注。")
    return redirect("case", case_id=case_id)


@needs("cases.view", clause=clause)
def followed(request: HttpRequest) -> HttpResponse:
    """The cases that this person follows and still sees (我关注的事件), newest first."""
    by = reader(request)
    rows = Case.objects.visible_to(by).filter(followers__contains=[by.user_id]).select_related("lead_unit")
    cases = [(case, mask_text(case.title)) for case in rows.order_by("-received_at")[:200]]
    return render(request, "handling/followed.html", {"rows": cases, "title": "我关注的事件"})


@needs("cases.view", clause=clause)
def printed(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The case as a sheet of paper (打印办理单): masked like the page."""
    file = queries.case_file(reader(request), case_id)
    context = {
        "file": file,
        "case": file.case,
        "case_title": mask_text(file.case.title),
        "text": mask_text(file.case.text),
        "fact_list": _on_paper(file),
        "timeline_items": timeline(file.steps),
        "printed_at": time.now(),
    }
    return render(request, "handling/print.html", context)


@needs("cases.view", clause=clause)
def as_pdf(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The same sheet as a file (办理单PDF): masked like the page; that it was made stands in the audit."""
    by = reader(request)
    file = queries.case_file(by, case_id)
    with acting(by, verb="cases.print") as deed:
        deed.on(file.case)
    answer = HttpResponse(sheet_of(file, by.name), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{file.case.number}.pdf"'
    return answer


def sheet_of(file: CaseFile, who: str) -> bytes:
    """The handling sheet (事件办理单): facts, text, answer, each unit's result, the steps."""
    from hezhi.ground.paper import Sheet  # the library of PDF is read when somebody prints

    case = file.case
    sheet = Sheet("事件办理单", foot=f"{case.number} · {who} {time.show(time.now())} 生成 · 个人信息已脱敏")
    sheet.facts(
        [("编号", case.number), ("状态", case.get_state_display()), *((f.label, str(f.value)) for f in _on_paper(file))]
    )
    sheet.heading(mask_text(case.title))
    sheet.say(mask_text(case.text))
    if case.reply:
        sheet.heading("答复")
        sheet.say(mask_text(case.reply))
    if file.orders:
        sheet.heading("承办单")
        sheet.steps([_of_order(order) for order in file.orders], (45, 25, 100))
    sheet.heading("办理过程")
    told = [
        (time.show(item.at) if item.at else "", f"{item.title}\n{item.who}", item.text) for item in timeline(file.steps)
    ]
    sheet.steps(told, (34, 46, 90))
    return sheet.pdf()


def _of_order(order: WorkOrder) -> tuple[str, str, str]:
    """One work order as a line of the sheet."""
    result = "；".join(f"{name}：{value}" for name, value in result_words(order.result))
    told = "\n".join(filter(None, (order.reply, result, order.end_reason)))
    return f"{order.unit.name}（{order.get_part_display()}）", order.get_state_display(), mask_text(told)
