"""Pictures are drawn anew (图片重绘): only the colours of the dots survive.

What a camera or a rogue wrote beside them (place, time, device, scripts, a second file behind the
picture) is gone, since nothing but pixels is carried over. The orientation is applied first, so
that a photo taken upright stays upright without its EXIF.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field

from PIL import Image, ImageOps

from hezhi.ground.uploads.letters import UploadRefused

__all__ = ["LONG_SIDE", "THUMBNAIL_SIDE", "Picture", "remake"]

LONG_SIDE = 2560
"""Pixels; enough to read a sign on a wall, about 1 MB as JPEG."""
THUMBNAIL_SIDE = 320
_QUALITY = 85

# A baseline JPEG is decoded at a half, a quarter or an eighth, so a phone's 108 megapixels are
# cheap. Everything else has to be unfolded whole: 40 megapixels are 160 MB.
_MOST_PIXELS_SCALED = 110_000_000
_MOST_PIXELS_WHOLE = 40_000_000

# Pillow's own guard, at our height: above it warns, at twice it stops by itself.
Image.MAX_IMAGE_PIXELS = _MOST_PIXELS_SCALED


@dataclass(frozen=True)
class Picture:
    """A picture drawn anew, with its small view (图片与缩略图)."""

    content: bytes = field(repr=False)
    content_type: str
    """image/jpeg, or image/png where parts are transparent."""
    width: int
    height: int
    thumbnail: bytes = field(repr=False)
    """JPEG, at most 320 pixels a side."""


def remake(data: bytes, kind: str) -> Picture:
    """Draw a JPEG, PNG or WebP anew. Raises UploadRefused: damaged, too many pixels, or two files in one."""
    _refuse_second_file(data)
    scans = _scans_of_jpeg(data) if kind == "jpeg" else 1
    if kind == "png":
        _refuse_too_many_chunks(data)
    try:
        with Image.open(io.BytesIO(data), formats=(kind.upper(),)) as opened:
            _refuse_too_many_pixels(opened, scans)
            opened.draft("RGB", (LONG_SIDE, LONG_SIDE))
            opened.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
            return _as_picture(_plain_colours(ImageOps.exif_transpose(opened)))
    except UploadRefused:
        raise
    except Image.DecompressionBombError as fault:
        raise _too_many_pixels("图片的像素多得不正常") from fault
    except Exception as fault:  # a hostile picture makes a decoder raise anything at all
        raise UploadRefused(
            "damaged", "图片打不开，可能没有传完整或已损坏", "请确认图片能在手机或电脑上正常打开，再重新上传"
        ) from fault


# What follows an FF and is a marker with something in it: no filling, no stuffing, no mark of a restart.
_MARKER = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd8]")
_MOST_MARKERS = 5_000
_MOST_SCANS = 100
"""Each scan may be a few bytes and goes over all dots; an honest picture has about ten."""
_MOST_CHUNKS = 100_000


def _scans_of_jpeg(data: bytes) -> int:
    """How often a JPEG goes over its dots, up to its end; what stands behind it is not looked at."""
    scans, hit = 0, _MARKER.search(data, 2)
    for _ in range(_MOST_MARKERS):
        if hit is None or hit[0] == b"\xff\xd9":
            return scans
        scans += hit[0] == b"\xff\xda"
        if scans > _MOST_SCANS:
            break
        hit = _MARKER.search(data, hit.end() + int.from_bytes(data[hit.end() : hit.end() + 2]))
    raise _strange()


def _refuse_too_many_chunks(data: bytes) -> None:
    place = 8
    for _ in range(_MOST_CHUNKS):
        if place >= len(data):
            return
        place += 12 + int.from_bytes(data[place : place + 4])
    raise _strange()


def _strange() -> UploadRefused:
    return UploadRefused("bomb", "图片内部的结构多得不正常", "请用手机重新拍摄，或用画图软件打开后另存一份再上传")


def _refuse_too_many_pixels(image: Image.Image, scans: int) -> None:
    scaled = image.format == "JPEG" and scans == 1 and not image.info.get("progressive")
    most = _MOST_PIXELS_SCALED if scaled else _MOST_PIXELS_WHOLE
    if image.width * image.height > most:
        raise _too_many_pixels(f"图片有 {image.width} × {image.height} 像素，超过了 {most // 10_000} 万像素")


def _too_many_pixels(reason: str) -> UploadRefused:
    return UploadRefused("too_many_pixels", reason, "请把图片缩小（长边 4000 像素以内已足够清楚）后再上传")


_FOREIGN = (b"<?php", b"<script", b"<html", b"<!doctype html", b"<svg", b"%pdf-")
_LOOKED_AT = 65_536


def _refuse_second_file(data: bytes) -> None:
    """Phones put films and notes behind a photo, and those are dropped; a second identity is refused."""
    edges = (data[:_LOOKED_AT] + data[-_LOOKED_AT:]).lower()
    if any(mark in edges for mark in _FOREIGN) or zipfile.is_zipfile(io.BytesIO(data)):
        raise UploadRefused(
            "two_in_one",
            "图片里还藏着另一个文件（网页、脚本、文档或压缩包）",
            "请用手机重新拍摄，或用画图软件打开后另存一份再上传",
        )


def _plain_colours(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something really is transparent."""
    if image.mode.startswith("I"):  # 16 bits a dot
        image = image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        lowest, _ = image.getchannel("A").getextrema()
        if isinstance(lowest, int | float) and lowest < 255:
            return image
    return image.convert("RGB")


def _as_picture(image: Image.Image) -> Picture:
    form = "PNG" if image.mode == "RGBA" else "JPEG"
    small = image.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return Picture(
        content=_written(image, form),
        content_type=f"image/{form.lower()}",
        width=image.width,
        height=image.height,
        thumbnail=_written(_on_white(small), "JPEG"),
    )


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _written(image: Image.Image, form: str) -> bytes:
    # A fresh canvas: `info` (EXIF, XMP, comments, colour profile) stays behind with the old one.
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    out = io.BytesIO()
    clean.save(out, form, **({"quality": _QUALITY} if form == "JPEG" else {}))
    return out.getvalue()
