"""What the door lets in, and what it sends back with a letter."""

import io
import struct
import sys
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hezhi.ground import uploads
from hezhi.ground.errors import BadInput
from hezhi.ground.uploads import DOCUMENTS, PICTURES, SHEETS, UploadRefused, inspect_upload
from hezhi.ground.uploads.tests import makers

EVERYTHING = PICTURES | SHEETS | DOCUMENTS


def refused(data: bytes, name: str, allowed: frozenset[str] = EVERYTHING) -> UploadRefused:
    file = makers.named(data, name)
    with pytest.raises(UploadRefused) as letter:
        inspect_upload(file, allowed)
    assert file.tell() == 0
    told = str(letter.value)
    assert isinstance(letter.value, BadInput)
    assert letter.value.remedy and "编号" in told and told.count("「") >= 1
    return letter.value


# -- good people -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "kind", "shown"),
    [
        (makers.photo(), "IMG_0001.JPG", "jpeg", "IMG_0001.jpg"),
        (makers.photo(form="PNG"), "截图.png", "png", "截图.jpg"),
        (makers.photo(form="WEBP"), "图.webp", "webp", "图.jpg"),
        (makers.photo(form="PNG"), "微信图片.jpg", "png", "微信图片.jpg"),
        (makers.sheet(), "名单.xlsx", "xlsx", "名单.xlsx"),
        (makers.sheet(), "名单.xls", "xlsx", "名单.xlsx"),
        ("姓名,电话\n王芳,13800000000\n".encode("gb18030"), "名单.csv", "csv", "名单.csv"),
        ("\ufeff姓名,电话\n".encode(), "名单.csv", "csv", "名单.csv"),
        ("姓名\t电话\n".encode("utf-16"), "名单.txt", "csv", "名单.txt"),
        (makers.pdf(), "../../答复.pdf", "pdf", "答复.pdf"),
        (makers.word(), "情况说明.docx", "docx", "情况说明.docx"),
        (
            makers.word(b"x", **{"word/_rels/document.xml.rels": makers.relations("hyperlink", "http://example.org")}),
            "链接.docx",
            "docx",
            "链接.docx",
        ),
    ],
)
def test_honest_files_come_in(data: bytes, name: str, kind: str, shown: str) -> None:
    file = makers.named(data, name)
    seen = inspect_upload(file, EVERYTHING)
    assert (seen.kind, seen.name) == (kind, shown)
    assert file.tell() == 0
    assert (seen.picture is not None) == (kind in PICTURES)
    if kind not in PICTURES:
        assert seen.size == len(data)
        assert seen.content_type == uploads.KINDS[kind].content_type


def test_a_photo_is_drawn_anew_upright_and_without_its_past() -> None:
    seen = inspect_upload(io.BytesIO(makers.photo_with_exif(orientation=6)), PICTURES, name="现场.jpg")
    assert seen.picture is not None
    assert (seen.picture.width, seen.picture.height) == (300, 400)
    for content in (seen.picture.content, seen.picture.thumbnail):
        drawn = Image.open(io.BytesIO(content))
        assert not drawn.getexif() and "exif" not in drawn.info and "comment" not in drawn.info
        assert b"secret place" not in content and b"Exif" not in content
    assert max(Image.open(io.BytesIO(seen.picture.thumbnail)).size) == 320
    assert seen.size == len(seen.picture.content)


def test_a_large_photo_is_made_small_and_stays_in_shape() -> None:
    picture = inspect_upload(io.BytesIO(makers.photo(4000, 3000)), PICTURES).picture
    assert picture and (picture.width, picture.height) == (2560, 1920)
    assert len(picture.content) < 1_000_000


def test_a_film_behind_a_phones_photo_is_dropped() -> None:
    moving = makers.photo() + b"\x00\x00\x00\x18ftypmp42" + bytes(5000)
    picture = inspect_upload(io.BytesIO(moving), PICTURES).picture
    assert picture and b"ftypmp42" not in picture.content


def test_only_what_is_transparent_stays_png() -> None:
    clear = Image.new("RGBA", (40, 30), (200, 0, 0, 128))
    out = io.BytesIO()
    clear.save(out, "PNG")
    picture = inspect_upload(io.BytesIO(out.getvalue()), PICTURES).picture
    assert picture and picture.content_type == "image/png"
    assert Image.open(io.BytesIO(picture.thumbnail)).mode == "RGB"


@pytest.mark.parametrize(
    ("mode", "form"), [("CMYK", "JPEG"), ("L", "JPEG"), ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG"), ("LA", "PNG")]
)
def test_unusual_colours_come_in_too(mode: str, form: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (50, 40)).save(out, form)
    assert inspect_upload(io.BytesIO(out.getvalue()), PICTURES).picture


# -- pictures that are none, or too much -----------------------------------------------------------


def test_a_photo_of_20_mb_is_sent_back_with_its_size() -> None:
    letter = refused(makers.photo() + bytes(20 << 20), "现场.jpg")
    assert letter.code == "upload_too_large"
    assert letter.fields == {
        "file": [
            "「现场.jpg」没有收下：文件有 20.0 MB，单张图片须小于 20 MB。请在手机上选择「标准」或「中等大小」发送，或裁剪、压缩后再上传。"
        ]
    }
    assert "压缩" in letter.remedy


def test_size_is_judged_before_anything_is_read() -> None:
    class Huge(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            return 60 << 20 if whence == 2 else offset

        def read(self, size: int | None = -1) -> bytes:
            assert size == 4096, "read a file that is too large anyway"
            return b"%PDF-1.7"

    with pytest.raises(UploadRefused) as letter:
        inspect_upload(Huge(), EVERYTHING, name="大.pdf")
    assert letter.value.code == "upload_too_large"


def test_a_picture_of_many_dots_in_few_bytes_is_not_unfolded() -> None:
    letter = refused(makers.png_header_of(60_000, 60_000), "图.png")
    assert letter.code == "upload_too_many_pixels"
    letter = refused(makers.png_header_of(9_000, 9_000), "图.png")
    assert letter.code == "upload_too_many_pixels"
    assert "9000 × 9000" in str(letter)


def test_a_photo_cut_off_on_the_way_is_called_incomplete() -> None:
    assert refused(makers.photo()[:2000], "现场.jpg").code == "upload_damaged"


@pytest.mark.parametrize(
    "hidden",
    [
        makers.folder({"run.js": b"alert(1)"}),
        b"<script>alert(1)</script>",
        b"<?php system($_GET['c']); ?>",
        b"<html><body onload=alert(1)>",
    ],
)
def test_two_files_in_one_are_refused(hidden: bytes) -> None:
    letter = refused(makers.photo() + hidden, "照片.jpg")
    assert letter.code == "upload_two_in_one"
    assert "藏着另一个文件" in str(letter)


def test_a_document_that_is_also_an_archive_or_a_page_is_refused() -> None:
    assert refused(makers.pdf() + makers.folder({"a": b"b"}), "x.pdf").code in ("upload_two_in_one", "upload_damaged")
    assert refused(b"%PDF-1.7 <html><script>alert(1)</script>" + makers.pdf(), "x.pdf").code == "upload_two_in_one"
    assert refused(makers.sheet() + b"<script>", "x.xlsx").code == "upload_two_in_one"
    joined = makers.folder({"a.txt": b"first"}) + makers.sheet()
    assert refused(joined, "x.xlsx").code == "upload_two_in_one"


def test_a_drawing_with_script_is_named_for_what_it_is() -> None:
    svg = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    letter = refused(svg, "图标.svg")
    assert letter.code == "upload_not_allowed" and "SVG 里可以藏有脚本" in letter.remedy
    assert refused(b"<!-- x --> " + svg, "图标.png").code == "upload_disguised"


def test_a_renamed_program_is_recognised() -> None:
    letter = refused(b"MZ\x90\x00" + bytes(200), "照片.jpg")
    assert letter.code == "upload_disguised"
    assert "后缀是 .jpg，内容却是可执行程序" in str(letter)
    assert "改了后缀也一样" in letter.remedy
    assert refused(b"\x7fELF" + bytes(60), "报表.xlsx").code == "upload_disguised"
    assert refused(b"#!/bin/sh\nrm -rf x\n", "数据.csv").code == "upload_disguised"


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (b"\x00\x00\x00\x18ftypheic" + bytes(60), "IMG_1.HEIC", "兼容性最佳"),
        (b"GIF89a" + bytes(60), "动图.gif", "JPG"),
        (b"Rar!\x1a\x07\x00" + bytes(60), "材料.rar", "解压"),
        (makers.folder({"a.txt": b"x"}), "材料.zip", "解压"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "导出.xls", "另存为 .xlsx"),
        (b"hello", "说明", "换成允许的格式"),
        (makers.folder({"OFD.xml": b"<x/>"}), "公文.ofd", "PDF"),
    ],
)
def test_other_files_are_sent_back_with_a_way_out(data: bytes, name: str, word: str) -> None:
    assert word in refused(data, name).remedy


def test_an_empty_file_says_so() -> None:
    assert refused(b"", "空.pdf").code == "upload_empty"


def test_a_door_for_photos_takes_no_sheet() -> None:
    letter = refused(makers.sheet(), "名单.xlsx", PICTURES)
    assert letter.fields["file"] == [
        "「名单.xlsx」没有收下：这里不接收Excel 表格，可以上传：JPG 图片、PNG 图片、WebP 图片。请换成允许的格式后再上传。"
    ]
    with pytest.raises(ValueError, match="zip"):
        inspect_upload(io.BytesIO(b"x"), {"zip"})


# -- office files ----------------------------------------------------------------------------------


def test_a_bomb_in_a_sheet_is_found_before_it_is_unfolded() -> None:
    bomb = makers.with_parts(makers.sheet(), {"xl/worksheets/sheet2.xml": bytes(80 << 20)})
    assert len(bomb) < 200_000
    letter = refused(bomb, "名单.xlsx")
    assert letter.code == "upload_bomb"
    assert "80" in str(letter) and "空行" in letter.remedy


def test_the_large_form_of_a_folder_comes_in_and_is_not_a_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some Java programs write each sheet in the form meant for archives of many gigabytes."""
    plain = makers.sheet()
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    large = makers.with_parts(plain, {"xl/media/a.png": b""})
    assert b"PK\x06\x07" in large
    assert inspect_upload(io.BytesIO(large), SHEETS, name="名单.xlsx").kind == "xlsx"
    crowd = makers.with_parts(plain, {f"xl/media/{n}.png": b"" for n in range(5_000)})
    assert refused(crowd, "名单.xlsx").code == "upload_bomb"


def _lying(data: bytes, name: bytes, size: int) -> bytes:
    """The same folder, with a part that says it is smaller than it is (its sum made to fit)."""
    raw = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        crc = zlib.crc32(made.read(name.decode())[:size])
    at = raw.rindex(name) - 46  # in the directory
    raw[at + 16 : at + 20] = struct.pack("<I", crc)
    raw[at + 24 : at + 28] = struct.pack("<I", size)
    return bytes(raw)


def test_a_part_that_lies_about_its_size_is_caught() -> None:
    bomb = makers.with_parts(makers.sheet(), {"xl/media/a.bin": bytes(30 << 20)})
    letter = refused(_lying(bomb, b"xl/media/a.bin", 1000), "名单.xlsx")
    assert letter.code == "upload_bomb" and "与它自己写明的不一致" in str(letter)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/macrosheets/sheet1.xml": b"x"}, "macros"),
        ({"xl/activeX/activeX1.xml": b"x"}, "macros"),
        ({"xl/embeddings/oleObject1.bin": b"x"}, "embedded"),
        ({"xl/media/inner.zip": makers.folder({"a": b"b"})}, "embedded"),
        ({"xl/externalLinks/externalLink1.xml": b"x"}, "links_out"),
        ({"xl/connections.xml": b"x"}, "links_out"),
        ({"xl/worksheets/_rels/sheet1.xml.rels": makers.relations("image", "http://example.org/a.png")}, "links_out"),
        ({"xl/a/_rels/b.rels": b"<not closed"}, "damaged"),
        ({"xl/a/_rels/b.rels": b'<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>'}, "damaged"),
        ({"../../etc/passwd": b"x"}, "straying"),
        ({"C:/windows/x": b"x"}, "straying"),
        ({"XL/Workbook.xml": b"x"}, "damaged"),
        ({f"xl/media/{n}.png": b"" for n in range(3001)}, "bomb"),
    ],
)
def test_what_acts_by_itself_or_reaches_out_is_refused(parts: dict[str, bytes], code: str) -> None:
    assert refused(makers.with_parts(makers.sheet(), parts), "名单.xlsx").code == f"upload_{code}"


def test_a_macro_sheet_without_its_name_is_still_one() -> None:
    types = makers.CONTENT_TYPES + b"<!-- application/vnd.ms-excel.sheet.macroEnabled.main+xml -->"
    data = makers.folder({"[Content_Types].xml": types, "xl/workbook.xml": b"<x/>"})
    assert refused(data, "名单.xlsx").code == "upload_macros"


def test_a_word_file_that_loads_its_template_from_outside_is_refused() -> None:
    rels = {"word/_rels/settings.xml.rels": makers.relations("attachedTemplate", "http://example.org/t.dotm")}
    assert refused(makers.word(b"<x/>", **rels), "通知.docx").code == "upload_links_out"
    field = b"<w:p><w:instrText>DDE</w:instrText></w:p><w:p><w:instrText>AUTO c:\\x</w:instrText></w:p>"
    assert refused(makers.word(field), "通知.docx").code == "upload_links_out"


def test_a_locked_file_asks_for_its_password_to_be_taken_off() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    locked = ole + "EncryptedPackage".encode("utf-16-le")
    assert "取消密码" in refused(locked, "名单.xlsx").remedy
    assert refused(ole + "Workbook_VBA_PROJECT".encode("utf-16-le"), "名单.xls").code == "upload_macros"
    assert refused(ole + "Workbook\x01Ole10Native".encode("utf-16-le"), "名单.xls").code == "upload_embedded"
    assert "另存为 PDF 或 .docx" in refused(ole + "WordDocument".encode("utf-16-le"), "通知.doc").remedy
    assert inspect_upload(io.BytesIO(ole + "Workbook".encode("utf-16-le")), SHEETS, name="a.xls").kind == "xls"


# -- PDF and text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (makers.pdf(b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), "acting"),
        (makers.pdf(b"/AA<</O<</S/Launch/F(cmd.exe)>>>>"), "acting"),
        (makers.pdf(b"/OpenAction<</S/J#61vaScript/JS(x)>>"), "acting"),
        (makers.packed_pdf(b"3 0 <</S/JavaScript/JS(x)>>"), "acting"),
        (makers.packed_pdf(bytes(40 << 20)), "bomb"),
        (makers.pdf(b"/Encrypt 5 0 R"), "locked"),
        (makers.pdf()[:40], "damaged"),
    ],
)
def test_a_document_that_acts_by_itself_is_refused(data: bytes, code: str) -> None:
    assert refused(data, "答复.pdf").code == f"upload_{code}"


def test_an_honest_document_with_packed_objects_comes_in() -> None:
    assert inspect_upload(io.BytesIO(makers.packed_pdf(b"3 0 <</Type/Page>>")), DOCUMENTS).kind == "pdf"
    assert inspect_upload(io.BytesIO(makers.pdf(b"/JavaScripture 1")), DOCUMENTS).kind == "pdf"


def test_a_table_of_no_known_encoding_is_no_text() -> None:
    assert refused(b"a,b\n" + b"\xff\xff\xfe\x81" * 4000, "数据.csv").code == "upload_not_text"
    late_zero = b"a,b\n" * 2000 + b"\x00\x01"
    assert refused(late_zero, "数据.csv").code == "upload_not_text"


# -- whatever comes --------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    head=st.sampled_from(
        [
            b"",
            b"PK\x03\x04",
            b"%PDF-",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"RIFF1234WEBP",
        ]
    ),
    body=st.binary(max_size=300),
    tail=st.sampled_from(
        [b"", b"PK\x05\x06" + bytes(18), b"PK\x06\x07" + bytes(16) + b"PK\x05\x06" + bytes(18), b"%%EOF"]
    ),
    name=st.text(max_size=20),
)
def test_rubbish_is_taken_or_refused_but_never_breaks_the_door(
    head: bytes, body: bytes, tail: bytes, name: str
) -> None:
    try:
        inspect_upload(io.BytesIO(head + body + tail), EVERYTHING, name=name)
    except UploadRefused as letter:
        assert letter.remedy and letter.status == 422


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=6), st.integers(0, 5000), st.sampled_from(["xlsx", "png", "jpeg", "webp"]))
def test_a_damaged_honest_file_never_breaks_the_door(damage: bytes, place: int, kind: str) -> None:
    honest = makers.sheet() if kind == "xlsx" else makers.photo(60, 40, kind.upper())
    place %= len(honest)
    try:
        inspect_upload(io.BytesIO(honest[:place] + damage + honest[place + len(damage) :]), EVERYTHING)
    except UploadRefused as letter:
        assert letter.remedy


@given(st.text(max_size=300), st.sampled_from(sorted(EVERYTHING)))
def test_a_shown_name_is_always_a_safe_name(name: str, kind: str) -> None:
    shown = uploads.safe_name(name, kind)
    assert 3 < len(shown) <= 120
    assert not set(shown) & set('/\\<>:"|?*\x00\n\r')
    assert not shown.startswith(".")
    assert shown.rpartition(".")[2] in uploads.KINDS[kind].extensions


def test_a_letter_names_the_file_and_the_field() -> None:
    with pytest.raises(UploadRefused) as letter:
        inspect_upload(io.BytesIO(b"MZ\x00"), PICTURES, name=r"C:\tmp\照片.jpg", field="photo")
    assert list(letter.value.fields) == ["photo"]
    assert letter.value.what == "「照片.jpg」没有收下"


# -- the scanner -----------------------------------------------------------------------------------


def _scanner(program: str) -> list[str]:
    return [sys.executable, "-c", f"import sys; data = sys.stdin.buffer.read(); {program}"]


def test_the_scanners_word_decides_whether_a_file_opens() -> None:
    look = _scanner("sys.exit(1 if b'EICAR' in data else 0)")
    assert uploads.scan(io.BytesIO(b"EICAR test"), look) is uploads.Quarantine.INFECTED
    assert uploads.scan(io.BytesIO(b"honest"), look) is uploads.Quarantine.CLEAN
    assert uploads.Quarantine.CLEAN.may_open and not uploads.Quarantine.INFECTED.may_open
    assert "已隔离" in uploads.Quarantine.INFECTED.sentence


def test_a_scanner_that_cannot_say_keeps_the_file_closed() -> None:
    assert uploads.scan(io.BytesIO(b"x"), _scanner("sys.exit(2)")) is uploads.Quarantine.WAITING
    assert uploads.scan(io.BytesIO(b"x"), ["/no/such/scanner"]) is uploads.Quarantine.WAITING
    slow = _scanner("import time; time.sleep(30)")
    assert uploads.scan(io.BytesIO(b"x"), slow, seconds=0.3) is uploads.Quarantine.WAITING
    assert not uploads.Quarantine.WAITING.may_open


def test_without_a_scanner_files_open() -> None:
    assert uploads.scan(io.BytesIO(b"x"), []) is uploads.Quarantine.OFF
    assert uploads.Quarantine.OFF.may_open
