"""The demo messages (演示诉求) and the streaming of a file of real ones through the same door."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hezhi.chapters.cases.handling.demo import Cast
from hezhi.chapters.cases.intake.actions import Receipt, take_in
from hezhi.chapters.cases.intake.rules import Message
from hezhi.engines.org.actor import Actor, citizen, system
from hezhi.ground import time
from hezhi.ground.errors import Refusal

FILE = Path(__file__).parent / "demo" / "messages.csv"


def messages(few: int = 0) -> list[tuple[float, Message]]:
    """The demo messages with their age in minutes, oldest first; `few` keeps an even sample."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: -float(row["occurred"]))
    if few:
        rows = rows[:: max(1, len(rows) // few)][:few]
    return [(float(row["occurred"]), _message(row)) for row in rows]


def _message(row: dict[str, str]) -> Message:
    return Message(
        source=row["channel"],
        title=row["title"],
        text=row["detail"],
        lon=float(row["lon"]) if row["lon"] else None,
        lat=float(row["lat"]) if row["lat"] else None,
        crs="EPSG:4326" if row["lon"] else "",
        category=row["category"],
        urgency=row["urgency"],
        name=row["reporter_name"],
        phone=row.get("reporter_phone", ""),
        secret=row["secret"] == "1",  # noqa: S105
    )


def take(message: Message, people: Cast) -> Receipt:
    """Take one demo message in through the actor its channel would have."""
    by: Actor = citizen() if message.source in ("citizen", "online_media") else people.at_centre("acceptor")
    return take_in(message, by=by)


def read_real(path: Path) -> Iterator[Message]:
    """The messages of a CSV file with columns title, detail and perhaps time and msg_id (公开诉求数据)."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield Message(
                source="online_media",
                title=row.get("title", ""),
                text=(row.get("detail") or row.get("title") or "")[:5000],
                received_at=_moment(row.get("time", "")),
                outside_channel=path.stem[:40] if row.get("msg_id") else "",
                outside_number=row.get("msg_id", ""),
            )


def _moment(text: str) -> datetime | None:
    """A moment as such files write it (`2019/4/25 9:32:09`, local time); None when it cannot be read."""
    for form in ("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M"):
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=time.SHANGHAI)
        except ValueError:
            continue
    return None


def stream_file(path: Path, console: Console) -> tuple[int, int]:
    """Stream a file of real messages through intake; gives how many were new and how many refused.

    The messages count as received now: years-old ones would all be overdue at once.
    """
    found = list(read_real(path))
    new = refused = 0
    with Progress(
        TextColumn("诉求入库"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeRemainingColumn(),
        console=console,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=len(found))
        for message in found:
            try:
                new += take_in(replace(message, received_at=None), by=system("诉求导入")).new
            except Refusal as refusal:
                refused += 1
                console.print(f"第 {new + refused} 条未入库:{refusal}")
            progress.advance(task)
    console.print(f"入库 {new} 条,退回 {refused} 条,已有 {len(found) - new - refused} 条。")
    return new, refused
