"""A small site with pages that are right and pages that are not (浏览器测试工具)."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hezhi.ground.testkit import browser

SCRIPT = "x" * 4000
PALE_ROWS = (17, 21, 22, 23)
PAGES = {
    "/good": "<html lang='zh'><title>待办</title><main><h1>待办</h1><p>今日三件</p></main></html>",
    "/pale": "<html lang='zh'><title>待办</title><main><p style='color:#ccc'>看不清</p></main></html>",
    "/rows": "<html lang='zh'><title>待办</title><main><h1>待办</h1><table><tbody>"
    + "".join(f"<tr><td{' style=color:#ccc' if n in PALE_ROWS else ''}>第{n}件</td></tr>" for n in range(30))
    + "</tbody></table></main></html>",
    "/texts": "<html lang='zh'><title>待办</title><style>p { color: #555 }</style><main><h1>待办</h1><section>"
    + "".join(f"<p>第{n}件</p>" for n in range(30))
    + "</section></main></html>",
    "/letters": "<html lang='zh'><title>待办</title><style>b { color: #ccc; font-weight: 400 }</style><main><h1>待办</h1>"
    "<p><b>甲</b></p><p><b>乙</b></p><p hidden><b>看不清</b></p></main></html>",
    "/targets": "<html lang='zh'><title>待办</title><style>button { position: absolute; width: 30px; height: 30px; padding: 0 }"
    "</style><main><h1>待办</h1><button style='left:9px;top:90px'>甲</button><button style='left:49px;top:90px'>乙</button></main></html>",
    "/states": "<html lang='zh'><title>待办</title><style>.pale p, form:has(:checked) p, [popover] p { color: #ccc }"
    "@media (max-width: 700px) { p { color: #ccc } }</style><main><section><h1>待办</h1>"
    "<form><p>今日三件</p><label><input type='checkbox'>已读</label></form><div popover><p>提示</p></div></section></main></html>",
    "/covered": "<html lang='zh'><title>待办</title><main><section><h1>待办</h1><p style='color:#ccc'>今日三件</p></section></main>"
    "<dialog><p>请稍候</p></dialog></html>",
    "/inline": "<html lang='zh'><title>待办</title><script>alert(1)</script></html>",
    "/broken": "<html lang='zh'><title>待办</title><script src='/throws.js'></script></html>",
    "/heavy": "<html lang='zh'><title>待办</title><script src='/heavy.js'></script></html>",
    "/throws.js": "throw new Error('坏了')",
    "/heavy.js": f"/* {SCRIPT} */",
}


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        body = PAGES.get(self.path, "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/inline":
            self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_page(chromium, site, tmp_path):
    def opened(profile=browser.DESK):
        return browser.page_on(chromium, site, profile, tmp_path / "shot")

    return opened
