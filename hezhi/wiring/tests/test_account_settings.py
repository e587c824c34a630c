"""What the settings of accounts promise (GB/T 22239-2019 8.1.4.1, 8.1.4.8)."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from hezhi.wiring import account_settings


@pytest.mark.clause("12.3-1")
def test_passwords_are_kept_with_argon2_only():
    assert account_settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


@pytest.mark.clause("12.3-1")
def test_no_browser_is_remembered_and_no_first_factor_is_enough():
    assert account_settings.MFA_TRUST_ENABLED is False
    assert account_settings.ACCOUNT_SESSION_REMEMBER is False
    assert account_settings.MFA_WEBAUTHN_USER_VERIFICATION == "required"


def test_the_proxies_are_told_by_the_environment():
    assert account_settings._networks("") == []
    assert account_settings._networks("127.0.0.1, 10.1.2.3/8\n2001:db8::/32") == [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "2001:db8::/32",
    ]
    with pytest.raises(ImproperlyConfigured, match="HEZHI_TRUSTED_PROXIES"):
        account_settings._networks("10.0.0.0/8,proxy.example")
