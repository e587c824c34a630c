"""Asking in a form (填写): one way for every dialog and page of this room to ask, refuse and go on."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hezhi.engines.org.api import User
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.text import tidy
from hezhi.ground.ui.answers import answer, wants_part


class Day(forms.DateField):
    """A day with the browser's own picker."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": "请选择日期。", "invalid": "日期格式不对。"},
            **more,
        )  # fmt: skip


class Words(forms.CharField):
    """A few lines of text."""

    def __init__(self, rows: int = 3, **more: Any) -> None:
        more.setdefault("max_length", 2000)
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), error_messages={"required": "请填写。"}, **more)


class Colleague(forms.CharField):
    """A member of staff by name or login name; the form gives the person."""

    def __init__(self, **more: Any) -> None:
        more.setdefault("help_text", "填写姓名或登录名")
        super().__init__(max_length=40, error_messages={"required": "请填写姓名或登录名。"}, **more)

    def clean(self, value: Any) -> Any:
        told = tidy(super().clean(value) or "")
        if not told:
            return None
        by_login = User.objects.filter(login_name=told.lower(), is_active=True)
        found = list(by_login) or list(User.objects.filter(full_name=told, is_active=True)[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                "有同名的同事，请填写登录名。" if found else "没有这位同事，请核对姓名或登录名。"
            )
        return found[0]


class Proof(forms.CharField):
    """The code of the second factor, asked for once more."""

    def __init__(self) -> None:
        super().__init__(
            label="验证码", max_length=12, help_text="手机上现在显示的 6 位数字",
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
            error_messages={"required": "请填写验证码。"},
        )  # fmt: skip


class Choice(forms.ChoiceField):
    """One of several, none chosen to begin with."""

    def __init__(self, choices: Any, **more: Any) -> None:
        super().__init__(choices=[("", "请选择"), *choices], error_messages={"required": "请选择。"}, **more)


def ask(
    request: HttpRequest, form: forms.Form, *, title: str, note: str = "", back: str, submit: str = "保存", kind: str = "primary",
    do: Callable[[dict[str, Any]], tuple[str, str]] | None = None, template: str = "care/form.html", **more: Any,
) -> HttpResponse:  # fmt: skip
    """Show a form, in a dialog or as a page; when it is sent, do it: gives the sentence to show and where to go.

    A refusal stands at its field with everything that was typed.
    """
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid() and do is not None:
            try:
                sentence, to = do(form.cleaned_data)
                messages.success(request, sentence)
                return go(request, to)
            except Refusal as refusal:
                _blame(form, refusal)
    context = {
        "form": form, "heading": title, "dialog_title": title, "dialog_note": note, "note": note, "cancel_url": back,
        "submit_name": submit, "submit_kind": kind, "action_url": request.get_full_path(), **more,
    }  # fmt: skip
    return answer(request, template, "ui/parts/dialog_form.html", context, status)


def go(request: HttpRequest, to: str) -> HttpResponse:
    """Go on to another page, from a dialog or from a page."""
    return HttpResponse(headers={"HX-Redirect": to}) if wants_part(request) else redirect(to)


def _blame(form: forms.Form, refusal: Refusal) -> None:
    if not isinstance(refusal, BadInput):
        form.add_error(None, str(refusal))
        return
    for name, told in refusal.fields.items():
        form.add_error(name if name in form.fields else None, told)
