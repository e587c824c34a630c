"""Rotating a key of the installation from end to end (密钥轮换): its next version, then what older ones sealed.

Older versions stay in the folder: copies of the database from before need them, and the audit's seals name the key
they were made with.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.apps import apps
from django.db import connection

from hezhi.engines.org.actor import Actor
from hezhi.engines.records import files, vault
from hezhi.engines.records.acting import acting
from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField
from hezhi.engines.records.vault.keys import key_folder
from hezhi.engines.records.vault.rotation import sealed_columns
from hezhi.ground.errors import NotNow

VERB = "records.rotate_key"


@dataclass(frozen=True)
class Rotated:
    """The file of the new key, empty when none was made, and what was carried over to it: «table.column» → rows."""

    file: str
    carried: Mapping[str, int] = field(default_factory=dict)


def rotate_key(purpose: str, *, by: Actor, go_on: bool = False) -> Rotated:
    """Make the next version of a key and carry over what older ones sealed (轮换密钥).

    `go_on` makes none and goes on with a carrying over that was cut off. Each batch is a transaction of its own, so it
    may run while people work; history is carried too, for which it runs as the owner of the tables. Raises NotNow, and
    makes no key, when it does not; ValueError for a purpose that the installation has not.
    """
    if purpose.partition("@")[0] in ("field", "blind"):
        _must_own_history()
    name = "" if go_on else vault.rotate(key_folder(), purpose)
    if name:
        with acting(by, verb=VERB) as deed:
            deed.detail = {"purpose": purpose, "key": name}
    carried = _CARRY.get(purpose.partition("@")[0], dict)()
    with acting(by, verb=VERB) as deed:
        deed.detail = {"purpose": purpose, "rows": sum(carried.values())}
    return Rotated(name, carried)


def _must_own_history() -> None:
    tables = {model._meta.db_table for model, _ in sealed_columns()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(has_table_privilege(name, 'UPDATE')) FROM unnest(%s::text[]) name", [list(tables)]
        )
        [may] = cursor.fetchone()
    if not may:
        raise NotNow(
            "现在的数据库角色不能改写历史表，密钥没有轮换。", "历史里的加密内容也要换到新密钥，须由表的属主角色来做。",
            "请把 DATABASE_OWNER_URL 设为属主角色的地址后再运行。", code="records.not_owner",
        )  # fmt: skip


def _prints() -> dict[str, int]:
    """Every print of a blind index made anew (盲索引), history included."""
    indexes = (
        (model, index)
        for model in apps.get_models(include_auto_created=True)
        for index in model._meta.local_concrete_fields
        if isinstance(index, BlindIndexField) and model._meta.managed and not model._meta.proxy
        if isinstance(model._meta.get_field(index.source), SealedTextField)
    )
    return {f"{model._meta.db_table}.{index.column}": vault.reindex(model, index.name) for model, index in indexes}


_CARRY: Mapping[str, Callable[[], dict[str, int]]] = {
    "field": vault.reencrypt_all,
    "blind": _prints,
    "file": lambda: {"records_attachment.sealed_key": files.rewrap()},
}
"""What carries over for each purpose; the seals of the audit stay as they were made."""
