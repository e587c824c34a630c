"""The tree of categories by day (类别版本): as it stood on a day, and what changed between two."""

from collections import Counter
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.handling import queries
from hezhi.engines.org.rights import needs
from hezhi.ground import time
from hezhi.ground.ui.shapes import Crumb

clause = "9.1.2-2"


def _day(text: str, usual: date) -> date:
    try:
        return min(date.fromisoformat(text), time.today())
    except ValueError:
        return usual


def _groups(rows: list[queries.Branch]) -> list[tuple[queries.Branch, list[queries.Branch]]]:
    """The tree in its first levels, each with all that stands below it."""
    groups: list[tuple[queries.Branch, list[queries.Branch]]] = []
    for row in rows:
        if row.depth == 0 or not groups:
            groups.append((row, []))
        else:
            groups[-1][1].append(row)
    return groups


@needs("dictionaries.edit", "cases.accept", clause=clause)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The tree of one day, and the differences to an earlier one."""
    day = _day(request.GET.get("day", ""), time.today())
    since = _day(request.GET.get("since", ""), day - timedelta(days=30))
    changes = queries.changes_between(since, day)
    context = {
        "title": "类别版本", "day": day, "since": since, "groups": _groups(queries.tree_on(day)), "changes": changes,
        "totals": Counter(what for _, what, _ in changes).most_common(), "crumbs": [Crumb("事件类别", "/r/categories/"), Crumb("类别版本")],
    }  # fmt: skip
    return render(request, "handling/categories.html", context)
