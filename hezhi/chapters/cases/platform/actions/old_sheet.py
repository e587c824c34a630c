"""The sheet of an old system's running cases (旧系统在办件清单): its columns, and how a row is read."""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from hezhi.chapters.cases.platform.actions.taking_over import STAGES, Old
from hezhi.ground import time
from hezhi.ground.tables import Column, Row, open_table

URGENCIES = {"特急": "critical", "紧急": "urgent", "一般": "normal", "": ""}
COLUMNS = (
    Column("number", "原编号", required=True, also=("工单编号", "事件编号")),
    Column("received_at", "收到时间", required=True, explain="如 2026-03-05 09:30", also=("受理时间",)),
    Column("state", "环节", required=True, choices=tuple(STAGES)),
    Column("used", "已用时（工作分钟）", required=True, explain="从收到起扣除停表时间；待回访的从接管时起算，填 0"),
    Column("title", "标题", required=True),
    Column("text", "反映内容", also=("诉求内容",)),
    Column("category", "类别编码", explain="本系统类别编码；待受理以外的环节必填"),
    Column("unit", "承办单位", explain="本系统单位全称；待签收、处置中必填"),
    Column("reply", "答复内容", explain="待回访必填"),
    Column("place", "地点"),
    Column("name", "姓名"),
    Column("phone", "联系电话"),
    Column("urgency", "紧急程度", choices=("特急", "紧急", "一般")),
    Column("secret", "要求保密", choices=("是", "否")),
)
FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S")


def moment_of(text: str) -> datetime | None:
    """A moment as sheets write it, by the clock on the wall here; None for anything else."""
    for form in FORMS:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=time.SHANGHAI)
        except ValueError:
            continue
    return None


def read(file: BinaryIO, kind: str) -> tuple[list[Old], list[tuple[int, str]]]:
    """The rows of a sheet, and what cannot be read of it, row by row."""
    faults: list[tuple[int, str]] = []
    with open_table(file, kind, COLUMNS) as table:
        return list(_rows(iter(table), faults)), faults


def _rows(rows: Iterator[Row], faults: list[tuple[int, str]]) -> Iterator[Old]:
    for row in rows:
        told = row.values
        received, used = moment_of(told.get("received_at", "")), told.get("used", "")
        said = list(row.faults.values())
        said += [] if told.get("number") and len(told["number"]) <= 60 else ["原编号没有填写或超过 60 个字。"]
        said += [] if received and received <= time.now() else ["收到时间不是过去的时间，应如 2026-03-05 09:30。"]
        said += [] if told.get("state") in STAGES else [f"环节应为{'、'.join(STAGES)}之一。"]
        said += [] if used.isascii() and used.isdigit() else ["已用时应为整数（工作分钟）。"]
        said += [] if told.get("urgency", "") in URGENCIES else ["紧急程度应为特急、紧急或一般。"]
        if said or received is None:
            faults.append((row.number, "".join(said)))
            continue
        yield Old(
            row.number, told["number"], received, STAGES[told["state"]], int(used), told.get("title", ""),
            told.get("text", ""), told.get("category", ""), told.get("unit", ""), told.get("reply", ""),
            told.get("place", ""), told.get("name", ""), told.get("phone", ""), URGENCIES[told.get("urgency", "")],
            told.get("secret", "") == "是",
        )  # fmt: skip
