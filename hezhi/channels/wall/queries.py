"""What the hall screen counts (大屏统计): matters and places, never people; counted in the database at each asking.

Each figure starts from what this reader may see, like every list: a town's wall counts the town.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Count, F, Func, Q, Value
from django.db.models.functions import Coalesce, TruncDate

from hezhi.chapters.awareness.early_warning import api as warning
from hezhi.chapters.awareness.situation import api as awareness
from hezhi.chapters.cases.handling.api import COUNTED, ENDED, Case
from hezhi.engines.org.actor import Actor
from hezhi.ground import time
from hezhi.ground.masks import mask_text

LATE_CLOSING = timedelta(days=60)
"""What came in longer ago than this and is over is not looked through for «today closed»."""


def today(by: Actor) -> dict[str, int]:
    """The day's figures: reported, closed, waiting, at work, overdue, done on the spot.

    What came in and was closed is counted as statistics do (`counted`); what is at work as the list shows it.
    """
    midnight = time.at_local(time.today())
    running, new = ~Q(state__in=ENDED), Q(received_at__gte=midnight) & COUNTED
    asked = {
        "reported": new, "closed": Q(state="closed", closed_at__gte=midnight) & COUNTED, "waiting": Q(state__in=["to_accept", "to_dispatch", "redo"]),
        "at_work": Q(state__in=["to_sign", "handling", "to_review"]), "overdue": Q(due_at__lt=time.now()) & running,
        "on_the_spot": Q(on_the_spot=True) & new,
    }  # fmt: skip
    seen = Case.objects.visible_to(by).filter(Q(received_at__gte=midnight - LATE_CLOSING) | running)
    return seen.aggregate(**{code: Count("pk", filter=condition) for code, condition in asked.items()})


def by_town(by: Actor, since: datetime, until: datetime | None = None) -> list[tuple[UUID, str, int]]:
    """Cases since a moment (and before another), by town, the most first; towns without any are left out."""
    seen = Case.objects.visible_to(by).counted().filter(received_at__gte=since, town__valid_to=None, town__isnull=False)
    seen = seen.filter(received_at__lt=until) if until else seen
    return list(seen.values_list("town_id", "town__name").annotate(n=Count("pk")).order_by("-n", "town__name"))


def by_category(by: Actor, since: datetime) -> list[tuple[str, int]]:
    """Cases since a moment, by first-level category."""
    first = Func(F("category__full_name"), Value("/"), Value(1), function="split_part", output_field=CharField())
    seen = (
        Case.objects.visible_to(by)
        .counted()
        .filter(received_at__gte=since)
        .annotate(top=Coalesce(first, Value("未定")))
    )
    return list(seen.values_list("top").annotate(n=Count("pk")).order_by("-n", "top")[:8])


def trend(by: Actor, days: int = 14) -> list[tuple[str, int, int]]:
    """Day, reported, closed, for the last days; days begin at midnight here."""
    first = time.today() - timedelta(days=days - 1)
    reported, closed = (_by_day(by, moment, first) for moment in ("received_at", "closed_at"))
    found = {(what, day): n for what, day, n in reported.union(closed, all=True)}
    asked = [first + timedelta(days=n) for n in range(days)]
    return [(f"{day:%m-%d}", found.get(("received_at", day), 0), found.get(("closed_at", day), 0)) for day in asked]


def _by_day(by: Actor, moment: str, first: date) -> Any:
    """How many cases have this moment on each day, as rows (moment, day, count)."""
    seen = Case.objects.visible_to(by).counted().filter(**{f"{moment}__gte": time.at_local(first)}).order_by()
    seen = seen.filter(state="closed") if moment == "closed_at" else seen
    day = TruncDate(moment, tzinfo=time.SHANGHAI)
    return seen.annotate(what=Value(moment), day=day).values_list("what", "day").annotate(n=Count("pk"))


def newest(by: Actor, most: int = 12) -> list[dict[str, Any]]:
    """The newest cases this reader may see, by place and title; no text, no title of a secret one.

    Numbers of persons in a title are masked before it is cut: of half a number nobody knows any more what it was.
    """
    rows = Case.objects.visible_to(by).select_related("town").order_by("-received_at", "-id")[:most]
    return [
        {
            "id": str(case.pk),
            "at": f"{time.local(case.received_at):%H:%M}",
            "text": f"{case.town or '未定位'} {'保密件' if case.secret else mask_text(case.title)[:30]}",
            "url": f"/cases/{case.pk}/",
            "level": {"critical": 1, "urgent": 3}.get(case.urgency),
        }
        for case in rows
    ]


_SHADING = """
select json_build_object('type', 'FeatureCollection', 'features', json_agg(json_build_object(
  'type', 'Feature', 'id', a.id, 'geometry', st_asgeojson(st_simplifypreservetopology(a.shape, 0.0003), 5)::json,
  'properties', json_build_object('name', a.name, 'count', coalesce((%s::jsonb ->> a.id::text)::int, 0)))))::text
from geo_area a where a.level = 'town' and a.valid_to is null
"""


def shading(by: Actor, since: datetime, until: datetime | None = None) -> str:
    """Towns with their counts as GeoJSON, for shading; places only, no point of any person (P8)."""
    counts = {str(town): n for town, _, n in by_town(by, since, until)}
    with connection.cursor() as cursor:
        cursor.execute(_SHADING, [json.dumps(counts)])
        (text,) = cursor.fetchone()
    return str(text)


# -- the situation screen --------------------------------------------------------------------------

WEEK = 7
EVENTS, WARNINGS = 9, 9


def week() -> Any:
    """The last seven whole days, which all panels of the screen speak of: today is not over yet."""
    return awareness.Period(time.today() - timedelta(days=WEEK), time.today() - timedelta(days=1))


def weeks(by: Actor) -> tuple[Any, list[tuple[str, Any]]]:
    """Matters of the last seven whole days beside the seven before: all together, and by town, largest first."""
    period = week()
    first, middle, end = (time.at_local(day) for day in (period.before().first, period.first, time.today()))
    seen = Case.objects.visible_to(by).counted().filter(received_at__gte=first, received_at__lt=end)
    found = list(
        seen.order_by().values_list("town_id", "town__name")
        .annotate(now=Count("pk", filter=Q(received_at__gte=middle)), before=Count("pk", filter=Q(received_at__lt=middle)))
    )  # fmt: skip
    names = {str(key or ""): name or "未定位" for key, name, *_ in found}
    lines = awareness.compared({str(key or ""): (now, before, 0) for key, _, now, before in found})
    whole = awareness.compared({"": (sum(line.now for line in lines), sum(line.before for line in lines), 0)})[0]
    return whole, [(names[line.key], line) for line in lines]


def hot_events(by: Actor) -> list[dict[str, Any]]:
    """The hottest events of several people, by title with names and numbers masked, and figures."""
    if not by.may("events.view"):
        return []
    rows = warning.standings(by).filter(messages__gt=1).order_by("-heat", "-event_id")[:EVENTS]
    return [
        {
            "id": str(row.event_id), "at": f"{row.reporters} 人", "url": f"/warnings/events/{row.event_id}/",
            "text": f"{row.place.name if row.place else '多处'} {warning.title_of(by, row.event)}",
            "level": None, "mark": "超出偶然" if row.beyond else "",
        }
        for row in rows
    ]  # fmt: skip


def open_warnings(by: Actor) -> list[dict[str, Any]]:
    """Warnings that nobody acknowledged yet, the gravest first: number, level, what of, since when."""
    if not by.may("events.view"):
        return []
    rows = warning.Warning.objects.visible_to(by).filter(state="open").select_related("community", "town")
    rows = rows.order_by("level", "-raised_at")[:WARNINGS]
    titles = warning.titles_for(by, [row.pk for row in rows])
    return [
        {
            "id": str(row.pk), "at": f"{time.local(row.raised_at):%m-%d %H:%M}", "level": row.level, "url": f"/warnings/{row.pk}/",
            "text": _warned_of(row, titles.get(row.pk, "")),
            "mark": "逾期未签收" if row.due_at < time.now() else "",
        }
        for row in rows
    ]  # fmt: skip


def _warned_of(row: Any, title: str) -> str:
    """Where, and what of as far as this reader is told; who is not told by name hears how many told the same."""
    where = f"{place} " if (place := row.community or row.town) else ""
    return where + (mask_text(title) or ("数据分析新发现" if row.found_on else f"{row.reporters} 人反映同一件事"))


def discoveries(by: Actor) -> list[dict[str, Any]]:
    """What published models newly found: figures and names of places, no word of what people wrote."""
    if not by.may("situation.view"):
        return []
    return [
        {
            "id": str(row.pk), "at": f"{time.local(row.made_at):%m-%d}", "url": f"/situation/models/{row.model_id}/", "level": None,
            "text": f"{row.model.get_method_display()}：{row.told}", "mark": "",
        }
        for row in awareness.news_of_models(by)
    ]  # fmt: skip


def situation(by: Actor) -> dict[str, Any]:
    """Everything the situation screen shows and asks for again: figures, rows by list."""
    whole, towns = weeks(by)
    late = Case.objects.visible_to(by).filter(due_at__lt=time.now()).exclude(state__in=ENDED).count()
    standings = warning.standings(by).filter(messages__gt=1) if by.may("events.view") else None
    open_ = warning.Warning.objects.visible_to(by).filter(state="open") if standings is not None else None
    figures: dict[str, Any] = {"week": whole.now, "late": late}
    if standings is not None and open_ is not None:
        figures |= {"events": standings.count(), "beyond": standings.filter(beyond=True).count(), "open": open_.count()}
        figures["open_late"] = open_.filter(due_at__lt=time.now()).count()
    rising = [(name, line) for name, line in towns if line.trend in ("up", "down")]
    return {
        "whole": whole, "towns": towns, "figures": figures,
        "rows": {
            "events": hot_events(by), "warnings": open_warnings(by), "discoveries": discoveries(by),
            "towns": [
                {
                    "id": line.key or "none", "at": awareness.change(line.now, line.before), "url": "", "level": None,
                    "text": f"{name} {line.now} 件", "mark": awareness.say(line),
                }
                for name, line in rising[:WARNINGS]
            ],
        },
    }  # fmt: skip


def compared_in_words(whole: Any) -> str:
    """«环比 +12%，在正常波动内»."""
    return f"环比 {awareness.change(whole.now, whole.before)}，{awareness.say(whole)}"


def newest_spots(by: Actor) -> Any:
    """The newest map of hot ground that this reader may see, or None."""
    return awareness.latest_spots(by) if by.may("situation.view") else None


def spot_map(by: Actor) -> dict[str, Any]:
    """Its ground as GeoJSON; nothing to draw where there is none."""
    found = newest_spots(by)
    return awareness.spot_shapes(by, found.pk) if found else {"type": "FeatureCollection", "features": []}
