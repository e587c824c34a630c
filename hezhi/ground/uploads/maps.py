"""Map files from outside (地图文件): GeoJSON, KML, GeoPackage, and shapefiles packed into one ZIP.

The door tells which of the four it is, by the bytes, and that nothing else lies inside. Reading the shapes is
the work of `engines.geo.files`.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from hezhi.ground.text import one_line
from hezhi.ground.uploads.kinds import MB, sniff
from hezhi.ground.uploads.letters import UploadRefused, megabytes
from hezhi.ground.uploads.markup import Onlooker, walk_xml
from hezhi.ground.uploads.offices import check_office_zip

__all__ = ["MAPS", "MapFile", "inspect_map"]

MAPS = {"geojson": "GeoJSON", "kml": "KML", "gpkg": "GeoPackage", "shp": "SHP（打成 ZIP 包）"}
LIMIT = 50 * MB
_MOST_ELEMENTS = 3_000_000
"""Of a KML: at the limit of size an honest one has two million."""
_SHAPE_PARTS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".xml"})
_NEEDED = (".shp", ".shx", ".dbf")
_GPKG = b"SQLite format 3\x00"
_OFFER = "可以上传：" + "、".join(MAPS.values())


@dataclass(frozen=True)
class MapFile:
    """A map file that was looked through (已检查的地图文件): what it is, what it is called, and its bytes."""

    kind: str
    name: str
    content: bytes


def inspect_map(file: BinaryIO, *, name: str = "", field: str = "file") -> MapFile:
    """Look a map file through (检查地图文件). Raises UploadRefused with a letter at the form's field."""
    shown = re.split(r"[/\\]", one_line(name or str(getattr(file, "name", "") or "")))[-1][:120]
    try:
        return _inspect(file, shown)
    except UploadRefused as letter:
        raise letter.about(shown, field) from letter.__cause__
    finally:
        file.seek(0)


def _inspect(file: BinaryIO, name: str) -> MapFile:
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(4096)
    if not head:
        raise UploadRefused("empty", "文件是空的，里面没有内容", "请确认选对了文件，再重新上传")
    if size >= LIMIT:
        raise UploadRefused(
            "too_large", f"文件有 {megabytes(size)}，须小于 50 MB", "请简化边界，或按镇街分成几个文件上传"
        )
    kind = _kind(file, head)
    file.seek(0)
    content = file.read()
    if kind == "kml":
        _check_kml(content)
    return MapFile(kind, name, content)


def _kind(file: BinaryIO, head: bytes) -> str:
    if head.startswith(_GPKG):
        if head[68:72] not in (b"GPKG", b"GP10", b"GP11"):
            raise UploadRefused("not_allowed", "这是普通数据库文件，不是 GeoPackage", _OFFER)
        return "gpkg"
    seen = sniff(head)
    if seen == "zip":
        _check_shapes(file)
        return "shp"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if seen == "text" and text.startswith(b"{"):
        return "geojson"
    if seen == "xml" and b"<kml" in head.lower():
        return "kml"
    raise UploadRefused("not_allowed", "这不是地图文件，或格式不对", _OFFER)


def _check_kml(content: bytes) -> None:
    links = _NetworkLinks(_MOST_ELEMENTS)
    try:
        walk_xml(content, links, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError) as fault:
        raise UploadRefused("damaged", "KML 打不开，或含有不允许的内容声明", "请重新导出 KML 后再上传") from fault
    if links.found:
        raise UploadRefused("links_out", "KML 里有指向网络数据的链接", "请在制图软件里把数据存进文件后再导出")


class _NetworkLinks(Onlooker):
    """Looks whether a map reaches out to the net."""

    found = False

    def look(self, name: str, told: dict[str, str]) -> None:
        if name.rpartition("}")[2] in ("NetworkLink", "NetworkLinkControl"):
            self.found = True


def _check_shapes(file: BinaryIO) -> None:
    """A ZIP with the parts of exactly one shapefile."""
    if check_office_zip(file) != "zip":
        raise UploadRefused("not_allowed", "这是办公文档，不是地图文件", _OFFER)
    file.seek(0)
    with zipfile.ZipFile(file) as folder:
        names = [PurePosixPath(i.filename.replace("\\", "/")) for i in folder.infolist() if not i.is_dir()]
    strange = [each.name for each in names if each.suffix.lower() not in _SHAPE_PARTS]
    if strange:
        raise UploadRefused(
            "strange_parts", f"压缩包里有不属于 SHP 的文件：{strange[0][:40]}", "请只打包 .shp、.shx、.dbf、.prj、.cpg"
        )
    shapes = [each for each in names if each.suffix.lower() == ".shp"]
    if len(shapes) != 1:
        said = "压缩包里没有 .shp 文件" if not shapes else "压缩包里有几个图层"
        raise UploadRefused("one_layer", said, "请每次上传一个图层的 SHP 压缩包")
    there = {each.suffix.lower() for each in names if each.stem == shapes[0].stem}
    missing = [part for part in _NEEDED if part not in there]
    if missing:
        raise UploadRefused("missing_parts", f"SHP 缺少 {'、'.join(missing)} 文件", "请把同名的几个文件一起打包上传")
