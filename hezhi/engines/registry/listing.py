"""The list as the UI kit draws it (列表): a table and what stands round it, in two queries.

One query reads the rows of the page, one reads counts, options, saved views and the remembered columns.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db.models.functions import JSONObject
from django.http import QueryDict

from hezhi.engines.org.actor import Actor
from hezhi.engines.registry import addresses
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.filters import OPTIONS, DayFilter, KeysFilter, WordsFilter, options_of
from hezhi.engines.registry.models import ColumnChoice, SavedView
from hezhi.engines.registry.scope import person
from hezhi.ground.tables.aside import NOUGHT, Aside, KeptPairs, Pair, Tally, summed
from hezhi.ground.tables.worded import Given
from hezhi.ground.ui import shapes

if TYPE_CHECKING:
    from hezhi.engines.registry.columns import Column
    from hezhi.engines.registry.declaration import Registry
    from hezhi.ground.tables.paging import Page

WHOLE = ""  # the key of the count of all rows, where there is no state to count by
ENDED_CAP = 1_000  # nobody counts the rows of ended work here: «1,000+» is enough, and statistics know the number
SOUGHT_CAP = 200  # the same where rows are sought by words: each counted row costs the reading of many others
OPEN_CAP = 30_000  # rows that are not ended, counted in one pass


@dataclass(frozen=True)
class Found:
    """What one look at a list brought: the page, the counts and the choices."""

    asked: Asked
    page: Page
    counts: dict[str, Tally]
    answers: dict[str, list[Pair]]

    @property
    def chosen(self) -> dict[str, Tally]:
        """The counts of the states that are asked for; all of them when none is named."""
        state = self.asked.registry.state
        named = [value for value in self.asked.given.getlist(state) if value] if state else []
        return {value: self.counts.get(value, NOUGHT) for value in named} or self.counts

    @property
    def total(self) -> int | None:
        """How many rows fit, or None when there are more than were counted."""
        told = summed(self.chosen.values())
        return None if told.more else told.number


def look(registry: Registry, given: Any, by: Actor) -> Found:
    """Read one page of a list and everything round it."""
    asked = Asked(registry, by, given)
    answers, counts = _around(asked)
    asked.learn_meant(answers)
    for size, columns in answers.get("columns", ()):
        asked.remembered_size = int(size)
        asked.remembered_columns = columns.strip("{}").split(",") if columns.strip("{}") else ()
    return Found(asked, asked.page(list(asked.columns.values())), counts, answers)


def listing_of(found: Found) -> shapes.Listing:
    """The list in the UI kit's shape."""
    asked, registry = found.asked, found.asked.registry
    columns = list(asked.columns.values())
    bulk = _bulk_actions(registry, asked)
    return shapes.Listing(
        name=f"{registry.title}(已删除)" if asked.removed else registry.title,
        columns=[_head(asked, column) for column in columns],
        rows=[_row(registry, row, columns) for row in found.page.rows],
        empty=_empty(asked),
        filters=_filters(found),
        hidden=_hidden(asked),
        filtered=bool(asked.conditions),
        clear_url=f"?{asked.query(drop=[n for n, _ in asked.conditions])}",
        chips=_chips(found),
        views=_views(found),
        save_view_url=addresses.with_query(registry.url("views"), asked.query()) if asked.conditions else "",
        column_choices=[
            shapes.ColumnChoice(name, column.label, name in asked.columns)
            for name, column in asked.open_columns.items()
        ],
        bulk_actions=bulk,
        pager=_pager(found),
        total=found.total if registry.offers_to(asked.by, "bulk") else None,
    )


# -- the query round the table ---------------------------------------------------------------------


def _around(asked: Asked) -> tuple[dict[str, list[Pair]], dict[str, Tally]]:
    registry, by = asked.registry, asked.by
    aside = Aside()
    asked.ask_meant(aside)
    for name in asked.filters:
        options = options_of(registry, name, by)
        if isinstance(options, KeptPairs):
            aside.ask_kept(f"filter:{name}", options)
        elif options is not None:
            aside.ask_few_pairs(f"filter:{name}", options, OPTIONS)
    for name, kept in (("columns", _COLUMNS), ("views", _VIEWS)):
        aside.ask_kept(name, kept, registry=registry.slug, user=by.user_id, unit=by.unit_id)
    _ask_counts(aside, asked)
    answers = aside.answers()
    counts = aside.tallies(answers, "open") | aside.tallies(answers, "count")
    if asked.sought and not asked.sought.whole:
        counts = {code: Tally(told.number, more=True) for code, told in counts.items()}
    return answers, counts


_ANYBODY = Actor(user_id=cast(UUID, Given("user")), unit_id=cast(UUID, Given("unit")))
_TOLD = JSONObject(name="name", query="query", shared="shared", user="user_id")


def _columns() -> Any:
    return ColumnChoice.objects.visible_to(_ANYBODY).filter(registry=Given("registry")).values_list("size", "columns")


def _saved() -> Any:
    rows = SavedView.objects.visible_to(_ANYBODY).filter(registry=Given("registry"))
    return rows.order_by("shared", "name").values_list("pk", _TOLD)


_COLUMNS, _VIEWS = KeptPairs(_columns, 1), KeptPairs(_saved, 20)


def _ask_counts(aside: Aside, asked: Asked) -> None:
    """Count by state: what is not ended in one pass, each ended state by itself and not far."""
    registry, state = asked.registry, asked.registry.state
    branches = asked.branches(without=state)
    if asked.sought:  # as many as were looked up; where there are more, a count says so
        at_hand = asked.branches_looked_up(without=state)
        if state:
            return aside.ask_counts("open", state, at_hand, OPEN_CAP)
        return aside.ask_count("count", WHOLE, at_hand)
    if not state:
        return aside.ask_count("count", WHOLE, branches)
    if registry.ended:
        unended = [rows.exclude(**{f"{state}__in": registry.ended}) for rows in branches]
        aside.ask_counts("open", state, unended, OPEN_CAP)
    cap = (SOUGHT_CAP if asked.by_words else ENDED_CAP) if registry.ended else None
    for code in registry.ended or [code for code, _ in _states(registry)]:
        aside.ask_count("count", code, [rows.filter(**{state: code}) for rows in branches], cap)


def _states(registry: Registry) -> list[tuple[str, str]]:
    field = registry.model._meta.get_field(registry.state)
    choices = getattr(field, "flatchoices", None)
    if choices:
        return [(str(code), str(name)) for code, name in choices if code not in ("", None)]
    return [("1", str(field.verbose_name)), ("0", f"未{field.verbose_name}")]  # type: ignore[union-attr]


# -- pieces of the shape ---------------------------------------------------------------------------


def _head(asked: Asked, column: Column) -> shapes.Column:
    if not asked.registry.can_sort(column.name):
        return shapes.Column(column.label, column.kind)
    first = asked.order[0]
    now = {column.order: "up", f"-{column.order}": "down"}.get(first, "")
    turned = f"-{column.name}" if now == "up" else column.name
    return shapes.Column(column.label, column.kind, f"?{asked.query(order=turned)}", now)


def _row(registry: Registry, row: Any, columns: list[Column]) -> shapes.Row:
    url = registry.url_of(row)
    cells = [shapes.Cell(text=column.text(row), url=url if n == 0 else "") for n, column in enumerate(columns)]
    return shapes.Row(
        id=str(row.pk), cells=cells, url=url, name=str(cells[0].text) if cells else "", tone=registry.tone_of(row)
    )


def _filters(found: Found) -> list[shapes.Filter]:
    asked = found.asked
    drawn: list[shapes.Filter] = []
    for name, made in asked.filters.items():
        if name == asked.registry.state:
            continue  # the chips are this filter
        value, label = asked.given.get(name, ""), str(made.label)
        if isinstance(made, WordsFilter):
            drawn.insert(0, shapes.Filter(name, label, "search", value, placeholder=asked.registry.search_hint))
        elif isinstance(made, DayFilter):
            drawn.append(shapes.Filter(name, label, "date", value))
        elif isinstance(made, KeysFilter):
            pairs = found.answers.get(f"filter:{name}", [])
            if 0 < len(pairs) <= OPTIONS:
                drawn.append(shapes.Filter(name, label, "select", value, _options(label, pairs, value)))
        elif made.extra.get("choices"):
            pairs = [(str(code), str(words)) for code, words in _plain_choices(made)]
            drawn.append(shapes.Filter(name, label, "select", value, _options(label, pairs, value)))
        else:
            drawn.append(shapes.Filter(name, label, "text", value))
    return sorted(drawn, key=lambda item: item.kind == "date")  # a pair of days takes room, so it stands last


def _plain_choices(made: Any) -> list[tuple[Any, Any]]:
    choices = made.extra["choices"]
    return list(choices() if callable(choices) else choices)


def _options(label: str, pairs: list[Pair], value: str) -> list[shapes.Option]:
    return [shapes.Option("", f"{label}：全部"), *(shapes.Option(key, name, key == value) for key, name in pairs)]


def _hidden(asked: Asked) -> list[tuple[str, str]]:
    """State of the url that the filter form must carry on though it shows no field for it."""
    kept = ["order", "size", "removed", asked.registry.state]
    return [(name, value) for name in kept if name for value in asked.given.getlist(name) if value]


def _chips(found: Found) -> list[shapes.Chip]:
    asked, state = found.asked, found.asked.registry.state
    if not state:
        return []
    chosen = [value for value in asked.given.getlist(state) if value]
    chips = [
        shapes.Chip("全部", _shown(summed(found.counts.values())), f"?{asked.query(drop=[state])}", active=not chosen)
    ]
    for code, name in _states(asked.registry):
        count = found.counts.get(code, NOUGHT)
        if count.number or code in chosen:
            chips.append(shapes.Chip(name, _shown(count), f"?{asked.query(**{state: code})}", code, code in chosen))
    return chips


def _shown(count: Tally) -> Any:
    """A count as a chip shows it: «1,234», or «1,000+» when it was not counted to its end."""
    return str(count)


def _views(found: Found) -> list[shapes.SavedView]:
    asked, drawn = found.asked, []
    for key, told in found.answers.get("views", ()):
        view = json.loads(told)
        mine = view["user"] == str(asked.by.user_id)
        drawn.append(
            shapes.SavedView(
                name=view["name"],
                url=f"?{view['query']}&view={key}",
                active=asked.given.get("view") == key,
                shared=view["shared"],
                delete_url=asked.registry.url("views", key, "delete") if mine else "",
            )
        )
    return drawn


def _pager(found: Found) -> shapes.Pager:
    asked, page = found.asked, found.page
    if not page.rows:
        return shapes.Pager(asked.at("before", page.before), "", "")
    last = page.first + len(page.rows) - 1
    many = summed(found.chosen.values())
    if asked.sought and many.more and many.number < last:
        many = Tally(last, more=True)
    summary = f"第 {page.first:,}–{last:,} 条，共 {many} 条"
    return shapes.Pager(asked.at("before", page.before), asked.at("after", page.after), summary)


def _empty(asked: Asked) -> shapes.Empty:
    registry = asked.registry
    if asked.removed:
        return shapes.Empty("没有可以恢复的记录。", "返回列表", registry.url())
    if asked.conditions or "after" in asked.given or "before" in asked.given:
        return shapes.Empty(f"没有符合条件的{registry.noun}。", "清空条件", registry.url())
    if registry.offers_to(asked.by, "add"):
        return shapes.Empty(f"还没有{registry.noun}。", f"登记{registry.noun}", registry.url("new"))
    return shapes.Empty(f"您的数据范围内还没有{registry.noun}。")


def _bulk_actions(registry: Registry, asked: Asked) -> list[shapes.BulkAction]:
    drawn = []
    if registry.offers_to(asked.by, "bulk") and not asked.removed:
        drawn.append(shapes.BulkAction("批量修改", addresses.with_query(registry.url("bulk"), asked.query())))
    return [*drawn, *registry.bulk_actions_for(asked.by)]


def remember_columns(registry: Registry, by: Actor, given: QueryDict) -> None:
    """Keep the columns and the page length that a person has just chosen (记住显示列)."""
    columns = [name for name in given.getlist("columns") if name in registry.columns]
    told = str(given.get("size", ""))
    size = int(told) if told.isdecimal() else 0
    ColumnChoice.objects.update_or_create(
        registry=registry.slug, user_id=person(by), defaults={"columns": columns, "size": min(size, 200)}
    )
