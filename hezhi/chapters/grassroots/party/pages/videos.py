"""Serving a video (播放视频): a player asks for parts of it; each part is given after the same check as the page."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from hezhi.chapters.grassroots.party.models import Article, ArticleVideo
from hezhi.engines.records.files import open_file, open_part
from hezhi.ground.errors import NotFound

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
POLICY = "sandbox; default-src 'none'; media-src 'self'; frame-ancestors 'none'"


def video_of(row: Article) -> ArticleVideo:
    """The video of an article that the caller has let through."""
    found = ArticleVideo.objects.filter(article=row).select_related("file", "poster").first()
    if found is None:
        raise NotFound("这篇文章没有视频。")
    return found


def asked_part(told: str, size: int) -> tuple[int, int] | None:
    """The first and last byte of a `Range` header (RFC 9110 14.1.2); None for the whole, also where it is not understood.

    Raises ValueError for a part that lies outside.
    """
    found = _RANGE.fullmatch(told.strip())
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        first, last = max(size - int(found[2]), 0), size - 1
    elif found[2] and int(found[2]) < int(found[1]):
        return None
    else:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if first > last:
        raise ValueError("outside")
    return first, last


def video_answer(request: HttpRequest, row: Article) -> HttpResponseBase:
    """The video of an article that the caller has let through, whole or in the part that was asked for."""
    file = video_of(row).file
    try:
        part = asked_part(request.headers.get("Range", "")[:60], file.size)
    except ValueError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}"})
    first, last = part or (0, file.size - 1)
    body = (b"",) if request.method == "HEAD" else open_part(file, first, last)
    response = StreamingHttpResponse(body, content_type=file.content_type, status=206 if part else 200)
    response["Content-Length"] = str(last - first + 1)
    if part:
        response["Content-Range"] = f"bytes {first}-{last}/{file.size}"
    response["Accept-Ranges"] = "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=600"
    return response


def poster_answer(row: Article) -> HttpResponse:
    """The picture that stands before the video."""
    content, content_type = open_file(video_of(row).poster)
    response = HttpResponse(content, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=600"
    return response
