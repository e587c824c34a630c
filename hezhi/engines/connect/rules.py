"""What is signed, how long to wait, what may leave (对接规则): values in, values out."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from hezhi.ground.crypto import hmac_sm3, sm3
from hezhi.ground.masks import find_personal

WINDOW = timedelta(minutes=5)
"""How far the clocks of two houses may stand apart; older signed requests are refused."""

PAUSES = (1, 2, 5, 10, 30, 60, 120, 240, 480, 720, 1440)
"""Minutes to wait after the first, second … failed push: about two days in all."""

PUSHED = frozenset(
    {
        "number", "outside_number", "state", "state_name", "verb", "verb_name", "at", "due_at", "unit", "area",
        "category", "satisfied", "closed_at", "round", "reason_code",
    }
)  # fmt: skip
"""The only fields that news for outer systems may have: nothing of a person, no free text of a report."""


def request_text(timestamp: str, nonce: str, method: str, path: str, body: bytes) -> bytes:
    """What a caller signs: five lines; `path` with its query as sent, the body by its SM3 digest."""
    return "\n".join([timestamp, nonce, method.upper(), path, sm3(body).hex()]).encode()


def push_text(timestamp: str, body: bytes) -> bytes:
    """What we sign on a push: time, a dot, and the body as sent."""
    return timestamp.encode() + b"." + body


def signature(secret: str, text: bytes) -> str:
    """HMAC-SM3 in hexadecimal."""
    return hmac_sm3(secret.encode(), text).hex()


def is_timely(timestamp: str, now: datetime) -> bool:
    """Whether a timestamp (whole seconds since 1970) lies within the window, before or after."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - now.timestamp()) <= WINDOW.total_seconds()


def is_nonce(nonce: str) -> bool:
    """8 to 64 plain signs."""
    return 8 <= len(nonce) <= 64 and nonce.isascii() and all(sign.isalnum() or sign in "-_" for sign in nonce)


def pause_after(tries: int) -> timedelta | None:
    """How long to wait after so many failed pushes; None when no further one makes sense."""
    return timedelta(minutes=PAUSES[tries - 1]) if 1 <= tries <= len(PAUSES) else None


def body_faults(body: Mapping[str, object]) -> list[str]:
    """Why a body may not leave (回推内容校验): a strange field, a structure, a long text, a personal number."""
    faults = [f"field {name} may not be pushed" for name in sorted(set(body) - PUSHED)]
    for name, value in body.items():
        if not isinstance(value, str | int | float | bool | None):
            faults.append(f"field {name} is no plain value")
        elif isinstance(value, str) and (len(value) > 200 or find_personal(value)):
            faults.append(f"field {name} is too long or holds a personal number")
    return faults


def canonical(value: Mapping[str, object]) -> bytes:
    """JSON as it is signed and sent: sorted, without spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def url_fault(url: str) -> str | None:
    """What is wrong with an address for pushes, as a sentence; where it leads is checked when sending."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "地址格式不正确"
    if parts.scheme not in ("http", "https"):
        return "地址须以 https:// 或 http:// 开头"
    if not parts.hostname or port == 0:
        return "地址中缺少主机名"
    if parts.username is not None or parts.password is not None:
        return "地址中不能写入用户名和口令"
    if parts.fragment:
        return "地址中不能含有 #"
    return None
