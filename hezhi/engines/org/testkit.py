"""A small office for tests (测试用的小机关): units, posts and people in one line each.

Only tests import this. It stands in no room's real life: everything is invented, and the rows are
traced as made by a test, because the database refuses a row without an actor.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection

from hezhi.engines.org import sessions
from hezhi.engines.org.actions import create_post, create_unit
from hezhi.engines.org.actor import Actor, actor_of
from hezhi.engines.org.models import Holding, Post, Role, Unit, User
from hezhi.ground import time
from hezhi.ground.ids import new_id

PASSWORD = "Haifeng-Xi-82!"  # noqa: S105 - of test people only
"""The password of every test person; it passes the rules."""


def traced() -> None:
    """Say to the history triggers that a test acts, for the rest of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)",
            [str(new_id()), '{"kind": "system", "name": "test"}'],
        )


@cache
def _hash(hasher: str) -> str:
    return make_password(PASSWORD)


def make_unit(code: str = "centre", kind: str = Unit.Kind.CENTRE, parent: Unit | None = None, **more: Any) -> Unit:
    """A unit, or the one of this code that exists already."""
    traced()
    found = Unit.objects.filter(code=code).first()
    return found or create_unit(code, more.pop("name", code), kind, parent=parent, **more)


def make_role(code: str = "acceptor", permissions: Sequence[str] = (), **more: Any) -> Role:
    """A role of this code; business and own unit unless told otherwise."""
    traced()
    return Role.objects.update_or_create(code=code, defaults=_role(code, permissions, **more))[0]


def _role(code: str, permissions: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    business = more.get("kind", Role.Kind.BUSINESS) == Role.Kind.BUSINESS
    reach = Role.Reach.OWN_UNIT if business else Role.Reach.NOTHING
    return {"reach": reach, "name": code, "permissions": list(permissions), **more}


def make_roles(told: Mapping[str, Mapping[str, Any]]) -> dict[str, Role]:
    """Roles by code, each told in the words of `make_role`; in one statement when none of them is there yet."""
    traced()
    if Role.objects.filter(code__in=told).exists():
        return {code: make_role(code, **fields) for code, fields in told.items()}
    roles = {code: Role(code=code, **_role(code, **fields)) for code, fields in told.items()}
    Role.objects.bulk_create(roles.values())
    return roles


def make_user(login_name: str, full_name: str = "", **more: Any) -> User:
    """A person with an account whose password is `PASSWORD` and need not be changed."""
    traced()
    user = _user(login_name, full_name, **more)
    user.save(force_insert=True)
    return user


def _user(login_name: str, full_name: str = "", **more: Any) -> User:
    fields = {"must_change_password": False, "password_changed_at": time.now(), "last_seen_at": time.now()} | more
    return User(
        login_name=login_name, full_name=full_name or login_name, password=_hash(settings.PASSWORD_HASHERS[0]), **fields
    )


def make_officer(
    login_name: str, role: Role | None = None, unit: Unit | None = None, full_name: str = "", **more: Any
) -> User:
    """A person who holds a post of the role in the unit."""
    user = make_user(login_name, full_name, **more)
    hold(user, role or make_role(), unit or make_unit())
    return user


def make_officers(told: Sequence[tuple[str, str, Role, Unit]]) -> list[User]:
    """People by login name, full name, role and unit, each in a post of his own: in three statements, however many."""
    traced()
    users = [_user(login_name, full_name) for login_name, full_name, _, _ in told]
    posts = [Post(unit=unit, role=role, title=role.name, valid_from=time.today()) for *_, role, unit in told]
    User.objects.bulk_create(users)
    Post.objects.bulk_create(posts)
    Holding.objects.bulk_create(
        Holding(post=post, user=user, valid_from=time.now()) for post, user in zip(posts, users, strict=True)
    )
    return users


def hold(user: User, role: Role, unit: Unit, **more: Any) -> Holding:
    """Let a person hold the unit's post of a role, made when it is not there."""
    traced()
    post = Post.objects.filter(unit=unit, role=role).first() or create_post(unit, role)
    return Holding.objects.create(post=post, user=user, **({"valid_from": time.now()} | more))


def actor(user: User) -> Actor:
    """The actor this person is in the first of his posts."""
    return actor_of(user)


def enter(client: Any, user: User) -> Any:
    """Sign a person in to Django's test client with both factors shown; gives the client back."""
    client.force_login(user)
    session = client.session
    session[sessions.SECOND_FACTOR] = True
    session.save()
    return client
