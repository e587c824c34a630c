"""Text tables from outside (文本表格): which encoding, and is it text at all."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from hezhi.ground.uploads.letters import UploadRefused

__all__ = ["text_encoding"]

_CHUNK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def text_encoding(file: BinaryIO) -> str:
    """The encoding of a whole text file: `utf-8-sig`, `utf-16` or `gb18030` (Excel's own in China).

    Reads to the end, then goes back to the start. Raises UploadRefused when it is no text.
    """
    file.seek(0)
    head = file.read(4)
    marked = [name for mark, name in _MARKS if head.startswith(mark)]
    for name in marked or ["utf-8-sig", "gb18030"]:
        if _reads_as(file, name):
            file.seek(0)
            return name
    raise UploadRefused(
        "not_text",
        "文件里的文字读不出来，它不是文本表格，或编码已损坏",
        "请用 WPS 表格或 Excel 打开，另存为 .xlsx 或「CSV UTF-8」后再上传",
    )


def _reads_as(file: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for chunk in _chunks(file):
            if "\x00" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
