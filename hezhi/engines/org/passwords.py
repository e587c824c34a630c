"""What a password must be (口令规则, GB/T 22239-2019 8.1.4.1 a), and the first one that is handed out."""

import secrets
import string
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from hezhi.engines.org.models import OldPassword, User
from hezhi.engines.org.policy import policy

SHORTEST = 12
KINDS_WANTED = 3
RUN = 3
_FIRST_SIGNS = "abcdefghjkmnpqrstuvwxyz", "ACDEFGHJKLMNPQRTUVWXY", "2345679", "-_+=@#%"


def kinds_of(password: str) -> int:
    """How many of the four kinds of sign stand in a password: small, capital, digit, other."""
    kinds = (str.islower, str.isupper, str.isdigit)
    plain = [kind for kind in kinds if any(kind(sign) for sign in password)]
    return len(plain) + any(sign not in string.ascii_letters + string.digits for sign in password)


def shared_run(password: str, name: str) -> str:
    """The first run of three signs that a password shares with a name or number; "" when none."""
    low, other = password.lower(), name.lower()
    runs = (other[i : i + RUN] for i in range(len(other) - RUN + 1))
    return next((run for run in runs if run in low), "")


def easy_run(password: str) -> str:
    """The first three signs in a row that are the same or follow one another: aaa, 123, cba; "" when none."""
    runs = (password[i : i + RUN] for i in range(len(password) - RUN + 1))
    return next((run for run in runs if _is_easy(run)), "")


def _is_easy(run: str) -> bool:
    steps = {ord(later) - ord(sign) for sign, later in zip(run.lower(), run.lower()[1:], strict=False)}
    return steps == {0} or (run.isalnum() and steps in ({1}, {-1}))


class Shape:
    """At least 12 signs of at least three kinds, no aaa, no 123 (长度与复杂度)."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < SHORTEST:
            raise ValidationError(f"口令至少 {SHORTEST} 位，现为 {len(password)} 位。", code="password_short")
        if kinds_of(password) < KINDS_WANTED:
            raise ValidationError("口令应含大写字母、小写字母、数字、符号中的至少三种。", code="password_kinds")
        if easy_run(password):
            raise ValidationError("口令中不能有三个相同或顺序相连的字符，如 aaa、123、abc。", code="password_run")

    def get_help_text(self) -> str:
        return f"至少 {SHORTEST} 位，含大写字母、小写字母、数字、符号中的至少三种，不含 aaa、123 一类的连续字符。"


class NothingOfOneself:
    """Nothing of the login name or the telephone, not even three signs in a row (不含个人信息)."""

    def validate(self, password: str, user: Any = None) -> None:
        for label, value in self._own(user):
            if shared_run(password, value):
                raise ValidationError(f"口令中不能出现{label}或其中连续 {RUN} 位。", code="password_personal")

    @staticmethod
    def _own(user: Any) -> Iterator[tuple[str, str]]:
        yield "登录名", getattr(user, "login_name", "") or ""
        digits = "".join(sign for sign in getattr(user, "work_phone", "") or "" if sign.isdigit())
        yield "电话号码", digits

    def get_help_text(self) -> str:
        return f"不含登录名、电话号码，也不含其中连续 {RUN} 位。"


class NotCommon(CommonPasswordValidator):
    """Not one of the 20,000 most common passwords, with figures or signs hung on its ends or without (常见口令)."""

    def validate(self, password: str, user: Any = None) -> None:
        super().validate(password, user)
        super().validate(password.lower().strip(string.digits + string.punctuation), user)

    def get_error_message(self) -> str:
        return "这个口令太常见，容易被猜到，请换一个。"

    def get_help_text(self) -> str:
        return "不是常见口令。"


class NotUsedBefore:
    """None of the last five passwords of this person (历史口令)."""

    def validate(self, password: str, user: Any = None) -> None:
        if user is None or not isinstance(user, User):
            return
        if any(check_password(password, old) for old in _earlier(user)):
            raise ValidationError(f"不能使用最近 {policy().old_passwords} 次用过的口令。", code="password_reused")

    def get_help_text(self) -> str:
        return f"与最近 {policy().old_passwords} 次用过的口令不同。"


def _earlier(user: User) -> list[str]:
    """Hashes of the password in use and of the ones before it, five in all."""
    rows = OldPassword.objects.filter(user_id=user.pk).order_by("-at", "-id").values_list("password", flat=True)
    return [user.password, *rows[: policy().old_passwords - 1]] if user.password else list(rows)


def first_password(length: int = 16) -> str:
    """A random first password, without signs that look alike; shown once, changed at first sign-in."""
    groups = [secrets.choice(signs) for signs in _FIRST_SIGNS]
    rest = [secrets.choice("".join(_FIRST_SIGNS)) for _ in range(length - len(groups))]
    mixed = groups + rest
    secrets.SystemRandom().shuffle(mixed)
    return "".join(mixed)
