"""A code of an authenticator works once (一码一用), whichever process hears it and wherever it is asked for."""

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction

from hezhi.engines.records import vault

SEALED_AS = "mfa_authenticator.data"
"""How the secrets of authenticators are sealed."""


def first_use(authenticator: Authenticator, code: str) -> bool:
    """Whether a time code that fits has not been used yet; the library remembers that in one process's cache only.

    The step of the last code is kept with the secret, and a code of that step or an earlier one is refused.
    """
    if authenticator.type != Authenticator.Type.TOTP:
        return True
    secret = vault.unseal(SEALED_AS, authenticator.data["secret"])
    plain = code.replace(" ", "").strip()
    steps = [s for s in yield_hotp_counters_from_time() if format_hotp_value(hotp_value(secret, s)) == plain]
    step = max(steps, default=-1)
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        if step <= row.data.get("step", -1):
            return False
        row.data["step"] = step
        row.save(update_fields=["data"])
    return True
