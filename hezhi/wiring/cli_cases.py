"""`hezhi import cases` (命令行导入诉求): a file of reports by hand, through the same batches as the wizard."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from hezhi.wiring.cli_registry import SHOWN, waiting

if TYPE_CHECKING:
    from hezhi.chapters.cases.intake.importing import Fit
    from hezhi.chapters.cases.intake.mappings import Choice
    from hezhi.chapters.cases.intake.models import Batch
    from hezhi.engines.org.actor import Actor

NO_PLACE = "none"
OPTION = {"source": "--source", "crs": "--crs", "clock": "--clock", "mapping": "--mapping"}


def import_cases(path: Path, by: "Actor", *, write: bool, screen: Console, **asked: str) -> bool:
    """Check a file of reports row by row and, when asked, take it in; True when no row was refused.

    `asked` holds mapping, source, crs, clock and channel as typed; what is empty follows the mapping, and what
    the mapping does not know is asked for: source and coordinate system are never guessed. A file that was
    only checked is given up afterwards, so that nothing of it stays.
    """
    from django.core.files.uploadedfile import SimpleUploadedFile

    from hezhi.chapters.cases.intake import batches

    with waiting("正在预检", screen):
        batch = batches.receive(SimpleUploadedFile(path.name, path.read_bytes()), by=by)
        try:
            fit, choice = _settled(batches.fits_of(batch), asked)
            batches.choose(batch.pk, by=by, mapping=fit.mapping.code, choice=choice)
            batches.check(batch.pk)  # a large file was left to the worker; here somebody waits for it
        except BaseException:
            _drop(batch, by)
            raise
    batch.refresh_from_db()
    screen.print(f"对照表：{fit.mapping.name}（{fit.mapping.code}）", markup=False)
    _tell(batch, screen)
    if not write or batch.state != batch.State.CHECKED or not batch.new:
        whole = batch.state == batch.State.CHECKED and not batch.refused
        _drop(batch, by)
        screen.print("以上为预检结果，未写入任何事件。" + ("" if write else "加 --write 写入。"))
        return whole
    with waiting("正在写入", screen):
        batches.confirm(batch.pk, by=by)
        batches.write(batch.pk)
    batch.refresh_from_db()
    _tell(batch, screen)
    return batch.state == batch.State.WRITTEN and not batch.refused


def _settled(fits: "list[Fit]", asked: dict[str, str]) -> "tuple[Fit, Choice]":
    """Mapping and choice of what was typed. Raises click's usage error for what is still open."""
    from hezhi.chapters.cases.intake import batches, importing
    from hezhi.chapters.cases.intake.mappings import Choice
    from hezhi.ground.errors import BadInput

    try:
        fit = batches.fit_for(fits, asked["mapping"]) if asked.get("mapping") else fits[0]
    except BadInput:
        raise click.UsageError(f"--mapping：请从 {'、'.join(f.mapping.code for f in fits)} 中选择。") from None
    crs = asked.get("crs", "")
    choice = Choice(
        source=asked.get("source") or fit.mapping.source, crs="" if crs == NO_PLACE else crs,
        without_place=crs == NO_PLACE, clock=asked.get("clock") or fit.mapping.clock, channel=asked.get("channel", ""),
    )  # fmt: skip
    open_questions = importing.faults_of(choice, fit)
    if open_questions:
        told = (f"{OPTION[name]}：{''.join(said)}" for name, said in open_questions.items())
        raise click.UsageError("\n".join(told))
    return fit, choice


def _drop(batch: "Batch", by: "Actor") -> None:
    from hezhi.chapters.cases.intake import batches

    batch.refresh_from_db()
    if batch.state in (batch.State.UPLOADED, batch.State.CHECKED):
        batches.give_up(batch.pk, by=by)


def _tell(batch: "Batch", screen: Console) -> None:
    from hezhi.chapters.cases.intake.import_pages import problems_of

    screen.print(
        f"{batch.get_state_display()}：共 {batch.rows} 行，新增 {batch.new}，已有 {batch.known}，退回 {batch.refused}；"
        f"内容含个人信息的 {batch.personal} 行。"
    )
    if batch.failure:
        screen.print(batch.failure, markup=False)
    for problem in problems_of(batch, SHOWN):
        screen.print(
            f"  第 {problem.row} 行 {problem.column}：{problem.sentence}（{problem.value}）",
            markup=False,
            soft_wrap=True,
        )
    if batch.refused > SHOWN:
        screen.print(f"  ……其余 {batch.refused - SHOWN} 行略。")


def take_over(path: Path, by: "Actor", *, write: bool, screen: Console, system: str) -> bool:
    """Take running cases of an old system over (旧系统接管); True when the comparison balances, and written only then."""
    from io import BytesIO

    from hezhi.chapters.cases.platform.actions.old_sheet import read
    from hezhi.chapters.cases.platform.actions.taking_over import take_over as take
    from hezhi.ground.uploads import SHEETS, inspect_upload

    if not system:
        raise click.UsageError("--channel：请给出旧系统代码，原编号以它区分。")
    file = BytesIO(path.read_bytes())
    rows, faults = read(file, inspect_upload(file, SHEETS, name=path.name).kind)
    with waiting("正在接管" if write else "正在预检", screen):
        outcome = take(rows, by=by, system=system, name=system, write=write and not faults)
    for line in outcome.lines:
        screen.print(f"{line.name}：清单 {line.sheet}，本系统 {line.here}，差额 {line.difference}", markup=False)
    told = sorted([*faults, *outcome.faults])
    for row, said in told[:SHOWN]:
        screen.print(f"  第 {row} 行：{said}", markup=False, soft_wrap=True)
    screen.print("已接管。" if outcome.row else "没有写入任何事件。" + ("" if write else "加 --write 接管。"))
    return outcome.balanced and not faults
