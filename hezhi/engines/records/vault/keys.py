"""The ring of keys (密钥环): files of mode 0400 outside the database, by purpose and version.

`field` seals values, `blind` makes look-up prints, `audit` guards the audit rows, `file` seals files.
The highest version seals; all versions open. A compartment (分隔) has field keys of its own, `field@name`:
what is sealed in it opens with no other key, so it can be kept apart, backed up apart and destroyed apart.
Keys never stand in a log, a repr or the database, and
never travel by pickle. They belong into their own backup, apart from the database's.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from django.conf import settings

from hezhi.ground.crypto import hmac_sm3, random_key, sm3, with_key
from hezhi.ground.errors import Refusal

if TYPE_CHECKING:
    from hezhi.ground.crypto_in_sets import ManySealer

__all__ = [
    "PURPOSES",
    "Key",
    "KeyRing",
    "KeyRingRefused",
    "create_compartment",
    "create_key_ring",
    "key_folder",
    "purpose_of",
    "ring",
    "rotate",
]

PURPOSES: Mapping[str, int] = {"field": 16, "blind": 32, "audit": 32, "file": 16}
"""Purpose → bytes: 16 for SM4, 32 for HMAC-SM3."""

_NAME = re.compile(r"^(field(?:@[a-z][a-z0-9_]{0,30})?|blind|audit|file)\.v([1-9][0-9]{0,3})\.key$")
_COMPARTMENT = re.compile(r"^[a-z][a-z0-9_]{0,30}$")
_WIDER_THAN_0400 = 0o377
_WRITTEN_BY_OTHERS = 0o022


class KeyRingRefused(Refusal):
    """The keys are missing, damaged or lie open (密钥不可用); the system does not start with them."""

    status = 503
    code = "keys_unusable"


@dataclass(frozen=True)
class Key:
    """One key of one purpose; hides itself."""

    purpose: str
    version: int
    secret: bytes = field(repr=False)

    @cached_property
    def print(self) -> Callable[[bytes], bytes]:
        """HMAC-SM3 under this key, with the key worked in once."""
        return with_key(self.secret)

    @cached_property
    def nonce_print(self) -> Callable[[bytes], bytes]:
        """The same under the key that nonces are made with."""
        return with_key(self.nonce_secret)

    @cached_property
    def nonce_secret(self) -> bytes:
        """A key of its own for making nonces, derived: one key should not serve two algorithms."""
        return hmac_sm3(self.secret, b"hezhi nonces")

    @cached_property
    def in_sets(self) -> ManySealer:
        """The key made ready to seal many texts at once (a field key only)."""
        from hezhi.ground.crypto_in_sets import ManySealer  # brings numpy, which only a large import needs

        return ManySealer(self.secret)

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys do not travel")


class KeyRing:
    """All keys of an installation, read once. Raises KeyRingRefused when one is missing or lies open."""

    def __init__(self, folder: Path) -> None:
        _check_folder(folder)
        self._keys: dict[str, dict[int, Key]] = {}
        for path in sorted(folder.glob("*.key")):
            if found := _NAME.match(path.name):
                key = _read(path, found[1], int(found[2]))
                self._keys.setdefault(key.purpose, {})[key.version] = key
        missing = [purpose for purpose in PURPOSES if purpose not in self._keys]
        if missing:
            raise KeyRingRefused(
                f"密钥文件夹里缺少 {'、'.join(missing)} 的密钥",
                "没有密钥就不能读写加密的个人信息，系统不能启动",
                "请从密钥备份恢复这些文件；只有全新的安装才可以运行 ./run 生成新密钥",
            )
        self._newest_first = {
            purpose: [key for _, key in sorted(versions.items(), reverse=True)]
            for purpose, versions in self._keys.items()
        }
        self._current = {purpose: versions[max(versions)] for purpose, versions in self._keys.items()}

    def __repr__(self) -> str:
        told = (f"{purpose} v{'/'.join(map(str, sorted(self._keys[purpose])))}" for purpose in self._keys)
        return f"<KeyRing {', '.join(told)}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys do not travel")

    def current(self, purpose: str) -> Key:
        """The key that seals now: the highest version. Raises KeyRingRefused for a compartment without a key."""
        if purpose not in self._current:
            raise _no_key(purpose, 1)
        return self._current[purpose]

    def has(self, purpose: str, version: int) -> bool:
        """Whether this version is on the ring."""
        return version in self._keys.get(purpose, ())

    def key(self, purpose: str, version: int) -> Key:
        """A key by version; raises KeyRingRefused when it is not on the ring."""
        if not self.has(purpose, version):
            raise _no_key(purpose, version)
        return self._keys[purpose][version]

    def newest_first(self, purpose: str) -> list[Key]:
        """All versions, the current one first."""
        return self._newest_first[purpose]


def _no_key(purpose: str, version: int) -> KeyRingRefused:
    return KeyRingRefused(
        f"密钥文件夹里缺少 {purpose} 的第 {version} 版密钥",
        "用这一版加密的内容暂时打不开，内容本身没有丢失",
        f"请从密钥备份恢复 {purpose}.v{version}.key，无需重启",
    )


def purpose_of(compartment: str = "") -> str:
    """The purpose under which a compartment's field keys stand on the ring; the common ones for none."""
    if compartment and not _COMPARTMENT.match(compartment):
        raise ValueError(f"no name for a compartment: {compartment!r}")
    return f"field@{compartment}" if compartment else "field"


def _size(purpose: str) -> int:
    """How many bytes a key of this purpose has."""
    return PURPOSES[purpose.partition("@")[0]]


def _check_folder(folder: Path) -> None:
    if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & _WRITTEN_BY_OTHERS:
        raise KeyRingRefused(
            f"密钥文件夹 {folder.name} 允许其他用户写入",
            "别人可以换掉其中的密钥，系统不能启动",
            f"请执行 chmod 0700 {folder.name} 后重新启动",
        )


def _read(path: Path, purpose: str, version: int) -> Key:
    seen = path.stat()
    mode = stat.S_IMODE(seen.st_mode)
    if mode & _WIDER_THAN_0400:
        raise KeyRingRefused(
            f"密钥文件 {path.name} 的权限是 {mode:04o}，应为 0400",
            "密钥可能被他人读到或改写，系统不能启动",
            f"请执行 chmod 0400 {path.name} 后重新启动；若怀疑已泄露，请先轮换密钥",
        )
    if seen.st_uid not in (os.geteuid(), 0):
        raise KeyRingRefused(
            f"密钥文件 {path.name} 不属于运行本系统的用户",
            "它的主人可以随时换掉密钥，系统不能启动",
            f"请执行 chown 改正 {path.name} 的属主后重新启动",
        )
    return Key(purpose, version, _parsed(path, purpose, version))


def _parsed(path: Path, purpose: str, version: int) -> bytes:
    """A key file is one line: purpose, version, key in base64, and the first signs of its SM3.

    A key with one wrong bit would seal new data that nobody can ever open again, so it proves itself.
    """
    words = path.read_text("ascii", "replace").split()
    try:
        secret = base64.b64decode(words[2], validate=True)
    except (IndexError, binascii.Error):
        secret = b""
    if words != _line(purpose, version, secret).split() or len(secret) != _size(purpose):
        raise KeyRingRefused(
            f"密钥文件 {path.name} 已损坏，或被改了名字",
            "用错误的密钥加密的内容将永远打不开，系统不能启动",
            "请从密钥备份恢复这个文件",
        )
    return secret


def _line(purpose: str, version: int, secret: bytes) -> str:
    return f"{purpose} v{version} {base64.b64encode(secret).decode()} {sm3(secret).hex()[:8]}\n"


def create_key_ring(folder: Path) -> list[str]:
    """Make the first version of every key that is not there yet; gives the names of those made.

    For a new installation only: over an existing database a missing key is restored, never replaced.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = []
    for purpose in PURPOSES:
        if not list(folder.glob(f"{purpose}.v*.key")):
            with suppress(FileExistsError):  # another process of this installation was quicker
                made.append(_make(folder, purpose, 1))
    return made


def create_compartment(name: str, folder: Path | None = None) -> bool:
    """Make the first key of a compartment when it has none (新建分隔密钥); gives whether one was made.

    Back it up apart from the others. Without it what lies in the compartment cannot be read by anybody.
    """
    place, purpose = folder or key_folder(), purpose_of(name)
    if _has_key(place, purpose):
        return False
    with suppress(FileExistsError):  # another process was quicker
        _make(place, purpose, 1)
    ring.cache_clear()
    return True


def _has_key(folder: Path, purpose: str) -> bool:
    return any(found and found[1] == purpose for found in map(_NAME.match, (p.name for p in folder.glob("*.key"))))


def rotate(folder: Path, purpose: str) -> str:
    """Make the next version of a key (密钥轮换) and give its file's name; older ones stay for reading.

    This process seals with it at once, others when they next start or meet a value of the new version.
    Afterwards run `reencrypt_all` (field) or `reindex` (blind) as a job.
    """
    if purpose.partition("@")[0] not in PURPOSES or (purpose.startswith("field@") and not _has_key(folder, purpose)):
        raise ValueError(f"no purpose called {purpose!r}")
    versions = [int(found[2]) for path in folder.glob(f"{purpose}.v*.key") if (found := _NAME.match(path.name))]
    name = _make(folder, purpose, max(versions, default=0) + 1)
    ring.cache_clear()
    return name


def _make(folder: Path, purpose: str, version: int) -> str:
    """Write a key aside and put it in place whole; raises FileExistsError rather than replace one."""
    path = folder / f"{purpose}.v{version}.key"
    handle, aside = tempfile.mkstemp(prefix=".new-", dir=folder)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(_line(purpose, version, random_key(_size(purpose))))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, 0o400)
        os.link(aside, path)
    finally:
        os.unlink(aside)
    return path.name


def key_folder() -> Path:
    """Where this installation's keys lie."""
    return Path(getattr(settings, "HEZHI_KEYS", None) or Path(settings.HEZHI_HOME) / "keys")


@lru_cache(maxsize=1)
def ring() -> KeyRing:
    """The ring of this installation, from `HEZHI_HOME/keys` (or the setting HEZHI_KEYS)."""
    return KeyRing(key_folder())
