"""The ring of keys (密钥环): files of mode 0400 outside the database, by purpose and version.

`field` seals values, `blind` makes look-up prints, `audit` guards the audit rows, `file` seals files. The
highest version seals; all versions open. Keys never stand in a log, a repr or the database.
"""

import base64
import os
import re
import stat
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from hezhi.ground.crypto import blind_index, decrypt, encrypt, random_key
from hezhi.ground.errors import Refusal

PURPOSES = {"field": 16, "blind": 32, "audit": 32, "file": 16}
"""Purpose → bytes: 16 for SM4, 32 for HMAC-SM3."""

_NAME = re.compile(r"^(field|blind|audit|file)\.v(\d+)\.key$")


class KeyRingRefused(Refusal):
    """The keys are missing or lie open (密钥不可用); the system does not start with them."""

    code = "records.keys"


class KeyRing:
    """All keys of an installation, read once."""

    def __init__(self, folder: Path) -> None:
        self._keys: dict[str, dict[int, bytes]] = {}
        for path in sorted(folder.glob("*.key")):
            found = _NAME.match(path.name)
            if found:
                self._keys.setdefault(found[1], {})[int(found[2])] = _read(path)
        missing = [purpose for purpose in PURPOSES if purpose not in self._keys]
        if missing:
            raise KeyRingRefused(
                f"缺少密钥:{'、'.join(missing)}。", "没有密钥就不能读写加密的个人信息。",
                "请从备份恢复密钥文件;全新安装请运行 ./run。",
            )  # fmt: skip

    def __repr__(self) -> str:
        return f"<KeyRing {', '.join(f'{p}: {len(v)}' for p, v in sorted(self._keys.items()))}>"

    def current(self, purpose: str) -> tuple[int, bytes]:
        """Version and key that seal now."""
        version = max(self._keys[purpose])
        return version, self._keys[purpose][version]

    def key(self, purpose: str, version: int) -> bytes:
        """A key by version; raises KeyRingRefused when it is gone."""
        try:
            return self._keys[purpose][version]
        except KeyError:
            raise KeyRingRefused(
                f"缺少第 {version} 版密钥。", "用这一版加密的内容暂时打不开。", "请从备份恢复该密钥文件。"
            ) from None


def _read(path: Path) -> bytes:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o377:
        raise KeyRingRefused(
            f"密钥文件 {path.name} 的权限是 {mode:04o},过于宽松。", "其他用户可能读到密钥。",
            f"请执行 chmod 0400 {path.name} 后重新启动。",
        )  # fmt: skip
    return base64.b64decode(path.read_text())


def create_key_ring(folder: Path) -> list[str]:
    """Make the first version of every key that is not there yet; gives the names of those made."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [_make(folder, p, 1) for p in PURPOSES if not list(folder.glob(f"{p}.v*.key"))]


def rotate(folder: Path, purpose: str) -> str:
    """Make the next version of a key (轮换); what is sealed with older ones stays readable."""
    versions = [int(m[2]) for p in folder.glob(f"{purpose}.v*.key") if (m := _NAME.match(p.name))]
    name = _make(folder, purpose, max(versions, default=0) + 1)
    ring.cache_clear()
    return name


def _make(folder: Path, purpose: str, version: int) -> str:
    path = folder / f"{purpose}.v{version}.key"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "w") as file:
        file.write(base64.b64encode(random_key(PURPOSES[purpose])).decode())
    return path.name


@lru_cache(maxsize=1)
def ring() -> KeyRing:
    """The ring of this installation, from `HEZHI_HOME/keys`."""
    return KeyRing(settings.HEZHI_HOME / "keys")


def seal(associated: str, clear: str) -> str:
    """Seal a text under the current key: `v1.` and base64; the empty text stays empty.

    `associated` (table.column) is bound in, so a sealed value cannot be moved to another column. The row's
    own id is not, because bulk inserts and history copies know it only later.
    """
    if clear == "":
        return ""
    version, key = ring().current("field")
    box = encrypt(key, clear.encode(), associated.encode())
    return f"v{version}.{base64.b64encode(box).decode()}"


def unseal(associated: str, sealed: str) -> str:
    """Open a sealed text. Raises crypto.Tampered when it was changed or moved."""
    if sealed == "":
        return ""
    version, _, box = sealed.partition(".")
    key = ring().key("field", int(version[1:]))
    return decrypt(key, base64.b64decode(box), associated.encode()).decode()


def blind(kind: str, value: str) -> str:
    """The print to look a sealed value up by (盲索引), hex; empty for an empty value."""
    if value == "":
        return ""
    return blind_index(ring().current("blind")[1], kind, value).hex()
