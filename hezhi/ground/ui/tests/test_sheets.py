"""The sheets of the desk: of Tabler they hold what the pages use (样式表)."""

import re
from pathlib import Path

from hezhi.ground import ui
from hezhi.ground.testkit.accessibility import left_out

HERE = Path(ui.__file__).parent
LISTED = set((HERE / "frontend/tabler_classes.txt").read_text(encoding="utf-8").split())


def words(path: Path) -> set[str]:
    return set(re.findall(r"[\w-]+", path.read_text(encoding="utf-8")))


def test_what_a_template_or_script_names_has_its_rules() -> None:
    """What Python names is found on its page, by every look at one (`accessibility_findings`)."""
    named = [*HERE.parents[1].rglob("templates/**/*.html"), *(HERE / "frontend").rglob("*.js")]
    missing = {path.name: found for path in named if (found := words(path) & left_out())}
    assert not missing, "frontend/tabler_classes.txt does not list these classes of Tabler"


def test_what_is_listed_is_used() -> None:
    house = [path for path in HERE.parents[1].rglob("*.*") if path.suffix in {".py", ".html", ".js"}]
    used = set().union(*(words(path) for path in house if not {"static", "tests"} & set(path.parts)))
    assert used >= LISTED and not LISTED & left_out()
