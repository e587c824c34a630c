"""The statement of our intake as pgbench sends it (极限语句): the same text, its values noted once.

What differs in each message (id, number, digests, time, point) is made by the database; the sealed fields
are sealed once, as pgbench cannot seal.
"""

import re
from typing import Any

from django.db import connection
from psycopg.sql import Literal

from hezhi.chapters.cases.intake import actions
from hezhi.chapters.cases.intake.rules import Message, checked
from hezhi.engines.org.actor import system
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
}


def as_pgbench() -> str:
    """The script: a point drawn by pgbench, then the statement."""
    values = _values()
    text = re.sub(
        r"%\((\w+)\)s",
        lambda found: _written(found[1], values[found[1]]),
        prepared.typed(actions._TAKE_IN, actions._TYPES),
    )
    text = " ".join(text.replace("%%", "%").split())
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
    values = actions._values(message, system("测量"), new_id(), actions.code_for(new_id()))
    return {name: prepared.plain(value) for name, value in values.items()} | {"deed": "", "context": ""}


def _written(name: str, value: Any) -> str:
    """A value as it stands in the script; psycopg's own way of writing it."""
    if name in ("lon", "lat"):
        return f":{name}"
    if name in FRESH:
        return FRESH[name]
    return "NULL" if value is None else Literal(value).as_string()
