"""A look at a page finds what is wrong, however much of it was seen before (无障碍)."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from hezhi.ground.testkit import accessibility
from hezhi.ground.testkit.accessibility import accessibility_findings

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def nothing_seen_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accessibility, "found_right", set())
    monkeypatch.setattr(accessibility, "kinds_right", set())


def test_a_good_page_has_no_findings(open_page):
    with open_page() as page:
        page.goto("/good")
        assert page.title() == "待办"
        assert accessibility_findings(page) == []


def test_pale_letters_are_found(open_page):
    with open_page() as page:
        page.goto("/pale")
        assert ["color-contrast" in line for line in accessibility_findings(page)] == [True]


def test_of_cells_that_look_alike_two_are_looked_at(open_page):
    with open_page() as page:
        page.goto("/rows")
        assert len(accessibility_findings(page)) == 2


WATCHED = """
() => {
  const rule = Object.getPrototypeOf(axe._audit.rules[0]), { gather } = rule;
  window.asked = [];
  rule.gather = function (...context) {
    const found = gather.apply(this, context);
    asked.push(...found.map((one) => one.actualNode.tagName));
    return found;
  };
}
"""


def test_a_block_that_was_found_right_is_not_looked_at_again(open_page):
    for seen in (True, False):
        with open_page() as page:
            page.goto("/good")
            page.evaluate(accessibility.reader())
            page.evaluate(WATCHED)
            assert accessibility_findings(page) == []
            assert page.evaluate("asked.includes('P')") == seen


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
def test_a_block_is_looked_at_again_when_anything_has_changed_that_its_looks_depend_on(open_page, change, narrow):
    with open_page() as page:
        page.goto("/states")
        assert accessibility_findings(page) == []
        page.evaluate(change)
        if narrow:
            page.set_viewport_size({"width": 390, "height": 844})
        assert ["color-contrast" in line for line in accessibility_findings(page)] == [True]


def test_what_lay_behind_a_dialog_is_looked_at_when_it_is_seen(open_page):
    with open_page() as page:
        page.goto("/covered")
        page.evaluate("document.querySelector('dialog').showModal()")
        assert accessibility_findings(page) == []
        page.evaluate("document.querySelector('dialog').close()")
        assert ["color-contrast" in line for line in accessibility_findings(page)] == [True]


def test_what_was_found_wrong_is_found_again(open_page):
    with open_page() as page:
        page.goto("/pale")
        assert len(accessibility_findings(page)) == len(accessibility_findings(page)) == 1


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
        page.evaluate(Axe().axe_script)
        axe = page.evaluate(read, texts)
        page.goto("/good")
        page.evaluate(accessibility.reader())
        assert page.evaluate(read, texts) == page.evaluate(read, texts) == axe
        assert axe[0][:3] == [12, 34, 56]


def test_of_texts_of_one_kind_the_contrast_of_two_is_measured_and_then_of_none(open_page):
    with open_page() as page:
        page.goto("/texts")
        assert accessibility_findings(page) == []
        assert len(accessibility.kinds_right) == 2  # the heading, and thirty lines
        page.evaluate("document.querySelector('p:last-child').style.color = '#ccc'")
        assert ["color-contrast" in line for line in accessibility_findings(page)] == [True]


@pytest.mark.parametrize(
    "change",
    ["one.style.color = '#ddd'", "one.parentElement.style.backgroundColor = '#777'", "one.parentElement.style.opacity = 0.3",
     "document.body.style.backgroundColor = '#777'"],
    ids=["its colour", "its ground", "paler", "the page's ground"],
)  # fmt: skip
def test_a_text_is_of_another_kind_on_another_ground(open_page, change):
    with open_page() as page:
        page.goto("/texts")
        assert accessibility_findings(page) == []
        accessibility.found_right.clear()
        page.evaluate(f"() => {{ const one = document.querySelector('section p'); {change}; }}")
        found = accessibility_findings(page)
        assert found and all("color-contrast" in line for line in found)


def test_a_letter_that_axe_leaves_undecided_speaks_for_no_other_text(open_page):
    with open_page() as page:
        page.goto("/letters")
        assert accessibility_findings(page) == []
        page.evaluate("document.querySelector('[hidden]').hidden = false")
        assert ["color-contrast" in line for line in accessibility_findings(page)] == [True]


def test_what_was_measured_as_too_pale_is_not_held_for_right(open_page):
    with open_page() as page:
        page.goto("/pale")
        assert len(accessibility_findings(page)) == 1
        assert accessibility.kinds_right == set()


@pytest.mark.parametrize(
    "style",
    ["button + button { left: 14px !important }", "button { width: 15px; height: 15px } button + button { left: 25px !important }"],
    ids=["another lies over it", "small and close"],
)  # fmt: skip
def test_a_place_for_a_finger_is_measured_where_it_is_small_or_touched(open_page, style):
    with open_page() as page:
        page.goto("/targets")
        assert accessibility_findings(page) == []
        page.add_style_tag(content=style)
        found = [line.split()[0] for line in accessibility_findings(page)]
        assert found and set(found) == {"target-size"}
