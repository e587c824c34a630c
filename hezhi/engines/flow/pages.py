"""The common approvals page (审批): what waits for me, what I asked for, and each request with its steps.

Kinds registered with `approvals.register` are shown and decided here. A room with approval pages of its own (a
`Host`) keeps them; who was asked by name to sign or to decide there finds it here, and colleagues are named here.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.flow.queries import asked_by, may_decide, named_in, requests_of
from hezhi.engines.org.actor import Actor, actor_of, reader
from hezhi.engines.org.models import User
from hezhi.engines.org.queries import holders_of
from hezhi.engines.org.rights import signed_in
from hezhi.engines.records.acting import acting
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Fact, TimelineItem

WAITING = Approval.State.WAITING


@signed_in
@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    """Requests that concern me (审批): to decide first, then my own, then what is decided, of cases too."""
    by = reader(request)
    known = approvals.kinds()
    rows = requests_of(by, known)
    groups = [
        ("等待您审批", [r for r in rows if may_decide(by, r) or approvals.must_sign(r, by)]),
        ("您提出的，等待审批", [r for r in rows if r.state == WAITING and r.asked_by_id == by.user_id]),
        ("已办结", [r for r in rows if r.state != WAITING][:50]),
    ]
    named = [
        r
        for r in _hosted(by, named_in(by, approvals.hosts()))
        if r.delegated_to_id == by.user_id or approvals.must_sign(r, by)
    ]
    own = _hosted(by, asked_by(by, approvals.hosts()))
    groups[0][1].extend(named)
    groups[1][1].extend(row for row in own if row.state == WAITING)
    groups[2][1].extend(row for row in own if row.state != WAITING)
    groups[2][1].sort(key=lambda row: row.decided_at or row.asked_at, reverse=True)
    told = [(title, [(row, approvals.name_of(row)) for row in found]) for title, found in groups]
    return render(request, "flow/requests.html", {"groups": told, "any": any(found for _, found in groups)})


def _hosted(by: Actor, rows: list[Approval]) -> list[Approval]:
    """Those that a room decides by itself and lets this reader see."""
    seen: set[UUID] = set()
    for kept, room in approvals.hosts().items():
        theirs = [row for row in rows if row.object_type == kept and approvals.host_of(row)]
        seen |= room.sees(theirs, by) if theirs else set()
    return [row for row in rows if row.pk in seen]


@signed_in
@require_GET
def one(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """One request: what would happen, who asked and why, and what may be done with it."""
    by = reader(request)
    row = _own(by, approval_id) or _asked(by, approval_id)
    room = approvals.host_of(row)
    if room is not None:
        return redirect(room.address(row))
    kind = approvals.kinds()[row.kind]
    return render(request, "flow/request.html", {
        "row": row, "kind": kind, "lines": kind.describe(row), "original_url": kind.original(row), "fact_list": _facts(row),
        "action_list": _ways(by, row), "timeline_items": _story(row), "may_withdraw": _may_withdraw(by, row),
        "must_sign": approvals.must_sign(row, by), "crumbs": [Crumb("审批", reverse("approvals")), Crumb(kind.name)],
    })  # fmt: skip


def _facts(row: Approval) -> list[Fact]:
    return [
        Fact("申请人", str(row.asked_by or "系统")),
        Fact("申请单位", str(row.asked_unit or "—")),
        Fact("理由", row.reason, wide=True),
        Fact("审批单位", str(row.unit)),
        Fact("委托", str(row.delegated_to) if row.delegated_to else "未委托"),
        Fact("会签", approvals.signers_told(row) or "无"),
    ]


def _ways(by: Actor, row: Approval) -> list[Action]:
    if not may_decide(by, row):
        return []
    return [
        Action("请人会签", reverse("approval-add-cosigner", args=[row.pk]), opens="dialog"),
        *_drops(row),
        Action("委托他人", reverse("approval-delegate", args=[row.pk]), opens="dialog"),
        Action("审批", reverse("approval-answer", args=[row.pk]), kind="primary", opens="dialog"),
    ]


def _drops(row: Approval) -> list[Action]:
    """A button for each colleague whose signature is waited for."""
    return [
        Action(f"不再等{c['name']}会签", reverse("approval-drop-cosigner", args=[row.pk, c["user"]]), opens="post")
        for c in row.cosigners if approvals.is_awaited(c)
    ]  # fmt: skip


def _story(row: Approval) -> list[TimelineItem]:
    told = [TimelineItem("提交申请", row.asked_at, who=str(row.asked_by or "系统"), text=row.reason)]
    if row.decided_at:
        tone = {"approved": "done", "returned": "danger"}.get(row.state, "")
        who = str(row.decided_by or row.asked_by or "")
        told.append(TimelineItem(row.get_state_display(), row.decided_at, who=who, text=row.opinion, tone=tone))
    return told


class Answer(forms.Form):
    """Yes or no, and why (审批意见)."""

    grant = forms.ChoiceField(
        label="审批意见", choices=[("yes", "同意"), ("no", "不同意")], widget=forms.RadioSelect,
        error_messages={"required": "请选择同意或不同意。"},
    )  # fmt: skip
    opinion = forms.CharField(
        label="说明",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不同意时须写明理由。",
    )


@signed_in
def answer(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """Approve or return a request (审批): what was asked for is done at once, or not at all."""
    by = reader(request)
    row = _known(by, approval_id)

    def do(typed: dict[str, Any]) -> None:
        granted = typed["grant"] == "yes"
        approvals.settle(row, by=by, grant=granted, opinion=typed["opinion"])
        messages.success(request, "已同意，立即生效。" if granted else "已退回，申请人会看到理由。")

    note = f"{row.asked_unit or ''} {row.asked_by or ''}：{row.reason}"
    return ask(request, Answer, row.title, do, reverse("approvals"), submit="提交审批", note=note)


class Colleague(forms.Form):
    """A colleague who may decide such requests too."""

    person = forms.ChoiceField(label="同事", error_messages={"required": "请选择一位同事。"})

    def __init__(self, data: Any = None, *, people: list[User]) -> None:
        super().__init__(data)
        choices = [("", "请选择"), *((str(p.pk), p.full_name) for p in people)]
        self.fields["person"].choices = choices  # type: ignore[attr-defined]


def _with_colleague(
    request: HttpRequest,
    approval_id: UUID,
    title: str,
    said: str,
    verb: str,
    step: Callable[[Approval, Actor, User], Any],
) -> HttpResponse:
    by = reader(request)
    row = _asked(by, approval_id)
    barred, room = {row.asked_by_id, by.user_id}, approvals.host_of(row)
    people = [p for p in holders_of(row.permission, row.unit_id) if p.pk not in barred]
    people = [p for p in people if room is None or room.sees([row], actor_of(p))]

    def do(typed: dict[str, Any]) -> None:
        with acting(by, verb=verb) as deed:
            step(row, by, next(p for p in people if str(p.pk) == typed["person"]))
            deed.on(row)
        messages.success(request, said)

    def form(data: Any) -> Colleague:
        return Colleague(data, people=people)

    note = "" if people else "本单位没有其他有审批权限的同事。"
    return ask(request, form, title, do, _address(row), note=note)


def _address(row: Approval) -> str:
    room = approvals.host_of(row)
    return room.address(row) if room is not None else reverse("approval", args=[row.pk])


@signed_in
def delegate(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """Let a named colleague decide (委托审批)."""
    return _with_colleague(
        request, approval_id, "委托审批", "已委托，由所选同事审批。", "flow.delegate",
        lambda row, by, person: approvals.delegate(row, by=by, user_id=person.pk),
    )  # fmt: skip


@signed_in
def add_cosigner(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """Ask a colleague to sign before the decision (加签)."""
    return _with_colleague(
        request, approval_id, "请人会签", "已请会签，签完后才能同意。", "flow.add_cosigner",
        lambda row, by, person: approvals.add_cosigner(row, by=by, user_id=person.pk, name=person.full_name),
    )  # fmt: skip


@signed_in
@require_POST
def drop_cosigner(request: HttpRequest, approval_id: UUID, user_id: UUID) -> HttpResponse:
    """Wait no more for a colleague's signature (取消会签)."""
    by = reader(request)
    row = _asked(by, approval_id)
    with acting(by, verb="flow.drop_cosigner") as deed:
        approvals.drop_cosigner(row, by=by, user_id=user_id)
        deed.on(row)
    messages.success(request, "已取消，不再等其会签。")
    return redirect(_address(row))


@signed_in
@require_POST
def cosign(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """Sign beside the decider (会签)."""
    by = reader(request)
    row = _asked(by, approval_id)
    with acting(by, verb="flow.cosign") as deed:
        approvals.cosign(row, by=by)
        deed.on(row)
    messages.success(request, "已会签。")
    return redirect(_address(row))


@signed_in
@require_POST
def withdraw(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """Take one's own request back (撤回)."""
    by = reader(request)
    row = _known(by, approval_id)
    with acting(by, verb="flow.withdraw") as deed:
        withdrawn = approvals.withdraw(row, by=by)
        approvals.kinds()[row.kind].refused(withdrawn, by)
        deed.on(row)
    messages.success(request, "申请已撤回。")
    return redirect("approvals")


def _known(by: Actor, approval_id: UUID) -> Approval:
    row = next((r for r in requests_of(by, approvals.kinds()) if r.pk == approval_id), None)
    if row is None:
        raise NotFound("没有找到这份申请。", "它可能不由您审批。", code="flow.approval_not_found")
    return row


def _asked(by: Actor, approval_id: UUID) -> Approval:
    """The same, or a request that a room decides by itself, for those it concerns and who see it there."""
    row = Approval.objects.filter(pk=approval_id, object_type__in=list(approvals.hosts())).first()
    if row is None or not _hosted(by, [row]) or not (may_decide(by, row) or approvals.must_sign(row, by)):
        return _known(by, approval_id)
    return row


def _own(by: Actor, approval_id: UUID) -> Approval | None:
    """A request of his own that a room decides by itself: he may look at it there, and nothing more."""
    row = Approval.objects.filter(pk=approval_id, asked_by=by.user_id, object_type__in=list(approvals.hosts())).first()
    return row if row is not None and _hosted(by, [row]) else None


def _may_withdraw(by: Actor, row: Approval) -> bool:
    return row.state == WAITING and row.asked_by_id == by.user_id


urlpatterns = [
    path("", requests, name="approvals"),
    path("<uuid:approval_id>/", one, name="approval"),
    path("<uuid:approval_id>/answer/", answer, name="approval-answer"),
    path("<uuid:approval_id>/delegate/", delegate, name="approval-delegate"),
    path("<uuid:approval_id>/cosigners/", add_cosigner, name="approval-add-cosigner"),
    path("<uuid:approval_id>/cosigners/<uuid:user_id>/drop/", drop_cosigner, name="approval-drop-cosigner"),
    path("<uuid:approval_id>/cosign/", cosign, name="approval-cosign"),
    path("<uuid:approval_id>/withdraw/", withdraw, name="approval-take-back"),
]
