"""PDF documents (PDF 文档): whole, and without anything that acts by itself."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator

from hezhi.ground.uploads.letters import UploadRefused

__all__ = ["check_pdf"]

_REMEDY = "请用阅读器打开后选择「打印—另存为 PDF」，再上传新文件"
_ACTING = {
    b"/JavaScript": "脚本",
    b"/Launch": "启动程序的动作",
    b"/RichMedia": "可执行的多媒体",
}


def _disguised(word: bytes) -> bytes:
    """A pattern for a word any sign of which may be written by its number: `J#61vaScript`."""
    return b"".join(b"(?:%c|#%s)" % (sign, b"".join(_either(digit) for digit in b"%02x" % sign)) for sign in word)


def _either(digit: int) -> bytes:
    return b"[%c%c]" % (digit, bytes([digit]).upper()[0])


_ACTS = re.compile(
    rb"/(?=[JLR#])(?:" + b"|".join(b"(%s)" % _disguised(name[1:]) for name in _ACTING) + rb")(?![A-Za-z0-9#])"
)
_STREAM = re.compile(rb"stream\r?\n")
_MOST_BETWEEN = 2000
"""From the word «ObjStm» to the stream it speaks of."""
_MOST_UNPACKED = 32 << 20
_BLOCK = 1 << 14
_LEAST_READ = 1024
"""What opening a stream counts for, be it ever so short."""


def check_pdf(data: bytes) -> None:
    """Raises UploadRefused: cut off, locked, a second file inside, or with script and launch actions.

    Names are read through their hex disguise (`/J#61vaScript`) and inside packed object streams.
    """
    if b"%%EOF" not in data[-2048:] and b"startxref" not in data[-4096:]:
        raise UploadRefused("damaged", "PDF 没有传完整，缺少结尾部分", "请确认文件能正常打开，再重新上传")
    if zipfile.is_zipfile(io.BytesIO(data)) or re.search(rb"<(?:script|html|\?php)", data[:4096], re.IGNORECASE):
        raise UploadRefused("two_in_one", "PDF 里还藏着另一个文件（网页、脚本或压缩包）", _REMEDY)
    if re.search(rb"/Encrypt\b", data):
        raise UploadRefused("locked", "PDF 设有密码或权限保护，无法检查其中内容", f"请解除保护；{_REMEDY}")
    for part in itertools.chain([data], _unpacked(data)):
        acting = _acting(part)
        if acting:
            raise UploadRefused("acting", f"PDF 里含有{acting}，打开时可能自动运行", _REMEDY)


def _acting(data: bytes) -> str:
    hit = _ACTS.search(data)
    return list(_ACTING.values())[(hit.lastindex or 1) - 1] if hit else ""


def _unpacked(data: bytes) -> Iterator[bytes]:
    """The packed object streams, opened as far as a fixed budget goes; beyond it the file is refused.

    What is read counts as well as what comes out: streams that lie in each other would be read again and again.
    """
    to_come, to_read = _MOST_UNPACKED, 2 * len(data) + _MOST_UNPACKED
    for begin, end in _packed(data):
        plain, read = _opened(data, begin, end, to_come)
        to_come, to_read = to_come - len(plain), to_read - max(read, _LEAST_READ)
        if to_come <= 0 or to_read <= 0:
            raise UploadRefused("bomb", "PDF 内部压缩得异常厉害，展开后过大", _REMEDY)
        if plain:
            yield plain


def _packed(data: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each packed stream; every mark is looked for once, from the last one on."""
    stream, end, place = _STREAM.search(data), 0, data.find(b"/ObjStm")
    while place >= 0 and stream:
        if stream.start() < place:
            stream = _STREAM.search(data, place)
            continue
        if stream.start() - place > _MOST_BETWEEN:
            place = data.find(b"/ObjStm", place + 7)
            continue
        if 0 <= end < stream.end():
            end = data.find(b"endstream", stream.end())
        yield stream.end(), end if end >= 0 else len(data)
        place = data.find(b"/ObjStm", stream.end())


def _opened(data: bytes, begin: int, end: int, most: int) -> tuple[bytes, int]:
    """What comes out of a packed stream, at most so much, and how many bytes of it were read."""
    opener, out, place = zlib.decompressobj(), bytearray(), begin
    try:
        while place < end and len(out) < most and not opener.eof:
            block = data[place : min(place + _BLOCK, end)]
            place += len(block)
            out += opener.decompress(block, most - len(out))
    except zlib.error:
        pass
    return bytes(out), place - begin
