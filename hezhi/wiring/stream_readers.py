"""Who may listen (实时消息的听众): sessions read from the database, in bulk, and never renewed.

A stream is no deed of a person: were the idle clock renewed by it, an open page would keep a session
alive for ever.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session

from hezhi.engines.org import sessions
from hezhi.engines.org.actor import Actor, actor_of
from hezhi.engines.org.models import SessionSeat, User
from hezhi.engines.org.policy import policy
from hezhi.engines.org.rules import why_ended
from hezhi.engines.org.session_store import SessionStore
from hezhi.ground import time
from hezhi.ground.crypto import same


@dataclass(frozen=True)
class Listener:
    """A person with a valid session (听众)."""

    user: User
    post: UUID | None

    @property
    def actor(self) -> Actor:
        """The actor this person is in the post he works in."""
        return actor_of(self.user, self.post)


def listeners(keys: Collection[str]) -> dict[str, Listener]:
    """The persons behind these session keys, as far as their sessions may go on now; three queries."""
    moment, store = time.now(), SessionStore()
    rows = Session.objects.filter(session_key__in=keys, expire_date__gt=moment)
    told = {row.session_key: store.decode(row.session_data) for row in rows}
    running = {key: data for key, data in told.items() if _runs(data, moment)}
    if policy().one_seat:
        seated = set(SessionSeat.objects.filter(session_key__in=running).values_list("session_key", flat=True))
        running = {key: data for key, data in running.items() if key in seated}
    users = {str(user.pk): user for user in User.objects.filter(pk__in=_users(running), is_active=True)}
    return {
        key: Listener(users[data[SESSION_KEY]], _post(data))
        for key, data in running.items()
        if data[SESSION_KEY] in users and _fits(data, users[data[SESSION_KEY]])
    }


def _runs(data: dict[str, object], moment: datetime) -> bool:
    """Whether a session is somebody's, and neither idle nor too long."""
    since, seen = _moment(data.get(sessions.SINCE)), _moment(data.get(sessions.SEEN))
    return SESSION_KEY in data and not why_ended(since, seen, moment, policy())


def _fits(data: dict[str, object], user: User) -> bool:
    """Whether the password is still the one the session began with."""
    return same(str(data.get(HASH_SESSION_KEY, "")), user.get_session_auth_hash())


def _users(running: dict[str, dict[str, object]]) -> set[str]:
    return {str(data[SESSION_KEY]) for data in running.values()}


def _post(data: dict[str, object]) -> UUID | None:
    chosen = data.get(sessions.POST)
    return UUID(str(chosen)) if chosen else None


def _moment(stamp: object) -> datetime | None:
    return datetime.fromtimestamp(stamp, UTC) if isinstance(stamp, int | float) else None
