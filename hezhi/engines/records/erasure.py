"""Erasing and making anonymous (删除与匿名化): at the end of a term, or because a person has the right to it.

The application's role may not touch history, so the last step is a function of the owner's,
`records_erase`: it takes one audit row and a list of rows, writes the first and erases the others in one
transaction, and refuses without the first. Nothing else in the house reaches into history.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, models, router, transaction
from django.db.models.deletion import Collector

from hezhi.engines.org.actor import Actor
from hezhi.engines.records import audit, files, store
from hezhi.engines.records.acting import Deed, acting
from hezhi.engines.records.models import AuditEntry, Comment
from hezhi.engines.records.vault import SealedTextField, sealed_values
from hezhi.ground.errors import BadInput
from hezhi.ground.events import announce

EVENT = "records.erase"
ERASED = "records.erased"
"""Announced with the ids of what went, by model label: for rooms that keep something made from those rows."""


@dataclass
class Erased:
    """What an erasure did (删除结果), by table: rows, versions in history; files and remarks."""

    rows: dict[str, int] = field(default_factory=dict)
    versions: int = 0
    files: int = 0
    comments: int = 0


def erase(row: models.Model, *, by: Actor, reason: str) -> Erased:
    """Erase a row with everything that hangs on it (彻底删除): dependants, versions, files, remarks.

    The caller has checked right and term. The audit keeps that it was done, by whom and why, and the
    row's id; earlier audit rows hold no values (P9). Raises ProtectedError while another row needs it,
    BadInput without a reason.
    """
    with _erasing(row, by, reason) as deed:
        found = _all_below(row)
        done = Erased(rows={model._meta.db_table: len(ids) for model, ids in found.items()})
        for ids in found.values():
            _things_beside(done, ids)
        type(row)._base_manager.filter(pk=row.pk).delete()
        plan = [{"table": model._meta.db_table, "ids": _told(ids), "columns": None} for model, ids in found.items()]
        done = _write(deed, row, plan, done)
        announce(ERASED, rows={model._meta.label_lower: list(ids) for model, ids in found.items()}, by=by)
        return done


def anonymise(row: models.Model, fields: Sequence[str], *, by: Actor, reason: str, reasons: bool = False) -> Erased:
    """Blank some fields of a row and of all its versions (匿名化); the row itself stays and is counted.

    The blind index of a sealed field goes with it. `reasons` takes the reasons along that officers gave for each
    version; who acted, and when, stays.
    Raises ValueError for a field that cannot be blank, BadInput without a reason.
    """
    blank = _blanks(row, fields)
    with _erasing(row, by, reason) as deed:
        model = type(row)
        done = Erased(rows={model._meta.db_table: 1})
        model._base_manager.filter(pk=row.pk).update(**blank)
        columns = [str(model._meta.get_field(name).column) for name in blank]  # type: ignore[union-attr]
        plan = [{"table": model._meta.db_table, "ids": _told([row.pk]), "columns": columns, "reasons": reasons}]
        done = _write(deed, row, plan, done)
    row.refresh_from_db(fields=list(blank))
    return done


def erase_beside(row: models.Model, *, by: Actor, reason: str) -> Erased:
    """Destroy only the files and remarks of a row (销毁附件与意见)."""
    with _erasing(row, by, reason) as deed:
        done = Erased()
        _things_beside(done, [row.pk])
        return _write(deed, row, [], done)


# -- the steps -------------------------------------------------------------------------------------


def _erasing(row: models.Model, by: Actor, reason: str) -> Any:
    """A verb whose audit row the database's own function writes."""
    if not reason.strip():
        raise BadInput({"reason": "请写明删除或匿名化的依据。"})
    return acting(by, verb=EVENT, reason=reason)


def _all_below(row: models.Model) -> dict[type[models.Model], list[Any]]:
    """Every row that goes when this one goes, by model."""
    collector = Collector(using=router.db_for_write(type(row)), origin=row)
    collector.collect([row])
    found: dict[type[models.Model], list[Any]] = {}
    for model, rows in collector.data.items():
        found.setdefault(model, []).extend(each.pk for each in rows)
    for quick in collector.fast_deletes:
        found.setdefault(quick.model, []).extend(quick.values_list("pk", flat=True))
    # What is only cut loose (SET_NULL) keeps versions that name the row by id: an id is no value.
    return {model: ids for model, ids in found.items() if ids and not _is_history(model)}


def _is_history(model: type[models.Model]) -> bool:
    return hasattr(model, "pgh_tracked_model")


def _things_beside(done: Erased, ids: Sequence[UUID]) -> None:
    """Files and remarks hang on a row by its id alone."""
    for id_ in ids:
        places = files.erase_files(id_)
        done.files += len(places)
        transaction.on_commit(partial(_drop_all, places))
    done.comments += Comment.objects.filter(object_id__in=list(ids)).delete()[0]


def _drop_all(places: Sequence[str]) -> None:
    """Free the room; what a crash leaves lying there can be read by nobody."""
    for place in places:
        store.drop(place)


def _write(deed: Deed, row: models.Model, plan: list[dict[str, Any]], done: Erased) -> Erased:
    """One call: the audit row, then the versions. It stands for the verb's own audit row."""
    detail = {"rows": done.rows, "files": done.files, "comments": done.comments}
    columns = plan[0]["columns"] if plan else None
    if columns:
        detail["columns"] = columns
    entry = audit.entry_of(deed.by, EVENT, [(row._meta.label_lower, row.pk)], reason=deed.reason, detail=detail)
    with connection.cursor() as cursor:
        cursor.execute("SELECT records_erase(%s::jsonb, %s::jsonb)", [_as_json(entry), json.dumps(plan)])
        done.versions = cursor.fetchone()[0]
    deed.written = True
    return done


def _as_json(entry: AuditEntry) -> str:
    told = {name: getattr(entry, name) for name in (*audit.NAMED, "at", "address", "detail")}
    return json.dumps(told | {"mac": "\\x" + bytes(entry.mac).hex()}, ensure_ascii=False, default=str)


def _told(ids: Sequence[Any]) -> list[str]:
    return [str(id_) for id_ in ids]


def _blanks(row: models.Model, fields: Sequence[str]) -> dict[str, Any]:
    """The blank form of each field; a sealed text brings the prints that are made of it."""
    blank = {name: _blank(row, name) for name in fields}
    sealed = {name: "" for name in fields if isinstance(row._meta.get_field(name), SealedTextField)}
    return blank | sealed_values(type(row), **sealed)


def _blank(row: models.Model, name: str) -> Any:
    """What stands in a field when nothing stands there."""
    column: Any = row._meta.get_field(name)
    if column.primary_key or column.unique:
        raise ValueError(f"{name} names the row and cannot be blanked")
    if column.null:
        return None
    if isinstance(column, models.JSONField):
        return {}
    if isinstance(column, models.CharField | models.TextField):
        return ""
    raise ValueError(f"{name} has no blank form; erase the row instead")
