"""One's own account: posts, stand-ins, password and second factor (账号与安全)."""

from typing import Any, cast
from uuid import UUID

from allauth.account.views import PasswordChangeView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from hezhi.chapters.appcentre.users import actions
from hezhi.chapters.appcentre.users.pages import forms
from hezhi.chapters.appcentre.users.pages.asking import account_page, holding_of
from hezhi.chapters.appcentre.users.pages.lists import own_facts
from hezhi.engines.org import sessions, sign_in
from hezhi.engines.org.api import Holding, User, holdings_of, reader, signed_in
from hezhi.ground import time
from hezhi.ground.ui.asking import ask


@signed_in
@require_GET
def own_account(request: HttpRequest) -> HttpResponse:
    """Posts, stand-ins, password and second factor of the person himself (账号与安全)."""
    user = _user(request)
    held = list(holdings_of(user))
    stand_ins = Holding.objects.filter(deputy_of__user=user, valid_to__gt=time.now()).select_related("user", "post")
    return render(request, "users/own_account.html", {
        "fact_list": own_facts(user),
        "holdings": held,
        "current_post": reader(request).post_id,
        "stand_ins": stand_ins,
        "has_factor": sign_in.has_second_factor(request),
    })  # fmt: skip


class ChangePassword(PasswordChangeView):
    """One's own new password (修改口令): with a way back, unless it must be changed now."""

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**more)
        return context | {"may_go_back": not sign_in.password_due(_user(self.request))}


@signed_in
@require_POST
def switch_post(request: HttpRequest, post_id: UUID) -> HttpResponse:
    """Go on working in another of one's posts (切换岗位), where one was refused in the post before when told so."""
    holding = actions.switch_post(_user(request), post_id)
    request.session[sessions.POST] = str(holding.post_id)
    messages.success(request, f"已切换到「{holding.post}」。")
    wanted = request.POST.get("next", "")
    # A path alone: an address with a scheme could leave TLS, a bare word would be looked up as the name of a page.
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, {request.get_host()})
    return redirect(wanted if ours else "/")


@signed_in
def deputy(request: HttpRequest, holding_id: UUID) -> HttpResponse:
    """Name who stands in while one is away (指定代理人); for somebody else it is proposed, and approved by a second."""
    by, held = reader(request), holding_of(holding_id)
    mine = held.user_id == by.user_id
    if not mine:
        by.must("org.roles")

    def do(typed: dict[str, Any]) -> None:
        if mine:
            actions.name_deputy(held, by=by, **typed)
            messages.success(request, f"已指定{typed['deputy']}代理「{held.post}」。")
        else:
            actions.propose_deputy(held, by=by, **typed)
            messages.success(request, f"已提请由{typed['deputy']}代理「{held.post}」，经第二人审批后生效。")

    back = reverse("users_own_account") if mine else account_page(held.user)
    return ask(
        request,
        forms.OwnDeputy if mine else forms.Deputy,
        f"指定代理人：{held.post}",
        do,
        back,
        "确定" if mine else "提请审批",
    )


@signed_in
@require_POST
def back_from_leave(request: HttpRequest, holding_id: UUID) -> HttpResponse:
    """Come back early: the stand-in ends, the open work returns (销假)."""
    stand_in = holding_of(holding_id)
    actions.return_from_leave(stand_in, by=reader(request))
    messages.success(request, "代理已结束，未办结的工作已交回。")
    return redirect("users_own_account")


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
