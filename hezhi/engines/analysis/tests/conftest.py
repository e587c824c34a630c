"""The demo district's messages and the shipped model, read once for all tests of the text part."""

import csv
import tomllib
from pathlib import Path

import pytest

from hezhi.engines.analysis.text.classify import shipped
from hezhi.engines.analysis.text.duplicates import Message
from hezhi.engines.analysis.text.model import Model

CASES = Path(__file__).resolve().parents[3] / "chapters" / "cases"


@pytest.fixture(scope="session")
def model() -> Model:
    """The model that comes with the system."""
    return shipped()


@pytest.fixture(scope="session")
def rows() -> list[dict[str, str]]:
    """The demo messages as they stand in their file, oldest first."""
    with (CASES / "intake/demo/messages.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def labels() -> dict[str, str]:
    """Label of the text model by the code of a category; empty where the model has none."""
    facts = tomllib.loads((CASES / "handling/data/categories.toml").read_text(encoding="utf-8"))["category"]
    own = {row["code"]: row.get("label") for row in facts}
    parents = {row["code"]: row.get("parent", row["code"]) for row in facts}
    return {code: own[parents[code]] if label is None else label for code, label in own.items()}


@pytest.fixture(scope="session")
def messages(rows: list[dict[str, str]]) -> list[Message]:
    """The demo messages as the comparison sees them."""
    return [
        Message(
            row["number"],
            row["title"],
            row["detail"],
            row["community_code"],
            (float(row["lon"]), float(row["lat"])) if row["lon"] else None,
            row["category"],
        )
        for row in rows
    ]
