"""English for who reads no Chinese (英文页面): a few pages of the phone say themselves in a second language.

Only pages that ask for it (`@in_language`) ever speak English; everybody else's pages stay as they are, whatever the
browser prefers. The choice is a cookie, set by a plain form: no script is needed.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme

from hezhi.ground.errors import BadInput, Refusal

COOKIE = "hezhi_language"
YEAR = 365 * 24 * 3600
ENGLISH = "en"

View = Callable[..., HttpResponse]


def wants_english(request: HttpRequest) -> bool:
    """Whether this browser has chosen English."""
    return request.COOKIES.get(COOKIE) == ENGLISH


def in_language(view: View) -> View:
    """Let a page speak the language that its reader has chosen."""

    @wraps(view)
    def speaking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not wants_english(request):
            return view(request, *args, **kwargs)
        with translation.override(ENGLISH):
            return view(request, *args, **kwargs)

    return speaking


def switch_language(request: HttpRequest) -> HttpResponse:
    """Turn to the other language and come back to the same page; only by POST."""
    back = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    answer = HttpResponseRedirect(back if safe else "/c/")
    if request.method == "POST":
        chosen = "zh" if wants_english(request) else ENGLISH
        answer.set_cookie(COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=True)
    return answer


def refusing_in_language(view: View) -> View:
    """Let what answers a phone's script refuse in its reader's language; the letter is delivered like any other."""

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            if wants_english(request):
                with translation.override(ENGLISH):
                    _turn(refusal)
            raise

    return answering


def _turn(refusal: Refusal) -> None:
    refusal.what, refusal.meaning, refusal.remedy = map(said, (refusal.what, refusal.meaning, refusal.remedy))
    if isinstance(refusal, BadInput):
        refusal.fields = {name: [said(each) for each in told] for name, told in refusal.fields.items()}


_NUMBER = re.compile(r"\d+")


def said(text: str) -> str:
    """A sentence of ours in the language of the page, numbers and all; what has no translation stays as it is."""
    told = translation.gettext(text) if text else ""
    if told != text or not _NUMBER.search(text):
        return told
    pattern = _NUMBER.sub("{}", text)
    told = translation.gettext(pattern)
    return told.format(*_NUMBER.findall(text)) if told != pattern else text


def refused(refusal: Refusal) -> str:
    """A refusal in the language of the page, sentence by sentence."""
    if translation.get_language() != ENGLISH:
        return str(refusal)
    return " ".join(said(each) for each in (refusal.what, refusal.meaning, refusal.remedy) if each)
