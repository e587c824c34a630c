"""What a reader asks of a list (查询), read from the url: all of its state stands there.

Filters, text, order, place, page size and columns. A parameter that the registry does not know is
refused in words, because a misspelt filter that is silently left out shows too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.datastructures import MultiValueDict

from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.declaration import with_id
from hezhi.engines.registry.filters import KeysFilter, WordsFilter
from hezhi.engines.registry.seeking import Sought, among
from hezhi.ground.errors import BadInput, NotAllowed
from hezhi.ground.tables.aside import Aside
from hezhi.ground.tables.paging import Page, Place, page_of_branches, read_token

if TYPE_CHECKING:
    from hezhi.engines.registry.columns import Column
    from hezhi.engines.registry.declaration import Registry

# Words of the list itself; everything else must be a filter of the registry.
PLACE = ("after", "before")
SHAPE = ("order", "size", "columns", "view", "removed", "tab")
SIZES = (20, 50, 100, 200)
MEANT = 300


@dataclass
class Asked:
    """A checked question to one registry by one reader. Refuses with `BadInput` what it cannot read."""

    registry: Registry
    by: Actor
    given: MultiValueDict[str, str]
    sizes: Sequence[int] = SIZES
    remembered_columns: Sequence[str] = ()
    remembered_size: int = 0
    ignored: Iterable[str] = field(default_factory=tuple)
    meant: dict[str, list[UUID]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {*self.filters, *PLACE, *SHAPE, *self.ignored}
        unknown = [name for name in self.given if name not in known]
        if unknown:
            raise BadInput(
                {name: f"没有“{name}”这个筛选条件。" for name in unknown},
                what=f"“{self.registry.title}”没有这样的筛选条件：{'、'.join(unknown)}。",
                meaning="为免多显示数据，没有查询。",
                remedy=f"可用的条件：{'、'.join(self.filters) or '无'}。",
                code="registry.unknown_filter",
            )
        if not self.filterset.is_valid():
            said = {name: [str(s) for s in errors] for name, errors in self.filterset.errors.items()}
            raise BadInput(said, code="registry.bad_filter", remedy="请更正筛选条件后再查询。")
        self.removed  # noqa: B018 - refuses who may not see the removed ones

    # -- the words of the question -------------------------------------------------------------------

    @cached_property
    def open_columns(self) -> dict[str, Column]:
        """The columns of the registry that this reader may see at all."""
        hidden = self.registry.hidden_from(self.by)
        return {name: column for name, column in self.registry.columns.items() if name not in hidden}

    @cached_property
    def filters(self) -> dict[str, Any]:
        """The filters this reader may use: none on a field he may not see."""
        hidden = self.registry.hidden_from(self.by)
        told = self.registry.filterset_class.base_filters
        return {name: made for name, made in told.items() if made.field_name not in hidden}

    @cached_property
    def filterset(self) -> Any:
        """The filters bound to what was given."""
        return self.registry.filterset_class(self.given, queryset=self.registry.all_rows().none())

    @cached_property
    def conditions(self) -> list[tuple[str, str]]:
        """The filters in use, as pairs for a url."""
        return [(n, v) for n in self.given if n in self.filters for v in self.given.getlist(n) if v != ""]

    @cached_property
    def by_words(self) -> bool:
        """Whether rows are sought by words, which are read row by row."""
        return any(isinstance(self.filters[name], WordsFilter) for name, _ in self.conditions)

    @cached_property
    def sought(self) -> Sought | None:
        """Where the rows that hold the words typed are looked for, if the registry knows a shorter way."""
        typed = next((self._value(n) for n, made in self.filters.items() if isinstance(made, WordsFilter)), "")
        return self.registry.seek(typed) if typed else None

    @cached_property
    def removed(self) -> bool:
        """Whether the removed rows are asked for (已删除); needs the right to restore."""
        if self.given.get("removed") != "1":
            return False
        if not self.registry.offers_to(self.by, "restore"):
            raise NotAllowed(what="您当前的岗位不能查看已删除的记录。", code="registry.removed_not_allowed")
        return True

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The order asked for, ending with the id."""
        told = self.given.get("order", "")
        if not told:
            return self.registry.order
        name = told.lstrip("-")
        if not self.registry.can_sort(name) or name not in self.open_columns:
            raise BadInput({"order": f"不能按“{name}”排序。"}, code="registry.bad_order")
        sign = "-" if told.startswith("-") else ""
        return with_id((sign + self.registry.columns[name].order,))

    @cached_property
    def size(self) -> int:
        """Rows on a page."""
        told = self.given.get("size", "")
        if not told:
            return self.remembered_size if self.remembered_size in self.sizes else self.registry.page_size
        if not told.isdecimal() or not 1 <= int(told) <= max(self.sizes):
            raise BadInput({"size": f"每页条数应为 1 至 {max(self.sizes)}。"}, code="registry.bad_size")
        return int(told)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns to show: those in the url, else the remembered ones, else the declaration's."""
        told = [n for n in self.given.getlist("columns") if n in self.open_columns]
        wanted = told or [n for n in self.remembered_columns if n in self.open_columns] or self.registry.list
        return {name: column for name, column in self.open_columns.items() if name in wanted}

    # -- rows ----------------------------------------------------------------------------------------

    def rows(self) -> QuerySet[Any]:
        """The rows that are meant, in no order: visible to the reader, present, filtered."""
        return self._narrowed(self.registry.visible(self.by)).filter(self._at_hand)

    def branches(self, *, without: str = "", ordered: bool = False) -> list[QuerySet[Any]]:
        """The same rows in branches without overlap (`Registry.branches`); `without` leaves one filter out."""
        return self._branches(self._at_hand, without, ordered=ordered)

    def branches_looked_up(self, *, without: str = "") -> list[QuerySet[Any]]:
        """Of the rows that are sought by words, those that were looked up; more may hold them (`Sought.whole`)."""
        return self._branches(among(self.sought.ids) if self.sought else Q(), without)

    @cached_property
    def _at_hand(self) -> Q:
        """Where every row that may hold the words is known, only these are asked."""
        return among(self.sought.ids) if self.sought and self.sought.whole else Q()

    def _branches(self, at_hand: Q, without: str = "", *, ordered: bool = False) -> list[QuerySet[Any]]:
        branches = self.registry.branches(self.by, ordered=ordered)
        return [self._narrowed(rows, without).filter(at_hand) for rows in branches]

    def ask_meant(self, aside: Aside) -> None:
        """Ask beside other questions for the keys that a filter means besides those given (含下级)."""
        for name, made in self.filterset.filters.items():
            below = made.below(self._value(name)) if isinstance(made, KeysFilter) and self._value(name) else None
            if below is not None:
                aside.ask_pairs(f"meant:{name}", below.values_list("pk", "pk"), MEANT + 1)

    def learn_meant(self, answers: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Take the answer: with the keys in hand the database sees how many rows they mean, and plans for that."""
        for name in self.filterset.filters:
            keys = [UUID(key) for key, _ in answers.get(f"meant:{name}", ())]
            if 0 < len(keys) <= MEANT:
                self.meant[name] = keys

    def page(self, columns: Sequence[Column]) -> Page:
        """The page asked for, with what the columns need."""
        return self._page(self.registry.with_columns(self._visible(), columns))

    def page_of_values(self, paths: Sequence[str]) -> Page:
        """The page asked for as plain values (`pk` and the paths), without model rows; for machines."""
        wanted = dict.fromkeys(("pk", *paths, *(name.lstrip("-") for name in self.order)))
        return self._page(self._visible().values(*wanted))

    def _visible(self) -> QuerySet[Any]:
        return self._narrowed(self.registry.visible(self.by))

    def _page(self, rows: QuerySet[Any]) -> Page:
        after, before = self._place("after"), self._place("before")
        near = self.sought.near if self.sought and self.order == self.registry.order else None
        if near is not None and after is None and before is None:
            page = self._page_among(rows, near)
            if page.after is not None:
                return page
        return self._page_among(rows, self._at_hand, after=after, before=before)

    def _page_among(self, rows: QuerySet[Any], at_hand: Q, **place: Place | None) -> Page:
        branches = self._branches(at_hand, ordered=True)
        return page_of_branches(rows.filter(at_hand), branches, self.order, self.size, **place)

    def _narrowed(self, visible: QuerySet[Any], without: str = "") -> QuerySet[Any]:
        rows = self.registry.removed(visible) if self.removed else self.registry.present(visible)
        for name, made in self.filterset.filters.items():
            if name in self.meant:
                rows = made.among(rows, self.meant[name])
            elif name != without:
                rows = made.filter(rows, self._value(name))
        return rows

    def _value(self, name: str) -> Any:
        return self.filterset.form.cleaned_data.get(name)

    def _place(self, name: str) -> Place | None:
        token = self.given.get(name)
        return read_token(self.registry.model, self.order, token) if token else None

    # -- urls ----------------------------------------------------------------------------------------

    def query(self, drop: Iterable[str] = (), **changes: str | None) -> str:
        """The question as a query string with some words changed; the place is lost with any change."""
        gone = {*drop, *PLACE, *changes, "view"}
        pairs = [(n, v) for n in self.given for v in self.given.getlist(n) if n not in gone and v != ""]
        pairs += [(name, value) for name, value in changes.items() if value]
        return urlencode(pairs)

    def at(self, name: str, place: Place | None) -> str:
        """The same question at another place; «» when there is no such place."""
        return f"?{self.query(**{name: place.token()})}" if place else ""
