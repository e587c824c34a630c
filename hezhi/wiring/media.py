"""The media server as one more process of a run (音视频服务): its configuration, its secrets, whom it runs as.

Where the machine has none, or no address but the loopback, the house opens all the same and says what is missing.
Only the standard library.
"""

import json
import os
import secrets
import shutil
import socket
from pathlib import Path

from hezhi.engines.reach.calling.config import MediaServer, files
from hezhi.wiring import machine
from hezhi.wiring.places import open_folder
from hezhi.wiring.supervisor import Part

NAME, TITLE = "calls", "音视频服务"
LENT_USER = 61399
"""Run by root, the server gets a user number that no account has (from the range systems lend to services): it
can read its own folder and nothing else of ours."""


def notes_of(home: Path) -> Path:
    """Where the pages read the ports and secrets of the running server; mode 0600."""
    return home / "run" / "calls.json"


def missing(address: str = "") -> str:
    """Why this machine cannot run the media server (缺什么), in a sentence; empty when it can."""
    if shutil.which("janus") is None:
        return "本机没有 janus，语音和视频通话不可用，其他功能不受影响。需要时执行 apt-get install janus 后重新运行。"
    if not (address or own_address()):
        return "本机没有可用的网络地址，语音和视频通话不可用，其他功能不受影响。可用 HEZHI_RTC_ADDRESS 指定网卡地址。"
    return ""


def part(home: Path, *, address: str = "", api: str = "127.0.0.1", before: tuple[str, ...] = ()) -> Part:
    """The process, with a fresh configuration and fresh secrets. `before` is put before its command (a namespace)."""
    server = MediaServer(
        folder=home / "calls", address=address or own_address(), api=api, admin_port=machine.free_port(f"{home}calls-admin"),
        socket_port=machine.free_port(f"{home}calls-socket"), media_ports=os.environ.get("HEZHI_RTP_PORTS", "20000-20199"),
        public_address=os.environ.get("HEZHI_RTC_PUBLIC", ""),
        secrets={name: secrets.token_hex(24) for name in ("api_secret", "admin_secret", "token_key", "room_key")},
    )  # fmt: skip
    _write(server)
    notes = {"api": server.api, "admin_port": server.admin_port, "socket_port": server.socket_port, "address": server.address,
             "media_ports": server.media_ports, "secrets": dict(server.secrets)}  # fmt: skip
    _keep(notes_of(home), json.dumps(notes))
    command = (
        shutil.which("janus") or "janus",
        "--config",
        str(server.folder / "janus.jcfg"),
        "--configs-folder",
        str(server.folder),
    )
    return Part(NAME, TITLE, (*before, *_as_nobody(), *command), optional=True)


def forget(home: Path) -> None:
    """The server is stopped: what its run was told opens nothing any more."""
    notes_of(home).unlink(missing_ok=True)
    shutil.rmtree(home / "calls", ignore_errors=True)


def own_address() -> str:
    """The address by which other machines reach this one (媒体地址): the told one, or that of the way out; no packet is sent."""
    told = os.environ.get("HEZHI_RTC_ADDRESS", "").strip()
    if told:
        return told
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        found = str(probe.getsockname()[0])
    return "" if found.startswith("127.") or found == "0.0.0.0" else found  # noqa: S104 - compared, not bound


def _write(server: MediaServer) -> None:
    """The folder anew, for the server's own user alone: a file left by an earlier run must not be read."""
    shutil.rmtree(server.folder, ignore_errors=True)
    open_folder(server.folder.parent)
    server.folder.mkdir(mode=0o700)
    for name, text in files(server).items():
        _keep(server.folder / name, text)
    if os.geteuid() == 0:
        for path in (server.folder, *server.folder.iterdir()):
            os.chown(path, LENT_USER, LENT_USER)


def _keep(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _as_nobody() -> tuple[str, ...]:
    """Never as root. The kernel must still end it with us, so the death signal is set after the user has changed."""
    if os.geteuid() != 0:
        return ()
    number = str(LENT_USER)
    return (
        shutil.which("setpriv") or "setpriv", "--reuid", number, "--regid", number, "--clear-groups", "--no-new-privs",
        "--inh-caps=-all", "--pdeathsig", "TERM", "--",
    )  # fmt: skip
