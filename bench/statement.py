"""The statement of our intake as pgbench sends it (极限语句): the same text, its values noted once.

Everything that our door sends is in it: case, key of the request, audit row, answer. What differs in each
message (id, number, digests, time, point) is made by the database; the sealed fields
are sealed once, as pgbench cannot seal.
"""

import re
from typing import Any

from django.db import connection
from psycopg.sql import Literal

from hezhi.chapters.cases.intake import actions
from hezhi.chapters.cases.intake.rules import Message, checked
from hezhi.engines.connect.api import Claim
from hezhi.engines.org.actor import system
from hezhi.engines.records.audit import recorded
from hezhi.ground import prepared, time
from hezhi.ground.ids import new_id

FRESH = {
    "deed": "'01a20000-0000-7000-8000-000000000001'",
    "context": '\'{"kind":"system","name":"bench"}\'',
    "id": "gen_random_uuid()",
    "reporter_id": "gen_random_uuid()",
    "step_id": "gen_random_uuid()",
    "deadline_id": "gen_random_uuid()",
    "todo_id": "gen_random_uuid()",
    "now": "clock_timestamp()",
    "received_at": "clock_timestamp()",
    "follow_digest": "md5(random()::text)",
    "outside_number": "gen_random_uuid()::text",
    "other_number": "(select md5(random()::text))",
    "audit_at": "clock_timestamp()",
    "audit_object_id": "gen_random_uuid()",
    "audit_deed_id": "gen_random_uuid()",
    "claim_key": "gen_random_uuid()::text",
    "claim_at": "clock_timestamp()",
}


def as_pgbench() -> str:
    """The script: a point drawn by pgbench, then the statement."""
    values = _values()
    statement = actions.TAKE_IN_ONCE

    def written(found: re.Match[str]) -> str:
        name = statement.names[int(found[1]) - 1]
        return _written(name, values[name])

    text = " ".join(re.sub(r"\$(\d+)", written, statement.text).split())
    lon, lat = values["lon"], values["lat"]
    return f"\\set n random(0, 1000)\n{text.replace(':lon', f'({lon} + :n * 0.0000001)').replace(':lat', str(lat))};\n"


def _values() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(shape) p FROM geo_area WHERE level = 'grid'"
            " AND kind = 'basic' AND valid_to IS NULL ORDER BY code LIMIT 1) q"
        )
        lon, lat = cursor.fetchone()
    message = checked(
        Message(
            source="hotline", title="路灯不亮", text="门前路灯不亮已经三天,晚上看不清路,请尽快修好。", lon=lon, lat=lat,
            crs="EPSG:4326", name="示例甲", phone="19900001111", category="0101", outside_channel="bench",
            outside_number="1",
        ),
        now=time.now(),
    )  # fmt: skip
    by, case_id = system("测量"), new_id()
    values = actions._values(message, by, case_id, actions.code_for(case_id)) | {"deed": "", "context": ""}
    values |= recorded(by, "cases.report", [(actions.MATTER, case_id)])
    values |= Claim("bench", "report:1", "0" * 64, {"told": {"state": "to_accept"}, "status": 201}).values()
    return {name: prepared.plain(value) for name, value in values.items()}


def _written(name: str, value: Any) -> str:
    """A value as it stands in the script; psycopg's own way of writing it."""
    if name in ("lon", "lat"):
        return f":{name}"
    if name in FRESH:
        return FRESH[name]
    return "NULL" if value is None else Literal(value).as_string()
