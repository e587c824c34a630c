"""Addresses of sign-in, one's own account and account administration, each with its right.

The sign-in library's pages are listed one by one: what is not here (sign-up, mail, reset by mail) does
not exist.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from django.http import HttpRequest, HttpResponse
from django.urls import path

from hezhi.chapters.appcentre.users.pages import accounts, own, picking, roles, units
from hezhi.engines.org.rights import open_to_all, signed_in

View = Callable[..., HttpResponse]


def _own(view: View) -> View:
    """The library's view under a name of ours, so that its right is written on ours."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    return page


def _gate(view: View) -> View:
    return open_to_all("the sign-in itself", clause="12.3-1")(_own(view))


def _mine(view: View) -> View:
    return signed_in(_own(view))


urlpatterns = [
    path("accounts/login/", _gate(account.login), name="account_login"),
    path("accounts/logout/", _gate(account.logout), name="account_logout"),
    path("accounts/2fa/authenticate/", _gate(mfa.authenticate), name="mfa_authenticate"),
    path("accounts/2fa/webauthn/login/", _gate(keys.login_webauthn), name="mfa_login_webauthn"),
    path("accounts/reauthenticate/", _mine(account.reauthenticate), name="account_reauthenticate"),
    path("accounts/password/change/", _mine(own.ChangePassword.as_view()), name="account_change_password"),
    path("accounts/2fa/", _mine(mfa.index), name="mfa_index"),
    path("accounts/2fa/reauthenticate/", _mine(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("accounts/2fa/totp/activate/", _mine(totp.activate_totp), name="mfa_activate_totp"),
    path("accounts/2fa/totp/deactivate/", _mine(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("accounts/2fa/recovery-codes/", _mine(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "accounts/2fa/recovery-codes/generate/",
        _mine(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("accounts/2fa/webauthn/", _mine(keys.list_webauthn), name="mfa_list_webauthn"),
    path("accounts/2fa/webauthn/add/", _mine(keys.add_webauthn), name="mfa_add_webauthn"),
    path(
        "accounts/2fa/webauthn/reauthenticate/",
        _mine(keys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("accounts/2fa/webauthn/keys/<int:pk>/remove/", _mine(keys.remove_webauthn), name="mfa_remove_webauthn"),
    path("accounts/2fa/webauthn/keys/<int:pk>/edit/", _mine(keys.edit_webauthn), name="mfa_edit_webauthn"),
    path("account/", own.own_account, name="users_own_account"),
    path("account/post/<uuid:post_id>/", own.switch_post, name="users_switch_post"),
    path("account/deputy/<uuid:holding_id>/", own.deputy, name="users_deputy"),
    path("account/return/<uuid:holding_id>/", own.back_from_leave, name="users_return"),
    path("users/accounts/", accounts.accounts, name="users_accounts"),
    path("users/accounts/new/", accounts.new_account, name="users_new_account"),
    path("users/accounts/<uuid:user_id>/", accounts.account, name="users_account"),
    path("users/accounts/<uuid:user_id>/password/", accounts.reset_password, name="users_reset_password"),
    path("users/accounts/<uuid:user_id>/factor/", accounts.reset_factor, name="users_reset_factor"),
    path("users/accounts/<uuid:user_id>/disable/", accounts.disable, name="users_disable"),
    path("users/accounts/<uuid:user_id>/enable/", accounts.enable, name="users_enable"),
    path("users/accounts/<uuid:user_id>/unlock/", accounts.unlock, name="users_unlock"),
    path("users/accounts/<uuid:user_id>/expiry/", accounts.expiry, name="users_expiry"),
    path("users/accounts/<uuid:user_id>/grant/", accounts.grant, name="users_grant"),
    path("users/pick/<slug:what>/", picking.pick, name="users_pick"),
    path("users/units/", units.tree, name="users_units"),
    path("users/units/<uuid:unit_id>/below/", units.below, name="users_units_below"),
    path("users/units/<uuid:unit_id>/", units.unit, name="users_unit"),
    path("users/units/<uuid:unit_id>/posts/new/", units.new_post, name="users_new_post"),
    path("users/posts/<uuid:post_id>/grant/", units.grant_here, name="users_grant_here"),
    path("users/roles/", roles.roles, name="users_roles"),
    path("users/roles/policy.xlsx", roles.policy_document, name="users_policy"),
    path("users/roles/<slug:code>/", roles.edit_role, name="users_edit_role"),
    path("users/holdings/<uuid:holding_id>/end/", accounts.end_holding, name="users_end_holding"),
]
