"""What case handling does by the clock (挂起复核、签收、协办和报到超时): holds are looked at again, late orders are told."""

from uuid import UUID

from django.db.models import Q, QuerySet

from hezhi.chapters.cases.handling.actions.tree import tree
from hezhi.chapters.cases.handling.actions.turning import MATTER, tell_unit
from hezhi.chapters.cases.handling.actions.whistling import ask_for_result
from hezhi.chapters.cases.handling.models import Case, Category, State
from hezhi.chapters.cases.handling.rules import in_force
from hezhi.engines.flow import todos
from hezhi.engines.flow.models import ToDo, WorkOrder
from hezhi.engines.org.actor import Actor, system
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


MOST_ORDERS = 500
ABSENT = "come"
"""What is noted on a called order once its missed arrival was told (`WorkOrder.warned`)."""


def _late() -> QuerySet[WorkOrder]:
    """Orders whose own limit is over and of which nobody has been told: not signed for, not there, or a helper's time.

    A called unit (吹哨单) signs by arriving: its limit is that of its arrival.
    """
    moment = time.now()
    unsigned = Q(state=WorkOrder.State.TO_SIGN, sign_due_at__lte=moment, warned="", called=False)
    awaited = Q(state__in=("to_sign", "handling"), called=True, arrived_at__isnull=True, arrival_due_at__lt=moment)
    helping = Q(state__in=("to_sign", "handling"), own_days__isnull=False, due_at__lte=moment) & ~Q(warned="due")
    return WorkOrder.objects.filter(unsigned | helping | (awaited & ~Q(warned=ABSENT)), matter_type=MATTER)


@clause("9.1.2-2")
def watch_orders() -> int:
    """Tell of orders not signed for in time, helpers whose limit is over, called units not there (签收、协办、报到超时).

    The unit and the one that gave it the order hear it, once for each limit; of a missed arrival the centre's desk too.
    Gives how many orders.
    """
    if not _late().exists():
        return 0
    by = system("时限看守")
    with acting(by, verb="cases.warn_orders") as deed:
        late = list(
            _late()
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("unit", "issued_by_unit")[:MOST_ORDERS]
        )
        cases = Case.objects.in_bulk({order.matter_id for order in late})
        for order in late:
            (_tell_absent if order.called else _tell_late)(cases[order.matter_id], order, by)
        deed.detail["count"] = len(late)
    return len(late)


def _tell_absent(case: Case, order: WorkOrder, by: Actor) -> None:
    """A called unit is not there in time (超时未报到): itself, who called it and the centre's desk hear it, once."""
    order.warned = ABSENT
    order.save(update_fields=["warned"])
    told = {
        "unit": order.unit.name, "by_unit": order.issued_by_unit.name if order.issued_by_unit else "",
        "due": time.show(order.arrival_due_at) if order.arrival_due_at else "",
    }  # fmt: skip
    heard = {order.unit_id: "cases.sign"}
    for unit, right in ((order.issued_by_unit_id, "cases.whistle"), (case.desk_id, "cases.urge")):
        if unit is not None:
            heard.setdefault(unit, right)
    for unit, right in heard.items():
        tell_unit(case, "cases.arrival_missed", by=by, unit_id=unit, permission=right, **told)
    calling = next((each for each in tree(case) if each.pk == order.parent_id), None)
    if calling is not None:
        ask_for_result(case, calling)


def _tell_late(case: Case, order: WorkOrder, by: Actor) -> None:
    moment = time.now()
    helping = bool(order.own_days and order.due_at and order.due_at <= moment)
    due = order.due_at if helping else order.sign_due_at
    order.warned = "due" if helping else "sign"
    order.save(update_fields=["warned"])
    event, right = ("cases.help_late", "cases.handle") if helping else ("cases.sign_late", "cases.sign")
    told = {"unit": order.unit.name, "due": time.show(due) if due else ""}
    tell_unit(case, event, by=by, unit_id=order.unit_id, permission=right, **told)
    if order.issued_by_unit_id and order.issued_by_unit_id != order.unit_id:
        # Whoever gives orders hears of his own: a town holds «transfer» and no «urge», a department that calls neither.
        issuing = "cases.whistle" if order.called else "cases.transfer"
        tell_unit(case, event, by=by, unit_id=order.issued_by_unit_id, permission=issuing, **told)


@clause("9.1.2-2")
def turn_categories() -> int:
    """Switch categories on and off on their days (类别启停): the tree of the day is what officers choose from."""
    today = time.today()
    dated = Category.objects.filter(Q(valid_from__isnull=False) | Q(valid_to__isnull=False))
    late = [row for row in dated if row.active != in_force(row.valid_from, row.valid_to, today)]
    if not late:
        return 0
    with acting(system("类别启停"), verb="cases.turn_categories") as deed:
        for row in late:
            row.active = not row.active
            row.save(update_fields=["active"])
            deed.on(row)
    return len(late)
