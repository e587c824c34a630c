"""What a file is, by its first bytes (文件类型识别).

An own small table rather than a library of hundreds of types: a door needs to know well the few
kinds it lets in, and to name in Chinese the ones people try most.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["KINDS", "Kind", "sniff"]

MB = 2**20


@dataclass(frozen=True)
class Kind:
    """A kind of file (文件类型), let in or only known by name."""

    name: str
    title: str
    """What a person calls it."""
    content_type: str = "application/octet-stream"
    extensions: tuple[str, ...] = ()
    family: str = ""
    """picture, sheet, document, video, sound; "" for what no door lets in."""
    advice: str = "请换成允许的格式后再上传"
    """What to do instead, when a door does not let it in."""


_PHOTO = "请在手机或电脑上存成 JPG 或 PNG 图片后再上传"
_TO_SHEET = "请用 WPS 表格或 Excel 打开，另存为 .xlsx 后再上传"
_TO_PAPER = "请另存为 PDF 或 .docx 后再上传"
_UNPACK = "请先解压，把里面的文件逐个上传"
_PROGRAM = "系统不接收程序，改了后缀也一样；请选择真正的图片或文档"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("jpeg", "JPG 图片", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), "picture"),
        Kind("png", "PNG 图片", "image/png", ("png",), "picture"),
        Kind("webp", "WebP 图片", "image/webp", ("webp",), "picture"),
        Kind("xlsx", "Excel 表格", _XLSX, ("xlsx",), "sheet"),
        Kind("xls", "旧版 Excel 表格", "application/vnd.ms-excel", ("xls", "et"), "sheet", _TO_SHEET),
        Kind("ods", "ODS 表格", "application/vnd.oasis.opendocument.spreadsheet", ("ods",), "sheet", _TO_SHEET),
        Kind("csv", "CSV 文本表格", "text/csv", ("csv", "txt", "tsv"), "sheet", _TO_SHEET),
        Kind("pdf", "PDF 文档", "application/pdf", ("pdf",), "document"),
        Kind("docx", "Word 文档", _DOCX, ("docx",), "document"),
        Kind("mp4", "MP4 视频", "video/mp4", ("mp4", "m4v", "3gp"), "video"),
        Kind("mov", "MOV 视频", "video/quicktime", ("mov",), "video", "请用剪辑软件导出为 MP4（H.264）后再上传"),
        Kind("webm", "WebM 视频", "video/webm", ("webm",), "video"),
        Kind("m4a", "M4A 录音", "audio/mp4", ("m4a", "aac"), "sound"),
        Kind("mp3", "MP3 录音", "audio/mpeg", ("mp3",), "sound"),
        Kind("ogg", "OGG 录音", "audio/ogg", ("ogg", "oga", "opus"), "sound"),
        Kind("weba", "WebM 录音", "audio/webm", ("weba",), "sound"),
        Kind("amr", "AMR 录音", "audio/amr", ("amr",), "sound"),
        Kind("doc", "旧版 Word 文档", "application/msword", ("doc", "wps"), "", _TO_PAPER),
        Kind("ofd", "OFD 版式文件", extensions=("ofd",), advice="请用阅读器打开后另存为 PDF 再上传"),
        Kind("gif", "GIF 动图", "image/gif", ("gif",), "", _PHOTO),
        Kind("bmp", "BMP 图片", "image/bmp", ("bmp",), "", _PHOTO),
        Kind("tiff", "TIFF 图片", "image/tiff", ("tif", "tiff"), "", _PHOTO),
        Kind("heic", "苹果手机的 HEIC 照片", "image/heic", ("heic", "heif"), "",
             "请在手机「设置—相机—格式」中选「兼容性最佳」，或把照片存成 JPG 后再上传"),
        Kind("svg", "SVG 矢量图", "image/svg+xml", ("svg",), "", f"SVG 里可以藏有脚本，系统不接收；{_PHOTO}"),
        Kind("html", "网页文件", "text/html", ("html", "htm", "mht"), "",
             "有些系统导出的表格其实是网页，请用 WPS 表格或 Excel 打开，另存为 .xlsx 后再上传"),
        Kind("xml", "XML 文件", "application/xml", ("xml",), "", "请换成允许的格式后再上传"),
        Kind("exe", "可执行程序", extensions=("exe", "dll", "scr", "com", "msi"), advice=_PROGRAM),
        Kind("script", "脚本程序", extensions=("sh", "bat", "cmd", "ps1", "vbs", "js", "php", "py"), advice=_PROGRAM),
        Kind("zip", "ZIP 压缩包", "application/zip", ("zip",), "", _UNPACK),
        Kind("rar", "RAR 压缩包", extensions=("rar",), advice=_UNPACK),
        Kind("7z", "7z 压缩包", extensions=("7z",), advice=_UNPACK),
        Kind("gzip", "GZ 压缩包", extensions=("gz", "tgz"), advice=_UNPACK),
        Kind("video", "视频", extensions=("avi", "mkv"), advice="请用剪辑软件导出为 MP4（H.264）后再上传"),
        Kind("audio", "录音", extensions=("wav",), advice="请用手机录音功能存成 M4A 或 MP3 后再上传"),
        Kind("ole", "Office 旧格式文件", extensions=(), advice=_TO_PAPER),
        Kind("unknown", "无法识别的文件", advice="请确认文件能正常打开，换成允许的格式后再上传"),
    )
}  # fmt: skip

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF-", "pdf"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"MZ", "exe"),
    (b"\x7fELF", "exe"),
    (b"\xca\xfe\xba\xbe", "exe"),
    (b"\xcf\xfa\xed\xfe", "exe"),
    (b"\xfe\xed\xfa", "exe"),
    (b"dex\n", "exe"),
    (b"#!", "script"),
    (b"<?php", "script"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"ID3", "audio"),
    (b"#!AMR", "audio"),
    (b"OggS", "audio"),
    (b"\x1aE\xdf\xa3", "video"),
)
_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"}


def sniff(head: bytes) -> str:
    """The kind that the first 4,096 bytes speak of: `zip`, `ole` and `text` need a closer look."""
    by_container = _riff_or_media(head)
    if by_container:
        return by_container
    for magic, name in sorted(_MAGIC, key=lambda pair: -len(pair[0])):
        if head.startswith(magic):
            return name if _BEARS_OUT.get(magic, _always)(head) else "text"
    return _markup(head) or ("text" if _looks_like_text(head) else "unknown")


def _riff_or_media(head: bytes) -> str:
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "audio", b"AVI ": "video"}.get(head[8:12], "unknown")
    if head[4:8] == b"ftyp":
        return "heic" if head[8:12] in _HEIC_BRANDS else "video"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # a frame of MP3 without a tag before it
        return "audio"
    return ""


def _always(head: bytes) -> bool:
    return True


# Two letters are little: a text may begin with «BM» or «MZ» too.
_BEARS_OUT: dict[bytes, Callable[[bytes], bool]] = {
    b"BM": lambda head: head[6:10] == bytes(4),
    b"MZ": lambda head: b"\x00" in head[:64],
}


def _markup(head: bytes) -> str:
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return ""
    low = head.lower()
    if b"<svg" in low:
        return "svg"
    if any(tag in low for tag in (b"<html", b"<!doctype html", b"<script", b"<table", b"<body")):
        return "html"
    return "script" if b"<?php" in low else "xml"


def _looks_like_text(head: bytes) -> bool:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head)
