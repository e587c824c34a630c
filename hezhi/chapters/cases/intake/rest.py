"""The phone's door (手机上报): what both phone pages send, read once for both; each channel says who sends."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import HttpRequest, HttpResponse

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake import queries
from hezhi.chapters.cases.intake.rules import Message, too_much
from hezhi.engines.geo.queries import locate
from hezhi.engines.records.files import TOLD, LookedThrough, look_through
from hezhi.engines.records.models import Attachment
from hezhi.ground.errors import BadInput
from hezhi.ground.text import one_line, shorten
from hezhi.ground.uploads import KINDS, LIMITS, PLAYED

MB = 2**20
ENDINGS = {
    "image/jpeg": ("jpeg", "jpg"), "image/png": ("png", "png"), "image/webp": ("webp", "webp"),
    "audio/mp4": ("m4a", "m4a"), "audio/x-m4a": ("m4a", "m4a"), "audio/aac": ("m4a", "m4a"), "audio/3gpp": ("m4a", "m4a"),
    "audio/mpeg": ("mp3", "mp3"), "audio/mp3": ("mp3", "mp3"), "audio/ogg": ("ogg", "ogg"), "audio/webm": ("weba", "weba"),
    "audio/amr": ("amr", "amr"), "video/mp4": ("mp4", "mp4"), "video/webm": ("webm", "webm"),
    "video/quicktime": ("mov", "mov"), "video/3gpp": ("mp4", "mp4"),
}  # fmt: skip
"""What a phone says a file is, and how it is called then."""
MEDIA_FROM = 50
"""Behind which number the phone counts sound and video, so that they never meet the photos."""
TITLES = {"picture": "照片", "sound": "录音", "video": "视频"}


def read_json(request: HttpRequest) -> dict[str, Any]:
    try:
        given = json.loads(request.body)
    except (ValueError, UnicodeDecodeError):
        given = None
    if not isinstance(given, dict):
        raise BadInput({"": ["内容格式不对，请刷新页面后再提交。"]})
    return given


def message_of(given: dict[str, Any]) -> Message:
    """The phone's form as a message; whatever is not text or number is refused by intake's own check."""
    text = str(given.get("text", ""))
    kind = queries.kind_of(str(given.get("kind", "")))
    name = kind[1] if kind else ""
    return Message(
        source="citizen",
        title=shorten(f"{name}：{one_line(text)}" if name else one_line(text), 40) if text else name,
        text=text or name,
        hint=kind[0] if kind else "",
        place=str(given.get("address", "")),
        lon=_number(given.get("lng"), "lng"),
        lat=_number(given.get("lat"), "lat"),
        crs=str(given.get("crs", "")) if given.get("lng") else "",
        name=str(given.get("name", "")),
        phone=str(given.get("phone", "")),
        anonymous=not given.get("phone"),
        secret=given.get("secret") in ("1", "on", True),
        wants_answer=bool(given.get("phone")),
    )


def _number(value: Any, name: str) -> float | None:
    if value in (None, ""):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadInput({name: ["位置不是有效的经纬度，请重新点「用我的位置」或写明地点。"]}) from None


def attached(request: HttpRequest, case: Case, n: int) -> list[LookedThrough]:
    """One photo, recording or video of a report as it comes in a PUT, looked through; not more than a case may have.

    What it is called and said to be only chooses how much is read: what it is, its content tells.
    """
    ending = ENDINGS.get(request.content_type or "")
    if ending is None:
        raise BadInput(
            {"photos": ["请用 JPG、PNG、WebP 照片，M4A、MP3、OGG、WebM、AMR 录音，或 MP4、MOV、WebM 视频。"]}
        )
    family = KINDS[ending[0]].family
    if not 0 <= n < 100:
        raise BadInput({"photos": ["附件的序号不对，请重新选择。"]})
    most = LIMITS[family]
    body: bytes = request.read(most + 1)
    if len(body) > most:
        raise BadInput({"photos": [f"{TITLES[family]}超过 {most // MB} MB，请压缩或分成几段后再传。"]})
    shot = SimpleUploadedFile(
        f"{TITLES[family]}{n if n <= MEDIA_FROM else n - MEDIA_FROM}.{ending[1]}",
        body,
        content_type=request.content_type or "",
    )
    looked = look_through([shot], field="photos", kinds=TOLD)
    not_too_much(
        looked,
        kept=Attachment.objects.filter(object_id=case.pk, removed_at__isnull=True).values_list("kind", flat=True),
    )
    return looked


def brought(photos: Sequence[UploadedFile], media: Sequence[UploadedFile] = ()) -> list[LookedThrough]:
    """What comes with a form sent the plain way: pictures and papers in one field, recordings and a video in another."""
    looked = look_through(photos, field="photos")
    looked += look_through(media, field="media", kinds=PLAYED)
    not_too_much(looked)
    return looked


def not_too_much(looked: Sequence[LookedThrough], kept: Iterable[str] = ()) -> None:
    """Refuse more than a report may bring, and what plays too long."""
    checked = [each.checked for each in looked]
    told = too_much(
        [(KINDS[each.kind].family, each.seconds) for each in checked], [KINDS[kind].family for kind in kept]
    )
    if told:
        raise BadInput({"photos": [told]})


def near_rows(request: HttpRequest) -> list[dict[str, str]]:
    """What the two phone pages show of reports close by; nothing outside the district."""
    try:
        lon, lat = float(request.GET["lng"]), float(request.GET["lat"])
    except (KeyError, ValueError):
        return []
    if not (math.isfinite(lon) and math.isfinite(lat) and locate(lon, lat)):
        return []
    return queries.near_reports(lon, lat, request.GET.get("kind", ""))


def with_microphone(response: HttpResponse) -> HttpResponse:
    """Let this page ask for the microphone, which no other page may (录音): only when the button is pressed."""
    response["Permissions-Policy"] = "geolocation=(self), camera=(self), microphone=(self)"
    return response
