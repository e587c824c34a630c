"""Files in another place than a folder (附件存放): a bucket of an S3 store, or any storage that knows no paths."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from hezhi.engines.org.testkit import make_role
from hezhi.engines.records import erasure, files, jobs, store, vault
from hezhi.engines.records.models import Attachment
from hezhi.engines.records.tests.bucket_house import BUCKET, ObjectStore, object_store
from hezhi.ground import time
from hezhi.ground.crypto import sm3
from hezhi.ground.uploads import Checked
from hezhi.wiring.file_place import file_place

PREFIX = "district/9"


@pytest.fixture(params=["bucket", "memory"])
def elsewhere(request, home: Path, settings):
    """The store is no folder: what lies in the home afterwards would have missed it."""
    if request.param == "memory":
        settings.STORAGES = {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
    else:
        request.getfixturevalue("bucket")
    yield home
    assert not (home / "files").exists()


@pytest.fixture
def bucket(home: Path, settings, monkeypatch):
    """A bucket on this machine, told of as an installation is told."""
    with object_store() as running:
        told = running.environment(PREFIX)
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        settings.STORAGES = {"default": file_place(told, home).storage()}
        yield running


def photo() -> SimpleUploadedFile:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "在某人家门口拍摄"
    Image.new("RGB", (900, 600), "red").save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("井盖.jpg", out.getvalue(), "image/jpeg")


def film(size: int) -> files.LookedThrough:
    content = bytes(n % 251 for n in range(size))
    return files.LookedThrough(Checked("mp4", "video/mp4", size, "片.mp4"), content, b"")


def test_a_picture_is_made_small_sealed_and_opened_again(officer, elsewhere):
    [kept] = files.keep_files(officer, make_role("any_row"), [photo()])
    assert b"JFIF" not in store.get(kept.file)
    content, _ = files.open_file(kept)
    assert Image.open(io.BytesIO(content)).size == (900, 600) and not Image.open(io.BytesIO(content)).getexif()
    assert max(Image.open(io.BytesIO(files.open_thumbnail(kept)[0])).size) == 320
    assert sm3(content).hex() == kept.digest


def test_a_film_is_played_from_any_place(officer, elsewhere):
    looked = film(2 * files.PIECE + 777)
    [kept] = files.keep_files(officer, make_role("any_row"), [looked])
    for first, last in ((0, 0), (files.PIECE - 2, files.PIECE + 2), (2 * files.PIECE, 2 * files.PIECE + 776)):
        assert b"".join(files.open_part(kept, first, last)) == looked.content[first : last + 1]
    assert files.content_of(kept) == looked.content


def test_what_a_cancelled_verb_left_is_swept_and_nothing_else(officer, elsewhere, monkeypatch):
    row = make_role("any_row")
    [kept] = files.keep_files(officer, row, [photo()])
    with pytest.raises(RuntimeError), transaction.atomic():
        files.keep_files(officer, row, [film(10)])
        raise RuntimeError("the machine stumbles")
    today = time.real_now().date()
    assert len(list(store.places_of_day(today))) == 3
    assert jobs.sweep_files() == 0, "a verb may still be under way"
    later = time.real_now() + timedelta(hours=2)
    monkeypatch.setattr(time, "real_now", lambda: later)
    assert jobs.sweep_files() == 1
    assert set(store.places_of_day(today)) == {kept.file, kept.thumbnail}


def test_what_is_erased_lies_there_no_more(officer, elsewhere, django_capture_on_commit_callbacks):
    row = make_role("any_row")
    [kept] = files.keep_files(officer, row, [photo()])
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase_beside(row, by=officer, reason="到期")
    assert not list(store.places_of_day(time.real_now().date()))
    for place in (kept.file, kept.thumbnail):
        with pytest.raises(store.Lost):
            store.get(place)
        store.drop(place)
        assert not store.is_older(place, timedelta(0))


def test_what_is_lost_is_said_as_a_letter(officer, elsewhere):
    [kept] = files.keep_files(officer, make_role("any_row"), [photo()])
    store.drop(kept.file)
    with pytest.raises(vault.SealBroken, match="找不到"):
        files.open_file(kept)


def test_of_a_film_in_a_bucket_only_the_piece_that_is_played_is_fetched(officer, bucket: ObjectStore):
    [kept] = files.keep_files(officer, make_role("any_row"), [film(3 * files.PIECE)])
    bucket.asked.clear()
    list(files.open_part(kept, files.PIECE, files.PIECE + 9))
    sealed = files._SEALED_PIECE
    assert bucket.asked == [("GET", f"{PREFIX}/{kept.file}", f"bytes={sealed}-{2 * sealed - 1}")]


def test_a_bucket_holds_sealed_bytes_under_its_prefix_and_is_not_asked_first(officer, bucket: ObjectStore):
    [kept] = files.keep_files(officer, make_role("any_row"), [photo()])
    assert [(verb, name) for verb, name, _ in bucket.asked] == [
        ("PUT", f"{PREFIX}/{place}") for place in (kept.file, kept.thumbnail)
    ]
    assert bucket.objects[f"{PREFIX}/{kept.file}"][0] == store.get(kept.file)


def test_a_part_beyond_the_end_is_empty_as_of_a_folder(bucket: ObjectStore, db):
    place = store.put(b"sealed")
    assert (store.get(place, 3, 99), store.get(place, 99, 5), store.get(place, 2)) == (b"led", b"", b"aled")


def test_a_bucket_that_refuses_us_is_no_lost_file(bucket: ObjectStore, db, settings):
    place = store.put(b"sealed")
    options = settings.STORAGES["default"]["OPTIONS"]
    settings.STORAGES = {"default": settings.STORAGES["default"] | {"OPTIONS": options | {"bucket_name": "another"}}}
    assert storages["default"].bucket_name != BUCKET
    with pytest.raises(Exception, match="NoSuchBucket") as fault:
        default_storage.read_part(place, 0, -1)
    assert not isinstance(fault.value, FileNotFoundError)
    assert Attachment.objects.count() == 0
