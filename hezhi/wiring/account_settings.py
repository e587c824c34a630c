"""Settings of accounts and sign-in (账号与登录设置); `settings.py` imports all of them."""

import ipaddress
import os
import re

from django.core.exceptions import ImproperlyConfigured


def _networks(told: str) -> list[str]:
    """Addresses and networks, parted by commas or blanks; a misspelt one stops the start."""
    try:
        return [str(ipaddress.ip_network(each, strict=False)) for each in re.split(r"[\s,]+", told) if each]
    except ValueError as fault:
        raise ImproperlyConfigured(f"HEZHI_TRUSTED_PROXIES 里有一项不是地址或网段：{fault}") from fault


AUTHENTICATION_BACKENDS = ["hezhi.engines.org.sign_in.AccountBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "hezhi.engines.org.passwords.Shape"},
    {"NAME": "hezhi.engines.org.passwords.NothingOfOneself"},
    {"NAME": "hezhi.engines.org.passwords.NotCommon"},
    {"NAME": "hezhi.engines.org.passwords.NotUsedBefore"},
]

# Single figures of hezhi.engines.org.rules.Policy may be changed here, e.g. {"idle": timedelta(minutes=10)}.
SIGN_IN_POLICY: dict[str, object] = {}
# Sign-in on the way to these addresses sits in another channel than the officer's desk.
SIGN_IN_CHANNELS = [("/g/", "gridworker"), ("/wall/", "wall")]
# Networks of reverse proxies whose X-Forwarded-For is believed. Without them everybody behind a proxy has its address,
# and what is counted for one address is counted for the whole city.
TRUSTED_PROXIES = _networks(os.environ.get("HEZHI_TRUSTED_PROXIES", ""))

SESSION_EXPIRE_AT_BROWSER_CLOSE = True

ACCOUNT_ADAPTER = "hezhi.wiring.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login_name"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# The library counts in the cache, per worker; hezhi.engines.org.failures counts for all of them.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reauthenticate": None, "change_password": None}
ACCOUNT_FORMS = {
    "login": "hezhi.wiring.accounts.SignInForm",
    "change_password": "hezhi.wiring.accounts.NewPasswordForm",
    "reauthenticate": "hezhi.wiring.accounts.ConfirmPasswordForm",
}

MFA_ADAPTER = "hezhi.wiring.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TRUST_ENABLED = False
MFA_FORMS = {
    "authenticate": "hezhi.wiring.accounts.CodeForm",
    "reauthenticate": "hezhi.wiring.accounts.ConfirmCodeForm",
    "activate_totp": "hezhi.wiring.accounts.FirstCodeForm",
    "add_webauthn": "hezhi.wiring.accounts.AddKeyForm",
}
