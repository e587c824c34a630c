"""Chromium for tests (浏览器测试): a desk, a phone, and what a page may weigh.

A page that throws a script error or breaks its own content security policy fails its test, whatever
else the test looked at.
"""

import functools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = "Pixel 7"
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a microphone that hums: no machine of tests has one
    "--use-fake-ui-for-media-stream",  # and nobody there to allow it
]
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The lightest first: the shell has no window to draw, which is two thirds of the browser's own work."""
AXE_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations", "incomplete"],
    "elementRef": True,
    "preload": {"assets": ["media"]},  # no rule of these reads the style sheets a second time
}
SETTLED = """
async () => {
  const pause = (time) => new Promise((go) => setTimeout(go, time));
  for (let n = 0; n < 60 && document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling'); n++) await pause(50);
  const moves = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
  await Promise.race([Promise.allSettled([document.fonts.ready, ...moves.map((one) => one.finished)]), pause(2000)]);
}
"""
BLOCKS = """
() => {
  const unseen = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9A-Za-z]{32,}/g;
  const sum = (...told) => {
    const text = told.join('\u0001').replace(unseen, '');
    let a = 0xdeadbeef, b = 0x41c6ce57;
    for (let n = 0; n < text.length; n++) {
      a = Math.imul(a ^ text.charCodeAt(n), 2654435761);
      b = Math.imul(b ^ text.charCodeAt(n), 1597334677);
    }
    return `${text.length.toString(36)}.${(a >>> 0).toString(36)}.${(b >>> 0).toString(36)}`;
  };
  const shown = new Map();
  for (const one of document.body.querySelectorAll('*'))
    if (one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
      for (let up = one; up; up = up.parentElement) shown.set(up, (shown.get(up) ?? 0) + 1);
  const own = (one) => `${one.tagName}[${[...one.attributes].map((a) => `${a.name}=${a.value}`)}]`;
  const looks = (one) => {
    const style = getComputedStyle(one);
    return [style.color, style.backgroundColor, style.backgroundImage, style.fontSize, style.fontWeight, style.opacity];
  };
  const fields = 'input, select, textarea, button', pointing = '[aria-labelledby], [aria-describedby]';
  const state = (one) => one.matches(fields)
    ? [one.checked, one.disabled, one.selectedIndex, !one.value, one.validity?.valid, one.labels?.length] : '';
  const meant = (one) => one.matches(pointing)
    ? `${one.getAttribute('aria-labelledby')} ${one.getAttribute('aria-describedby')}`.split(' ').map(
      (id) => document.getElementById(id)?.textContent) : '';
  const focus = document.activeElement === document.body ? null : document.activeElement;
  const itself = (one) => [own(one), state(one), meant(one), one === focus];
  const whole = (one) => [one.outerHTML, itself(one), ...[...one.querySelectorAll(`${fields}, ${pointing}`)].map(itself),
                          one.contains(focus) && own(focus)];
  const house = [innerWidth, innerHeight, devicePixelRatio, [...document.styleSheets].map((sheet) => [sheet.href, sheet.cssRules.length])];
  const found = [], elements = [];
  const walk = (one, parent, above, depth) => {
    const box = one.getBoundingClientRect(), seen = looks(one), place = found.push(['', parent]) - 1;
    elements.push(one);
    const open = depth < 7 && one.tagName !== 'TABLE', here = open && sum(above, own(one), seen);
    const inside = !open ? whole(one) : [...one.childNodes].map((child) =>
      child.nodeType !== 1 ? child.data : child.childElementCount ? walk(child, place, here, depth + 1) : whole(child));
    found[place][0] = sum(above, itself(one), seen, box.width, box.height, box.right <= 0 || box.left >= innerWidth,
                          shown.get(one), inside);
    return found[place][0];
  };
  const start = sum(house, own(document.documentElement), own(document.body), looks(document.body));
  for (const one of document.body.children) walk(one, -1, start, 0);
  window.blocksToLookAt = elements;
  const classes = document.querySelector('link[href*="/desk."]')
    ? new Set([...document.querySelectorAll('[class]')].flatMap((one) => [...one.classList])) : [];
  return { found, classes: [...classes] };
}
"""
"""Each block of the page with a sum of all that its looks depend on: itself as it stands, those above it, the sheets, the width.

And of a page of the desk the classes that its elements bear.
"""
LEFT_OUT = Path(__file__).parents[1] / "ui/static/hezhi/.left_out"
"""Classes whose rules the build leaves out of the sheet of the desk (`frontend/tabler_classes.txt`)."""
COLOURS = """
;(() => {
  const { prototype } = axe.commons.color.Color, read = prototype.parseString, before = new Map();
  prototype.parseString = function (text) {
    const known = before.get(text);
    if (known) [this.r, this.g, this.b, this.alpha] = known;
    else {
      read.call(this, text);
      before.set(text, [this.r, this.g, this.b, this.alpha]);
    }
    return this;
  };
})();
"""
"""axe reads the text of a colour anew for each element and each of those above it, which is a third of a look; so it does once."""
HAS_AXE = "() => { if (!window.axe) window.readAxe?.(); return Boolean(window.axe); }"
"""Half a megabyte on its way from us to the page costs more than to read it there: from the second page on it lies ready."""
AXE_RUN = """
({ options, known }) => {
  const seen = new Map();
  const shape = (one) =>
    `${one.tagName}.${one.getAttribute('class')}[${[...one.attributes].map((a) => a.name)}]` +
    ([...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) ? 't' : '') +
    `(${[...one.children].map(shape).join()})`;
  const alike = [...document.querySelectorAll('tbody td')].filter((cell) => {
    const style = getComputedStyle(cell);
    const key = [cell.closest('table').className, cell.parentElement.className, cell.cellIndex, style.color,
                 style.backgroundColor, shape(cell)].join('|');
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return seen.get(key) > 2;
  });
  const rows = [...new Set(alike.map((cell) => cell.parentElement))];
  const spared = new Set(alike);
  const whole = new Set(rows.filter((row) => [...row.cells].every((cell) => spared.has(cell))));
  const blocks = window.blocksToLookAt, before = known.map((place) => blocks[place]);
  const exclude = [...before, ...whole, ...alike.filter((cell) => !whole.has(cell.parentElement))];
  return axe.run(exclude.length ? { exclude } : document, options).then(({ violations, incomplete }) => {
    const ofItself = new Set(['bgImage', 'bgGradient', 'imgNode', 'shortTextContent', 'pseudoContent', 'nonBmp']);
    const undecided = incomplete.flatMap((rule) => rule.nodes).filter(
      (node) => ![...node.any, ...node.all, ...node.none].every((check) => ofItself.has(check.data?.messageKey)));
    const open = [...violations.flatMap((rule) => rule.nodes), ...undecided].map((node) => node.element);
    for (const rule of violations) for (const node of rule.nodes) delete node.element;
    const dialogs = [...document.querySelectorAll('dialog[open]')];  // axe leaves out what lies behind
    const right = blocks.map((_, place) => place).filter((place) =>
      dialogs.every((dialog) => dialog.contains(blocks[place])) && !open.some((one) => blocks[place].contains(one)));
    return { violations, right };
  });
}
"""
STILL = 1_500  # milliseconds
PATIENCE = 15_000  # milliseconds; two cores may be busy with other tests


def phone_profile(devices: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The phone, painted at one dot to the pixel unless pictures are asked for: the same page for a seventh of the painting."""
    profile = {name: value for name, value in devices[PHONE].items() if name != "default_browser_type"}
    return profile if _pictures_wanted() else profile | {"device_scale_factor": 1}


def launch(playwright: Playwright) -> Browser:
    """The machine's Chromium, or the one Playwright brought where there is none."""
    return playwright.chromium.launch(executable_path=_executable(), args=FLAGS)


def _executable() -> str | None:
    told = os.environ.get("HEZHI_CHROMIUM")
    found = (shutil.which(name) for name in PROGRAMS)
    return told or next((path for path in found if path), None)


@contextmanager
def page_on(browser: Browser, base_url: str, profile: dict[str, Any], shots: Path) -> Iterator[Page]:
    """A page in a fresh context; after a fault its picture lies in `shots`."""
    context = browser.new_context(
        base_url=base_url, locale="zh-CN", timezone_id="Asia/Shanghai", ignore_https_errors=True, **profile
    )
    context.set_default_timeout(PATIENCE)
    page, faults = context.new_page(), []
    _listen(context, faults)
    try:
        yield page
        assert not faults, "the page has faults of its own:\n" + "\n".join(faults)
    except BaseException:
        _picture(page, shots)
        raise
    finally:
        context.close()


def _listen(context: BrowserContext, faults: list[str]) -> None:
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on(
        "console",
        lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None,
    )


def _picture(page: Page, shots: Path) -> None:
    shots.parent.mkdir(parents=True, exist_ok=True)
    try:
        page.screenshot(path=shots.with_suffix(".png"), full_page=True)
        shots.with_suffix(".html").write_text(page.content())
    except Exception as error:  # the page may be gone; the test's own failure matters more
        shots.with_suffix(".txt").write_text(f"no picture: {error}")


def picture(page: Page, path: Path | str, *, full_page: bool = False) -> None:
    """Keep a picture for the eye, where HEZHI_PICTURES=1 asks for them: no test looks at it, and it costs its time.

    With or without a picture the page has come when this is over: a click is over when the next page has only begun.
    """
    page.wait_for_load_state("load")
    if _pictures_wanted():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(STILL)  # maps draw, and fly where they were sent
        page.screenshot(path=path, full_page=full_page)


found_right: set[str] = set()
"""Blocks of pages that this process has looked at to the end and found without fault (see `accessibility_findings`)."""


def _pictures_wanted() -> bool:
    return os.environ.get("HEZHI_PICTURES") == "1"


def accessibility_findings(page: Page) -> list[str]:
    """What axe-core finds wrong on the page (WCAG 2.2 A and AA), and classes that go without their rules, one line each; empty is right.

    Waits for what is on its way and until what moves stands still, because a paling dialog is pale. Of table cells that look alike (same column,
    colours and build) two are looked at and not all fifty. A block that was found right, in this very state and width, is not looked at again:
    the frame of all pages first of all. What lay behind a dialog, and what axe could not decide because something lay over it, was not found right.
    """
    page.wait_for_load_state("load")
    page.wait_for_load_state("load")
    page.evaluate(SETTLED)
    if not page.evaluate(HAS_AXE):
        page.evaluate(_axe())
        page.context.add_init_script(f"window.readAxe = () => {{{_axe()}\n}};")
    looked_at = page.evaluate(BLOCKS)
    blocks: list[tuple[str, int]] = looked_at["found"]
    told = page.evaluate(AXE_RUN, {"options": AXE_RULES, "known": _known(blocks)})
    found_right.update(blocks[place][0] for place in told["right"])
    return [f"the build leaves out the rules of class {name}" for name in left_out() & set(looked_at["classes"])] + [
        f"{rule['id']} ({rule['impact']}): {rule['help']} at {' '.join(map(str, node['target']))}: {node['html'][:160]}"
        for rule in told["violations"]
        for node in rule["nodes"]
    ]


@functools.cache
def left_out() -> set[str]:
    """Names of classes that have rules in Tabler and none in what is built (未收入的样式类)."""
    return set(LEFT_OUT.read_text(encoding="utf-8").split())


@functools.cache
def _axe() -> str:
    return Axe().axe_script + COLOURS


def _known(blocks: list[tuple[str, int]]) -> list[int]:
    """The places of the outermost blocks that were found right before."""
    known: list[int] = []
    covered: set[int] = set()
    for place, (sum_, parent) in enumerate(blocks):
        if parent in covered:
            covered.add(place)
        elif sum_ in found_right:
            covered.add(place)
            known.append(place)
    return known


@dataclass
class Transfers:
    """What the browser fetched, counted by Chromium's own protocol: requests, and bytes on the wire."""

    requests: list[tuple[str, str]] = field(default_factory=list)  # (kind, address)
    sizes: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # id: (kind, address, bytes)

    def bytes(self, kind: str = "") -> int:
        """Bytes of all transfers, or of one kind (Script, Stylesheet, Image, Document, XHR, Fetch)."""
        return sum(size for what, _, size in self.sizes.values() if not kind or what == kind)

    def table(self) -> str:
        """The transfers, the heaviest first, for the message of a failing test."""
        rows = sorted(self.sizes.values(), key=lambda row: -row[2])
        return "\n".join(f"{size:>9,d} {kind:<10} {address}" for kind, address, size in rows)


@contextmanager
def counting_transfers(page: Page) -> Iterator[Transfers]:
    """Count what the page fetches inside the block, with an empty cache."""
    counted, session, kinds = Transfers(), page.context.new_cdp_session(page), {}

    def asked(event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            kinds[event["requestId"]] = (event.get("type", ""), event["request"]["url"])
            counted.requests.append(kinds[event["requestId"]])

    def arrived(event: dict[str, Any]) -> None:
        if event["requestId"] in kinds:
            kind, address = kinds[event["requestId"]]
            counted.sizes[event["requestId"]] = (kind, address, int(event["encodedDataLength"]))

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFinished", arrived)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    yield counted
    page.wait_for_load_state("networkidle")
    session.detach()
