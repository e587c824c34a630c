"""Other ways for a batch (导入通道): a higher engine may take large files over from the row-by-row import.

A lane puts itself into `LANES` when the program starts. The screens, the rights and the states of a batch
stay those of `imports`; only how its rows are looked at and written is the lane's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.models import ImportRun
from hezhi.ground import tables

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry


class Progress(Protocol):
    """How far a job is (进度): what it does, how much is done, and about how long it still takes."""

    @property
    def words(self) -> str: ...
    @property
    def percent(self) -> int | None: ...
    @property
    def left(self) -> int | None: ...


class Lane(Protocol):
    """One way for a batch; the verbs are those of `imports`, with a run whose `lane` is this one's name."""

    name: str

    def takes(self, registry: Registry, upload: UploadedFile) -> bool:
        """Whether this file goes this way."""

    def receive(self, registry: Registry, upload: UploadedFile, *, by: Actor) -> ImportRun:
        """Keep the file and have it checked by a job."""

    def check(self, registry: Registry, run: ImportRun, by: Actor) -> None:
        """Look every row through; afterwards the run is «待确认». May raise a Refusal, which ends it."""

    def write(self, registry: Registry, run: ImportRun, by: Actor) -> None:
        """Write what was accepted, all or nothing."""

    def undo(self, registry: Registry, run: ImportRun, by: Actor, reason: str) -> int:
        """Have the batch taken back; gives the rows taken back at once."""

    def take_back(self, run_id: UUID) -> None:
        """Take the batch back, in a job."""

    def table(self, run: ImportRun, columns: list[tables.Column]) -> tables.Table:
        """The file as a table, to read single rows again."""

    def refused_sheet(self, run: ImportRun) -> bytes:
        """The refused rows as the same sheet."""

    def progress(self, run: ImportRun) -> Progress | None:
        """How far the job is, where one is at work."""

    def forget(self, run: ImportRun) -> None:
        """Erase whatever the lane keeps of a batch beside its files."""


LANES: list[Lane] = []


def lane_for(registry: Registry, upload: UploadedFile) -> Lane | None:
    """The lane that takes a file, None for the row-by-row import."""
    return next((lane for lane in LANES if lane.takes(registry, upload)), None)


def lane_of(run: ImportRun) -> Lane:
    """The lane a batch goes."""
    return next(lane for lane in LANES if lane.name == run.lane)
