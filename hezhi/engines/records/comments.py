"""Remarks on a row (批注、意见): among officers, or to the one who reported.

The caller has checked that the person may see the row. A remark is not changed afterwards; who erred
writes another.
"""

from django.db import models
from django.db.models import QuerySet

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting, current_deed
from hezhi.engines.records.models import Comment
from hezhi.ground import time
from hezhi.ground.errors import BadInput

MOST_SIGNS = 2000
Audience = Comment.Audience


def add(row: models.Model, text: str, *, by: Actor, audience: str = Audience.INTERNAL) -> Comment:
    """Leave a remark on a row (批注), within the caller's verb or as a verb of its own.

    `audience` says who reads it: officers only, or the reporter too. Raises BadInput at the field
    `text` when it is empty or longer than 2,000 signs.
    """
    text = text.strip()
    if not text:
        raise BadInput({"text": "请写明内容。"})
    if len(text) > MOST_SIGNS:
        raise BadInput({"text": f"内容最多 {MOST_SIGNS} 字，现有 {len(text)} 字，请删减。"})
    if current_deed() is not None:
        return _add(row, text, by, audience)
    with acting(by, verb="records.comment") as deed:
        deed.on(row)
        deed.detail["audience"] = str(audience)
        return _add(row, text, by, audience)


def _add(row: models.Model, text: str, by: Actor, audience: str) -> Comment:
    return Comment.objects.create(
        object_type=row._meta.label_lower,
        object_id=row.pk,
        text=text,
        audience=audience,
        by_id=by.user_id,
        by_name=by.name,
        unit_name=by.unit_name,
        at=time.now(),
    )


def comments_of(row: models.Model, *, audience: str = "") -> QuerySet[Comment]:
    """The remarks on a row, oldest first; `audience="reporter"` gives only what the reporter may read."""
    rows = Comment.objects.filter(object_id=row.pk).order_by("at", "id")
    return rows.filter(audience=audience) if audience else rows
