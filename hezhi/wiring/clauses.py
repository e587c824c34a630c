"""From a clause of the standard to its code, and to its proof (标准条款台账).

`standard/clauses.toml` holds the hundred rows and how far each is. Code says its clause as a value
(`clause = "9.1.2-3-1"` in a registry, flow or page, `@clause("…")` on a function) and so do tests
(`pytest.mark.clause("…")`); they are read from the source, so nothing has to be imported to know them.
"""

import ast
import json
import re
import tomllib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from hezhi.wiring.places import CHECKOUT

ROWS = CHECKOUT / "standard/clauses.toml"
NOTED = CHECKOUT / "standard/conformance.json"
PROOFS = CHECKOUT / "test-results/clauses.json"
SOURCES = ("hezhi", "tests")
SAID = re.compile(r"\bclauses?\s*[=:(]")
"""How a source says a clause; one that has no such words need not be parsed."""

STATES = {"not_yet": "未建", "part": "部分建成", "works": "已建成", "lawful": "依法限定", "province": "省级承建"}
RANK = {"not_yet": 0, "part": 1, "works": 2, "lawful": 2, "province": 2}


@dataclass(frozen=True, order=True)
class Place:
    """Where a clause is named: a file of ours, a line, and the name of what stands there."""

    path: str
    line: int
    name: str

    @property
    def dotted(self) -> str:
        module = self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return f"{module}.{self.name}" if self.name else module


@dataclass
class Row:
    """One row of the standard with everything that names it."""

    id: str
    title: str
    room: str
    state: str
    built: str = ""
    note: str = ""
    basis: str = ""
    shows: str = ""
    code: list[Place] = field(default_factory=list)
    tests: list[Place] = field(default_factory=list)

    @property
    def state_title(self) -> str:
        return STATES[self.state]


def rows() -> dict[str, Row]:
    """All rows by id, with the places that name them."""
    listed = tomllib.loads(ROWS.read_text())["row"]
    found = {row["id"]: Row(**row) for row in listed}
    for id_, place, is_test in _mentions():
        if id_ in found:
            (found[id_].tests if is_test else found[id_].code).append(place)
    return found


def problems() -> list[str]:
    """What `hezhi clauses --check` complains about, a sentence each; an empty list is right."""
    known, found = rows(), []
    noted: dict[str, str] = json.loads(NOTED.read_text()) if NOTED.exists() else {}
    headings = {id_[:cut] for id_ in known for cut in range(len(id_)) if id_[cut] in ".-"}
    found += [
        f"{place.path}:{place.line} 引用了不存在的条款 {id_}"
        for id_, place, _ in _mentions()
        if id_ not in known and id_ not in headings
    ]
    found += [
        f"{row.id} 的状态 {row.state} 不在 {'、'.join(STATES)} 之中"
        for row in known.values()
        if row.state not in STATES
    ]
    found += [f"{id_} 曾登记在案，现已不在条款台账中" for id_ in noted if id_ not in known]
    for row in known.values():
        found += _problems_of(row, noted.get(row.id, "not_yet"))
    return found


def _problems_of(row: Row, before: str) -> Iterator[str]:
    if row.state in ("part", "works", "lawful") and not row.code:
        yield f"{row.id} {row.title}：状态为 {row.state}，却没有代码注明该条款"
    if row.state in ("part", "works", "lawful") and not row.tests:
        yield f"{row.id} {row.title}：状态为 {row.state}，却没有测试注明该条款"
    if row.state in ("part", "lawful") and not row.note:
        yield f"{row.id} {row.title}：状态为 {row.state}，却没有写明还缺什么（note）"
    if row.state == "lawful" and not row.basis:
        yield f"{row.id} {row.title}：依法限定的条款须写明法律依据（basis）"
    if RANK.get(row.state, 0) < RANK[before]:
        yield f"{row.id} {row.title}：状态由 {before} 倒退为 {row.state}"
    elif row.state != before:
        yield f"{row.id} {row.title}：状态已由 {before} 变为 {row.state}，请用 hezhi clauses --note 登记"


def note() -> None:
    """Write the states as they are into `standard/conformance.json`; a state that went back is refused."""
    backwards = [line for line in problems() if "倒退" in line]
    if backwards:
        raise ValueError(";".join(backwards))
    states = {row.id: row.state for row in rows().values()}
    NOTED.write_text(json.dumps(states, indent=1, ensure_ascii=False) + "\n")


def as_json() -> list[dict[str, Any]]:
    """Each row with its places, screens, API paths, rights and the last proof, for machines."""
    screens, proofs = addresses(), last_proofs()
    return [
        {key: value for key, value in asdict(row).items() if key not in ("code", "tests")}
        | {
            "code": [place.dotted for place in row.code],
            "urls": screens[row.id].pages,
            "api": screens[row.id].api,
            "rights": screens[row.id].rights,
            "tests": [f"{place.path}::{place.name}" for place in row.tests],
            "proof": proofs.get(row.id),
        }
        for row in rows().values()
    ]


def last_proofs() -> dict[str, dict[str, Any]]:
    """What the last test run proved: per clause, when, and how many tests passed or failed."""
    proofs: dict[str, dict[str, Any]] = json.loads(PROOFS.read_text()) if PROOFS.exists() else {}
    return proofs


# -- addresses: needs Django -----------------------------------------------------------------------


@dataclass
class Addresses:
    """Where a clause can be seen: pages without and with parameters, API paths, rights they ask for."""

    pages: list[str] = field(default_factory=list)
    api: list[str] = field(default_factory=list)
    rights: list[str] = field(default_factory=list)


def addresses() -> defaultdict[str, Addresses]:
    """Addresses by clause, read from the URL configuration: a view says its clause, or its class does."""
    from django.urls import get_resolver

    found: defaultdict[str, Addresses] = defaultdict(Addresses)
    for path, view in _views(get_resolver().url_patterns, "/"):
        for id_ in _clauses_of(view):
            seen = found[id_]
            kind = seen.api if path.startswith("/api/") else seen.pages
            kind.append(path)
            seen.rights += [right for right in _rights_of(view) if right not in seen.rights]
    return found


def _views(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if hasattr(pattern, "url_patterns"):
            yield from _views(pattern.url_patterns, path)
        else:
            yield path, pattern.callback


def _bearers(view: Any) -> Iterator[Any]:
    """The view itself, its class, and the declaration it was made from."""
    yield view
    for name in ("view_class", "cls", "registry", "declaration"):
        if hasattr(view, name):
            yield getattr(view, name)
    for name in ("initkwargs", "view_initkwargs"):
        yield from [value for value in getattr(view, name, {}).values() if hasattr(value, "clause")]


def _clauses_of(view: Any) -> list[str]:
    found: list[str] = []
    for bearer in _bearers(view):
        for name in ("clause", "clauses"):
            value = getattr(bearer, name, ())
            found += [value] if isinstance(value, str) else [id_ for id_ in value if isinstance(id_, str)]
    return list(dict.fromkeys(filter(None, found)))


def _rights_of(view: Any) -> list[str]:
    found: list[str] = []
    for bearer in _bearers(view):
        for name in ("permission", "permissions", "right", "rights"):
            value = getattr(bearer, name, ())
            if isinstance(value, str):
                found.append(value)
            elif isinstance(value, list | tuple | set | frozenset):
                found += [str(item) for item in value if isinstance(item, str)]
    return list(dict.fromkeys(found))


# -- what the sources say --------------------------------------------------------------------------


@lru_cache
def _mentions() -> tuple[tuple[str, Place, bool], ...]:
    found: list[tuple[str, Place, bool]] = []
    for top in SOURCES:
        for path in sorted((CHECKOUT / top).glob("**/*.py")):
            text = path.read_text()
            if SAID.search(text):
                said = [number for number, line in enumerate(text.split("\n"), 1) if "clause" in line]
                found += _mentions_in(path.relative_to(CHECKOUT), ast.parse(text), said)
    return tuple(found)


def _mentions_in(path: Path, tree: ast.Module, said: list[int] | None = None) -> Iterator[tuple[str, Place, bool]]:
    """What a source says; only these of its lines, in rising order, speak of clauses (None: any may)."""
    is_test = path.name.startswith("test_") or "testkit" in path.parts
    for node, name in _named(tree, "", said):
        for id_ in _ids_in(node):
            yield id_, Place(path.as_posix(), getattr(node, "lineno", 1), name), is_test


def _named(tree: ast.AST, outer: str, said: list[int] | None) -> Iterator[tuple[ast.AST, str]]:
    """Every node on the lines that say a clause, with the dotted name of what it stands in (a decorator: on)."""
    for node in ast.iter_child_nodes(tree):
        if said is not None and not _says(node, said):
            continue
        inner = outer
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{outer}.{node.name}".lstrip(".")
        yield node, inner
        yield from _named(node, inner, said)


def _says(node: ast.AST, said: list[int]) -> bool:
    """Whether one of these lines, in rising order, is of this node; a node that knows no lines may have any."""
    first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
    if first is None or last is None:
        return True
    first = min([first, *(each.lineno for each in getattr(node, "decorator_list", ()))])
    at = bisect_left(said, first)
    return at < len(said) and said[at] <= last


def _ids_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _called(node.func) in ("clause", "mark.clause"):
        yield from _strings(node.args)
    elif isinstance(node, ast.Assign):
        targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
        yield from _strings([node.value]) if {"clause", "clauses"} & set(targets) else ()
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield from _strings([node.value]) if node.value and node.target.id in ("clause", "clauses") else ()
    elif isinstance(node, ast.keyword) and node.arg in ("clause", "clauses"):
        yield from _strings([node.value])


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute):
        owner = function.value.attr if isinstance(function.value, ast.Attribute) else ""
        return f"{owner}.{function.attr}" if owner == "mark" else ""
    return ""


def _strings(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            yield from _strings(node.elts)
