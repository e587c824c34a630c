"""The database writes down how each movement of a case changes the counts, in the mover's own transaction (decision 0070)."""

from django.db import migrations

KEYS = "day, town, community, grid, category, channel, kind, x, y"


def facts(source: str, sign: int) -> str:
    """Rows of handling_case as facts, each with this sign; secret ones and those entered by mistake are none."""
    return f"""
    select (received_at at time zone 'Asia/Shanghai')::date as day, town_id as town, community_id as community,
      grid_id as grid, category_id as category, source as channel, kind, floor(st_x(point) / 0.0056)::int as x,
      floor(st_y(point) / 0.0045)::int as y, {sign} as n, {sign} * (state = 'closed')::int as ended,
      {sign} * coalesce(satisfied, false)::int as happy, {sign} * (satisfied is not null)::int as rated
    from {source} where not secret and state <> 'void'"""  # noqa: S608 - parts of this file


def noted(source: str) -> str:
    """What of these facts remains when equal ones of opposite sign are taken together."""
    return f"""
  insert into analysis_cubechange (cube, {KEYS}, n, ended, happy, rated)
  select 'cases', {KEYS}, sum(n)::int, sum(ended)::int, sum(happy)::int, sum(rated)::int
  from ({source}) as moved group by {KEYS}
  having sum(n) <> 0 or sum(ended) <> 0 or sum(happy) <> 0 or sum(rated) <> 0;"""  # noqa: S608 - parts of this file


def trigger(name: str, event: str, tables: str, source: str) -> str:
    return f"""
create function statistics_count_{name}() returns trigger language plpgsql as $$
begin {noted(source)}
  return null;
end $$;
create trigger statistics_count_{name} after {event} on handling_case
  referencing {tables} for each statement execute function statistics_count_{name}();
"""


BOTH = f"{facts('old_rows', -1)} union all {facts('new_rows', 1)}"
FORWARD = (
    trigger("new", "insert", "new table as new_rows", facts("new_rows", 1))
    + trigger("moved", "update", "old table as old_rows new table as new_rows", BOTH)
    + trigger("gone", "delete", "old table as old_rows", facts("old_rows", -1))
    + noted(facts("handling_case", 1))
)
BACKWARD = "".join(
    f"drop trigger statistics_count_{name} on handling_case; drop function statistics_count_{name}();"
    for name in ("new", "moved", "gone")
)


class Migration(migrations.Migration):
    dependencies = [
        ("statistics", "0002_marks"),
        ("analysis", "0003_counting"),
        ("handling", "0007_routing_and_public"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
