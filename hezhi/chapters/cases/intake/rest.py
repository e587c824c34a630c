"""The phone's door (手机上报): what both phone pages send, read once for both; each channel says who sends."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake import queries
from hezhi.chapters.cases.intake.rules import Message
from hezhi.engines.geo.queries import locate
from hezhi.engines.records.models import Attachment
from hezhi.ground.errors import BadInput
from hezhi.ground.text import one_line, shorten

MOST_PHOTOS = 6
MOST_BYTES = 20 * 1024 * 1024
PICTURE_TYPES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


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


def photo_of(request: HttpRequest, case: Case, n: int) -> SimpleUploadedFile:
    """One photo of a report as it comes in a PUT: a picture, not too large, not the seventh of its case."""
    ending = PICTURE_TYPES.get(request.content_type or "")
    if ending is None:
        raise BadInput({"photos": ["照片请用 JPG、PNG 或 WebP 格式。"]})
    if not 0 <= n < 100 or Attachment.objects.filter(object_id=case.pk).count() >= MOST_PHOTOS:
        raise BadInput({"photos": [f"每件最多 {MOST_PHOTOS} 张照片。"]})
    body: bytes = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise BadInput({"photos": ["照片超过 20 MB，请压缩后再传。"]})
    return SimpleUploadedFile(f"照片{n}.{ending}", body, content_type=request.content_type or "")


def near_rows(request: HttpRequest) -> list[dict[str, str]]:
    """What the two phone pages show of reports close by; nothing outside the district."""
    try:
        lon, lat = float(request.GET["lng"]), float(request.GET["lat"])
    except (KeyError, ValueError):
        return []
    return queries.near_reports(lon, lat, request.GET.get("kind", "")) if locate(lon, lat) else []
