"""How an administration page asks and answers (办理表单): one form, one verb, and back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from hezhi.engines.org.api import Holding, User, reader
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.ui.answers import answer, wants_part

Doing = Callable[[dict[str, Any]], HttpResponse | None]


def on_account(
    request: HttpRequest, user_id: UUID, form: type[forms.Form], title: str, verb: Callable[..., Any], said: str
) -> HttpResponse:
    """Ask, do a verb on an account, say that it is done, and go back to the account."""
    user = get_object_or_404(User, pk=user_id)

    def do(typed: dict[str, Any]) -> None:
        verb(user, by=reader(request), **typed)
        messages.success(request, said)

    return ask(request, form, f"{title}：{user}", do, account_page(user))


def ask(
    request: HttpRequest, kind: Callable[..., forms.Form], title: str, do: Doing, back: str, submit: str = "确定"
) -> HttpResponse:
    """Show a form; when it is sent and right, do it and go back. A refusal keeps what was typed."""
    form = kind(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return do(form.cleaned_data) or _go(request, back)
        except Refusal as refusal:
            _tell(form, refusal)
    context = {
        "form": form, "heading": title, "dialog_title": title, "cancel_url": back, "submit_name": submit,
        "action_url": request.path,
    }  # fmt: skip
    status = 422 if form.is_bound else 200
    return answer(request, "users/form.html", "ui/parts/dialog_form.html", context, status)


def _tell(form: forms.Form, refusal: Refusal) -> None:
    if isinstance(refusal, BadInput):
        for name, said in refusal.fields.items():
            form.add_error(name if name in form.fields else None, said)
        return
    form.add_error(None, str(refusal))


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if wants_part(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def first_password(request: HttpRequest, user: User, password: str) -> HttpResponse:
    """The one time a first password is shown; it is kept nowhere (8.1.4.1 a)."""
    context = {"person": user, "password": password, "back_url": account_page(user)}
    return answer(request, "users/first_password.html", "users/parts/first_password.html", context)


def account_page(user: User) -> str:
    return reverse("users_account", args=[user.pk])


def holding_of(holding_id: UUID) -> Holding:
    rows = Holding.objects.select_related("post__unit", "post__role", "user", "deputy_of__user")
    return get_object_or_404(rows, pk=holding_id)
