"""Office files (办公文档): packed folders of XML, and their elder kind, the OLE container.

A packed file is opened to its end once, counting, before anybody believes what it says of its own
size. What acts by itself (macros, embedded objects, data links) or reaches out to other files is
refused; a plain hyperlink is not.
"""

from __future__ import annotations

import html
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from hezhi.ground.uploads.letters import UploadRefused, megabytes
from hezhi.ground.uploads.markup import Onlooker, walk_xml

__all__ = ["check_office_zip", "check_ole", "kind_of_ole", "kind_of_zip"]

_MOST_PARTS = 3_000
_MOST_UNPACKED = 600 << 20
"""A sheet of 200,000 rows unfolds to about 150 MB."""
_MOST_RATIO = 100
_RATIO_COUNTS_FROM = 20 << 20
_MOST_DIRECTORY = 4 << 20
_CHUNK = 1 << 16

_AGAIN = "请用 WPS 或 Office 打开后「另存为」一份新文件，再重新上传"


# -- which kind ------------------------------------------------------------------------------------


def kind_of_zip(names: set[str], content_types: bytes) -> str:
    """xlsx, docx, ods, ofd or plain zip, from the names of the parts."""
    if b"macroEnabled" in content_types:
        raise UploadRefused("macros", "文件里含有宏（能自动运行的程序）", "请另存为不含宏的 .xlsx 或 .docx 后再上传")
    if "[Content_Types].xml" in names:
        if "xl/workbook.xml" in names:
            return "xlsx"
        if "word/document.xml" in names:
            return "docx"
    if "OFD.xml" in names:
        return "ofd"
    if {"content.xml", "mimetype"} <= names:
        return "ods"
    return "zip"


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-le")


def kind_of_ole(data: bytes) -> str:
    """xls, doc or only «ole», from the names in the container's directory."""
    if _utf16("EncryptedPackage") in data:
        raise UploadRefused("locked", "文件设有打开密码，无法检查其中内容", "请在 WPS 或 Office 中取消密码后再上传")
    if _utf16("Workbook") in data or _utf16("Book\x00") in data:
        return "xls"
    return "doc" if _utf16("WordDocument") in data else "ole"


def check_ole(data: bytes) -> None:
    """Raises UploadRefused for macros and embedded files in an OLE container (.xls)."""
    if _utf16("_VBA_PROJECT") in data or _utf16("Macros\x00") in data:
        raise UploadRefused("macros", "文件里含有宏（能自动运行的程序）", "请另存为不含宏的 .xlsx 或 .docx 后再上传")
    if _utf16("\x01Ole10Native") in data:
        raise UploadRefused("embedded", "文件里嵌有另一个文件", "请删去嵌入的对象，把它作为单独的附件上传")


# -- the packed folder -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    info: zipfile.ZipInfo
    name: str
    """Its name in lower case, with plain slashes."""


def check_office_zip(file: BinaryIO, most_unpacked: int = 0) -> str:
    """The kind of a packed file (xlsx, docx, ods, ofd, zip), after everything in it was looked at.

    `most_unpacked` bytes instead of the usual limit are for who unfolds it with a limit of memory of his own.
    Raises UploadRefused: damaged, locked, a bomb, doubled or straying names, macros, embedded
    files, links to other files.
    """
    try:
        _check_ends(file)
        with zipfile.ZipFile(file) as folder:
            parts = [_Part(info, info.filename.lower().replace("\\", "/")) for info in folder.infolist()]
            _check_directory(parts)
            _check_sizes(file, parts, most_unpacked or _MOST_UNPACKED)
            kind = kind_of_zip({part.info.filename for part in parts}, _read(folder, "[Content_Types].xml"))
            if kind in ("xlsx", "docx", "ods"):
                _check_contents(folder, parts)
            return kind
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,
        EOFError,
        ValueError,
        OverflowError,
    ) as fault:
        raise UploadRefused("damaged", "文件打不开，可能没有传完整或已损坏", _AGAIN) from fault


def _check_ends(file: BinaryIO) -> None:
    """Nothing before the folder, nothing behind it, and a directory of sensible size."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_600))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise UploadRefused("damaged", "文件打不开，可能没有传完整或已损坏", _AGAIN)
    directory, start, comment = struct.unpack("<12xLLH", tail[at : at + 22])
    end = max(0, size - len(tail)) + at
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):  # some Java programs always write the large form
        end, directory, start = _large_directory(file, tail[at - 20 : at], end - 20)
    if directory > _MOST_DIRECTORY:
        raise UploadRefused("bomb", f"文件里的零件超过 {_MOST_PARTS} 个，不像正常的办公文档", _AGAIN)
    if at + 22 + comment != len(tail) or start + directory != end:
        raise UploadRefused("two_in_one", "文件里还拼接着别的内容", _AGAIN)
    file.seek(0)


def _large_directory(file: BinaryIO, locator: bytes, place: int) -> tuple[int, int, int]:
    (end,) = struct.unpack("<8xQ4x", locator)
    if end + 56 != place:  # the reader takes what stands just before the locator, wherever that points
        raise UploadRefused("two_in_one", "文件里还拼接着别的内容", _AGAIN)
    file.seek(end)
    directory, start = struct.unpack("<40xQQ", file.read(56))
    return end, directory, start


def _check_directory(parts: list[_Part]) -> None:
    if len(parts) > _MOST_PARTS:
        raise UploadRefused("bomb", f"文件里的零件超过 {_MOST_PARTS} 个，不像正常的办公文档", _AGAIN)
    if len({part.name for part in parts}) < len(parts):
        raise UploadRefused("damaged", "文件里有重名的零件，不同软件会读出不同的内容", _AGAIN)
    if any(_strays(part.name) for part in parts):
        raise UploadRefused("straying", "文件里有指向别处的路径，不像正常的办公文档", _AGAIN)
    if any(part.info.flag_bits & 0x1 for part in parts):
        raise UploadRefused("locked", "文件设有打开密码，无法检查其中内容", "请取消密码后再上传")


def _strays(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/") or ":" in name or bool(re.search(r"[\x00-\x1f]", name))


def _check_sizes(file: BinaryIO, parts: list[_Part], most: int) -> None:
    told = sum(part.info.file_size for part in parts)
    packed = max(1, sum(part.info.compress_size for part in parts))
    if told > most or (told > _RATIO_COUNTS_FROM and told / packed > _MOST_RATIO):
        raise UploadRefused(
            "bomb",
            f"文件展开后有 {megabytes(told)}，是压缩后的 {told // packed} 倍，超出了正常表格和文档的范围",
            "请删去表格下方和右侧多余的空行空列及大片格式，另存后再上传；数据多的请分成几个文件",
        )
    for part in parts:
        if _unpacked_size(file, part.info) != part.info.file_size:
            raise UploadRefused("bomb", "文件展开后的大小与它自己写明的不一致", _AGAIN)


def _unpacked_size(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """How large a part really is, unfolding no more than one byte beyond what it said of itself."""
    file.seek(info.header_offset)
    name, extra = struct.unpack("<4s22xHH", file.read(30))[1:]
    file.seek(name + extra, 1)
    if info.compress_type == zipfile.ZIP_STORED:
        return info.compress_size
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise ValueError("a method of packing that office files do not use")
    opener, size, left = zlib.decompressobj(-15), 0, info.compress_size
    while left > 0 and size <= info.file_size:
        data = file.read(min(_CHUNK, left))
        if not data:
            raise EOFError
        left -= len(data)
        while data and size <= info.file_size:
            size += len(opener.decompress(data, 1 << 20))
            data = opener.unconsumed_tail
    return size


# -- what it carries -------------------------------------------------------------------------------

_MACROS = re.compile(
    r"vbaproject|(^|/)macrosheets/|activex/|^basic/(?!.*(?:script|dialog)-l[bc]\.xml$).+\.xml$|^scripts/."
)
_EMBEDDED = re.compile(r"/embeddings/|\.(?:zip|exe|dll|js|vbs|bat|cmd|ps1|scr|xlsm|docm|ole)$|^object [0-9]+/")
_LINKED = re.compile(r"/externallinks/|(^|/)connections\.xml$|/querytables/")
_MOST_RELATIONS = 8 << 20
_MOST_LINKS = 300_000
"""Of all parts together."""


def _check_contents(folder: zipfile.ZipFile, parts: list[_Part]) -> None:
    for part in parts:
        if _MACROS.search(part.name):
            raise UploadRefused(
                "macros", "文件里含有宏（能自动运行的程序）", "请另存为不含宏的 .xlsx 或 .docx 后再上传"
            )
        if _EMBEDDED.search(part.name):
            raise UploadRefused("embedded", "文件里嵌有另一个文件", "请删去嵌入的对象，把它作为单独的附件上传")
        if _LINKED.search(part.name):
            raise _links_out()
    links = _Links(_MOST_LINKS)
    for part in parts:
        if part.name.endswith((".xml", ".rels")):
            _check_xml_head(folder, part)
        if part.name.endswith(".rels"):
            _check_relations(_read(folder, part.info.filename), links)
        if re.fullmatch(r"word/(?:document|header[0-9]*|footer[0-9]*)\.xml", part.name):
            _check_fields(folder, part)


def _links_out() -> UploadRefused:
    return UploadRefused(
        "links_out",
        "文件里有指向其他文件或网络数据的链接，打开时会自动读取",
        "请在「数据—编辑链接」中断开链接（或把内容复制到新文件），另存后再上传",
    )


def _check_xml_head(folder: zipfile.ZipFile, part: _Part) -> None:
    with folder.open(part.info) as opened:
        head = opened.read(2048).replace(b"\x00", b"")  # UTF-16 looks like this without its zeros
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise UploadRefused("damaged", "文件里有办公软件从不使用的内容声明", _AGAIN)


def _check_relations(xml: bytes, links: _Links) -> None:
    try:
        walk_xml(xml, links)
    except (ElementTree.ParseError, DefusedXmlException) as fault:
        raise UploadRefused("damaged", "文件打不开，可能没有传完整或已损坏", _AGAIN) from fault
    if links.reach_out:
        raise _links_out()


class _Links(Onlooker):
    """Looks whether a relation reaches out."""

    reach_out = False

    def look(self, name: str, told: dict[str, str]) -> None:
        outside = told.get("TargetMode", "").lower() == "external"
        if outside and not told.get("Type", "").endswith("/hyperlink"):
            self.reach_out = True


# No piece of it passes a «<», and none is given back: whatever is repeated, a part is read once.
_FIELD = re.compile(rb"""<(?:[^\s<>/:]*+:)?(instrText|fldSimple)\b((?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+)>([^<]*+)""")
_INSTRUCTION = re.compile(rb"""\binstr\s*+=\s*+(?:"([^"]*+)|'([^']*+))""")
_MOST_FIELDS = 200_000
_MOST_CODE = 8 << 20


def _check_fields(folder: zipfile.ZipFile, part: _Part) -> None:
    """Word's field codes may be cut into pieces, so the pieces are joined before they are read."""
    codes, size = [], 0
    for code in _codes(folder, part):
        codes.append(code)
        size += len(code)
        if len(codes) > _MOST_FIELDS or size > _MOST_CODE:
            raise UploadRefused("bomb", "文档里的域代码多得不正常", _AGAIN)
    if re.search(r"\bDDE(?:AUTO)?\b", html.unescape(b"".join(codes).decode("latin-1")), re.IGNORECASE):
        raise _links_out()


def _codes(folder: zipfile.ZipFile, part: _Part) -> Iterator[bytes]:
    for chunk in _pieces(folder, part):
        for kind, told, text in _FIELD.findall(chunk):
            yield text if kind == b"instrText" else b"".join(b"".join(hit) for hit in _INSTRUCTION.findall(told))


def _pieces(folder: zipfile.ZipFile, part: _Part) -> Iterator[bytes]:
    """A part in blocks that end where a tag begins; what runs on for a megabyte without one is no field."""
    kept = b""
    with folder.open(part.info) as opened:
        while block := opened.read(1 << 20):
            whole, cut, rest = block.replace(b"\x00", b"").rpartition(b"<")  # UTF-16 looks like this without its zeros
            if cut:
                yield kept + whole
                kept = cut + rest
            else:
                kept += rest
            if len(kept) > 2 << 20:
                raise UploadRefused("bomb", "文档里有一段内容长得不正常", _AGAIN)
    yield kept


def _read(folder: zipfile.ZipFile, name: str) -> bytes:
    if name not in folder.NameToInfo or folder.getinfo(name).file_size > _MOST_RELATIONS:
        return b""
    return folder.read(name)
