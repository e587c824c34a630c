"""Figures that may not grow (查询数量台账): the number of SQL statements of each list, page and action.

They stand in `sql-counts.json` at the root and change only in review: a test fails when its figure grows,
and says when it has shrunk. `HEZHI_UPDATE_COUNTS=1 ./test` writes the figures as they are, never above
the limit that the test itself names.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext


class Ledger:
    """The file of figures."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def sql(self, name: str, limit: int) -> Iterator[None]:
        """The block may send at most the figure noted under `name`, and never more than `limit` statements."""
        with CaptureQueriesContext(connection) as caught:
            yield
        sent = [query["sql"] for query in caught if not query["sql"].startswith(("SAVEPOINT", "RELEASE SAVEPOINT"))]
        noted = self._read().get(name)
        listing = "\n".join(f"{number + 1:>3} {text[:300]}" for number, text in enumerate(sent))
        assert len(sent) <= limit, f"{name}: {len(sent)} SQL statements, the limit is {limit}\n{listing}"
        if os.environ.get("HEZHI_UPDATE_COUNTS") == "1":
            self._write(name, len(sent))
            return
        assert noted is not None, f"{name}: {len(sent)} SQL statements; note them with HEZHI_UPDATE_COUNTS=1"
        assert len(sent) <= noted, f"{name}: {len(sent)} SQL statements, {noted} were noted\n{listing}"

    def _read(self) -> dict[str, int]:
        figures: dict[str, int] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return figures

    def _write(self, name: str, figure: int) -> None:
        figures = self._read() | {name: figure}
        self.path.write_text(json.dumps(dict(sorted(figures.items())), indent=1, ensure_ascii=False) + "\n")
