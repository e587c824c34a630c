"""Password and second factor of somebody else (重置): no one person can take over an account (GB/T 22239-2019 8.1.4.1 d).

The system administrator gives a new first password by himself; a second factor he proposes to take away, and the second
person of grants approves (decision 0016). Whoever did the one for an account does not do the other within seven days, and
the owner is told of each.
"""

from datetime import timedelta

from hezhi.chapters.appcentre.users.actions import granting
from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.org import sessions
from hezhi.engines.org.actions import give_first_password
from hezhi.engines.org.api import Actor, User
from hezhi.engines.reach.api import Channel, tell
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed

FACTOR = "reset_factor"
APART = timedelta(days=7)
_GIVE_PASSWORDS = ("users.reset_password", "users.enable")
_WAYS = (Channel.INBOX, Channel.SMS, Channel.SHANDONG_TONG)


def reset_password(user: User, *, by: Actor, reason: str = "") -> str:
    """A new first password, given back once; the person is signed out everywhere and told of it (重置口令)."""
    by.must("org.accounts")
    not_oneself(by, user, "重置口令")
    refuse_password_after_factor(user, by)
    with acting(by, verb="users.reset_password", reason=reason) as deed:
        deed.on(user)
        password = give_first_password(user)
        tell_owner(user, "登录口令", by=by)
    return password


@verb("users.propose_factor_reset")
def propose_factor_reset(user: User, *, by: Actor, reason: str) -> Approval:
    """Propose that a lost second factor is taken away (提请重置两步验证); a second person approves it."""
    by.must("org.accounts")
    not_oneself(by, user, "重置两步验证")
    _refuse_factor_after_password(user, by)
    return granting.ask_second_person(
        FACTOR, ("org.user", user.pk), f"重置两步验证：{user.full_name}", reason, {"user": str(user.pk)}, by=by,
        but=[user.pk],
    )  # fmt: skip


def refuse_password_after_factor(user: User, by: Actor) -> None:
    """Whoever asked to take away the second factor of an account gives it no new password for seven days."""
    asked = Approval.objects.filter(
        kind=FACTOR, object_id=user.pk, asked_by_id=by.user_id, asked_at__gt=time.now() - APART,
        state__in=(Approval.State.WAITING, Approval.State.APPROVED),
    )  # fmt: skip
    if asked.exists():
        raise _both("您 7 天内已提请重置这个账号的两步验证，不能再由您给它新口令。")


def _refuse_factor_after_password(user: User, by: Actor) -> None:
    given = AuditEntry.objects.filter(
        object_id=user.pk, actor_id=by.user_id, event__in=_GIVE_PASSWORDS, at__gt=time.real_now() - APART, result="ok"
    )
    if given.exists():
        raise _both("您 7 天内给过这个账号新口令，不能再由您提请重置它的两步验证。")


def _both(what: str) -> NotAllowed:
    return NotAllowed(
        what,
        "口令和两步验证都由一人重置，他就能冒用这个账号，所以没有做任何改动。",
        "请由另一位系统管理员办理，或 7 天后再办。",
        code="users.both_resets",
    )


def tell_owner(user: User, what: str, *, by: Actor) -> None:
    """Tell the owner at once (告知本人), so that a reset nobody asked for does not stay unseen."""
    values = {"what": what, "when": time.show(time.now())}
    tell(by, event="users.reset", to_user=user, about=("org.user", user.pk), values=values, channels=_WAYS, urgent=True)


def not_oneself(by: Actor, user: User, what: str) -> None:
    """Nobody does anything for himself."""
    if by.user_id == user.pk:
        raise NotAllowed(f"不能给自己{what}。", "没有做任何改动。", "请另一位系统管理员办理。", code="users.oneself")


# --- what happens when it is approved -----------------------------------------------------


def _owner(approval: Approval) -> User:
    return User.objects.get(pk=approval.object_id)


def _check(approval: Approval, by: Actor) -> None:
    granting.check_second_person(approval, by, barred=[approval.object_id], but=[approval.object_id])


def _take_away(approval: Approval, by: Actor) -> None:
    user = _owner(approval)
    user.authenticator_set.all().delete()  # type: ignore[attr-defined]
    sessions.close_all(user)
    tell_owner(user, "两步验证", by=by)


def _tell(approval: Approval) -> list[tuple[str, str]]:
    user = _owner(approval)
    return [
        ("账号", f"{user.full_name}（{user.login_name}）"),
        ("办理后", "现有的验证器和安全密钥全部作废，本人下次登录时凭口令重新设置，并收到通知"),
    ]


def register() -> None:
    """Make the kind known to the common approvals page; called once at start."""
    approvals.register(approvals.Kind(FACTOR, "重置两步验证", describe=_tell, granted=_take_away, check=_check))
