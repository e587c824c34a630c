"""Keeping up the pairs of signs by which cases are found (检索词对, decision 0101)."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction

from hezhi.chapters.cases.handling.models import CaseWords, Moved

_RENEW = """
WITH told AS MATERIALIZED (
  SELECT id, received_at, number, title, text, place FROM handling_case WHERE id = ANY(%(ids)s) AND NOT secret
)
INSERT INTO handling_casewords AS kept (case_id, keys)
SELECT id, handling_keys(lower(number), title, text, place, handling_season(received_at)) FROM told
ON CONFLICT (case_id) DO UPDATE SET keys = excluded.keys WHERE kept.keys IS DISTINCT FROM excluded.keys
"""
_ALONE = "SELECT pg_advisory_xact_lock(hashtext('handling.words'))"
"""Nobody puts a case under the veil between the reading of its words and the writing of its pairs. A lock of its own, and
no lock on the cases: who works on several of them at once must never wait in a ring with the round."""


def renew_words(case_ids: Sequence[UUID]) -> None:
    """Make the pairs of these cases anew, in one statement; secret ones get none."""
    if case_ids:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ALONE)
            cursor.execute(_RENEW, {"ids": list(case_ids)})


def forget_words(case_id: UUID) -> None:
    """Take a case out of the search by text (撤出检索), in the transaction that takes its words away.

    The round looks at it once more: what is left of its words is found again.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ALONE)
    CaseWords.objects.filter(case=case_id).delete()
    Moved.objects.create(case_id=case_id)
