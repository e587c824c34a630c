"""Opening files by the front door (附件调阅)."""

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from hezhi.engines.org.models import Role, User
from hezhi.engines.org.testkit import actor, enter, make_officer, make_role
from hezhi.engines.records import audit, files
from hezhi.engines.records.models import Attachment, AuditEntry

Visibility = Attachment.Visibility


@pytest.fixture(autouse=True)
def home(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def officer(db) -> User:
    return make_officer("linyutong", make_role("handler"), full_name="林雨桐")


@pytest.fixture
def neighbour(db) -> User:
    return make_officer("zhoumingche", make_role("neighbour"), full_name="周明澈")


@pytest.fixture(autouse=True)
def only_handlers_open(monkeypatch) -> None:
    """The chapter of these rows lets in handlers, and nobody else."""
    monkeypatch.setattr(files, "_guards", {"org.role": lambda who, row_id, attachment: who.role_code == "handler"})


@pytest.fixture
def row(officer) -> Role:
    return make_role("any_row")


def photo() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), "green").save(out, "JPEG")
    return SimpleUploadedFile("路面塌陷 现场.jpg", out.getvalue())


def pdf() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (80, 60), "green").save(out, "PDF")
    return SimpleUploadedFile("责令整改.pdf", out.getvalue())


def sheet() -> SimpleUploadedFile:
    return SimpleUploadedFile("清单.csv", "路段,数量\n甲路,3\n".encode())


def keep(officer: User, row: Role, *uploads: SimpleUploadedFile, visibility: str = Visibility.READERS):
    return files.keep_files(actor(officer), row, uploads, visibility=visibility)


def events() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("event", flat=True))


def test_an_officer_whom_the_chapter_lets_in_sees_the_picture_and_its_small_view(client: Client, officer, row):
    [kept] = keep(officer, row, photo())
    enter(client, officer)
    answer = client.get(f"/files/{kept.pk}/")
    assert answer.status_code == 200 and answer["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (800, 600)
    small = client.get(f"/files/{kept.pk}/thumb/")
    assert Image.open(io.BytesIO(small.content)).size == (320, 240)


def test_everybody_else_is_told_that_nothing_is_there(client: Client, officer, neighbour, row):
    [kept] = keep(officer, row, photo())
    enter(client, neighbour)
    for address in (f"/files/{kept.pk}/", f"/files/{kept.pk}/thumb/", f"/files/{row.pk}/"):
        answer = client.get(address)
        assert answer.status_code == 404 and "没有找到这个附件" in answer.content.decode()
    client.logout()
    assert client.get(f"/files/{kept.pk}/").status_code == 302
    assert client.post(f"/files/{kept.pk}/").status_code in (302, 405)


def test_the_browser_may_run_nothing_guess_nothing_and_keep_nothing(client: Client, officer, row):
    enter(client, officer)
    for kept in keep(officer, row, photo(), pdf(), sheet()):
        answer = client.get(f"/files/{kept.pk}/")
        assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "no-store"
        shown = kept.kind in ("jpeg", "pdf")
        assert answer["Content-Disposition"].startswith("inline" if shown else "attachment")
        saved = client.get(f"/files/{kept.pk}/?save=1")
        assert saved["Content-Disposition"].startswith("attachment; filename*=utf-8''")


def test_opening_what_a_reporter_sent_or_what_is_secret_is_logged_first(client: Client, officer, row, monkeypatch):
    [plain] = keep(officer, row, sheet())
    [sent] = keep(officer, row, photo(), visibility=Visibility.REPORTER)
    [secret] = keep(officer, row, photo(), visibility=Visibility.SECRET)
    enter(client, officer)
    before = len(events())
    client.get(f"/files/{plain.pk}/")
    client.get(f"/files/{sent.pk}/thumb/")
    assert len(events()) == before
    client.get(f"/files/{sent.pk}/")
    client.get(f"/files/{secret.pk}/")
    client.get(f"/files/{secret.pk}/thumb/")
    assert events()[before:] == ["records.open_file", "records.read_personal", "records.read_personal"]
    last = AuditEntry.objects.order_by("id").last()
    assert (last.actor_id, last.object_id, last.detail) == (officer.pk, row.pk, {"fields": [f"file:{secret.pk}"]})
    assert last.address and last.request_id


def test_no_log_no_file(client: Client, officer, row, monkeypatch):
    [secret] = keep(officer, row, photo(), visibility=Visibility.SECRET)
    enter(client, officer)

    def broken(*args, **more):
        raise OSError("the audit cannot be written")

    monkeypatch.setattr(audit, "write", broken)
    client.raise_request_exception = False
    answer = client.get(f"/files/{secret.pk}/")
    assert answer.status_code == 500 and b"\xff\xd8\xff" not in answer.content


def test_a_citizen_opens_his_own_photo_by_a_link_and_nothing_else(client: Client, officer, row):
    [own] = keep(officer, row, photo(), visibility=Visibility.REPORTER)
    [inner] = keep(officer, row, sheet())
    answer = client.get(files.signed_link(own))
    assert answer.status_code == 200 and answer["Content-Type"] == "image/jpeg"
    assert client.get(files.signed_link(own, thumbnail=True)).status_code == 200
    token = files.token_for(own)
    assert client.get(f"/files/{inner.pk}/shared/{token}/").status_code == 404
    assert client.get(f"/files/{own.pk}/shared/{token}0/").status_code == 404
    assert client.get(files.signed_link(own, seconds=-1)).status_code == 404
    assert client.get(f"/files/{own.pk}/").status_code == 302, "without the link one must sign in"


def test_a_link_is_dead_once_the_file_is_removed(client: Client, officer, row):
    [own] = keep(officer, row, photo(), visibility=Visibility.REPORTER)
    link = files.signed_link(own)
    files.remove_file(own, by=actor(officer), reason="照片中有他人面部")
    assert client.get(link).status_code == 404
