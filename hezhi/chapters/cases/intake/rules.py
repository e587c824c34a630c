"""What a message must be before it becomes a case (入件检查, 9.1.2-1). Pure: values in, values out."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hezhi.chapters.cases.handling.rules import APPEALS as APPEALS
from hezhi.engines.geo.crs import CRS_NAMES, to_wgs84
from hezhi.ground.errors import BadInput
from hezhi.ground.identifiers import check_phone
from hezhi.ground.text import one_line, tidy
from hezhi.ground.uploads import LIMITS

SOURCES = ("hotline", "grid", "online_media", "citizen", "walk_in", "police_110", "superior", "sensor")
KIND_OF = {"grid": "grid", "online_media": "online_media", "sensor": "grid"}
"""Kind of case by source; whatever is not named here is handled like a hotline matter (热线事件)."""

URGENCIES = {"critical": "特急", "urgent": "紧急", "normal": "一般"}

MOST_TITLE, MOST_TEXT, MOST_NAME, MOST_PLACE = 120, 5000, 60, 200
MOST_FILES = {"picture": 6, "sound": 3, "video": 1, "document": 6, "sheet": 6}
"""Files that come with one report, by family."""
MOST_SECONDS = {"sound": 600, "video": 120}
_FILES = {
    "picture": "{n} 张照片",
    "sound": "{n} 段录音",
    "video": "{n} 段视频",
    "document": "{n} 份文档",
    "sheet": "{n} 份表格",
}
MEDIA_SAID = (
    f"录音最多 {MOST_FILES['sound']} 段，每段 {MOST_SECONDS['sound'] // 60} 分钟、{LIMITS['sound'] // 2**20} MB 以内；"
    f"视频 {MOST_FILES['video']} 段，{MOST_SECONDS['video'] // 60} 分钟、{LIMITS['video'] // 2**20} MB 以内。"
)
FILES_SAID = f"照片最多 {MOST_FILES['picture']} 张；{MEDIA_SAID}"
"""The limits in words, said before anything is chosen."""
CLOCKS_DIFFER = timedelta(minutes=10)
"""How far ahead another machine's clock may run before its time counts as «in the future»."""


@dataclass(frozen=True)
class Message:
    """One message as a channel brings it (诉求): texts, place, time, and who told it.

    `lon`, `lat` in the coordinate system named by `crs`, which is asked for and never guessed. Times are
    aware. `spot_result` makes it a matter already dealt with on the spot (已当场处理).
    """

    source: str
    title: str = ""
    text: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    crs: str = ""
    occurred_at: datetime | None = None
    received_at: datetime | None = None
    category: str = ""
    hint: str = ""
    """A first-level category that the reporter chose; only a hint for the suggestion."""
    urgency: str = ""
    appeal: str = "help"
    answers: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    phone: str = ""
    address: str = ""
    anonymous: bool = False
    wants_answer: bool = True
    secret: bool = False
    outside_channel: str = ""
    outside_number: str = ""
    outside_due_at: datetime | None = None
    platform_reference: str = ""
    spot_result: str = ""

    @property
    def first_state(self) -> str:
        """The state in which its case begins."""
        return "closed" if self.spot_result else "to_accept"


def checked(message: Message, *, now: datetime) -> Message:
    """The message made tidy, with WGS 84 coordinates; raises BadInput naming every field that is wrong."""
    faults: dict[str, list[str]] = {}

    def fault(name: str, sentence: str) -> None:
        faults.setdefault(name, []).append(sentence)

    title, text = one_line(message.title), tidy(message.text)
    name, place = one_line(message.name), one_line(message.place)
    if not title and not text:
        fault("text", "请写明反映的问题。")
    for field_name, value, most, label in (
        ("text", text, MOST_TEXT, "内容"), ("name", name, MOST_NAME, "姓名"), ("place", place, MOST_PLACE, "地点"),
    ):  # fmt: skip
        if len(value) > most:
            fault(field_name, f"{label}最多 {most} 个字，现在是 {len(value)} 个字，请精简。")
    if message.source not in SOURCES:
        fault("source", f"来源「{message.source}」不在名单内，可用：{'、'.join(SOURCES)}。")
    if message.urgency and message.urgency not in URGENCIES:
        fault("urgency", f"紧急程度请填 {'、'.join(URGENCIES)} 之一。")
    if message.appeal not in APPEALS:
        fault("appeal", f"诉求类型请填 {'、'.join(APPEALS)} 之一。")
    if message.phone and not (told := check_phone(message.phone)).ok:
        fault("phone", f"{told.fault}。")
    for field_name, moment in (("occurred_at", message.occurred_at), ("received_at", message.received_at)):
        if moment is not None and moment > now + CLOCKS_DIFFER:
            fault(field_name, "时间在将来，请核对日期和钟点。")
    lon, lat = _point(message, fault)
    if faults:
        raise BadInput(faults)
    return replace(
        message,
        title=title[:MOST_TITLE] or _title_from(text),
        text=text or title,
        name=name,
        place=place,
        lon=lon,
        lat=lat,
        crs="EPSG:4326" if lon is not None else "",
    )


def _title_from(text: str) -> str:
    """The first sentence as a title when none was given."""
    first = text.replace("\n", " ")
    for stop in "。！!？?；;":
        first = first.split(stop)[0]
    return first[:40] or text[:40]


def _point(message: Message, say: Callable[[str, str], None]) -> tuple[float | None, float | None]:
    """The position in WGS 84, or none; a half or impossible one is a fault."""
    if message.lon is None and message.lat is None:
        return None, None
    if message.lon is None or message.lat is None:
        say("lon", "经度和纬度要同时填写。")
        return None, None
    if not (math.isfinite(message.lon) and math.isfinite(message.lat)):
        say("lon", "经纬度不是有效数字。")
        return None, None
    if message.crs not in CRS_NAMES:
        say("crs", f"请注明坐标系，可用：{'、'.join(CRS_NAMES)}；系统不猜测坐标系。")
        return None, None
    if not (-180 <= message.lon <= 180 and -90 <= message.lat <= 90):
        say("lon", "经纬度超出范围，可能经度和纬度写反了。")
        return None, None
    return to_wgs84(message.lon, message.lat, message.crs)


def too_much(brought: Sequence[tuple[str, float]], kept: Sequence[str] = ()) -> str:
    """Why these files (family, seconds) are too many or too long for one report that has some already; "" when they are not."""
    families = [*kept, *(family for family, _ in brought)]
    for family, _ in brought:
        if families.count(family) > MOST_FILES.get(family, 0):
            return f"每件最多 {_FILES.get(family, '{n} 个附件').format(n=MOST_FILES.get(family, 0))}。"
    for family, seconds in brought:
        if seconds > MOST_SECONDS.get(family, seconds) + 1:
            title = "录音" if family == "sound" else "视频"
            return f"{title}长 {round(seconds / 60, 1)} 分钟，最长 {MOST_SECONDS[family] // 60} 分钟，请剪短或分段。"
    return ""
