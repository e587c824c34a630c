"""The verbs of user management (用户管理操作): who may, is it allowed, do it, leave the trace.

The system administrator keeps accounts and units, the security administrator gives posts and roles;
neither does the other's part, and nobody does anything for himself (GB/T 22239-2019 8.1.4.2).
"""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.conf import settings

from hezhi.chapters.appcentre.users.actions.resetting import not_oneself, refuse_password_after_factor, tell_owner
from hezhi.chapters.appcentre.users.rules import seed_roles
from hezhi.engines.org import actions as org
from hezhi.engines.org.api import Actor, Holding, Post, Role, Unit, User, holdings_of, system
from hezhi.engines.org.rules import COUNTERSIGN, COUNTERSIGNERS
from hezhi.engines.records.acting import acting, verb
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotNow

# --- accounts: the system administrator ---------------------------------------------------


def create_account(
    *,
    by: Actor,
    login_name: str,
    full_name: str,
    work_phone: str = "",
    expires_at: datetime | None = None,
) -> tuple[User, str]:
    """Make an account; the first password is given back once and kept nowhere (建账号, 8.1.4.1 a)."""
    by.must("org.accounts")
    with acting(by, verb="users.create_account") as deed:
        user, password = org.create_account(
            login_name, full_name, work_phone=work_phone, expires_at=expires_at,
            is_demo=settings.DEMO,  # made by a visitor of a demonstration: it may be started again
        )  # fmt: skip
        deed.on(user)
    return user, password


@verb("users.disable")
def disable(user: User, *, by: Actor, reason: str, successor: User | None = None) -> User:
    """Close an account; its posts end and its open work goes to the successor or to colleagues (停用)."""
    by.must("org.accounts")
    not_oneself(by, user, "停用账号")
    org.disable(user, successor=successor)
    return user


def enable(user: User, *, by: Actor, reason: str = "") -> str:
    """Open a closed account again with a new first password; posts must be granted anew (启用)."""
    by.must("org.accounts")
    refuse_password_after_factor(user, by)
    with acting(by, verb="users.enable", reason=reason) as deed:
        deed.on(user)
        password = org.enable(user)
        tell_owner(user, "登录口令", by=by)
    return password


@verb("users.unlock")
def unlock(user: User, *, by: Actor, reason: str = "") -> User:
    """Lift the lock after failed sign-ins (解锁)."""
    by.must("org.accounts")
    org.unlock(user)
    return user


@verb("users.set_expiry")
def set_expiry(user: User, *, by: Actor, moment: datetime | None, reason: str = "") -> User:
    """Let an account run out at a moment; None takes the end away (有效期)."""
    by.must("org.accounts")
    not_oneself(by, user, "调整有效期")
    org.set_expiry(user, moment)
    return user


@verb("users.change_own_password")
def change_own_password(user: User, *, by: Actor, password: str) -> User:
    """The person's own new password (修改口令), which the form has held against `AUTH_PASSWORD_VALIDATORS`."""
    if by.user_id != user.pk:
        raise NotAllowed("只能修改本人的口令。", code="users.not_oneself")
    org.change_password(user, password)
    return user


# --- posts -----------------------------------------------------------------------


@verb("users.create_post")
def create_post(unit: Unit, *, by: Actor, role: Role, title: str = "") -> Post:
    """Set up a post in a unit (设岗)."""
    by.must("org.units")
    return org.create_post(unit, role, title)


# --- by the house itself ------------------------------------------------------------------


def load_roles() -> list[Role]:
    """Make the seed roles that are not there yet; one that exists stays as it is (初始角色).

    Except for the countersignature: offices of an older installation get it here, because where nobody has it
    nobody could approve that somebody gets it.
    """
    there = set(Role.objects.values_list("code", flat=True))
    missing = [role for role in seed_roles() if role.code not in there]
    if missing:
        with acting(system("初始化"), verb="users.load_roles") as deed:
            Role.objects.bulk_create(missing)
            for role in missing:
                deed.on(role)
    for role in Role.objects.filter(kind__in=COUNTERSIGNERS).exclude(permissions__contains=[COUNTERSIGN]):
        if role not in missing:
            _add_countersign(role)
    return missing


def _add_countersign(role: Role) -> None:
    with acting(system("初始化"), verb="users.load_roles", reason="授权改由两人办理") as deed:
        role.permissions = [*role.permissions, COUNTERSIGN]
        role.save(update_fields=["permissions"])
        deed.on(role)


def create_first_administrator(kind: str, login_name: str, full_name: str) -> tuple[User, str]:
    """The first system, security or audit administrator of an installation (`hezhi createadmin`).

    `kind` is a value of `Role.Kind`. Refused when the office is filled: from then on the security
    administrator grants it.
    """
    load_roles()
    role = Role.objects.filter(kind=kind).order_by("code").first()
    if role is None:
        raise NotNow("没有这类管理员角色。", remedy="请核对角色设置。", code="users.no_such_role")
    with acting(system("系统安装"), verb="users.create_first_administrator") as deed:
        user, password = org.create_first_administrator(role, login_name, full_name)
        deed.on(user)
    return user, password


def move_due_work() -> int:
    """Move the work of leaves that have begun or ended (到期移交); a round calls it every minute."""
    if not org.due_work(time.now()):
        return 0
    with acting(system("到期移交"), verb="users.move_due_work"):
        return org.move_due_work(time.now())


def disable_unused() -> list[User]:
    """Close accounts that ran out or were left unused for 90 days (8.1.4.2 c); a round calls it.

    One who is the last in a post with open work stays on the list of accounts to look at: he cannot sign
    in any more, but his work needs a named successor first.
    """
    closed = []
    for user in org.unused_accounts(time.now()):
        with suppress(NotNow), acting(system("账号清理"), verb="users.disable", reason="到期或 90 天未使用") as deed:
            deed.on(user)
            org.disable(user)
            closed.append(user)
    return closed


# --- helpers ------------------------------------------------------------------------------


def switch_post(user: User, post_id: UUID) -> Holding:
    """The holding with which the person goes on working (切换岗位); only one he holds now."""
    holding = holdings_of(user).filter(post_id=post_id).first()
    if holding is None:
        raise NotAllowed(
            "您现在没有任这个岗位。", "当前岗位没有切换。", "请刷新页面后在您的岗位中选择。", code="users.not_your_post"
        )
    return holding
