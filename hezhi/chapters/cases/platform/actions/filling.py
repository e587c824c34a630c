"""Putting our reply into the platform's own form (回填): field by field, ticked by who did it, and when."""

from uuid import UUID

from hezhi.chapters.cases.handling.actions.turning import seen, settle
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.platform import queries
from hezhi.chapters.cases.platform.actions.turning import HANDLE, platform_of
from hezhi.chapters.cases.platform.models import BackFill
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import NotNow


@clause("9.1.2-1")
@verb("platform.fill")
def fill(case_id: UUID, *, by: Actor) -> BackFill:
    """Tick that the reply as it now stands is in the platform's form (已回填); a later reply asks for it again."""
    by.must(HANDLE)
    case = seen(case_id, by=by)
    platform_of(case)
    if not case.reply and case.closed_at is None:
        raise NotNow("这件事还没有答复，没有可以回填的内容。", remedy="请在答复以后回填。", code="platform.no_reply")
    if queries.filled(case) is not None:
        raise NotNow("这份答复已经回填过了。", "内容没有变化，不必再次回填。", code="platform.filled")
    row = BackFill.objects.create(
        case=case,
        round=case.redos + 1,
        digest=queries.digest_of(case),
        by_id=by.user_id,
        by_name=by.name,
        at=time.now(),
    )
    settle(case, "back_fill", by=by, title="已回填来源平台")
    return row


def ask_again(case: Case) -> int:
    """Take the tick off, because the platform shows another reply (重新回填); within the caller's verb."""
    return BackFill.objects.filter(case=case, undone_at=None).update(undone_at=time.now())
