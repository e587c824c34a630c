"""Approvals (审批): submit, withdraw, approve, return, co-sign, delegate; nobody decides his own request.

What a granted request does belongs to whoever asks. A room with pages of its own (cases) calls `decide` inside
its verb, and says as a `Host` where that is. Everybody else registers a `Kind`: then the approvals page (`/approvals/`)
shows, decides and does it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hezhi.engines.flow import todos
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.events import announce


def _nothing(approval: Approval, by: Actor) -> None:
    """Nothing more to check or to do."""


@dataclass(frozen=True)
class Kind:
    """A kind of request that the common approvals page knows (审批事项).

    `describe` gives lines (label, text) that say what would happen; `check` refuses an approver by raising;
    `granted` does what was asked, in the transaction of the decision; `refused` follows a «no». `original` is the
    address of what is asked about, for approvers who should look at it whole; empty where the lines say everything.
    `first` locks the matter before the request is locked, where a verb of the matter takes its requests back.
    """

    code: str
    name: str
    describe: Callable[[Approval], Sequence[tuple[str, str]]]
    granted: Callable[[Approval, Actor], None]
    check: Callable[[Approval, Actor], None] = _nothing
    refused: Callable[[Approval, Actor], None] = _nothing
    original: Callable[[Approval], str] = lambda asked: ""
    first: Callable[[Approval, Actor], None] = _nothing


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind of request known to the common page; the same code again replaces it."""
    _kinds[kind.code] = kind


def kinds() -> dict[str, Kind]:
    """Every registered kind by its code."""
    return dict(_kinds)


@dataclass(frozen=True)
class Host:
    """A room that decides its requests on pages of its own (自有审批页), where colleagues are named on the common ones.

    `name` says what is asked for, `address` where the request is seen and decided, `sees` which of some requests a reader
    may open there, by their keys.
    """

    name: Callable[[Approval], str]
    address: Callable[[Approval], str]
    sees: Callable[[Sequence[Approval], Actor], set[UUID]]


_hosts: dict[str, Host] = {}


def host(object_type: str, room: Host) -> None:
    """Say who decides the requests about such rows, where their kinds are not registered; again replaces it."""
    _hosts[object_type] = room


def hosts() -> dict[str, Host]:
    """Every room with pages of its own, by what its requests are about."""
    return dict(_hosts)


def host_of(row: Approval) -> Host | None:
    """The room that shows and decides this request; None for a registered kind."""
    return None if row.kind in _kinds else _hosts.get(row.object_type)


def name_of(row: Approval) -> str:
    """What a request asks for, in a word; empty when nobody knows its kind."""
    room = host_of(row)
    if room is not None:
        return room.name(row)
    return _kinds[row.kind].name if row.kind in _kinds else ""


def ask(
    by: Actor,
    *,
    kind: str,
    obj: tuple[str, UUID],
    number: str,
    title: str,
    reason: str,
    unit_id: UUID,
    permission: str,
    proposal: dict[str, Any] | None = None,
    same: dict[str, Any] | None = None,
    due_at: datetime | None = None,
) -> Approval:
    """Put a request before a unit's approvers (提交审批); one open request of a kind per matter.

    `same` narrows what counts as the same request to those whose proposal holds these values (one order of
    a case, say). `due_at` is when an answer is needed; the approvers' to-dos are ordered by it.
    """
    open_ones = Approval.objects.filter(object_id=obj[1], kind=kind, state=Approval.State.WAITING)
    if open_ones.filter(proposal__contains=same or {}).exists():
        raise NotNow(
            "这件事已有一份同样的申请在等待审批。",
            "不必重复提交。",
            "请等审批结果，或先撤回前一份。",
            code="flow.asked_already",
        )
    approval = Approval.objects.create(
        kind=kind,
        object_type=obj[0],
        object_id=obj[1],
        number=number,
        title=title[:200],
        asked_by_id=by.user_id,
        asked_unit_id=by.unit_id,
        asked_at=time.now(),
        reason=reason,
        proposal=proposal or {},
        unit_id=unit_id,
        permission=permission,
        due_at=due_at,
    )
    todos.put(
        ("flow.approval", approval.pk),
        number=number,
        title=title,
        step=f"approve_{kind}"[:20],
        permission=permission,
        unit_id=unit_id,
        due_at=due_at,
    )
    announce("flow.asked", approval=approval, by=by)
    return approval


def decide(approval: Approval, *, by: Actor, grant: bool, opinion: str) -> Approval:
    """Approve or send back (同意、不同意); the decision is taken once, by somebody else than the asker."""
    row = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
    _open(row)
    _may_decide(row, by)
    if grant:
        _all_signed(row)
    row.state = Approval.State.APPROVED if grant else Approval.State.RETURNED
    row.decided_by_id, row.decided_at, row.opinion = by.user_id, time.now(), opinion
    row.save()
    todos.done(row.pk)
    announce("flow.decided", approval=row, by=by)
    return row


def settle(approval: Approval, *, by: Actor, grant: bool, opinion: str) -> Approval:
    """Decide a request of a registered kind and do what it asks for; one transaction (审批并办理)."""
    kind = _kinds[approval.kind]
    if not grant and not opinion.strip():
        raise BadInput({"opinion": ["不同意时请写明理由。"]})
    with acting(by, verb=f"flow.{'approve' if grant else 'return'}", reason=opinion) as deed:
        kind.first(approval, by)
        row = decide(approval, by=by, grant=grant, opinion=opinion.strip())
        kind.check(row, by)
        (kind.granted if grant else kind.refused)(row, by)
        deed.on(row)
        deed.objects.append((row.object_type, row.object_id))
        deed.detail |= {"kind": row.kind}
    return row


def _may_decide(row: Approval, by: Actor) -> None:
    if row.asked_by_id is not None and row.asked_by_id == by.user_id:
        raise NotAllowed(
            "不能审批自己提出的申请。",
            "申请和审批须由不同的人办理。",
            "请由同岗位的其他同事审批。",
            code="flow.own_request",
        )
    delegated = by.user_id is not None and row.delegated_to_id == by.user_id
    if not delegated and (by.unit_id != row.unit_id or not by.may(row.permission)):
        raise NotAllowed("这份申请不由您审批。", remedy="请由有权限的同事办理。", code="flow.not_approver")


def _all_signed(row: Approval) -> None:
    missing = [c["name"] for c in row.cosigners if is_awaited(c)]
    if missing:
        raise NotNow(
            f"还有会签人未签：{'、'.join(missing)}。",
            remedy="请等会签完成后再审批，或取消对其会签的邀请。",
            code="flow.cosign",
        )


def is_awaited(signer: Mapping[str, Any]) -> bool:
    """Whether the decision waits for this co-signer (待会签): he has not signed, and his invitation has not ended."""
    return not signer.get("agreed_at") and not signer.get("ended_at")


def ended(signer: Mapping[str, Any], note: str) -> dict[str, Any]:
    """The invitation of a co-signer who is not waited for any more, with the reason (会签终止)."""
    return {**signer, "ended_at": time.now().isoformat(), "note": note}


def signers_told(row: Approval) -> str:
    """The co-signers and how far they are, for the page of a request."""
    return "；".join(f"{c['name']}{'（' + c['note'] + '）' if c.get('note') else ''}{_told(c)}" for c in row.cosigners)


def _told(signer: Mapping[str, Any]) -> str:
    return "未签" if is_awaited(signer) else "已签" if signer.get("agreed_at") else "不再会签"


def withdraw(approval: Approval, *, by: Actor) -> Approval:
    """Take one's own request back before it is decided (撤回)."""
    row = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
    _open(row)
    if row.asked_by_id != by.user_id:
        raise NotAllowed("只有申请人可以撤回。", code="flow.not_asker")
    row.state, row.decided_at = Approval.State.WITHDRAWN, time.now()
    row.save()
    todos.done(row.pk)
    return row


def lapse(approval: Approval, *, why: str) -> None:
    """Take a request back for the system (自动撤回), which its room holds locked: its matter has moved on without it."""
    approval.state, approval.decided_at, approval.opinion = Approval.State.WITHDRAWN, time.now(), why
    approval.save(update_fields=["state", "decided_at", "opinion"])
    todos.done(approval.pk)


def add_cosigner(approval: Approval, *, by: Actor, user_id: UUID, name: str) -> Approval:
    """Ask a colleague to sign too before the decision (加签)."""
    row = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
    _open(row)
    _may_decide(row, by)
    if str(user_id) == str(row.asked_by_id):
        raise NotAllowed("申请人不能会签自己的申请。", code="flow.own_request")
    if not any(c["user"] == str(user_id) and not c.get("ended_at") for c in row.cosigners):
        others = [c for c in row.cosigners if c["user"] != str(user_id)]
        row.cosigners = [*others, {"user": str(user_id), "name": name, "agreed_at": None}]
        row.save()
        announce("flow.invited", approval=row, user_id=user_id, by=by)
    return row


def cosign(approval: Approval, *, by: Actor) -> Approval:
    """Sign beside the decider (会签)."""
    row = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
    _open(row)
    if not must_sign(row, by):
        raise NotAllowed("没有请您会签这份申请。", code="flow.not_cosigner")
    moment = time.now().isoformat()
    row.cosigners = [c | {"agreed_at": moment} if c["user"] == str(by.user_id) else c for c in row.cosigners]
    row.save()
    return row


def must_sign(row: Approval, by: Actor) -> bool:
    """Whether this person was asked to sign and has not yet (待我会签)."""
    return row.state == Approval.State.WAITING and any(
        c["user"] == str(by.user_id) and is_awaited(c) for c in row.cosigners
    )


def drop_cosigner(approval: Approval, *, by: Actor, user_id: UUID) -> Approval:
    """Wait no more for a colleague who was asked to sign (取消会签): an answer that does not come blocks nobody."""
    row = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
    _open(row)
    _may_decide(row, by)
    note = f"{by.name}取消邀请"
    row.cosigners = [ended(c, note) if c["user"] == str(user_id) and is_awaited(c) else c for c in row.cosigners]
    row.save()
    return row


def delegate(approval: Approval, *, by: Actor, user_id: UUID) -> Approval:
    """Let a named colleague decide while one is away (委托审批); never the asker himself."""
    row = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
    _open(row)
    _may_decide(row, by)
    if user_id == row.asked_by_id:
        raise NotAllowed("不能委托给申请人本人。", code="flow.own_request")
    row.delegated_to_id = user_id
    row.save()
    announce("flow.invited", approval=row, user_id=user_id, by=by)
    return row


def _open(row: Approval) -> None:
    if row.state != Approval.State.WAITING:
        raise NotNow(
            f"这份申请已是「{row.get_state_display()}」。",
            "可能同事刚刚办理过。",
            "请刷新后查看结果。",
            code="flow.decided",
        )
