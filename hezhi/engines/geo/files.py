"""Map files in and out (地图文件读写): SHP, GeoPackage, GeoJSON and KML through GDAL (pyogrio).

The coordinate system is asked for, never guessed: what a file says of itself must agree with the answer.
Inside there is only WGS 84; CGCS2000 in degrees is taken as equal (centimetres).
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from hezhi.engines.geo.crs import to_wgs84
from hezhi.engines.geo.division import Shape
from hezhi.ground.errors import BadInput

SYSTEMS = {
    "EPSG:4490": "CGCS2000 经纬度（EPSG:4490）",
    "EPSG:4326": "WGS 84 经纬度（EPSG:4326）",
    "EPSG:4528": "CGCS2000 三度带第 40 带，横坐标带带号（EPSG:4528）",
    "EPSG:4549": "CGCS2000 三度带中央经线 120°，不带带号（EPSG:4549）",
    "GCJ-02": "GCJ-02（高德、腾讯地图）",
    "BD-09": "BD-09（百度地图）",
}
"""The coordinate systems a file may come in, with their names."""

OUT_SYSTEMS = ("EPSG:4490", "EPSG:4326", "EPSG:4528")
FORMATS = {
    "shp": ("ESRI Shapefile", "zip"),
    "gpkg": ("GPKG", "gpkg"),
    "geojson": ("GeoJSON", "geojson"),
    "kml": ("KML", "kml"),
}
SHIFTED = ("GCJ-02", "BD-09")
MOST = 5_000
NAMES = ("name", "网格名称", "名称", "wgmc", "mc", "title")
CODES = ("code", "grid_code", "网格编码", "编码", "网格代码", "代码", "wgbm", "wgdm")


@dataclass(frozen=True)
class Incoming:
    """One polygon of a file (图斑): its place in the file, name and code as written, shape in WGS 84."""

    number: int
    name: str
    code: str
    shape: Shape


def read_polygons(content: bytes, kind: str, crs: str) -> list[Incoming]:
    """The polygons of a map file that passed the door (`ground.uploads.inspect_map`).

    Raises BadInput, on the fields `file` and `crs`, for what cannot be read and for a coordinate system that
    does not agree with the file.
    """
    from pyogrio import raw  # brings half of the map libraries along; only who carries a file needs them
    from pyogrio.errors import DataLayerError, DataSourceError

    if crs not in SYSTEMS:
        raise BadInput({"crs": "请选择文件的坐标系，系统不会猜测。"}, code="geo.no_crs")
    with tempfile.TemporaryDirectory(prefix="hezhi-map-") as folder:
        path = _laid_out(Path(folder), content, kind)
        try:
            meta, _, shapes, columns = raw.read(path, max_features=MOST + 1, force_2d=True)
        except (DataSourceError, DataLayerError, ValueError, UnicodeDecodeError) as fault:
            raise BadInput(
                {"file": "文件打不开，可能没有传完整，或不是它后缀所说的格式。"}, code="geo.unreadable"
            ) from fault
    if shapes is None or not len(shapes):
        raise BadInput({"file": "文件里没有图形。"}, code="geo.no_shapes")
    if len(shapes) > MOST:
        raise BadInput({"file": f"文件里的图形超过 {MOST:,} 个，请分成几个文件。"}, code="geo.many_shapes")
    _agrees(_stated(meta.get("crs"), kind, content), crs)
    known = dict(zip([str(f).lower() for f in meta["fields"]], columns, strict=True))
    return [_incoming(n, shape, known, crs) for n, shape in enumerate(shapes)]


def _laid_out(folder: Path, content: bytes, kind: str) -> Path:
    """The file under a name of our own; of a ZIP only the parts of the shapefile."""
    if kind != "shp":
        path = folder / f"areas.{kind}"
        path.write_bytes(content)
        return path
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        shape = next(i for i in packed.infolist() if i.filename.lower().endswith(".shp"))
        stem = shape.filename[:-4]
        for part in packed.infolist():
            base, dot, ending = part.filename.rpartition(".")
            if dot and base == stem and ending.lower() in ("shp", "shx", "dbf", "prj", "cpg"):
                (folder / f"areas.{ending.lower()}").write_bytes(packed.read(part))
    return folder / "areas.shp"


def _stated(crs: str | None, kind: str, content: bytes) -> str | None:
    """What a file says of its coordinate system; GeoJSON says something only by its old `crs` member."""
    if kind == "geojson":
        try:
            told = json.loads(content.decode("utf-8-sig")).get("crs")
        except (ValueError, AttributeError):
            return None
        name = str(((told or {}).get("properties") or {}).get("name", ""))
        return None if not name else "EPSG:4326" if name.endswith("CRS84") else name
    return crs or None


def _agrees(stated: str | None, crs: str) -> None:
    if stated is None:
        return
    from pyproj import CRS  # read with the first file: a start need not
    from pyproj.exceptions import CRSError

    try:
        found = CRS.from_user_input(stated)
    except CRSError:
        return
    degrees = found.is_geographic
    if crs in SHIFTED:
        fits = degrees
    else:
        asked = CRS.from_user_input(crs)
        fits = found.equals(asked, ignore_axis_order=True) or (
            degrees and asked.is_geographic and found.to_epsg() in (4326, 4490)
        )
        fits = fits or (not degrees and found.to_epsg(min_confidence=60) == asked.to_epsg())
    if not fits:
        said = f"文件自带的坐标系是“{found.name}”，与所选的“{SYSTEMS[crs]}”不一致，请核对后重选。"
        raise BadInput({"crs": said}, code="geo.wrong_crs")


def _incoming(number: int, shape: bytes | None, known: Mapping[str, Any], crs: str) -> Incoming:
    found = shapely.from_wkb(shape) if shape is not None else None
    if found is None or found.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadInput({"file": f"第 {number + 1} 个图形不是面，网格边界应为面图层。"}, code="geo.no_polygon")
    moved = _moved(found, crs, number)
    return Incoming(number + 1, _word(known, NAMES, number), _word(known, CODES, number), moved)


def _word(known: Mapping[str, Any], names: Sequence[str], number: int) -> str:
    for name in names:
        if name in known:
            value = known[name][number]
            if value is not None and value == value:
                return str(value).strip()
    return ""


def _moved(shape: Shape, crs: str, number: int) -> Shape:
    if crs in SHIFTED:

        def move(points: Any) -> Any:
            return np.array([to_wgs84(float(x), float(y), crs) for x, y in points]).reshape(-1, 2)
    elif crs in ("EPSG:4326", "EPSG:4490"):

        def move(points: Any) -> Any:
            return points
    else:
        from pyproj import Transformer

        to = Transformer.from_crs(crs, "EPSG:4490", always_xy=True)

        def move(points: Any) -> Any:
            return np.column_stack(to.transform(points[:, 0], points[:, 1]))

    corners = shapely.get_coordinates(shape)
    if crs in SHIFTED or crs in ("EPSG:4326", "EPSG:4490"):
        _in_degrees(corners, number)
    moved = shapely.transform(shape, move)
    _in_china(shapely.get_coordinates(moved), number)
    return moved


def _in_degrees(corners: Any, number: int) -> None:
    east, north = corners.mean(axis=0)
    if 3 <= east <= 54 and 73 <= north <= 136:
        raise BadInput({"file": f"第 {number + 1} 个图形的经纬度写反了，应为经度在前。"}, code="geo.swapped")
    if abs(corners[:, 0]).max() > 180 or abs(corners[:, 1]).max() > 90:
        said = f"第 {number + 1} 个图形的坐标是米制投影坐标，与所选的经纬度坐标系不符，请重选坐标系。"
        raise BadInput({"crs": said}, code="geo.wrong_crs")


def _in_china(corners: Any, number: int) -> None:
    west, east, south, north = corners[:, 0].min(), corners[:, 0].max(), corners[:, 1].min(), corners[:, 1].max()
    if not (np.isfinite(corners).all() and west >= 73 and east <= 136 and south >= 3 and north <= 54):
        raise BadInput(
            {"crs": f"按所选坐标系，第 {number + 1} 个图形不在我国范围内，请核对坐标系。"}, code="geo.far_away"
        )


# -- out --------------------------------------------------------------------------------------------


def write_polygons(rows: Iterable[tuple[Shape, Mapping[str, str]]], form: str, crs: str) -> bytes:
    """Shapes (WGS 84) with their fields as one file; shapefiles come as a ZIP. KML is always in degrees."""
    told = list(rows)
    from pyogrio import raw

    names = list(told[0][1]) if told else []
    system = "EPSG:4326" if form in ("kml", "geojson") and crs not in ("EPSG:4326", "EPSG:4490") else crs
    shapes = [shapely.MultiPolygon([s]) if s.geom_type == "Polygon" else s for s, _ in told]
    if system == "EPSG:4528":
        from pyproj import Transformer

        to = Transformer.from_crs("EPSG:4490", system, always_xy=True)
        shapes = [shapely.transform(s, lambda p: np.column_stack(to.transform(p[:, 0], p[:, 1]))) for s in shapes]
    data = [np.array([str(fields[name]) for _, fields in told], dtype=object) for name in names]
    driver, ending = FORMATS[form]
    with tempfile.TemporaryDirectory(prefix="hezhi-map-") as folder:
        path = Path(folder) / f"grids.{'shp' if form == 'shp' else ending}"
        raw.write(
            path, geometry=shapely.to_wkb(np.array(shapes, dtype=object)), field_data=data, fields=np.array(names, dtype=object),
            driver=driver, geometry_type="MultiPolygon", crs=system, encoding="UTF-8" if form == "shp" else None,
        )  # fmt: skip
        if form != "shp":
            return path.read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.write(part, part.name)
        return packed.getvalue()
