"""The demo messages (演示诉求); a file of real ones is streamed by `stream_file`, through the door of all files."""

import csv
from datetime import timedelta
from pathlib import Path

from hezhi.chapters.cases.handling.demo import Cast
from hezhi.chapters.cases.intake.actions import Receipt, take_in
from hezhi.chapters.cases.intake.local_files import stream_file
from hezhi.chapters.cases.intake.rules import Message
from hezhi.engines.org.actor import Actor, citizen
from hezhi.ground import time

__all__ = ["messages", "stream_file", "take"]

FILE = Path(__file__).parent / "demo" / "messages.csv"


def messages(few: int = 0) -> list[tuple[float, Message]]:
    """The demo messages with their age in minutes, oldest first; `few` keeps an even sample."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: -float(row["occurred"]))
    if few:
        rows = rows[:: max(1, len(rows) // few)][:few]
    return [(_age(row), _message(row)) for row in rows]


def _age(row: dict[str, str]) -> float:
    """Minutes since it came in: at its own hour of its day, so that nobody writes at four in the morning."""
    days = int(row["days_ago"])
    if days < 1:
        return float(row["occurred"])
    hour, minute = map(int, row["clock"].split(":"))
    moment = time.at_local(time.today()) - timedelta(days=days) + timedelta(hours=hour, minutes=minute)
    return max(0.0, (time.now() - moment).total_seconds() / 60)


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
        appeal=row["appeal"] or "help",
        name=row["reporter_name"],
        phone=row.get("reporter_phone", ""),
        secret=row["secret"] == "1",  # noqa: S105
    )


def take(message: Message, people: Cast) -> Receipt:
    """Take one demo message in through the actor its channel would have."""
    by: Actor = citizen() if message.source in ("citizen", "online_media") else people.at_centre("acceptor")
    return take_in(message, by=by)
