"""Where sealed bytes lie (文件存储): a folder outside the web root, or a bucket of an S3 store (see `bucket`).

The place is Django's default storage (`HEZHI_FILES`, docs/running.md), of which nothing is asked that only a folder has. Names are random and say nothing; the
day stands before them, so that the sweep looks through a few folders and not through all.
"""

import logging
import os
import secrets
from collections.abc import Iterator
from datetime import date, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

from hezhi.ground import time
from hezhi.ground.crypto import Tampered

__all__ = ["Lost", "Tampered", "drop", "get", "is_older", "places_of_day", "put"]

_log = logging.getLogger(__name__)


class Lost(Exception):
    """Nothing lies at this place (存储中缺失)."""


def put(sealed: bytes) -> str:
    """Store sealed bytes for good and give their place: on a disk they are written through."""
    place = default_storage.save(f"{_folder(time.real_now().date())}/{secrets.token_hex(16)}", ContentFile(sealed))
    if isinstance(default_storage, FileSystemStorage):  # a bucket answers only when it has the bytes
        _write_through(default_storage.path(place))
    return place


def get(place: str, start: int = 0, size: int = -1) -> bytes:
    """The bytes at a place, or `size` of them from `start` on. Raises Lost."""
    read = getattr(default_storage, "read_part", _read_part)
    try:
        return bytes(read(place, start, size))
    except FileNotFoundError as missing:
        raise Lost(place) from missing


def _read_part(place: str, start: int, size: int) -> bytes:
    with default_storage.open(place, "rb") as opened:
        if start:
            opened.seek(start)
        return bytes(opened.read(size))


def drop(place: str) -> None:
    """Free a place; no harm when it is empty already."""
    default_storage.delete(place)


def places_of_day(day: date) -> Iterator[str]:
    """Every place that was filled on a day (UTC), with those of unfinished transactions."""
    try:
        _, names = default_storage.listdir(_folder(day))
    except FileNotFoundError:
        return
    yield from (f"{_folder(day)}/{name}" for name in names)


def is_older(place: str, than: timedelta) -> bool:
    """Whether a place was filled longer ago than this span."""
    try:
        return time.real_now() - default_storage.get_modified_time(place) > than
    except FileNotFoundError:
        return False


def _folder(day: date) -> str:
    return f"{day:%Y/%m/%d}"


def _write_through(path: str) -> None:
    """A commit must not outlive its file when the power goes."""
    for name, flags in ((path, os.O_RDONLY), (os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)):
        handle = os.open(name, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
