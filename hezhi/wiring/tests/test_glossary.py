"""The words of the glossary are the words of the code (词汇表)."""

import ast
import tomllib
from functools import lru_cache

from hezhi.wiring.places import CHECKOUT

GLOSSARY = CHECKOUT / "standard/glossary.toml"


def terms() -> list[dict[str, str]]:
    return tomllib.loads(GLOSSARY.read_text(encoding="utf-8"))["term"]


@lru_cache
def names() -> frozenset[str]:
    """Every class, class member, function, field and package of ours: `Case`, `Area.Level`, `Source.HOTLINE`."""
    found: set[str] = set()
    for path in (CHECKOUT / "hezhi").glob("**/*.py"):
        if {"tests", "migrations"} & set(path.relative_to(CHECKOUT).parts):
            continue
        found |= {path.stem, path.parent.name}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.ClassDef):
                found.add(node.name)
                found |= {f"{node.name}.{name}" for name in _members(node)} | set(_members(node))
    return frozenset(found)


def _members(node: ast.ClassDef) -> list[str]:
    told = [n.name for n in node.body if isinstance(n, ast.ClassDef)]
    told += [t.id for n in node.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)]
    return told + [n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]


def test_every_symbol_exists_in_the_code() -> None:
    assert [term["symbol"] for term in terms() if term.get("symbol") and term["symbol"] not in names()] == []


def test_no_word_is_explained_twice() -> None:
    words = [term["zh"] for term in terms()]
    assert len(words) == len(set(words)) and len(words) > 80


def test_every_symbol_says_what_it_means() -> None:
    assert [term["zh"] for term in terms() if term.get("symbol") and not term.get("means")] == []
