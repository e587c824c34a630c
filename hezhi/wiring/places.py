"""Where things live on this machine (数据目录): the checkout and its data folder.

Only the standard library: these lines run before anything is installed.
"""

import hashlib
import json
import os
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


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
