"""`hezhi registry` and `hezhi import` (台账命令): what a declaration gives, and a table into it by hand."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from hezhi.engines.org.actor import Actor
    from hezhi.engines.registry.declaration import Registry
    from hezhi.engines.registry.models import ImportRun

SHOWN = 30


# -- hezhi registry --------------------------------------------------------------------------------


def list_registries(screen: Console) -> None:
    """All registries with their clause and what each offers."""
    from hezhi.engines.registry.site import registries

    table = Table("标识", "名称", "条款", Column("权限", overflow="fold"), Column("地址", overflow="fold"))
    for registry in registries():
        table.add_row(
            registry.slug, registry.title, registry.clause or "—", registry.permission("view"), registry.url()
        )
    screen.print(table)


def show_registry(registry: "Registry", screen: Console) -> None:
    """Everything that one declaration gives, so that each piece can be found and replaced."""
    declared = type(registry)
    filters = registry.filterset_class.base_filters
    told: list[tuple[str, list[str]]] = [
        ("声明", [f"{declared.__module__}.{declared.__qualname__}"]),
        ("数据表", [f"{registry.label}({registry.model._meta.db_table})"]),
        ("条款", [registry.clause or f"无：{registry.reason}"]),
        ("功能", [f"{offer}({registry.permission(offer)})" for offer in registry.offers]),
        ("列表列", [f"{column.label}（{name}）" for name, column in registry.columns.items()]),
        ("筛选", [f"{item.label or name}（{name}）" for name, item in filters.items()]),
        ("表单", [f"{title}：{'、'.join(names)}" for title, names in registry.sections]),
        ("唯一识别", list(registry.natural_key)),
        ("脱敏", [f"{name}({kind.value})" for name, kind in registry.mask_kinds.items()]),
        ("部件", [type(part).__name__ for part in registry.parts]),
        ("页面和接口", _addresses_of(registry)),
    ]
    screen.print(f"{registry.title}", style="bold")
    for title, lines in told:
        screen.print(
            f"  {title}：" + (f"\n{' ' * 6}".join(["", *lines]) if lines else "无"), markup=False, soft_wrap=True
        )
    screen.print("每一项都可在声明中用普通的 Django 类替换：pages、rest、form。")


def _addresses_of(registry: "Registry") -> list[str]:
    from hezhi.engines.registry.urls import patterns_of

    return [f"/{pattern.pattern}  {pattern.name or ''}" for pattern in patterns_of(registry)]


# -- hezhi import ----------------------------------------------------------------------------------


def import_table(registry: "Registry", path: Path, by: "Actor", *, write: bool, screen: Console) -> bool:
    """Check a table row by row and, when asked, write it; True when nothing was refused or failed."""
    from django.core.files.uploadedfile import UploadedFile

    from hezhi.engines.registry import imports

    by.must(registry.permission("import"))
    started = time.monotonic()
    with waiting("正在接收文件", screen), path.open("rb") as file:
        run = imports.receive(registry, UploadedFile(file, path.name, size=path.stat().st_size), by=by)
    with waiting("正在预检", screen, run=run):
        imports.check(run.pk)  # a large file was left to the worker; here somebody waits for it
    run.refresh_from_db()
    _tell(registry, run, screen)
    if run.state != run.State.CHECKED:
        return False
    if not write:
        screen.print("以上为预检结果，未写入任何数据。加 --write 写入。")
        return not run.refused
    with waiting("正在写入", screen, expected=time.monotonic() - started, run=run):
        run = imports.confirm(run.pk, by=by)
        imports.write(run.pk)
    run.refresh_from_db()
    _tell(registry, run, screen)
    return run.state == run.State.WRITTEN and not run.refused


def actor_named(login: str) -> "Actor":
    """The person in whose name the import is done; the history and the audit say so."""
    from hezhi.engines.org.actor import actor_of
    from hezhi.engines.org.models import User

    user = User.objects.filter(login_name=login, is_active=True).first()
    if user is None:
        raise click.ClickException(f"没有登录名为 {login} 的在用账号。")
    return actor_of(user).at(channel="command", address=None, request_id="")


def _tell(registry: "Registry", run: "ImportRun", screen: Console) -> None:
    from hezhi.engines.registry import imports

    screen.print(
        f"{run.get_state_display()}：共 {run.rows} 行，新增 {run.new}，变更 {run.changed}，"
        f"未变 {run.unchanged}，退回 {run.refused}。"
    )
    if run.failure:
        screen.print(run.failure, markup=False)
    if run.lane and run.refused:
        screen.print("退回的行已整理成表，可在导入页面下载。")
    for number, column, said in imports.problems(registry, run, SHOWN):
        screen.print(f"  第 {number} 行{' ' + column if column else ''}：{said}", markup=False, soft_wrap=True)
    if run.refused > SHOWN:
        screen.print(f"  ……其余 {run.refused - SHOWN} 行略。")


class _Clock(ProgressColumn):
    """Seconds gone, and how long it may take: writing does what the check did, so it takes as long.

    A large file tells itself how far it is.
    """

    max_refresh = 1.0

    def __init__(self, run: "ImportRun | None" = None) -> None:
        super().__init__()
        self.run = run

    def render(self, task: Task) -> Text:
        from hezhi.engines.registry.lanes import lane_of

        gone = task.elapsed or 0.0
        told = lane_of(self.run).progress(self.run) if self.run is not None and self.run.lane else None
        if told is not None:
            return Text(f"{told.words}，已用 {gone:.0f} 秒" + ("" if told.left is None else f"，约还需 {told.left} 秒"))
        if not task.total:
            return Text(f"已用 {gone:.0f} 秒")
        return Text(f"已用 {gone:.0f} 秒，约需 {max(task.total, gone):.0f} 秒")


def waiting(words: str, screen: Console, expected: float | None = None, run: "ImportRun | None" = None) -> Any:
    """A turning sign with words and seconds, while somebody waits; gone afterwards."""
    clock = _Clock(run if screen.is_terminal else None)
    progress = Progress(SpinnerColumn(), TextColumn("{task.description}"), clock, console=screen, transient=True)
    progress.add_task(words, total=expected)
    return progress
