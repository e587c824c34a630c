"""What several of these declarations share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hezhi.engines.flow.parts import ExportApproval
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.identifiers import Check, check_phone, check_uscc

GROUP = "基础信息管理"
APPROVAL = ExportApproval("registers.approve_export")
"""Exports with personal data wait for a second person (导出须第二人审批)."""
AREAS = ("town", "community", "grid")


def rights(prefix: str) -> dict[str, str]:
    """A permission of its own for each ability, 查看全文 among them."""
    return {name: f"{prefix}.{name}" for name in ("view", "edit", "delete", "import", "export", "reveal")}


def refuse(told: Mapping[str, str | None]) -> None:
    """Raise BadInput with what is wrong, by field; nothing when nothing is."""
    faults = {name: [f"{said}。"] for name, said in told.items() if said}
    if faults:
        raise BadInput(faults)


def put_right(row: Any, *names: str) -> None:
    """Bring phone numbers into their one form; refuse what cannot be one."""
    _put(row, names, check_phone)


def put_uscc_right(row: Any) -> None:
    """Bring the credit code into its one form; refuse what fails its check sign."""
    _put(row, ("uscc",), check_uscc)


def _put(row: Any, names: tuple[str, ...], look: Any) -> None:
    told: dict[str, str | None] = {}
    for name in names:
        value = getattr(row, name)
        if value:
            found: Check = look(value)
            told[name] = found.fault
            setattr(row, name, found.value)
    refuse(told)


def not_in_future(row: Any, *names: str) -> None:
    """Days of what has happened cannot lie ahead."""
    days: list[tuple[str, date | None]] = [(name, getattr(row, name)) for name in names]
    refuse({name: "日期不能晚于今天" for name, day in days if day is not None and day > time.today()})


def below(row: Any, above: Any) -> None:
    """What stands in something else lies where that lies and belongs to whom that belongs."""
    for name in ("district_id", "town_id", "community_id", "grid_id", "unit_id"):
        setattr(row, name, getattr(above, name))
