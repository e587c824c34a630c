"""Units, posts and who holds them (单位、岗位、任职): given, taken, lent for a leave."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from hezhi.engines.org import handover
from hezhi.engines.org.models import Holding, Post, Role, Unit, User
from hezhi.engines.org.queries import colleagues_in
from hezhi.engines.org.rules import role_fault
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow, Refusal


def create_unit(code: str, name: str, kind: str, *, parent: Unit | None = None, **more: object) -> Unit:
    """Set up a unit below another (设单位); its path follows from its parent."""
    path = f"{parent.path if parent else ''}{code}/"
    more.setdefault("valid_from", time.today())
    return Unit.objects.create(code=code, name=name, kind=kind, parent=parent, path=path, **more)


def create_post(unit: Unit, role: Role, title: str = "", valid_from: date | None = None) -> Post:
    """Set up a post of a role in a unit (设岗)."""
    return Post.objects.create(unit=unit, role=role, title=title or role.name, valid_from=valid_from or time.today())


def set_role(role: Role, *, permissions: Sequence[str], reach: str) -> Role:
    """Change what a role may do and how far it sees; the three offices stay apart (角色授权)."""
    fault = role_fault(role.kind, permissions, reach)
    if fault:
        raise BadInput({"permissions": fault})
    role.permissions, role.reach = list(permissions), reach
    role.save(update_fields=["permissions", "reach"])
    return role


def grant_post(
    post: Post,
    user: User,
    *,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    deputy_of: Holding | None = None,
    reason: str = "",
) -> Holding:
    """Let a person hold a post from a moment on (任职).

    Raises BadInput for an end that is not after the beginning, NotNow for a closed account or a post held already, and when the database finds two of the
    three administrators, or an administrator and business, in one hand.
    """
    start = valid_from or time.now()
    if valid_to is not None and valid_to <= start:
        raise BadInput({"valid_to": f"结束时间应晚于{'开始时间' if valid_from else '现在'}。"})
    if not user.is_active:
        raise NotNow("这个账号已停用，不能任职。", remedy="请先启用账号，再授予岗位。", code="org.account_closed")
    if post.valid_to is not None and post.valid_to <= time.today():
        raise NotNow(f"岗位「{post}」已停用，不能任职。", remedy="请另选岗位。", code="org.post_closed")
    if _overlapping(post, user, start, valid_to).exists():
        raise NotNow(
            f"{user.full_name}在这段时间已任「{post}」。",
            "没有重复授予。",
            "请查看其现任岗位。",
            code="org.already_held",
        )
    try:
        with transaction.atomic():
            return Holding.objects.create(
                post=post, user=user, valid_from=start, valid_to=valid_to, deputy_of=deputy_of, reason=reason
            )
    except IntegrityError as fault:
        if "administrators_exclude" not in _constraint(fault):
            raise
        raise _two_offices(user) from fault


def _two_offices(user: User) -> Refusal:
    return NotNow(
        f"{user.full_name}已任另一类岗位，不能同时任这个岗位。",
        "系统、安全、审计管理员三员互斥，也不得兼任业务岗位（GB/T 22239-2019 8.1.4.2）。",
        "请先结束原岗位，或另选人员。",
        code="org.administrators_exclude",
    )


def _constraint(fault: IntegrityError) -> str:
    diagnosis = getattr(fault.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", "") or "")


def _overlapping(post: Post, user: User, start: datetime, end: datetime | None) -> QuerySet[Holding]:
    held = Holding.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=start), post=post, user=user)
    held = held.exclude(valid_to=F("valid_from"))
    return held.filter(valid_from__lt=end) if end else held


def end_holding(holding: Holding, *, successor: User | None = None) -> int:
    """End a holding now, and let its open work change hands; gives how many pieces moved (免职、调离).

    With a successor, who must hold a post of the same role in the unit, the work goes to him; otherwise
    back to the post, where a colleague takes it. The last one of a post with open work cannot go without
    a successor. Stand-ins of this holding end with it.
    """
    if holding.deputy_of_id is not None:
        return return_from_leave(holding)
    moment = time.now()
    Unit.objects.select_for_update().get(pk=holding.post.unit_id)
    _locked(holding)
    _may_leave(holding, successor)
    _end_stand_ins(holding, moment)
    holding.valid_to = max(moment, holding.valid_from)
    holding.moved_at = moment
    holding.save(update_fields=["valid_to", "moved_at"])
    return handover.hand_over(holding.user, successor, moment, holding.post)


def _locked(holding: Holding) -> None:
    """Lock a holding and learn its end as it stands now: one stand-in at a time, and none for what is just being taken away."""
    holding.valid_to = Holding.objects.select_for_update().values_list("valid_to", flat=True).get(pk=holding.pk)


def _end_stand_ins(holding: Holding, moment: datetime) -> None:
    """Nobody stands in for a holding that is over, be it a post or a leave."""
    for stand_in in running(Holding.objects.filter(deputy_of=holding), moment):
        return_from_leave(stand_in)


def _may_leave(holding: Holding, successor: User | None) -> None:
    post = holding.post
    others = colleagues_in(post).exclude(user_id=holding.user_id)
    if successor is not None:
        if not others.filter(user=successor).exists():
            raise NotNow(
                f"{successor.full_name}没有任「{post}」或同单位同类岗位，不能接手这些工作。",
                "原任职没有改动。",
                "请先由安全管理员给接任人授予岗位，再办理移交。",
                code="org.successor_without_post",
            )
        return
    waiting = 0 if others.exists() else handover.open_work(post)
    if waiting:
        raise NotNow(
            f"「{post}」还有 {waiting} 件未办结的工作，{holding.user.full_name}是最后一位任职人。",
            "现在离任，这些工作就没有人负责，所以没有办理。",
            "请指定接任人，移交后再办理。",
            code="org.last_holder",
        )


def open_holdings(user: User) -> list[Holding]:
    """The holdings of a person that still run or lie ahead, his own posts before stand-ins."""
    held = Holding.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=time.now()), user=user)
    return list(held.select_related("post__unit", "post__role", "user").order_by(F("deputy_of").asc(nulls_first=True)))


def running(held: QuerySet[Holding], moment: datetime) -> QuerySet[Holding]:
    """Those of the holdings that still run or lie ahead at a moment."""
    return held.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=moment)).select_related("post", "user", "deputy_of")


# --- leave ------------------------------------------------------------------------------


def name_deputy(holding: Holding, deputy: User, *, starts: datetime, ends: datetime, reason: str) -> Holding:
    """Name who stands in for a holding from one moment to another (指定代理人).

    Open work moves to the deputy at the beginning and back at the end (`move_due_work`), at once when it
    begins now. Where the holding itself ends before, so does the deputy's time.
    """
    _locked(holding)
    if holding.valid_to is not None and holding.valid_to <= starts:
        raise NotNow(
            "这个岗位的任期在代理开始以前就已结束。",
            "没有指定代理人。",
            "请核对代理的起止时间。",
            code="org.holding_over",
        )
    ends = min(ends, holding.valid_to or ends)
    if running(Holding.objects.filter(deputy_of=holding, valid_from__lt=ends), starts).exists():
        raise NotNow(
            "这段时间已指定了代理人。", "没有重复指定。", "请先结束原来的代理，再重新指定。", code="org.deputy_named"
        )
    away = Holding.objects.filter(
        deputy_of__user=deputy, deputy_of__post__unit=holding.post.unit_id, valid_from__lt=ends
    )
    if running(away, starts).exists():
        raise NotNow(
            f"{deputy.full_name}这段时间自己也不在岗，已由他人代理。",
            "没有指定代理人。",
            "请另选一位代理人，或者改代理的起止时间。",
            code="org.deputy_away",
        )
    stand_in = grant_post(holding.post, deputy, valid_from=starts, valid_to=ends, deputy_of=holding, reason=reason)
    if starts <= time.now():
        _begin(stand_in, time.now())
    return stand_in


def return_from_leave(stand_in: Holding) -> int:
    """End a stand-in now; the open work returns to the one who was away (销假)."""
    moment = time.now()
    _end_stand_ins(stand_in, moment)
    stand_in.valid_to = max(moment, stand_in.valid_from)
    stand_in.save(update_fields=["valid_to"])
    return _give_back(stand_in, moment)


def due_work(now: datetime) -> bool:
    """Whether any stand-in has begun or ended, or any post run out, whose work has not moved yet."""
    return any(rows.exists() for rows in _due(now))


def move_due_work(now: datetime) -> int:
    """Move the work of stand-ins that have begun or ended, and of posts that ran out; each once (到期移交).

    What ended comes before what begins: one leave may follow another of the same person.
    """
    steps = zip((_give_back, _fall_back, _begin), _due(now), strict=True)
    return sum(move(row, now) for move, rows in steps for row in rows.select_for_update(of=("self",)))


def _due(now: datetime) -> tuple[QuerySet[Holding], QuerySet[Holding], QuerySet[Holding]]:
    """Stand-ins that ended, posts that ran out, and stand-ins that began, whose work has not moved."""
    held = Holding.objects.select_related("post", "user", "deputy_of__user")
    stand_ins = held.filter(deputy_of__isnull=False)
    return (
        stand_ins.filter(moved_at__isnull=False, moved_back_at__isnull=True, valid_to__lte=now),
        held.filter(deputy_of__isnull=True, moved_at__isnull=True, valid_to__lte=now),
        stand_ins.filter(moved_at__isnull=True, valid_from__lte=now, valid_to__gt=now),
    )


def _begin(stand_in: Holding, now: datetime) -> int:
    holder = cast(Holding, stand_in.deputy_of).user
    stand_in.moved_at = now
    stand_in.save(update_fields=["moved_at"])
    return handover.hand_over(holder, stand_in.user, now, stand_in.post)


def _give_back(stand_in: Holding, now: datetime) -> int:
    if stand_in.moved_at is None or stand_in.moved_back_at is not None:
        return 0
    stand_in.moved_back_at = now
    stand_in.save(update_fields=["moved_back_at"])
    return handover.hand_over(stand_in.user, cast(Holding, stand_in.deputy_of).user, now, stand_in.post)


def _fall_back(holding: Holding, now: datetime) -> int:
    _end_stand_ins(holding, now)
    holding.moved_at = now
    holding.save(update_fields=["moved_at"])
    return handover.hand_over(holding.user, None, now, holding.post)
