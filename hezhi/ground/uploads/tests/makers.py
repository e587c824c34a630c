"""Files as good people and bad people bring them, made in the test's hand."""

import io
import struct
import zipfile
import zlib

import xlsxwriter
from PIL import Image

CONTENT_TYPES = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def photo(width: int = 400, height: int = 300, form: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).convert(mode).save(out, form, **options)
    return out.getvalue()


def noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((width, height), 100).convert("RGB")


def photo_with_exif(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "某品牌手机"
    exif.get_ifd(0x8825)[2] = (35.0, 57.0, 44.0)  # where it was taken
    return photo(exif=exif, comment=b"secret place")


def png_header_of(width: int, height: int) -> bytes:
    """A picture of a few bytes that says it has so many dots."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def sheet(rows: list[list[object]] | None = None) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("名单")
        for number, row in enumerate(rows or [["姓名", "电话"], ["王芳", "13800000000"]]):
            page.write_row(number, 0, row)
    return out.getvalue()


def folder(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def with_parts(data: bytes, parts: dict[str, bytes]) -> bytes:
    """An office file with some more parts in it."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def word(document: bytes = b"<w:document/>", **parts: bytes) -> bytes:
    return folder({"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": document, **parts})


def relations(kind: str, target: str) -> bytes:
    return (
        f"<Relationships><Relationship Id='r1' Type='http://schemas.example/{kind}' "
        f"Target='{target}' TargetMode='External'/></Relationships>"
    ).encode()


def pdf(extra: bytes = b"", tail: bytes = b"%%EOF\n") -> bytes:
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog" + extra + b">>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n" + tail


def packed_pdf(hidden: bytes) -> bytes:
    body = zlib.compress(hidden)
    return pdf().replace(
        b"trailer",
        b"2 0 obj<</Type/ObjStm/Filter/FlateDecode/N 1/First 4>>stream\n" + body + b"\nendstream endobj\ntrailer",
    )


def named(data: bytes, name: str) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file
