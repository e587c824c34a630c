"""Where things live on this machine (数据目录): the checkout and its data folder.

Only the standard library: these lines run before anything is installed.
"""

import hashlib
import json
import os
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
MEMORY = Path("/dev/shm")
ROOM_FOR_TESTS = 4 * 2**30


def default_home() -> Path:
    """The data folder of this checkout when `HEZHI_HOME` says nothing.

    Two checkouts on one machine must never share a database, so the name carries a digest of the
    checkout's path. The database server cannot read below /root, hence /var/lib for root.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", CHECKOUT.name.lower()).strip("-") or "hezhi"
    digest = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:6]
    base = Path("/var/lib/hezhi") if os.geteuid() == 0 else Path.home() / ".local/share/hezhi"
    return base / f"{slug}-{digest}"


def home() -> Path:
    """The data folder in use (数据目录): `HEZHI_HOME`, or the default of this checkout."""
    told = os.environ.get("HEZHI_HOME", "").strip()
    return Path(told).expanduser().resolve() if told else default_home()


def test_home() -> Path:
    """Where databases, keys and scratch files of test runs live (测试用数据目录): in memory where there is plenty of it.

    To make a database is to make some thousand files, which costs a disk twenty times what it costs memory
    (decision 0113). What lies there is made again after a restart of the machine. `HEZHI_TEST_HOME` says otherwise.
    """
    told = os.environ.get("HEZHI_TEST_HOME", "").strip()
    if told:
        return Path(told)
    quick, slow = test_homes()
    return quick if _roomy() and _ours(quick) else slow


def test_homes() -> tuple[Path, Path]:
    """The two places where `test_home` may have been, in memory and on disk."""
    return MEMORY / f"hezhi-{home().name}", home() / "test"


def _roomy() -> bool:
    """Is there a file system in memory with more room than a run of all tests ever takes?"""
    try:
        free = os.statvfs(MEMORY)
        told = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        kinds = {line.split()[1]: line.split()[2] for line in Path("/proc/mounts").read_text().splitlines()}
        available = int(told["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return False
    return kinds.get(str(MEMORY)) == "tmpfs" and min(free.f_bavail * free.f_frsize, available / 2) >= ROOM_FOR_TESTS


def _ours(folder: Path) -> bool:
    """Anybody may make folders there: one that is another's is left alone."""
    try:
        return folder.lstat().st_uid == os.geteuid() and not folder.is_symlink()
    except FileNotFoundError:
        return os.access(MEMORY, os.W_OK)


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can open, and return it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def open_folder(path: Path) -> Path:
    """Make a folder that other users may pass through (not read), and return it.

    The database server runs as another user below it.
    """
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o711)
    return path


def adopt_cluster() -> None:
    """Let a command typed by hand find the private cluster's addresses, as `./run` would tell them.

    Does nothing when `DATABASE_URL` is set or there is no private cluster yet.
    """
    os.environ.setdefault("HEZHI_HOME", str(home()))
    notes = home() / "cluster" / "cluster.json"
    if os.environ.get("DATABASE_URL") or not os.access(notes, os.R_OK):
        return
    known = json.loads(notes.read_text())
    for name, role in (("DATABASE_URL", "hezhi_app"), ("DATABASE_OWNER_URL", "hezhi_owner")):
        os.environ[name] = f"postgres://{role}:{known['passwords'][role]}@127.0.0.1:{known['port']}/hezhi"
