"""Sessions of staff (会话): when they began, when they were last used, and who sits where.

The clock of a session stands in the session itself and is renewed at most once a minute, so a request
that only reads costs no write.
"""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from hezhi.engines.org import failures
from hezhi.engines.org.models import SessionSeat, User
from hezhi.engines.org.policy import policy
from hezhi.engines.org.rules import why_ended
from hezhi.ground import time

SINCE, SEEN, CHANNEL, POST, SECOND_FACTOR = "since", "seen", "channel", "post", "second_factor"
OFFICER = "officer"


def begin(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Start the clocks of a session that has just been signed in, and take its seat (登录成功)."""
    moment = time.now()
    session = request.session
    session[SINCE] = session[SEEN] = moment.timestamp()
    session[CHANNEL] = channel_of(request)
    if session.session_key is None:
        session.create()
    take_seat(user, session[CHANNEL], str(session.session_key), moment)
    failures.forget(user.login_name)
    User.objects.filter(pk=user.pk).update(last_seen_at=moment)


def channel_of(request: HttpRequest) -> str:
    """The face through which one signs in, by the page one is on the way to (渠道).

    `settings.SIGN_IN_CHANNELS` is a list of (prefix of the address, channel); without a hit: officer.
    """
    target = request.POST.get("next") or request.GET.get("next") or request.path
    for prefix, channel in getattr(settings, "SIGN_IN_CHANNELS", ()):
        if target.startswith(prefix):
            return str(channel)
    return OFFICER


def forget_second_factor(sender: object, request: HttpRequest, **_: Any) -> None:
    """Ask the database again after a second factor was removed."""
    request.session.pop(SECOND_FACTOR, None)


def take_seat(user: User, channel: str, key: str, moment: datetime) -> None:
    """Sit down in a channel; whoever sat there under the same account is signed out (8.1.4.1 b)."""
    with transaction.atomic():
        seat, made = SessionSeat.objects.select_for_update().get_or_create(
            user=user, channel=channel, defaults={"session_key": key, "since": moment}
        )
        if made or seat.session_key == key:
            return
        if policy().one_seat:
            close(seat.session_key)
        seat.previous_key, seat.session_key, seat.since = seat.session_key, key, moment
        seat.save()


def follow(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Keep the seat when the key of a session changes (Django changes it with the password)."""
    SessionSeat.objects.filter(user=user, channel=request.session.get(CHANNEL, OFFICER)).update(
        session_key=request.session.session_key or ""
    )


def close(key: str) -> None:
    """Delete a session's contents in the database (剩余信息保护, 8.1.4.10)."""
    import_module(settings.SESSION_ENGINE).SessionStore(session_key=key).delete()


def close_all(user: User) -> None:
    """Sign a person out everywhere: after a disabling, or a new first password."""
    for seat in SessionSeat.objects.filter(user=user):
        close(seat.session_key)
        seat.delete()


def state_of(request: HttpRequest) -> str:
    """Why the session of this request is over: idle, absolute, elsewhere, or "" while it may go on.

    Renews the idle clock on the way, except for beats and polls, which are not the person's doing.
    """
    moment = time.now()
    session = request.session
    seen = _moment(session.get(SEEN))
    ended = why_ended(_moment(session.get(SINCE)), seen, moment, policy())
    if ended or seen is None or is_beat(request) or moment - seen < policy().renew:
        return ended
    if policy().one_seat and not seated(str(session.session_key)):
        return "elsewhere"
    session[SEEN] = moment.timestamp()
    return ""


def is_beat(request: HttpRequest) -> bool:
    """Whether the machine asks by itself: a view marked `beat`, or a poll that says so in its header."""
    match = request.resolver_match
    return bool(match and getattr(match.func, "beat", False)) or request.headers.get("X-Hezhi-Beat") == "1"


def seated(key: str) -> bool:
    """Whether a session still holds its seat; a stream of events asks this now and then."""
    return SessionSeat.objects.filter(session_key=key).exists()


def was_displaced(request: HttpRequest) -> bool:
    """Whether this browser's session was ended by a sign-in elsewhere."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return bool(key) and SessionSeat.objects.filter(previous_key=key).exists()


def _moment(stamp: object) -> datetime | None:
    return datetime.fromtimestamp(stamp, UTC) if isinstance(stamp, int | float) else None
