"""A small office for the tests of messages (测试用的单位和人员); all people are invented."""

from datetime import date, timedelta
from itertools import count

from hezhi.engines.org.actor import Actor, Scope, actor_of, system
from hezhi.engines.org.models import Holding, Post, Role, Unit, User
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.words import load_templates
from hezhi.ground import time

_number = count(1)
LONG_AGO = date(2020, 1, 1)


def unit(name: str = "城中街道") -> Unit:
    traced()
    n = next(_number)
    return Unit.objects.create(code=f"T{n:04d}", name=name, kind=Unit.Kind.TOWN, path=f"T{n:04d}/", valid_from=LONG_AGO)


def user(name: str = "周明", **more: object) -> User:
    traced()
    return User.objects.create(login_name=f"u{next(_number):04d}", full_name=name, **more)


def post(at: Unit, *permissions: str) -> Post:
    traced()
    role = Role.objects.create(
        code=f"role-{next(_number)}", name="经办", permissions=list(permissions), reach=Role.Reach.OWN_UNIT
    )
    return Post.objects.create(unit=at, role=role, title="经办岗", valid_from=LONG_AGO)


def hold(who: User, held: Post, *, deputy_of: Holding | None = None, days: int | None = None) -> Holding:
    traced()
    end = time.now() + timedelta(days=days) if days is not None else None
    return Holding.objects.create(
        post=held, user=who, deputy_of=deputy_of, valid_from=time.now() - timedelta(days=1), valid_to=end
    )


def officer(*permissions: str, name: str = "周明", at: Unit | None = None, **more: object) -> Actor:
    """A person in a post with these permissions, as the actor he is."""
    who = user(name, **more)
    hold(who, post(at or unit(), *permissions))
    return actor_of(who)


def clock() -> Actor:
    return system("测试")


def keeper() -> Actor:
    """Somebody who may look after messages, without rows of his own."""
    return Actor(
        name="消息管理员", permissions=frozenset({"channels.edit", "templates.edit"}), scope=Scope(everything=True)
    )


def with_words() -> None:
    load_templates(by=clock())
