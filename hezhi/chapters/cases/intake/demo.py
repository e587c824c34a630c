"""The demo messages (演示诉求); a file of real ones is streamed by `stream_file`, through the door of all files."""

import csv
from pathlib import Path

from hezhi.chapters.cases.handling.demo import Cast
from hezhi.chapters.cases.intake.actions import Receipt, take_in
from hezhi.chapters.cases.intake.local_files import stream_file
from hezhi.chapters.cases.intake.rules import Message
from hezhi.engines.org.actor import Actor, citizen

__all__ = ["messages", "stream_file", "take"]

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
