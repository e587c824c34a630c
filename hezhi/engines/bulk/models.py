"""What a large import keeps while it is under way (大批量导入的暂存), and nothing of it afterwards.

What identifies a person stands in a staging table exactly as in the register itself: sealed, with its print. No
clear number is written anywhere. The rows go when the batch is written, given up, undone or a day old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField
from hezhi.ground import time


class BulkRun(models.Model):
    """One large batch (大批量导入批次): how its file is read, and how far it is. Its id is the import run's."""

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField("文件类别", max_length=8)
    lines = models.PositiveIntegerField("估计行数", default=0)
    phase = models.CharField("步骤", max_length=20, blank=True)
    done = models.PositiveIntegerField("已完成", default=0)
    total = models.PositiveIntegerField("共", default=0)
    since = models.DateTimeField("本步开始", default=time.now)
    begun_at = models.PositiveIntegerField("本步起点", default=0)
    reason = models.CharField("撤销原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "大批量导入批次"


class BulkChunk(models.Model):
    """One piece of a batch's rows (一段), staged as a whole: what was refused in it, and which rows must wait.

    `faults` are row number → column → sentences; `lines` the numbers of the first and the last row.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.UUIDField("批次")
    number = models.PositiveIntegerField("段号")
    rows = models.PositiveIntegerField("行数")
    staged = models.PositiveIntegerField("暂存行数")
    faults = models.JSONField("退回原因", default=dict)
    waiting = models.JSONField("逐行办理的行", default=list)

    class Meta:
        verbose_name = "大批量导入的一段"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_bulk_chunk_per_number")]


class Staged(models.Model):
    """Base of a staging table (暂存行): a row as it will stand in the register, with its place in the file.

    `key` is what recognises the row (its natural key, else the print of a number it is known by); `state` tells
    whether it will be written as it stands, was refused, or waits for the row path.
    """

    class State(models.TextChoices):
        NEW = "new", "新增"
        REFUSED = "refused", "退回"
        WAITING = "waiting", "逐行办理"

    measures = {"chunk": "号", "line": "号"}

    id = models.UUIDField(primary_key=True, editable=False)
    run = models.UUIDField("批次")
    chunk = models.PositiveIntegerField("段号")
    line = models.PositiveIntegerField("行号")
    key = models.CharField("识别键", max_length=80, blank=True)
    fate = models.CharField("处理", max_length=8, choices=State.choices)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["run", "chunk"], name="%(class)s_chunk")]


def staging_of(
    model: type[models.Model], names: Sequence[str], also: Mapping[str, models.Field[Any, Any]] | None = None
) -> type[Staged]:
    """The staging table of a register: these fields as they stand there, without its indexes and conditions.

    Sealed fields stay bound to the register's own columns, so a staged value is the register's value. Its
    migration makes the table UNLOGGED (what a crash of the server takes is read from the file again), and gives a
    function `<table>_analyze()` of the owner's.
    """
    fields = {name: _copied(model, name) for name in names} | dict(also or {})
    verbose = f"暂存的{model._meta.verbose_name}"
    meta = type(
        "Meta", (Staged.Meta,), {"verbose_name": verbose, "app_label": model._meta.app_label, "abstract": False}
    )
    told = {
        "__module__": model.__module__,
        "__doc__": f"Rows of a large import on their way ({verbose}).",
        "Meta": meta,
    }
    if hasattr(model, "purpose"):
        told["purpose"] = model.purpose
    return type(f"Staged{model.__name__}", (Staged,), told | fields)


def _copied(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field: Any = model._meta.get_field(name)
    if isinstance(field, models.ForeignKey):  # without a condition: the register's own looks at the row
        return models.ForeignKey(
            field.remote_field.model, models.DO_NOTHING, null=True, blank=True, related_name="+", db_index=False,
            db_constraint=False, verbose_name=field.verbose_name,
        )  # fmt: skip
    _, _, args, kwargs = field.deconstruct()
    if isinstance(field, models.DateField):
        kwargs |= {"null": True}
    elif isinstance(field, BlindIndexField):
        kwargs |= {"db_index": False}
    elif isinstance(field, SealedTextField):
        kwargs |= {"bound_to": field.bound_to}
    return type(field)(*args, **kwargs)
