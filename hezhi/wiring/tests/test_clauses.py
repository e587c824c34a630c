"""The ledger of the standard's clauses (条款台账): nothing is declared built without code and a test."""

import ast
import json
import tomllib
from pathlib import Path

import pytest

from hezhi.wiring import clauses


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """A small ledger in a checkout of its own."""

    def build(state, *, code="", test="", noted="not_yet"):
        (tmp_path / "hezhi").mkdir(exist_ok=True)
        (tmp_path / "hezhi/actions.py").write_text(code)
        (tmp_path / "hezhi/test_actions.py").write_text(test)
        (tmp_path / "clauses.toml").write_text(
            f'[[row]]\nid = "9.1.2-2"\ntitle = "事件管理"\nroom = "cases"\nstate = "{state}"\nnote = "还缺一步"\n'
        )
        (tmp_path / "conformance.json").write_text(json.dumps({"9.1.2-2": noted}))
        monkeypatch.setattr(clauses, "CHECKOUT", tmp_path)
        monkeypatch.setattr(clauses, "ROWS", tmp_path / "clauses.toml")
        monkeypatch.setattr(clauses, "NOTED", tmp_path / "conformance.json")
        clauses._mentions.cache_clear()
        return clauses.problems()

    yield build
    clauses._mentions.cache_clear()


CODE = '@clause("9.1.2-2")\ndef accept(): ...\n'
TEST = '@pytest.mark.clause("9.1.2-2")\ndef test_accepted(): ...\n'


def test_a_row_with_code_and_test_may_be_declared_built(ledger):
    assert ledger("works", code=CODE, test=TEST, noted="works") == []


def test_a_row_without_a_test_may_not(ledger):
    assert ["没有测试" in line for line in ledger("works", code=CODE, noted="works")] == [True]


def test_a_row_without_code_may_not(ledger):
    assert ["没有代码" in line for line in ledger("part", test=TEST, noted="part")] == [True]


def test_a_state_never_goes_back(ledger):
    assert any("倒退" in line for line in ledger("part", code=CODE, test=TEST, noted="works"))


def test_a_state_that_rose_is_to_be_noted(ledger):
    assert any("--note" in line for line in ledger("works", code=CODE, test=TEST, noted="part"))
    clauses.note()
    assert clauses.problems() == []


def test_a_clause_that_the_standard_does_not_have_is_found(ledger):
    assert any("9.9" in line for line in ledger("not_yet", code='@clause("9.9")\ndef f(): ...\n'))


@pytest.mark.parametrize(
    "source",
    [
        'class Cases(Registry):\n    clause = "9.1.2-2"',
        'flow = Flow(clause="9.1.2-2")',
        '@clause("9.1.1-1", "9.1.2-2")\ndef act(): ...',
        'pytestmark = pytest.mark.clause("9.1.2-2")',
        'clauses: tuple[str, ...] = ("9.1.2-2",)',
    ],
)
def test_each_way_of_saying_a_clause_is_read(source):
    assert "9.1.2-2" in [id_ for id_, _, _ in clauses._mentions_in(Path("x.py"), ast.parse(source))]


def test_the_ledger_has_the_hundred_rows_once_each():
    ids = [row["id"] for row in tomllib.loads(clauses.ROWS.read_text())["row"]]
    assert len(ids) == len(set(ids)) == 100


def test_the_clauses_in_our_sources_exist():
    assert [line for line in clauses.problems() if "不存在的条款" in line] == []
