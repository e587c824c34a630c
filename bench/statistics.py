"""Statistics and appraisal (统计和考核) on N cases: what the page costs, and what an appraisal of 60 units costs.

    python -m bench statistics --cases 100000

Cases come from the same generator as the list's; their facts are made by the database in believable shares. How fast
facts are made from history is measured on the demo's own cases, which have one.
"""

import argparse
import json

from bench.house import House, house
from bench.lists import _GENERATE

DATABASE = "bench_statistics"
UNITS = 60
DAYS = 90
"""Over how many days the cases came: a month holds a third of them."""

_UNITS = """
INSERT INTO org_unit (id, code, name, short_name, kind, path, valid_from, "order", phone, duties)
SELECT gen_random_uuid(), 'BENCH' || n, '测量部门' || n, '', 'department', 'BENCH' || n || '/', date '2020-01-01', 900 + n, '', ''
FROM generate_series(1, {more}) AS n;
"""

_FACTS = """
SET session_replication_role = replica;
SET synchronous_commit = off;
DELETE FROM statistics_fact; DELETE FROM statistics_mark;
INSERT INTO statistics_fact (
  id, case_id, round, kind, source, urgency, appeal, category_id, category_path, district_id, town_id, community_id, grid_id,
  grid_now_id, lead_unit_id, units, secret, barred_unit_id, began_at, received_at, accept_due, accepted_at, dispatch_due,
  dispatched_at, sign_due, signed_at, handle_due, handled_at, check_due, checked_at, close_due, ended_at, outcome, rated_at,
  satisfied, dispatches, returns, extensions, holds, send_backs, urged, on_the_spot, answered_directly, work_accept,
  work_dispatch, work_sign, work_handle, work_check, work_total, settled_at)
SELECT gen_random_uuid(), c.id, 1, c.kind, c.source, c.urgency, c.appeal, c.category_id, k.path, c.district_id, c.town_id,
  c.community_id, c.grid_id, c.grid_id, h.id, ARRAY[h.id], c.secret, NULL, c.received_at, c.received_at,
  c.received_at + interval '30 minutes', c.received_at + interval '20 minutes', c.received_at + interval '1 hour',
  c.received_at + n % 3 * interval '40 minutes', c.received_at + interval '5 hours', c.received_at + n % 7 * interval '1 hour',
  c.received_at + interval '5 days', CASE WHEN c.closed_at IS NOT NULL THEN c.received_at + n % 7 * interval '1 day' END,
  CASE WHEN c.closed_at IS NOT NULL THEN c.received_at + interval '10 days' END,
  CASE WHEN c.closed_at IS NOT NULL THEN c.received_at + interval '8 days' END, c.received_at + interval '10 days',
  c.closed_at + interval '5 days', CASE WHEN c.closed_at IS NULL THEN '' ELSE 'closed' END, c.closed_at, n % 10 > 0,
  1, 0, (n % 17 = 0)::int, (n % 31 = 0)::int, (n % 23 = 0)::int, 0, false, false, 1200, n % 3 * 2400, n % 7 * 3600,
  n % 7 * 28800, 7200, n % 9 * 28800,
  CASE WHEN c.closed_at IS NULL THEN timestamptz '9999-01-01' ELSE greatest(c.closed_at, c.received_at) + interval '10 days' END
FROM (SELECT *, row_number() OVER (ORDER BY number) AS n FROM handling_case WHERE number LIKE 'B%') AS c
JOIN handling_category k ON k.id = c.category_id
JOIN (SELECT id, row_number() OVER (ORDER BY code) AS place, count(*) OVER () AS many FROM org_unit WHERE kind = 'department') AS h
  ON h.place = 1 + c.n % h.many;
ANALYZE statistics_fact;
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20, help="how often each page is asked for")
    parser.add_argument("--again", action="store_true", help="make the rows anew")


def run(told: argparse.Namespace) -> dict[str, object]:
    """Fill a database, ask for the pages, freeze an appraisal of sixty units, make facts from history."""
    with house() as ready:
        _fill(ready, told.cases, told.again)
        text = ready.python("-m", "bench.counting", str(told.times), str(UNITS), database=DATABASE)
    told_back = json.loads(text[text.rindex("\n{") + 1 :] if "\n{" in text else text)
    for name, row in told_back["pages"].items():
        print(
            f"{name:44s} {row['statements']:3.0f} SQL  {row['sql_ms']:7.1f} ms in the database  "
            f"CPU {row['app_cpu_ms']:6.1f} + {row['db_cpu_ms']:6.1f}  p50 {row['p50_ms']:7.1f} p95 {row['p95_ms']:7.1f} ms",
            flush=True,
        )
    for name, row in told_back["once"].items():
        print(
            f"{name:44s} {row['statements']:3.0f} SQL  {row['ms']:9.1f} ms, CPU {row['app_cpu_ms']:7.1f} ({row['what']})",
            flush=True,
        )
    return {"options": {"cases": told.cases, "times": told.times}, **told_back}


def _fill(ready: House, cases: int, again: bool) -> None:
    there = ready.cluster.sql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'", "postgres")
    stamp = f"{(ready.home / 'template.json').read_text()} {cases}"
    note = ready.home / "run/statistics.txt"
    if there and not again and note.exists() and note.read_text() == stamp:
        return
    ready.fresh(DATABASE)
    departments = ready.sql(DATABASE, "SELECT count(*) FROM org_unit WHERE kind = 'department'")[0][0]
    if departments < UNITS:
        ready.cluster.sql(
            "SET session_replication_role = replica;" + _UNITS.replace("{more}", str(UNITS - departments)), DATABASE
        )
    text = _GENERATE.replace("%%", "%").replace("{rows}", str(cases))
    pace = f"interval '{DAYS * 86400 / cases:.3f} seconds'"
    ready.cluster.sql(text.replace("interval '80 seconds'", pace).replace("i < 30000", "i < 3000"), DATABASE)
    ready.cluster.sql(_FACTS, DATABASE)
    ready.cluster.sql("VACUUM (ANALYZE) handling_case;", DATABASE)
    note.write_text(stamp)
