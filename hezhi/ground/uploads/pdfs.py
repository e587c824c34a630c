"""PDF documents (PDF 文档): whole, and without anything that acts by itself."""

from __future__ import annotations

import io
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
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_NAME = re.compile(rb"/[A-Za-z0-9#]{3,60}")
_PACKED = re.compile(rb"/ObjStm\b.{0,2000}?stream\r?\n", re.DOTALL)
_MOST_UNPACKED = 32 << 20


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
    for part in (data, *_unpacked(data)):
        acting = _acting(part)
        if acting:
            raise UploadRefused("acting", f"PDF 里含有{acting}，打开时可能自动运行", _REMEDY)


def _acting(data: bytes) -> str:
    for name, title in _ACTING.items():
        if re.search(re.escape(name) + rb"(?![A-Za-z0-9#])", data):
            return title
    if b"#" not in data:
        return ""
    disguised = (hit[0] for hit in _NAME.finditer(data) if b"#" in hit[0])
    plain = {_ESCAPED.sub(lambda hit: bytes([int(hit[1], 16)]), name) for name in disguised}
    return next((title for name, title in _ACTING.items() if name in plain), "")


def _unpacked(data: bytes) -> Iterator[bytes]:
    """The packed object streams, opened as far as a fixed budget goes; beyond it the file is refused."""
    left = _MOST_UNPACKED
    for hit in _PACKED.finditer(data):
        opener = zlib.decompressobj()
        try:
            plain = opener.decompress(data[hit.end() : data.find(b"endstream", hit.end())], left)
        except zlib.error:
            continue
        left -= len(plain)
        if left <= 0:
            raise UploadRefused("bomb", "PDF 内部压缩得异常厉害，展开后过大", _REMEDY)
        yield plain
