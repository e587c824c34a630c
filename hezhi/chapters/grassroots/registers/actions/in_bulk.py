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
    return f"to_char(nextval('registers_{kind}_number'), 'FM{'9' * 11}{'0' * 8}')"


NEXT_NUMBER = _next("resident")
MOVING_IN = "registers_moving_in"
_LASTING = "o.removed_at IS NULL AND (o.until IS NULL OR o.until > %(today)s)"

# Who of one piece moves in where, narrow and for this transaction only: the wide staged rows are read once for it and
# never written again. Households of the register are looked up by the homes of the piece; reading them all for each
# piece would grow with the square of the file.
_MAKE = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS {MOVING_IN} (id uuid, line integer, home_id uuid, household_id uuid,
      founds boolean, occupancy uuid, relation text, district_id uuid, town_id uuid, community_id uuid, grid_id uuid,
      unit_id uuid) ON COMMIT DROP
"""
_EMPTY = f"TRUNCATE {MOVING_IN}"
# Who comes before the head in the file finds no household yet, as when the rows come one by one.
_JOIN = f"""
    WITH new AS MATERIALIZED (
      SELECT s.id, s.line, s.home_id, s.household_new, s.occupancy_new, s.relation, s.district_id, s.town_id,
        s.community_id, s.grid_id, s.unit_id, count(s.household_new) OVER earlier AS many,
        min(s.household_new::text) OVER earlier AS only
      FROM registers_stagedresident AS s
      WHERE s.run = %(run)s AND s.chunk = %(chunk)s AND s.fate = 'new' AND s.home_id IS NOT NULL
      WINDOW earlier AS (PARTITION BY s.home_id ORDER BY s.line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
    there AS (
      SELECT home_id, count(*) AS many, min(id::text) AS only FROM registers_household
      WHERE until IS NULL AND removed_at IS NULL AND home_id = ANY(ARRAY(SELECT DISTINCT home_id FROM new))
      GROUP BY home_id)
    INSERT INTO {MOVING_IN}
    SELECT new.id, new.line, new.home_id, CASE WHEN new.household_new IS NOT NULL THEN new.household_new
        WHEN new.many + coalesce(there.many, 0) = 1 THEN coalesce(there.only, new.only)::uuid END,
      new.household_new IS NOT NULL, new.occupancy_new, new.relation, new.district_id, new.town_id, new.community_id,
      new.grid_id, new.unit_id
    FROM new LEFT JOIN there USING (home_id)
"""
_FOUNDED = f"ANY(ARRAY(SELECT DISTINCT home_id FROM {MOVING_IN} WHERE founds))"
# A home that gets a household beside another one has nobody to itself any more.
_SHARE = f"UPDATE registers_household AS o SET sole = false WHERE o.sole AND {_LASTING} AND o.home_id = {_FOUNDED}"
# The head himself stands in the register a moment later; the database looks when the piece is whole.
_FOUND = f"""
    INSERT INTO registers_household (id, number, register_number, kind, home_id, head_id, sole, since,
      district_id, town_id, community_id, grid_id, unit_id,
      removed_reason, revision, created_at, created_by_id, changed_at, changed_by_id)
    SELECT m.household_id, {_next("household")}, '', 'family', m.home_id, m.id,
      count(*) OVER (PARTITION BY m.home_id) = 1 AND there.home_id IS NULL,
      %(today)s, m.district_id, m.town_id, m.community_id, m.grid_id, m.unit_id,
      '', 0, %(now)s, %(by)s, %(now)s, %(by)s
    FROM {MOVING_IN} AS m LEFT JOIN (SELECT DISTINCT o.home_id FROM registers_household AS o
      WHERE {_LASTING} AND o.home_id = {_FOUNDED}) AS there ON there.home_id = m.home_id
    WHERE m.founds ORDER BY m.line
"""
_LIVE = f"""
    INSERT INTO registers_occupancy (id, home_id, resident_id, household_id, role, relation, outside_name,
      outside_phone, outside_phone_blind, since, end_reason, source, entered_at)
    SELECT m.occupancy, m.home_id, m.id, m.household_id, 'lives', m.relation, '', '', '', %(today)s, '', '登记', %(now)s
    FROM {MOVING_IN} AS m ORDER BY m.line
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
    """Find out which household each staged person of one piece belongs to, and found those that are new."""
    for statement in (_MAKE, _EMPTY, _JOIN, _SHARE, _FOUND):
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
