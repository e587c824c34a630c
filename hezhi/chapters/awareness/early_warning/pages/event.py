"""Events on screen (聚合事件): the list by heat, the page of one with its members, and what people put right."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from hezhi.chapters.awareness.early_warning import actions, rules
from hezhi.chapters.awareness.early_warning.models import Standing
from hezhi.chapters.awareness.early_warning.queries import lists
from hezhi.chapters.awareness.early_warning.queries.lists import EventFile, Line
from hezhi.chapters.cases.handling.api import Category, Source
from hezhi.engines.analysis import actions as stream
from hezhi.engines.analysis import queries as analysis
from hezhi.engines.analysis.models import Event, EventProposal, Regrouping
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, Refusal
from hezhi.ground.text import shorten
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import (
    Action,
    Cell,
    Chip,
    Column,
    Crumb,
    Empty,
    Fact,
    Figure,
    Filter,
    Listing,
    Option,
    Pager,
    Row,
    TimelineItem,
)
from hezhi.ground.ui.templatetags.ui import when

clause = "9.1.4-1"
SORTS = (("heat", "按热度"), ("burst", "按激增"), ("last", "按最近来件"), ("size", "按件数"))
COLUMNS = (
    Column("事件", "title"), Column("热度", "number"), Column("近 3 天人数", "number"), Column("与平时相比", "plain"),
    Column("件数", "number"), Column("渠道", "plain"), Column("类别", "plain"), Column("地点", "plain"), Column("最近来件", "time"),
    Column("预警", "number"),
)  # fmt: skip
REASON = "归并理由"


# -- the list ------------------------------------------------------------------------------------------


@needs("events.view", clause=clause)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Living events within the reader's scope, the hottest first; single messages only when asked for."""
    by = reader(request)
    asked = lists.standings(by)
    some = asked if request.GET.get("alone") else asked.filter(messages__gt=1)
    rows = _narrowed(some, request.GET)
    page = _number(request.GET.get("page", "1"))
    total = rows.count()
    sort = request.GET.get("sort", "heat")
    found = lists.lines(by, rows.order_by(lists.SORTS.get(sort, "-heat"), "-event_id"), page=page)
    context = {"listing": _listing(request, found, some, total, page, sort)}
    return answer(request, "early_warning/events.html", "ui/parts/listing.html", context)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and 0 < int(text) < 10_000 else 1


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _narrowed(rows: Any, given: Any) -> Any:
    if category := _uuid(given.get("category", "")):
        rows = rows.filter(category=category)
    if town := _uuid(given.get("town", "")):
        rows = rows.filter(event__messages__town=town).distinct()
    if given.get("source") in Source.values:
        rows = rows.filter(sources__contains=[given["source"]])
    return rows.filter(beyond=True) if given.get("beyond") else rows


def _listing(request: HttpRequest, found: list[Line], some: Any, total: int, page: int, sort: str) -> Listing:
    given = request.GET
    address = _query(request)
    last = (total - 1) // lists.PAGE + 1
    roots = Category.objects.filter(parent__isnull=True, active=True).order_by("code")
    towns = Area.objects.filter(level="town", valid_to__isnull=True).order_by("code").defer("shape")
    beyond = bool(given.get("beyond"))
    filters = (
        Filter("sort", "排序", options=[Option(code, name, code == sort) for code, name in SORTS]),
        Filter("source", "渠道", options=_options("全部渠道", Source.choices, given.get("source", ""))),
        Filter("category", "类别", options=_options("全部类别", [(str(c.pk), c.name) for c in roots], given.get("category", ""))),
        Filter("town", "镇街", options=_options("全部镇街", [(str(a.pk), a.name) for a in towns], given.get("town", ""))),
    )  # fmt: skip
    return Listing(
        columns=COLUMNS, rows=[_row(line) for line in found], name="聚合事件", filters=filters, total=total,
        hidden=tuple((name, given[name]) for name in ("alone", "beyond") if given.get(name)),
        filtered=any(given.get(name) for name in ("source", "category", "town", "beyond")), clear_url="?",
        chips=(
            Chip("两件以上", some.count(), address(beyond="", page=""), active=not beyond),
            Chip("超出偶然波动", some.filter(beyond=True).count(), address(beyond="1", page=""), "redo", beyond),
        ),
        empty=Empty("还没有两件以上诉求聚成的事件。新来件每隔几秒归并一次。"),
        pager=Pager(
            address(page=str(page - 1)) if page > 1 else "", address(page=str(page + 1)) if page < last else "",
            f"第 {page} 页，共 {total} 个事件",
        ),
    )  # fmt: skip


def _options(nothing: str, choices: Any, chosen: str) -> list[Option]:
    return [
        Option("", nothing, not chosen),
        *(Option(str(code), str(name), str(code) == chosen) for code, name in choices),
    ]


def _query(request: HttpRequest) -> Any:
    def address(**changed: str) -> str:
        given = request.GET.copy()
        for name, value in changed.items():
            given[name] = value
            if not value:
                del given[name]
        return f"?{given.urlencode()}"

    return address


def _row(line: Line) -> Row:
    s = line.standing
    compared = rules.compared(s.usual, s.ratio) if s.recent > 1 else "—"
    said = "超出偶然波动" if s.beyond else "在偶然范围内" if s.recent > 1 else ""
    url = reverse("event", args=[s.event_id])
    cells = (
        Cell(line.title, url=url), Cell(f"{s.heat:.1f}"), Cell(s.recent), Cell(compared, said), Cell(s.messages), Cell(line.sources),
        Cell(s.category.name if s.category else "—"), Cell(s.place.name if s.place else "多处"), Cell(when(s.last_at)), Cell(line.warnings or ""),
    )  # fmt: skip
    return Row(str(s.event_id), cells, url, line.title, "urgent" if s.beyond else "")


# -- one event -----------------------------------------------------------------------------------------


@needs("events.view", clause=clause)
@require_safe
def page(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Everything about an event: why it is hot, where and when, who is in charge, what people did to the grouping."""
    by = reader(request)
    file = lists.event_file(by, event_id)
    if file.event.pk != event_id:
        return redirect("event", event_id=file.event.pk)
    days = file.by_day()
    context = {
        "file": file, "event": file.event, "title": file.title, "standing": file.standing,
        "crumbs": [Crumb("聚合事件", reverse("events")), Crumb(file.title)],
        "figure_list": _figures(file), "sentences": _sentences(file.standing), "fact_list": _facts(file),
        "days": [f"{day:%m-%d}" for day, _ in days], "counts": [n for _, n in days],
        "channels": file.by_channel(), "regroups": by.may(stream.REGROUP), "action_list": _actions(by, file),
        "others": _others(by, file.event), "proposals": _proposals(by, file), "timeline_items": _timeline(file),
        "layers": [{"url": reverse("event-points", args=[file.event.pk]), "kind": "points", "name": "成员位置", "label": "name", "link": "link", "fit": True}],
        "located": any(case.point for case in file.cases),
    }  # fmt: skip
    return render(request, "early_warning/event.html", context)


def _figures(file: EventFile) -> list[Figure]:
    s = file.standing
    if s is None:
        return [Figure("件数", str(len(file.members) + file.unseen), "件")]
    tone = "danger" if s.beyond else ""
    return [
        Figure("热度", f"{s.heat:.1f}"),
        Figure("反映人数", str(s.reporters), "人", f"{s.messages} 件"),
        Figure("近 3 天", str(s.recent), "人"),
        Figure("与平时相比", rules.compared(s.usual, s.ratio) if s.recent > 1 else "—", note="超出偶然波动" if s.beyond else "在偶然范围内", tone=tone),
    ]  # fmt: skip


def _sentences(s: Standing | None) -> list[str]:
    if s is None:
        return ["30 天内没有新来件，不再计算热度。"]
    place = s.place.name if s.place else "全区"
    found = rules.Burst(s.recent, s.usual, 3, s.ratio, s.chance)
    return [
        rules.why_heat(s.heat, s.reporters, s.messages, time.show(s.last_at)),
        *([rules.why_burst(found, place, s.beyond)] if s.recent > 1 else []),
    ]


def _facts(file: EventFile) -> list[Fact]:
    s = file.standing
    first = file.members[0][0].at if file.members else file.event.opened_at
    facts = [
        Fact("标题由来", file.named, wide=True),
        Fact("首件", time.show(first)),
        Fact("最近一件", time.show(file.members[-1][0].at) if file.members else "—"),
        Fact("责任单位", "、".join(unit.name for unit in file.units) or "尚未确定"),
        Fact("类别", s.category.name if s and s.category else "未分类"),
    ]
    if file.unseen:
        facts.append(Fact("不在您辖区的成员", f"{file.unseen} 件", wide=True))
    return facts


def _timeline(file: EventFile) -> list[TimelineItem]:
    items = [
        TimelineItem(f"{w.get_level_display()}预警 {w.number}", w.raised_at, w.model.name, w.why, "danger" if w.level < 3 else "warn")
        for w in file.warnings
    ]  # fmt: skip
    return sorted(items, key=lambda item: item.at, reverse=True)


def _actions(by: Actor, file: EventFile) -> list[Action]:
    def step(name: str, code: str, kind: str = "plain") -> Action:
        return Action(name, reverse("event-do", args=[file.event.pk, code]), opens="dialog", kind=kind)

    open_ = [case for case in file.cases if case.state not in ("merged", "closed", "not_accepted", "void")]
    waiting = [case for case in file.cases if case.state in ("to_accept", "to_dispatch")]
    found = []
    if by.may("cases.answer_directly") and waiting:
        found.append(step("统一答复", "answer"))
    if by.may("cases.merge") and len(open_) > 1:
        found.append(step("并案办理", "as_one", "primary"))
    if by.may(stream.REGROUP):
        found += [step("命名", "rename"), step("合并事件", "merge")]
    return found


def _others(by: Actor, event: Event) -> list[tuple[str, str]]:
    """Events into which a member might go: the hottest of the reader's."""
    rows = lists.standings(by).exclude(event=event).order_by("-heat")[:60]
    return [(str(row.event_id), lists.title_of(by, row.event)) for row in rows] if by.may(stream.REGROUP) else []


def _proposals(by: Actor, file: EventFile) -> list[tuple[EventProposal, Event, str]]:
    told = []
    for proposal in file.proposals:
        other = proposal.other if proposal.one_id == file.event.pk else proposal.one
        told.append((proposal, other, lists.title_of(by, other)))
    return told


@needs("events.view", clause=clause)
@require_safe
def points(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Where the members lie, for the map."""
    return JsonResponse(lists.points(reader(request), event_id))


# -- what people put right -----------------------------------------------------------------------------


@needs(stream.REGROUP, clause=clause)
@require_POST
def regroup(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Take ticked members out into an event of their own, or move them into another one."""
    by = reader(request)
    event = analysis.event_for(by, event_id)
    ticked = [int(key) for key in request.POST.getlist("messages") if key.isdecimal()]
    target, reason = request.POST.get("into", ""), request.POST.get("reason", "").strip()[:200]
    try:
        if target == "new":
            done = stream.split(event, ticked, by=by, reason=reason)
        elif into := _uuid(target):
            done = stream.join(analysis.event_for(by, into), ticked, by=by, reason=reason)
        else:
            raise BadInput({"into": "请选择移到哪里。"}, meaning="没有改动。")
    except BadInput as refusal:
        messages.error(request, " ".join(str(said) for said in refusal.fields.values()))
        return redirect("event", event_id=event.pk)
    except Refusal as refusal:
        messages.error(request, f"{refusal.what}{refusal.remedy}")
        return redirect("event", event_id=event.pk)
    messages.success(request, f"已{done.get_kind_display()} {len(done.moved)} 件，可在办理过程中撤销。")
    return redirect("event", event_id=done.event_id)


class _Reason(forms.Form):
    reason = forms.CharField(label=REASON, max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}))


@needs("events.view", clause=clause)
def do(request: HttpRequest, event_id: UUID, step: str) -> HttpResponse:
    """One step on an event, in a dialog or as a page."""
    if step not in STEPS:
        raise NotFound("没有这个步骤。")
    by = reader(request)
    file = lists.event_file(by, event_id)
    form, name, act, note = STEPS[step](by, file)

    def done(given: dict[str, Any]) -> None:
        messages.success(request, act(given))

    return ask(request, form, name, done, reverse("event", args=[file.event.pk]), submit=name, note=note)


def _rename(by: Actor, file: EventFile) -> Any:
    class Form(forms.Form):
        title = forms.CharField(
            label="事件名称", max_length=120, initial=file.title, error_messages={"required": "请填写名称。"}
        )

    def act(given: dict[str, Any]) -> str:
        stream.rename(file.event, given["title"], by=by)
        return "已命名，今后不再自动改名。"

    return Form, "命名", act, "只写事和地点，不写个人姓名和号码。"


def _merge(by: Actor, file: EventFile) -> Any:
    class Form(_Reason):
        other = forms.ChoiceField(
            label="并入本事件的另一个事件", choices=_others(by, file.event), error_messages={"required": "请选择事件。"}
        )
        field_order = ("other", "reason")

    def act(given: dict[str, Any]) -> str:
        other = analysis.event_for(by, UUID(given["other"]))
        done = stream.merge(file.event, other, by=by, reason=given["reason"])
        return f"已并入 {len(done.moved)} 件，可在办理过程中撤销。"

    return Form, "合并事件", act, "合并只调整归并，不改变任何一件诉求的办理。"


def _as_one(by: Actor, file: EventFile) -> Any:
    ended = ("merged", "closed", "not_accepted", "void", "to_call_back")
    open_ = [(case, shorten(message.title, 30)) for message, case in file.members if case and case.state not in ended]

    class Form(_Reason):
        main = forms.ChoiceField(
            label="主件", choices=[(str(c.pk), f"{c.number} {title}（{c.get_state_display()}）") for c, title in open_],
            error_messages={"required": "请选择主件。"},
        )  # fmt: skip
        field_order = ("main", "reason")

    def act(given: dict[str, Any]) -> str:
        n, refused = actions.as_one(file.event.pk, by=by, main_id=UUID(given["main"]), reason=given["reason"])
        return _told(f"已把 {n} 件并入主件，主件办结时逐件答复。", refused)

    note = "其余成员逐件并入主件，各自保留编号、时限和答复。已由单位办理的不能并，会逐件说明。"
    return Form, "并案办理", act, note


def _answer(by: Actor, file: EventFile) -> Any:
    waiting = [c for c in file.cases if c.state in ("to_accept", "to_dispatch")]

    class Form(forms.Form):
        reply = forms.CharField(
            label="答复内容",
            max_length=2000,
            widget=forms.Textarea(attrs={"rows": 4}),
            error_messages={"required": "请填写答复内容。"},
        )

    def act(given: dict[str, Any]) -> str:
        n, refused = actions.answer_all(file.event.pk, by=by, reply=given["reply"])
        return _told(f"已答复 {n} 件，转入回访。", refused)

    return Form, "统一答复", act, f"用同一段话逐件答复还在待受理、待派遣的 {len(waiting)} 件；已并案的随主件答复。"


def _told(done: str, refused: list[str]) -> str:
    return f"{done}{len(refused)} 件未成：{'；'.join(refused[:5])}" if refused else done


STEPS = {"rename": _rename, "merge": _merge, "as_one": _as_one, "answer": _answer}


@needs(stream.REGROUP, clause=clause)
@require_POST
def answer_proposal(request: HttpRequest, proposal_id: UUID, said: str) -> HttpResponse:
    """Say whether two events are one."""
    by = reader(request)
    proposal = analysis.proposals(by).filter(pk=proposal_id).first()
    if proposal is None or said not in ("same", "apart"):
        raise NotFound("没有找到这条归并建议。", "可能已经处理过。", "请刷新后查看。", code="analysis.no_proposal")
    stream.answer(proposal, same=said == "same", by=by)
    messages.success(request, "已合并为一个事件。" if said == "same" else "已记为不同事件，不再提示。")
    return redirect("event", event_id=analysis.event_for(by, proposal.one_id).pk)


@needs(stream.REGROUP, clause=clause)
@require_POST
def undo(request: HttpRequest, regrouping_id: UUID) -> HttpResponse:
    """Take a regrouping back."""
    by = reader(request)
    found = Regrouping.objects.filter(pk=regrouping_id, event__in=Event.objects.visible_to(by)).first()
    if found is None:
        raise NotFound("没有找到这条归并记录。", code="analysis.no_regrouping")
    try:
        stream.undo(found, by=by)
        messages.success(request, "已撤销，成员回到原来的事件。")
    except Refusal as refusal:
        messages.error(request, f"{refusal.what}{refusal.remedy}")
    return redirect("event", event_id=analysis.event_for(by, found.event_id).pk)
