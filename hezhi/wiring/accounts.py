"""How the sign-in library stands in this house (登录库适配): its adapters and forms.

The library (allauth) walks the steps and draws nothing of its own; counting, rules, sentences and the
trace are ours. It stands on this floor because it must know the vault, the org engine and the verbs.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import lazy

from hezhi.chapters.appcentre.users import actions
from hezhi.engines.org import failures, sessions, sign_in
from hezhi.engines.org.actor import reader
from hezhi.engines.org.models import User
from hezhi.engines.records import vault
from hezhi.engines.records.used_codes import SEALED_AS, first_use
from hezhi.ground import time

FRESH = timedelta(minutes=5)
FAILED = lazy(sign_in.failed_sentence, str)()
LOCKED = "输错次数过多，请 30 分钟后再试，或联系本单位系统管理员。"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts as this house keeps them: no sign-up, one sentence for every failure, all in the database."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": FAILED,
        "too_many_login_attempts": FAILED,
        "enter_current_password": "现用口令不正确。",
        "incorrect_password": "口令不正确。",
        "incorrect_code": "验证码不正确，或已经用过。请等手机上出现下一个再输入。",
        "rate_limited": LOCKED,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return sign_in.address_of(request) or "0.0.0.0"  # noqa: S104 - a word for «unknown», nothing listens

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counting is done by `org.failures` for all workers, not here in the cache of one."""

    def pre_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse | None:
        """The last look before a person is in, for sign-in by passkey too."""
        locked = failures.is_locked(user.login_name, sign_in.address_of(request), time.now())
        if locked or not sign_in.is_open(user):
            messages.error(request, sign_in.failed_sentence())
            return redirect("account_login")
        return None

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        if settings.DEMO and not sign_in.has_second_factor(request):
            messages.info(request, "演示环境不强制两步验证，您可以在「账号与安全」中设置。")
        return super().post_login(request, user, **more)

    def set_password(self, user: User, password: str) -> None:
        actions.change_own_password(user, by=reader(context.request), password=password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return str(settings.LOGIN_REDIRECT_URL)

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """A sign-in of the last five minutes is proof enough."""
        since = context.request.session.get(sessions.SINCE, 0)
        return time.now().timestamp() - since > FRESH.total_seconds()


class SecondFactorAdapter(DefaultMFAAdapter):
    """The second factor: its secrets are sealed by the vault."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "cannot_delete_authenticator": "这种验证方式现在不能移除。",
        "cannot_generate_recovery_codes": "请先设置验证器或通行密钥，再生成备用码。",
    }

    def encrypt(self, text: str) -> str:
        return vault.seal(SEALED_AS, text)

    def decrypt(self, encrypted_text: str) -> str:
        return vault.unseal(SEALED_AS, encrypted_text)

    def get_totp_issuer(self) -> str:
        return str(settings.SYSTEM_NAME).split(" ")[0]

    def _get_site_name(self) -> str:
        return self.get_totp_issuer()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return f"通行密钥 {Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1}"


# --- forms --------------------------------------------------------------------------------


def _named(form: forms.BaseForm, **labels: str) -> None:
    """Give fields our words, and no grey text inside that vanishes while one types."""
    for name, label in labels.items():
        form.fields[name].label = label
        form.fields[name].widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):
    """登录名 and 口令."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _named(self, login="登录名", password="口令")  # noqa: S106 - a label
        self.fields["login"].widget.attrs["autofocus"] = True

    @property
    def notice(self) -> str:
        """Why the person stands here again (超时退出、他处登录)."""
        return sign_in.why_sentence(self.request.GET.get("why", "")) if self.request else ""

    @property
    def passkeys_work(self) -> bool:
        """Whether a browser lends its passkeys to this address: by TLS or on this machine, and never to a number."""
        if self.request is None:
            return False
        host = self.request.get_host().partition(":")[0]
        return host == "localhost" or (self.request.is_secure() and not host.replace(".", "").isdigit())


class NewPasswordForm(ChangePasswordForm):
    """A new password (修改口令); the rules are said before, not only after."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _named(self, oldpassword="现用口令", password1="新口令", password2="再输一次新口令")
        self.fields["password1"].help_text = "".join(password_validators_help_texts())

    def clean_oldpassword(self) -> str:
        """Counted like a sign-in, so that a left-open desk gives no endless tries."""
        return str(_one_at_a_time(self.user, self._right_password))

    def _right_password(self) -> str:
        try:
            return str(super().clean_oldpassword())
        except ValidationError:
            failures.note(self.user.login_name, sign_in.address_of(context.request), time.now())
            raise

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data
        if "password1" in typed and "password2" in typed and typed["password1"] != typed["password2"]:
            self.add_error("password2", "两次输入的新口令不一样。")
        return typed


class ConfirmPasswordForm(ReauthenticateForm):
    """The password once more, before something that touches the account's safety (再次确认)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _named(self, password="口令")  # noqa: S106 - a label


class _Code(mfa_forms.BaseAuthenticateForm):
    """A code from the phone or a recovery code; each works once, whichever worker hears it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _named(self, code="验证码")
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": True}

    def clean_code(self) -> str:
        return str(_one_at_a_time(self.user, self._right_and_fresh))

    def _right_and_fresh(self) -> str:
        code = super().clean_code()
        if not first_use(self.authenticator, code):
            self._emit_authentication_failed(self.authenticator)
            raise ValidationError(AccountAdapter.error_messages["incorrect_code"], code="incorrect_code")
        return code


class CodeForm(_Code, mfa_forms.AuthenticateForm):
    """The second step of signing in (两步验证)."""


class ConfirmCodeForm(_Code, mfa_forms.ReauthenticateForm):
    """The code once more, before something that touches the account's safety (再次确认)."""


class FirstCodeForm(ActivateTOTPForm):
    """The first code of a new authenticator (启用验证器)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _named(self, code="手机上显示的 6 位验证码")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class AddKeyForm(AddWebAuthnForm):
    """A new passkey (添加通行密钥)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _named(self, name="名称")
        self.fields["name"].help_text = "便于区分的名称，如「办公电脑」「值班室密钥」。"
        if "passwordless" in self.fields:
            self.fields["passwordless"].label = "以后可以只用它登录，不再输入口令"
            self.fields["passwordless"].help_text = "需要该设备支持指纹、面容或 PIN 码验证。"


def _one_at_a_time(user: Any, check: Callable[[], str]) -> str:
    """Check a secret while no other try on this account runs; refuse while the account is locked.

    The refusal is carried out of the lock's transaction, which must keep the failure that was counted.
    """
    refused: ValidationError | None = None
    with failures.one_at_a_time(user.login_name):
        if failures.is_locked(user.login_name, sign_in.address_of(context.request), time.now()):
            raise ValidationError(LOCKED, code="rate_limited")
        try:
            return check()
        except ValidationError as fault:
            refused = fault
    raise refused
