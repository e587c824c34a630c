"""What this machine offers to the database server (本机条件): programs, a user, a port, memory.

Only the standard library; see `cluster`.
"""

import os
import pwd
import re
import shutil
import socket
import time
import zlib
from pathlib import Path

from hezhi.wiring.voice import Trouble

OLDEST = 15
FIRST_PORT, PORTS = 21_000, 10_000  # below the range from which systems lend ports to clients


def program(name: str, version: str = "") -> str:
    """The path of one of PostgreSQL's programs, of the newest version unless one is asked for."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda f: int(f.parent.name), reverse=True)
    for folder in folders:
        if (not version or folder.parent.name == version) and (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found and not version:
        return found
    wanted = f"PostgreSQL {version or f'{OLDEST} 以上'}"
    raise Trouble(
        f"本机没有 {wanted} 的 {name}。请安装 postgresql 和 postgresql-postgis，或设置 DATABASE_URL 使用已有的数据库。",
        f"PostgreSQL {version or f'>= {OLDEST}'} ({name}) is missing. Install it with PostGIS, or set DATABASE_URL.",
    )


def server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: `postgres` when we are root (it refuses root), else ourselves (None)."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise Trouble(
            "以 root 运行时需要系统用户 postgres（随 Debian 的 postgresql 软件包创建）。",
            "Run by root, the database needs the system user postgres (it comes with Debian's postgresql package).",
        ) from None


def check_passable(folder: Path) -> None:
    """Refuse a folder that the server's user cannot reach, for instance one below /root."""
    if server_user() is None:
        return
    for parent in [folder, *folder.parents]:
        if not parent.stat().st_mode & 0o001:
            raise Trouble(
                f"数据库用户 postgres 无法进入 {parent}。请把 HEZHI_HOME 设到别处，例如 /var/lib/hezhi。",
                f"The database's user postgres may not enter {parent}. Set HEZHI_HOME elsewhere, e.g. /var/lib/hezhi.",
            )


def is_free(port: int) -> bool:
    """Whether a server may listen on this port of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(seed: str) -> int:
    """A free port, the same for the same seed as long as it can be had."""
    start = zlib.crc32(seed.encode()) % PORTS
    for step in range(PORTS):
        port = FIRST_PORT + (start + step) % PORTS
        if is_free(port):
            return port
    raise Trouble("本机没有空闲端口。", "There is no free port on this machine.")


def memory() -> int:
    """Bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def memory_settings() -> dict[str, str]:
    """PostgreSQL's memory for this machine: an eighth of it shared, 512 MB at most."""
    shared = max(64, min(512, memory() // 2**20 // 8))
    chosen = {"shared_buffers": f"'{shared}MB'", "work_mem": "'16MB'", "maintenance_work_mem": "'128MB'"}
    # Containers often have 64 MB of /dev/shm; a parallel query would then fail half way.
    if not Path("/dev/shm").is_dir() or shutil.disk_usage("/dev/shm").total < 2**28:
        chosen["dynamic_shared_memory_type"] = "mmap"
    return chosen


def children(parent: int) -> list[int]:
    """Process numbers of the direct children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


def wait_gone(numbers: list[int], seconds: float = 20) -> None:
    """Wait until none of these processes is alive (zombies count as gone)."""
    until = time.monotonic() + seconds
    while any(is_alive(number) for number in numbers) and time.monotonic() < until:
        time.sleep(0.02)


def is_alive(number: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"


def tail(log: Path, lines: int = 4) -> str:
    """The last lines of a log, on one line, for an error message."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return ""
    return " | ".join(re.sub(r"\s+", " ", line) for line in text.strip().splitlines()[-lines:])
