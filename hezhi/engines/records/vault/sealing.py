"""Sealing and opening with the ring's keys (加密与解密), and the prints to look sealed values up by."""

from __future__ import annotations

import base64
import binascii
import logging
import re
import struct
from collections.abc import Callable, Sequence

from hezhi.engines.records.vault.keys import Key, KeyRingRefused, purpose_of, ring
from hezhi.ground.crypto import (
    NONCE_BYTES,
    Tampered,
    blind_index,
    decrypt,
    encrypt,
    hmac_sm3,
    same,
    synthetic_nonce,
)
from hezhi.ground.errors import Refusal
from hezhi.ground.identifiers import check_phone, check_resident_id, plain_number
from hezhi.ground.ids import SIGNS
from hezhi.ground.text import fold

__all__ = [
    "Blind",
    "SealBroken",
    "blind",
    "blind_many",
    "compartment_of",
    "mac",
    "mac_fits",
    "normalised",
    "resealed",
    "seal",
    "seal_bytes",
    "seal_many",
    "told_code",
    "told_codes",
    "unseal",
    "unseal_bytes",
    "version_of",
]

_log = logging.getLogger(__name__)


class SealBroken(Refusal):
    """A sealed value does not open (密文校验不通过): changed, moved from elsewhere, or its key is another."""

    status = 409
    code = "seal_broken"
    what = "这项加密内容没有通过完整性校验"
    meaning = "它可能被改动过，或是从别处搬来的，系统不显示它，也没有做任何改动"
    remedy = "请把编号告诉系统管理员，由其核查并从备份恢复"


def _current(purpose: str) -> Key:
    """The key that seals now, looked for once more on disk when another process has made it meanwhile."""
    try:
        return ring().current(purpose)
    except KeyRingRefused:
        ring.cache_clear()
        return ring().current(purpose)


def _key(purpose: str, version: int) -> Key:
    """A key of the ring, looked for once more on disk when another process has rotated meanwhile."""
    if not ring().has(purpose, version):
        ring.cache_clear()
    return ring().key(purpose, version)


# -- texts, as the fields store them ---------------------------------------------------------------


def seal(associated: str, clear: str, row: str = "", compartment: str = "") -> str:
    """Seal a text under the current key: `v1.` and base64; the empty text stays empty.

    In a compartment (分隔) it is sealed under the compartment's own key and says so: `v1@name.`

    `associated` (table.column) is bound in, so a sealed value cannot be moved to another column. The
    row's id is not bound in: reading meets the value without its row (`values()`, joins, history
    copies under another key). Where the id is known it goes into the nonce instead: then an unchanged
    text seals to the same value again, and the history sees no change where there was none, while
    equal texts in two rows still look different.
    """
    if clear == "":
        return ""
    key, plain = _current(purpose_of(compartment)), clear.encode()
    nonce = synthetic_nonce(key.nonce_print, associated.encode(), row.encode(), plain) if row else None
    box = encrypt(key.secret, plain, associated.encode(), nonce=nonce)
    inside = f"@{compartment}" if compartment else ""
    return f"v{key.version}{inside}.{base64.b64encode(box).decode()}"


def seal_many(associated: str, clears: Sequence[str], rows: Sequence[str]) -> list[str]:
    """Texts of many rows as `seal(associated, clear, row)` seals each of them, several times as fast (成批加密)."""
    if not all(clears) or not all(rows):
        return [seal(associated, clear, row) for clear, row in zip(clears, rows, strict=True)]
    key, column = _current("field"), associated.encode()
    plain, head = [clear.encode() for clear in clears], b"nonce" + len(column).to_bytes(8) + column
    print_ = key.nonce_print
    nonces = [  # as `synthetic_nonce` makes it of the column, the row and the text
        print_(head + len(row).to_bytes(8) + row + len(text).to_bytes(8) + text)[:NONCE_BYTES]
        for row, text in zip(map(str.encode, rows), plain, strict=True)
    ]
    begin = f"v{key.version}.".encode()
    boxes = key.in_sets.encrypt(plain, nonces, column)
    return [(begin + binascii.b2a_base64(box, newline=False)).decode() for box in boxes]


def unseal(associated: str, sealed: str) -> str:
    """Open a sealed text. Raises SealBroken, and KeyRingRefused when its key is not on the ring."""
    if sealed == "":
        return ""
    version, purpose = version_of(sealed), purpose_of(compartment_of(sealed))
    try:
        box = base64.b64decode(sealed.partition(".")[2], validate=True)
        return decrypt(_key(purpose, version).secret, box, associated.encode()).decode()
    except (Tampered, binascii.Error, UnicodeDecodeError):
        _log.error("a sealed value of %s under key v%s does not open", associated, version)
        raise SealBroken from None


def resealed(associated: str, sealed: str, row: str = "") -> str:
    """The same text under the current key; unchanged when it is there already (for the job of a rotation).

    For texts that stand sealed outside a `SealedTextField`, which `reencrypt` cannot find.
    """
    compartment = compartment_of(sealed) if sealed else ""
    if sealed == "" or version_of(sealed) == _current(purpose_of(compartment)).version:
        return sealed
    return seal(associated, unseal(associated, sealed), row, compartment)


def version_of(sealed: str) -> int:
    """The version of the key that sealed this text. Raises SealBroken when it is not sealed at all."""
    head = sealed.partition(".")[0].partition("@")[0]
    if not (head.startswith("v") and head[1:].isascii() and head[1:].isdigit()):
        _log.error("a value that should be sealed is not")
        raise SealBroken
    return int(head[1:])


def compartment_of(sealed: str) -> str:
    """The compartment a sealed text lies in, "" for the common one (所在分隔). Raises SealBroken for a strange name."""
    name = sealed.partition(".")[0].partition("@")[2]
    try:
        purpose_of(name)
    except ValueError:
        raise SealBroken from None
    return name


# -- look-up ---------------------------------------------------------------------------------------


class Blind(str):
    """A print to look up by (盲索引值): the current one, and those of older keys while they last."""

    older: tuple[str, ...] = ()


_NORMALISERS: dict[str, Callable[[str], str]] = {
    "phone": lambda value: check_phone(value).value,
    "resident_id": lambda value: check_resident_id(value, old_too=True).value,
    "uscc": plain_number,
    "bank_card": plain_number,
    "plate": lambda value: plain_number(value).replace("·", ""),
}


_ONE_FORM = re.compile(r"[0-9]{17}[0-9X]|1[3-9][0-9]{9}")
"""ID and mobile numbers that stand in their one form already: most of a million."""


def normalised(kind: str, value: str) -> str:
    """The one form in which a value of this kind is looked up: `care.phone` is formed as `phone` is.

    A kind without a rule of its own is folded: one width, one case, no spaces.
    """
    return _NORMALISERS.get(kind.rpartition(".")[2], fold)(value)


def blind(kind: str, value: str) -> Blind:
    """The print of a value (盲索引), hex, for `.filter(phone_blind=blind("phone", value))`.

    The value may come as a person typed it. Empty gives empty. Equal values under one kind give equal
    prints in every table; where tables must not be joined by them, give the kind a realm of its own
    (`care.phone`). During a rotation of the key the filter looks for older prints too.
    """
    plain = value if _ONE_FORM.fullmatch(value) and kind in _NORMALISERS else normalised(kind, value)
    prints = [blind_index(key.print, kind, plain).hex() for key in ring().newest_first("blind")] if plain else [""]
    found = Blind(prints[0])
    found.older = tuple(prints[1:])
    return found


def told_code(kind: str, about: str, *, signs: str = SIGNS, many: int = 8) -> str:
    """A short code for one thing, worked out under the key (口头码): told to a person, kept nowhere.

    The same thing gives the same code, and without the key nobody can work it out. At most 32 signs long.
    """
    return told_codes(kind, about, signs=signs, many=many)[0]


def told_codes(kind: str, about: str, *, signs: str = SIGNS, many: int = 8) -> list[str]:
    """The code, and after it those that older keys made while they last: what was told before a rotation still holds."""
    now = blind(kind, about)
    prints = [bytes.fromhex(each) for each in (now, *now.older)]
    return ["".join(signs[byte % len(signs)] for byte in each[:many]) for each in prints]


def blind_many(kind: str, values: Sequence[str]) -> list[str]:
    """The current prints of many values, as `blind(kind, value)` makes each (成批盲索引)."""
    if kind not in _NORMALISERS:
        return [str(blind(kind, value)) for value in values]
    print_, one_form, head = ring().newest_first("blind")[0].print, _ONE_FORM.fullmatch, kind.encode() + b"\x00"
    return [print_(head + value.encode()).hex() if one_form(value) else str(blind(kind, value)) for value in values]


# -- bytes: files and audit rows -------------------------------------------------------------------

_HEAD = struct.Struct(">4sH")
_MARK = b"HZF1"


def seal_bytes(associated: str, clear: bytes) -> bytes:
    """Seal a file's content under the `file` key, bound to `associated` (its id) (文件加密)."""
    key = ring().current("file")
    return _HEAD.pack(_MARK, key.version) + encrypt(key.secret, clear, associated.encode())


def unseal_bytes(associated: str, sealed: bytes) -> bytes:
    """Open a file's content. Raises SealBroken, and KeyRingRefused when its key is not on the ring."""
    try:
        mark, version = _HEAD.unpack_from(sealed)
        if mark != _MARK:
            raise Tampered("no sealed file")
        return decrypt(_key("file", version).secret, sealed[_HEAD.size :], associated.encode())
    except (Tampered, struct.error):
        _log.error("the sealed file %s does not open", associated)
        raise SealBroken from None


def mac(data: bytes, purpose: str = "audit") -> bytes:
    """A keyed fingerprint that proves a row unchanged (完整性校验值): 2 bytes key version, 32 bytes HMAC-SM3."""
    key = ring().current(purpose)
    return key.version.to_bytes(2) + key.print(data)


def mac_fits(data: bytes, told: bytes, purpose: str = "audit") -> bool:
    """Whether the fingerprint belongs to this data. Raises KeyRingRefused when its key is not on the ring."""
    if len(told) != 34:
        return False
    key = _key(purpose, int.from_bytes(told[:2]))
    return same(hmac_sm3(key.secret, data), told[2:])
