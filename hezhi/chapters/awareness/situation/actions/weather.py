"""Weather from a source of the installation (气象数据接入): a port; without one officers import sheets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from hezhi.chapters.awareness.situation.models import Weather
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.clauses import clause

LOOKED_BACK = 7
"""Days that are asked for again, because observations are corrected afterwards."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One day as a source tells it: °C, millimetres, the Beaufort force of the strongest wind; None for what it does not know."""

    date: date
    high: float | None = None
    low: float | None = None
    rain: float | None = None
    wind: int | None = None
    warned: str = ""
    warned_of: str = ""


class WeatherSource(Protocol):
    """A service that tells the weather of days (气象数据源). `name` stands beside each figure as its source."""

    name: str

    def days(self, first: date, last: date) -> Iterable[Observed]:
        """The days it knows, within ten seconds. Raises OSError when it cannot be reached."""
        ...


@cache
def _made(path: str) -> WeatherSource:
    made: WeatherSource = import_string(path)()
    return made


def source() -> WeatherSource | None:
    """The source that the setting `WEATHER_SOURCE` names; None where the installation has none."""
    path = getattr(settings, "WEATHER_SOURCE", "")
    return _made(path) if path else None


@clause("9.1.4-2-1")
def fetch_weather(by: Actor) -> int:
    """Ask the source for the last week and write down what is new or has been corrected; gives how many days."""
    port = source()
    if port is None:
        return 0
    last = time.today()
    told = {each.date: each for each in port.days(last - timedelta(days=LOOKED_BACK), last)}
    known = Weather.objects.in_bulk(list(told), field_name="date")
    changed = [
        day for day, each in told.items()
        if day not in known or any(getattr(known[day], name) != value for name, value in asdict(each).items())
    ]  # fmt: skip
    if changed:
        with acting(by, verb="situation.fetch_weather") as deed:
            for day in sorted(changed):
                values = asdict(told[day]) | {"source": port.name}
                row, _ = Weather.objects.update_or_create(date=day, defaults=values)
                deed.on(row)
    return len(changed)
