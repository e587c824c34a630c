"""The sign-in policy of this installation (登录安全策略)."""

from dataclasses import replace
from functools import cache

from django.conf import settings

from hezhi.engines.org.rules import Policy


@cache
def _made(changes: tuple[tuple[str, object], ...]) -> Policy:
    return replace(Policy(), **dict(changes))  # type: ignore[arg-type]


def policy() -> Policy:
    """The policy in force: the defaults of `rules.Policy` with `settings.SIGN_IN_POLICY` laid over them."""
    return _made(tuple(sorted(getattr(settings, "SIGN_IN_POLICY", {}).items())))
