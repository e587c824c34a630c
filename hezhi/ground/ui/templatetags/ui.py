"""Parts of a page as tags (页面部件). The list with examples is in `hezhi/ground/ui/README.md`."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.loader import get_template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify

from hezhi.ground.masks import mask_text
from hezhi.ground.time import MINUTES_A_DAY, local, now, show
from hezhi.ground.ui.charts import HEIGHT, bar_lengths, trend_shape
from hezhi.ground.ui.spans import NOTHING, tell_due

register = template.Library()


def _safe(value: Any) -> str:
    """A value for a page, escaped unless it is markup already.

    Django's own says the same through a wrapper for lazy texts, which costs more than the escaping: of a list of
    fifty rows it was a tenth of the work.
    """
    return str(value.__html__()) if hasattr(value, "__html__") else html.escape(str(value))


LEVELS = {1: ("红", "I"), 2: ("橙", "II"), 3: ("黄", "III"), 4: ("蓝", "IV")}


# --- small parts --------------------------------------------------------------------------


@cache
def _icons() -> dict[str, list[str]]:
    path = Path(__file__).parent.parent / "icons.json"
    drawn: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    return drawn


@register.simple_tag
def icon(name: str, label: str = "", size: int = 20) -> SafeString:
    """A line icon (图标), `size` in pixels beside text of 15 pixels; it grows with the type.

    Without a `label` it is an ornament and silent to a screen reader."""
    return _drawn(name, label, size)


@lru_cache(maxsize=1024, typed=True)
def _drawn(name: str, label: str, size: int) -> SafeString:
    try:
        drawn = _icons()[name]
    except KeyError:
        raise template.TemplateSyntaxError(f"no icon named {name!r} in icons.json") from None
    voice = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    paths = format_html_join("", '<path d="{}"/>', ((d,) for d in drawn))
    return format_html(
        '<svg class="ico" width="{0}em" height="{0}em" viewBox="0 0 24 24" fill="none"'
        ' stroke="currentColor" stroke-width="1.75" stroke-linecap="round"'
        ' stroke-linejoin="round" {1}>{2}</svg>',
        round(size / 15, 2),
        voice,
        paths,
    )


@register.simple_tag
def state_badge(code: str, name: str, note: str = "") -> SafeString:
    """A state as colour and word (状态). The code picks the colour, an unknown one is grey."""
    tail = format_html('<span class="badge-note">{}</span>', note) if note else ""
    return SafeString(f'<span class="state state-{_safe(_css_name(code))}">{_safe(name)}{_safe(tail)}</span>')


@register.simple_tag
def level_badge(level: int | str, name: str = "") -> SafeString:
    """A warning level (预警等级): colour, word and Roman number, «橙 II». 1 is the gravest."""
    number = int(level)
    colour, roman = LEVELS[number]
    return format_html('<span class="level level-{}"><b>{} {}</b>{}</span>', number, colour, roman, name)


@register.simple_tag
def due(
    deadline: datetime | None,
    left: float | None = None,
    done: datetime | None = None,
    paused: bool = False,
    day: int = MINUTES_A_DAY,
) -> SafeString:
    """How a time limit stands (时限): «剩 3 小时», «超 6 小时», «按时», «已停表».

    `left`: minutes of working time, when the flow engine has counted them, with `day` the
    minutes of a working day. `done`: when it was finished. Hovering shows the moment itself.
    """
    told = tell_due(deadline, now(), left=left, done=done, paused=paused, day=day)
    if deadline is None:
        return format_html('<span class="due due-paused">{}</span>', told.words) if paused else SafeString(told.words)
    return SafeString(
        f'<time class="due due-{_safe(told.tone or "calm")}" datetime="{deadline.isoformat()}" title="时限 {show(deadline)}">'
        f"{_safe(told.words)}</time>"
    )


@register.simple_tag
def when(moment: datetime | None, form: str = "short") -> SafeString:
    """A moment in Shanghai's time. `form`: short «11-22 09:30» (with the year when it is not
    this one), full «2026-11-22 09:30», time «09:30»."""
    if moment is None:
        return SafeString(NOTHING)
    here = local(moment)
    short = "%m-%d %H:%M" if here.year == local(now()).year else "%Y-%m-%d"
    pattern = {"short": short, "full": "%Y-%m-%d %H:%M", "time": "%H:%M"}[form]
    return SafeString(
        f'<time datetime="{here.isoformat(timespec="seconds")}" title="{show(moment)}">{here.strftime(pattern)}</time>'
    )


@register.inclusion_tag("ui/parts/masked.html")
def masked(text: str, reveal_url: str = "", label: str = "", purpose: bool = False) -> dict[str, Any]:
    """A masked value (脱敏), masked already by the server; `reveal_url` shows it once, logged.

    The button posts to `reveal_url`; the answer is a bare text (or a form that asks for the
    purpose, when `purpose` is set and the url is opened in the dialog).
    """
    return {
        "text": text,
        "reveal_url": reveal_url,
        "label": label,
        "purpose": purpose,
    }


@register.inclusion_tag("ui/parts/empty.html")
def empty(sentence: str, action_name: str = "", action_url: str = "", icon_name: str = "inbox") -> dict[str, Any]:
    """Nothing here (空状态): a sentence and one action."""
    return {
        "sentence": sentence,
        "action_name": action_name,
        "action_url": action_url,
        "icon_name": icon_name,
    }


@register.inclusion_tag("ui/parts/empty.html")
def nothing(state: Any) -> dict[str, Any]:
    """The same from an `Empty` (or a dict like it)."""
    read = _reader_of(state)
    return {
        "sentence": read("sentence"),
        "action_name": read("action_name"),
        "action_url": read("action_url"),
        "icon_name": "inbox",
    }


# --- what comes by the hundred ------------------------------------------------------------
# Written here and not in a template: a page of 50 rows has 500 cells, and each would walk through ten nodes.


@register.simple_tag
def option_tags(items: Iterable[Any]) -> SafeString:
    """The `<option>`s of a filter from `Option`s; neighbours of one group stand under its name."""
    drawn = []
    for group, found in groupby(items, lambda item: item.group):
        lines = "".join(
            f'<option value="{_safe(item.value)}"{" selected" if item.chosen else ""}>{_safe(item.name)}</option>'
            for item in found
        )
        drawn.append(f'<optgroup label="{_safe(group)}">{lines}</optgroup>' if group else lines)
    return SafeString("".join(drawn))


@register.simple_tag
def menu_tags(groups: Iterable[Any]) -> SafeString:
    """The groups of the side menu from `MenuGroup`s (or dicts like them)."""
    return SafeString("".join(map(_group_tag, groups or ())))


def _group_tag(group: Any) -> str:
    read = _reader_of(group)
    title, clause = _safe(read("title")), read("clause")
    shown = f'{title} <span class="side-clause">{_safe(clause)}</span>' if clause else title
    return (
        f'\n  <details class="side-group" data-side="{title}"{" open" if read("open") else ""}>\n'
        f'    <summary><h2 class="side-title">{shown}</h2></summary>\n    <ul>\n      '
        f"{''.join(map(_item_tag, read('items')))}\n    </ul>\n  </details>"
    )


def _item_tag(item: Any) -> str:
    read = _reader_of(item)
    chosen, here = (" is-active", ' aria-current="page"') if read("active") else ("", "")
    count = f'<b class="side-count">{_safe(read("count"))}</b>' if read("count") else ""
    url, name = _safe(read("url")), _safe(read("name"))
    return f'<li><a class="side-item{chosen}" href="{url}"{here}><span>{name}</span>{count}</a></li>\n      '


def _reader_of(told: Any) -> Callable[[str], Any]:
    """How the names of a shape are read, or of a dict with the same keys."""
    return told.get if isinstance(told, Mapping) else lambda name: getattr(told, name, "")


@register.simple_tag
def row_tags(listing: Any) -> SafeString:
    """The rows of a list from a `Listing`, with a box to tick where something can be done with several.

    Each cell carries its heading: on a phone a row is drawn as a card, without what says nothing (`is-none`).
    """
    starts = [
        (
            f'<td class="is-{_safe(c.kind)}" data-label="{_safe(c.name)}">',
            f'<td class="is-{_safe(c.kind)} is-none" data-label="{_safe(c.name)}">',
            c.kind in CUT,
        )
        for c in listing.columns
    ]
    tick = bool(listing.bulk_actions)
    return SafeString("".join(_row_tag(row, starts, tick) for row in listing.rows))


def _row_tag(row: Any, starts: Sequence[tuple[str, str, bool]], tick: bool) -> str:
    key, tone = _safe(row.id), f' class="row-{_safe(row.tone)}"' if row.tone else ""
    box = (
        f'<td class="tick"><input class="form-check-input" type="checkbox" name="chosen" value="{key}"'
        f' aria-label="选择 {_safe(row.name or row.id)}"></td>'
        if tick
        else ""
    )
    cells = "".join(
        start[cell.text == NOTHING and not cell.note] + _cell_tag(cell, cell.url == row.url, cuts)
        for (*start, cuts), cell in zip(starts, row.cells, strict=True)
    )
    return f'\n          <tr data-row="{key}"{tone}>{box}{cells}</tr>'


CUT, SHORT = ("title", "heading", "plain"), 8
"""Columns whose texts may be cut where they do not fit, and how long a text stays whole at any width."""


def _cell_tag(cell: Any, opens: bool, cuts: bool) -> str:
    text: str = _safe(cell.text)
    cut = ' class="cut"' if cuts and not hasattr(cell.text, "__html__") and len(text) > SHORT else ""
    if cell.url:
        text = f'<a href="{_safe(cell.url)}"{" data-open" if opens else ""}{cut}>{text}</a>'
    elif cut:
        text = f"<span{cut}>{text}</span>"
    note = f"<small>{_safe(cell.note)}</small>" if cell.note else ""
    return f"{text}{note}</td>"


@register.simple_tag(takes_context=True)
def waiting_tags(context: template.Context, rows: Iterable[Any]) -> SafeString:
    """The rows of a list of to-dos from `Waiting`s, most pressing first as given."""
    token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{_safe(str(context.get("csrf_token", "")))}">'
    return SafeString("".join(_waiting_tag(row, token) for row in rows))


def _waiting_tag(row: Any, token: str) -> str:
    return (
        f'<tr data-row="{_safe(row.id)}"><td class="is-state" data-label="环节"><b>{_safe(row.step)}</b></td>'
        f'<td class="is-title" data-label="编号">{_safe(row.number)}</td>'
        f'<td class="is-heading" data-label="标题"><a class="cut" href="{_safe(row.url)}" data-open>{_safe(row.title)}</a></td>'
        f'<td data-label="时限">{due(row.due_at)}</td><td data-label="产生时间">{when(row.created_at)}</td>'
        f'<td data-label="认领"><form method="post" action="{_safe(row.button_url)}" data-guard>{token}'
        f'<button class="btn btn-quiet" type="submit">{_safe(row.button)}</button></form></td></tr>'
    )


# --- parts with a list in them ------------------------------------------------------------


@register.inclusion_tag("ui/parts/facts.html")
def facts(items: Iterable[Any], columns: int = 2) -> dict[str, Any]:
    """A grid of labelled values (要素) from `Fact`s."""
    return {"items": items, "columns": columns}


@register.inclusion_tag("ui/parts/timeline.html")
def timeline(items: Iterable[Any]) -> dict[str, Any]:
    """The steps of the handling (办理过程) from `TimelineItem`s, in the order given."""
    return {"items": items}


@register.inclusion_tag("ui/parts/pager.html")
def pager(pages: Any, target: str = "#listing") -> dict[str, Any]:
    """«上一页/下一页» from a `Pager`; `target` is the part of the page that htmx swaps."""
    return {"pager": pages, "target": target}


@register.inclusion_tag("ui/parts/actions.html", takes_context=True)
def actions(context: template.Context, items: Iterable[Any]) -> dict[str, Any]:
    """A row of buttons (操作) from `Action`s; the primary one goes last, to the right."""
    return {"items": items, "csrf_token": context.get("csrf_token")}


@register.filter
def ended(sentence: str) -> str:
    """The sentence with its full stop."""
    text = str(sentence or "").rstrip()
    return text if not text or text[-1] in "。！？!?…：" else text + "。"


@register.filter
def mask_words(text: Any) -> str:
    """The words with the numbers of telephones, papers and cards masked (脱敏)."""
    return mask_text(str(text or ""))


@register.filter
def thousands(number: Any) -> str:
    """«3,000»; anything that is no whole number stays as it is."""
    return f"{number:,}" if isinstance(number, int) else str(number)


@register.filter
def nth(items: Sequence[Any], place: int) -> Any:
    """The item at a place counted from 0, or nothing (for a cell's column)."""
    return items[place] if 0 <= place < len(items) else ""


@register.inclusion_tag("ui/parts/steps.html")
def steps(items: Iterable[Any]) -> dict[str, Any]:
    """The steps of a wizard (步骤) from `Step`s."""
    return {"items": items}


@register.inclusion_tag("ui/parts/figures.html")
def figures(items: Iterable[Any]) -> dict[str, Any]:
    """A row of figures (指标) from `Figure`s."""
    return {"items": items}


@register.inclusion_tag("ui/parts/bars.html")
def bars(items: Sequence[Any], label: str) -> dict[str, Any]:
    """A list of bars (条形) from `Bar`s, longest = full; a table to a screen reader."""
    return {"items": bar_lengths(items), "label": label}


@register.inclusion_tag("ui/parts/trend.html")
def trend(label: str, days: Sequence[str], height: int = HEIGHT, **lines: Sequence[float]) -> dict[str, Any]:
    """A line chart drawn on the server (趋势): `{% trend "近 14 日" days 上报=a 办结=b %}`.

    It is as wide as its card; `height` is told for a width of 640.
    """
    return {"label": label, "chart": trend_shape(days, lines, height)}


# --- forms --------------------------------------------------------------------------------


@register.inclusion_tag("ui/parts/field.html")
def field(bound: BoundField, wide: bool = False, hint: str = "") -> dict[str, Any]:
    """A labelled input with its help and its errors (表单项)."""
    widget = bound.field.widget
    kind = _kind(widget)
    described = [f"{bound.auto_id}_hint"] if (bound.help_text or hint) else []
    again = _again(bound)
    described += [f"{bound.auto_id}_error"] if bound.errors or again else []
    attrs: dict[str, Any] = {"class": _input_class(kind, widget)} if kind != "group" else {}
    if described and kind != "group":
        attrs["aria-describedby"] = " ".join(described)
    if bound.errors and kind != "group":
        attrs["aria-invalid"] = "true"
    return {
        "bound": bound,
        "kind": kind,
        "drawn": bound.as_widget(attrs=attrs),
        "hint": hint or bound.help_text,
        "again": again,
        "wide": wide,
    }


def _again(bound: BoundField) -> str:
    """No page can put a file back into its field: that it must be chosen once more, where one came with a refused form."""
    if not (bound.form.is_bound and isinstance(bound.field.widget, forms.FileInput)):
        return ""
    came = bound.form.files.get(bound.html_name) if bound.form.files else None
    is_photo = bound.field.widget.attrs.get("accept") == "image/*"
    return ("照片请重新选择。" if is_photo else "文件请重新选择。") if came else ""


@register.inclusion_tag("ui/parts/errors.html")
def errors(form: forms.BaseForm) -> dict[str, Any]:
    """The summary of what must be corrected (更正提示), each line leading to its field."""
    secret = [field.widget for field in form.fields.values() if isinstance(field.widget, forms.PasswordInput)]
    wrong = [bound for bound in form if bound.errors]
    return {
        "form": form, "wrong": wrong, "many": len(wrong) + len(form.non_field_errors()),
        "kept": all(widget.render_value for widget in secret),
    }  # fmt: skip


def _kind(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if getattr(widget, "use_fieldset", False):
        return "group"
    return "hidden" if widget.is_hidden else "input"


def _input_class(kind: str, widget: forms.Widget) -> str:
    own = str(widget.attrs.get("class", ""))
    plain = "form-select" if isinstance(widget, forms.Select) else "form-control"
    name = {"check": "form-check-input", "hidden": ""}.get(kind, plain)
    return f"{name} {own}".strip()


# --- the map ------------------------------------------------------------------------------


@register.inclusion_tag("ui/parts/map.html")
def map_box(label: str = "地图", css: str = "", **config: Any) -> dict[str, Any]:
    """A map (地图), drawn by `map.js`; coordinates are WGS 84, longitude first.

    Keys: `base` (url of a PMTiles file), `layers` (list of dicts: url, kind = outline, shade,
    classes, points, name, and the property names label, value, link), `center`, `zoom`, `extent`,
    `marker`, `accuracy` (metres), `pick` (dict of the ids of the inputs: lng, lat),
    `theme` ("dark"), `review_number` (审图号).
    """
    return {"label": label, "css": css, "config": json.dumps(config, ensure_ascii=False)}


# --- block tags ---------------------------------------------------------------------------


class FrameNode(template.Node):
    """A part that has the page's own markup inside: `{% card "要素" %}…{% endcard %}`."""

    def __init__(
        self, page: str, names: list[FilterExpression], more: dict[str, FilterExpression], inside: NodeList
    ) -> None:
        self.page, self.names, self.more, self.inside = page, names, more, inside

    def render(self, context: template.Context) -> SafeString:
        given = [name.resolve(context) for name in self.names]
        values = {key: value.resolve(context) for key, value in self.more.items()}
        frame: dict[str, Any] = {**values, "inside": self.inside.render(context)}
        frame.update(zip(("title", "id"), given, strict=False))
        return SafeString(get_template(self.page).render(frame))


def _frame(tag: str, page: str) -> Callable[[Parser, Token], FrameNode]:
    def compile_frame(parser: Parser, token: Token) -> FrameNode:
        bits = token.split_contents()[1:]
        names = [parser.compile_filter(bit) for bit in bits if "=" not in bit.split('"')[0]]
        more = token_kwargs([bit for bit in bits if "=" in bit.split('"')[0]], parser)
        inside = parser.parse((f"end{tag}",))
        parser.delete_first_token()
        return FrameNode(page, names, more, inside)

    return compile_frame


register.tag("card", _frame("card", "ui/parts/card.html"))
register.tag("dialog", _frame("dialog", "ui/parts/dialog.html"))


@lru_cache(maxsize=1024)
def _css_name(code: str) -> str:
    return slugify(str(code)) or "unknown"
