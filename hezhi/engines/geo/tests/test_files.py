"""Map files in and out: four formats, coordinate systems that are asked for, and hostile uploads."""

import io
import json
import zipfile

import numpy as np
import pytest
import shapely
from shapely.geometry import box, mapping

from hezhi.engines.geo.division import same
from hezhi.engines.geo.files import FORMATS, OUT_SYSTEMS, read_polygons, write_polygons
from hezhi.ground.errors import BadInput
from hezhi.ground.uploads import UploadRefused, inspect_map

pytestmark = pytest.mark.clause("9.1.3-1-1")

SQUARE = box(120.0, 36.0, 120.01, 36.01)
ROWS = [
    (SQUARE, {"code": "370211001001J001", "name": "盐滩社区第1网格"}),
    (box(120.01, 36.0, 120.02, 36.01), {"code": "370211001001J002", "name": "盐滩社区第2网格"}),
]


def geojson(*shapes, **more) -> bytes:
    told = [
        {"type": "Feature", "properties": {"名称": f"网格{n}"}, "geometry": mapping(s)} for n, s in enumerate(shapes, 1)
    ]
    return json.dumps({"type": "FeatureCollection", "features": told, **more}).encode()


def through(content: bytes, name: str):
    return inspect_map(io.BytesIO(content), name=name)


@pytest.mark.parametrize("crs", OUT_SYSTEMS)
@pytest.mark.parametrize("form", FORMATS)
def test_what_goes_out_comes_back(form: str, crs: str):
    content = write_polygons(ROWS, form, crs)
    file = through(content, f"grids.{FORMATS[form][1]}")
    assert file.kind == form
    asked = "EPSG:4326" if form in ("kml", "geojson") else crs
    told = read_polygons(file.content, file.kind, asked)
    assert [(one.name, one.code) for one in told] == [
        (fields["name"], fields["code"]) for _, fields in ROWS
    ] or form == "kml"
    assert all(same(one.shape, shape) for one, (shape, _) in zip(told, ROWS, strict=True))


def test_the_coordinate_system_is_asked_for_and_must_agree():
    content = write_polygons(ROWS, "shp", "EPSG:4528")
    with pytest.raises(BadInput, match="不会猜测"):
        read_polygons(content, "shp", "")
    with pytest.raises(BadInput, match="不一致"):
        read_polygons(content, "shp", "EPSG:4490")
    with pytest.raises(BadInput, match="不一致"):
        read_polygons(content, "shp", "GCJ-02")


def test_metres_called_degrees_and_swapped_degrees_are_told():
    metres = geojson(box(40_500_000, 3_980_000, 40_501_000, 3_981_000))
    with pytest.raises(BadInput, match="米制"):
        read_polygons(metres, "geojson", "EPSG:4490")
    assert read_polygons(metres, "geojson", "EPSG:4528")[0].shape.centroid.x == pytest.approx(120.0, abs=0.1)
    with pytest.raises(BadInput, match="写反"):
        read_polygons(geojson(box(36.0, 120.0, 36.01, 120.01)), "geojson", "EPSG:4326")
    with pytest.raises(BadInput, match="不在我国"):
        read_polygons(geojson(box(500_000, 100, 501_000, 200)), "geojson", "EPSG:4549")


def test_shifted_systems_are_brought_back_at_the_door():
    shifted = shapely.transform(SQUARE, lambda points: points + np.array([0.0051, 0.0001]))
    [told] = read_polygons(geojson(shifted), "geojson", "GCJ-02")
    assert told.shape.centroid.distance(SQUARE.centroid) < 0.0006
    assert not same(read_polygons(geojson(shifted), "geojson", "BD-09")[0].shape, told.shape)


def test_points_lines_and_nothing_are_refused():
    with pytest.raises(BadInput, match="不是面"):
        read_polygons(geojson(shapely.Point(120, 36)), "geojson", "EPSG:4326")
    with pytest.raises(BadInput, match="没有图形"):
        read_polygons(geojson(), "geojson", "EPSG:4326")
    with pytest.raises(BadInput, match="打不开"):
        read_polygons(b'{"type": "broken', "geojson", "EPSG:4326")


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


KML_LINK = b'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink/></kml>'
KML_ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aa">]><kml xmlns="http://www.opengis.net/kml/2.2">&a;</kml>'
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"MZ" + bytes(100), "not_allowed"),
        (b"SQLite format 3\x00" + bytes(200), "not_allowed"),
        (b"<html><script>alert(1)</script></html>", "not_allowed"),
        (KML_LINK, "links_out"),
        (KML_ENTITY, "damaged"),
        (packed(a__shp=b"x", a__shx=b"x", a__dbf=b"x", run__exe=b"MZ"), "strange_parts"),
        (packed(a__shp=b"x", a__dbf=b"x"), "missing_parts"),
        (packed(a__dbf=b"x"), "one_layer"),
        (packed(a__shp=b"x", b__shp=b"x"), "one_layer"),
        (packed(a__shp=bytes(60 << 20), a__shx=b"x", a__dbf=b"x"), "bomb"),
        (packed(**{"../a__shp": b"x", "../a__shx": b"x", "../a__dbf": b"x"}), "straying"),
        (packed(a__shp=b"x", a__shx=b"x", a__dbf=b"x")[:-9], "damaged"),
    ],
)
def test_hostile_files_are_refused_with_a_letter(content: bytes, code: str):
    with pytest.raises(UploadRefused) as letter:
        through(content, "网格.zip")
    assert letter.value.short_code == code
    assert letter.value.fields["file"][0] and letter.value.remedy


def test_a_shapefile_of_rubbish_is_told_not_crashed():
    file = through(packed(a__shp=bytes(200), a__shx=bytes(120), a__dbf=bytes(60)), "网格.zip")
    with pytest.raises(BadInput, match=r"打不开|没有图形"):
        read_polygons(file.content, file.kind, "EPSG:4490")
