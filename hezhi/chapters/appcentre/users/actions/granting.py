"""Rights are given by two people (授权, GB/T 22239-2019 8.1.4.2 e): one security administrator proposes, another
person approves, and only then it takes effect. Taking rights away needs one person, and no waiting.

Decision 0016 says who the second person is.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.org import actions as org
from hezhi.engines.org.api import Actor, Holding, Post, Role, Unit, User, holdings_of
from hezhi.engines.org.permissions import name_of
from hezhi.engines.org.queries import holders_of
from hezhi.engines.org.rules import COUNTERSIGN, countersign_fault, deputy_fault, grant_fault, role_fault
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import current_deed, verb
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow

SECURITY, AUDIT = Role.Kind.SECURITY_ADMIN, Role.Kind.AUDIT_ADMIN

# --- proposing ----------------------------------------------------------------------------


@verb("users.propose_grant")
def propose_grant(
    post: Post, *, by: Actor, user: User, valid_from: datetime | None = None, valid_to: datetime | None = None,
    reason: str,
) -> Approval:  # fmt: skip
    """Propose that a person gets a post (提请授予岗位): never oneself, never by the system administrator."""
    by.must("org.roles")
    _may_grant(by, user)
    _would(lambda: org.grant_post(post, user, valid_from=valid_from, valid_to=valid_to, reason=reason))
    proposal = {
        "user": str(user.pk), "post": str(post.pk), "valid_from": _text(valid_from), "valid_to": _text(valid_to),
    }  # fmt: skip
    _note(holder=f"{user.full_name}（{user.login_name}）", post=str(post), term=_term(proposal))
    title = f"授予岗位：{user.full_name}，{post}"
    return _ask("grant_post", ("org.user", user.pk), title, reason, proposal, by=by, same={"post": str(post.pk)})


@verb("users.propose_role")
def propose_role(role: Role, *, by: Actor, permissions: Sequence[str], reach: str, reason: str) -> Approval:
    """Propose what a role may do and how far it sees (提请角色授权); not of a role one holds oneself."""
    by.must("org.roles")
    if by.role_code == role.code or _kind_of(by) != SECURITY:
        raise NotAllowed(
            "不能修改本人所任的角色。", "角色授权由安全管理员提出，且不能给自己增减权限。", code="users.own_role"
        )
    fault = role_fault(role.kind, permissions, reach)
    if fault:
        raise BadInput({"permissions": fault})
    if sorted(permissions) == sorted(role.permissions) and reach == role.reach:
        raise BadInput({"permissions": "权限和数据范围都没有变化，不用提交。"})
    proposal = {
        "permissions": list(permissions), "reach": reach, "before": list(role.permissions), "reach_before": role.reach,
    }  # fmt: skip
    return _ask("role_rights", ("org.role", role.pk), f"角色授权：{role.name}", reason, proposal, by=by)


@verb("users.propose_deputy")
def propose_deputy(
    holding: Holding, *, by: Actor, deputy: User, starts: datetime, ends: datetime, reason: str
) -> Approval:
    """Propose who stands in for somebody else's holding (提请指定代理人); one's own leave needs no second person."""
    by.must("org.roles")
    _deputy_fits(holding, by, deputy, starts, ends)
    _would(lambda: org.name_deputy(holding, deputy, starts=starts, ends=ends, reason=reason))
    proposal = {
        "holding": str(holding.pk), "user": str(deputy.pk), "valid_from": _text(starts), "valid_to": _text(ends),
    }  # fmt: skip
    title = f"指定代理人：{deputy.full_name} 代理 {holding.user.full_name}「{holding.post}」"
    return _ask("name_deputy", ("org.user", deputy.pk), title, reason, proposal, by=by)


@verb("users.name_deputy")
def name_deputy(holding: Holding, *, by: Actor, deputy: User, starts: datetime, ends: datetime, reason: str) -> Holding:
    """Name who stands in while one is away oneself (指定代理人), among the colleagues of one's unit.

    It gives no right that the unit did not have, and ends by itself; so it needs no second person.
    """
    if by.user_id != holding.user_id:
        raise NotAllowed("只能为本人的岗位指定代理人。", remedy="请由安全管理员提请。", code="users.not_holder")
    _deputy_fits(holding, by, deputy, starts, ends)
    return _stand_in(holding, deputy, starts, ends, reason, by)


def _stand_in(holding: Holding, deputy: User, starts: datetime, ends: datetime, reason: str, by: Actor) -> Holding:
    """Name the deputy and tell him: the work comes to a post in which he does not stand at the moment."""
    made = org.name_deputy(holding, deputy, starts=starts, ends=ends, reason=reason)
    reach.tell(
        by, event="users.stands_in", to_user=deputy, about=("org.holding", made.pk), link="/account/",
        values={
            "colleague": holding.user.full_name, "post": str(holding.post),
            "from": time.show(made.valid_from), "until": time.show(ends),
        },
    )  # fmt: skip
    return made


def _deputy_fits(holding: Holding, by: Actor, deputy: User, starts: datetime, ends: datetime) -> None:
    same_unit = any(held.post.unit_id == holding.post.unit_id for held in holdings_of(deputy))
    fault = deputy_fault(
        holder=holding.user_id, deputy=deputy.pk, named_by=by.user_id, named_by_kind=_kind_of(by),
        same_unit=same_unit, starts=starts, ends=ends, now=time.now(),
    )  # fmt: skip
    if fault:
        raise NotAllowed(fault, "没有指定代理人。", code="users.deputy_refused")


# --- taking away --------------------------------------------------------------------------


@verb("users.end_holding")
def end_holding(holding: Holding, *, by: Actor, reason: str, successor: User | None = None) -> Holding:
    """Take a post from a person; open work goes to the successor or to colleagues (收回岗位、调离)."""
    by.must("org.roles")
    _may_grant(by, holding.user)
    org.end_holding(holding, successor=successor)
    return holding


@verb("users.return_from_leave")
def return_from_leave(stand_in: Holding, *, by: Actor, reason: str = "") -> Holding:
    """End a stand-in early; the open work returns to the holder (销假). By the holder or security."""
    holder = stand_in.deputy_of.user_id if stand_in.deputy_of else None
    if holder is None or (by.user_id != holder and _kind_of(by) != SECURITY):
        raise NotAllowed("只有岗位本人或安全管理员可以结束代理。", code="users.not_holder")
    org.return_from_leave(stand_in)
    return stand_in


# --- the second person --------------------------------------------------------------------


def countersigners(proposer: UUID | None, *, but: Collection[UUID] = ()) -> tuple[Unit | None, int]:
    """Where the second person sits, and how many other security administrators are in office.

    Another security administrator before the auditor; None when there is neither. `but` leaves out whom it is about.
    """
    found: dict[str, list[Unit]] = {SECURITY: [], AUDIT: []}
    for unit in Unit.objects.filter(posts__role__kind__in=(SECURITY, AUDIT)).distinct().order_by("order", "code"):
        for person in holders_of(COUNTERSIGN, unit):
            if person.pk == proposer or person.pk in but:
                continue
            for held in holdings_of(person):
                if held.post.role.kind in found and held.post.unit_id == unit.pk:
                    found[held.post.role.kind].append(unit)
    return next(iter(found[SECURITY] + found[AUDIT]), None), len(found[SECURITY])


def _ask(
    kind: str, obj: tuple[str, UUID], title: str, reason: str, proposal: dict[str, Any], *, by: Actor,
    same: dict[str, Any] | None = None,
) -> Approval:  # fmt: skip
    return ask_second_person(kind, obj, title, reason, proposal, by=by, same=same)


def ask_second_person(
    kind: str, obj: tuple[str, UUID], title: str, reason: str, proposal: dict[str, Any], *, by: Actor,
    same: dict[str, Any] | None = None, but: Collection[UUID] = (),
) -> Approval:  # fmt: skip
    """Put it before the second person (提交第二人审批); refused where nobody else could be one."""
    unit, _ = countersigners(by.user_id, but=but)
    if unit is None:
        raise NotNow(
            "现在没有第二位可以审批授权的人。",
            "授权和重置两步验证须由一人提出、另一人审批，所以没有提交。",
            "请先用安装命令 hezhi createadmin 建立审计管理员，或请其确认账号可用。",
            code="users.no_countersigner",
        )
    return approvals.ask(
        by, kind=kind, obj=obj, number="授权", title=title, reason=reason, unit_id=unit.pk, permission=COUNTERSIGN,
        proposal=proposal, same=same,
    )  # fmt: skip


def _check(approval: Approval, by: Actor) -> None:
    """Whether this approver is the right second person."""
    barred = [approval.proposal.get("user")]
    if approval.kind == "role_rights":
        barred = [str(by.user_id)] if by.role_code == _role(approval).code else []
    check_second_person(approval, by, barred=barred)


def check_second_person(approval: Approval, by: Actor, *, barred: Sequence[object], but: Collection[UUID] = ()) -> None:
    """Whether this approver is the right second person; whom it would help is `barred`, and `but` counts as absent."""
    _, others = countersigners(approval.asked_by_id, but=but)
    fault = countersign_fault(
        approver=str(by.user_id),
        approver_kind=_kind_of(by),
        barred=[str(each) for each in barred],
        others_in_office=others,
    )
    if fault:
        raise NotAllowed(fault, "申请仍在等待审批。", code="users.not_countersigner")


def _role(approval: Approval) -> Role:
    return Role.objects.get(pk=approval.object_id)


# --- what happens when it is granted ------------------------------------------------------


def _grant(approval: Approval, by: Actor) -> None:
    told = approval.proposal
    post, user = Post.objects.get(pk=told["post"]), User.objects.get(pk=told["user"])
    org.grant_post(
        post, user, valid_from=_moment(told["valid_from"]), valid_to=_moment(told["valid_to"]), reason=approval.reason
    )


def _set_role(approval: Approval, by: Actor) -> None:
    role, told = _role(approval), approval.proposal
    if sorted(role.permissions) != sorted(told["before"]) or role.reach != told["reach_before"]:
        raise NotNow(
            f"「{role.name}」在提出申请以后又改过，这份申请不再适用。", "没有做任何改动。",
            "请不同意这份申请，由申请人按现在的权限重新提出。", code="users.role_changed",
        )  # fmt: skip
    org.set_role(role, permissions=told["permissions"], reach=told["reach"])


def _name_deputy(approval: Approval, by: Actor) -> None:
    told = approval.proposal
    holding = Holding.objects.select_related("post", "user").get(pk=told["holding"])
    starts, ends = _moment(told["valid_from"]), _moment(told["valid_to"])
    assert starts is not None and ends is not None  # noqa: S101 - proposed with both
    _stand_in(holding, User.objects.get(pk=told["user"]), starts, ends, approval.reason, by)


def _tell_grant(approval: Approval) -> list[tuple[str, str]]:
    told = approval.proposal
    post = Post.objects.select_related("unit", "role").get(pk=told["post"])
    user = User.objects.get(pk=told["user"])
    return [
        ("人员", f"{user.full_name}（{user.login_name}）"), ("岗位", str(post)), ("角色", post.role.name),
        ("数据范围", post.role.get_reach_display()),
        ("权限", "、".join(name_of(code) for code in post.role.permissions) or "无"), ("任期", _term(told)),
    ]  # fmt: skip


def _tell_role(approval: Approval) -> list[tuple[str, str]]:
    role, told = _role(approval), approval.proposal
    before, after = told["before"], told["permissions"]
    reach = dict(Role.Reach.choices)
    lines = [("角色", f"{role.name}（现有 {role.posts.count()} 个岗位）")]
    if told["reach"] != told["reach_before"]:
        lines.append(("数据范围", f"{reach[told['reach_before']]} → {reach[told['reach']]}"))
    lines.append(("增加权限", "、".join(name_of(c) for c in after if c not in before) or "无"))
    lines.append(("去掉权限", "、".join(name_of(c) for c in before if c not in after) or "无"))
    return lines


def _tell_deputy(approval: Approval) -> list[tuple[str, str]]:
    told = approval.proposal
    holding = Holding.objects.select_related("post__unit", "post__role", "user").get(pk=told["holding"])
    deputy = User.objects.get(pk=told["user"])
    return [
        ("代理人", f"{deputy.full_name}（{deputy.login_name}）"), ("代理", f"{holding.user.full_name}「{holding.post}」"),
        ("角色", holding.post.role.name), ("时间", _term(told)),
    ]  # fmt: skip


def register() -> None:
    """Make the three kinds known to the common approvals page; called once at start."""
    for code, name, tell, do in (
        ("grant_post", "授予岗位", _tell_grant, _grant),
        ("role_rights", "角色授权", _tell_role, _set_role),
        ("name_deputy", "指定代理人", _tell_deputy, _name_deputy),
    ):
        approvals.register(approvals.Kind(code, name, describe=tell, granted=do, check=_check))


# --- helpers ------------------------------------------------------------------------------


class _Tried(Exception):
    """Ends the trial: what was written for it is taken back."""


def _would(do: Callable[[], object]) -> None:
    """Whether it could be done now; a refusal comes at once, not weeks later at the approver's desk."""
    try:
        with transaction.atomic():
            do()
            raise _Tried
    except _Tried:
        return


def _note(**particulars: str) -> None:
    """Say in the trace of the verb under way whom and what it is about."""
    deed = current_deed()
    if deed is not None:
        deed.detail |= particulars


def _kind_of(by: Actor) -> str:
    """The kind of the role in use: business or one of the three administrators."""
    return str(Role.objects.filter(code=by.role_code).values_list("kind", flat=True).first() or "")


def _may_grant(by: Actor, receiver: User) -> None:
    fault = grant_fault(granter=by.user_id, receiver=receiver.pk, granter_kind=_kind_of(by))
    if fault:
        raise NotAllowed(fault, "没有做任何改动。", code="users.grant_refused")


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _term(told: dict[str, Any]) -> str:
    starts, ends = _moment(told["valid_from"]), _moment(told["valid_to"])
    return f"{time.show(starts) if starts else '批准时'} 至 {time.show(ends) if ends else '长期'}"
