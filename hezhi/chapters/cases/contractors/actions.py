"""Verbs of commissions (外协委托, 9.1.2-2): the unit gives and takes back, the firm shows and says done, the unit accepts."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.utils.crypto import salted_hmac

from hezhi.chapters.cases.contractors.models import Commission, Opening
from hezhi.chapters.cases.handling.actions.turning import given, own, settle, take_order, tell_unit
from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org import failures
from hezhi.engines.org.actor import Actor, citizen
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.erasure import anonymise
from hezhi.engines.records.files import keep_files, look_through
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.crypto import random_token, same, sm3
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.ids import clean_code, follow_code

STAGE = "contractor"
PICTURES = ("picture",)
MOST_PHOTOS = 12
KEPT = timedelta(days=180)
WORDS = ("request", "place", "report", "opinion")
"""What was written to and by a firm: it may hold words of the reporter."""
CLOSED = (Commission.State.ACCEPTED, Commission.State.REVOKED)


@dataclass(frozen=True)
class Given:
    """A new commission with its code, which is told once and kept nowhere."""

    commission: Commission
    code: str


@clause("9.1.2-2")
@verb("contractors.commission")
def commission(order_id: UUID, *, by: Actor, firm: str, request: str, days: int, with_place: bool) -> Given:
    """Give a firm a part of an order (外协委托) by link: what to do, where if it needs to know, for so many days."""
    case, order = take_order(order_id, "handle", by=by)
    own(order, by)
    if case.secret:
        raise NotNow("保密件不能委托外协单位。", "链接会让单位以外的人看到内容。", code="contractors.secret")
    firm, request = given(firm, "firm", "请填写外协单位名称。"), given(request, "request", "请写明委托内容。")
    if not 1 <= days <= 30:
        raise BadInput({"days": ["链接有效天数请填 1 到 30。"]})
    code = follow_code()[:6]
    row = Commission.objects.create(
        case=case, order=order, unit_id=order.unit_id, firm=firm[:60], request=request[:1000],
        place=case.place if with_place else "", code_digest=_digest(code), expires_at=time.now() + timedelta(days=days),
        made_by_id=by.user_id, made_at=time.now(),
    )  # fmt: skip
    settle(
        case, "commission", by=by, title="委托外协单位", order=order, text=request,
        fields={"外协单位": firm, "链接有效至": time.show(row.expires_at)},
    )  # fmt: skip
    return Given(row, code)


def _digest(code: str) -> str:
    return sm3(clean_code(code).encode()).hex()


def token_of(row: Commission) -> str:
    """The signed part of a commission's link: nobody can work out the link of another, nor keep it beyond its end."""
    told = f"{row.pk}.{int(row.expires_at.timestamp())}"
    return salted_hmac("hezhi.contractors", told, algorithm="sha256").hexdigest()[:32]


def by_link(commission_id: UUID, token: str, *, address: str | None) -> Commission:
    """The commission that a link opens; «not found» when it is changed, over or taken back. What was over is written down."""
    row = Commission.objects.select_related("case", "order", "unit").filter(pk=commission_id).first()
    if row is None or not same(token, token_of(row)):
        raise _gone()
    over = row.expires_at <= time.now() or row.state == Commission.State.REVOKED or row.case.secret
    working = row.order.state in (WorkOrder.State.HANDLING, WorkOrder.State.TO_REVIEW, WorkOrder.State.DONE)
    if over or not (working or row.state == Commission.State.ACCEPTED):
        note(row, Opening.What.OVER, address)
        raise _gone()
    return row


def _gone() -> NotFound:
    return NotFound("这个链接已经失效。", "可能已过期或已被收回。", "请联系委托单位。", code="contractors.no_link")


def note(row: Commission, what: str, address: str | None) -> None:
    """Write down what was done with a link."""
    Opening.objects.create(commission=row, what=what, at=time.now(), address=address)


@clause("9.1.2-2")
@verb("contractors.open")
def bind(commission_id: UUID, *, address: str | None, code: str = "", by: Actor) -> str:
    """Let a device in (打开链接): the first one without a code, any other with it; gives the token the device keeps.

    Wrong codes are counted and lock the link for a while, like a sign-in.
    """
    row = Commission.objects.select_for_update().get(pk=commission_id)
    if not row.device:
        token = random_token()
        row.device = sm3(token.encode()).hex()
        row.save(update_fields=["device"])
        note(row, Opening.What.FIRST, address)
        return token
    name, moment = f"#w{row.pk}", time.now()
    if failures.is_locked(name, address, moment):
        raise NotNow(
            "验证码输错次数过多。",
            "为防冒用已暂时锁定。",
            "请 30 分钟后再试，或请委托单位重新发链接。",
            code="contractors.locked",
        )
    if not same(_digest(code), row.code_digest):
        return ""
    note(row, Opening.What.CODE, address)
    return f"code.{_signed_entry(row)}"


def wrong_code(commission_id: UUID, *, address: str | None) -> None:
    """Count a wrong code; outside the verb that refused it, so that the count stays."""
    row = Commission.objects.get(pk=commission_id)
    failures.note(f"#w{row.pk}", address, time.now())
    note(row, Opening.What.WRONG, address)


def _signed_entry(row: Commission) -> str:
    return salted_hmac("hezhi.contractors.entry", f"{row.pk}.{row.code_digest}", algorithm="sha256").hexdigest()


def knows(row: Commission, kept: str) -> bool:
    """Whether what a device keeps lets it in: the token of the first one, or the mark of a code that was right."""
    if not kept:
        return False
    if kept.startswith("code."):
        return same(kept[5:], _signed_entry(row))
    return bool(row.device) and same(sm3(kept.encode()).hex(), row.device)


def hand(row: Commission, address: str | None) -> Actor:
    """The firm as the one who acts."""
    actor = citizen("contractor").at(channel="contractor", address=address, request_id="")
    return Actor(kind=actor.kind, name=f"外协单位 {row.firm}"[:60], channel="contractor", address=address)


@clause("9.1.2-2")
def show_work(row: Commission, uploads: list[UploadedFile], *, address: str | None) -> int:
    """Keep the firm's photos with the case (外协照片): looked through like any upload, pictures only; gives how many."""
    looked = look_through(uploads, field="photos")
    if not looked:
        raise BadInput({"photos": ["请选择照片。"]})
    if any(each.checked.picture is None for each in looked):
        raise BadInput({"photos": ["这里只收照片，请用 JPG、PNG 或 WebP 格式。"]})
    by = hand(row, address)
    with acting(by, verb="contractors.show_work") as deed:
        deed.on(row)
        case = _working(row.pk, by).case
        kept = Attachment.objects.filter(object_id=case.pk, stage=STAGE, removed_at__isnull=True).count()
        if kept + len(looked) > MOST_PHOTOS:
            raise BadInput({"photos": [f"最多上传 {MOST_PHOTOS} 张照片，现在已有 {kept} 张。"]})
        made = keep_files(by, case, looked, stage=STAGE, field="photos")
        note(row, Opening.What.PHOTOS, address)
    return len(made)


def _working(commission_id: UUID, by: Actor) -> Commission:
    row = Commission.objects.select_for_update(of=("self",)).select_related("case", "order").get(pk=commission_id)
    if row.state != Commission.State.OPEN:
        raise NotNow(
            f"这项委托现在是「{row.get_state_display()}」。", remedy="请联系委托单位。", code="contractors.closed"
        )
    return row


@clause("9.1.2-2")
@verb("contractors.report_done")
def report_done(commission_id: UUID, *, by: Actor, text: str) -> Commission:
    """The firm says that it is done (报告完成), in a sentence; the unit hears it and accepts."""
    row = _working(commission_id, by)
    row.report = given(text, "text", "请写一句完成情况。")[:1000]
    row.state, row.done_at = Commission.State.DONE, time.now()
    row.save(update_fields=["report", "state", "done_at"])
    note(row, Opening.What.DONE, by.address)
    case = Case.objects.select_for_update().get(pk=row.case_id)
    settle(case, "contractor_done", by=by, title="外协单位报告完成", order=row.order, text=row.report)
    tell_unit(case, "contractors.done", by=by, unit_id=row.unit_id, permission="cases.reply", firm=row.firm)
    return row


@clause("9.1.2-2")
@verb("contractors.decide")
def decide(commission_id: UUID, *, by: Actor, accept: bool, opinion: str = "") -> Commission:
    """Accept the firm's work (外协验收), or send it back with what is missing; its photos count as «after» then."""
    row = _own(commission_id, by)
    if row.state != Commission.State.DONE:
        raise NotNow(f"这项委托现在是「{row.get_state_display()}」，不能验收。", code="contractors.not_done")
    if not accept:
        opinion = given(opinion, "opinion", "请写明还缺什么。")
    row.state = Commission.State.ACCEPTED if accept else Commission.State.OPEN
    row.opinion, row.ended_at = opinion.strip()[:300], time.now() if accept else None
    row.save(update_fields=["state", "opinion", "ended_at"])
    case = Case.objects.select_for_update().get(pk=row.case_id)
    if accept:
        Attachment.objects.filter(object_id=case.pk, stage=STAGE, removed_at__isnull=True).update(stage="after")
    settle(
        case, "contractor_decided", by=by, title="外协验收" if accept else "外协退回", order=row.order, text=row.opinion,
        fields={"外协单位": row.firm},
    )  # fmt: skip
    return row


@clause("9.1.2-2")
@verb("contractors.revoke")
def revoke(commission_id: UUID, *, by: Actor) -> Commission:
    """Take a link back (收回链接): from now on it opens nothing."""
    row = _own(commission_id, by)
    if row.state in CLOSED:
        raise NotNow(f"这项委托已是「{row.get_state_display()}」。", code="contractors.over")
    row.state, row.ended_at = Commission.State.REVOKED, time.now()
    row.save(update_fields=["state", "ended_at"])
    case = Case.objects.select_for_update().get(pk=row.case_id)
    settle(case, "contractor_revoked", by=by, title="收回外协链接", order=row.order, fields={"外协单位": row.firm})
    return row


def _own(commission_id: UUID, by: Actor) -> Commission:
    by.must("cases.reply")
    rows = Commission.objects.visible_to(by).select_for_update(of=("self",)).select_related("order", "order__unit")
    row = rows.filter(pk=commission_id).first()
    if row is None:
        raise NotFound("没有找到这项委托。", code="contractors.none")
    if by.unit_id != row.unit_id and row.unit_id not in by.scope.units:
        raise NotAllowed("这项委托由委托单位处理。", code="contractors.not_yours")
    return row


def end_for_veil(case: Case, *, by: Actor) -> None:
    """A case went under the veil (设为保密件): its links end, and nothing of it stays in them or in their versions."""
    rows = Commission.objects.filter(case=case)
    rows.exclude(state__in=CLOSED).update(state=Commission.State.REVOKED, ended_at=time.now())
    for row in rows:
        anonymise(row, WORDS, by=by, reason="设为保密件，原文封存")


def tidy() -> int:
    """Throw openings away that are older than half a year (打开记录清理)."""
    return Opening.objects.filter(at__lt=time.now() - KEPT).delete()[0]
