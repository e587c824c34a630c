"""The roster (排班)."""

from datetime import datetime

from hezhi.engines.org import duty
from hezhi.engines.org.models import DutyShift, Unit, User


def put_on_duty(
    unit: Unit, user: User, *, starts_at: datetime, ends_at: datetime, rank: int = 1, answer_within: int = 10
) -> DutyShift:
    """Put a line on the roster (排班); refused when it runs over another one of the unit."""
    Unit.objects.select_for_update().get(pk=unit.pk)
    shift = DutyShift(
        unit=unit, user=user, rank=rank, starts_at=starts_at, ends_at=ends_at, answer_within=answer_within
    )
    duty.fits(shift)
    shift.save()
    return shift
