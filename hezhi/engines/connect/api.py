"""The door of connect (外部对接): who calls, asking twice, pushing news."""

from hezhi.engines.connect.errors import BadSignature, OtherRequest, OutOfScope, QuotaSpent, UnknownKey
from hezhi.engines.connect.idempotency import CLAIM, Claim, Kept, digest_of, once
from hezhi.engines.connect.keys import KeyActor, authenticate
from hezhi.engines.connect.webhooks import push

__all__ = [
    "CLAIM", "BadSignature", "Claim", "Kept", "KeyActor", "OtherRequest", "OutOfScope", "QuotaSpent", "UnknownKey", "authenticate",
    "digest_of", "once", "push",
]  # fmt: skip
