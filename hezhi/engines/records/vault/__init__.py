"""The vault (密文): fields that are encrypted at rest, with keys from files and versions that rotate.

Models declare `SealedTextField` and, for look-up of whole values, a `BlindIndexField` beside it. Code
then reads and writes plain text; table, history, backup and COPY hold ciphertext only. What a person
may see of it is another matter: masks stand in `hezhi.ground.masks`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hezhi.engines.records.vault.keys import KeyRing, KeyRingRefused, create_compartment, create_key_ring, ring, rotate
from hezhi.engines.records.vault.sealing import (
    Blind,
    SealBroken,
    blind,
    blind_many,
    mac,
    mac_fits,
    resealed,
    seal,
    seal_bytes,
    seal_many,
    told_code,
    told_codes,
    unseal,
    unseal_bytes,
)

if TYPE_CHECKING:
    from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField, index_of, sealed, sealed_values
    from hezhi.engines.records.vault.rotation import reencrypt, reencrypt_all, reindex, versions_in_use

_OF_TABLES = {
    "fields": ("BlindIndexField", "SealedTextField", "index_of", "sealed", "sealed_values"),
    "rotation": ("reencrypt", "reencrypt_all", "reindex", "versions_in_use"),
}
"""What brings the ORM with it; a process that only seals does without (`engines.bulk.sealer`)."""

__all__ = [
    "Blind",
    "BlindIndexField",
    "KeyRing",
    "KeyRingRefused",
    "SealBroken",
    "SealedTextField",
    "blind",
    "blind_many",
    "create_compartment",
    "create_key_ring",
    "index_of",
    "mac",
    "mac_fits",
    "reencrypt",
    "reencrypt_all",
    "reindex",
    "resealed",
    "ring",
    "rotate",
    "seal",
    "seal_bytes",
    "seal_many",
    "sealed",
    "sealed_values",
    "told_code",
    "told_codes",
    "unseal",
    "unseal_bytes",
    "versions_in_use",
]


def __getattr__(name: str) -> Any:
    """What has to do with tables, when somebody first asks for it."""
    for module, names in _OF_TABLES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
