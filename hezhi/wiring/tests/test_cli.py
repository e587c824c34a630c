"""The `hezhi` command speaks Chinese and refuses what an attacker would try first (命令行)."""

import io
import json
import subprocess
import sys

import pytest

from hezhi.wiring.places import CHECKOUT


def hezhi(*words, typed=None):
    return subprocess.run(
        [sys.executable, "-m", "hezhi.wiring.cli", *words], cwd=CHECKOUT, capture_output=True, text=True, input=typed
    )


@pytest.fixture
def in_this_process(monkeypatch, capsys):
    """A command as its entry point does it, without a process of its own: (code, what stands on screen, what is complained)."""
    from hezhi.wiring import cli

    monkeypatch.setenv("HEZHI_LOG_LEVEL", "WARNING")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["hezhi", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return run


def test_help_is_chinese_from_the_first_word_to_the_last():
    told = hezhi("--help").stdout
    assert "用法：" in told and "命令:" in told and "体检" in told
    assert not [word for word in ("Usage", "Options", "Commands", "Show this") if word in told]


def test_a_mistyped_command_is_answered_in_chinese():
    done = hezhi("docter")
    assert done.returncode == 2 and "没有 docter 这个命令" in done.stderr


def test_the_clauses_are_listed_for_machines():
    rows = json.loads(hezhi("clauses", "--json").stdout)
    assert len(rows) == 100
    assert {"id", "title", "state", "room", "urls", "tests"} <= set(rows[0])


def test_an_unknown_clause_is_said_kindly(in_this_process):
    code, _, complaint = in_this_process("clause", "9.9.9")
    assert code == 1 and "标准中没有 9.9.9 这一条" in complaint


@pytest.mark.parametrize("name", ["admin", "Administrator", "root", "test"])
def test_names_that_are_guessed_first_are_refused(name):
    import click

    from hezhi.wiring.cli import check_login_name

    with pytest.raises(click.UsageError, match="过于常见"):
        check_login_name(name)


def test_an_ordinary_name_is_taken():
    from hezhi.wiring.cli import check_login_name

    assert check_login_name(" zhang.wei ") == "zhang.wei"


# -- registries ------------------------------------------------------------------------------------


@pytest.fixture
def importing(db, tmp_path):
    """Import a small table of categories in somebody's name, and read what the screen says."""
    from rich.console import Console

    from hezhi.engines.org.actor import actor_of
    from hezhi.engines.org.testkit import make_officer, make_role
    from hezhi.engines.registry import site
    from hezhi.wiring.cli_registry import import_table

    def run(table, *, write, permissions=("dictionaries.edit",)):
        path = tmp_path / "类别.csv"
        path.write_text(table, encoding="utf-8")
        told = io.StringIO()
        by = actor_of(make_officer("lin.hai", make_role("keeper", permissions)))
        whole = import_table(site.get("categories"), path, by, write=write, screen=Console(file=told, width=200))
        return whole, told.getvalue()

    return run


GOOD = "类别代码,类别名称\nDRAIN,排水设施\nLAMP,路灯照明\n"


def names_of_categories():
    from hezhi.engines.registry import site

    return set(site.get("categories").model.objects.values_list("name", flat=True))


def test_an_import_is_checked_first_and_writes_nothing(importing):
    whole, told = importing(GOOD, write=False)
    assert whole and "新增 2" in told and "未写入任何数据" in told
    assert not {"排水设施", "路灯照明"} & names_of_categories()


def test_an_import_that_is_told_to_write_writes(importing):
    whole, told = importing(GOOD, write=True)
    assert whole and "已写入" in told
    assert {"排水设施", "路灯照明"} <= names_of_categories()


def test_a_refused_row_is_named_with_its_line(importing):
    whole, told = importing(GOOD + "DRAIN,又一个\n", write=False)
    assert not whole and "退回 1" in told and "第 4 行" in told


def test_an_import_without_the_right_is_refused(importing):
    from hezhi.ground.errors import NotAllowed

    with pytest.raises(NotAllowed):
        importing(GOOD, write=True, permissions=())


# -- cases -----------------------------------------------------------------------------------------


@pytest.fixture
def reporting(db, tmp_path):
    """Import a small file of reports in an acceptor's name, and read what the screen says."""
    from rich.console import Console

    from hezhi.chapters.cases.intake.testkit import build
    from hezhi.wiring.cli_cases import import_cases

    by = build()["centre.acceptor"]

    def run(*rows, write, **asked):
        path = tmp_path / "诉求.csv"
        path.write_text("\n".join(("标题,反映内容,地点,经度,纬度,联系电话", *rows)), encoding="utf-8")
        told = io.StringIO()
        whole = import_cases(path, by, write=write, screen=Console(file=told, width=200), **asked)
        return whole, told.getvalue()

    return run


REPORT = "路灯不亮,12 号楼前路灯不亮已有三天,平江路,120.005,36.005,19900001111"
HOW = {"source": "hotline", "crs": "EPSG:4326"}


def cases_and_files():
    from hezhi.chapters.cases.handling.models import Case
    from hezhi.engines.records.models import Attachment

    return Case.objects.count(), Attachment.objects.exclude(sealed_key=b"").count()


@pytest.mark.clause("9.1.2-1")
def test_reports_are_checked_first_and_nothing_of_the_file_stays(reporting):
    whole, told = reporting(REPORT, write=False, **HOW)
    assert whole and "新增 1" in told and "未写入任何事件" in told
    assert cases_and_files() == (0, 0)


@pytest.mark.clause("9.1.2-1")
def test_reports_become_cases_when_told_to_write(reporting):
    whole, told = reporting(REPORT, write=True, **HOW)
    assert whole and "已写入：共 1 行，新增 1" in told
    assert cases_and_files() == (1, 0)


@pytest.mark.clause("9.1.2-1")
def test_a_refused_report_is_named_with_its_line_and_masked_and_stops_no_other(reporting):
    whole, told = reporting(REPORT, REPORT.replace("120.005", "东边"), write=True, **HOW)
    assert not whole and "退回 1" in told and "第 3 行 经度：经度不是数字" in told
    assert "19900001111" not in told
    assert cases_and_files()[0] == 1


@pytest.mark.clause("9.1.2-1")
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"crs": "EPSG:4326"}, "--source"), ({"source": "hotline"}, "--crs：.*系统不猜测坐标系"),
        (HOW | {"clock": "later"}, "--clock"), (HOW | {"mapping": "nobody"}, "--mapping：请从 own"),
    ],
)  # fmt: skip
def test_what_nobody_may_guess_about_reports_is_asked_for(reporting, asked, said):
    import click

    with pytest.raises(click.UsageError, match=said):
        reporting(REPORT, write=True, **asked)
    assert cases_and_files() == (0, 0)


def test_a_registry_prints_what_its_declaration_gives(in_this_process):
    code, told, _ = in_this_process("registry", "categories")
    assert not code and "/r/categories/" in told and "/api/v1/categories/" in told and "类别代码（code）" in told


@pytest.mark.parametrize(
    ("office", "title"), [("system", "系统管理员"), ("security", "安全管理员"), ("audit", "审计管理员")]
)
def test_the_first_administrator_of_each_office_is_made_once(db, monkeypatch, office, title):
    from click.testing import CliRunner

    from hezhi.chapters.appcentre.users.actions import load_roles
    from hezhi.engines.org.models import Holding, User
    from hezhi.wiring import cli

    load_roles()
    make = lambda login: CliRunner().invoke(cli.hezhi, ["createadmin"], input=f"{office}\n{login}\n林雨桐\n")  # noqa: E731
    done = make("linyutong")
    assert done.exit_code == 0 and f"已创建{title}" in done.output
    user = User.objects.get(login_name="linyutong")
    assert Holding.objects.get(user=user).post.role.kind == f"{office}_admin"
    assert user.must_change_password and not user.is_demo
    again = make("suqing")
    assert again.exit_code != 0 and User.objects.count() == 1
