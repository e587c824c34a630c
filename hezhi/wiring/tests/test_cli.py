"""The `hezhi` command speaks Chinese and refuses what an attacker would try first (命令行)."""

import json
import subprocess
import sys

import pytest

from hezhi.wiring.places import CHECKOUT


def hezhi(*words, typed=None):
    return subprocess.run(
        [sys.executable, "-m", "hezhi.wiring.cli", *words], cwd=CHECKOUT, capture_output=True, text=True, input=typed
    )


def test_help_is_chinese_from_the_first_word_to_the_last():
    told = hezhi("--help").stdout
    assert "用法:" in told and "命令:" in told and "体检" in told
    assert not [word for word in ("Usage", "Options", "Commands", "Show this") if word in told]


def test_a_mistyped_command_is_answered_in_chinese():
    done = hezhi("docter")
    assert done.returncode == 2 and "没有 docter 这个命令" in done.stderr


def test_the_clauses_are_listed_for_machines():
    rows = json.loads(hezhi("clauses", "--json").stdout)
    assert len(rows) == 100
    assert {"id", "title", "state", "room", "urls", "tests"} <= set(rows[0])


def test_an_unknown_clause_is_said_kindly():
    done = hezhi("clause", "9.9.9")
    assert done.returncode == 1 and "标准中没有 9.9.9 这一条" in done.stderr


@pytest.mark.parametrize("name", ["admin", "Administrator", "root", "test"])
def test_names_that_are_guessed_first_are_refused(name):
    import click

    from hezhi.wiring.cli import check_login_name

    with pytest.raises(click.UsageError, match="过于常见"):
        check_login_name(name)


def test_an_ordinary_name_is_taken():
    from hezhi.wiring.cli import check_login_name

    assert check_login_name(" zhang.wei ") == "zhang.wei"
