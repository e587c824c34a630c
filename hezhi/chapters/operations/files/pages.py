"""Opening a file (打开附件): the row's own check first, then the log, then the bytes.

Every file was brought by somebody else, so the browser is told to run nothing in it, to guess nothing
about it, to keep no copy. Pictures and PDF show in the window, sound and video are played in parts, or all are saved
with `?save=1`; everything else is saved.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import open_to_all, signed_in
from hezhi.engines.records import audit, files
from hezhi.engines.records.models import Attachment
from hezhi.engines.records.playing import played

clause = "12.3-2"

SHOWN = frozenset({"image/jpeg", "image/png", "application/pdf"})
POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""Nothing runs and nothing is loaded; browsers still show pictures and their own PDF viewer."""

Visibility = Attachment.Visibility


@signed_in
@require_safe
def file(request: HttpRequest, attachment_id: UUID) -> HttpResponseBase:
    """A file, for an officer whom the row's chapter lets in."""
    return _whole(request, files.attachment_for(reader(request), attachment_id))


@signed_in
@require_safe
def thumbnail(request: HttpRequest, attachment_id: UUID) -> HttpResponse:
    """The small view of a picture, under the same check."""
    return _small(request, files.attachment_for(reader(request), attachment_id))


@open_to_all("the signed link was made by a page that had checked number and code")
@require_safe
def shared_file(request: HttpRequest, attachment_id: UUID, token: str) -> HttpResponseBase:
    """A file for the one who reported, by a link of a few minutes."""
    return _whole(request, files.attachment_by_token(attachment_id, token))


@open_to_all("the signed link was made by a page that had checked number and code")
@require_safe
def shared_thumbnail(request: HttpRequest, attachment_id: UUID, token: str) -> HttpResponse:
    """The small view for the one who reported."""
    return _small(request, files.attachment_by_token(attachment_id, token))


def _whole(request: HttpRequest, attachment: Attachment) -> HttpResponseBase:
    if attachment.plays:
        answer = played(request, attachment, save="save" in request.GET)
        if attachment.visibility in (Visibility.SECRET, Visibility.REPORTER):
            _log(reader(request), attachment)
        return answer
    content, kind = files.open_file(attachment)
    if attachment.visibility in (Visibility.SECRET, Visibility.REPORTER):
        _log(reader(request), attachment)
    return _answer(content, kind, attachment.name, save=kind not in SHOWN or "save" in request.GET)


def _small(request: HttpRequest, attachment: Attachment) -> HttpResponse:
    content, kind = files.open_thumbnail(attachment)
    if attachment.visibility == Visibility.SECRET:
        _log(reader(request), attachment)
    return _answer(content, kind, attachment.name, save=False)


def _log(by: Actor, attachment: Attachment) -> None:
    """No log, no file: what a reporter sent may show a person, and a secret file does (P9)."""
    told = (attachment.object_type, attachment.object_id)
    if attachment.visibility == Visibility.SECRET:
        audit.read_of_personal(by, *told, [f"file:{attachment.pk}"])
    else:
        audit.write(by, "records.open_file", [told], detail={"file": str(attachment.pk)})


def _answer(content: bytes, kind: str, name: str, *, save: bool) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(save, name) or "attachment"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    return response
