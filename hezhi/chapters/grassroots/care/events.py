"""What the care room listens to (通知): a row that is to be erased while somebody in care hangs on it."""

from typing import Any

from hezhi.chapters.grassroots.care.models import CareFile
from hezhi.chapters.grassroots.registers.models import Resident
from hezhi.ground.errors import NotNow
from hezhi.ground.events import listens


@listens("registry.purging")
def keep_who_is_in_care(*, row: Any, **_: Any) -> None:
    """A removed resident stays until his care file is closed and erased by its own term (P12); nobody outside learns why."""
    if isinstance(row, Resident) and CareFile.objects.filter(resident=row).exists():
        raise NotNow("这条记录暂不清除。", code="registry.still_needed")
