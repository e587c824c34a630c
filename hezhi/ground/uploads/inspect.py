"""The door: one function that every uploaded file passes (上传检查)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from hezhi.ground.text import one_line
from hezhi.ground.uploads.kinds import KINDS, MB, Kind, sniff
from hezhi.ground.uploads.letters import UploadRefused, megabytes
from hezhi.ground.uploads.offices import check_office_zip, check_ole, kind_of_ole
from hezhi.ground.uploads.pdfs import check_pdf
from hezhi.ground.uploads.pictures import Picture, remake
from hezhi.ground.uploads.sounds import SOUND_KINDS, is_sound, kind_of_sound, seconds_of, without_told
from hezhi.ground.uploads.texts import text_encoding
from hezhi.ground.uploads.videos import VIDEO_KINDS, kind_of_filmed, kind_of_video, without_words

__all__ = [
    "DOCUMENTS", "FILMED", "LIMITS", "PICTURES", "PLAYED", "SHEETS", "SOUNDS", "VIDEOS", "Checked", "inspect_upload", "safe_name",
]  # fmt: skip

PICTURES = frozenset({"jpeg", "png", "webp"})
SHEETS = frozenset({"xlsx", "xls", "ods", "csv"})
DOCUMENTS = frozenset({"pdf", "docx"})
VIDEOS = frozenset(VIDEO_KINDS)
FILMED = VIDEOS | {"mov"}
"""Videos as telephones take them, for doors that must not send an iPhone away."""
SOUNDS = frozenset(SOUND_KINDS)
PLAYED = FILMED | SOUNDS
"""What is listened to or watched, and asked for in parts by the player."""

LIMITS = {"picture": 20 * MB, "sheet": 50 * MB, "document": 50 * MB, "video": 50 * MB, "sound": 20 * MB}
"""Bytes; a file must be smaller."""
_FAMILY_TITLES = {
    "picture": "单张图片",
    "sheet": "单个表格",
    "document": "单个文档",
    "video": "单个视频",
    "sound": "单段录音",
}
_MOST_NAME = 120


@dataclass(frozen=True)
class Checked:
    """A file that was looked through (已检查的文件)."""

    kind: str
    """A name from `KINDS`."""
    content_type: str
    """What to serve it as; of a picture, that of the newly drawn one."""
    size: int
    """Bytes to store: of a picture, those of the newly drawn one."""
    name: str
    """The name to show and to download under; never a path to store under."""
    picture: Picture | None = None
    """Of pictures the newly drawn one: store this, never what came in."""
    content: bytes | None = None
    """Of videos and sounds the same without what the device wrote about place and owner: store this."""
    seconds: float = 0.0
    """How long a video or sound plays; 0 where it does not say."""


def inspect_upload(
    file: BinaryIO, allowed: Collection[str], *, name: str = "", field: str = "file", most: int = 0
) -> Checked:
    """Look a file through, and leave it at its beginning (检查上传文件).

    `allowed` holds names of `KINDS`, usually `PICTURES`, `SHEETS`, `DOCUMENTS`, `VIDEOS` or a union of them.
    `name` is what the sender called it, by default the file's own `name`; `field` is the form's
    field under which the letter stands. `most` bytes (8 times as many unpacked) instead of the usual limit are for
    who reads a file in pieces. Raises UploadRefused.
    """
    if not allowed or not all(KINDS[kind].family for kind in allowed):
        raise ValueError(f"a door lets in pictures, sheets, documents and videos, not {sorted(allowed)}")
    told = one_line(name or str(getattr(file, "name", "") or ""))
    shown = re.split(r"[/\\]", told)[-1][:_MOST_NAME]
    try:
        return _inspect(file, frozenset(allowed), shown, most)
    except UploadRefused as letter:
        raise letter.about(shown, field) from letter.__cause__
    finally:
        file.seek(0)


def _inspect(file: BinaryIO, allowed: frozenset[str], name: str, most: int) -> Checked:
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(4096)
    if not head:
        raise UploadRefused("empty", "文件是空的，里面没有内容", "请确认选对了文件，再重新上传")
    families = {KINDS[kind].family for kind in allowed}
    _refuse_too_large(size, max(families, key=lambda family: LIMITS[family]), most)
    kind = KINDS[_kind(file, head, name, most, allowed)]
    _refuse_not_allowed(kind, allowed, name)
    _refuse_too_large(size, kind.family, most)
    return _looked_through(file, kind, size, safe_name(name, kind.name))


def _kind(file: BinaryIO, head: bytes, name: str, most: int, allowed: Collection[str]) -> str:
    """The kind by content; the name only tells a text table from other texts."""
    seen, families = sniff(head), {KINDS[kind].family for kind in allowed}
    if seen == "zip":
        return check_office_zip(file, 8 * most)
    if seen == "ole":
        file.seek(0)
        return kind_of_ole(file.read())
    if seen in ("video", "audio") and _plays(families):
        file.seek(0)
        return _kind_of_played(file.read(), seen, allowed)
    if seen == "text":
        said = _kind_by_name(name)
        return said if said in ("csv", "script") else "unknown"
    return seen


def _plays(families: Collection[str]) -> bool:
    return "video" in families or "sound" in families


def _is_played(kind: Kind) -> bool:
    return _plays((kind.family,)) or kind.name in ("video", "audio")


def _kind_of_played(content: bytes, seen: str, allowed: Collection[str]) -> str:
    """A video or a sound, by what lies inside; a door for videos alone says so of a file without a picture."""
    if not SOUNDS.isdisjoint(allowed) and (seen == "audio" or is_sound(content)):
        return kind_of_sound(content)
    if seen == "audio":
        return seen
    return kind_of_filmed(content) if "mov" in allowed else kind_of_video(content)


def _looked_through(file: BinaryIO, kind: Kind, size: int, name: str) -> Checked:
    file.seek(0)
    if kind.family == "picture":
        picture = remake(file.read(), kind.name)
        suffix = "png" if picture.content_type == "image/png" else "jpg"
        name = f"{PurePosixPath(name).stem}.{suffix}"
        return Checked(kind.name, picture.content_type, len(picture.content), name, picture)
    if _plays((kind.family,)):
        content = file.read()
        emptied = without_words(content, kind.name) if kind.family == "video" else without_told(content, kind.name)
        seconds = seconds_of(content, kind.name)
        return Checked(kind.name, kind.content_type, size, name, content=emptied, seconds=seconds)
    if kind.name == "csv":
        text_encoding(file)
    elif kind.name == "pdf":
        check_pdf(file.read())
    elif kind.name == "xls":
        check_ole(file.read())
    return Checked(kind.name, kind.content_type, size, name)


def _refuse_too_large(size: int, family: str, most: int = 0) -> None:
    if size >= (most or LIMITS[family]):
        raise UploadRefused(
            "too_large",
            f"文件有 {megabytes(size)}，{_FAMILY_TITLES[family]}须小于 {(most or LIMITS[family]) // MB} MB",
            _SMALLER[family],
        )


_SMALLER = {
    "picture": "请在手机上选择「标准」或「中等大小」发送，或裁剪、压缩后再上传",
    "sheet": "请删去多余的图片和空行，或分成几个文件上传",
    "document": "请降低扫描分辨率，或分成几个文件上传",
    "video": "请剪短，或在导出时选「720P」「标准」后再上传",
    "sound": "请分成几段录，或选「标准」音质后再上传",
}


def _refuse_not_allowed(kind: Kind, allowed: frozenset[str], name: str) -> None:
    suffix = _suffix(name)
    said = KINDS[_kind_by_name(name)]
    alike = said.family == kind.family or (_is_played(said) and _is_played(kind))
    if suffix and said.name != kind.name and not (said.family and alike):
        raise UploadRefused(
            "disguised",
            f"文件后缀是 .{suffix}，内容却是{kind.title}",
            kind.advice if kind.name not in allowed else _RENAME,
        )
    if kind.name not in allowed:
        titles = "、".join(KINDS[each].title for each in KINDS if each in allowed)
        raise UploadRefused("not_allowed", f"这里不接收{kind.title}，可以上传：{titles}", kind.advice)


_RENAME = "请用对应的软件打开，「另存为」正确的格式后再上传，不要直接改后缀"


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lstrip(".").lower()


def _kind_by_name(name: str) -> str:
    suffix = _suffix(name)
    return next((kind.name for kind in KINDS.values() if suffix in kind.extensions), "unknown")


def safe_name(name: str, kind: str) -> str:
    """A name to show and to download under: no path, no sign that a file system minds, right suffix."""
    extensions = KINDS[kind].extensions
    base = re.split(r"[/\\]", one_line(name))[-1]
    suffix = _suffix(base)
    stem = base[: -len(suffix) - 1] if _kind_by_name(base) != "unknown" else base
    suffix = suffix if suffix in extensions else extensions[0]
    stem = re.sub(r'[<>:"|?*\x00-\x1f]', "_", stem).strip(". ")[: _MOST_NAME - len(suffix) - 1]
    return f"{stem or '附件'}.{suffix}"
