"""The colours of the house can be read by everybody."""

import re
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[1] / "frontend"
TOKENS = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", (FRONTEND / "tokens.css").read_text("utf-8")))
STATES = [
    "to_accept",
    "to_supplement",
    "to_dispatch",
    "to_sign",
    "handling",
    "on_hold",
    "to_review",
    "to_call_back",
    "redo",
    "closed",
    "not_accepted",
    "merged",
    "void",
    "overdue",
    "offline",
]
PAIRS = [
    *((f"{state}-ink", f"{state}-fill") for state in STATES),
    *((f"level-{n}-ink", f"level-{n}-fill") for n in (1, 2, 3, 4)),
    *((ink, ground) for ink in ("ink", "ink-soft") for ground in ("paper", "ground", "sunk")),
    ("brand-ink", "brand"),
    ("brand-ink", "brand-deep"),
    ("brand-soft-ink", "brand-soft"),
    ("brand-soft-ink", "paper"),
    ("brand-soft-ink", "ground"),
    ("head-ink", "head"),
    ("head-soft", "head"),
    *((tone, ground) for tone in ("danger", "good", "warn") for ground in ("paper", "ground", f"{tone}-fill")),
    ("info", "info-fill"),
    *((ink, ground) for ink in ("wall-ink", "wall-soft") for ground in ("wall-ground", "wall-panel", "wall-sunk")),
    ("wall-amber", "wall-sunk"),
    ("wall-blue", "wall-panel"),
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_ruler_itself_is_right() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#ffffff", "#c8102e"), 1) == 5.9


@pytest.mark.parametrize(("ink", "fill"), PAIRS)
def test_text_stands_out_from_its_ground(ink: str, fill: str) -> None:
    ratio = contrast(TOKENS[ink], TOKENS[fill])
    assert ratio >= 4.5, f"{ink} on {fill} has {ratio:.2f}"


def test_the_border_of_a_field_can_be_seen() -> None:
    assert contrast(TOKENS["line-input"], TOKENS["paper"]) >= 3


@pytest.mark.parametrize("state", STATES)
def test_each_state_has_its_look(state: str) -> None:
    assert f".state-{state}" in (FRONTEND / "parts.css").read_text("utf-8")


def test_no_two_open_states_look_alike() -> None:
    shared = {"not_accepted", "merged", "void"}  # ended without handling: grey on purpose, told apart by the word
    fills = [TOKENS[f"{state}-fill"] for state in STATES if state not in shared]
    assert len(fills) == len(set(fills))


def test_only_danger_and_overdue_are_red() -> None:
    def red(colour: str) -> bool:
        r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return r > 140 and g < 40 and b < 60

    allowed = {"danger", "overdue-ink", "level-1-fill"}
    assert {name for name, colour in TOKENS.items() if red(colour)} == allowed
