"""Cases by the hundred thousand (测量用事件): made by the database itself, one generator for every bench.

A case comes each eighty seconds unless told otherwise (394,000 a year); units, towns, kinds, states and limits stand
in believable shares, the newest is of this minute, and a fixed number of the newest is still worked on, since a
district's open work does not grow with its archive. Triggers are off. Only a database for measuring is so filled.
"""

from dataclasses import dataclass

from bench.house import House

PACE = 80.0
OPEN = 30_000
UNITS = 60
"""So many departments there are at least."""

_IDS = """
CREATE FUNCTION pg_temp.id_of(at timestamptz, salt text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(salt), 1, 3) || '8' ||
    substr(md5(salt), 4, 15))::uuid $$;
"""
"""Ids in the order of time, as the house makes them: random ones would spread every write over the whole index."""

_WORDS = """
CREATE FUNCTION pg_temp.words_of(i bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(said[1 + (i * 31 + n * 7 + i / 17 * n) % 24], '') || CASE WHEN i % 4999 = 0 THEN '还有水表箱盖板松动异响。' ELSE '' END
    || '示例诉求第' || i || '件。'
  FROM generate_series(1, 4) AS n, (SELECT ARRAY['市民来电反映家门口的情况已经有一个多星期了,', '楼道里晚上看不清台阶,老人上下楼很不放心,',
    '之前打过一次电话,当时说会派人来看,', '路过的车辆很多,上学放学的孩子也从这里走,', '下雨以后积水漫到单元门口,鞋子都湿了,',
    '物业说不归他们管,社区也没有明确的说法,', '希望有关部门尽快安排人员到现场看一看,', '附近的商户把货物堆到人行道上,行人只能走机动车道,',
    '夜里十一点以后还有机器声,家里有高考的学生,', '垃圾两三天没有清运,味道很大,苍蝇很多,', '公园里的健身器材坏了一半,螺丝都露在外面,',
    '路口的信号灯时间太短,走到一半就变红了,', '小区东门外的绿化带被踩出一条土路,', '暖气管道一直滴水,墙面已经发霉脱落,',
    '充电桩长期被燃油车占用,没有人管理,', '公交站牌被树枝挡住,看不到车次,', '井盖和路面不平,车轮压上去响声很大,',
    '请告知什么时候可以处理完,并给一个答复,', '工地的围挡占了半条路,也没有看到公示牌,', '电梯经常停在两层之间,维保电话没人接,',
    '有人在楼顶养鸽子,羽毛和粪便落到阳台上,', '学校门口的斑马线磨没了,司机不减速,', '菜市场后门的下水沟堵了,污水流到街面,',
    '临街的空调外机滴水,正好落在盲道上,'] AS said) AS s $$;
"""
"""What people say: about a hundred signs each; one in five thousand says something that few say."""

_DEPARTMENTS = """
INSERT INTO org_unit (id, code, name, short_name, kind, path, valid_from, "order", phone, duties)
SELECT gen_random_uuid(), 'BENCH' || n, '测量部门' || n, '', 'department', 'BENCH' || n || '/', date '2020-01-01', 900 + n, '', ''
FROM generate_series(1, {units} - (SELECT count(*) FROM org_unit WHERE kind = 'department')) AS n;
"""

_CASES = """
CREATE TEMP TABLE kept_indexes AS
  SELECT indexdef FROM pg_indexes WHERE tablename = 'handling_case' AND indexname NOT LIKE '%pkey'
  AND indexname NOT IN (SELECT conname FROM pg_constraint);
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT indexname FROM pg_indexes WHERE tablename = 'handling_case' AND indexname NOT LIKE '%pkey'
    AND indexname NOT IN (SELECT conname FROM pg_constraint)
  LOOP EXECUTE format('DROP INDEX %I', r.indexname); END LOOP;
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
SELECT pg_temp.id_of(at, i::text), 'B' || lpad(i::text, 9, '0'),
  (ARRAY['hotline','hotline','hotline','grid','online_media'])[1 + i % 5],
  (ARRAY['hotline','hotline','grid','citizen','online_media','walk_in'])[1 + i % 6], '', '', '',
  k.name || '问题:' || (ARRAY['路灯不亮','井盖缺失','垃圾堆放','占道经营','下水道堵塞','施工噪声','漏水停水','道路破损'])[1 + (i / 7) % 8],
  pg_temp.words_of(i), '', k.id, '{}', CASE WHEN i % 97 = 0 THEN 'critical' WHEN i % 13 = 0 THEN 'urgent' ELSE 'normal' END,
  'help', g.full_name || (i % 200) || '号', g.point, false, g.district_id, g.town_id, g.community_id, g.id, at, at,
  state, at, '', (SELECT id FROM org_unit WHERE kind = 'centre' LIMIT 1),
  CASE WHEN state NOT IN ('to_accept', 'to_dispatch') THEN h.id END,
  CASE WHEN state NOT IN ('to_accept', 'to_dispatch') THEN ARRAY[h.id, t.id] ELSE '{}'::uuid[] END,
  CASE WHEN state = 'closed' THEN NULL ELSE at + interval '5 days' END,
  CASE WHEN state = 'closed' THEN NULL ELSE at + interval '4 days' END, i % 500 = 0, false, '',
  CASE WHEN state = 'closed' THEN least(at + interval '3 days', now()) END, '', 0, 0, 0, '{}', 0
FROM (SELECT i, now() - i * interval '{pace} seconds' AS at,
        CASE WHEN i < least(2000 + {open} / 10, {open}) THEN (ARRAY['to_accept','to_dispatch','to_sign'])[1 + i % 3]
             WHEN i < {open} THEN (ARRAY['to_sign','handling','handling','to_review','to_call_back','closed'])[1 + i % 6]
             WHEN i % 1000 = 0 THEN 'handling' ELSE 'closed' END AS state
      FROM generate_series(1, {rows}) AS i) AS s
JOIN grids g ON g.n = 1 + (i * 7919::bigint) % (SELECT count(*) FROM grids)
JOIN kinds k ON k.n = 1 + (i * 31::bigint) % (SELECT count(*) FROM kinds)
JOIN hands h ON h.n = 1 + (i * 17::bigint) % (SELECT count(*) FROM hands)
LEFT JOIN towns t ON t.area_id = g.town_id;
DO $$ DECLARE r record; BEGIN FOR r IN SELECT indexdef FROM kept_indexes LOOP EXECUTE r.indexdef; END LOOP; END $$;
"""

_SOUGHT = """
DROP INDEX case_words;
INSERT INTO handling_casewords (case_id, keys)
  SELECT id, handling_keys(lower(number), title, text, place, handling_season(received_at)) FROM handling_case
  WHERE number LIKE 'B%' AND NOT secret ORDER BY received_at;
CREATE INDEX case_words ON handling_casewords USING gin (keys) WITH (fastupdate = off);
"""
"""As the round would have left it."""

_FACTS = """
DELETE FROM statistics_fact; DELETE FROM handling_moved;
INSERT INTO statistics_fact (
  id, case_id, round, kind, source, urgency, appeal, category_id, category_path, district_id, town_id, community_id, grid_id,
  grid_now_id, lead_unit_id, units, secret, barred_unit_id, began_at, received_at, accept_due, accepted_at, dispatch_due,
  dispatched_at, sign_due, signed_at, handle_due, handled_at, check_due, checked_at, close_due, ended_at, outcome, rated_at,
  satisfied, dispatches, returns, extensions, holds, send_backs, urged, on_the_spot, answered_directly, work_accept,
  work_dispatch, work_sign, work_handle, work_check, work_total, settled_at)
SELECT c.id, c.id, 1, c.kind, c.source, c.urgency, c.appeal, c.category_id, k.path, c.district_id, c.town_id,
  c.community_id, c.grid_id, c.grid_id, c.lead_unit_id, c.units, c.secret, NULL, c.received_at, c.received_at,
  c.received_at + interval '30 minutes', c.received_at + interval '20 minutes', c.received_at + interval '1 hour',
  c.received_at + n % 3 * interval '40 minutes', c.received_at + interval '5 hours', c.received_at + n % 7 * interval '1 hour',
  c.received_at + interval '5 days', CASE WHEN c.closed_at IS NOT NULL THEN least(c.received_at + n % 7 * interval '1 day', c.closed_at) END,
  CASE WHEN c.closed_at IS NOT NULL THEN c.received_at + interval '10 days' END,
  CASE WHEN c.closed_at IS NOT NULL THEN least(c.received_at + interval '8 days', c.closed_at) END, c.received_at + interval '10 days',
  c.closed_at, CASE WHEN c.closed_at IS NULL THEN '' ELSE 'closed' END, c.closed_at,
  CASE WHEN c.closed_at IS NOT NULL THEN n % 10 > 0 END,
  1, 0, (n % 17 = 0)::int, (n % 31 = 0)::int, (n % 23 = 0)::int, 0, false, false, 1200, n % 3 * 2400, n % 7 * 3600,
  CASE WHEN c.closed_at IS NOT NULL THEN n % 7 * 28800 END, CASE WHEN c.closed_at IS NOT NULL THEN 7200 END,
  CASE WHEN c.closed_at IS NOT NULL THEN n % 9 * 28800 END,
  CASE WHEN c.closed_at IS NULL THEN timestamptz '9999-01-01' ELSE c.received_at + interval '10 days' END
FROM (SELECT *, substr(number, 2)::bigint AS n FROM handling_case WHERE number LIKE 'B%') AS c
JOIN handling_category k ON k.id = c.category_id
ORDER BY c.received_at;
"""

_LIVES = """
CREATE TEMP TABLE living AS SELECT id, number, title, urgency, state, received_at, closed_at, due_at, yellow_at, lead_unit_id,
  desk_id, array_position(ARRAY['to_accept','to_dispatch','to_sign','handling','to_review','to_call_back','closed'], state::text) AS far
  FROM handling_case WHERE number LIKE 'B%' ORDER BY received_at DESC LIMIT {lives};
INSERT INTO flow_workorder (id, matter_type, matter_id, number, depth, unit_id, issued_by_unit_id, part, called, state, request,
  issued_at, signed_at, reply, public_reply, result, replied_at, reviewed_at, ended_at, end_reason, review_unit_id, may_not_return, round)
SELECT pg_temp.id_of(received_at, number || 'o'), 'handling.case', id, number || '-1', 0, lead_unit_id, desk_id, 'lead', false,
  CASE WHEN far > 5 THEN 'done' ELSE state END, '请核实处理', received_at + interval '40 minutes',
  CASE WHEN far > 3 THEN received_at + interval '2 hours' END, CASE WHEN far > 4 THEN '已到现场处理' ELSE '' END,
  CASE WHEN far > 4 THEN '已处理,请您放心' ELSE '' END, '{}', CASE WHEN far > 4 THEN received_at + interval '1 day' END,
  CASE WHEN far > 5 THEN received_at + interval '2 days' END, CASE WHEN far > 5 THEN received_at + interval '2 days' END, '',
  lead_unit_id, false, 1
FROM living WHERE far > 2 ORDER BY received_at;
INSERT INTO handling_step (id, case_id, verb, title, from_state, to_state, by_name, post_title, unit_name, channel, at, text, public_text, fields)
SELECT pg_temp.id_of(l.received_at + n * interval '20 minutes', l.number || n), l.id, s.verb, s.title, '', '', '示例经办', '经办', '测量部门',
  'officer', l.received_at + n * interval '20 minutes', '', '', '{}'
FROM living l JOIN (VALUES (0, 0, 'report', '登记'), (1, 1, 'accept', '受理'), (2, 2, 'dispatch', '派遣'), (3, 3, 'sign', '签收'),
  (4, 4, 'reply', '反馈'), (5, 5, 'review', '审签通过'), (6, 6, 'call_back', '回访')) AS s(n, from_far, verb, title) ON l.far > s.from_far
ORDER BY l.received_at;
INSERT INTO flow_deadline (id, object_type, object_id, stage, why, amount, clock, started_at, due_at, yellow_at, finished_at, state, pauses,
  extensions, warned, log)
SELECT pg_temp.id_of(received_at, number || 'd'), 'handling.case', id, '', '一般事项', 5, 'working_days', received_at,
  received_at + interval '5 days', received_at + interval '4 days', closed_at, CASE WHEN closed_at IS NULL THEN 'running' ELSE 'met' END,
  '[]', '[]', CASE WHEN received_at < now() - interval '5 days' THEN 'red' ELSE '' END, '[]'
FROM living ORDER BY received_at;
INSERT INTO flow_todo (id, object_type, object_id, number, title, step, permission, unit_id, urgency, created_at, due_at)
SELECT pg_temp.id_of(received_at, number || 't'), 'handling.case', id, number, title, right_of, 'cases.' || right_of,
  CASE WHEN far IN (1, 2, 6) THEN desk_id ELSE lead_unit_id END, urgency, received_at, due_at
FROM living, LATERAL (SELECT (ARRAY['accept','dispatch','sign','reply','review','call_back'])[far]) AS r(right_of) WHERE far < 7;
"""


@dataclass(frozen=True)
class Wanted:
    """What a database for measuring is to hold: cases, one each `pace` seconds, so many of them still worked on."""

    rows: int
    pace: float = PACE
    open: int = OPEN
    facts: bool = False
    """With the facts of statistics."""
    words: bool = False
    """With the pairs of signs by which the text is searched."""
    lives: int = 0
    """So many of the newest have their steps, order, limit and to-do."""

    def fill(self, ready: House, database: str, *, again: bool = False) -> bool:
        """Make the database, or keep the one there is when it is the same; gives whether it was made now."""
        there = ready.cluster.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'", "postgres")
        stamp = f"{(ready.home / 'template.json').read_text()} {self}"
        note = ready.home / f"run/{database}.txt"
        if there and not again and note.exists() and note.read_text() == stamp:
            return False
        ready.fresh(database)
        ready.cluster.sql(self.sql(), database)
        # A vacuum cannot stand beside other statements.
        ready.cluster.sql("VACUUM (ANALYZE);", database)
        note.write_text(stamp)
        return True

    def sql(self) -> str:
        """All of it as one script."""
        settings = "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB';"
        parts = [
            settings,
            _IDS,
            _WORDS,
            _DEPARTMENTS,
            _CASES,
            _SOUGHT if self.words else "",
            _FACTS if self.facts else "",
            _LIVES if self.lives else "",
        ]
        values = {
            "{rows}": self.rows,
            "{pace}": f"{self.pace:.3f}",
            "{open}": self.open,
            "{units}": UNITS,
            "{lives}": self.lives,
        }
        text = "".join(parts)
        for name, value in values.items():
            text = text.replace(name, str(value))
        return text
