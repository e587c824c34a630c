"""The build of the front end (前端构建): once, and again when a source or the lock file changed."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.voice import Trouble, say

SOURCES = CHECKOUT / "hezhi/ground/ui/frontend"
BUILT = CHECKOUT / "hezhi/ground/ui/static/hezhi"
MODULES = CHECKOUT / "node_modules"
OLDEST_NODE = 18


def digest(paths: Iterable[Path]) -> str:
    """Digest of files' names and contents; a folder stands for all files in it."""
    total = hashlib.sha256()
    for top in paths:
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file():
                total.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def build() -> bool:
    """Install what package-lock.json says and build; True when there was something to do."""
    lock = [CHECKOUT / "package.json", CHECKOUT / "package-lock.json"]
    if _stamp_differs(MODULES / ".hezhi", digest(lock)):
        say("正在安装前端依赖……", "Installing the front end's packages…")
        _run([node_tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci")
        (MODULES / ".hezhi").write_text(digest(lock))
    wanted = digest([SOURCES, *lock, CHECKOUT / "scripts/build_frontend.mjs"])
    if not _stamp_differs(BUILT / ".built", wanted) and BUILT.exists():
        return False
    say("正在构建前端……", "Building the front end…")
    _run([node_tool("node"), "scripts/build_frontend.mjs"], "build_frontend")
    BUILT.mkdir(parents=True, exist_ok=True)
    (BUILT / ".built").write_text(wanted)
    return True


def node_tool(name: str) -> str:
    """node or npm: the machine's own when new enough, else the one in `.venv`."""
    own = shutil.which("node")
    if own and shutil.which("npm") and _node_version(own) >= OLDEST_NODE:
        return str(shutil.which(name))
    ours = CHECKOUT / ".venv/bin" / name
    if ours.exists():
        return str(ours)
    raise Trouble(
        f"没有 Node.js {OLDEST_NODE} 以上版本。请重新运行 ./run，它会自动安装。",
        f"There is no Node.js >= {OLDEST_NODE}. Run ./run again: it installs one.",
    )


def _node_version(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True)
    digits = done.stdout.strip().lstrip("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def _stamp_differs(stamp: Path, wanted: str) -> bool:
    return not stamp.exists() or stamp.read_text() != wanted


def _run(command: list[str], name: str) -> None:
    path = f"{CHECKOUT}/.venv/bin:{os.environ.get('PATH', '')}"
    if Path(command[0]).parent != CHECKOUT / ".venv/bin":
        path = os.environ.get("PATH", "")
    done = subprocess.run(command, cwd=CHECKOUT, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    if done.returncode:
        last = " | ".join((done.stderr or done.stdout).strip().splitlines()[-6:])
        raise Trouble(
            f"前端构建失败（{name}）：{last}", f"The build of the front end failed ({name}); the reason is above."
        )


if __name__ == "__main__":
    build()
