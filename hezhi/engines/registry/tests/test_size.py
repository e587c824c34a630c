"""The engine stays deep and small: under 4,000 lines of code, and it knows no part of a higher room."""

from pathlib import Path

import pytest

from scripts.code_lines import code_lines, folder_lines

ENGINE = Path(__file__).parents[1]
LIMIT = 4_000
TEST_KIT = {"contract.py", "examples.py"}
"""What only tests import: the contract every registry is held to, and its made-up rows."""


def test_the_engine_has_fewer_than_four_thousand_lines_of_code() -> None:
    counted = {file: lines for file, lines in folder_lines(ENGINE).items() if file.name not in TEST_KIT}
    assert sum(counted.values()) < LIMIT


def test_the_engine_imports_no_part_that_plugs_into_it() -> None:
    for file in folder_lines(ENGINE):
        assert "hezhi.engines.dossier" not in file.read_text("utf-8"), file.name
        assert "hezhi.chapters" not in file.read_text("utf-8"), file.name


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('"""Words."""\n\nx = 1  # why\n', 1),
        ('def f():\n    """Says\n    much."""\n    return (\n        1\n    )\n', 4),
        ("# only words\n\n", 0),
        ('x = """a\nb"""\n', 2),
    ],
)
def test_docstrings_comments_and_blank_lines_do_not_count(source: str, lines: int) -> None:
    assert code_lines(source) == lines
