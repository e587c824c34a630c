"""Files that belong to rows (附件): kept sealed, given out only to whom the chapter lets in."""

import io
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import make_role
from hezhi.engines.records import files, jobs, store, vault
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.uploads import UploadRefused


@pytest.fixture(autouse=True)
def folder(home: Path) -> Path:
    """A store of the test's own."""
    return home / "files"


@pytest.fixture
def row(officer) -> Role:
    """Any row that files may belong to."""
    return make_role("any_row")


@pytest.fixture
def open_to_all(monkeypatch):
    """The chapter lets everybody open its files."""
    monkeypatch.setattr(files, "_guards", {"org.role": lambda actor, row_id, attachment: True})


def photo(colour: str = "red", name: str = "井盖.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "在某人家门口拍摄"
    Image.new("RGB", (900, 600), colour).save(out, "JPEG", exif=exif)
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def table(text: str = "姓名,电话\n甲,1\n") -> SimpleUploadedFile:
    return SimpleUploadedFile("登记表.csv", text.encode(), "text/csv")


def on_disk(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_photo_is_kept_sealed_under_a_random_name_with_a_small_view(officer, row, folder: Path):
    [kept] = files.keep_files(officer, row, [photo()], stage="handle")
    assert (kept.name, kept.kind, kept.content_type, kept.stage) == ("井盖.jpg", "jpeg", "image/jpeg", "handle")
    assert len(on_disk(folder)) == 2
    for path in on_disk(folder):
        assert "井盖" not in str(path) and str(kept.pk) not in str(path)
        assert b"JFIF" not in path.read_bytes() and b"\xff\xd8\xff" not in path.read_bytes()[:64]
    content, kind = files.open_file(kept)
    assert kind == "image/jpeg" and Image.open(io.BytesIO(content)).size == (900, 600)
    assert not Image.open(io.BytesIO(content)).getexif()
    small, _ = files.open_thumbnail(kept)
    assert max(Image.open(io.BytesIO(small)).size) == 320


def test_the_same_content_sent_again_is_kept_once(officer, row, folder: Path):
    first = files.keep_files(officer, row, [photo(), photo(name="又一次.jpg")])
    again = files.keep_files(officer, row, [photo()])
    assert {each.pk for each in first} == {each.pk for each in again}
    assert Attachment.objects.count() == 1 and len(on_disk(folder)) == 2
    assert len(files.keep_files(officer, row, [photo()], stage="reply")) == 1
    assert Attachment.objects.count() == 2


def test_a_verb_names_its_files_in_its_own_audit_row(officer, row):
    with acting(officer, verb="test.handle") as deed:
        deed.on(row)
        [kept] = files.keep_files(officer, row, [table()])
    entry = AuditEntry.objects.order_by("id").last()
    assert entry.event == "test.handle"
    assert entry.detail["files"] == [{"id": str(kept.pk), "sm3": kept.digest, "size": kept.size}]
    assert "登记表" not in str(entry.detail)


def test_keeping_files_outside_a_verb_is_a_verb_of_its_own(officer, row):
    files.keep_files(officer, row, [table()])
    entry = AuditEntry.objects.order_by("id").last()
    assert (entry.event, entry.object_type, entry.object_id) == ("records.keep_files", "org.role", row.pk)


def test_one_bad_file_and_none_of_the_batch_is_kept(officer, row, folder: Path):
    disguised = SimpleUploadedFile("照片.jpg", b"MZ" + bytes(200), "image/jpeg")
    with pytest.raises(UploadRefused) as refused, transaction.atomic():
        files.keep_files(officer, row, [photo(), disguised])
    assert list(refused.value.fields) == ["files"]
    assert not Attachment.objects.exists() and not on_disk(folder)


def test_too_many_files_at_once_is_a_sentence_at_the_field(officer, row):
    with pytest.raises(BadInput, match="一次最多上传 20 个"):
        files.keep_files(officer, row, [table(f"{n}\n") for n in range(21)])


def test_without_a_guard_nobody_opens_anything(officer, row):
    [kept] = files.keep_files(officer, row, [table()])
    assert not files.may_open(officer, kept)
    with pytest.raises(NotFound):
        files.attachment_for(officer, kept.pk)


def test_the_chapter_is_asked_with_reader_row_and_file(officer, row, monkeypatch):
    asked = []
    monkeypatch.setattr(files, "_guards", {})
    files.guard("org.role", lambda who, row_id, attachment: bool(asked.append((who, row_id, attachment)) or True))
    [kept] = files.keep_files(officer, row, [table()])
    assert files.attachment_for(officer, kept.pk) == kept
    assert asked == [(officer, row.pk, kept)]


def test_a_removed_file_opens_for_nobody_until_it_is_restored(officer, row, open_to_all):
    [kept] = files.keep_files(officer, row, [table()])
    with pytest.raises(BadInput):
        files.remove_file(kept, by=officer, reason=" ")
    removed = files.remove_file(kept, by=officer, reason="传错了")
    assert not files.may_open(officer, removed)
    with pytest.raises(NotFound):
        files.open_file(removed)
    with pytest.raises(NotNow):
        files.remove_file(kept, by=officer, reason="再移除一次")
    files.restore_file(kept, by=officer, reason="移除有误")
    assert files.open_file(files.attachment_for(officer, kept.pk))[0].startswith("姓名".encode())
    events = list(AuditEntry.objects.order_by("id").values_list("event", "reason"))
    assert events[-2:] == [("records.remove_file", "传错了"), ("records.restore_file", "移除有误")]


def test_destroying_the_key_destroys_the_content(officer, row, folder: Path):
    [kept] = files.keep_files(officer, row, [photo()])
    places = files.erase_files(row.pk)
    kept.refresh_from_db()
    assert len(places) == 2 and len(on_disk(folder)) == 2, "the bytes are still there"
    with pytest.raises(NotFound):
        files.open_file(kept)
    with pytest.raises(vault.SealBroken):
        files.content_of(kept)
    with pytest.raises(NotNow):
        files.restore_file(kept, by=officer, reason="想要回来")


def test_a_changed_or_swapped_file_does_not_open(officer, row, folder: Path, open_to_all):
    one, other = files.keep_files(officer, row, [table("甲\n"), table("乙\n")])
    one_path, other_path = folder / one.file, folder / other.file
    one_bytes = one_path.read_bytes()
    one_path.write_bytes(one_bytes[:-1] + bytes([one_bytes[-1] ^ 1]))
    with pytest.raises(vault.SealBroken):
        files.open_file(one)
    other_path.write_bytes(one_bytes)
    with pytest.raises(vault.SealBroken):
        files.open_file(other)
    other_path.unlink()
    with pytest.raises(vault.SealBroken, match="找不到"):
        files.open_file(other)


def test_after_a_rotation_every_file_still_opens_and_the_old_key_is_not_needed(officer, row, home: Path):
    [kept] = files.keep_files(officer, row, [table()])
    vault.rotate(home / "keys", "file")
    assert files.open_file(kept)[0]
    assert (files.rewrap(), files.rewrap()) == (1, 0)
    (home / "keys/file.v1.key").unlink()
    vault.ring.cache_clear()
    kept.refresh_from_db()
    assert files.open_file(kept)[0]


# -- the sweep and the virus scanner ---------------------------------------------------------------


def test_what_a_cancelled_verb_left_in_the_store_is_swept_and_nothing_else(officer, row, folder: Path, monkeypatch):
    files.keep_files(officer, row, [photo()])
    with pytest.raises(RuntimeError), transaction.atomic():
        files.keep_files(officer, row, [photo("blue")])
        raise RuntimeError("the machine stumbles")
    assert len(on_disk(folder)) == 4
    assert jobs.sweep_files() == 0, "a verb may still be under way"
    later = time.real_now() + timedelta(hours=2)
    monkeypatch.setattr(time, "real_now", lambda: later)
    assert jobs.sweep_files() == 2
    [kept] = Attachment.objects.all()
    assert {folder / kept.file, folder / kept.thumbnail} == set(on_disk(folder))


def test_with_a_scanner_a_file_stays_closed_until_it_is_judged(officer, row, settings, open_to_all):
    settings.UPLOAD_SCANNER = ["sh", "-c", "exit 7"]
    [kept] = files.keep_files(officer, row, [table()])
    with pytest.raises(NotNow, match="正在查毒"):
        files.open_file(kept)
    assert jobs.scan_files() == 0, "a scanner that could not say opens nothing"
    settings.UPLOAD_SCANNER = ["sh", "-c", "grep -q 姓名 && exit 0; exit 1"]
    assert jobs.scan_files() == 1
    kept.refresh_from_db()
    assert files.open_file(kept)[0]


def test_an_infected_file_is_shut_away_and_the_audit_says_so(officer, row, settings):
    settings.UPLOAD_SCANNER = ["sh", "-c", "exit 1"]
    [kept] = files.keep_files(officer, row, [table()])
    assert jobs.scan_files() == 1
    kept.refresh_from_db()
    with pytest.raises(NotNow, match="恶意代码"):
        files.open_file(kept)
    entry = AuditEntry.objects.order_by("id").last()
    assert (entry.event, entry.object_id) == ("records.quarantine_file", row.pk)


def test_a_link_opens_one_file_for_a_few_minutes_and_only_what_the_reporter_may_see(officer, row):
    [own] = files.keep_files(officer, row, [photo()], visibility=Attachment.Visibility.REPORTER)
    [inner] = files.keep_files(officer, row, [table()])
    with pytest.raises(ValueError, match="reporter"):
        files.token_for(inner)
    with time.frozen_at("2026-11-22 09:30") as clock:
        token = files.token_for(own)
        assert files.attachment_by_token(own.pk, token) == own
        for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "", "0", "9999999999.AAAA", "中文"):
            with pytest.raises(NotFound):
                files.attachment_by_token(own.pk, wrong)
        with pytest.raises(NotFound):
            files.attachment_by_token(inner.pk, token)
        with pytest.raises(NotFound):
            files.attachment_by_token(UUID(int=7), token)
        clock.advance(seconds=301)
        with pytest.raises(NotFound):
            files.attachment_by_token(own.pk, token)
    assert store.is_older("2026/01/01/none", timedelta(0)) is False
