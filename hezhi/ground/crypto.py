"""Primitives of commercial cryptography (商用密码): SM4-GCM, SM3, HMAC-SM3.

SM4 (GM/T 0002) hides, SM3 (GM/T 0004) fingerprints, HMAC-SM3 does both jobs of a keyed
fingerprint: proof that nothing was changed, and look-up of a value that nobody can read. All come
from the package `cryptography`; `check_algorithms` proves that its OpenSSL really carries them.

Nothing here knows where keys live: they are handed in as bytes (see `engines.records.vault`).
"""

from __future__ import annotations

import hmac as _constant_time
import secrets
from collections.abc import Callable, Iterable

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = [
    "CHAIN_START",
    "KEY_BYTES",
    "NONCE_BYTES",
    "SM3_BYTES",
    "TAG_BYTES",
    "AlgorithmMissing",
    "Tampered",
    "blind_index",
    "chain",
    "check_algorithms",
    "decrypt",
    "encrypt",
    "hmac_sm3",
    "random_key",
    "random_token",
    "same",
    "sm3",
    "synthetic_nonce",
    "with_key",
]

KEY_BYTES = 16
"""An SM4 key: 128 bits."""
NONCE_BYTES = 12
TAG_BYTES = 16
SM3_BYTES = 32

CHAIN_START = bytes(SM3_BYTES)
"""What stands before the first row of a chain."""


class Tampered(Exception):
    """The box does not open: other key, other place, or changed on the way (数据被改动)."""


class AlgorithmMissing(RuntimeError):
    """This machine's cryptographic library lacks SM4-GCM or SM3, or computes them wrongly."""


# -- hiding ----------------------------------------------------------------------------------------


def encrypt(key: bytes, clear: bytes, associated: bytes = b"", *, nonce: bytes | None = None) -> bytes:
    """Seal bytes with SM4-GCM (加密): nonce, cipher text and tag in one.

    `associated` is not hidden but bound: only who names the same again can open. Without `nonce` a
    random one is drawn, which is safe for about four thousand million boxes under one key. Whoever
    gives one must never give it twice for different clear bytes: see `synthetic_nonce`.
    """
    nonce = secrets.token_bytes(NONCE_BYTES) if nonce is None else nonce
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
    sealer = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    sealer.authenticate_additional_data(associated)
    hidden = sealer.update(clear) + sealer.finalize()
    return nonce + hidden + sealer.tag


def decrypt(key: bytes, box: bytes, associated: bytes = b"") -> bytes:
    """Open what `encrypt` sealed (解密).

    Raises Tampered when one bit of box, key or associated data differs; no clear byte leaves then.
    """
    if len(box) < NONCE_BYTES + TAG_BYTES:
        raise Tampered("shorter than a nonce and a tag")
    nonce, hidden, tag = box[:NONCE_BYTES], box[NONCE_BYTES:-TAG_BYTES], box[-TAG_BYTES:]
    opener = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    opener.authenticate_additional_data(associated)
    try:
        return opener.update(hidden) + opener.finalize()
    except InvalidTag:
        raise Tampered("the tag does not fit") from None


Fingerprint = Callable[[bytes], bytes]
"""HMAC-SM3 with its key worked in (see `with_key`)."""


def synthetic_nonce(key: bytes | Fingerprint, *parts: bytes) -> bytes:
    """A nonce that follows from all parts: the same parts give the same box, others another.

    Name the clear bytes among the parts, or two clear texts would share a nonce and betray each
    other. Each part is measured first, so that ("ab", "c") and ("a", "bc") stay apart.
    """
    told = b"".join(len(part).to_bytes(8) + part for part in parts)
    return _fingerprint(key, b"nonce" + told)[:NONCE_BYTES]


# -- fingerprints ----------------------------------------------------------------------------------


def sm3(data: bytes) -> bytes:
    """The SM3 fingerprint (杂凑值), 32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """The keyed fingerprint HMAC-SM3 (RFC 2104 over SM3), 32 bytes."""
    keyed = hmac.HMAC(key, hashes.SM3())
    keyed.update(data)
    return keyed.finalize()


def with_key(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SM3 with the key worked in once: for many values under one key (import, sealing)."""
    ready = hmac.HMAC(key, hashes.SM3())

    def fingerprint(data: bytes) -> bytes:
        keyed = ready.copy()
        keyed.update(data)
        return keyed.finalize()

    return fingerprint


def _fingerprint(key: bytes | Fingerprint, data: bytes) -> bytes:
    return hmac_sm3(key, data) if isinstance(key, bytes) else key(data)


def blind_index(key: bytes | Fingerprint, kind: str, value: str) -> bytes:
    """A fingerprint to look a hidden value up by (盲索引): only for whole, normalised values.

    `kind` keeps columns apart, so that a phone and an equal customer number do not meet. Phones and
    ID numbers are few enough to be tried out by whoever holds the key: keep it apart from the rest.
    """
    return _fingerprint(key, kind.encode() + b"\x00" + value.encode())


def chain(previous: bytes, rows: Iterable[bytes]) -> bytes:
    """Carry a chain of fingerprints over some rows (链式封存): `h = SM3(h + row)`, row by row.

    How the rows are cut into batches makes no difference, so one job may seal by the second and
    another check by the month. Start from `CHAIN_START`. Rows come in their order, nothing left out.
    """
    if len(previous) != SM3_BYTES:
        raise ValueError(f"a link has {SM3_BYTES} bytes, not {len(previous)}")
    for row in rows:
        previous = sm3(previous + row)
    return previous


# -- small things ----------------------------------------------------------------------------------


def same(one: bytes | str, other: bytes | str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how far they agree."""
    one = one.encode() if isinstance(one, str) else one
    other = other.encode() if isinstance(other, str) else other
    return _constant_time.compare_digest(one, other)


def random_key(size: int = KEY_BYTES) -> bytes:
    """A fresh key of so many bytes."""
    return secrets.token_bytes(size)


def random_token(size: int = 32) -> str:
    """A secret for a link or a channel key: `size` random bytes, safe inside an address."""
    return secrets.token_urlsafe(size)


_EXAMPLE_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")
_EXAMPLE_BOX = bytes.fromhex(  # RFC 8998, appendix A.1: nonce, cipher text, tag
    "00001234567800000000abcd"
    "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
    "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    "83de3541e4c2b58177e065a9bf7b62ec"
)
_EXAMPLE_CLEAR = b"".join(bytes([sign]) * 8 for sign in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
_EXAMPLE_ASSOCIATED = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
_EXAMPLE_SM3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def check_algorithms() -> None:
    """Prove SM3 and SM4-GCM on the standards' own examples (算法自检): for start-up and doctor.

    Raises AlgorithmMissing. There is no second-best behind it: a system that quietly falls back to
    another cipher could not read its own data on the next machine.
    """
    try:
        opened = decrypt(_EXAMPLE_KEY, _EXAMPLE_BOX, _EXAMPLE_ASSOCIATED)
        right = opened == _EXAMPLE_CLEAR and sm3(b"abc").hex() == _EXAMPLE_SM3
    except (UnsupportedAlgorithm, Tampered) as fault:
        raise AlgorithmMissing("SM4-GCM or SM3 is missing in this machine's OpenSSL") from fault
    if not right:
        raise AlgorithmMissing("SM4-GCM or SM3 gives wrong results on this machine")
