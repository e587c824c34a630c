"""Account administration (账号管理, 10.1-3): lists, one account, and what is done with it."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hezhi.chapters.appcentre.users import actions
from hezhi.chapters.appcentre.users.pages import forms
from hezhi.chapters.appcentre.users.pages.asking import account_page, first_password, holding_of, on_account
from hezhi.chapters.appcentre.users.pages.lists import account_facts, account_list, ways_of
from hezhi.engines.org.api import Holding, User, needs, reader
from hezhi.ground import time
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.asking import ask

clause = "10.1-3"


@needs("org.view", clause=clause)
@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts, those that need a look, those that are closed (账号管理)."""
    listing = account_list(request.GET)
    may_make = reader(request).may("org.accounts")
    return answer(request, "users/accounts.html", "ui/parts/listing.html", {"listing": listing, "may_make": may_make})


@needs("org.view", clause=clause)
@require_GET
def account(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """One account with its posts and what may be done with it (账号详情)."""
    user, by = get_object_or_404(User, pk=user_id), reader(request)
    return render(request, "users/account.html", {
        "person": user,
        "fact_list": account_facts(user),
        "action_list": ways_of(user, by),
        "holdings": Holding.objects.filter(user=user).select_related("post__unit", "post__role").order_by("-valid_from"),
        "may_grant": by.may("org.roles") and by.user_id != user.pk,
        "now": time.now(),
    })  # fmt: skip


@needs("org.accounts", clause=clause)
def new_account(request: HttpRequest) -> HttpResponse:
    """Make an account and show its first password once (新建账号)."""

    def do(typed: dict[str, Any]) -> HttpResponse:
        user, password = actions.create_account(by=reader(request), **typed)
        return first_password(request, user, password)

    return ask(request, forms.NewAccount, "新建账号", do, reverse("users_accounts"), submit="建立账号")


@needs("org.accounts", clause=clause)
def reset_password(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Give a new first password, shown once (重置口令)."""
    user = get_object_or_404(User, pk=user_id)

    def do(typed: dict[str, Any]) -> HttpResponse:
        return first_password(request, user, actions.reset_password(user, by=reader(request), **typed))

    return ask(request, forms.Reason, f"重置口令：{user}", do, account_page(user), submit="重置")


@needs("org.accounts", clause=clause)
def enable(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Open a closed account again (启用账号)."""
    user = get_object_or_404(User, pk=user_id)

    def do(typed: dict[str, Any]) -> HttpResponse:
        return first_password(request, user, actions.enable(user, by=reader(request), **typed))

    return ask(request, forms.Reason, f"启用账号：{user}", do, account_page(user), submit="启用")


@needs("org.accounts", clause=clause)
def disable(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Close an account (停用账号)."""
    return on_account(request, user_id, forms.Leaving, "停用账号", actions.disable, "账号已停用，未办结的工作已移交。")


@needs("org.accounts", clause=clause)
def reset_factor(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Propose that a lost second factor is taken away (重置两步验证); it takes effect when a second person has approved."""
    said = "已提请重置两步验证，经第二人审批后生效，届时通知本人。"
    return on_account(request, user_id, forms.Reason, "重置两步验证", actions.propose_factor_reset, said, "提请审批")


@needs("org.accounts", clause=clause)
def unlock(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Lift the lock after failed sign-ins (解锁)."""
    return on_account(request, user_id, forms.Reason, "解锁账号", actions.unlock, "账号已解锁。")


@needs("org.accounts", clause=clause)
def expiry(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Let an account run out at a moment (调整有效期)."""

    now = get_object_or_404(User, pk=user_id).expires_at

    def change(user: User, *, expires_at: Any, **more: Any) -> None:
        actions.set_expiry(user, moment=expires_at, **more)

    form = partial(forms.Expiry, initial={"expires_at": now, "lasting": "until" if now else "forever"})
    return on_account(request, user_id, form, "调整有效期", change, "有效期已调整。")


@needs("org.roles", clause=clause)
def grant(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Propose a post for a person (授予岗位); it takes effect when a second person has approved."""

    def give(user: User, *, post: Any, valid_to: Any, reason: str, by: Any, **_: Any) -> None:
        actions.propose_grant(post, by=by, user=user, valid_to=valid_to, reason=reason)

    return on_account(
        request, user_id, forms.Grant, "授予岗位", give, "已提请授予岗位，经第二人审批后生效。", "提请审批"
    )


@needs("org.roles", clause=clause)
def end_holding(request: HttpRequest, holding_id: UUID) -> HttpResponse:
    """Take a post from a person, and name who goes on with the work (收回岗位)."""
    held = holding_of(holding_id)

    def do(typed: dict[str, Any]) -> None:
        actions.end_holding(held, by=reader(request), **typed)
        messages.success(request, "岗位已收回，未办结的工作已移交。")

    return ask(request, forms.Leaving, f"收回岗位：{held}", do, account_page(held.user), submit="收回")
