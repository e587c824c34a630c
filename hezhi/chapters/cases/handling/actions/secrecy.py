"""The veil over a reporter (保密件): what reveals him goes under seal, wherever the house has already put it."""

import json
from uuid import UUID

from django.db.models import QuerySet

from hezhi.chapters.cases.handling.actions.turning import MATTER, given, settle, take
from hezhi.chapters.cases.handling.actions.words import forget_words
from hezhi.chapters.cases.handling.models import CallBack, Case, Rating, Reporter, Step
from hezhi.chapters.cases.handling.queries import DUTY_CHIEF, FROM_THE_REPORTER
from hezhi.engines.flow.models import Approval, Deadline, ToDo, WorkOrder
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.reach.api import blank_messages
from hezhi.engines.records.acting import verb
from hezhi.engines.records.erasure import anonymise
from hezhi.engines.records.models import Attachment, Comment
from hezhi.engines.records.vault import blind
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed

CLEAR_IN_HISTORY = (
    "title", "text", "place", "answers", "suggestion", "point", "outside_number", "reply", "close_reason",
)  # fmt: skip
"""Fields whose earlier versions tell what is now under seal."""
ORDER_WORDS = ("request", "reply", "public_reply", "end_reason")
REQUEST_WORDS = ("title", "reason", "opinion")
HARMLESS_FIELDS = ("report", "accept", "dispatch")
"""Steps whose fields name a category or units, nothing that anybody told."""
SECRET = Attachment.Visibility.SECRET
SEALED_WORDS = "内容已按保密件封存。"


def seal_words(case: Case, heading: str, words: str) -> None:
    """Put something the reporter said under the seal of a secret case, dated; the caller saves `sealed_text`."""
    if words.strip():
        case.sealed_text = f"{case.sealed_text}\n【{time.show(time.now())} {heading}】{words.strip()}".strip()


@clause("9.1.2-2")
@verb("cases.make_secret")
def claim_secret(
    case_id: UUID,
    *,
    by: Actor,
    title: str,
    text: str,
    barred_unit_id: UUID | None = None,
    revision: int | None = None,
) -> Case:
    """Put a case under the veil (设为保密件): the true text is sealed, others read the redacted one.

    Nothing of the true text stays in the clear: place, point, answers, the words of earlier steps, titles
    of to-dos, requests and messages, and the versions in history go with it. Who is complained of
    (`barred_unit_id`), with everybody below, can never be given the case nor see it. A case that came in
    as secret gets its redacted text and its barred unit the same way.
    """
    case = take(case_id, "make_secret", by=by, revision=revision)
    if case.secret and case.accepted_by_id not in (None, by.user_id) and by.role_code != DUTY_CHIEF:
        raise NotAllowed("这件保密件由原受理员经办。", remedy="确需修改请联系值班长。", code="cases.veil")
    title = given(title, "title", "请填写隐去身份后的标题。")[:120]
    text = given(text, "text", "请填写隐去身份后的内容。")
    _check_barred(case, barred_unit_id)
    number = case.outside_number if case.secret else sealed_number(case.outside_channel, case.outside_number)
    if not case.secret:
        case.sealed_text, worked = _everything_told(case), (case.reply, case.close_reason)
        anonymise(case, CLEAR_IN_HISTORY, by=by, reason="设为保密件，原文封存")
        _clear_beside(case, title, by)
        case.reply, case.close_reason = (SEALED_WORDS if words else "" for words in worked)
    case.title, case.text, case.place, case.point, case.answers, case.suggestion = title, text, "", None, {}, {}
    case.outside_number = number
    case.secret, case.barred_unit_id = True, barred_unit_id
    case.units = [unit for unit in case.units if unit != barred_unit_id]
    case.accepted_by_id = case.accepted_by_id or by.user_id
    settle(
        case, "make_secret", by=by, title="设为保密件",
        changed=(
            "title", "text", "place", "point", "answers", "suggestion", "sealed_text", "secret", "barred_unit",
            "units", "accepted_by", "outside_number", "reply", "close_reason",
        ),
    )  # fmt: skip
    ToDo.objects.filter(object_id=case.pk, done_at__isnull=True).update(title=title)
    return case


def sealed_number(channel: str, number: str) -> str:
    """What stands in place of an outer platform's number, which would lead to the reporter there (外部编号封存).

    The same number gives the same seal, so the same report is still known when it comes again.
    """
    return f"密件-{blind('case.outside', f'{channel} {number}')[:32]}" if number else ""


def _check_barred(case: Case, barred_unit_id: UUID | None) -> None:
    """The desk that works on the case cannot be the one complained of: then it belongs elsewhere."""
    if barred_unit_id is None:
        return
    barred = Unit.objects.filter(pk=barred_unit_id).first()
    if barred is None:
        raise BadInput({"barred": ["所选单位不存在，请重新选择。"]})
    desk = case.desk.path if case.desk else ""
    if desk.startswith(barred.path):
        raise BadInput({"barred": [f"反映的对象就是{barred.name}，不能由本台办理，请按规定转上级机关或纪检监察机关。"]})


def _everything_told(case: Case) -> str:
    """The whole report as it came in, with what the timeline has quoted from it since."""
    told = [case.title, case.text]
    told += [f"地点：{case.place}"] if case.place else []
    told += [f"位置：{case.point.x:.6f}, {case.point.y:.6f}（WGS 84）"] if case.point else []
    told += [f"补充询问：{json.dumps(case.answers, ensure_ascii=False)}"] if case.answers else []
    told += [f"外部编号：{case.outside_number}"] if case.outside_number else []
    reporter = Reporter.objects.filter(case=case).first()
    told += [f"平台帖子：{reporter.platform_reference}"] if reporter and reporter.platform_reference else []
    steps = [s for s in case.steps.order_by("at", "id") if s.text]
    told += [f"【{time.show(s.at)} {s.title} {s.by_name}】{s.text}" for s in steps]
    ratings = case.ratings.exclude(text="")
    told += [f"【{time.show(r.at)} 评价】{r.text}" for r in ratings]
    told += [f"答复：{case.reply}"] if case.reply else []
    for order in WorkOrder.objects.filter(matter_id=case.pk).select_related("unit").order_by("issued_at", "id"):
        words = [*dict.fromkeys(filter(None, (getattr(order, name) for name in ORDER_WORDS)))]
        words += [json.dumps(order.result, ensure_ascii=False)] if order.result else []
        told += [f"【{order.unit.name}承办单】{'；'.join(words)}"] if words else []
    for asked in Approval.objects.filter(object_id=case.pk).order_by("asked_at", "id"):
        told += [f"【申请】{asked.reason} {asked.opinion}".rstrip()] if asked.reason or asked.opinion else []
    told += [f"【{time.show(c.at)} 批注 {c.by_name}】{c.text}" for c in _comments(case)]
    return "\n".join(told)


def _comments(case: Case) -> QuerySet[Comment]:
    return Comment.objects.filter(object_id=case.pk).order_by("at", "id")


def _clear_beside(case: Case, title: str, by: Actor) -> None:
    """Take the true words out of everything that has quoted them.

    Search, steps, ratings, orders with their replies, to-dos, requests, limits, remarks, messages, files.
    """
    forget_words(case.pk)
    Step.objects.filter(case=case).exclude(text="").update(text=SEALED_WORDS)
    Step.objects.filter(case=case).exclude(public_text="").update(public_text="")
    Step.objects.filter(case=case).exclude(verb__in=HARMLESS_FIELDS).exclude(fields={}).update(fields={})
    _comments(case).update(text=SEALED_WORDS)
    Rating.objects.filter(case=case).exclude(text="").update(text="")
    CallBack.objects.filter(case=case).update(reason="", note="")
    Reporter.objects.filter(case=case).update(anonymous=False, platform_reference="")
    rows = list(WorkOrder.objects.filter(matter_id=case.pk))
    orders = [order.pk for order in rows]
    for order in rows:
        had = [name for name in ORDER_WORDS if getattr(order, name)]
        anonymise(order, (*ORDER_WORDS, "result"), by=by, reason="设为保密件，原文封存")
        if had:
            WorkOrder.objects.filter(pk=order.pk).update(**dict.fromkeys(had, SEALED_WORDS))
    _clear_limits([case.pk, *orders])
    asked = list(Approval.objects.filter(object_id=case.pk))
    ToDo.objects.filter(object_id__in=[case.pk, *orders, *(a.pk for a in asked)]).update(title=title)
    for approval in asked:
        had = [name for name in ("reason", "opinion") if getattr(approval, name)]
        anonymise(approval, REQUEST_WORDS, by=by, reason="设为保密件，原文封存")
        Approval.objects.filter(pk=approval.pk).update(title=title, **dict.fromkeys(had, SEALED_WORDS))
    blank_messages((MATTER, case.pk), title="保密件消息", text="这条消息涉及保密件，内容已封存，请在事件页查看。")
    files = Attachment.objects.filter(object_id=case.pk, stage__in=FROM_THE_REPORTER, removed_at__isnull=True)
    sealed = files.filter(visibility=SECRET).values("digest")
    files.exclude(visibility=SECRET).filter(digest__in=sealed).update(removed_at=time.now())
    files.exclude(visibility=SECRET).update(visibility=SECRET)


def _clear_limits(ids: list[UUID]) -> None:
    """The reasons of pauses and extensions; their times stay, they explain the limit."""
    for limit in Deadline.objects.filter(object_id__in=ids):
        pauses = [[start, end, SEALED_WORDS if reason else reason] for start, end, reason in limit.pauses]
        extensions = [[n, unit, SEALED_WORDS if reason else reason, at] for n, unit, reason, at in limit.extensions]
        if (pauses, extensions) != (limit.pauses, limit.extensions):
            Deadline.objects.filter(pk=limit.pk).update(pauses=pauses, extensions=extensions)
