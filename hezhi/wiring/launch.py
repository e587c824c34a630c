"""`./run`, once everything is installed (启动): one command opens the house, Ctrl-C closes it.

Database, tables, files, demo district, then the processes, watched until the end.
"""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from hezhi.wiring import certificate, frontend, machine, media
from hezhi.wiring.cluster import Cluster, main_cluster
from hezhi.wiring.file_place import file_place
from hezhi.wiring.places import CHECKOUT, home, open_folder, private_folder
from hezhi.wiring.prepare import Preparation, clean_environment
from hezhi.wiring.supervisor import Part, Supervisor
from hezhi.wiring.voice import Trouble, fail, say

PORT = 8300
NEEDED_BYTES = 300 * 2**20
PATIENCE = 120.0
DOORS = [("市民手机页", "/c/"), ("网格员手机页（先登录）", "/g/"), ("指挥大屏（先登录）", "/wall/")]
"""The doors beside the desk, told at each start: nobody guesses an address."""
# Two thousand open pages in one process; without the backpressure the server would let in about half.
STREAM_FLAGS = ("--backlog", "4096", "--backpressure", "8192", "--http1-buffer-size", "8192", "--runtime-mode", "st")
EVERYWHERE = "0.0.0.0"  # noqa: S104  only with --https, for phones in the same network


def parts(
    port: int, *, host: str = "127.0.0.1", tls: tuple[Path, Path] | None = None, web_workers: str = ""
) -> list[Part]:
    """The processes of one installation: pages and API, live news on the next port, jobs."""
    secure = ["--ssl-certificate", str(tls[0]), "--ssl-keyfile", str(tls[1])] if tls else []
    shared = ["--host", host, "--log-level", "warning", *secure]
    warm, granian = [sys.executable, "-m", "hezhi.wiring.warm", *shared], [sys.executable, "-m", "granian", *shared]
    workers = web_workers or os.environ.get("HEZHI_WEB_WORKERS") or str(max(2, min(4, os.cpu_count() or 2)))
    threads = os.environ.get("HEZHI_WEB_THREADS") or "4"
    web = [
        "--no-ws",
        "--interface",
        "wsgi",
        "--workers",
        workers,
        "--blocking-threads",
        threads,
        "--respawn-failed-workers",
    ]
    chosen = [
        Part("web", "网页服务", (*warm, "--port", str(port), *web, "hezhi.wiring.wsgi:application")),
        Part("worker", "后台任务", (sys.executable, str(CHECKOUT / "manage.py"), "worker")),
    ]
    if find_spec("hezhi.wiring.stream"):
        news = ["--interface", "asgi", *STREAM_FLAGS, "hezhi.wiring.stream:application"]
        chosen.append(Part("stream", "实时消息服务", (*granian, "--port", str(port + 1), *news)))
    return chosen


def main(words: list[str] | None = None) -> None:
    """Open the house and stay until Ctrl-C."""
    options = _options(words)
    os.umask(0o077)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _as_interrupt)
    try:
        with _only_one():
            _open(options)
    except Trouble as trouble:
        fail(trouble)
    except KeyboardInterrupt:
        say("已全部停止。", "Everything is stopped.")


def _options(words: list[str] | None) -> argparse.Namespace:
    reader = argparse.ArgumentParser("./run", description="启动合治 / start Hezhi")
    reader.add_argument("--port", type=int, default=int(os.environ.get("HEZHI_PORT", PORT)), help="端口 / port")
    reader.add_argument("--https", action="store_true", help="用自签证书对局域网开放，供手机试用 / TLS for phones")
    reader.add_argument("--messages", type=Path, metavar="FILE", help="改用文件里的真实诉求 / stream real messages")
    reader.add_argument("--empty", action="store_true", help="不载入演示数据 / no demo data")
    options = reader.parse_args(words)
    if options.messages:
        options.messages = options.messages.resolve()
        if not options.messages.is_file():
            fail(Trouble(f"找不到诉求文件 {options.messages}。", f"There is no file {options.messages}."))
        if options.empty:
            fail(
                Trouble(
                    "--messages 用于演示，不能与 --empty 同用。正式环境请在页面导入，或用 .venv/bin/hezhi import cases。",
                    "--messages is for a demonstration and does not go with --empty: import on screen or with that command.",
                )
            )
    return options


def _open(options: argparse.Namespace) -> None:
    file_place(os.environ, home())
    _check_disk()
    _check_ports(options.port)
    frontend.build()
    foreign = bool(os.environ.get("DATABASE_URL"))
    cluster = None if foreign else main_cluster()
    started = bool(cluster and cluster.start())
    supervisor = None
    try:
        environment = _environment(options, cluster)
        fresh = _prepare(options, environment, foreign)
        supervisor = _supervisor(options, environment)
        supervisor.start()
        _wait_until_open(supervisor, options)
        accounts = home() / "demo-accounts.txt"
        waiting = bool(options.messages) and not accounts.exists()  # the people come with the messages, in a while
        _greet(options, fresh)
        while True:
            supervisor.tend()
            if waiting and accounts.exists():
                waiting = False
                _tell_accounts(accounts, fresh=True)
            time.sleep(0.5)
    finally:
        with _deaf():  # a second Ctrl-C must not leave half of it running
            if supervisor:
                supervisor.stop()
            media.forget(home())
            if cluster and started:
                cluster.stop()


def _environment(options: argparse.Namespace, cluster: Cluster | None) -> dict[str, str]:
    chosen = clean_environment() | {"HEZHI_HOME": str(home()), "HEZHI_PORT": str(options.port)}
    chosen |= {"HEZHI_STREAM_PORT": str(options.port + 1), "DJANGO_SETTINGS_MODULE": "hezhi.wiring.settings"}
    chosen |= cluster.environment() if cluster else {}
    chosen |= {"HEZHI_DEMO": "1"} if not options.empty else {}
    if options.https:
        chosen |= {"HEZHI_TLS": "1", "HEZHI_HOSTS": ",".join(certificate.names())}
    return chosen


def _prepare(options: argparse.Namespace, environment: dict[str, str], foreign: bool) -> bool:
    """Bring database and files up to date; True when the demo district was loaded just now."""
    steps = Preparation(home(), environment)
    if foreign:
        steps.check_database()
        steps.grant()
    steps.migrate()
    steps.furnish()
    steps.collect_static()
    if options.empty:
        return False
    steps.refuse_people()
    return not options.messages and steps.load_demo()


def _supervisor(options: argparse.Namespace, environment: dict[str, str]) -> Supervisor:
    host, tls = (EVERYWHERE, certificate.make(home() / "keys")) if options.https else ("127.0.0.1", None)
    chosen = parts(options.port, host=host, tls=tls)
    lacking = media.missing()
    if lacking:
        media.forget(home())
        say(lacking, "No calls by voice or video here: Janus or a network address is missing. All else works.")
    else:
        chosen.append(media.part(home()))
    if options.messages:
        command = (sys.executable, str(CHECKOUT / "manage.py"), "load_demo", "--messages", str(options.messages))
        chosen.append(Part("messages", "诉求导入", command, once=True, loud=True))
    # What serves the public never learns the owner's password: it could erase the audit.
    served = {name: value for name, value in environment.items() if name != "DATABASE_OWNER_URL"}
    return Supervisor(chosen, private_folder(home() / "log"), served, CHECKOUT)


def _wait_until_open(supervisor: Supervisor, options: argparse.Namespace) -> None:
    until = time.monotonic() + PATIENCE
    address = f"{'https' if options.https else 'http'}://127.0.0.1:{options.port}/accounts/login/"
    while not answers(address):
        supervisor.tend()
        if time.monotonic() > until:
            log = supervisor.log_of("web")
            raise Trouble(
                f"网页在 {PATIENCE:.0f} 秒内没有应答。日志 {log} 末尾：{machine.tail(log)}",
                f"The page did not answer within {PATIENCE:.0f} s; see {log}.",
            )
        time.sleep(0.3)


def answers(address: str) -> bool:
    """Whether a page answers without a server fault. Our own certificate is not checked against anybody."""
    context = ssl._create_unverified_context() if address.startswith("https") else None  # noqa: S323
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), *([urllib.request.HTTPSHandler(context=context)] if context else [])
    )
    try:
        with direct.open(address, timeout=10) as reply:
            return bool(reply.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _greet(options: argparse.Namespace, fresh: bool) -> None:
    scheme = "https" if options.https else "http"
    here = f"{scheme}://127.0.0.1:{options.port}"
    say(f"已就绪：{here}/", "Ready. Ctrl-C stops everything.")
    for name, path in DOORS:
        print(f"       {here + path:<32}{name}")
    if options.https:
        for name in certificate.names():
            if name[0].isdigit() and not name.startswith("127."):
                print(f"       手机访问 / on a phone: https://{name}:{options.port}/")
    if not options.empty:
        _tell_accounts(home() / "demo-accounts.txt", fresh)
    else:
        say("用 .venv/bin/hezhi createadmin 创建首批管理员。", "Create the first administrators with that command.")
    state = {"pid": os.getpid(), "port": options.port, "https": options.https, "demo": not options.empty}
    (home() / "run/state.json").write_text(json.dumps(state))


def _tell_accounts(path: Path, fresh: bool) -> None:
    """One account of each role; passwords are shown once, by the run that made them."""
    lines = [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []
    first_of_role = {role: (login, password, name) for login, password, role, _, name in reversed(lines)}
    for role, (login, password, name) in reversed(first_of_role.items()):
        print(f"       {login:<20}{password if fresh else '······':<24}{role}({name})")
    if lines:
        say(
            f"全部 {len(lines)} 个演示账号和口令见 {path}（仅本人可读）。",
            "All demo accounts and passwords are in that file.",
        )


def _check_disk() -> None:
    free = shutil.disk_usage(home()).free
    if free < NEEDED_BYTES:
        raise Trouble(
            f"磁盘空间不足：{home()} 所在分区仅剩 {free // 2**20} MB，至少需要 {NEEDED_BYTES // 2**20} MB。请清理后重新运行 ./run。",
            f"Disk full: {free // 2**20} MB left for {home()}. Free some and run ./run again.",
        )


def _check_ports(port: int) -> None:
    for number in (port, port + 1):
        if not machine.is_free(number):
            raise Trouble(
                f"端口 {number} 已被其他程序占用。请换一个端口，例如 ./run --port {port + 10}。",
                f"Port {number} is taken. Choose another, e.g. ./run --port {port + 10}.",
            )


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """One `./run` per data folder."""
    open_folder(home())
    for name in ("keys", "files", "log", "run"):
        private_folder(home() / name)
    with (home() / "run/launch.lock").open("a+") as lock:
        _take(lock)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        (home() / "run/state.json").unlink(missing_ok=True)


def _take(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise Trouble(
            f"系统已在运行（进程 {lock.read().strip()}）。用 make stop 停止，或直接打开它的网页。",
            "Hezhi is running already. Stop it with `make stop`, or just open its page.",
        ) from None


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _as_interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
