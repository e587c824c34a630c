"""The page of the 94 functions says what is true: each test it names exists, and what works names one."""

import ast
import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[5]

ROW = re.compile(r"^\| (\d+) \|(.*)\|$", re.MULTILINE)
STATES = ("works", "part", "not yet")


def test_each_of_the_94_functions_stands_on_the_page_with_a_test_that_exists() -> None:
    page = (CHECKOUT / "docs" / "case-functions.md").read_text(encoding="utf-8")
    rows = {int(n): [cell.strip() for cell in rest.split("|")] for n, rest in ROW.findall(page)}
    assert list(rows) == list(range(1, 95))
    faults = []
    for n, (_, _, state, clause, test) in rows.items():
        word, _, missing = state.partition(":")
        if word not in STATES or not clause or (word == "part") != bool(missing):
            faults.append(f"{n}: {state}")
        if word == "works" and not test:
            faults.append(f"{n} works and names no test")
        if test and not _exists(test.strip("`")):
            faults.append(f"{n}: no such test, {test}")
    assert faults == []


def _exists(named: str) -> bool:
    """Whether `path::name` is a test function of the project."""
    path, _, name = named.partition("::")
    file = CHECKOUT / path
    if not file.is_file():
        return False
    return name in {
        node.name for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)
    }
