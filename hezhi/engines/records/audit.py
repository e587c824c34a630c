"""The audit trail (审计): who did what to which object, from where, with what result.

Rows are written unchained inside the verb's own transaction; one job seals them into an SM3 chain in
commit order (`records.jobs.seal`). They hold ids, digests and keyed hashes, never values (P9).
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time


def write(
    by: Actor,
    event: str,
    objects: Sequence[tuple[str, UUID]] = (),
    *,
    result: str = "ok",
    reason: str = "",
    purpose: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write one row of the audit (8.1.4.3 a, b); `objects` beyond the first go into the detail."""
    kind, object_id = objects[0] if objects else ("", None)
    more = {"objects": [[k, str(i)] for k, i in objects[1:]]} if len(objects) > 1 else {}
    return AuditEntry.objects.create(
        at=time.real_now(),
        actor_kind=by.kind,
        actor_id=by.user_id,
        actor_name=by.name,
        post_title=by.post_title,
        unit_id=by.unit_id,
        channel=by.channel,
        address=by.address,
        request_id=by.request_id,
        event=event,
        object_type=kind,
        object_id=object_id,
        result=result,
        reason=reason,
        purpose=purpose,
        detail={**(detail or {}), **more},
    )


def read_of_personal(by: Actor, kind: str, object_id: UUID, fields: Sequence[str], purpose: str = "") -> None:
    """Log that personal values were shown in clear (个人信息查阅留痕): which fields, of what, and why."""
    write(by, "records.read_personal", [(kind, object_id)], purpose=purpose, detail={"fields": list(fields)})
