"""Small rules of the citizen's page (市民端规则): how much one address may send."""

from django.core.cache import cache

from hezhi.ground import time
from hezhi.ground.errors import NotNow

MOST_PER_HOUR = 60
"""Reports from one address in an hour; a whole community may sit behind one address, so it is generous."""
MOST_LOOKS_PER_HOUR = 600
"""Askings for what is near: a form asks once for each place and kind."""


class TooMany(NotNow):
    """Somebody sends faster than people write (请求过多)."""

    status = 429
    code = "citizen.too_many"
    what = "提交得太频繁了。"
    meaning = "同一网络一小时内的上报已达上限。"
    remedy = "请稍后再提交，紧急情况请直接拨打 12345 或 110。"


def not_too_many(address: str | None, what: str = "reports", most: int = MOST_PER_HOUR) -> None:
    """Refuse when an address has sent too much; counted per worker, so the true ceiling is a little higher."""
    key = f"citizen.{what}.{address}.{time.now():%Y%m%d%H}"
    cache.add(key, 0, timeout=3700)
    if cache.incr(key) > most:
        raise TooMany()
