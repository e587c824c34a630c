"""The vault (密文): fields that are encrypted at rest, with keys from files and versions that rotate."""

from hezhi.engines.records.vault.keys import KeyRing, blind, create_key_ring, ring, seal, unseal

__all__ = ["KeyRing", "blind", "create_key_ring", "ring", "seal", "unseal"]
