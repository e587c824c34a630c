"""Where the people of a large import live (大批导入人口的住处): what `living` does for one person, done for a set.

Each statement stands for a step of `living.settle_residence`: the head founds a household, another joins the only one
that is there, the dated relation begins today, the homes are counted anew.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hezhi.engines.org.actor import Actor
from hezhi.ground import time


def _next(kind: str) -> str:
    """SQL for the next number of a sequence as `numbering` writes it: eight digits, and more when they are used up."""
    return f"regexp_replace(lpad(nextval('registers_{kind}_number')::text, 20, '0'), '^0{{1,12}}', '')"


NEXT_NUMBER = _next("resident")
_NEW = "s.run = %(run)s AND s.chunk = %(chunk)s AND s.fate = 'new' AND s.home_id IS NOT NULL"
_LASTING = "removed_at IS NULL AND (until IS NULL OR until > %(today)s)"

# A home that gets a household beside another one has nobody to itself any more.
_SHARE = f"""
    UPDATE registers_household SET sole = false WHERE sole AND {_LASTING} AND home_id IN
      (SELECT s.home_id FROM registers_stagedresident AS s WHERE {_NEW} AND s.household_new IS NOT NULL)
"""
# The head himself stands in the register a moment later; the database looks when the piece is whole.
_FOUND = f"""
    INSERT INTO registers_household (id, number, register_number, kind, home_id, head_id, sole, since,
      district_id, town_id, community_id, grid_id, unit_id,
      removed_reason, revision, created_at, created_by_id, changed_at, changed_by_id)
    SELECT s.household_new, {_next("household")}, '', 'family', s.home_id, s.id,
      count(*) OVER (PARTITION BY s.home_id) = 1
        AND NOT EXISTS (SELECT FROM registers_household AS o WHERE o.home_id = s.home_id AND {_LASTING}),
      %(today)s, s.district_id, s.town_id, s.community_id, s.grid_id, s.unit_id,
      '', 0, %(now)s, %(by)s, %(now)s, %(by)s
    FROM registers_stagedresident AS s WHERE {_NEW} AND s.household_new IS NOT NULL ORDER BY s.line
"""
# Who comes before the head in the file finds no household yet, as when the rows come one by one; so this runs before
# the heads found theirs.
_JOIN = f"""
    WITH new AS (
      SELECT s.id, s.home_id, s.household_new, count(s.household_new) OVER earlier AS many,
        min(s.household_new::text) OVER earlier AS only
      FROM registers_stagedresident AS s WHERE {_NEW}
      WINDOW earlier AS (PARTITION BY s.home_id ORDER BY s.line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
    there AS (
      SELECT home_id, count(*) AS many, min(id::text) AS only FROM registers_household
      WHERE until IS NULL AND removed_at IS NULL AND home_id IN (SELECT home_id FROM new) GROUP BY home_id),
    found AS (
      SELECT new.id, CASE WHEN new.household_new IS NOT NULL THEN new.household_new
        WHEN new.many + coalesce(there.many, 0) = 1 THEN coalesce(there.only, new.only)::uuid END AS household
      FROM new LEFT JOIN there USING (home_id))
    UPDATE registers_stagedresident AS t SET household_id = found.household
    FROM found WHERE t.id = found.id AND found.household IS NOT NULL
"""
_LIVE = f"""
    INSERT INTO registers_occupancy (id, home_id, resident_id, household_id, role, relation, outside_name,
      outside_phone, outside_phone_blind, since, end_reason, source, entered_at)
    SELECT s.occupancy_new, s.home_id, s.id, s.household_id, 'lives', s.relation, '', '', '', %(today)s, '', '登记',
      %(now)s
    FROM registers_stagedresident AS s WHERE {_NEW} ORDER BY s.line
"""
_RECOUNT = """
    UPDATE registers_home AS h SET people_count = living.many,
      use = CASE WHEN h.use NOT IN ('empty', 'unverified') OR living.many = 0 THEN h.use
        WHEN living.let THEN 'let' ELSE 'own' END
    FROM (WITH touched AS (SELECT DISTINCT home_id FROM {touched})
      SELECT home_id, coalesce(many, 0) AS many, coalesce(let, false) AS let FROM touched LEFT JOIN (
        SELECT home_id, count(*) FILTER (WHERE role = 'lives') AS many, bool_or(role = 'tenant') AS let
        FROM registers_occupancy WHERE until IS NULL AND home_id IN (SELECT home_id FROM touched)
        GROUP BY home_id) AS there USING (home_id)) AS living
    WHERE h.id = living.home_id
"""
_BROUGHT = "(SELECT pgh_obj_id FROM registers_{table}event WHERE pgh_context_id = %(deed)s AND pgh_label = 'insert')"


def found_households(cursor: Any, run: UUID, chunk: int, by: Actor) -> None:
    """Say of each staged person of one piece which household is his, and found those that are new."""
    for statement in (_JOIN, _SHARE, _FOUND):
        cursor.execute(statement, _given(run, chunk, by))


def settle(cursor: Any, run: UUID, chunk: int, by: Actor) -> None:
    """Let the new people of one piece live in their homes (住处随表更新), from today."""
    cursor.execute(_LIVE, _given(run, chunk, by))


def _given(run: UUID, chunk: int, by: Actor) -> dict[str, Any]:
    return {"run": run, "chunk": chunk, "by": by.user_id, "today": time.today(), "now": time.now()}


def recount_homes(cursor: Any, run: UUID) -> None:
    """Count the people of every home that somebody has moved into, in one statement."""
    touched = "registers_stagedresident WHERE run = %(run)s AND fate = 'new' AND home_id IS NOT NULL"
    cursor.execute(_RECOUNT.format(touched=touched), {"run": run})


def homes_changed(cursor: Any, run: UUID) -> bool:
    """Whether a home of the staged people was removed, or lies in another area or unit than it did."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM registers_stagedresident AS s JOIN registers_home AS h ON h.id = s.home_id"
        " WHERE s.run = %s AND s.fate = 'new' AND (h.removed_at IS NOT NULL OR (h.district_id, h.town_id, h.community_id,"
        " h.grid_id, h.unit_id) IS DISTINCT FROM (s.district_id, s.town_id, s.community_id, s.grid_id, s.unit_id)))",
        [run],
    )
    return bool(cursor.fetchone()[0])


def unsettle(cursor: Any, deed: UUID, by: Actor) -> None:
    """Take back what `settle` wrote under a deed: the relations go, and the households it founded when nobody is left."""
    given = {"deed": deed, "now": time.now(), "today": time.today(), "by": by.user_id}
    occupancies, people, households = (_BROUGHT.format(table=t) for t in ("occupancy", "resident", "household"))
    cursor.execute(f"DELETE FROM registers_occupancy WHERE id IN {occupancies}", given)
    cursor.execute(
        f"UPDATE registers_resident SET household_id = NULL, home_id = NULL WHERE id IN {people}"
        " AND home_id IS NOT NULL",
        given,
    )
    cursor.execute(
        "UPDATE registers_household AS h SET removed_at = %(now)s, removed_reason = '撤销导入', until = %(today)s"
        f" WHERE h.removed_at IS NULL AND h.id IN {households}"
        " AND NOT EXISTS (SELECT FROM registers_occupancy AS o WHERE o.household_id = h.id AND o.until IS NULL)",
        given,
    )
    touched = "registers_occupancyevent WHERE pgh_context_id = %(deed)s AND pgh_label = 'insert'"
    cursor.execute(_RECOUNT.format(touched=touched), given)
