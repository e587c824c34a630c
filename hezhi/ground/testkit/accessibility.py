"""What stands in anybody's way on a page (无障碍): axe-core's look at what was not found right before.

The half that runs in the page is `accessibility.js`.
"""

import functools
import json
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

AXE_RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations", "incomplete"],
    "elementRef": True,
    "preload": {"assets": ["media"]},  # no rule of these reads the style sheets a second time
}
BLOCKS = """
async () => {
  const pause = (time) => new Promise((go) => setTimeout(go, time));
  for (let n = 0; n < 60 && document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling'); n++) await pause(50);
  const moves = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
  await Promise.race([Promise.allSettled([document.fonts.ready, ...moves.map((one) => one.finished)]), pause(2000)]);
  if (!window.looking) window.readToLook?.();
  return window.looking?.blocks();
}
"""
"""Waits until the page is at rest; gives nothing where the reader is not there yet."""
LEFT_OUT = Path(__file__).parents[1] / "ui/static/hezhi/.left_out"
"""Classes whose rules the build leaves out of the sheet of the desk (`frontend/tabler_classes.txt`)."""

found_right: set[str] = set()
"""Blocks of pages that this process has looked at to the end and found without fault (see `accessibility_findings`)."""
kinds_right: set[str] = set()
"""Kinds of text whose contrast was measured and found right: colour, size, weight and the grounds they stand on."""
_handed: WeakKeyDictionary[BrowserContext, int] = WeakKeyDictionary()
"""How often the reader was handed over to a page of each context."""


def accessibility_findings(page: Page) -> list[str]:
    """What axe-core finds wrong on the page (WCAG 2.2 A and AA), and classes that go without their rules, one line each; empty is right.

    Waits for what is on its way and until what moves stands still, because a paling dialog is pale. Of table cells that look alike (same column,
    colours and build) two are looked at and not all fifty, and of texts of one kind the contrast of two is measured. A block that was found right,
    in this very state and width, is not looked at again: the frame of all pages first of all. What lay behind a dialog, and what axe could not
    decide because something lay over it, was not found right.
    """
    page.wait_for_load_state("load")
    looked_at = json.loads(page.evaluate(BLOCKS) or _handed_over(page))
    blocks: list[tuple[str, int]] = looked_at["found"]
    asked = json.dumps({"options": AXE_RULES, "known": _known(blocks), "kindsRight": list(kinds_right)})
    told: dict[str, list[Any]] = json.loads(page.evaluate("(asked) => looking.look(asked)", asked))
    found_right.update(blocks[place][0] for place in told["right"])
    kinds_right.update(told["kinds"])
    left = sorted(left_out() & set(looked_at["classes"]))
    return [f"the build leaves out the rules of class {name}" for name in left] + told["wrong"]


def _handed_over(page: Page) -> Any:
    """Bring the reader to the page and let it tell the blocks.

    Half a megabyte on its way costs more than to read it there: from a context's second page on it lies ready.
    """
    page.evaluate(reader())
    _handed[page.context] = _handed.get(page.context, 0) + 1
    if _handed[page.context] == 2:
        page.context.add_init_script(f"window.readToLook = () => {{{reader()}\n}};")
    return page.evaluate("() => looking.blocks()")


@functools.cache
def left_out() -> set[str]:
    """Names of classes that have rules in Tabler and none in what is built (未收入的样式类)."""
    return set(LEFT_OUT.read_text(encoding="utf-8").split())


@functools.cache
def reader() -> str:
    """axe-core and our half in the page, as one script."""
    return Axe().axe_script + Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


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
