"""Signing in and out is written into the audit (登录审计, GB/T 22239-2019 8.1.4.3 a)."""

from typing import Any
from uuid import UUID

from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from hezhi.engines.org import failures
from hezhi.engines.org.api import Actor, User, actor_of, address_of, citizen
from hezhi.engines.org.rules import plain_login_name
from hezhi.engines.org.sign_in import is_relayed
from hezhi.engines.records.audit import write
from hezhi.ground import time


def listen() -> None:
    """Sign up for the news of the sign-in library; called once at start."""
    user_logged_in.connect(signed_in, dispatch_uid="users.signed_in")
    user_logged_out.connect(signed_out, dispatch_uid="users.signed_out")
    user_login_failed.connect(sign_in_failed, dispatch_uid="users.sign_in_failed")
    authentication_failed.connect(second_factor_failed, dispatch_uid="users.second_factor_failed")
    authenticator_added.connect(second_factor_added, dispatch_uid="users.second_factor_added")
    authenticator_removed.connect(second_factor_removed, dispatch_uid="users.second_factor_removed")


def signed_in(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """A person has signed in; if this cannot be written, he has not."""
    write(_person(request, user), "users.sign_in", [_row(user)], detail=_way(request))


def signed_out(sender: object, request: HttpRequest, user: User | None, **_: Any) -> None:
    """A person has signed out, or was signed out because the session was over."""
    if user is not None:
        write(_person(request, user), "users.sign_out", [_row(user)])


def sign_in_failed(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Name or password was wrong, or the account closed or locked.

    The name as typed is not kept here: people type passwords into the wrong field.
    """
    name = plain_login_name(str(credentials.get("username", "")))
    user = User.objects.filter(login_name=name).first()
    write(_stranger(request), "users.sign_in", [_row(user)] if user else [], result="refused")


def second_factor_failed(
    sender: object, request: HttpRequest, user: User, reauthentication: bool = False, **_: Any
) -> None:
    """The second factor was wrong; it counts towards the lock like a wrong password."""
    failures.note(user.login_name, address_of(request), time.now())
    event = "users.confirm" if reauthentication else "users.second_factor"
    write(_stranger(request), event, [_row(user)], result="refused")


def second_factor_added(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """A person has set up a second factor."""
    write(_person(request, user), "users.add_second_factor", [_row(user)])


def second_factor_removed(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """A person has removed a second factor."""
    write(_person(request, user), "users.remove_second_factor", [_row(user)])


def _person(request: HttpRequest | None, user: User) -> Actor:
    return _through(request, actor_of(user), "officer")


def _stranger(request: HttpRequest | None) -> Actor:
    return _through(request, citizen(), "officer")


def _through(request: HttpRequest | None, actor: Actor, channel: str) -> Actor:
    return actor.at(channel=channel, address=address_of(request), request_id=getattr(request, "request_id", ""))


def _row(user: User) -> tuple[str, UUID]:
    return "org.user", user.pk


def _way(request: HttpRequest) -> dict[str, bool]:
    """A mark for `hezhi doctor`: somebody forwards whom the settings do not name, so the address is not the person's."""
    return {"relayed": True} if is_relayed(request) else {}
