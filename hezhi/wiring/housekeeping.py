"""`make stop` and `make reset` (停止与重置)."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from hezhi.wiring import machine
from hezhi.wiring.cluster import Cluster, main_cluster
from hezhi.wiring.places import home, test_homes
from hezhi.wiring.voice import Trouble, fail, say


def stop() -> None:
    """Stop a running `./run`, then the private database servers of this checkout."""
    stopped = _stop_run()
    for cluster in _clusters():
        stopped |= cluster.stop()
    if stopped:
        say("已停止。", "Stopped.")
    else:
        say("没有在运行的内容。", "Nothing was running.")


def reset() -> None:
    """Delete this checkout's data folder after a question. A database behind DATABASE_URL is never touched."""
    if os.environ.get("DATABASE_URL"):
        raise Trouble(
            "已设置 DATABASE_URL：外部数据库不会被删除，请由其管理员处理。",
            "DATABASE_URL is set: a foreign database is never deleted from here.",
        )
    folders = [folder for folder in {home(), *test_homes()} if folder.exists()]
    if not folders:
        say("没有数据可删除。", "There is nothing to delete.")
        return
    for folder in folders:
        _must_be_ours(folder)
    say(f"将删除 {home()} 中的全部数据（数据库、密钥、附件），不可恢复。", "All data there will be deleted for good.")
    if os.environ.get("HEZHI_RESET") != "yes" and input("       输入 yes 继续 / type yes to go on: ").strip() != "yes":
        say("未作任何改动。", "Nothing was changed.")
        return
    stop()
    for cluster in _clusters():
        cluster.remove()
    for folder in folders:
        if folder.exists():  # one lies within another
            shutil.rmtree(folder)
    say("已删除。重新运行 ./run 即可从头开始。", "Deleted. ./run begins anew.")


def _clusters() -> list[Cluster]:
    of_tests = [folder for place in test_homes() for folder in (*place.glob("**/cluster"), *place.glob("own-*"))]
    folders = [main_cluster().folder, *of_tests]
    return [Cluster(folder) for folder in folders if folder.exists()]


def _stop_run() -> bool:
    """End the `./run` of this data folder, if its number still belongs to one."""
    try:
        number = int((home() / "run/launch.lock").read_text())
        called = Path(f"/proc/{number}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    if b"hezhi.wiring.launch" not in called:
        return False
    os.kill(number, signal.SIGTERM)
    machine.wait_gone([number], 40)
    time.sleep(0.1)
    return True


def _must_be_ours(folder: Path) -> None:
    """Only what is ours is deleted: the folder must carry our marks, looked for before anything is gone."""
    known = {"cluster", "test", "keys", "files", "log", "run", "static", "calls", "lock"}
    begun = ("demo-", "own-", "scratch-")
    found = [path.name for path in folder.iterdir()]
    if found and not any(name in known or name.startswith(begun) for name in found):
        raise Trouble(f"{folder} 不像合治的数据目录，未删除。", f"{folder} does not look like our data folder.")


def main(words: list[str]) -> None:
    """`python -m hezhi.wiring.housekeeping stop|reset`."""
    {"stop": stop, "reset": reset}[words[0]]()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Trouble as trouble:
        fail(trouble)
