"""How a call lives (通话规则), who holds a token for how long, and what a page may say to the media server.

Values in, values out: no clock of its own, no database, no network.
"""

import base64
import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hezhi.ground.crypto import same

RINGING, TALKING, ENDED = "ringing", "talking", "ended"
ANSWERED, MISSED, REJECTED, BUSY, FAILED = "answered", "missed", "rejected", "busy", "failed"
RESULTS = {ANSWERED: "接通", MISSED: "未接", REJECTED: "拒接", BUSY: "忙", FAILED: "失败"}

RINGS = timedelta(seconds=60)
"""So long it rings; then it counts as not answered (未接)."""
SILENT = timedelta(seconds=20)
"""A page that gave no sign for so long is gone: closed, or without a line."""
LONGEST = timedelta(hours=3)
"""No call lasts longer; a page forgotten over night is hung up."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a call stands (通话状态). `invited` may answer; `declined` are those of them who said no."""

    asked_at: datetime
    invited: frozenset[UUID]
    state: str = RINGING
    result: str = ""
    note: str = ""
    declined: frozenset[UUID] = frozenset()
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    caller_seen: datetime | None = None
    callee_seen: datetime | None = None

    @property
    def seconds(self) -> int:
        """How long was talked (通话时长), in whole seconds."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return max(0, int((self.ended_at - self.answered_at).total_seconds()))


def begin(at: datetime, invited: Collection[UUID], engaged: Collection[UUID] = ()) -> Standing:
    """A call that begins to ring; busy at once when everybody it is for talks already (忙)."""
    made = Standing(at, frozenset(invited), caller_seen=at)
    return _end(made, BUSY, at, "对方正在通话中") if invited and set(invited) <= set(engaged) else made


def answer(now: Standing, at: datetime) -> Standing:
    """Somebody of the called takes the call (接听); too late is too late."""
    now = looked_at(now, at)
    return replace(now, state=TALKING, answered_at=at, callee_seen=at) if now.state == RINGING else now


def reject(now: Standing, who: UUID, at: datetime) -> Standing:
    """One of the called says no (拒接): when the last of them does, the call is over."""
    now = looked_at(now, at)
    if now.state != RINGING or who not in now.invited:
        return now
    now = replace(now, declined=now.declined | {who})
    return _end(now, REJECTED, at, "") if now.declined >= now.invited else now


def hang_up(now: Standing, at: datetime) -> Standing:
    """Either side ends it (挂断); before an answer only the caller can, and nobody has answered then."""
    now = looked_at(now, at)
    if now.state == RINGING:
        return _end(now, MISSED, at, "主叫已取消")
    return _end(now, ANSWERED, at, "") if now.state == TALKING else now


def fail(now: Standing, at: datetime, *, heard: bool) -> Standing:
    """A page says that the line cannot be had or kept (失败、中断). `heard`: it carried sound or picture before."""
    now = looked_at(now, at)
    if now.state == TALKING and heard:
        return _end(now, ANSWERED, at, "连接中断")
    return _end(now, FAILED, at, "音视频未能连通") if now.state != ENDED else now


def looked_at(now: Standing, at: datetime) -> Standing:
    """The same call when time has had its say: nobody answered, a page is gone, it lasted too long."""
    if now.state == RINGING:
        over = now.asked_at + RINGS
        if at >= over:
            return _end(now, MISSED, over, "60 秒无人接听")
        gone = _gone(now.caller_seen, at)
        return _end(now, MISSED, gone, "主叫已离线") if gone else now
    if now.state == TALKING and now.answered_at is not None:
        gone = _gone(now.caller_seen, at) or _gone(now.callee_seen, at)
        if gone:
            return _end(now, ANSWERED, max(gone, now.answered_at), "连接中断")
        if at >= now.answered_at + LONGEST:
            return _end(now, ANSWERED, now.answered_at + LONGEST, "已达通话时长上限")
    return now


def _gone(seen: datetime | None, at: datetime) -> datetime | None:
    return seen if seen is not None and at - seen >= SILENT else None


def _end(now: Standing, result: str, at: datetime, note: str) -> Standing:
    """The end; signs of life are not kept beyond it."""
    return replace(now, state=ENDED, result=result, ended_at=at, note=note, caller_seen=None, callee_seen=None)


def lasted(seconds: int) -> str:
    """A length as people say it: 3 分 05 秒."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} 分 {rest:02d} 秒" if minutes else f"{rest} 秒"


# -- tokens --------------------------------------------------------------------------------------------

VIDEO, AUDIO = "janus.plugin.videoroom", "janus.plugin.audiobridge"
PLUGINS = (VIDEO, AUDIO)
TOKEN_LIVES = timedelta(minutes=5)


def signed_token(key: str, at: datetime, realm: str, *words: str) -> str:
    """A token as the media server reads it: `expiry,realm,word,…:signature`. It is looked at when one enters."""
    told = ",".join((str(int((at + TOKEN_LIVES).timestamp())), realm, *words))
    return f"{told}:{_signature(key, told)}"


def holds(key: str, at: datetime, token: str, realm: str, word: str) -> bool:
    """Whether a token is ours, still valid, and for this realm and word (the media server's own rule, for tests and logs)."""
    told, _, signature = token.rpartition(":")
    expiry, *rest = told.split(",")
    valid = expiry.isdigit() and int(expiry) > at.timestamp() and rest[:1] == [realm] and word in rest[1:]
    return valid and same(signature, _signature(key, told))


def _signature(key: str, told: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), told.encode(), hashlib.sha1).digest()).decode()


def derived(key: str, *words: str) -> str:
    """A secret that need not be stored: the same from the same words, and told by nothing else."""
    return hmac.new(key.encode(), "\0".join(words).encode(), hashlib.sha256).hexdigest()[:32]


def relay_password(key: str, at: datetime, user: str) -> tuple[str, str]:
    """Name and password for the relay (TURN), valid for a day: the name carries its own end."""
    name = f"{int((at + timedelta(days=1)).timestamp())}:{user}"
    return name, _signature(key, name)


# -- what a page may say to the media server -------------------------------------------------------------

WORDS = frozenset({"create", "attach", "message", "trickle", "hangup", "detach", "destroy", "keepalive"})
REQUESTS = frozenset(
    {"join", "configure", "publish", "unpublish", "subscribe", "unsubscribe", "start", "pause", "leave"}
)
KEPT_BACK = frozenset({"secret", "admin_key", "record", "filename", "rec_dir", "mjrs", "mjrs_dir", "group", "rtp"})
"""Keys with which one would command the server, or have it write files: a page never needs one."""
LARGEST = 64 * 1024


def fault_of(said: Mapping[str, Any], room: str, person: str) -> str:
    """Why a page may not say this (信令检查); empty when it may. It speaks of its own room, in its own name alone."""
    word = said.get("janus")
    if word not in WORDS:
        return f"word {word!r}"
    if word == "attach":
        return "" if said.get("plugin") in PLUGINS else "plugin"
    if word != "message":
        return ""
    body = said.get("body")
    if not isinstance(body, Mapping) or body.get("request") not in REQUESTS:
        return "request"
    if KEPT_BACK & set(body):
        return "command"
    if (body["request"] == "join" or "room" in body) and body.get("room") != room:
        return "room"
    if body["request"] == "join" and body.get("ptype") != "subscriber":
        return "" if str(body.get("id", "")).startswith(f"{person}-") else "person"
    return ""
