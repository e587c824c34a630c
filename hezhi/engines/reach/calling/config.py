"""The configuration of the media server (Janus 的配置), written anew at each start into the data folder.

Only the standard library: these lines run before anything else of the house. No address but the loopback
is listened on; pictures and sound go over one interface that is named.
"""

import glob
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PLUGINS_OFF = (
    "voicemail",
    "duktape",
    "lua",
    "nosip",
    "videocall",
    "sip",
    "recordplay",
    "echotest",
    "streaming",
    "textroom",
)
TRANSPORTS_OFF = ("mqtt", "nanomsg", "pfunix", "rabbitmq")
HANDLERS_OFF = ("gelfevh", "mqttevh", "nanomsgevh", "rabbitmqevh", "sampleevh", "wsevh")


@dataclass(frozen=True)
class MediaServer:
    """What one run of the media server is told. `address` is the one interface for media; `api` stays on the loopback."""

    folder: Path
    address: str
    admin_port: int
    socket_port: int
    media_ports: str = "20000-20199"
    public_address: str = ""
    api: str = "127.0.0.1"
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def files(of: MediaServer) -> dict[str, str]:
    """The configuration files by name. Raises ValueError for an address of the loopback: the server would then take all."""
    if of.address.startswith("127.") or of.address in ("", "::1", "0.0.0.0"):  # noqa: S104 - refused, not bound
        raise ValueError("the media server needs one address that is not the loopback")
    return {
        "janus.jcfg": _core(of),
        "janus.transport.http.jcfg": _section("general", json="compact", base_path="/janus", http=False, https=False)
        + _section("admin", admin_base_path="/admin", admin_http=True, admin_port=of.admin_port, admin_ip=of.api, admin_https=False),
        "janus.transport.websockets.jcfg": _section("general", json="compact", pingpong_trigger=30, pingpong_timeout=10, ws=True, ws_port=of.socket_port, ws_ip=of.api, wss=False)
        + _section("admin", admin_ws=False, admin_wss=False),
        "janus.plugin.videoroom.jcfg": _section("general", admin_key=of.secrets["room_key"], lock_rtp_forward=True, string_ids=True),
        "janus.plugin.audiobridge.jcfg": _section("general", admin_key=of.secrets["room_key"], lock_rtp_forward=True, lock_play_file=True, string_ids=True),
    }  # fmt: skip


def _core(of: MediaServer) -> str:
    library = _library()
    nat = {"ice_enforce_list": of.address, "full_trickle": True, "ignore_mdns": False}
    if of.public_address:
        nat |= {"nat_1_1_mapping": of.public_address, "keep_private_host": False}
    return (
        _section(
            "general", configs_folder=of.folder, plugins_folder=f"{library}/plugins", transports_folder=f"{library}/transports",
            events_folder=f"{library}/events", loggers_folder=f"{library}/loggers", debug_level=3, debug_colors=False,
            debug_timestamps=True, api_secret=of.secrets["api_secret"], token_auth=True, token_auth_secret=of.secrets["token_key"],
            admin_secret=of.secrets["admin_secret"], server_name="hezhi", session_timeout=60, reclaim_session_timeout=20,
            hide_dependencies=True,
        )
        + _section("media", rtp_port_range=of.media_ports)
        + _section("nat", **nat)
        + _section("plugins", disable=",".join(f"libjanus_{name}.so" for name in PLUGINS_OFF))
        + _section("transports", disable=",".join(f"libjanus_{name}.so" for name in TRANSPORTS_OFF))
        + _section("events", broadcast=False, disable=",".join(f"libjanus_{name}.so" for name in HANDLERS_OFF), stats_period=0)
    )  # fmt: skip


def _library() -> str:
    """Where the package keeps the server's own libraries; the folder's name tells the machine's kind."""
    found = sorted(glob.glob("/usr/lib/*/janus")) + sorted(glob.glob("/usr/local/lib/janus")) + ["/usr/lib/janus"]
    return found[0]


def _section(name: str, **values: object) -> str:
    lines = "".join(f"\t{key} = {_value(value)}\n" for key, value in values.items())
    return f"{name}: {{\n{lines}}}\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    told = str(value)
    if '"' in told or "\\" in told or "\n" in told:
        raise ValueError("a value of the configuration may hold no quotes, backslashes or new lines")
    return f'"{told}"'
