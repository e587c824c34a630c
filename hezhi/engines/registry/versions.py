"""What a person saw, in one word (版本): the row's revision, or a digest of its values."""

from typing import Any

from hezhi.ground.crypto import sm3
from hezhi.ground.words import in_words


def version_of(row: Any) -> str:
    """A word that changes whenever the row changes; goes with the form and comes back with it."""
    names = [field.attname for field in row._meta.concrete_fields if field.name not in UNSEEN]
    if "revision" in names:
        return str(row.revision)
    values = "\x1f".join(f"{name}={in_words(getattr(row, name))}" for name in names)
    return sm3(values.encode()).hex()[:16]


# Marks of use that change by themselves and disturb nobody's editing.
UNSEEN = {"password", "last_login", "last_seen_at", "last_used_at"}
