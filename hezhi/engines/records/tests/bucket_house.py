"""A store that speaks S3 (测试用对象存储), on this machine: as much of it as files need, over the real wire."""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from hezhi.ground import time

BUCKET, KEY, SECRET = "hezhi-files", "key-of-tests", "secret-of-tests"


class ObjectStore(http.server.ThreadingHTTPServer):
    """One bucket. `objects` is what lies there by name, `asked` what was asked for: verb, name, range."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Desk)
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.asked: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def environment(self, prefix: str = "") -> dict[str, str]:
        """What an installation is told to keep its files here. No proxy of the machine stands between."""
        return {
            "HEZHI_FILES": f"s3://{BUCKET}/{prefix}", "AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "cn-north-1", "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }  # fmt: skip


@contextlib.contextmanager
def object_store() -> Iterator[ObjectStore]:
    """A running store with an empty bucket."""
    with ObjectStore() as store:
        threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield store
        store.shutdown()


class _Desk(http.server.BaseHTTPRequestHandler):
    server: ObjectStore
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if name := self._name():
            self.server.objects[name] = body, time.real_now()
            self._answer(200)

    def do_GET(self) -> None:
        name = self._name()
        if name == "":
            return self._list()
        if name is None:
            return None
        if name not in self.server.objects:
            return self._fault(404, "NoSuchKey")
        whole, at = self.server.objects[name]
        first, last = self._range(len(whole))
        if first >= len(whole) > 0:
            return self._fault(416, "InvalidRange")
        part = whole[first : last + 1]
        return self._answer(206 if "Range" in self.headers else 200, part, at)

    def do_HEAD(self) -> None:
        if (name := self._name()) is not None:
            found = self.server.objects.get(name)
            self._answer(200 if found else 404, found[0] if found else b"", found[1] if found else None)

    def do_DELETE(self) -> None:
        if (name := self._name()) is not None:
            self.server.objects.pop(name, None)
            self._answer(204)

    def _name(self) -> str | None:
        """The name asked for within the bucket; None when the asker or the bucket is not ours, which is answered."""
        bucket, _, name = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        self.server.asked.append((self.command, name, self.headers.get("Range", "")))
        if f"Credential={KEY}/" not in self.headers.get("Authorization", ""):
            return self._fault(403, "InvalidAccessKeyId")
        if bucket != BUCKET:
            return self._fault(404, "NoSuchBucket")
        return name

    def _range(self, size: int) -> tuple[int, int]:
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        return int(first), min(int(last or size - 1), size - 1)

    def _list(self) -> None:
        prefix = parse_qs(urlsplit(self.path).query).get("prefix", [""])[0]
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(body)}</Size></Contents>"
            for name, (body, _) in sorted(self.server.objects.items())
            if name.startswith(prefix)
        )
        self._answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode())

    def _fault(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(self, status: int, body: bytes = b"", at: datetime | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", format_datetime((at or time.real_now()).astimezone(UTC), usegmt=True))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass
