"""The citizen's phone pages (市民通): report in a few taps, follow by number and code, add, rate. No account."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from hezhi.channels.citizen import mine, rest, rules
from hezhi.channels.citizen import queries as phone_queries
from hezhi.channels.citizen.rest import WHY
from hezhi.chapters.cases.handling.api import ENDED, PUBLIC_STATES, Case, Reporter, actions, queries
from hezhi.chapters.cases.handling.pages.case import timeline
from hezhi.chapters.cases.handling.pages.questions import on_phone
from hezhi.chapters.cases.intake.api import (
    MEDIA_SAID,
    brought,
    code_digest,
    kinds,
    message_of,
    take_in,
    with_microphone,
)
from hezhi.chapters.cases.return_visit.api import answer_by_reporter, open_visit
from hezhi.engines.org import failures
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import open_to_all
from hezhi.engines.records.files import keep_files, signed_link
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.crypto import random_token, same
from hezhi.ground.errors import BadInput, NotFound, Refusal
from hezhi.ground.ids import clean_code
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.language import in_language, refused, said, switch_language
from hezhi.ground.ui.pages import service_worker, switch_elder
from hezhi.ground.ui.shapes import TimelineItem

clause = "9.1.2-1"


@open_to_all(WHY, clause=clause)
@in_language
def home(request: HttpRequest) -> HttpResponse:
    """The first page: two big buttons, and this browser's own reports."""
    mine = request.session.get("mine", [])
    rows = [
        {
            "name": mask_text(case.title), "url": reverse("citizen-case", args=[case.pk]), "note": case.number,
            "at": case.received_at, "state_code": case.state, "state_name": said(PUBLIC_STATES[case.state]),
        }
        for case in Case.objects.filter(pk__in=mine).order_by("-received_at")
    ]  # fmt: skip
    return render(request, "citizen/home.html", {"rows": rows})


def _has_said(row: Case) -> bool:
    """Whether the reporter has told this round's verdict already, as a rating or in the return visit."""
    by_link = row.call_backs.filter(way="link", at__gte=row.replied_at or row.recorded_at)
    return row.ratings.filter(round=row.redos + 1).exists() or by_link.exists()


VISIT_QUESTIONS = [
    ("solved", "问题解决了吗", "解决了", "没有解决"), ("satisfied", "对办理结果满意吗", "满意", "不满意"),
    ("process", "对办理过程满意吗", "满意", "不满意"), ("contacted", "承办单位联系过您吗", "联系过", "没有"),
]  # fmt: skip
STARS = [("5", "很满意"), ("4", "满意"), ("3", "一般"), ("2", "不满意"), ("1", "很不满意")]


@open_to_all(WHY, clause=clause)
@in_language
def report(request: HttpRequest) -> HttpResponse:
    """The report form; without scripts it is sent the plain way and works as well."""
    known_place = {"address": request.GET.get("address", "")[:200]}
    typed: dict[str, Any] = request.POST.dict() if request.method == "POST" else known_place
    faults: list[str] = []
    if request.method == "POST":
        try:
            rules.not_too_many(reader(request).address)
            looked = brought(request.FILES.getlist("photos"), request.FILES.getlist("media"))
            # Sent the plain way it cannot come again: a proof that nobody has lets nobody ask again.
            receipt = take_in(message_of(typed), by=mine.me(request), proof=random_token())
            case = Case.objects.get(pk=receipt.id)
            visibility = Attachment.Visibility.SECRET if case.secret else Attachment.Visibility.REPORTER
            keep_files(mine.me(request), case, looked, stage="report", visibility=visibility, field="photos")
            rest.remember(request, receipt)
            request.session["told"] = {"id": str(receipt.id), "code": receipt.code}
            return redirect("citizen-done", case_id=receipt.id)
        except BadInput as refusal:
            faults = [said(sentence) for told in refusal.fields.values() for sentence in told]
        except Refusal as refusal:
            faults = [refused(refusal)]
    blank = str(UUID(int=0))
    context = {
        "kinds": [(code, said(name)) for code, name in kinds()],
        "words_do": True,
        "typed": typed,
        "faults": faults,
        "media_told": said(MEDIA_SAID),
        "action_url": reverse("citizen-report"),
        "report_url": reverse("citizen-put", args=[blank]).replace(blank, "{id}"),
        "photo_url": reverse("citizen-put-photo", args=[blank, 0]).replace(blank, "{id}").replace("/0/", "/{n}/"),
        "who_url": reverse("citizen-who"),
        "place_url": reverse("locate"),
        "near_url": reverse("citizen-near"),
        "worker_url": reverse("citizen-worker"),
    }
    return with_microphone(render(request, "citizen/report.html", context, status=422 if faults else 200))


@open_to_all(WHY, clause=clause)
@in_language
def done(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The receipt: number and code, once."""
    case = _own(request, case_id)
    told = request.session.get("told", {})
    code = told.get("code") if told.get("id") == str(case.pk) else ""
    if code and request.method == "GET":
        del request.session["told"]
    return render(
        request, "citizen/done.html",
        {
            "case": case, "code": code,
            "asked_more": len(queries.questions_for(case)),
        },
    )  # fmt: skip


@open_to_all(WHY, clause=clause)
@in_language
def follow(request: HttpRequest) -> HttpResponse:
    """Open a case by number and code; wrong tries are counted and lock for a while, like a sign-in."""
    told = ""
    if request.method == "POST":
        number = clean_code(request.POST.get("number", ""))[:24]
        code = clean_code(request.POST.get("code", ""))[:16]
        address, moment = reader(request).address, time.now()
        name = f"#{number}"
        if failures.is_locked(name, address, moment):
            told = said("查询次数过多，请 30 分钟后再试。")
        else:
            reporter = Reporter.objects.filter(case__number=number).select_related("case").first()
            if reporter and reporter.follow_digest and same(reporter.follow_digest, code_digest(code)):
                mine = request.session.get("mine", [])
                request.session["mine"] = [*[m for m in mine if m != str(reporter.case_id)], str(reporter.case_id)]
                return redirect("citizen-case", case_id=reporter.case_id)
            failures.note(name, address, moment)
            told = said("编号或查询码不对，请核对回执或短信后再试。")
    return render(
        request, "citizen/follow.html", {"told": told, "number": request.POST.get("number", "")},
        status=422 if told else 200,
    )  # fmt: skip


def _own(request: HttpRequest, case_id: UUID) -> Case:
    """A case that this browser reported, opened by number and code, or by the telephone that stands with it."""
    here = str(case_id) in request.session.get("mine", [])
    case = Case.objects.filter(pk=case_id).first() if here or _by_phone(request, case_id) else None
    if case is None:
        raise NotFound("请用编号和查询码查看。", "为保护上报人，进度只给持有查询码的人看。", code="citizen.not_yours")
    return case


def _by_phone(request: HttpRequest, case_id: UUID) -> bool:
    """Whether the matter is one of the number just proven here; each opening is written down."""
    proof = mine.proof_of(request)
    if proof is None or not phone_queries.is_his(proof, case_id):
        return False
    if request.method == "GET":
        mine.note_reading(request, [case_id])
    return True


def _steps(row: Case) -> list[TimelineItem]:
    """The public steps; those in set words speak the language of the page, the officers' and his own stay as they are."""
    steps = list(row.steps.order_by("at", "id"))
    for step in steps:
        if step.verb == "add_by_reporter" and not row.secret:
            step.public_text = step.text  # what he added himself he may read again
    items = timeline(steps, public=True)
    return [replace(item, title=said(item.title), text=said(item.text)) for item in items]


@open_to_all(WHY, clause="9.1.2-2")
@in_language
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """How my matter stands: the public steps, the answer, what I can do now."""
    return _shown(request, _own(request, case_id))


def _shown(request: HttpRequest, row: Case, refusal: BadInput | None = None) -> HttpResponse:
    """The page of a matter; after a refusal with the reason, and with what was chosen and typed."""
    typed = request.POST if refusal else {}
    reporter = Reporter.objects.filter(case=row).first()
    limit, until = phone_queries.limit_words(row, time.now())
    may_urge = row.state not in ("to_call_back", *ENDED, "to_supplement", "on_hold")
    urge_from = queries.urging_of(row)[0] if may_urge else None
    too_early = urge_from is not None and time.now() < urge_from
    if too_early and limit and not until:
        limit = "已超过承诺时间"
    context = {
        "case": row,
        "unit": row.lead_unit.name if row.lead_unit and not row.secret else "",
        "limit": said(limit),
        "until": until,
        "by_phone": str(row.pk) not in request.session.get("mine", []),
        "ways": [(value, said(name)) for value, name in Reporter.ToldBy.choices],
        "reporter": reporter,
        "may_choose": reporter is not None
        and bool(reporter.phone)
        and reporter.wants_answer
        and row.state not in ENDED,
        "state_name": said(PUBLIC_STATES[row.state]),
        "text": said("内容已按保密件封存。") if row.secret else mask_text(row.text),
        "timeline_items": _steps(row),
        "may_rate": row.state == "closed" and not _has_said(row),
        "stars": [(n, said(name)) for n, name in STARS],
        "visit_questions": [
            (name, *map(said, words), typed.get(name))
            for name, *words in VISIT_QUESTIONS
            if name != "contacted" or row.lead_unit_id
        ],
        "typed": typed,
        "fault": refused(refusal) if refusal else "",
        "rating": row.ratings.order_by("-round").first(),
        "may_visit": row.state == "to_call_back" and open_visit(row.pk) is not None,
        "may_urge": may_urge and not too_early,
        "urge_from": urge_from if too_early else None,
        "may_add": row.state not in ENDED,
        "asked_to_add": row.state == "to_supplement",
        "brought": _brought(row),
        "asked_more": len(queries.questions_for(row)),
        "asked": row.steps.filter(verb="ask_supplement").order_by("-at").values_list("public_text", flat=True).first(),
    }
    return render(request, "citizen/case.html", context, status=refusal.status if refusal else 200)


def _brought(row: Case) -> list[dict[str, Any]]:
    """What the reporter brought himself, with links that end after some minutes (本人提交的材料)."""
    return [
        {
            "file": file,
            "url": signed_link(file),
            "small": signed_link(file, thumbnail=True) if file.is_picture else "",
        }
        for file in queries.brought_by_reporter(row)
    ]


@open_to_all(WHY, clause="9.1.2-2")
@in_language
def add(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Add words and pictures (补充), whether the desk has asked for them or not."""
    row = _own(request, case_id)
    if request.method == "POST":
        try:
            looked = brought(request.FILES.getlist("photos"))
            actions.add_by_reporter(row.pk, by=mine.me(request), text=request.POST.get("text", ""), files=looked)
            messages.success(request, said("已收到您的补充，谢谢。"))
        except BadInput as refusal:
            return _shown(request, row, refusal)
        except Refusal as refusal:
            messages.error(request, refused(refusal))
    return redirect("citizen-case", case_id=row.pk)


@open_to_all(WHY, clause=clause)
def questions(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """What the category asks besides (补充询问), after the report: a few questions, none of which must be answered."""
    row = _own(request, case_id)
    return on_phone(request, row, mine.me(request), reverse("citizen-case", args=[row.pk]))


@open_to_all(WHY, clause="9.1.2-2")
@in_language
def urge(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Urge one's own matter (群众催办); too early it says from when."""
    row = _own(request, case_id)
    if request.method == "POST":
        try:
            actions.urge_by_reporter(row.pk, by=mine.me(request))
            messages.success(request, said("已提醒承办单位。"))
        except Refusal as refusal:
            messages.error(request, refused(refusal))
    return redirect("citizen-case", case_id=row.pk)


@open_to_all(WHY, clause="9.1.2-2")
@in_language
def telling(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Choose how one wants to be told (告知方式)."""
    row = _own(request, case_id)
    if request.method == "POST":
        try:
            actions.choose_telling(
                row.pk, by=mine.me(request), told_by=request.POST.get("told_by", ""),
                every_step=request.POST.get("every_step") == "1",
            )  # fmt: skip
            messages.success(request, said("告知方式已保存。"))
        except Refusal as refusal:
            messages.error(request, refused(refusal))
    return redirect("citizen-case", case_id=row.pk)


@open_to_all(WHY, clause="9.1.2-2")
@in_language
def visit(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Answer the return visit oneself (自填回访) instead of waiting for a call."""
    row = _own(request, case_id)
    if request.method == "POST":
        told = {
            name: {"yes": True, "no": False}.get(request.POST.get(name, ""))
            for name in ("true_matter", "contacted", "solved", "satisfied", "process")
        }
        try:
            answer_by_reporter(row.pk, by=mine.me(request), words=request.POST.get("reason", ""), **told)
            messages.success(request, said("已收到您的意见，谢谢。"))
        except BadInput as refusal:
            return _shown(request, row, refusal)
        except Refusal as refusal:
            messages.error(request, refused(refusal))
    return redirect("citizen-case", case_id=row.pk)


@open_to_all(WHY, clause="9.1.2-2")
@in_language
def rate(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Say how it went (评价)."""
    row = _own(request, case_id)
    if request.method == "POST":
        stars = request.POST.get("stars", "")
        solved = {"yes": True, "no": False}.get(request.POST.get("solved", ""))
        try:
            actions.rate(
                row.pk, by=mine.me(request), stars=int(stars) if stars.isdigit() else 0, solved=solved,
                text=request.POST.get("text", ""),
            )  # fmt: skip
            messages.success(request, said("感谢您的评价。"))
        except BadInput as refusal:
            return _shown(request, row, refusal)
        except Refusal as refusal:
            messages.error(request, refused(refusal))
    return redirect("citizen-case", case_id=row.pk)


@open_to_all("what is kept of a report and why must be readable before reporting", clause="12.3-1")
@in_language
def privacy(request: HttpRequest) -> HttpResponse:
    """What we keep of a report, why, and for how long (个人信息说明)."""
    return render(request, "citizen/privacy.html")


@open_to_all(WHY, clause="12.3-1")
@in_language
def forget(request: HttpRequest) -> HttpResponse:
    """Clear what this browser may open (清除本机记录): its own reports, the code not yet read, the proven number."""
    answer = redirect("citizen-home")
    if request.method == "POST":
        for name in ("mine", "told"):
            request.session.pop(name, None)
        mine.end(request, answer)
        messages.success(request, said("本机记录已清除。"))
    return answer


@open_to_all("the large view is for everybody")
def elder(request: HttpRequest) -> HttpResponse:
    """Switch the large view on or off."""
    return switch_elder(request)


@open_to_all("who reads no Chinese turns the pages to English")
def language(request: HttpRequest) -> HttpResponse:
    """Switch between Chinese and English."""
    return switch_language(request)


@open_to_all("the worker keeps the report page for the dead zone")
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker under this channel's own path."""
    return service_worker(request)  # type: ignore[return-value]
