"""Coordinate systems at the door (坐标系): asked for, never guessed; inside there is only WGS 84."""

import prcoords

CRS_NAMES = ("EPSG:4326", "EPSG:4490", "GCJ-02", "BD-09")
"""WGS 84, CGCS2000 (equal to it for our purpose), and the two shifted systems of Chinese map services."""


def to_wgs84(lon: float, lat: float, crs: str) -> tuple[float, float]:
    """Bring a position to WGS 84 (degrees), six decimals kept (about 0.1 m).

    Raises ValueError for a system that is not in `CRS_NAMES`.
    """
    if crs in ("EPSG:4326", "EPSG:4490"):
        return round(lon, 6), round(lat, 6)
    if crs == "GCJ-02":
        found = prcoords.gcj_wgs((lat, lon), check_china=False)
    elif crs == "BD-09":
        found = prcoords.bd_wgs((lat, lon), check_china=False)
    else:
        raise ValueError(f"unknown coordinate system {crs!r}")
    return round(float(found[1]), 6), round(float(found[0]), 6)
