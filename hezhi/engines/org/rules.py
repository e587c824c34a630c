"""Rules of accounts (账号规则, GB/T 22239-2019 8.1.4.1 and 8.1.4.2): values in, values out."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Policy:
    """The figures of signing in (登录安全参数); `settings.SIGN_IN_POLICY` may change single ones."""

    account_failures: int = 5
    address_failures: int = 20
    within: timedelta = timedelta(minutes=15)
    lock: timedelta = timedelta(minutes=30)
    idle: timedelta = timedelta(minutes=15)
    absolute: timedelta = timedelta(hours=12)
    renew: timedelta = timedelta(seconds=60)
    unused: timedelta = timedelta(days=90)
    administrator_password: timedelta = timedelta(days=90)
    password: timedelta = timedelta(days=180)
    old_passwords: int = 5
    one_seat: bool = True


REFUSED_NAMES = frozenset({"admin", "administrator", "root", "test", "guest", "user", "system", "sysadmin"})
"""Login names everybody guesses first (8.1.4.2 b)."""

_PHONE = re.compile(r"(?=(?:[^0-9]*[0-9]){3})[0-9 +()（）、，,/—－-]+(?:转 ?[0-9]+)?")
_LOGIN_NAME = re.compile(r"[a-z][a-z0-9._-]{2,39}")


def plain_login_name(typed: str) -> str:
    """A login name as it is kept: full-width signs and capitals made plain, at most 40 signs."""
    return unicodedata.normalize("NFKC", typed).strip().lower()[:40]


def login_name_fault(name: str) -> str:
    """Why a login name cannot be given, as a sentence; empty when it can."""
    if not _LOGIN_NAME.fullmatch(name):
        return "登录名由小写字母开头，可含小写字母、数字、点、横线和下划线，3 至 40 位。"
    if name in REFUSED_NAMES:
        return f"登录名「{name}」太容易被猜到，不能使用，请换一个能认出本人的登录名。"
    return ""


def phone_fault(typed: str) -> str:
    """Why a telephone of the office cannot be dialled, as a sentence; short numbers and extensions are fine (电话)."""
    if not typed or _PHONE.fullmatch(typed):
        return ""
    return "电话请填写号码，如 0532-86988888 转 801；可用空格、横线、括号和“转”，至少 3 位数字。"


def locked_until(failures: Sequence[datetime], limit: int, within: timedelta, lock: timedelta) -> datetime | None:
    """Until when a name or an address is locked by its failures (锁定至), or None.

    `failures` are in order of time. Each run of `limit` failures inside `within` locks for `lock` from
    its last one. Tries during a lock are not counted, so nobody can be locked for ever by others.
    """
    last_of_runs = (
        last for first, last in zip(failures, failures[limit - 1 :], strict=False) if last - first <= within
    )
    return max((last + lock for last in last_of_runs), default=None)


def may_enter(
    *, is_active: bool, expires_at: datetime | None, last_used: datetime | None, now: datetime, policy: Policy
) -> bool:
    """Whether an account is open: not disabled, not expired, not left unused too long (8.1.4.2 c)."""
    if not is_active or (expires_at is not None and expires_at <= now):
        return False
    return last_used is None or now - last_used < policy.unused


def password_is_due(
    *, must_change: bool, changed_at: datetime | None, administrator: bool, now: datetime, policy: Policy
) -> bool:
    """Whether the password must be changed now: the first one, or one that is too old."""
    if must_change or changed_at is None:
        return True
    return now - changed_at >= (policy.administrator_password if administrator else policy.password)


def why_ended(since: datetime | None, seen: datetime | None, now: datetime, policy: Policy) -> str:
    """Why a session is over: "idle", "absolute", or "" while it may go on."""
    if since is None or seen is None or now - since >= policy.absolute:
        return "absolute"
    return "idle" if now - seen >= policy.idle else ""


# --- who may give rights to whom ----------------------------------------------------------

BUSINESS = "business"
OFFICE_OF = {
    "org.accounts": "system_admin",
    "org.units": "system_admin",
    "channels.edit": "system_admin",
    "dictionaries.edit": "system_admin",
    "org.roles": "security_admin",
    "audit.view": "audit_admin",
}
"""Permissions of one administrator alone (三员分立); no business role may carry them."""

COUNTERSIGN = "org.approve"
"""To countersign what a security administrator proposes (授权复核): the other one, or the auditor where there is none."""

COUNTERSIGNERS = frozenset({"security_admin", "audit_admin"})

SHARED_BY_ADMINISTRATORS = frozenset({"org.view", "reach.inbox"})


def role_fault(kind: str, permissions: Sequence[str], reach: str) -> str:
    """Why a role may not be kept like this, as a sentence; empty when it may (8.1.4.2 d).

    An administrator's role sees no business data and carries only its own office's permissions; a
    business role carries none of theirs.
    """
    if kind == BUSINESS:
        wrong = [p for p in permissions if p in OFFICE_OF or p == COUNTERSIGN]
        return f"业务角色不能带有管理员的权限：{'、'.join(wrong)}。" if wrong else ""
    if reach != "nothing":
        return "系统、安全、审计管理员不看业务数据，数据范围只能是「不看业务数据」。"
    shared = SHARED_BY_ADMINISTRATORS | ({COUNTERSIGN} if kind in COUNTERSIGNERS else set())
    wrong = [p for p in permissions if OFFICE_OF.get(p) != kind and p not in shared]
    return f"这些权限不属于该管理员的职责：{'、'.join(wrong)}。" if wrong else ""


def grant_fault(*, granter: object, receiver: object, granter_kind: str) -> str:
    """Why this person may not give this post to that one; empty when he may.

    Only a security administrator gives posts, and nobody gives one to himself.
    """
    if granter == receiver:
        return "不能给自己授予岗位，请由另一位安全管理员办理。"
    if granter_kind != "security_admin":
        return "授予和收回岗位只由安全管理员办理，系统管理员和业务人员都不能代办。"
    return ""


def countersign_fault(*, approver: object, approver_kind: str, barred: Sequence[object], others_in_office: int) -> str:
    """Why this person may not countersign a grant; empty when he may (8.1.4.2 e).

    `barred` are those whom the grant would raise. Another security administrator countersigns; the audit
    administrator only where no other security administrator is in office (`others_in_office` is 0).
    """
    if approver in barred:
        return "不能审批给自己的授权，请由另一位有审批权限的管理员办理。"
    if approver_kind == "security_admin":
        return ""
    if approver_kind != "audit_admin":
        return "授权变更只由另一位安全管理员审批；没有第二位安全管理员时，由审计管理员审批。"
    return "现有另一位安全管理员在任，这份授权由其审批。" if others_in_office else ""


LONGEST_LEAVE = timedelta(days=180)


def deputy_fault(
    *,
    holder: object,
    deputy: object,
    named_by: object,
    named_by_kind: str,
    same_unit: bool,
    starts: datetime,
    ends: datetime,
    now: datetime,
) -> str:
    """Why this deputy cannot be named; empty when he can (代理).

    A security administrator names a deputy for anybody but himself; a holder may name one for his own
    leave among the people of his unit. A deputy's time always has an end.
    """
    if deputy == holder:
        return "代理人不能是本人。"
    if ends <= starts or ends <= now:
        return "代理的结束时间应晚于开始时间，并晚于现在。"
    if ends - starts > LONGEST_LEAVE:
        return f"代理一次最长 {LONGEST_LEAVE.days} 天，更长的请办理调动。"
    if named_by == deputy:
        return "不能指定自己为代理人，请由安全管理员或岗位本人指定。"
    if named_by_kind == "security_admin" and named_by != holder:
        return ""
    if named_by == holder and same_unit:
        return ""
    return "只有安全管理员，或岗位本人在本单位同事中，可以指定代理人。"
