"""The ugliest file of each kind (丑文件): reading it takes time in step with its size, be it ever so crooked.

Each is tried at two sizes; what once grew with the square of the size would take four times as long, and what was told
by a number in the file for ever. Measured is the processor's time, so a busy machine does not matter.
"""

import io
import struct
import time
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from hezhi.ground.uploads import DOCUMENTS, PICTURES, PLAYED, SHEETS, UploadRefused, inspect_map, inspect_upload, maps
from hezhi.ground.uploads.tests import makers
from hezhi.ground.uploads.tests.test_sounds import ogg_page
from hezhi.ground.uploads.tests.test_videos import box, element, track

EVERYTHING = PICTURES | SHEETS | DOCUMENTS | PLAYED
KB = 1024


def _many(piece: bytes, size: int) -> bytes:
    return piece * (size // len(piece))


def _stored_word(document: bytes) -> bytes:
    """Without packing, so that no other guard looks at it first."""
    import zipfile

    return makers.folder(
        {"[Content_Types].xml": makers.CONTENT_TYPES, "word/document.xml": document}, zipfile.ZIP_STORED
    )


def _pdf_of(body: bytes) -> bytes:
    return makers.pdf().replace(b"trailer", body + b"\ntrailer")


def _nested_streams(size: int) -> bytes:
    """Packed streams that lie in each other: each holds all that follow, among them nothing but empty blocks."""
    empty = b"\x00\x00\x00\xff\xff"
    start = b"/ObjStm stream\n"
    one = b"\x78\x9c" + b"\x00" + struct.pack("<HH", len(start) + 2, (len(start) + 2) ^ 0xFFFF)
    return _pdf_of(start + _many(one + start, size // 2) + b"\x78\x9c" + _many(empty, size // 2))


def _deep(name: bytes, size: int) -> bytes:
    """Boxes in boxes in boxes."""
    depth = size // 8
    return b"".join((8 * (depth - n)).to_bytes(4) + name for n in range(depth))


def _film(moov: bytes, head: bytes = b"") -> bytes:
    return box(b"ftyp", b"isom", bytes(4), b"mp42", head) + moov + box(b"mdat", b"picture" * 9)


def _sensor(chunks: int, runs: int, *, size: int = 1, samples: int = 200_000) -> bytes:
    table = box(
        b"stbl",
        box(b"stsz", bytes(4), size.to_bytes(4), samples.to_bytes(4)),
        box(b"stsc", bytes(4), runs.to_bytes(4), b"".join(struct.pack(">III", n + chunks, 1, 1) for n in range(runs))),
        box(b"stco", bytes(4), chunks.to_bytes(4), bytes(4 * chunks)),
    )
    return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"meta", bytes(12)), box(b"minf", table)))


def _ogg_of(words: bytes) -> bytes:
    pages = [ogg_head(b"OpusHead\x01\x01" + bytes(9), 2)]
    for begin in range(0, len(words), 255 * 255):
        part = words[begin : begin + 255 * 255]
        pages.append(ogg_head(part, 0, closed=begin + 255 * 255 >= len(words)))
    return b"".join([*pages, ogg_page(b"sound", kind=4, number=9, granule=960)])


def ogg_head(packet: bytes, kind: int, *, closed: bool = True) -> bytes:
    """A page without its sum, which nobody asks for."""
    pieces = [255] * (len(packet) // 255) + ([len(packet) % 255] if closed else [])
    return b"OggS\0" + bytes([kind]) + bytes(8) + b"ONE!" + bytes(8) + bytes([len(pieces), *pieces]) + packet


def _jpeg(**options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1200, 1200), (9, 99, 200)).save(out, "JPEG", **options)
    return out.getvalue()


def _scanned(size: int) -> bytes:
    """A progressive picture whose last scan, of 14 bytes, comes again and again."""
    whole = _jpeg(progressive=True)
    last = whole[whole.rfind(b"\xff\xda") : -2]
    return whole[:-2] + _many(last, size) + whole[-2:]


def _png(extra: bytes) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (50, 50)).save(out, "PNG")
    return out.getvalue()[:33] + extra + out.getvalue()[33:]


_EMPTY_CHUNK = bytes(4) + b"zzzz" + zlib.crc32(b"zzzz").to_bytes(4)
_EXIF = b"\xff\xe1\x00\x09Exif\0\0x"
_RELATIONS = b"<Relationships>%s</Relationships>"

UGLY: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "fields that never close": ("docx", lambda n: _stored_word(_many(b"<w:fldSimple", n))),
    "fields whose quotes never close": ("docx", lambda n: _stored_word(_many(b'<w:fldSimple w:instr="', n))),
    "fields of nothing": ("docx", lambda n: _stored_word(_many(b"<w:instrText>", n))),
    "quotes in one field": ("docx", lambda n: _stored_word(b"<w:fldSimple " + _many(b"instr='\"", n))),
    "a text without a tag": ("docx", lambda n: _stored_word(b"<w:instrText>" + bytes([65]) * 8 * n)),
    "relations in relations": ("xlsx", lambda n: makers.with_parts(
        makers.sheet(), {"xl/a/_rels/b.rels": _RELATIONS % (_many(b"<R>", n) + _many(b"</R>", n * 4 // 3))})),
    "packed objects without a stream": ("pdf", lambda n: _pdf_of(_many(b"/ObjStm ", n))),
    "packed objects with one end": ("pdf", lambda n: _pdf_of(_many(b"/ObjStm stream\n", n))),
    "packed objects in each other": ("pdf", _nested_streams),
    "names in disguise": ("pdf", lambda n: _pdf_of(b"".join(b"/J#61%06d" % k for k in range(n // 11)))),
    "slashes": ("pdf", lambda n: _pdf_of(b"/" * n)),
    "moov in moov": ("mp4", lambda n: _film(_deep(b"moov", n))),
    "track in track": ("mp4", lambda n: _film(box(b"moov", track(b"vide"), _deep(b"trak", n)))),
    "a table in tables": ("mov", lambda n: _film(box(b"moov", track(b"vide"), box(
        b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"meta", bytes(12)), _deep(b"minf", n)))))),
    "brands": ("mp4", lambda n: _film(box(b"moov", track(b"vide")), b"".join(k.to_bytes(4) for k in range(n // 4)))),
    "many small boxes": ("mp4", lambda n: _film(box(b"moov", track(b"vide"), _many(box(b"trak", _many(box(b"x"), 800)), n)))),
    "chunks times runs": ("mov", lambda n: _film(box(b"moov", track(b"vide"), _sensor(n // 8, n // 24)))),
    "one sample a million times": ("mov", lambda n: _film(box(b"moov", track(b"vide"), _sensor(n // 4, 1, size=n)))),
    "many tracks of many samples": ("mov", lambda n: _film(box(b"moov", track(b"vide"), _many(_sensor(1, 1, size=1), n)))),
    "a long number": ("weba", lambda n: element("1A45DFA3", element("4282", b"webm")) + element(
        "18538067", element("1549A966", element("2AD7B1", b"\xff" * n)), element("1654AE6B", element("AE", element("83", b"\2"))),
        element("1F43B675", b"\xe7\x81\x00"))),
    "many small elements": ("weba", lambda n: element("1A45DFA3", element("4282", b"webm")) + element(
        "18538067", _many(element("1549A966", b"\xec\x80" * 400), n), element("1654AE6B", element("AE", element("83", b"\2"))),
        element("1F43B675", b"\xe7\x81\x00"))),
    "long words": ("ogg", lambda n: _ogg_of(b"OpusTags" + bytes(4) + (1).to_bytes(4, "little") + n.to_bytes(4, "little") + bytes(n))),
    "many empty words": ("ogg", lambda n: _ogg_of(b"OpusTags" + bytes(4) + (n // 4).to_bytes(4, "little") + bytes(n))),
    "empty pages": ("ogg", lambda n: ogg_head(b"OpusHead\x01\x01" + bytes(9), 2) + _many(ogg_head(b"", 0, closed=False), n)),
    "filling before a sound": ("mp3", lambda n: b"ID3\x03\0\0\0\0\0\0" + bytes(n)),
    "frames of nothing": ("amr", lambda n: b"#!AMR\n" + b"\x7c" * n),
    "scans of a few bytes": ("jpg", _scanned),
    "exif in pieces": ("jpg", lambda n: _jpeg()[:2] + _many(_EXIF, n) + _jpeg()[2:]),
    "chunks of nothing": ("png", lambda n: _png(_many(_EMPTY_CHUNK, n))),
}  # fmt: skip


def _judged(content: bytes, name: str) -> float:
    """How long the door took, in seconds of this process; it takes or refuses, and nothing else."""
    began = time.process_time()
    try:
        inspect_upload(io.BytesIO(content), EVERYTHING, name=name)
    except UploadRefused as letter:
        assert letter.remedy
    return time.process_time() - began


@pytest.mark.parametrize("what", UGLY)
def test_an_ugly_file_takes_time_in_step_with_its_size(what: str) -> None:
    suffix, make = UGLY[what]
    files = [make(size) for size in (200 * KB, 400 * KB)]
    small, large = (min(_judged(content, f"a.{suffix}") for _ in range(2)) for content in files)
    assert large <= 3 * small + 0.1, f"{small:.3f} s, then {large:.3f} s for twice as much"


@pytest.mark.parametrize("what", UGLY)
def test_an_ugly_file_of_a_large_size_is_done_with_in_a_moment(what: str) -> None:
    suffix, make = UGLY[what]
    spent = _judged(make(2048 * KB), f"a.{suffix}")
    assert spent < 2, f"{spent:.1f} s for 2 MB"


def test_a_map_of_nothing_but_elements_is_not_made_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "_MOST_ELEMENTS", 30_000)
    kml = b"<kml>" + b"<a/>" * 30_001 + b"</kml>"
    with pytest.raises(UploadRefused) as letter:
        inspect_map(io.BytesIO(kml), name="a.kml")
    assert letter.value.short_code == "bomb"


def test_an_honest_picture_of_many_scans_comes_in() -> None:
    """A progressive one goes over its dots ten times, and a film behind it may hold what looks like a scan."""
    for data in (_jpeg(progressive=True), _jpeg() + b"\x00\x00\x00\x18ftypmp42" + b"\xff\xda\x00\x02" * 500):
        assert inspect_upload(io.BytesIO(data), PICTURES, name="IMG_1.jpg").kind == "jpeg"


def test_what_hides_a_field_is_still_read() -> None:
    hidden = [
        b'<w:fldSimple w:a=">" w:instr="DDEAUTO c:\\x"/>',
        b"<x:instrText>DDE c</x:instrText>",
        b'<w:instrText xml:space="preserve">&#68;DE c</w:instrText>',
        b"<w:p>" + b"x" * (1 << 20) + b"</w:p><w:instrText>DDE</w:instrText>",
        "<w:instrText>DDE</w:instrText>".encode("utf-16"),
    ]
    for field in hidden:
        with pytest.raises(UploadRefused) as letter:
            inspect_upload(io.BytesIO(_stored_word(field)), DOCUMENTS, name="通知.docx")
        assert letter.value.short_code == "links_out", field[:60]
    honest = b'<w:fldSimple w:instr="PAGE"><w:t>DDE</w:t></w:fldSimple><w:instrText> TOC </w:instrText><w:t>DDE</w:t>'
    assert inspect_upload(io.BytesIO(_stored_word(honest)), DOCUMENTS, name="通知.docx").kind == "docx"


def test_a_directory_the_reader_would_find_elsewhere_is_refused() -> None:
    """The large form names a place, but its reader looks just before: two directories in one file."""
    data = makers.word()
    end = data.rindex(b"PK\x05\x06")
    size, start = struct.unpack("<LL", data[end + 12 : end + 20])
    record = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 2, 2, size, start)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, end, 1)
    honest = data[:end] + record + locator + data[end:]
    assert inspect_upload(io.BytesIO(honest), DOCUMENTS, name="a.docx").kind == "docx"
    crooked = data[:end] + record + record + locator + data[end:]
    with pytest.raises(UploadRefused) as letter:
        inspect_upload(io.BytesIO(crooked), DOCUMENTS, name="a.docx")
    assert letter.value.short_code == "two_in_one"


def test_the_samples_of_a_sensor_are_emptied_by_runs_that_rise() -> None:
    falling = _sensor(2, 2).replace(struct.pack(">III", 3, 1, 1), struct.pack(">III", 2, 1, 1))
    with pytest.raises(UploadRefused) as letter:
        inspect_upload(io.BytesIO(_film(box(b"moov", track(b"vide"), falling))), PLAYED, name="a.mov")
    assert letter.value.short_code == "damaged"
