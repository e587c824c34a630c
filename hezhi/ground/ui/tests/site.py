"""A small site for the browser tests: the style page, the built files, and a server that can misbehave."""

from __future__ import annotations

import gzip
import json
import mimetypes
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import Http404
from django.test import RequestFactory

from hezhi.ground.ui import pages

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
WEST, SOUTH, STEP = 119.955, 35.855, 0.02


def areas() -> dict[str, Any]:
    """Twelve square grids with counts, invented."""
    features = []
    for i in range(12):
        x, y = WEST + STEP * (i % 4), SOUTH + STEP * (i // 4)
        ring = [[x, y], [x + STEP, y], [x + STEP, y + STEP], [x, y + STEP], [x, y]]
        features.append(
            {
                "type": "Feature",
                "id": f"g{i}",
                "properties": {"name": f"示例第{i + 1}网格", "count": (i * 7) % 23},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return {"type": "FeatureCollection", "features": features}


@dataclass
class Inbox:
    """What has arrived, and how the server behaves towards the next reports."""

    account: str | None = "example-account"
    answer: int = 201
    answers: dict[str, int] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    lose_answers: int = 0
    posts: int = 0
    puts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    photos: list[tuple[str, str, bytes]] = field(default_factory=list)
    stream: list[bytes] = field(default_factory=list)
    stream_open: bool = True
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def reports(self) -> dict[str, dict[str, Any]]:
        """One per id, whatever the number of PUTs."""
        return dict(self.puts)


class Server(ThreadingHTTPServer):
    """A server that keeps quiet about browsers that leave before they are answered."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    inbox: Inbox
    files: dict[str, Path] = {}
    factory = RequestFactory()

    def log_message(self, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/static/"):
            return self.static(path.removeprefix("/static/"))
        if path == "/gallery/sw.js":
            return self.django(pages.service_worker)
        if path.startswith("/gallery/"):
            return self.django(pages.gallery, path.removeprefix("/gallery/"))
        if path == "/data/areas.geojson":
            return self.reply(200, json.dumps(areas()).encode(), "application/geo+json")
        if path in self.files:
            return self.part(self.files[path])
        if path == "/api/who":
            return self.json(200, {"account": self.inbox.account, "csrf": "token"})
        if path == "/wall/figures.json":
            return self.json(200, self.inbox.figures)
        if path == "/api/place":
            return self.json(200, {"text": "长江路街道 · 平江路社区第4网格"})
        if path == "/api/near":
            return self.json(200, {"reports": [{"text": "路灯不亮,30 米外,处置中", "url": "#"}]})
        if path.startswith("/stream/"):
            return self.events()
        self.reply(404, b"", "text/plain")

    def do_HEAD(self) -> None:
        self.reply(200, b"", "text/plain")

    def do_POST(self) -> None:
        self.body()
        self.inbox.posts += 1
        if self.path == "/gallery/phone-step":
            return self.reply(303, b"", "text/plain", {"Location": "/gallery/phone-list"})
        if self.path == "/gallery/reveal":
            return self.reply(200, b'<span class="masked">13800001234</span>', "text/html; charset=utf-8")
        if self.headers.get("HX-Request"):
            return self.django(pages.gallery, "dialog-form", status=422)
        self.reply(200, b"<!doctype html><title>posted</title>posted", "text/html; charset=utf-8")

    def do_PUT(self) -> None:
        body = self.body()
        parts = self.path.split("/")
        if len(parts) == 6:
            self.inbox.photos.append((parts[3], parts[5], body))
            return self.json(200, {})
        report = json.loads(body)
        status = self.inbox.answers.get(report.get("text", ""), self.inbox.answer)
        if status < 300:
            self.inbox.puts.append((parts[3], report))
        if self.inbox.lose_answers:
            self.inbox.lose_answers -= 1
            self.close_connection = True
            return self.connection.close()
        if status >= 400:
            return self.json(
                status,
                {
                    "error": {
                        "what": "地点不在本区范围内。",
                        "remedy": "请核对位置后再提交。",
                        "number": "261122-7K3MXQ",
                        "fields": self.inbox.faults,
                    }
                },
            )
        self.json(status, {"number": "SJ26112200001", "code": "7K3MXQ2A", "url": "/gallery/phone-detail"})

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def django(self, view: Any, *args: str, status: int = 200) -> None:
        request = self.factory.get(self.path, headers={k: v for k, v in self.headers.items() if k != "Content-Length"})
        request.META["SERVER_NAME"] = "127.0.0.1"
        try:
            response = view(request, *args)
        except Http404:
            return self.reply(404, b"", "text/plain")
        self.reply(status, response.content, response["Content-Type"])

    def static(self, name: str) -> None:
        found = finders.find(name)
        if not isinstance(found, str):
            return self.reply(404, b"", "text/plain")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        packed = "gzip" in (self.headers.get("Accept-Encoding") or "") and not kind.startswith("image/")
        content = Path(found).read_bytes()
        more = {"Content-Encoding": "gzip"} if packed else {}
        self.reply(200, gzip.compress(content) if packed else content, kind, more)

    def part(self, file: Path) -> None:
        """A file, in parts if asked so: how a browser reads map tiles."""
        content = file.read_bytes()
        asked = (self.headers.get("Range") or "").removeprefix("bytes=").split("-")
        if len(asked) != 2:
            return self.reply(200, content, "application/octet-stream")
        first, last = int(asked[0]), min(int(asked[1] or len(content)), len(content) - 1)
        total = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        self.reply(206, content[first : last + 1], "application/octet-stream", total)

    def events(self) -> None:
        if not self.inbox.stream_open:
            return self.reply(503, b"", "text/plain")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        sent = 0
        while self.inbox.stream_open:
            for event in self.inbox.stream[sent:]:
                self.wfile.write(event)
                sent += 1
            self.wfile.flush()
            time.sleep(0.05)
        self.close_connection = True

    def json(self, status: int, value: Any) -> None:
        self.reply(status, json.dumps(value).encode(), "application/json")

    def reply(self, status: int, content: bytes, kind: str, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Site:
    """The running site: `url("list")` is a page of it, `inbox` what it received."""

    def __init__(self, files: dict[str, Path] | None = None) -> None:
        self.inbox = Inbox()
        handler = type("SiteHandler", (Handler,), {"inbox": self.inbox, "files": files or {}})
        self.server = Server(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name: str) -> str:
        return f"{self.origin}/gallery/{name}"

    def fresh(self) -> None:
        """Forget what arrived; behave well again."""
        self.inbox.__dict__.update(Inbox().__dict__)

    def close(self) -> None:
        self.inbox.stream_open = False
        self.server.shutdown()


def event(name: str, data: Any) -> bytes:
    """One server-sent event on the wire."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
