"""Cases that hold words (检索, decision 0101)."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case as Choice
from django.db.models import Func, Q, TextField, Value, When
from django.db.models.functions import Lower, StrIndex
from django.db.models.lookups import GreaterThan

from hezhi.chapters.cases.handling import rules
from hezhi.engines.registry.seeking import Sought, among
from hezhi.ground import time

MOST_SOUGHT = 1_000
"""So many cases are looked up by their pairs of signs; where more hold the words, a page is found soon by reading."""
ENOUGH = 80
"""A first page is sought among so many of the newest, and further back when they do not fill it."""
MOST_MOVED = 2_000


def holds(typed: str) -> Q:
    """Cases that hold every word typed, in number, title, text or place; a secret one not in its text.

    Told in a way that no index serves: which way is the short one `seek` knows, and the database only guesses.
    """
    condition = Q()
    for word in rules.words_of(typed):
        condition &= _holds(word)
    return condition


def _holds(word: rules.Word) -> Q:
    in_number = _has(Lower("number"), word)
    if word.is_number:
        return in_number
    in_text = _has(Lower("text"), word)
    # Said twice, and asked a second time only where it holds: so the database knows that to read a text is dear, and
    # asks first whether the case is the reader's own.
    seen = _has("search_text", word) | (Q(secret=False) & in_text & in_text)
    if not word.has_digits:
        return seen
    text = Choice(When(secret=True, then=Value("")), default="text", output_field=TextField())
    plain = Func("title", text, "place", function="handling_plain", output_field=TextField())
    return seen & (in_number | _has(plain, word))


def _has(text: Any, word: rules.Word) -> Q:
    return Q(GreaterThan(StrIndex(text, Value(word.text)), 0))


def seek(typed: str) -> Sought | None:
    """Where the cases that hold the words are to be looked for (检索词对, decision 0101); None where all must be read.

    Cases whose pairs are not made yet, or not anew, are always among them. Pieces of a number are looked up in the
    numbers themselves, which never change.
    """
    pieces = [word.text for word in rules.words_of(typed) if word.is_number]
    if pieces:
        numbered = _numbered(max(pieces, key=len))
        if len(numbered) <= MOST_SOUGHT:
            return Sought(numbered, whole=True)
    pairs = set().union(*(word.pairs for word in rules.words_of(typed) if not word.is_number))
    if not pairs:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT found, season FROM handling_seek(%s::bigint[], %s) UNION ALL"
            " (SELECT DISTINCT case_id, NULL::int FROM handling_moved LIMIT %s)",
            [sorted(pairs), MOST_SOUGHT + 1, MOST_MOVED + 1],
        )
        told = cursor.fetchall()
    found = [(key, season) for key, season in told if season is not None]
    moved = [key for key, season in told if season is None]
    if len(moved) > MOST_MOVED:
        return None
    whole = len(found) <= MOST_SOUGHT
    return Sought([*(key for key, _ in found), *moved], whole, _near(found, moved, whole))


def _numbered(piece: str) -> list[UUID]:
    """Cases in whose number this stands, at most one more than are looked up."""
    meant = piece.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT handling_numbered(%s, %s)", [f"%{meant}%", MOST_SOUGHT + 1])
        return [key for (key,) in cursor.fetchall()]


def _near(found: list[tuple[UUID, int]], moved: list[UUID], whole: bool) -> Q | None:
    """The newest of them, when there are enough: seasons of which every case is at hand."""
    last = None if whole else found[-1][1]
    many = Counter(season for _, season in found if season != last)
    taken = 0
    for season in sorted(many, reverse=True):
        taken += many[season]
        if taken >= ENOUGH:
            near = [key for key, when in found if when >= season] + moved
            since = time.at_local(rules.season_start(season))
            return among(near) & Q(received_at__gte=since)
    return None
