"""Shapes of small charts (图形): numbers in, lengths and points out; drawn as SVG on the server."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Chart", "bar_lengths", "trend_shape"]

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 16, 38
SIGN = 13
"""How wide a digit of the scale is on the hall screen, where it is largest."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A line chart: lines as SVG points, the axes as (position, text), and the raw rows."""

    lines: list[dict[str, Any]]
    marks: list[tuple[float, str]]
    days: list[tuple[float, str]]
    rows: list[tuple[str, list[float]]]
    height: int = HEIGHT
    width: int = WIDTH
    left: int = LEFT
    right: int = WIDTH - RIGHT


def bar_lengths(items: Sequence[Any]) -> list[dict[str, Any]]:
    """Each bar with its length in per cent of the longest one."""
    values = [float(_read(item, "value") or 0) for item in items]
    longest = max(values, default=0) or 1
    return [
        {
            "label": _read(item, "label"),
            "url": _read(item, "url"),
            "shown": _read(item, "shown") or f"{value:g}",
            "length": round(100 * value / longest, 1),
        }
        for item, value in zip(items, values, strict=True)
    ]


def trend_shape(days: Sequence[str], lines: Mapping[str, Sequence[float]], height: int = HEIGHT) -> Chart:
    """Lines over days on one scale that starts at nought and ends at a round number."""
    top = _round_top(max((v for line in lines.values() for v in line), default=0))
    scale = [(top * k / 4, f"{top * k / 4:g}") for k in range(5)]
    left = max(LEFT, 12 + SIGN * max(len(text) for _, text in scale))
    across, up = WIDTH - left - RIGHT, height - TOP - BOTTOM
    step = across / max(len(days) - 1, 1)

    def place(i: int, value: float) -> tuple[float, float]:
        return round(left + i * step, 1), round(TOP + up * (1 - value / top), 1)

    drawn = [
        {
            "name": name,
            "number": number,
            "points": " ".join(f"{x},{y}" for x, y in (place(i, v) for i, v in enumerate(values))),
            "last": place(len(values) - 1, values[-1]) if values else None,
        }
        for number, (name, values) in enumerate(lines.items(), start=1)
    ]
    every = max(math.ceil(len(days) / 7), 1)
    shown = [(place(i, 0)[0], day) for i, day in enumerate(days) if i % every == 0]
    marks = [(place(0, value)[1], text) for value, text in scale]
    rows = [(day, [line[i] for line in lines.values()]) for i, day in enumerate(days)]
    return Chart(drawn, marks, shown, rows, height, left=left)


def _round_top(value: float) -> float:
    """The next round number above, so that four steps are round as well."""
    if value <= 4:
        return 4
    size = 10 ** math.floor(math.log10(value))
    return next(size * k for k in (1, 2, 4, 6, 8, 10, 12) if size * k >= value)


def _read(item: Any, key: str) -> Any:
    return item.get(key, "") if isinstance(item, Mapping) else getattr(item, key, "")
