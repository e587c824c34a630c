"""What these pages share: asking in a dialog, and saying that it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hezhi.engines.registry import addresses
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.ui.answers import answer, wants_part
from hezhi.ground.ui.shapes import Crumb

GROUP = "基础信息管理"


def crumbs(*steps: tuple[str, str]) -> list[Crumb]:
    """The path above the title."""
    return [Crumb(GROUP), *(Crumb(name, url) for name, url in steps)]


def home_url(home: Any, tab: str = "people") -> str:
    """The page of a home, with a tab open."""
    return f"{addresses.page('homes', home)}?tab={tab}"


def ask(
    request: HttpRequest, form: forms.Form, title: str, do: Callable[[dict[str, Any]], tuple[str, str]], *, back: str,
    submit: str = "保存", note: str = "",
) -> HttpResponse:  # fmt: skip
    """Ask with a form, in a dialog or on a page; `do` takes the clean values and gives sentence and address.

    What the verb refuses is told at the fields, and nothing typed is lost.
    """
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                sentence, url = do(form.cleaned_data)
                return done(request, sentence, url)
            except BadInput as refusal:
                _tell(form, refusal)
            except Refusal as refusal:
                form.add_error(None, f"{refusal.what}{refusal.remedy}")
                status = refusal.status
    context = {
        "form": form, "heading": title, "dialog_title": title, "note": note, "dialog_note": note,
        "action_url": request.path, "cancel_url": back, "submit_name": submit, "crumbs": crumbs(),
    }  # fmt: skip
    return answer(request, "registry/reason.html", "ui/parts/dialog_form.html", context, status=status)


def done(request: HttpRequest, sentence: str, url: str) -> HttpResponse:
    """Say that it is done, and lead on; htmx follows by a header."""
    messages.success(request, sentence)
    if wants_part(request):
        told = HttpResponse(status=204)
        told["HX-Redirect"] = url
        return told
    return redirect(url)


def _tell(form: forms.Form, refusal: BadInput) -> None:
    fields = refusal.fields or {"": [f"{refusal.what}{refusal.remedy}"]}
    for name, said in fields.items():
        form.add_error(name if name in form.fields else None, list(said))
