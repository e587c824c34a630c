"""What the text itself suggests (智能建议): a category and an area, each with its reason, never decided.

Small tables (categories, names of areas) are kept in the process and read again when they change.
"""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from hezhi.engines.analysis.text.classify import suggest as label_of
from hezhi.engines.analysis.text.model import ModelRefused
from hezhi.engines.analysis.text.places import Gazetteer, Place
from hezhi.ground.time import monotonic

FRESH_SECONDS = 60.0
"""How long the small tables are kept before they are looked at again."""


def suggest(title: str, text: str, hint: str = "") -> dict[str, Any]:
    """The suggested category: the label of the text model, narrowed to one category by its words.

    `hint` is a first-level code the reporter chose; it weighs as much as the model's label.
    Keys: `category`, `name`, `label`, `second`, `margin`, `confident`, `reasons`. Empty when no category
    carries the label.
    """
    try:
        found = label_of(title, text)
    except ModelRefused:
        # A broken model must never keep a message out; the officer chooses, and `hezhi doctor` says why.
        return {}
    ranked = _ranked(_categories(_period()), found.best, title, text, hint)
    if not ranked:
        return {}
    code, name, words = ranked[0]
    return {
        "category": code,
        "name": name,
        "label": found.best,
        "second": found.second,
        "margin": round(found.margin, 3),
        "confident": found.confident and bool(words),
        "reasons": [*words, *[r for r in found.reasons if r not in words]][:5],
        "others": [[c, n] for c, n, _ in ranked[1:5]],
    }


def _ranked(
    categories: list[tuple[str, str, str, tuple[str, ...]]], label: str, title: str, text: str, hint: str
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Categories whose own words stand in the text, title words counting twice; those of the label first."""
    found = []
    for code, name, its_label, words in categories:
        said = tuple(word for word in words if word in title or word in text)
        score = sum(len(word) * (2 if word in title else 1) for word in said) + (2.5 if its_label == label else 0.0)
        if hint and code.startswith(hint):
            score += 2.5
        if score:
            found.append((score, code, name, said))
    found.sort(key=lambda row: (-row[0], row[1]))
    return [row[1:] for row in found]


def guess_place(*texts: str) -> UUID | None:
    """The area that a text seems to name (地点推测), the surest first; None when it names none."""
    gazetteer, ids = _gazetteer(_period())
    for text in texts:
        guess = gazetteer.best(text)
        if guess is not None and guess.code in ids:
            return ids[guess.code]
    return None


def _period() -> int:
    return int(monotonic() / FRESH_SECONDS)


@lru_cache(maxsize=1)
def _categories(period: int) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Active leaf categories: code, full name, label, and the words that speak for them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select code, full_name, label, name, aliases from handling_category c where active"
            " and not exists (select 1 from handling_category k where k.parent_id = c.id)"
        )
        return [
            (code, full, label, tuple(dict.fromkeys([name, *aliases]))) for code, full, label, name, aliases in cursor
        ]


@lru_cache(maxsize=1)
def _gazetteer(period: int) -> tuple[Gazetteer, dict[str, UUID]]:
    """Names of towns and communities; a guessed grid would be too bold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.code, a.name, a.level, coalesce(p.code, ''), a.id from geo_area a"
            " left join geo_area p on p.id = a.parent_id"
            " where a.valid_to is null and a.level in ('town', 'community')"
        )
        rows = cursor.fetchall()
    return Gazetteer(Place(code, name, level, within) for code, name, level, within, _ in rows), {
        code: pk for code, _, _, _, pk in rows
    }
