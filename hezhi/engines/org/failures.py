"""Failed sign-ins, counted in the database for all workers together (登录失败计数, 8.1.4.1 b).

Public codes (查询码、自查码、签到码) are counted here as well, under names that begin with a sign no login name has:
the tries of one kind never lock an address for the other, or anybody at a public page could lock out an office.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from hezhi.engines.org.models import SignInFailure
from hezhi.engines.org.policy import policy
from hezhi.engines.org.rules import locked_until

PUBLIC_SIGNS = ("#", "@")


def is_public(name: str) -> bool:
    """Whether a name is that of a public code and not of an account."""
    return name.startswith(PUBLIC_SIGNS)


@contextmanager
def one_at_a_time(login_name: str) -> Iterator[None]:
    """Let tries on one login name wait for each other, or fifty at once would all count as the first."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('org.sign_in'), hashtext(%s))", [login_name])
        yield


def note(login_name: str, address: str | None, moment: datetime) -> None:
    """Write down a failed try; a name that nobody has is counted like any other."""
    SignInFailure.objects.create(login_name=login_name, address=address, at=moment)


def is_locked(login_name: str, address: str | None, moment: datetime) -> bool:
    """Whether this name or this address is locked now (锁定)."""
    until = [lock_of_name(login_name, moment), _lock_of_address(address, moment, public=is_public(login_name))]
    return any(end is not None and end > moment for end in until)


def lock_of_name(login_name: str, moment: datetime) -> datetime | None:
    """Until when a login name is or was last locked, None when it is not in the count any more."""
    return _lock(Q(login_name=login_name), policy().account_failures, moment)


def _lock_of_address(address: str | None, moment: datetime, *, public: bool) -> datetime | None:
    if not address:
        return None
    codes = Q(*[("login_name__startswith", sign) for sign in PUBLIC_SIGNS], _connector=Q.OR)
    return _lock(Q(address=address) & (codes if public else ~codes), policy().address_failures, moment)


def _lock(whose: Q, limit: int, moment: datetime) -> datetime | None:
    rules = policy()
    since = moment - rules.within - rules.lock
    times = SignInFailure.objects.filter(whose, at__gt=since).order_by("at").values_list("at", flat=True)
    return locked_until(list(times), limit, rules.within, rules.lock)


def forget(login_name: str) -> int:
    """Clear the count of a name: after a full sign-in, or when an administrator unlocks it (解锁)."""
    return SignInFailure.objects.filter(login_name=login_name).delete()[0]


def sweep(moment: datetime) -> int:
    """Throw away what no rule looks at any more: failures older than a day."""
    return SignInFailure.objects.filter(at__lt=moment - timedelta(days=1)).delete()[0]
