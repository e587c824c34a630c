"""How a page answers (应答): whole to a browser, in part to htmx, as a letter when it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from hezhi.ground.errors import Refusal

__all__ = ["ELDER_COOKIE", "addresses", "answer", "letter", "wants_elder", "wants_part"]

ELDER_COOKIE = "elder"


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page; a restored page (back) is asked for whole."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def answer(
    request: HttpRequest,
    page: str,
    part: str,
    context: Mapping[str, Any],
    status: int = 200,
) -> HttpResponse:
    """The whole `page`, or only its `part` when htmx asks for it.

    Both live under one url, so the answer says `Vary: HX-Request`: without it the browser's
    back key can show the bare part.
    """
    template = part if wants_part(request) else page
    response = render(request, template, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def addresses(name: str) -> Callable[[UUID], str]:
    """The addresses of one page for many ids (成批地址): resolved once, since each resolving costs as much as a row."""
    pattern = reverse(name, args=[_ANY])
    return lambda key: pattern.replace(str(_ANY), str(key))


_ANY = UUID(int=0)


def letter(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page that tells a refusal (说明页), or its bare sentences inside a dialog."""
    return answer(request, "ui/error.html", "ui/letter.html", {"refusal": refusal}, getattr(refusal, "status", 400))


def wants_elder(request: HttpRequest) -> bool:
    """Whether this browser asked for the large view (长辈版)."""
    return request.COOKIES.get(ELDER_COOKIE) == "1"
