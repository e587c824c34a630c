"""Reads of intake: what the text itself suggests (智能建议), what is near, what a phone may choose from.

A suggestion comes with its reason and is never decided.

Small tables (categories, names of areas) are kept in the process and read again when they change.
"""

from collections import defaultdict
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.contrib.gis.db.models.functions import Distance, SnapToGrid
from django.contrib.gis.geos import Point
from django.contrib.gis.measure import D
from django.db import connection

from hezhi.chapters.cases.handling.api import ENDED, Category, queries
from hezhi.chapters.cases.intake.learning import model_in_use
from hezhi.engines.analysis.gazetteer import area_ids, gazetteer
from hezhi.engines.analysis.text.classify import suggest as label_of
from hezhi.engines.analysis.text.model import ModelRefused
from hezhi.engines.geo.models import Area
from hezhi.ground import time
from hezhi.ground.time import monotonic

FRESH_SECONDS = 60.0
"""How long the small tables are kept before they are looked at again."""


def suggest(title: str, text: str, hint: str = "") -> dict[str, Any]:
    """The suggested category: the label of the text model, narrowed to one category by its words.

    `hint` is a first-level code the reporter chose; it weighs as much as the model's label. Among `others` stand only
    categories for which a word of the text speaks, so that there may be few or none.
    Keys: `category`, `name`, `label`, `second`, `margin`, `confident`, `reasons`. Empty when no category
    carries the label.
    """
    try:
        found = label_of(title, text, model_in_use())
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
        "others": [[c, n] for c, n, said in ranked[1:5] if said],
    }


def paths() -> dict[str, str]:
    """The path of each active category by its code."""
    return _categories(_period()).paths


def urgency_of(code: str) -> str:
    """How urgent a matter of this category is where nobody says otherwise (类别默认紧急程度); empty for an unknown one."""
    return _categories(_period()).urgencies.get(code, "")


class Vocabulary:
    """The active categories and the words that speak for them, found by their first two signs (类别词表)."""

    def __init__(
        self,
        categories: list[tuple[str, str, str, tuple[str, ...]]],
        paths: dict[str, str] | None = None,
        urgencies: dict[str, str] | None = None,
    ) -> None:
        self.paths, self.urgencies = paths or {}, urgencies or {}
        self.categories = {code: (name, words) for code, name, _, words in categories}
        self.of_label: dict[str, list[str]] = defaultdict(list)
        self.of_word: dict[str, list[str]] = defaultdict(list)
        self._starts: dict[str, list[str]] = defaultdict(list)
        for code, _, label, words in categories:
            self.of_label[label].append(code)
            for word in filter(None, words):
                self.of_word[word].append(code)
        for word in self.of_word:
            self._starts[word[:2]].append(word)
        self._single = frozenset(word for word in self.of_word if len(word) == 1)

    def said(self, *texts: str) -> set[str]:
        """The words that stand in one of the texts."""
        found = set(self._single.intersection("".join(texts)))
        starting = self._starts.get
        for text in texts:
            for at in range(len(text) - 1):
                for word in starting(text[at : at + 2], ()):
                    if text.startswith(word, at):
                        found.add(word)
        return found


def _ranked(
    vocabulary: Vocabulary, label: str, title: str, text: str, hint: str, most: int = 5
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Categories whose own words stand in the text, title words counting twice; those of the label first."""
    scores: dict[str, float] = dict.fromkeys(vocabulary.of_label.get(label, ()), 2.5)
    said = vocabulary.said(title, text)
    for word in said:
        weight = len(word) * (2 if word in title else 1)
        for code in vocabulary.of_word[word]:
            scores[code] = scores.get(code, 0.0) + weight
    if hint:
        for code in vocabulary.categories:
            if code.startswith(hint):
                scores[code] = scores.get(code, 0.0) + 2.5
    best = sorted(scores, key=lambda code: (-scores[code], code))[:most]
    found = [(code, *vocabulary.categories[code]) for code in best]
    return [(code, name, tuple(word for word in words if word in said)) for code, name, words in found]


def guess_place(*texts: str) -> UUID | None:
    """The area that a text seems to name (地点推测), the surest first; None when it names none."""
    names, ids = gazetteer(), area_ids()
    for text in texts:
        guess = names.best(text, grids=False)
        if guess is not None and guess.code in ids:
            return ids[guess.code]
    return None


def _period() -> int:
    return int(monotonic() / FRESH_SECONDS)


@lru_cache(maxsize=1)
def _categories(period: int) -> Vocabulary:
    """Active leaf categories: code, full name, label, and the words that speak for them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select code, full_name, label, name, aliases, path, urgency,"
            " exists (select from handling_category k where k.parent_id = c.id) from handling_category c where active"
        )
        rows = cursor.fetchall()
    leaves = [
        (code, full, label, tuple(dict.fromkeys([name, *aliases])))
        for code, full, label, name, aliases, _, _, above in rows if not above
    ]  # fmt: skip
    return Vocabulary(leaves, {row[0]: row[5] for row in rows}, {row[0]: row[6] for row in rows})


def kinds() -> list[tuple[str, str]]:
    """The first-level categories as the phone offers them (什么事)."""
    return list(Category.objects.filter(active=True, parent__isnull=True).order_by("code").values_list("code", "name"))


def kind_of(code: str) -> tuple[str, str] | None:
    """A chosen kind, when there is one."""
    return next((kind for kind in kinds() if kind[0] == code), None)


NEAR_METRES, NEAR_STEP, NEAR_DAYS, MOST_NEAR = 200, 50, 30, 3
_BLUR = 10**-queries.NEAR
_GRIDS_WITHIN = 0.003
"""Degrees: a little more than `NEAR_METRES` and the blur together, so that the grids only help to look it up."""


def near_reports(lon: float, lat: float, kind: str) -> list[dict[str, str]]:
    """Open public matters of a kind close by (附近同类): category, day and about how far, never a word of who told them.

    Distances are from the blurred place, as the public map shows it: who asks from many sides learns no more. No link,
    because following needs the reporter's own code.
    """
    here = Point(lon, lat, srid=4326)
    grids = Area.objects.filter(level="grid", valid_to__isnull=True, shape__dwithin=(here, _GRIDS_WITHIN))
    rows = queries.public_cases().exclude(state__in=ENDED).filter(
        received_at__gte=time.now() - timedelta(days=NEAR_DAYS), grid__in=grids, category__path__startswith=kind,
    )  # fmt: skip
    rows = rows.annotate(far=Distance(SnapToGrid("point", _BLUR), here)).filter(far__lte=D(m=NEAR_METRES))
    found = rows.order_by("-received_at", "-id").values_list("category__name", "received_at", "far")[:MOST_NEAR]
    return [
        {"text": f"{name}，{_about(far.m)}（{time.local(at):%m-%d} 已有人反映，正在办理）", "url": "#card-text"}
        for name, at, far in found
    ]


def _about(metres: float) -> str:
    """A distance to the next fifty metres, in words."""
    return f"约 {max(NEAR_STEP, round(metres / NEAR_STEP) * NEAR_STEP)} 米"
