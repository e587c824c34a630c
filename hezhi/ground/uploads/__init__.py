"""Files from outside (上传文件): each is hostile until it has been looked through.

`inspect_upload` is the door. It believes neither the name nor the sender's content type, only the
bytes; it draws pictures anew; it refuses with a letter in Chinese. It does not store anything and
knows no right and no model: that is the work of `engines.records`.
"""

from hezhi.ground.uploads.inspect import (
    DOCUMENTS,
    FILMED,
    LIMITS,
    PICTURES,
    PLAYED,
    SHEETS,
    SOUNDS,
    VIDEOS,
    Checked,
    inspect_upload,
    safe_name,
)
from hezhi.ground.uploads.kinds import KINDS, Kind
from hezhi.ground.uploads.letters import UploadRefused
from hezhi.ground.uploads.maps import MAPS, MapFile, inspect_map
from hezhi.ground.uploads.pictures import Picture
from hezhi.ground.uploads.scanner import Quarantine, scan
from hezhi.ground.uploads.texts import text_encoding

__all__ = [
    "DOCUMENTS",
    "FILMED",
    "KINDS",
    "LIMITS",
    "MAPS",
    "PICTURES",
    "PLAYED",
    "SHEETS",
    "SOUNDS",
    "VIDEOS",
    "Checked",
    "Kind",
    "MapFile",
    "Picture",
    "Quarantine",
    "UploadRefused",
    "inspect_map",
    "inspect_upload",
    "safe_name",
    "scan",
    "text_encoding",
]
