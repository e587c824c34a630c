"""A table of counts of persons that lets no small one be known (小于 10 不显示, P6): values in, values out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

FEWEST_TOLD = 10
"""A count of fewer persons is never shown (P6)."""
TOTAL = ""
Place = tuple[str, str]


@dataclass(frozen=True)
class Published:
    """A table as it may be shown (可发布的统计): None stands where nothing is told; TOTAL is the sum of a line."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[Place, int | None]

    def shown(self, row: str, column: str) -> str:
        """A cell in words."""
        value = self.cells.get((row, column))
        return "—" if value is None else f"{value:,}"


def published(counts: Mapping[Place, int], *, fewest: int = FEWEST_TOLD) -> Published:
    """Hide each count under `fewest`, sums included, and as much beside it as keeps it from being worked out.

    A hidden small count is safe when four hidden cells at the corners of a rectangle can be shifted so that
    every shown number and every sum stays, none falls below nought, and the count itself would reach
    `fewest`: then the shown numbers fit a larger count as well. Where no such rectangle exists, nothing
    is shown at all.
    """
    rows = tuple(sorted({row for row, _ in counts}))
    columns = tuple(sorted({column for _, column in counts}))
    whole = _with_sums(counts, rows, columns)
    hidden = {place for place, value in whole.items() if value < fewest}
    for place in sorted(hidden, key=lambda each: whole[each]):
        needed = _cheapest(place, whole, hidden, (*rows, TOTAL), (*columns, TOTAL), fewest)
        if needed is None:
            hidden = set(whole)
            break
        hidden |= needed
    return Published(rows, columns, {place: None if place in hidden else value for place, value in whole.items()})


def _with_sums(counts: Mapping[Place, int], rows: Sequence[str], columns: Sequence[str]) -> dict[Place, int]:
    whole = {(row, column): counts.get((row, column), 0) for row, column in product(rows, columns)}
    whole |= {(row, TOTAL): sum(whole[row, column] for column in columns) for row in rows}
    whole |= {(TOTAL, column): sum(whole[row, column] for row in rows) for column in columns}
    whole[TOTAL, TOTAL] = sum(counts.values())
    return whole


def _cheapest(
    place: Place,
    whole: Mapping[Place, int],
    hidden: set[Place],
    rows: Sequence[str],
    columns: Sequence[str],
    fewest: int,
) -> set[Place] | None:
    """The corners that still have to be hidden to make this cell safe, those of least weight; None when there are none."""
    needed = fewest - whole[place]
    fitting = (
        corners
        for corners, falling in _rectangles(place, rows, columns)
        if all(whole[corner] >= needed for corner in falling)
    )
    costs = ((sum(whole[c] + 1 for c in corners - hidden), sorted(corners), corners) for corners in fitting)
    best = min(costs, default=None, key=lambda cost: cost[:2])
    return best[2] if best else None


def _rectangles(place: Place, rows: Sequence[str], columns: Sequence[str]) -> Iterator[tuple[set[Place], list[Place]]]:
    """Rectangles with this cell in a corner, and those corners that fall when it rises.

    A sum weighs against its line, so a step towards a sum keeps its sign and any other turns it.
    """
    row, column = place
    for other_row, other_column in product(rows, columns):
        if other_row == row or other_column == column:
            continue
        across = 1 if TOTAL in (column, other_column) else -1
        down = 1 if TOTAL in (row, other_row) else -1
        moves = {(row, other_column): across, (other_row, column): down, (other_row, other_column): across * down}
        yield {place, *moves}, [corner for corner, move in moves.items() if move < 0]
