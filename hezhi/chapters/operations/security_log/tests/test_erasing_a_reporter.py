"""At the end of the term nothing is left of who told us, and the log proves it (P12)."""

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from PIL import Image

from hezhi.chapters.cases.handling.api import Case, Reporter
from hezhi.chapters.cases.intake.api import Message, take_in
from hezhi.engines.flow import timing
from hezhi.engines.org.api import system
from hezhi.engines.records import erasure, files, vault
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import Attachment, AuditEntry

pytestmark = pytest.mark.clause("12.3-2")

BY = system("到期清理")
PHONE, NAME, HOME = "13800001234", "欧阳试名", "示例路七弄三号"


@pytest.fixture(autouse=True)
def store(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    timing.forget()  # what the process keeps of the limits belongs to the test before


@pytest.fixture
def case(db) -> Case:
    """A closed matter whose reporter left name, telephone, address and a photo."""
    message = Message(
        source="hotline",
        title="楼道堆物",
        text=f"{NAME}反映楼道堆物,电话 {PHONE}",
        name=NAME,
        phone=PHONE,
        address=HOME,
    )
    case = Case.objects.get(pk=take_in(message, by=BY).id)
    with acting(BY, verb="test.change"):
        case.title = f"{NAME}家门口楼道堆物"
        case.save()
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "grey").save(out, "JPEG")
    files.keep_files(
        BY, case, [SimpleUploadedFile("我家门口.jpg", out.getvalue())], visibility=Attachment.Visibility.REPORTER
    )
    return case


def where(*texts: str) -> list[str]:
    """Every column of the whole database in which one of the texts stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns JOIN pg_tables ON tablename = table_name"
            " WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'jsonb')"
        )
        columns = cursor.fetchall()
        found = []
        for table, column in columns:
            cursor.execute(
                f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE ANY(%s) LIMIT 1',
                [[f"%{text}%" for text in texts]],
            )
            found += [f"{table}.{column}"] if cursor.fetchone() else []
    return found


def test_a_reporter_is_made_anonymous_and_the_case_is_still_counted(case):
    reporter = case.reporter
    sealed = [value for value in _raw(reporter) if value]
    assert len(sealed) == 4 and where(*sealed)
    done = erasure.anonymise(reporter, ["name", "phone", "address", "platform_reference"], by=BY, reason="保存期满")
    assert where(*sealed) == [] and _raw(reporter) == ["", "", "", ""]
    assert (reporter.name, reporter.phone, reporter.address) == ("", "", "")
    assert not Reporter.objects.filter(phone_blind=vault.blind("phone", PHONE)).exists()
    assert done.versions == 0, "a reporter has no history to hide in"
    entry = AuditEntry.objects.latest("id")
    assert (entry.event, entry.object_type, entry.object_id) == ("records.erase", "handling.reporter", reporter.pk)
    assert Case.objects.filter(pk=case.pk).exists()


def test_the_words_of_the_case_go_from_its_history_too(case):
    assert {"handling_case.text", "handling_caseevent.text", "handling_caseevent.title"} <= set(where(PHONE, NAME))
    erasure.anonymise(case, ["title", "text", "place"], by=BY, reason="保存期满")
    assert not [column for column in where(PHONE, NAME) if column.startswith("handling_case")]
    assert case.number and case.state


def test_a_reporter_is_erased_whole_and_the_photo_with_the_case_s_files(case, django_capture_on_commit_callbacks):
    reporter, photo = case.reporter, Attachment.objects.get()
    sealed = [value for value in _raw(reporter) if value]
    with django_capture_on_commit_callbacks(execute=True):
        done = erasure.erase(reporter, by=BY, reason="本人要求删除")
        beside = erasure.erase_beside(case, by=BY, reason="本人要求删除")
    assert done.rows == {"handling_reporter": 1} and beside.files == 2
    assert where(*sealed) == [] and where("我家门口") == []
    assert not Reporter.objects.filter(case=case).exists()
    photo.refresh_from_db()
    with pytest.raises(vault.SealBroken):
        files.content_of(photo)


def _raw(reporter: Reporter) -> list[str]:
    """What really stands in the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone, phone_blind, address FROM handling_reporter WHERE id = %s", [reporter.pk])
        return list(cursor.fetchone())
