"""What happens to units, accounts and posts (组织与账号操作), without the question who may do it.

These are the plain functions under the verbs of `chapters.appcentre.users.actions`, which ask for the
right and leave the trace (history and audit lie above this engine). Each expects to run inside the
verb's transaction.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from hezhi.engines.org import duty, failures, handover, sessions
from hezhi.engines.org.models import DutyShift, Holding, OldPassword, Post, Role, Unit, User
from hezhi.engines.org.passwords import first_password
from hezhi.engines.org.policy import policy
from hezhi.engines.org.queries import colleagues_in
from hezhi.engines.org.rules import login_name_fault, plain_login_name, role_fault
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow, Refusal

# --- accounts -----------------------------------------------------------------------------


def create_account(
    login_name: str,
    full_name: str,
    *,
    work_phone: str = "",
    email: str = "",
    expires_at: datetime | None = None,
    is_demo: bool = False,
) -> tuple[User, str]:
    """Make an account with a random first password; gives both, the password only this once (建账号).

    Raises BadInput for a name that is taken, refused or ill-formed.
    """
    name = plain_login_name(login_name)
    fault = login_name_fault(name)
    if fault:
        raise BadInput({"login_name": fault})
    if User.objects.filter(login_name=name).exists():
        raise BadInput({"login_name": f"登录名「{name}」已有人使用，每人一个账号，请换一个。"})
    if not full_name.strip():
        raise BadInput({"full_name": "请填写姓名。"})
    user = User(login_name=name, full_name=full_name.strip(), work_phone=work_phone, email=email)
    user.expires_at, user.is_demo = expires_at, is_demo
    password = give_first_password(user)
    return user, password


def give_first_password(user: User) -> str:
    """Set a random password that must be changed at the next sign-in, and sign the person out (重置口令)."""
    password = fresh_password(user)
    remember_password(user)
    user.set_password(password)
    user.must_change_password = True
    user.password_changed_at = time.now()
    user.save()
    failures.forget(user.login_name)
    sessions.close_all(user)
    return password


def fresh_password(user: User) -> str:
    """A random password that passes every rule; by chance it may hold a run of the person's own name."""
    while True:
        password = first_password()
        try:
            validate_password(password, None)
            validate_password(password, User(login_name=user.login_name, work_phone=user.work_phone))
        except ValidationError:
            continue
        return password


def remember_password(user: User) -> None:
    """Keep the hash of the password in use before it is replaced, and only the last few of them."""
    if not user.password or not User.objects.filter(pk=user.pk).exists():
        return
    OldPassword.objects.create(user=user, password=user.password, at=time.now())
    kept = OldPassword.objects.filter(user=user).order_by("-at", "-id").values("pk")[: policy().old_passwords]
    OldPassword.objects.filter(user=user).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()


def change_password(user: User, password: str) -> None:
    """The person's own new password, already checked by the validators (修改口令)."""
    remember_password(user)
    user.set_password(password)
    user.must_change_password = False
    user.password_changed_at = time.now()
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])


def disable(user: User, *, successor: User | None = None) -> None:
    """Close an account: its posts end, its work goes to a successor or colleagues, its sessions end (停用).

    Raises NotNow when he is the last one in a post with open work and no successor is named.
    """
    for holding in _open_holdings(user):
        end_holding(holding, successor=successor)
    user.is_active = False
    user.save(update_fields=["is_active"])
    sessions.close_all(user)


def enable(user: User) -> str:
    """Open a closed account again, with a new first password and without its former posts (启用)."""
    user.is_active, user.last_seen_at = True, None
    return give_first_password(user)


def unlock(user: User) -> None:
    """Lift the lock after failed sign-ins (解锁)."""
    failures.forget(user.login_name)


def set_expiry(user: User, moment: datetime | None) -> None:
    """Let an account run out at a moment, or never (有效期)."""
    if moment is not None and moment <= time.now():
        raise BadInput({"expires_at": "有效期应晚于现在；要立即停用，请用「停用账号」。"})
    user.expires_at = moment
    user.save(update_fields=["expires_at"])


def unused_accounts(now: datetime) -> list[User]:
    """Open accounts that ran out, or were left unused for 90 days (8.1.4.2 c)."""
    idle = Q(last_seen_at__lte=now - policy().unused) | Q(
        last_seen_at__isnull=True, password_changed_at__lte=now - policy().unused
    )
    return list(User.objects.filter(Q(expires_at__lte=now) | idle, is_active=True))


# --- posts and who holds them -------------------------------------------------------------


def create_unit(code: str, name: str, kind: str, *, parent: Unit | None = None, **more: object) -> Unit:
    """Set up a unit below another (设单位); its path follows from its parent."""
    path = f"{parent.path if parent else ''}{code}/"
    more.setdefault("valid_from", time.today())
    return Unit.objects.create(code=code, name=name, kind=kind, parent=parent, path=path, **more)


def create_post(unit: Unit, role: Role, title: str = "", valid_from: date | None = None) -> Post:
    """Set up a post of a role in a unit (设岗)."""
    return Post.objects.create(
        unit=unit, role=role, title=title or role.name, valid_from=valid_from or time.today()
    )


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

    Raises NotNow for a closed account or a post held already, and when the database finds two of the
    three administrators, or an administrator and business, in one hand.
    """
    start = valid_from or time.now()
    if not user.is_active:
        raise NotNow("这个账号已停用，不能任职。", remedy="请先启用账号，再授予岗位。", code="org.account_closed")
    if post.valid_to is not None and post.valid_to <= time.today():
        raise NotNow(f"岗位「{post}」已停用，不能任职。", remedy="请另选岗位。", code="org.post_closed")
    if _overlapping(post, user, start, valid_to).exists():
        raise NotNow(
            f"{user.full_name}在这段时间已任「{post}」。", "没有重复授予。", "请查看其现任岗位。", code="org.already_held"
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


def _overlapping(post: Post, user: User, start: datetime, end: datetime | None):  # type: ignore[no-untyped-def]
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
    _may_leave(holding, successor)
    for stand_in in _current(Holding.objects.filter(deputy_of=holding), moment):
        return_from_leave(stand_in)
    holding.valid_to = max(moment, holding.valid_from)
    holding.moved_at = moment
    holding.save(update_fields=["valid_to", "moved_at"])
    return handover.hand_over(holding.user, successor, moment, holding.post)


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


def _open_holdings(user: User) -> list[Holding]:
    """The holdings of a person that still run or lie ahead, his own posts before stand-ins."""
    held = Holding.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=time.now()), user=user)
    return list(held.select_related("post__unit", "post__role", "user").order_by(F("deputy_of").asc(nulls_first=True)))


def _current(held, moment: datetime):  # type: ignore[no-untyped-def]
    return held.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=moment)).select_related("post", "user", "deputy_of")


# --- leave --------------------------------------------------------------------------------


def name_deputy(
    holding: Holding, deputy: User, *, starts: datetime, ends: datetime, reason: str
) -> Holding:
    """Name who stands in for a holding from one moment to another (指定代理人).

    Open work moves to the deputy at the beginning and back at the end (`move_due_work`), at once when it
    begins now.
    """
    if _current(Holding.objects.filter(deputy_of=holding, valid_from__lt=ends), starts).exists():
        raise NotNow(
            "这段时间已指定了代理人。", "没有重复指定。", "请先结束原来的代理，再重新指定。", code="org.deputy_named"
        )
    stand_in = grant_post(
        holding.post, deputy, valid_from=starts, valid_to=ends, deputy_of=holding, reason=reason
    )
    if starts <= time.now():
        _begin(stand_in, time.now())
    return stand_in


def return_from_leave(stand_in: Holding) -> int:
    """End a stand-in now; the open work returns to the one who was away (销假)."""
    moment = time.now()
    stand_in.valid_to = max(moment, stand_in.valid_from)
    stand_in.save(update_fields=["valid_to"])
    return _give_back(stand_in, moment)


def due_work(now: datetime) -> bool:
    """Whether any stand-in has begun or ended, or any post run out, whose work has not moved yet."""
    return any(rows.exists() for rows in _due(now))


def move_due_work(now: datetime) -> int:
    """Move the work of stand-ins that have begun or ended, and of posts that ran out; each once (到期移交)."""
    steps = zip((_begin, _give_back, _fall_back), _due(now), strict=True)
    return sum(move(row, now) for move, rows in steps for row in rows.select_for_update(of=("self",)))


def _due(now: datetime):  # type: ignore[no-untyped-def]
    held = Holding.objects.select_related("post", "user", "deputy_of__user")
    stand_ins = held.filter(deputy_of__isnull=False)
    return (
        stand_ins.filter(moved_at__isnull=True, valid_from__lte=now, valid_to__gt=now),
        stand_ins.filter(moved_at__isnull=False, moved_back_at__isnull=True, valid_to__lte=now),
        held.filter(deputy_of__isnull=True, moved_at__isnull=True, valid_to__lte=now),
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
    holding.moved_at = now
    holding.save(update_fields=["moved_at"])
    return handover.hand_over(holding.user, None, now, holding.post)


# --- duty ---------------------------------------------------------------------------------


def put_on_duty(
    unit: Unit, user: User, *, starts_at: datetime, ends_at: datetime, rank: int = 1, answer_within: int = 10
) -> DutyShift:
    """Put a line on the roster (排班); refused when it runs over another one of the unit."""
    Unit.objects.select_for_update().get(pk=unit.pk)
    shift = DutyShift(
        unit=unit, user=user, rank=rank, starts_at=starts_at, ends_at=ends_at, answer_within=answer_within
    )
    duty.fits(shift)
    shift.save()
    return shift


# --- the first people of an installation --------------------------------------------------


def create_first_administrator(
    role: Role, login_name: str, full_name: str, *, unit_name: str = "区社会治理中心"
) -> tuple[User, str]:
    """The first administrator of one of the three kinds, when nobody holds that office yet (首个管理员).

    The only holding nobody grants: called by the installer's `hezhi createadmin` for each kind, never by
    a page. Raises NotNow when the office is filled.
    """
    if role.kind == Role.Kind.BUSINESS:
        raise BadInput({"role": "首个管理员只能是系统、安全或审计管理员。"})
    held = _current(Holding.objects.filter(post__role__kind=role.kind, user__is_active=True), time.now())
    if held.exists():
        raise NotNow(
            f"已有{role.name}，不能再以安装方式创建。", remedy="请由现任安全管理员在系统中授予。", code="org.office_filled"
        )
    unit = Unit.objects.filter(parent__isnull=True, kind=Unit.Kind.CENTRE).first()
    unit = unit or create_unit("centre", unit_name, Unit.Kind.CENTRE)
    user, password = create_account(login_name, full_name)
    post = Post.objects.filter(unit=unit, role=role).first() or create_post(unit, role)
    grant_post(post, user, reason="系统安装")
    return user, password
