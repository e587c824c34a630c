"""The list of cases at a million rows (事件列表): what the page's SQL costs, and what the server needs for it.

    python -m bench list --rows 1000000

Rows are made by the database itself, with triggers off, in a database for measuring only; they have towns,
units, states, categories and limits in believable shares, and their newest row is of this minute.
"""

import argparse
import json
import statistics
from dataclasses import dataclass

from bench.house import House, house
from hezhi.wiring.cluster import OWNER

DATABASE = "bench_list"
GOALS = {"page SQL, ms": 2.0, "server p95, ms": 100.0}

_GENERATE = """
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
CREATE TEMP TABLE kept_indexes AS
  SELECT indexdef FROM pg_indexes WHERE tablename = 'handling_case' AND indexname NOT LIKE '%%pkey'
  AND indexname NOT IN (SELECT conname FROM pg_constraint);
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT indexname FROM pg_indexes WHERE tablename = 'handling_case' AND indexname NOT LIKE '%%pkey'
    AND indexname NOT IN (SELECT conname FROM pg_constraint)
  LOOP EXECUTE format('DROP INDEX %%I', r.indexname); END LOOP;
END $$;
CREATE TEMP TABLE grids AS SELECT row_number() OVER (ORDER BY md5(code)) AS n, id, community_id, town_id, district_id,
  ST_PointOnSurface(shape) AS point, full_name FROM geo_area WHERE level = 'grid' AND kind = 'basic' AND valid_to IS NULL;
CREATE TEMP TABLE kinds AS SELECT row_number() OVER (ORDER BY code) AS n, id, name FROM handling_category WHERE active;
CREATE TEMP TABLE hands AS SELECT row_number() OVER (ORDER BY code) AS n, id FROM org_unit WHERE kind = 'department';
CREATE TEMP TABLE towns AS SELECT u.id, u.area_id FROM org_unit u WHERE kind = 'town';
CREATE INDEX ON grids (n); CREATE INDEX ON kinds (n); CREATE INDEX ON hands (n); ANALYZE grids; ANALYZE kinds; ANALYZE hands;
INSERT INTO handling_case (
  id, number, kind, source, outside_channel, outside_number, outside_verdict, title, text, sealed_text, category_id,
  answers, urgency, appeal, place, point, place_guessed, district_id, town_id, community_id, grid_id, received_at,
  recorded_at, state, state_since, held_from, desk_id, lead_unit_id, units, due_at, yellow_at, secret, on_the_spot,
  reply, closed_at, close_reason, returns, redos, urged, suggestion, revision)
SELECT gen_random_uuid(), 'B' || lpad(i::text, 9, '0'),
  (ARRAY['hotline','hotline','hotline','grid','online_media'])[1 + i %% 5],
  (ARRAY['hotline','hotline','grid','citizen','online_media','walk_in'])[1 + i %% 6], '', '', '',
  k.name || '问题:' || (ARRAY['路灯不亮','井盖缺失','垃圾堆放','占道经营','下水道堵塞','施工噪声','漏水停水','道路破损'])[1 + (i / 7) %% 8],
  '示例诉求第' || i || '件', '', k.id, '{}', CASE WHEN i %% 97 = 0 THEN 'critical' WHEN i %% 13 = 0 THEN 'urgent' ELSE 'normal' END,
  'help', g.full_name || (i %% 200) || '号', g.point, false, g.district_id, g.town_id, g.community_id, g.id, at, at,
  state, at, '', (SELECT id FROM org_unit WHERE kind = 'centre' LIMIT 1),
  CASE WHEN state <> 'to_accept' THEN h.id END, CASE WHEN state <> 'to_accept' THEN ARRAY[h.id, t.id] ELSE '{}'::uuid[] END,
  CASE WHEN state = 'closed' THEN NULL ELSE at + interval '5 days' END,
  CASE WHEN state = 'closed' THEN NULL ELSE at + interval '4 days' END, i %% 500 = 0, false, '',
  CASE WHEN state = 'closed' THEN at + interval '3 days' END, '', 0, 0, 0, '{}', 0
FROM (SELECT i, now() - i * interval '80 seconds' AS at,
        CASE WHEN i < 2000 THEN (ARRAY['to_accept','to_dispatch','to_sign'])[1 + i %% 3]
             WHEN i < 30000 THEN (ARRAY['to_sign','handling','handling','to_review','to_call_back','closed'])[1 + i %% 6]
             WHEN i %% 1000 = 0 THEN 'handling' ELSE 'closed' END AS state
      FROM generate_series(1, {rows}) AS i) AS s
JOIN grids g ON g.n = 1 + (i * 7919::bigint) %% (SELECT count(*) FROM grids)
JOIN kinds k ON k.n = 1 + (i * 31::bigint) %% (SELECT count(*) FROM kinds)
JOIN hands h ON h.n = 1 + (i * 17::bigint) %% (SELECT count(*) FROM hands)
LEFT JOIN towns t ON t.area_id = g.town_id;
DO $$ DECLARE r record; BEGIN FOR r IN SELECT indexdef FROM kept_indexes LOOP EXECUTE r.indexdef; END LOOP; END $$;
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    parser.add_argument("--again", action="store_true", help="make the rows anew")


@dataclass(frozen=True)
class Asked:
    """One question to the list: its Chinese name, who asks, and the query of the address."""

    name: str
    who: str
    query: str


def run(told: argparse.Namespace) -> dict[str, object]:
    """Ask each question often, in the process of a page worker without the network around it."""
    with house() as ready:
        _fill(ready, told.rows, told.again)
        text = ready.python("-m", "bench.asking", str(told.times), database=DATABASE)
    told_back = json.loads(text[text.rindex("\n{") + 1 :] if "\n{" in text else text)
    for name, row in (told_back["questions"] | told_back["pages"]).items():
        print(
            f"{name:34s} page SQL {row['page_ms']:7.2f} ms  all SQL {row['sql_ms']:7.2f} ms in {row['statements']}  "
            f"CPU {row['app_cpu_ms']:5.1f} + {row['db_cpu_ms']:5.1f}  "
            f"server p50 {row['p50_ms']:6.1f} p95 {row['p95_ms']:6.1f} ms",
            flush=True,
        )
    worst_page = max(row["page_ms"] for row in told_back["questions"].values())
    worst = max(row["p95_ms"] for row in told_back["questions"].values())
    print(f"worst page SQL {worst_page:.2f} ms (goal ≤ 2), worst p95 {worst:.1f} ms (goal < 100)", flush=True)
    return {"options": {"rows": told.rows, "times": told.times}, **told_back, "goals": GOALS}


def _fill(ready: House, rows: int, again: bool) -> None:
    """A database with so many cases, kept between runs while the tables stay as they are."""
    there = ready.cluster.sql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'", "postgres")
    stamp = f"{(ready.home / 'template.json').read_text()} {rows}"
    note = ready.home / "run/list.txt"
    if there and not again and note.exists() and note.read_text() == stamp:
        return
    ready.fresh(DATABASE)
    ready.cluster.sql(_GENERATE.replace("%%", "%").replace("{rows}", str(rows)), DATABASE)
    ready.cluster.sql("VACUUM (ANALYZE) handling_case;", DATABASE)
    note.write_text(stamp)


def median(values: list[float]) -> float:
    return statistics.median(values)


__all__ = ["OWNER", "options", "run"]
