"""What the templates read (界面数据): small, typed, frozen things that pages fill in.

A template asks only for names, so a dict with the same keys does as well; these classes are the
list of the names and let mypy and the editor help. Nothing here knows a case, a unit or a user.
Texts are what the person reads and are escaped by the template unless they are already safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "Action",
    "Bar",
    "BulkAction",
    "Cell",
    "Change",
    "Chip",
    "Column",
    "ColumnChoice",
    "Crumb",
    "Empty",
    "Fact",
    "Figure",
    "Filter",
    "Listing",
    "MenuGroup",
    "MenuItem",
    "Option",
    "Pager",
    "Post",
    "Row",
    "RowProblem",
    "SavedView",
    "Shell",
    "Step",
    "Tab",
    "TimelineItem",
    "Waiting",
]


# --- the shells ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A line of the side menu (菜单项); `count` shows only when it is above nought."""

    name: str
    url: str
    active: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class MenuGroup:
    """A group of the side menu, one per part of the standard (条款); `clause` is shown small, `open` unfolds it."""

    title: str
    items: Sequence[MenuItem]
    clause: str = ""
    open: bool = True


@dataclass(frozen=True, slots=True)
class Post:
    """A post that the user holds (岗位); POST to `url` to work under it."""

    name: str
    url: str = ""
    active: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: at the bottom of a phone page (`icon`), or above the panels of a detail page."""

    name: str
    url: str
    active: bool = False
    count: int = 0
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """What every page of a channel has round its content; put into the context as `shell`.

    A url that is empty takes its link away. `system_short` is the name where a phone has no room for
    more. `stream_url` is the stream of server-sent events for the counts; `account` is an opaque id, the
    owner of the phone's outbox.
    """

    system_name: str = ""
    system_short: str = ""
    unit_name: str = ""
    user_name: str = ""
    post_title: str = ""
    account: str = ""
    posts: Sequence[Post] = ()
    menu: Sequence[MenuGroup] = ()
    tabs: Sequence[Tab] = ()
    todo_count: int = 0
    unread_count: int = 0
    demo: bool = False
    elder: bool = False
    home_url: str = "/"
    todo_url: str = ""
    inbox_url: str = ""
    search_url: str = ""
    account_url: str = ""
    login_url: str = ""
    logout_url: str = ""
    feedback_url: str = ""
    elder_url: str = ""
    stream_url: str = ""


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the path above the title (面包屑)."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A button (操作). `kind`: primary, plain, danger. `key`: the one-letter shortcut.

    `opens`: "page" follows the link; "dialog" fetches the url as a form into the shared dialog
    (and follows it when scripts fail); "post" sends it at once, after `confirm` if given.
    """

    name: str
    url: str
    kind: str = "plain"
    opens: str = "page"
    confirm: str = ""
    icon: str = ""
    key: str = ""
    disabled_reason: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A to-do in a list (待办): what is to be done with what, and the button that takes it or gives it back."""

    id: object
    step: str
    number: str
    title: str
    url: str
    due_at: datetime | None
    created_at: datetime
    button: str
    button_url: str


# --- list ---------------------------------------------------------------------------------


@dataclass(slots=True)  # not frozen: a filter has hundreds
class Option:
    value: str
    name: str
    chosen: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter above a list. `kind`: select, search, date, text; `options` for select."""

    name: str
    label: str
    kind: str = "select"
    value: str = ""
    options: Sequence[Option] = ()
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A count by state, which filters when pressed (状态计数); `code` gives the colour."""

    name: str
    count: int
    url: str
    code: str = ""
    active: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column head. `kind`: title, heading, code, number, time, state, plain, long, extra. `sorted`: up, down, "".

    Title is what a row opens by, a number as a rule; heading is what it is about, and heads its card on a phone.
    """

    name: str
    kind: str = "plain"
    sort_url: str = ""
    sorted: str = ""


@dataclass(slots=True)  # not frozen, nor are rows: a page has hundreds, and a frozen one costs three times as much
class Cell:
    """A cell: first line, second line in small type, and where the first line leads."""

    text: object = ""
    note: object = ""
    url: str = ""


@dataclass(slots=True)
class Row:
    """A row (行). `name` is read out by a screen reader beside the tick box."""

    id: str
    cells: Sequence[Cell]
    url: str = ""
    name: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved set of filters (常用筛选); `delete_url` only for one's own."""

    name: str
    url: str
    active: bool = False
    shared: bool = False
    delete_url: str = ""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    code: str
    name: str
    chosen: bool = True


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A button of the bar that appears when rows are ticked (批量操作).

    It posts `chosen` (a list of row ids), or `all_matching=1` with the page's own query.
    """

    name: str
    url: str
    kind: str = "plain"
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """Keyset pages: no page numbers, only before and after. `summary`: «第 1–50 条，共 3,000 条»."""

    previous_url: str = ""
    next_url: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """A list with nothing in it says why, and offers one thing to do (空状态)."""

    sentence: str
    action_name: str = ""
    action_url: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything that `ui/list.html` shows; all of its state lives in the url.

    `hidden` are the parts of the state that no filter field shows (sort, state, page length);
    `query` is the query string that «存为常用» saves.
    """

    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: Empty
    filters: Sequence[Filter] = ()
    hidden: Sequence[tuple[str, str]] = ()
    query: str = ""
    filtered: bool = False
    clear_url: str = "?"
    chips: Sequence[Chip] = ()
    views: Sequence[SavedView] = ()
    save_view_url: str = ""
    column_choices: Sequence[ColumnChoice] = ()
    bulk_actions: Sequence[BulkAction] = ()
    pager: Pager = Pager()
    total: int | None = None
    name: str = "列表"


# --- detail, import, dashboard ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value (要素); `wide` takes the whole line."""

    label: str
    value: object
    note: object = ""
    url: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One changed field in the history (变更)."""

    label: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """A step of the handling (办理过程). `tone`: "", done, warn, danger, note."""

    title: str
    at: datetime
    who: str = ""
    text: str = ""
    tone: str = ""
    code: str = ""
    changes: Sequence[Change] = ()
    files: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a wizard. `state`: done, current, later."""

    name: str
    state: str = "later"
    url: str = ""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in a file: row number as in the file, column name, value, sentence."""

    row: int
    column: str
    value: str
    sentence: str
    severity: str = "error"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a dashboard (指标): with unit, the time it was counted, and its list."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    url: str = ""
    tone: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a bar list; lengths are relative to the longest."""

    label: str
    value: float
    url: str = ""
    shown: str = ""
