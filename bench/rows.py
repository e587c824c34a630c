"""Cases by the hundred thousand (测量用事件): made by the database itself, one generator for every bench.

A case comes each eighty seconds unless told otherwise (394,000 a year); units, towns, kinds, states and limits stand
in believable shares, the newest is of this minute, and a fixed number of the newest is still worked on, since a
district's open work does not grow with its archive. The n-th case back in time is the same at every size, so a larger
database is the smaller one with more years behind it (`bench/filling.py` fills and grows). Triggers are off. Only a
database for measuring is so filled.
"""

UNITS = 60
"""So many departments there are at least."""

TABLES = (
    "handling_case", "handling_casewords", "statistics_fact", "flow_workorder", "handling_step", "flow_deadline", "flow_todo",
)  # fmt: skip
"""Where the rows go."""

DRAW = """
CREATE SCHEMA bench_fill;
CREATE SCHEMA bench_sets;
CREATE EXTENSION intarray SCHEMA bench_sets;
INSERT INTO org_unit (id, code, name, short_name, kind, path, valid_from, "order", phone, duties)
SELECT gen_random_uuid(), 'BENCH' || n, '测量部门' || n, '', 'department', 'BENCH' || n || '/', date '2020-01-01', 900 + n, '', ''
FROM generate_series(1, {units} - (SELECT count(*) FROM org_unit WHERE kind = 'department')) AS n;
CREATE FUNCTION bench_fill.id_of(at timestamptz, salt text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT overlay(overlay(md5(salt) PLACING lpad(to_hex((date_part('epoch', at) * 1000)::bigint), 12, '0') || '7' FROM 1)
    PLACING '8' FROM 17)::uuid $$;
CREATE TABLE bench_fill.grids AS SELECT (row_number() OVER (ORDER BY md5(a.code)))::int - 1 AS n, a.id, a.community_id, a.town_id,
  a.district_id, ST_PointOnSurface(a.shape) AS point, a.full_name, u.id AS town_unit
  FROM geo_area a LEFT JOIN org_unit u ON u.area_id = a.town_id AND u.kind = 'town'
  WHERE a.level = 'grid' AND a.kind = 'basic' AND a.valid_to IS NULL;
CREATE TABLE bench_fill.kinds AS SELECT (row_number() OVER (ORDER BY code))::int - 1 AS n, id, name, path FROM handling_category WHERE active;
CREATE TABLE bench_fill.hands AS SELECT (row_number() OVER (ORDER BY code))::int - 1 AS n, id FROM org_unit WHERE kind = 'department';
CREATE TABLE bench_fill.matters AS SELECT n::int - 1 AS n, name FROM
  unnest(ARRAY['路灯不亮','井盖缺失','垃圾堆放','占道经营','下水道堵塞','施工噪声','漏水停水','道路破损']) WITH ORDINALITY AS m(name, n);
CREATE TABLE bench_fill.texts AS SELECT a * 24 + b AS n, (SELECT string_agg(said[1 + (a * 7 + n * 7 + b * n) % 24], '' ORDER BY n)
    FROM generate_series(1, 4) AS n) AS text
  FROM generate_series(0, 23) AS a, generate_series(0, 23) AS b, (SELECT ARRAY['市民来电反映家门口的情况已经有一个多星期了,',
    '楼道里晚上看不清台阶,老人上下楼很不放心,', '之前打过一次电话,当时说会派人来看,', '路过的车辆很多,上学放学的孩子也从这里走,',
    '下雨以后积水漫到单元门口,鞋子都湿了,', '物业说不归他们管,社区也没有明确的说法,', '希望有关部门尽快安排人员到现场看一看,',
    '附近的商户把货物堆到人行道上,行人只能走机动车道,', '夜里十一点以后还有机器声,家里有高考的学生,', '垃圾两三天没有清运,味道很大,苍蝇很多,',
    '公园里的健身器材坏了一半,螺丝都露在外面,', '路口的信号灯时间太短,走到一半就变红了,', '小区东门外的绿化带被踩出一条土路,',
    '暖气管道一直滴水,墙面已经发霉脱落,', '充电桩长期被燃油车占用,没有人管理,', '公交站牌被树枝挡住,看不到车次,',
    '井盖和路面不平,车轮压上去响声很大,', '请告知什么时候可以处理完,并给一个答复,', '工地的围挡占了半条路,也没有看到公示牌,',
    '电梯经常停在两层之间,维保电话没人接,', '有人在楼顶养鸽子,羽毛和粪便落到阳台上,', '学校门口的斑马线磨没了,司机不减速,',
    '菜市场后门的下水沟堵了,污水流到街面,', '临街的空调外机滴水,正好落在盲道上,'] AS said) AS s;
CREATE INDEX ON bench_fill.grids (n); CREATE INDEX ON bench_fill.texts (n);
ANALYZE bench_fill.grids; ANALYZE bench_fill.kinds; ANALYZE bench_fill.hands; ANALYZE bench_fill.matters; ANALYZE bench_fill.texts;
"""
"""What the cases are drawn from. A text has about a hundred signs; one in five thousand says something that few say."""

AS_SETS = "SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off;"
"""The planner cannot know how many parts meet: told so, it hashes every part once for a stretch."""

_DRAWN = """
WITH drawn AS MATERIALIZED (
  SELECT s.*, bench_fill.id_of(at, i::text) AS id, 'B' || lpad(i::text, 9, '0') AS number,
    array_position(ARRAY['to_accept','to_dispatch','to_sign','handling','to_review','to_call_back','closed'], state) AS far,
    k.id AS category_id, k.n AS kind_n, k.path AS category_path, k.name || '问题:' || m.name AS title, m.n AS matter_n,
    x.text || CASE WHEN i % 4999 = 0 THEN '还有水表箱盖板松动异响。' ELSE '' END || '示例诉求第' || i || '件。' AS text, x.n AS text_n,
    g.n AS grid_n, g.id AS grid_id, g.community_id, g.town_id, g.district_id, g.point, g.full_name || (i % 200) || '号' AS place,
    h.id AS hand_id, CASE WHEN state NOT IN ('to_accept', 'to_dispatch') THEN h.id END AS lead_unit_id, g.town_unit,
    (ARRAY['hotline','hotline','hotline','grid','online_media'])[1 + i % 5] AS kind,
    (ARRAY['hotline','hotline','grid','citizen','online_media','walk_in'])[1 + i % 6] AS source,
    CASE WHEN i % 97 = 0 THEN 'critical' WHEN i % 13 = 0 THEN 'urgent' ELSE 'normal' END AS urgency,
    i % 500 = 0 AS secret, CASE WHEN state = 'closed' THEN least(at + interval '3 days', timestamptz '{anchor}') END AS closed_at,
    (SELECT id FROM org_unit WHERE kind = 'centre' LIMIT 1) AS desk_id
  FROM (SELECT i, timestamptz '{anchor}' - i * interval '{pace} seconds' AS at,
          CASE WHEN i < least(2000 + {open} / 10, {open}) THEN (ARRAY['to_accept','to_dispatch','to_sign'])[1 + i % 3]
               WHEN i < {open} THEN (ARRAY['to_sign','handling','handling','to_review','to_call_back','closed'])[1 + i % 6]
               WHEN i % 1000 = 0 THEN 'handling' ELSE 'closed' END AS state
        FROM generate_series({low}, {high}) AS i) AS s
  JOIN bench_fill.grids g ON g.n = (i * 7919::bigint) % (SELECT count(*) FROM bench_fill.grids)
  JOIN bench_fill.kinds k ON k.n = (i * 31::bigint) % (SELECT count(*) FROM bench_fill.kinds)
  JOIN bench_fill.hands h ON h.n = (i * 17::bigint) % (SELECT count(*) FROM bench_fill.hands)
  JOIN bench_fill.texts x ON x.n = i % 24 * 24 + i / 17 % 24
  JOIN bench_fill.matters m ON m.n = i / 7 % 8
)"""

_CASES = """, cases AS (
INSERT INTO handling_case (
  id, number, kind, source, outside_channel, outside_number, outside_verdict, title, text, sealed_text, category_id,
  answers, urgency, appeal, place, point, place_guessed, district_id, town_id, community_id, grid_id, received_at,
  recorded_at, state, state_since, held_from, desk_id, lead_unit_id, units, due_at, yellow_at, secret, on_the_spot,
  reply, replied_at, closed_at, close_reason, returns, redos, urged, suggestion, revision)
SELECT id, number, kind, source, '', '', '', title, text, '', category_id, '{}', urgency,
  'help', place, point, false, district_id, town_id, community_id, grid_id, at, at, state, at, '', desk_id, lead_unit_id,
  CASE WHEN far > 2 THEN ARRAY[hand_id, town_unit] ELSE '{}'::uuid[] END,
  CASE WHEN far < 7 THEN at + interval '5 days' END, CASE WHEN far < 7 THEN at + interval '4 days' END, secret, false,
  CASE WHEN far > 5 THEN '已处理,请您放心' ELSE '' END, CASE WHEN far > 5 THEN at + interval '1 day' END, closed_at, '', 0, 0, 0, '{}', far - 1
FROM drawn)"""

PIECES = """
CREATE TEMP TABLE pieces (part text, n int, keys int[]) ON COMMIT DROP;
INSERT INTO pieces
  SELECT 'text', n, handling_keys('', '', text || '示例诉求第99999件。', '', {season}) FROM bench_fill.texts
  UNION ALL SELECT 'title', k.n * 8 + m.n, handling_keys('', k.name || '问题:' || m.name, '', '', {season}) FROM bench_fill.kinds k, bench_fill.matters m
  UNION ALL SELECT 'grid', n, handling_keys('', '', '', full_name, {season}) FROM bench_fill.grids
  UNION ALL SELECT 'house', n, handling_keys('', '', '', '格' || n || '号', {season}) FROM generate_series(0, 199) AS n
  UNION ALL SELECT 'head', n, handling_keys('b' || lpad(n::text, 5, '0'), '', '', '', {season}) FROM generate_series({low} / 10000, {high} / 10000) AS n
  UNION ALL SELECT 'digits', n, handling_keys(lpad(n::text, 3, '0'), '', '', '', {season}) FROM generate_series(0, 999) AS n;
ANALYZE pieces;
"""
"""The pairs of every part that cases of one season are put together from, made by the product's own function: a case's are
the union of its parts', as a name of a grid ends with 格, a text with 。, and lines part the fields."""

_WORDS = """, words AS (
INSERT INTO handling_casewords (case_id, keys)
SELECT id, CASE WHEN i < 10000 OR i % 4999 = 0 THEN handling_keys(lower(number), title, text, place, {season})
  ELSE bench_sets.uniq(bench_sets.sort(a.keys || b.keys || c.keys || d.keys || e.keys || f.keys || g.keys)) END
FROM drawn
JOIN pieces a ON a.part = 'text' AND a.n = text_n JOIN pieces b ON b.part = 'title' AND b.n = kind_n * 8 + matter_n
JOIN pieces c ON c.part = 'grid' AND c.n = grid_n JOIN pieces d ON d.part = 'house' AND d.n = i % 200
JOIN pieces e ON e.part = 'head' AND e.n = i / 10000 JOIN pieces f ON f.part = 'digits' AND f.n = i / 100 % 1000
JOIN pieces g ON g.part = 'digits' AND g.n = i % 1000
WHERE NOT secret)"""

_FACTS = """, facts AS (
INSERT INTO statistics_fact (
  id, case_id, round, kind, source, urgency, appeal, category_id, category_path, district_id, town_id, community_id, grid_id,
  grid_now_id, lead_unit_id, units, secret, barred_unit_id, began_at, received_at, accept_due, accepted_at, dispatch_due,
  dispatched_at, sign_due, signed_at, handle_due, handled_at, check_due, checked_at, close_due, ended_at, outcome, rated_at,
  satisfied, dispatches, returns, extensions, holds, send_backs, urged, on_the_spot, answered_directly, work_accept,
  work_dispatch, work_sign, work_handle, work_check, work_total, settled_at)
SELECT id, id, 1, kind, source, urgency, 'help', category_id, category_path, district_id, town_id, community_id, grid_id, grid_id,
  lead_unit_id, CASE WHEN far > 2 THEN ARRAY[hand_id, town_unit] ELSE '{}'::uuid[] END, secret, NULL, at, at,
  at + interval '30 minutes', at + interval '20 minutes', at + interval '1 hour', at + i % 3 * interval '40 minutes',
  at + interval '5 hours', at + i % 7 * interval '1 hour', at + interval '5 days',
  CASE WHEN far = 7 THEN least(at + i % 7 * interval '1 day', closed_at) END, CASE WHEN far = 7 THEN at + interval '10 days' END,
  CASE WHEN far = 7 THEN least(at + interval '8 days', closed_at) END, at + interval '10 days',
  closed_at, CASE WHEN far = 7 THEN 'closed' ELSE '' END, closed_at, CASE WHEN far = 7 THEN i % 10 > 0 END,
  1, 0, (i % 17 = 0)::int, (i % 31 = 0)::int, (i % 23 = 0)::int, 0, false, false, 1200, i % 3 * 2400, i % 7 * 3600,
  CASE WHEN far = 7 THEN i % 7 * 28800 END, CASE WHEN far = 7 THEN 7200 END, CASE WHEN far = 7 THEN i % 9 * 28800 END,
  CASE WHEN far < 7 THEN timestamptz '9999-01-01' ELSE at + interval '10 days' END
FROM drawn)"""

_LIVES = """, orders AS (
INSERT INTO flow_workorder (id, matter_type, matter_id, number, depth, unit_id, issued_by_unit_id, part, called, state, request,
  issued_at, signed_at, reply, public_reply, result, replied_at, reviewed_at, ended_at, end_reason, review_unit_id, may_not_return, round)
SELECT bench_fill.id_of(at, i || 'o'), 'handling.case', id, number || '-01', 0, lead_unit_id, desk_id, 'lead', false,
  CASE WHEN far > 5 THEN 'done' ELSE state END, '请核实处理', at + interval '40 minutes',
  CASE WHEN far > 3 THEN at + interval '2 hours' END, CASE WHEN far > 4 THEN '已到现场处理' ELSE '' END,
  CASE WHEN far > 4 THEN '已处理,请您放心' ELSE '' END, '{}', CASE WHEN far > 4 THEN at + interval '1 day' END,
  CASE WHEN far > 5 THEN at + interval '2 days' END, CASE WHEN far > 5 THEN at + interval '2 days' END, '', lead_unit_id, false, 1
FROM drawn WHERE far > 2 AND i <= {lives}), steps AS (
INSERT INTO handling_step (id, case_id, verb, title, from_state, to_state, by_name, post_title, unit_name, channel, at, text, public_text, fields)
SELECT bench_fill.id_of(at + n * interval '20 minutes', i || 's' || n), id, s.verb, s.title, s.from_state, s.to_state, '示例经办', '经办',
  '测量部门', 'officer', at + n * interval '20 minutes', '', '', '{}'
FROM drawn JOIN (VALUES (0, 'report', '上报', '', 'to_accept'), (1, 'accept', '受理', 'to_accept', 'to_dispatch'),
  (2, 'dispatch', '派遣', 'to_dispatch', 'to_sign'), (3, 'sign', '签收', 'to_sign', 'handling'), (4, 'reply', '反馈', 'handling', 'to_review'),
  (5, 'review', '审签通过', 'to_review', 'to_call_back'), (6, 'call_back', '回访', 'to_call_back', 'closed'))
  AS s(n, verb, title, from_state, to_state) ON far > s.n
WHERE i <= {lives}), limits AS (
INSERT INTO flow_deadline (id, object_type, object_id, stage, why, amount, clock, started_at, due_at, yellow_at, finished_at, state, pauses,
  extensions, warned, log)
SELECT bench_fill.id_of(at, i || 'd'), 'handling.case', id, CASE state WHEN 'to_accept' THEN 'accept' WHEN 'to_call_back' THEN 'call_back' ELSE '' END,
  '一般事项', 5, 'working_days', at, at + interval '5 days', at + interval '4 days', closed_at,
  CASE WHEN far = 7 THEN 'met' ELSE 'running' END, '[]', '[]',
  CASE WHEN at < timestamptz '{anchor}' - interval '5 days' THEN 'red' ELSE '' END, '[]'
FROM drawn WHERE i <= {lives}), todos AS (
INSERT INTO flow_todo (id, object_type, object_id, number, title, step, permission, unit_id, urgency, created_at, due_at)
SELECT bench_fill.id_of(at, i || 't'), CASE WHEN far IN (3, 4, 5) THEN 'flow.workorder' ELSE 'handling.case' END,
  CASE WHEN far IN (3, 4, 5) THEN bench_fill.id_of(at, i || 'o') ELSE id END, number || CASE WHEN far IN (3, 4, 5) THEN '-01' ELSE '' END,
  title, (ARRAY['accept','dispatch','sign','handle','review','call_back'])[far],
  'cases.' || (ARRAY['accept','dispatch','sign','reply','review','call_back'])[far],
  CASE WHEN far IN (1, 2, 6) THEN desk_id ELSE lead_unit_id END, urgency, at, at + interval '5 days'
FROM drawn WHERE far < 7 AND i <= {lives})"""

FORGET = """
CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT id FROM handling_case
  WHERE received_at > timestamptz '{anchor}' - {many} * interval '{pace} seconds' - interval '1 millisecond'
    AND (number LIKE 'B%' OR recorded_at > timestamptz '{anchor}');
CREATE TEMP TABLE gone_orders ON COMMIT DROP AS SELECT id FROM flow_workorder WHERE matter_id IN (SELECT id FROM gone);
ANALYZE gone; ANALYZE gone_orders;
DELETE FROM flow_deadline WHERE object_id IN (SELECT id FROM gone UNION ALL SELECT id FROM gone_orders);
DELETE FROM flow_todo WHERE object_id IN (SELECT id FROM gone UNION ALL SELECT id FROM gone_orders);
DELETE FROM statistics_fact WHERE case_id IN (SELECT id FROM gone);
DELETE FROM handling_moved;
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT c.conrelid::regclass AS place, a.attname AS name, c.confrelid = 'handling_case'::regclass AS of_case
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.confrelid IN ('handling_case'::regclass, 'flow_workorder'::regclass)
      AND c.conrelid NOT IN ('handling_case'::regclass, 'flow_workorder'::regclass)
  LOOP EXECUTE format('DELETE FROM %s WHERE %I IN (SELECT id FROM %I)', r.place, r.name, CASE WHEN r.of_case THEN 'gone' ELSE 'gone_orders' END); END LOOP;
END $$;
DELETE FROM handling_casewords WHERE case_id IN (SELECT id FROM gone);
DELETE FROM flow_workorder WHERE id IN (SELECT id FROM gone_orders);
DELETE FROM handling_case WHERE id IN (SELECT id FROM gone);
"""
"""The newest of the filled cases and all that came after them go, with everything that hangs on them."""

SAMPLE = """
SELECT count(*), count(*) FILTER (WHERE NOT secret AND keys IS DISTINCT FROM handling_keys(lower(number), title, text, place,
  handling_season(received_at)) OR secret AND keys IS NOT NULL)
FROM handling_case c TABLESAMPLE SYSTEM ({percent}) LEFT JOIN handling_casewords w ON w.case_id = c.id WHERE number LIKE 'B%'
"""
"""Some cases, and how many of them have other pairs than the product's own round would have given them."""


def statement(*, words: bool, facts: bool, lives: bool) -> str:
    """All rows of one stretch of cases in one statement, with the gaps `{low}`, `{high}`, `{anchor}`, `{pace}`, `{open}`, `{lives}`, `{season}`."""
    parts = [_DRAWN, _CASES, _WORDS if words else "", _FACTS if facts else "", _LIVES if lives else ""]
    return "".join(parts) + "\nSELECT count(*) FROM drawn"
