"""Playing a file (播放): a player asks for parts of it; whoever answers has asked `may_open` for each part."""

import re

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from hezhi.engines.records.files import open_part
from hezhi.engines.records.models import Attachment

POLICY = "sandbox; default-src 'none'; media-src 'self'; frame-ancestors 'none'"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


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


def played(request: HttpRequest, file: Attachment, *, keep: str = "no-store", save: bool = False) -> HttpResponseBase:
    """A video or recording that the caller has let through, whole or in the part that was asked for.

    `keep` is what the browser may keep of it. Raises as `open_part` for a file that was removed or waits for the scanner.
    """
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
    response["Content-Disposition"] = content_disposition_header(save, file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = keep
    return response
