"""What the administration pages ask on an account (账号办理)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from hezhi.engines.org.api import Holding, User, reader
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.asking import ask


def on_account(
    request: HttpRequest, user_id: UUID, form: Callable[..., forms.Form], title: str, verb: Callable[..., Any], said: str,
    submit: str = "确定",
) -> HttpResponse:  # fmt: skip
    """Ask, do a verb on an account, say that it is done, and go back to the account."""
    user = get_object_or_404(User, pk=user_id)

    def do(typed: dict[str, Any]) -> None:
        verb(user, by=reader(request), **typed)
        messages.success(request, said)

    return ask(request, form, f"{title}：{user}", do, account_page(user), submit)


def first_password(request: HttpRequest, user: User, password: str) -> HttpResponse:
    """The one time a first password is shown; it is kept nowhere (8.1.4.1 a)."""
    context = {"person": user, "password": password, "back_url": account_page(user)}
    return answer(request, "users/first_password.html", "users/parts/first_password.html", context)


def account_page(user: User) -> str:
    return reverse("users_account", args=[user.pk])


def holding_of(holding_id: UUID) -> Holding:
    rows = Holding.objects.select_related("post__unit", "post__role", "user", "deputy_of__user")
    return get_object_or_404(rows, pk=holding_id)
