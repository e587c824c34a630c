"""What case handling does by the clock (挂起复核): a hold is looked at again on its day."""

from uuid import UUID

from hezhi.chapters.cases.handling.actions.turning import MATTER, tell_unit
from hezhi.chapters.cases.handling.models import Case, State
from hezhi.engines.flow import todos
from hezhi.engines.flow.models import ToDo
from hezhi.engines.org.actor import system
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.clauses import clause

STEP = "review_hold"


@clause("9.1.2-2")
def remind_of_holds() -> int:
    """Put each hold whose day has come before the leading unit and tell it (挂起复核提醒), once. Gives how many."""
    told = 0
    for case in Case.objects.filter(state=State.ON_HOLD, review_on__lte=time.today()).order_by("review_on", "id"):
        unit = case.lead_unit_id or case.desk_id
        if unit is not None and not ToDo.objects.filter(object_id=case.pk, step=STEP, done_at__isnull=True).exists():
            _remind(case, unit)
            told += 1
    return told


def _remind(case: Case, unit: UUID) -> None:
    by = system("挂起复核")
    with acting(by, verb="cases.remind_of_hold") as deed:
        deed.on(case)
        todos.put(
            (MATTER, case.pk), number=case.number, title=case.title, step=STEP, permission="cases.hold", unit_id=unit,
            due_at=None, urgency=case.urgency,
        )  # fmt: skip
        tell_unit(
            case, "cases.review_hold", by=by, unit_id=unit, permission="cases.hold",
            day=time.show_day(case.review_on) if case.review_on else "",
        )  # fmt: skip
