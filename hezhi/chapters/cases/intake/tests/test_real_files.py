"""Real messages and foreign requests through the reader (真实数据), where the owner's files lie beside the project."""

import gzip
from itertools import islice
from pathlib import Path

import openpyxl
import pytest

from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.local_files import import_file
from hezhi.chapters.cases.intake.testkit import District
from hezhi.ground.errors import BadInput

pytestmark = pytest.mark.clause("9.1.2-1")


def beginning(source: Path, folder: Path, rows: int) -> Path:
    """The first rows of a file, as a file of its own."""
    target = folder / source.name.removesuffix(".gz")
    with (
        gzip.open(source, "rt", encoding="utf-8") if source.suffix == ".gz" else source.open(encoding="utf-8") as lines
    ):
        target.write_text("".join(islice(lines, rows + 1)), encoding="utf-8")
    return target


@pytest.mark.parametrize(("name", "rows"), [("messages_replies.csv", 2804), ("messages_events.csv", 2766)])
def test_every_row_of_the_public_appeals_can_be_read(district: District, shared: Path, name: str, rows: int) -> None:
    found = import_file(shared / "data/appeals-teddy2020" / name, dry_run=True)
    assert (found.counts.rows, found.counts.new, found.counts.refused) == (rows, rows, 0)
    assert not Case.objects.exists()


def test_appeals_become_cases_once_with_their_own_time_kept(district: District, shared: Path, tmp_path: Path) -> None:
    few = beginning(shared / "data/appeals-teddy2020/messages_replies.csv", tmp_path, 60)
    assert import_file(few).counts.new == 60
    again = import_file(few).counts
    assert (again.new, again.known) == (0, 60)
    case = Case.objects.get(outside_channel="public-appeals", outside_number="2549")
    assert case.source == "online_media" and case.occurred_at is not None
    assert case.occurred_at.isoformat() == "2019-04-25T01:32:09+00:00"


def test_requests_of_a_foreign_city_lie_outside_row_by_row(district: District, shared: Path, tmp_path: Path) -> None:
    path = beginning(shared / "data/boston311-2011h2/requests.csv.gz", tmp_path, 2000)
    with pytest.raises(BadInput, match="系统不猜测坐标系"):
        import_file(path)
    refused = import_file(path, crs="EPSG:4326", dry_run=True).counts
    assert (refused.rows, refused.refused) == (2000, 2000)
    bare = import_file(path, without_place=True, dry_run=True).counts
    assert (bare.rows, bare.new) == (2000, 2000)


def test_refused_requests_come_back_beside_the_file_and_go_in_without_a_place(
    district: District, shared: Path, tmp_path: Path
) -> None:
    path = beginning(shared / "data/boston311-2011h2/requests.csv.gz", tmp_path, 20)
    handed_back = import_file(path, crs="EPSG:4326").refused
    assert handed_back is not None
    rows = list(openpyxl.load_workbook(handed_back).active.iter_rows(values_only=True))
    assert len(rows) == 21 and "不在本区范围内" in str(rows[1][-1])
    assert import_file(handed_back, without_place=True).counts.new == 20
    case = Case.objects.get(outside_number="101000295613")
    assert (case.title, case.point, case.place) == (
        "Street Light Outages", None, "INTERSECTION Groveland St & River St Greater Mattapan",
    )  # fmt: skip
    assert case.answers == {"来源渠道": "Employee Generated", "来源类别": "Street Light Outages"}
    assert case.outside_due_at is not None and case.outside_due_at.isoformat() == "2011-07-15T05:32:32+00:00"
