"""The browser fixtures see what they are there to see (浏览器测试工具)."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hezhi.ground.testkit import browser

pytestmark = pytest.mark.browser

SCRIPT = "x" * 4000
PALE_ROWS = (17, 21, 22, 23)
PAGES = {
    "/good": "<html lang='zh'><title>待办</title><main><h1>待办</h1><p>今日三件</p></main></html>",
    "/pale": "<html lang='zh'><title>待办</title><main><p style='color:#ccc'>看不清</p></main></html>",
    "/rows": "<html lang='zh'><title>待办</title><main><h1>待办</h1><table><tbody>"
    + "".join(f"<tr><td{' style=color:#ccc' if n in PALE_ROWS else ''}>第{n}件</td></tr>" for n in range(30))
    + "</tbody></table></main></html>",
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


def test_a_good_page_has_no_findings(open_page):
    with open_page() as page:
        page.goto("/good")
        assert page.title() == "待办"
        assert browser.accessibility_findings(page) == []


def test_pale_letters_are_found(open_page):
    with open_page() as page:
        page.goto("/pale")
        assert ["color-contrast" in line for line in browser.accessibility_findings(page)] == [True]


def test_of_cells_that_look_alike_two_are_looked_at(open_page):
    with open_page() as page:
        page.goto("/rows")
        assert len(browser.accessibility_findings(page)) == 2


WATCHED = """
() => {
  const run = axe.run;
  window.asked = [];
  axe.run = (what, how) => { asked.push(what.exclude?.length ?? 0); return run(what, how); };
}
"""


def test_a_block_that_was_found_right_is_not_looked_at_again(open_page, monkeypatch):
    monkeypatch.setattr(browser, "found_right", set())
    for left_out in (0, 1):
        with open_page() as page:
            page.goto("/good")
            page.evaluate(browser.Axe().axe_script)
            page.evaluate(WATCHED)
            assert browser.accessibility_findings(page) == []
            assert page.evaluate("asked") == [left_out]


@pytest.mark.parametrize(
    ("change", "narrow"),
    [
        ("document.body.className = 'pale'", False),
        ("document.querySelector('input').checked = true", False),
        ("document.querySelector('[popover]').showPopover()", False),
        ("document.querySelector('style').sheet.insertRule('p { color: #ccc }')", False),
        ("0", True),
    ],
    ids=["above it", "ticked", "opened", "its rules", "the width"],
)
def test_a_block_is_looked_at_again_when_anything_has_changed_that_its_looks_depend_on(
    open_page, monkeypatch, change, narrow
):
    monkeypatch.setattr(browser, "found_right", set())
    with open_page() as page:
        page.goto("/states")
        assert browser.accessibility_findings(page) == []
        page.evaluate(change)
        if narrow:
            page.set_viewport_size({"width": 390, "height": 844})
        assert ["color-contrast" in line for line in browser.accessibility_findings(page)] == [True]


def test_what_lay_behind_a_dialog_is_looked_at_when_it_is_seen(open_page, monkeypatch):
    monkeypatch.setattr(browser, "found_right", set())
    with open_page() as page:
        page.goto("/covered")
        page.evaluate("document.querySelector('dialog').showModal()")
        assert browser.accessibility_findings(page) == []
        page.evaluate("document.querySelector('dialog').close()")
        assert ["color-contrast" in line for line in browser.accessibility_findings(page)] == [True]


def test_what_was_found_wrong_is_found_again(open_page, monkeypatch):
    monkeypatch.setattr(browser, "found_right", set())
    with open_page() as page:
        page.goto("/pale")
        assert len(browser.accessibility_findings(page)) == len(browser.accessibility_findings(page)) == 1


@pytest.mark.parametrize(("path", "word"), [("/inline", "Content Security Policy"), ("/broken", "坏了")])
def test_a_page_with_faults_of_its_own_fails_its_test_and_leaves_a_picture(open_page, tmp_path, path, word):
    with pytest.raises(AssertionError, match=word), open_page() as page:
        page.goto(path)
        page.wait_for_load_state("networkidle")
    assert (tmp_path / "shot.png").exists()


def test_what_a_page_weighs_is_counted_on_the_wire(open_page):
    with open_page() as page:
        with browser.counting_transfers(page) as fetched:
            page.goto("/heavy")
        scripts = [address for kind, address in fetched.requests if kind == "Script"]
        assert [address.rpartition("/")[2] for address in scripts] == ["heavy.js"]
        assert len(SCRIPT) < fetched.bytes("Script") < len(SCRIPT) + 600
        assert fetched.bytes() > fetched.bytes("Script")
        assert "heavy.js" in fetched.table()


def test_the_phone_is_a_phone(chromium, open_page):
    with open_page(browser.phone_profile(chromium.devices)) as page:
        page.goto("/good")
        assert page.evaluate("innerWidth") < 1000
        assert "Mobile" in page.evaluate("navigator.userAgent")


def test_a_colour_read_once_is_the_colour_axe_reads(open_page):
    texts = ["rgb(12, 34, 56)", "rgba(0, 0, 0, 0)", "rgba(9, 8, 7, 0.35)", "#1a2b3c", "white", "transparent", "oklch(0.7 0.1 200)",
             "color(srgb 0.1 0.2 0.3 / 0.5)", "color-mix(in srgb, red, blue)"]  # fmt: skip
    read = """(texts) => texts.map((text) => {
        try {
            const one = new axe.commons.color.Color().parseString(text);
            return [one.red, one.green, one.blue, one.r, one.g, one.b, one.alpha, one.getRelativeLuminance()];
        } catch (error) { return String(error); }
    })"""
    with open_page() as page:
        page.goto("/good")
        page.evaluate(browser.Axe().axe_script)
        axe = page.evaluate(read, texts)
        page.goto("/good")
        page.evaluate(browser._axe())
        assert page.evaluate(read, texts) == page.evaluate(read, texts) == axe
        assert axe[0][:3] == [12, 34, 56]
