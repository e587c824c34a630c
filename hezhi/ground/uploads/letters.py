"""The letter that goes back with a refused file (退回说明)."""

from __future__ import annotations

from hezhi.ground.errors import BadInput

__all__ = ["UploadRefused", "megabytes"]


class UploadRefused(BadInput):
    """A file was not taken (文件未收下). `code` says why, for machines: `upload_too_large` and others.

    The reason stands at the form's field, under the key "file" unless the door was told another; with the file's name
    and what to do, where the name is known.
    """

    meaning = "文件没有保存，已填写的内容仍然保留"

    def __init__(self, code: str, reason: str, remedy: str, *, name: str = "", field: str = "file") -> None:
        what = f"「{name}」没有收下" if name else "这个文件没有收下"
        # At a field for several files the sentence must say which of them, and how to go on.
        told = f"「{name}」没有收下：{reason}。{remedy}。" if name else reason
        super().__init__({field: told}, what, "", remedy, code=f"upload_{code}")
        self.short_code, self.reason = code, reason

    def about(self, name: str, field: str) -> UploadRefused:
        """The same letter, with the file's name and the form's field written in."""
        return UploadRefused(self.short_code, self.reason, self.remedy, name=name, field=field)


def megabytes(size: int) -> str:
    """«23.4 MB» for a number of bytes; below 0.1 MB in KB."""
    return f"{size / 2**20:.1f} MB" if size >= 2**20 / 10 else f"{max(1, round(size / 1024))} KB"
