"""The `hezhi` command (命令行): for the people who install, run and accept the system.

Help and messages are Chinese. Each command is thin: it reads what was typed, calls one function, and
prints the answer; a refusal is printed as the letter it is.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hezhi.wiring import mandarin  # first: click asks for its words when it is imported

mandarin.teach()

import click  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from hezhi.wiring.places import adopt_cluster  # noqa: E402

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
FORBIDDEN_NAMES = {"admin", "administrator", "root", "test", "sysadmin", "guest"}
OFFICES = {"system": "系统管理员", "security": "安全管理员", "audit": "审计管理员"}

screen = Console(highlight=False)


@click.group(context_settings=SETTINGS, subcommand_metavar="命令 [参数]…", options_metavar="[选项]")
def hezhi() -> None:
    """合治：区域社会治理数字化系统的管理命令。"""


def _wake() -> None:
    """Set up Django; commands that do not need it start faster without."""
    import django

    os.environ.setdefault("HEZHI_LOG_LEVEL", "WARNING")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
    django.setup()


# -- the system ------------------------------------------------------------------------------------


@hezhi.command(options_metavar="[选项]")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，供监控程序读取。")
def doctor(as_json: bool) -> None:
    """体检：数据库、角色、队列、磁盘、时钟、字体、版本；每个问题附处理办法。"""
    from hezhi.wiring import doctor as surgery

    findings = surgery.examine()
    if as_json:
        screen.print_json(data=[finding.as_dict() for finding in findings])
    else:
        surgery.show(findings, screen)
    raise SystemExit(1 if any(finding.state == "bad" for finding in findings) else 0)


@hezhi.command(options_metavar="[选项]")
def createadmin() -> None:
    """创建首个系统、安全或审计管理员（三员互斥，各由一人担任）。"""
    _wake()
    from hezhi.chapters.appcentre.users.api import create_first_administrator
    from hezhi.engines.org.models import Role

    if not sys.stdin.isatty() and os.environ.get("HEZHI_TESTING") != "1":
        raise click.ClickException("请在终端中运行，以便逐项填写。")
    office = click.prompt(
        f"岗位（{'、'.join(f'{key} {name}' for key, name in OFFICES.items())}）",
        type=click.Choice(list(OFFICES)),
        show_choices=False,
    )
    role = Role.objects.filter(kind=f"{office}_admin").first()
    if role is None:
        raise click.ClickException(f"系统里还没有“{OFFICES[office]}”这一角色。请先运行 ./run --empty 完成安装。")
    login_name = click.prompt("登录名", value_proc=check_login_name)
    full_name = click.prompt("姓名")
    user, password = create_first_administrator(role.kind, login_name, full_name)
    screen.print(f"已创建{OFFICES[office]} [bold]{user.login_name}[/bold]。")
    screen.print(f"初始口令（仅显示这一次，首次登录须修改）：[bold]{password}[/bold]")


KEYS = {"field": "加密字段", "blind": "检索用指纹", "file": "附件", "audit": "审计校验"}


@hezhi.command("rotatekey", options_metavar="[选项]")
@click.argument("purpose", metavar="用途", type=click.Choice(list(KEYS)))
@click.option("--go-on", is_flag=True, help="不再生成新密钥，只把上次没有换完的换完。")
@click.option("--yes", is_flag=True, help="不再询问。")
def rotate_key(purpose: str, go_on: bool, yes: bool) -> None:
    """轮换密钥：生成新版本，再把旧密钥加密的内容换到新密钥（field、blind、file、audit）。

    旧密钥继续留在 keys/ 里，恢复以前的数据库备份时还要用到。换的时候可以照常办公；中断后加 --go-on 再运行。
    """
    os.environ.setdefault("HEZHI_DB_ROLE", "owner")
    _wake()
    from hezhi.engines.org.actor import system
    from hezhi.engines.records.key_rotation import rotate_key as rotate

    if not yes:
        click.confirm(f"将轮换“{KEYS[purpose]}”密钥。请确认 keys/ 已备份，并会在换完后再备份一次", abort=True)
    done = rotate(purpose, by=system("密钥轮换"), go_on=go_on)
    if done.file:
        screen.print(f"已生成新密钥 [bold]{done.file}[/bold]，请立即备份 keys/。")
    for column, rows in done.carried.items():
        if rows:
            screen.print(f"{column}：{rows:,} 行已换到新密钥")
    screen.print(f"完成，共 {sum(done.carried.values()):,} 行。其他进程在重新启动或读到新内容时改用新密钥。")


def check_login_name(typed: str) -> str:
    """A login name that is not the first one an attacker would try."""
    name = typed.strip()
    if name.lower() in FORBIDDEN_NAMES:
        raise click.UsageError(f"登录名 {name} 过于常见，容易被猜中。请换一个，例如姓名拼写加工号。")
    return name


@hezhi.command(options_metavar="[选项]")
def worker() -> None:
    """运行后台任务（./run 已自动运行，无需另开）。"""
    _manage("worker")


@hezhi.command(options_metavar="", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="…")
def manage(words: tuple[str, ...]) -> None:
    """运行 Django 自带的管理命令，例如 hezhi manage showmigrations。"""
    _manage(*words)


def _manage(*words: str) -> None:
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
    execute_from_command_line(["hezhi manage", *words])


# -- registries ------------------------------------------------------------------------------------


@hezhi.command(options_metavar="[选项]")
@click.argument("slug", required=False, metavar="[标识]")
def registry(slug: str | None) -> None:
    """列出全部台账，或说明一个台账的声明生成了什么。"""
    _wake()
    from hezhi.engines.registry import site
    from hezhi.wiring import cli_registry

    if slug:
        cli_registry.show_registry(site.get(slug), screen)
    else:
        cli_registry.list_registries(screen)


@hezhi.command("import", options_metavar="[选项]")
@click.argument("slug", metavar="标识")
@click.argument("file", metavar="文件", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--as", "login", required=True, metavar="登录名", help="以谁的名义导入；须有该台账的导入权限。")
@click.option("--write", is_flag=True, help="预检后写入；不加则只预检。")
@click.option("--mapping", default="", metavar="对照表", help="仅用于 cases：对照表代码；不填则取与表头最相符的。")
@click.option("--source", default="", metavar="来源", help="仅用于 cases：诉求来源，如 hotline、grid、online_media。")
@click.option(
    "--crs", default="", metavar="坐标系", help="仅用于 cases：EPSG:4326、EPSG:4490、GCJ-02、BD-09；none 为不带位置。"
)
@click.option("--clock", default="", metavar="时限", help="仅用于 cases：now 从导入时起算，sheet 从表中时间起算。")
@click.option("--channel", default="", metavar="平台", help="仅用于 cases：外部编号属于哪个接入系统；不填即来源本身。")
def import_(slug: str, file: Path, login: str, write: bool, **asked: str) -> None:
    """把一张表（xlsx、xls、ods、csv）导入一个台账，先逐行预检；标识为 cases 时导入诉求，生成事件；为 takeover 时接管旧系统在办件，以 --channel 给出旧系统代码。"""
    _wake()
    from hezhi.engines.registry import site
    from hezhi.wiring import cli_cases, cli_registry

    by = cli_registry.actor_named(login)
    if slug == "cases":
        whole = cli_cases.import_cases(file, by, write=write, screen=screen, **asked)
    elif slug == "takeover":
        whole = cli_cases.take_over(file, by, write=write, screen=screen, system=asked["channel"])
    elif any(asked.values()):
        raise click.UsageError(f"{'、'.join(f'--{n}' for n, v in asked.items() if v)} 只用于 cases。")
    else:
        whole = cli_registry.import_table(site.get(slug), file, by, write=write, screen=screen)
    raise SystemExit(0 if whole else 1)


# -- text ------------------------------------------------------------------------------------------

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
OUT = click.Path(dir_okay=False, writable=True, path_type=Path)


@hezhi.group(subcommand_metavar="命令 [参数]…", options_metavar="")
def text() -> None:
    """文本能力测量：与常用方法在同一进程、同样的数据上比较质量和速度。"""


@text.command(options_metavar="[选项]")
@click.option(
    "--train", "train_file", required=True, metavar="文件", type=FILE, help="训练消息（title、detail、label）。"
)
@click.option("--test", "test_file", metavar="文件", type=FILE, help="检验消息；不给则在训练消息上五折交叉验证。")
@click.option("--json", "out", metavar="文件", type=OUT, help="把数字写入文件。")
def classify(train_file: Path, test_file: Path | None, out: Path | None) -> None:
    """分类：宏、微 F1，97% 准确率下可自动分派的比例，与 jieba + 线性 SVM 的速度比。"""
    from hezhi.engines.analysis.text import measure

    rows = measure.read_rows(train_file), measure.read_rows(test_file) if test_file else ()
    _figures(measure.classify_figures(*rows), measure.tell_classify, out)


@text.command(options_metavar="[选项]")
@click.option("--messages", required=True, metavar="文件", type=FILE, help="消息（msg_id、time、title、detail）。")
@click.option("--gold", required=True, metavar="文件", type=FILE, help="已知事件（msg_id、cluster_id、kind）。")
@click.option("--grow-to", default=160_000, show_default=True, metavar="条数", help="测量增长时消息流加长到多少条。")
@click.option("--long", "long", default=0, metavar="条数", help="只测长时间运行：这么多条，地点替换，按时间老化。")
@click.option("--json", "out", metavar="文件", type=OUT, help="把数字写入文件。")
def events(messages: Path, gold: Path, grow_to: int, long: int, out: Path | None) -> None:
    """事件发现：B³、成对 F1、ARI，打乱顺序后的最低值，与单遍聚类的速度比，增长后的速度。"""
    from hezhi.engines.analysis.events import measure

    if long:
        _figures(measure.long_run(measure.read_known(messages, gold).messages, long), measure.tell_long, out)
        return
    _figures(measure.event_figures(measure.read_known(messages, gold), grow_to), measure.tell, out)


def _figures(said: dict[str, Any], tell: Callable[[dict[str, Any]], str], out: Path | None) -> None:
    """Print the figures, and keep them when asked."""
    screen.print(tell(said), markup=False, soft_wrap=True)
    if out:
        out.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# -- the standard ----------------------------------------------------------------------------------


@hezhi.command(options_metavar="[选项]")
@click.argument("number", metavar="条款号")
def clause(number: str) -> None:
    """查一条标准条款：名称、代码、页面、接口、权限、测试、最近一次验证。"""
    from hezhi.wiring import clauses as ledger

    if number not in ledger.rows():
        raise click.ClickException(f"标准中没有 {number} 这一条。hezhi clauses 可列出全部条款。")
    _wake()
    row = next(row for row in ledger.as_json() if row["id"] == number)
    screen.print(f"[bold]{row['id']} {row['title']}[/bold]  {ledger.STATES[row['state']]}")
    proof = row["proof"]
    proved = f"{proof['at']} 通过 {proof['passed']} 项，未通过 {proof['failed']} 项" if proof else "尚未运行"
    lines = (("所在模块", [row["room"]]), ("代码", row["code"]), ("页面", row["urls"]), ("接口", row["api"]))
    for title, places in (*lines, ("权限", row["rights"]), ("测试", row["tests"]), ("最近验证", [proved])):
        screen.print(f"  {title}：" + (f"\n{' ' * 8}".join(places) if places else "无"), markup=False, soft_wrap=True)


@hezhi.command(options_metavar="[选项]")
@click.option("--check", is_flag=True, help="核对：声明已建成的须有代码和测试，状态不得倒退。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--note", is_flag=True, help="登记当前状态到 standard/conformance.json。")
def clauses(check: bool, as_json: bool, note: bool) -> None:
    """列出标准的全部条款及建设状态。"""
    from hezhi.wiring import clauses as ledger

    if note:
        ledger.note()
    if check:
        wrong = ledger.problems()
        for line in wrong:
            screen.print(line, markup=False)
        screen.print("条款核对通过。" if not wrong else f"共 {len(wrong)} 个问题。")
        raise SystemExit(1 if wrong else 0)
    if as_json:
        _wake()
        screen.print_json(data=ledger.as_json())
        return
    table = Table("条款", "名称", "模块", "状态", "代码", "测试")
    for row in ledger.rows().values():
        table.add_row(row.id, row.title, row.room, row.state_title, str(len(row.code)), str(len(row.tests)))
    screen.print(table)


@hezhi.command(options_metavar="[选项]")
@click.option("--write", is_flag=True, help="写入 docs/flow-of-a-case.md。")
def flows(write: bool) -> None:
    """打印事件和承办单的流程：角色、动作、状态、权限对照表。"""
    _wake()
    from hezhi.wiring import flow_book

    if write:
        flow_book.BOOK.write_text(flow_book.book(), encoding="utf-8")
        screen.print(f"已写入 {flow_book.BOOK.name}。")
    else:
        click.echo(flow_book.book())


def main() -> None:
    """The entry of the `hezhi` command."""
    adopt_cluster()
    from hezhi.ground.errors import Refusal
    from hezhi.wiring.voice import Trouble

    try:
        hezhi(prog_name="hezhi")
    except Refusal as refusal:
        screen.print(str(refusal), markup=False)
        raise SystemExit(1) from None
    except Trouble as trouble:
        screen.print(trouble.chinese, markup=False)
        raise SystemExit(1) from None


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main()
