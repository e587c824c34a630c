"""How a message is worded, when it may leave, and how long to wait after a failure (消息规则)."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from datetime import time as clock_time

from hezhi.ground import time
from hezhi.ground.masks import Kind, find_personal, mask, mask_text
from hezhi.ground.text import shorten

PAUSES = (1, 5, 15, 60, 180, 360, 720)
"""Minutes to wait after the first, second … failure; after the last one a person must look."""

TOPIC = "topic:"
"""An address that begins so is a list which the channel keeps by itself (渠道自己的订阅者): we know none of its people."""

PLACE = re.compile(r"\{([^{}]*)\}")
UNKNOWN = "—"
TITLE_SIGNS, TEXT_SIGNS = 200, 2000


def fill(words: str, values: Mapping[str, object]) -> str:
    """Put the values into the places of a template; a place without a value becomes «—».

    Only plain names are places, so a template that an officer edits can reach nothing else.
    """
    return PLACE.sub(lambda place: _shown(values.get(place[1])), words)


def _shown(value: object) -> str:
    if value is None or value == "":
        return UNKNOWN
    return time.show(value) if isinstance(value, datetime) else str(value)


def worded(title: str, text: str, values: Mapping[str, object]) -> tuple[str, str]:
    """Title and text as they will be read: filled, numbers of persons masked, not too long."""
    filled = mask_text(fill(title, values)), mask_text(fill(text, values))
    return shorten(filled[0], TITLE_SIGNS), shorten(filled[1], TEXT_SIGNS)


def template_faults(words: str, places: Collection[str]) -> list[str]:
    """What is wrong with the words of a template, as sentences; empty when it may be used.

    `places` are the names its event can fill.
    """
    faults = []
    strange = sorted({name for name in PLACE.findall(words) if name not in places})
    if strange:
        listed = "、".join("{" + name + "}" for name in sorted(places)) or "无"
        faults.append(f"占位符 {'、'.join('{' + name + '}' for name in strange)} 不存在。可用的有：{listed}。")
    if PLACE.sub("", words).count("{") or PLACE.sub("", words).count("}"):
        faults.append("花括号须成对书写，例如 {number}。")
    if find_personal(words):
        faults.append("模板中不能写入电话、证件号或银行卡号。")
    return faults


def pause_after(tries: int) -> timedelta | None:
    """How long to wait after so many failed tries; None when no further try makes sense."""
    return timedelta(minutes=PAUSES[tries - 1]) if 1 <= tries <= len(PAUSES) else None


def quiet_until(moment: datetime, starts: clock_time, ends: clock_time) -> datetime | None:
    """The end of the silence that `moment` falls into, or None (免打扰); the hours are Shanghai's.

    Equal hours mean no silence at all. The first minute of a span is silent, the last is not.
    """
    here = time.local(moment)
    at, day = here.timetz().replace(tzinfo=None), here.date()
    if starts <= ends:
        return time.at_local(day, ends) if starts <= at < ends else None
    if at >= starts:
        return time.at_local(day + timedelta(days=1), ends)
    return time.at_local(day, ends) if at < ends else None


def masked_address(channel: str, address: str) -> str:
    """The receiver's address as the log may keep it; a topic names nobody and is kept as it is."""
    if address.startswith(TOPIC):
        return f"栏目 {address.removeprefix(TOPIC)} 的订阅者"
    return mask(Kind.EMAIL if channel == "email" else Kind.PHONE, address)
