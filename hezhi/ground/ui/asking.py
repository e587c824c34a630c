"""How a page asks and answers (办理表单): one form, one verb, and back; the same as a dialog or as a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.ui.answers import answer, wants_part

__all__ = ["Doing", "ask", "go", "tell"]

Doing = Callable[[dict[str, Any]], HttpResponse | None]


def ask(
    request: HttpRequest,
    kind: Callable[..., forms.Form],
    title: str,
    do: Doing,
    back: str,
    submit: str = "确定",
    note: str = "",
    **more: Any,
) -> HttpResponse:
    """Show a form; when it is sent and right, do it and go back. A refusal keeps what was typed.

    `do` may answer itself (a page that shows something once); `more` goes into the template's context.
    """
    form = kind(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return do(form.cleaned_data) or go(request, back)
        except Refusal as refusal:
            tell(form, refusal)
    context = {
        "form": form, "heading": title, "dialog_title": title, "dialog_note": note, "cancel_url": back,
        "submit_name": submit, "action_url": request.get_full_path(), **more,
    }  # fmt: skip
    status = 422 if form.is_bound else 200
    return answer(request, "ui/ask.html", "ui/parts/dialog_form.html", context, status)


def tell(form: forms.Form, refusal: Refusal) -> None:
    """Put the sentences of a refusal where they belong in the form."""
    if isinstance(refusal, BadInput) and refusal.fields:
        for name, said in refusal.fields.items():
            form.add_error(name if name in form.fields else None, said)
        return
    form.add_error(None, str(refusal))


def go(request: HttpRequest, address: str) -> HttpResponse:
    """Lead on to a page, out of a dialog too."""
    if wants_part(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
