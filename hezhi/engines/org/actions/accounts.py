"""Accounts (账号): made, closed, opened again; passwords given and changed."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Q

from hezhi.engines.org import failures, sessions
from hezhi.engines.org.actions.posts import end_holding, open_holdings
from hezhi.engines.org.models import OldPassword, User
from hezhi.engines.org.passwords import first_password
from hezhi.engines.org.policy import policy
from hezhi.engines.org.rules import login_name_fault, phone_fault, plain_login_name
from hezhi.ground import time
from hezhi.ground.errors import BadInput


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

    Raises BadInput for a name that is taken, refused or ill-formed, a telephone that is none, an end that is past.
    """
    name = plain_login_name(login_name)
    fault = login_name_fault(name)
    if fault:
        raise BadInput({"login_name": fault})
    if User.objects.filter(login_name=name).exists():
        raise BadInput({"login_name": f"登录名「{name}」已有人使用，每人一个账号，请换一个。"})
    if not full_name.strip():
        raise BadInput({"full_name": "请填写姓名。"})
    if phone_fault(work_phone):
        raise BadInput({"work_phone": phone_fault(work_phone)})
    if expires_at is not None and expires_at <= time.now():
        raise BadInput({"expires_at": "有效期应晚于现在；长期使用的账号请留空。"})
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
    for holding in open_holdings(user):
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
