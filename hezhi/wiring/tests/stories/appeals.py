"""Some hundred messages as three systems hand them over (三个来源的诉求): sheets through the door of intake, rounds of early warning.

They are the public appeals where these lie beside the project, else the demo's own. The appeals are of another city:
each keeps its words and the distance of its time, and is laid somewhere into the demo district, one event at one spot.
Run as a program it takes sheets in, in the processes' own database.
"""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hezhi.ground import time
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System

SHARED = Path(os.environ.get("HEZHI_SHARED", CHECKOUT.parent / "shared")) / "data/appeals-teddy2020"
DEMO = CHECKOUT / "hezhi/chapters/cases/intake/demo/messages.csv"
MANY, UPTO = 300, "2019-12-05 23:59:59"
"""How many appeals, the last of an evening on which one matter was told by many (丽发新城搅拌站)."""
MANY_TOLD = "丽发新城搅拌站"
"""What people call the matter that most of these appeals are about."""
HEADS = ("标题", "反映内容", "诉求时间", "外部编号", "经度", "纬度", "地点")
CHANNELS = ("hotline", "grid", "online_media")
NO_PLACE = 5
"""Of so many messages that belong to no event one has no place at all."""


@dataclass(frozen=True)
class Appeal:
    """A message as it will be handed over: through which channel, when, of which known event, where."""

    number: str
    title: str
    text: str
    at: datetime
    channel: str
    event: str = ""
    point: tuple[float, float] | None = None
    place: str = ""


def appeals(system: System) -> list[Appeal]:
    """The messages, oldest first, up to an evening on which one matter was told by many; that evening is today or yesterday."""
    spots = system.sql("select st_x(c), st_y(c) from (select st_pointonsurface(shape) as c from geo_area"
                       " where level = 'grid' and kind = 'basic' and valid_to is null) as g"
                       " order by c <-> (select centre from geo_area where level = 'town' order by code limit 1), 1, 2")  # fmt: skip
    return _public(spots) if SHARED.is_dir() else _demo(spots)


def _public(spots: Sequence[tuple[float, float]]) -> list[Appeal]:
    known = {row["msg_id"]: row for row in _rows(SHARED / "events_gold.csv")}
    told = [(_moment(row["time"]), row) for row in _rows(SHARED / "messages_events.csv")]
    some = sorted((each for each in told if each[0] <= _moment(UPTO)), key=lambda each: each[0])[-MANY:]
    shift = timedelta(days=(time.now() - some[-1][0]).days)
    return [_appeal(n, at + shift, row, known.get(row["msg_id"], {}), spots) for n, (at, row) in enumerate(some)]


def _appeal(
    n: int, at: datetime, row: dict[str, str], known: dict[str, str], spots: Sequence[tuple[float, float]]
) -> Appeal:
    event = known.get("gold_name", "") if known.get("kind") == "cluster" else ""
    dice = random.Random(row["msg_id"])
    spot = spots[0] if event == MANY_TOLD else _spot(event or row["msg_id"], spots)
    spot = spot if event or dice.randrange(NO_PLACE) else None
    return Appeal(row["msg_id"], row["title"], row["detail"], at, CHANNELS[n % len(CHANNELS)], event, spot, event)


def _spot(name: str, spots: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """One spot for one name. Near the first town much is told, far away little, so that some ground is hotter than other."""
    return spots[int(len(spots) * random.Random(name).random() ** 3)]


def _demo(spots: Sequence[tuple[float, float]]) -> list[Appeal]:
    told = sorted((_demo_moment(row), row["number"], row) for row in _rows(DEMO) if row["secret"] != "1")
    days = Counter((row["event"], row["days_ago"]) for *_, row in told if row["event"])
    many = max(days, key=lambda day: days[day])
    last = max(at for at, _, row in told if (row["event"], row["days_ago"]) == many)
    shift = timedelta(days=(time.now() - last).days)
    return [
        Appeal(
            f"Y{row['number']}", row["title"], row["detail"], at + shift, CHANNELS[n % len(CHANNELS)], row["event"],
            _spot(row["event"] or row["number"], spots) if row["lon"] else None,
        )
        for n, (at, _, row) in enumerate(told) if at <= last
    ]  # fmt: skip


def _demo_moment(row: dict[str, str]) -> datetime:
    hour, minute = map(int, row["clock"].split(":"))
    day = time.at_local(time.today() - timedelta(days=int(row["days_ago"])))
    return min(time.now(), day + timedelta(hours=hour, minutes=minute))


def _moment(text: str) -> datetime:
    for form in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=time.SHANGHAI)
        except ValueError:
            continue
    raise ValueError(text)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def hand_over(system: System, told: Iterable[Appeal], folder: Path) -> None:
    """A sheet a channel goes in by the door of files, then the stream and the watch go their rounds."""
    rows = list(told)
    for channel in CHANNELS:
        with (folder / f"{channel}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADS)
            writer.writerows(
                (each.title, each.text, f"{each.at:%Y-%m-%d %H:%M:%S}", each.number, *(each.point or ("", "")), each.place)
                for each in rows if each.channel == channel
            )  # fmt: skip
    subprocess.run([sys.executable, "-m", __name__, str(folder)], check=True, cwd=CHECKOUT, env=system.environment)


def main(folder: Path) -> None:
    """Take the sheets of a folder in and let early warning go its rounds, as the worker would."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
    django.setup()
    from hezhi.chapters.awareness.early_warning import jobs
    from hezhi.chapters.cases.intake.local_files import import_file

    for channel in CHANNELS:
        counts = import_file(folder / f"{channel}.csv", source=channel, crs="EPSG:4326", clock="sheet").counts
        assert counts.new == counts.rows > 0, (channel, counts)
    while jobs.feed():
        pass
    jobs.watch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
