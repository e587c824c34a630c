"""The roster (排班)."""

from datetime import datetime

from hezhi.engines.org import duty
from hezhi.engines.org.models import DutyShift, Unit, User
from hezhi.ground import time
from hezhi.ground.errors import NotNow


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


def change_shift(
    shift: DutyShift, *, user: User, starts_at: datetime, ends_at: datetime, rank: int, answer_within: int
) -> DutyShift:
    """Change a line of the roster (调班); refused for a shift that is over, or that would run over another one."""
    row = _still_open(shift, "调整")
    row.user, row.starts_at, row.ends_at, row.rank, row.answer_within = user, starts_at, ends_at, rank, answer_within
    duty.fits(row)
    row.save()
    return row


def cancel_shift(shift: DutyShift) -> None:
    """Take a line off the roster (取消班次); what was done is not undone, so a shift that is over stays."""
    _still_open(shift, "取消").delete()


def _still_open(shift: DutyShift, what: str) -> DutyShift:
    Unit.objects.select_for_update().get(pk=shift.unit_id)
    row = DutyShift.objects.select_related("user", "unit").filter(pk=shift.pk).first()
    if row is None:
        raise NotNow("这个班次刚刚已被取消。", "没有做任何改动。", "请刷新后查看。", code="org.shift_gone")
    if row.ends_at <= time.now():
        raise NotNow(
            f"这个班次已经结束，不能{what}。", "值班记录须保留原样。", "请只调整以后的班次。", code="org.shift_over"
        )
    return row
