"""Where the files of an installation lie (附件存放位置), told by the environment: a folder, or a bucket of an S3 store.

`HEZHI_FILES` is empty (`HEZHI_HOME/files`), a folder, or `s3://bucket/prefix`; keys, endpoint and region of the store
are told by the variables that every tool for S3 reads. Half an answer is refused here, before anything is begun: the
settings, `./run` and `hezhi doctor` all ask this page. Only the standard library.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hezhi.wiring.voice import Trouble

ADDRESSING = ("path", "virtual")


@dataclass(frozen=True)
class FilePlace:
    """The answer (存放位置): `folder` is where files lie, or would lie when there is no bucket."""

    folder: Path
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    addressing: str = ""

    def storage(self) -> dict[str, Any]:
        """Django's description of the storage (STORAGES). Keys are not in it: whoever asks finds them as S3 tools do."""
        if not self.bucket:
            return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
        options = {
            "bucket_name": self.bucket, "location": self.prefix, "endpoint_url": self.endpoint or None,
            "region_name": self.region or None, "addressing_style": self.addressing or None,
        }  # fmt: skip
        return {"BACKEND": "hezhi.engines.records.bucket.Bucket", "OPTIONS": options}

    def __str__(self) -> str:
        if not self.bucket:
            return str(self.folder)
        at = f"（{self.endpoint}）" if self.endpoint else ""
        return "s3://" + "/".join(filter(None, (self.bucket, self.prefix))) + at


def file_place(told: Mapping[str, str], home: Path) -> FilePlace:
    """Read the environment. Raises Trouble for what is told by half or cannot be."""
    address = told.get("HEZHI_FILES", "").strip()
    if "://" not in address:
        return FilePlace(_folder(address) if address else home / "files")
    parts = urlsplit(address)
    if parts.scheme != "s3":
        raise _wrong(f"不认识 {parts.scheme}://", f"{parts.scheme}:// is not known")
    if "@" in parts.netloc:
        raise _wrong(
            "地址里不能写密钥，请用 AWS_ACCESS_KEY_ID 和 AWS_SECRET_ACCESS_KEY",
            "no keys in the address: use AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if not parts.netloc or parts.query or parts.fragment:
        raise _wrong("要写成 s3://桶名/前缀", "write s3://bucket/prefix")
    _check_keys(told)
    return FilePlace(
        home / "files",
        bucket=parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint=_endpoint(told),
        region=told.get("AWS_REGION", "") or told.get("AWS_DEFAULT_REGION", ""),
        addressing=_addressing(told),
    )


def _folder(address: str) -> Path:
    folder = Path(address).expanduser()
    if not folder.is_absolute():
        raise _wrong(
            f"文件夹须写完整路径，不能是 {address}", f"a folder is told by its whole path, which {address} is not"
        )
    return folder


def _check_keys(told: Mapping[str, str]) -> None:
    """Both keys, or neither: a machine of a cloud may have a role of its own, and then needs none."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    given = [name for name in names if told.get(name)]
    if len(given) == 1:
        lacking = next(name for name in names if name not in given)
        raise _wrong(f"给了 {given[0]}，还缺 {lacking}", f"{given[0]} is set and {lacking} is not")


def _endpoint(told: Mapping[str, str]) -> str:
    endpoint = told.get("AWS_ENDPOINT_URL_S3", "") or told.get("AWS_ENDPOINT_URL", "")
    if endpoint and not (endpoint.startswith(("https://", "http://")) and urlsplit(endpoint).hostname):
        raise _wrong(
            f"AWS_ENDPOINT_URL 须以 https:// 或 http:// 开头，现为 {endpoint}",
            f"AWS_ENDPOINT_URL begins with https:// or http://, {endpoint} does not",
        )
    return endpoint


def _addressing(told: Mapping[str, str]) -> str:
    style = told.get("HEZHI_FILES_ADDRESSING", "").strip()
    if style and style not in ADDRESSING:
        raise _wrong(
            f"HEZHI_FILES_ADDRESSING 只能是 {' 或 '.join(ADDRESSING)}，现为 {style}",
            f"HEZHI_FILES_ADDRESSING is {' or '.join(ADDRESSING)}, not {style}",
        )
    return style


def _wrong(chinese: str, english: str) -> Trouble:
    return Trouble(
        f"附件存放位置（HEZHI_FILES）设置有误：{chinese}。说明见 docs/running.md。",
        f"Where files are to lie (HEZHI_FILES) is told wrongly: {english}. See docs/running.md.",
    )
