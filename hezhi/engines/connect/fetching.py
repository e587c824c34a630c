"""Reading what lies at an outer address (取外部文件): a hostile place until the opposite is shown.

Only https, or the plain way into a network that the installation names (`WEBHOOK_NETWORKS`). The name is looked up
once and the request goes to the judged address (see `addresses`); a redirect is judged like a first address. What
comes is read up to a size and a time and is never unpacked: the other side is asked for plain bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit, urlunsplit

from hezhi.engines.connect import rules
from hezhi.engines.connect.addresses import Forbidden, is_named, judged

if TYPE_CHECKING:
    import httpx

SECONDS = 10.0
MOST_BYTES = 1024 * 1024
REDIRECTS = 3


class NotFetched(Exception):
    """It did not come (没有取到); the text is a sentence without its stop."""


def fetch_all(urls: Sequence[str], *, seconds: float = SECONDS, most: int = MOST_BYTES) -> list[bytes | NotFetched]:
    """What lies at each address, read side by side; a failure stands in its place and stops no other."""
    return asyncio.run(_all(urls, seconds, most))


async def _all(urls: Sequence[str], seconds: float, most: int) -> list[bytes | NotFetched]:
    import httpx  # read by the first who asks outside: a start need not

    async with httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=seconds) as client:
        return await asyncio.gather(*(_one(client, url, seconds, most) for url in urls))


async def _one(client: httpx.AsyncClient, url: str, seconds: float, most: int) -> bytes | NotFetched:
    """One address within the time in all, however slowly the other side drips."""
    import httpx

    try:
        return await asyncio.wait_for(_follow(client, url, most), seconds)
    except TimeoutError:
        return NotFetched(f"{seconds:.0f} 秒内没有读完")
    except (NotFetched, Forbidden) as no:
        return NotFetched(str(no))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return NotFetched(f"无法连接（{type(error).__name__}）")


async def _follow(client: httpx.AsyncClient, url: str, most: int) -> bytes:
    for _ in range(REDIRECTS + 1):
        response = await _ask(client, url)
        try:
            if not response.has_redirect_location:
                return await _body(response, most)
            url = urljoin(url, response.headers["Location"])
        finally:
            await response.aclose()
    raise NotFetched(f"转址超过 {REDIRECTS} 次")


async def _ask(client: httpx.AsyncClient, url: str) -> httpx.Response:
    fault = rules.url_fault(url)
    if fault:
        raise NotFetched(fault)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = await judged(host, port)
    if parts.scheme != "https" and not is_named(address):
        raise NotFetched("地址须用 https")
    literal = f"[{address}]" if address.version == 6 else str(address)
    request = client.build_request(
        "GET", urlunsplit(parts._replace(netloc=f"{literal}:{port}", fragment="")),
        headers={"Host": parts.netloc, "User-Agent": "Hezhi-Reader/1", "Accept-Encoding": "identity"},
        extensions={"sni_hostname": host},  # the certificate is checked against the name, not the address
    )  # fmt: skip
    return await client.send(request, stream=True)


async def _body(response: httpx.Response, most: int) -> bytes:
    if response.status_code != 200:
        raise NotFetched(f"对方没有给出内容（{response.status_code}）")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise NotFetched("对方只给压缩的内容，未读取")
    read = bytearray()
    async for piece in response.aiter_raw():
        read += piece
        if len(read) > most:
            raise NotFetched(f"内容超过 {most // 1024} KB，未读取")
    return bytes(read)
