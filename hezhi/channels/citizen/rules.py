"""Small rules of the citizen's page (市民端规则): kinds to choose from, how much one address may send, what is near."""

from datetime import timedelta

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest

from hezhi.chapters.cases.handling.api import Category
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow

MOST_PER_HOUR = 60
"""Reports from one address in an hour; a whole community may sit behind one address, so it is generous."""
MOST_BYTES = 20 * 1024 * 1024
NEAR_METRES = 200


class TooMany(NotNow):
    """Somebody sends faster than people write (请求过多)."""

    status = 429
    code = "citizen.too_many"
    what = "提交得太频繁了。"
    meaning = "同一网络一小时内的上报已达上限。"
    remedy = "请稍后再提交,紧急情况请直接拨打 12345 或 110。"


def not_too_many(address: str | None) -> None:
    """Refuse when an address has sent too much; counted per worker, so the true ceiling is a little higher."""
    key = f"citizen.reports.{address}.{time.now():%Y%m%d%H}"
    cache.add(key, 0, timeout=3700)
    if cache.incr(key) > MOST_PER_HOUR:
        raise TooMany()


def kinds() -> list[tuple[str, str]]:
    """The first-level categories as the phone offers them (什么事)."""
    return list(Category.objects.filter(active=True, parent__isnull=True).order_by("code").values_list("code", "name"))


def kind_of(code: str) -> tuple[str, str] | None:
    """A chosen kind, when there is one."""
    return next((kind for kind in kinds() if kind[0] == code), None)


def body_of(request: HttpRequest) -> bytes:
    """The raw body of a photo, read no further than it may be long."""
    body: bytes = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise BadInput({"photos": ["照片超过 20 MB,请压缩后再传。"]})
    return body


_NEAR = """
select c.id, c.title, c.place, c.received_at from handling_case c left join handling_category k on k.id = c.category_id
where c.point is not null and not c.secret and c.received_at >= %(since)s
  and c.state not in ('closed', 'not_accepted', 'merged', 'void')
  and c.grid_id in (select id from geo_area where level = 'grid' and valid_to is null
    and st_dwithin(shape, st_setsrid(st_makepoint(%(lon)s, %(lat)s), 4326), 0.003))
  and st_distancesphere(c.point, st_setsrid(st_makepoint(%(lon)s, %(lat)s), 4326)) <= %(metres)s
  and (k.path is null or k.path like %(kind)s || '%%')
order by c.received_at desc limit 3
"""


def near_reports(lon: float, lat: float, kind: str) -> list[dict[str, str]]:
    """Titles and days of open reports close by; no link, because following needs the reporter's own code."""
    with connection.cursor() as cursor:
        since = time.now() - timedelta(days=30)
        cursor.execute(_NEAR, {"lon": lon, "lat": lat, "kind": kind, "since": since, "metres": NEAR_METRES})
        return [
            {"text": f"{title[:24]}({time.local(at):%m-%d} 已有人反映,正在办理)", "url": "#card-text"}
            for _, title, _, at in cursor
        ]
