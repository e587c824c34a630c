"""The media server Janus behind the port of calls (通话引擎): rooms, one token for each entry, and whether it is there.

The house speaks to it by the administration's door on the loopback (`message_plugin`), which needs no session.
Every call is a room of sound that the server mixes (AudioBridge), and for pictures a room that it passes on
(VideoRoom) of the same name. Secrets are derived from the run's own key: nothing of a room is stored.
"""

import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from hezhi.engines.reach import call_rules as rules
from hezhi.engines.reach.calls import Health, Seat, no_calls
from hezhi.ground import time
from hezhi.ground.errors import NotNow

PATIENCE = 3.0
FRESH = 3.0
"""So many seconds an answer about the server's health is believed."""
LACKING = Health(
    False, "音视频服务未安装或未启动（需要 janus）", "执行 apt-get install janus 后重新运行 ./run；其他功能不受影响。"
)  # fmt: skip
SILENT = Health(False, "音视频服务没有应答", "查看 log/calls.log，或重新运行 ./run；其他功能不受影响。")
MADE_MEANWHILE = frozenset({486, 427})
"""Codes by which the plugins say that a room stands already: both sides enter at the same moment."""
NONE: frozenset[int] = frozenset()


class Janus:
    """The engine that stands behind `CALL_PORT`. `notes` is the file in which the start of the server left its ports."""

    name = "音视频通话"

    def __init__(self, notes: Path | None = None) -> None:
        self.path = notes or Path(settings.HEZHI_HOME) / "run" / "calls.json"
        self._told: tuple[float, Health] | None = None

    # -- is it there ---------------------------------------------------------------------------------

    def health(self) -> Health:
        """How the server is, asked at most every few seconds."""
        if self._told and time.monotonic() - self._told[0] < FRESH:
            return self._told[1]
        self._told = (time.monotonic(), self._look())
        return self._told[1]

    def _look(self) -> Health:
        notes = self._notes()
        if notes is None:
            return LACKING
        try:
            told = self._ask({"janus": "ping"})
        except NotNow:
            return SILENT
        good = told.get("janus") == "pong"
        return Health(good, "音视频服务正常" if good else "音视频服务应答异常", "" if good else "查看 log/calls.log。")

    # -- rooms ---------------------------------------------------------------------------------------

    def ensure_room(self, room: str, *, seats: int = 2) -> None:
        """Make the rooms of a call, unless they stand already: after a restart of the server they are gone."""
        key = self._key("room_key")
        common = {
            "request": "create", "room": room, "secret": self._secret(room), "admin_key": key, "is_private": True,
            "permanent": False, "allowed": [], "description": room,
        }  # fmt: skip
        self._make(rules.AUDIO, room, common | {
            "pin": self._pin(room), "sampling_rate": 16000, "audiolevel_event": False, "default_prebuffering": 6,
        })  # fmt: skip
        self._make(rules.VIDEO, room, common | {
            "signed_tokens": True, "require_pvtid": True, "notify_joining": False, "lock_record": True, "publishers": seats,
            "videocodec": "vp8", "bitrate": 512_000, "bitrate_cap": True, "fir_freq": 5,
        })  # fmt: skip

    def admit(self, room: str, user: UUID, *, seats: int = 2) -> Seat:
        """A seat in the call for one person (入会凭据); what he held before opens nothing any more."""
        self.ensure_room(room, seats=seats)
        at, person = time.real_now(), self.person(room, user)
        me = f"{person}-{secrets.token_hex(4)}"
        token = rules.signed_token(self._key("token_key"), at, rules.VIDEO, f"room={room}", f"u={me}")
        for plugin in rules.PLUGINS:
            self._put_out(plugin, room, person)
            self._allow(plugin, room, "add", [token])
        session = rules.signed_token(self._key("token_key"), at, "janus", *rules.PLUGINS)
        return Seat(room, me, session, token, self._pin(room), self._relays(str(user)))

    def close(self, room: str) -> None:
        """End the rooms of a call; whoever is still inside is put out. Without a server there is nothing to end."""
        if self._notes() is None:
            return
        for plugin in rules.PLUGINS:
            try:
                self._command(plugin, {"request": "destroy", "room": room, "secret": self._secret(room)})
            except NotNow:
                continue

    def person(self, room: str, user: UUID) -> str:
        """How a person is called in a room: the same for each of his entries, and told to nobody else."""
        return rules.derived(self._key("room_key"), "person", room, str(user))[:16]

    def present(self, room: str) -> list[str]:
        """Who is in the room of sound now, by his name there."""
        told = self._command(rules.AUDIO, {"request": "listparticipants", "room": room})
        return [str(each["id"]) for each in told.get("participants", [])]

    # -- how it is spoken to --------------------------------------------------------------------------

    def socket_address(self) -> str:
        """Where the server's WebSocket listens, for the gate. Raises NotNow."""
        notes = self._must()
        return f"ws://{notes['api']}:{notes['socket_port']}"

    def _make(self, plugin: str, room: str, request: dict[str, Any]) -> None:
        if not self._command(plugin, {"request": "exists", "room": room}).get("exists"):
            self._command(plugin, request, fails=MADE_MEANWHILE)

    def _put_out(self, plugin: str, room: str, person: str) -> None:
        """Take earlier tokens of a person off the list, and himself out of the room: one page, one entry."""
        secret = self._secret(room)
        inside = self._command(plugin, {"request": "listparticipants", "room": room}, fails=None)
        for each in inside.get("participants", []):
            if str(each["id"]).startswith(f"{person}-"):
                self._command(plugin, {"request": "kick", "room": room, "secret": secret, "id": each["id"]}, fails=None)
        held = self._command(
            plugin, {"request": "allowed", "room": room, "secret": secret, "action": "enable"}, fails=None
        )
        old = [token for token in held.get("allowed", []) if f",u={person}-" in token]
        if old:
            self._allow(plugin, room, "remove", old)

    def _allow(self, plugin: str, room: str, action: str, tokens: list[str]) -> None:
        asked = {"request": "allowed", "room": room, "secret": self._secret(room), "action": action, "allowed": tokens}
        self._command(plugin, asked)

    def _command(self, plugin: str, request: dict[str, Any], *, fails: frozenset[int] | None = NONE) -> dict[str, Any]:
        """One request to a plugin. An error outside `fails` (None: none counts) raises NotNow."""
        told: dict[str, Any] = self._ask({"janus": "message_plugin", "plugin": plugin, "request": request}).get(
            "response", {}
        )
        code = told.get("error_code")
        if code and fails is not None and code not in fails:
            raise NotNow(
                f"音视频服务没有照办（{code}）。",
                "本次通话没有接通。",
                "请稍后再试，或改用电话并登记通话情况。",
                code="reach.calls_refused",
            )
        return told

    def _ask(self, said: dict[str, Any]) -> dict[str, Any]:
        import httpx  # read by the first who calls: a start need not

        notes = self._must()
        body = said | {"transaction": secrets.token_hex(6), "admin_secret": notes["secrets"]["admin_secret"]}
        try:
            with httpx.Client(timeout=PATIENCE, trust_env=False) as line:
                told: dict[str, Any] = line.post(f"http://{notes['api']}:{notes['admin_port']}/admin", json=body).json()
        except (httpx.HTTPError, ValueError):
            raise no_calls(SILENT) from None
        return told

    def _notes(self) -> dict[str, Any] | None:
        try:
            return _read(str(self.path), os.stat(self.path).st_mtime_ns)
        except (OSError, ValueError):
            return None

    def _must(self) -> dict[str, Any]:
        notes = self._notes()
        if notes is None:
            raise no_calls(LACKING)
        return notes

    def _key(self, name: str) -> str:
        return str(self._must()["secrets"][name])

    def _secret(self, room: str) -> str:
        return rules.derived(self._key("room_key"), "secret", room)

    def _pin(self, room: str) -> str:
        return rules.derived(self._key("room_key"), "pin", room)[:12]

    def _relays(self, user: str) -> list[dict[str, Any]]:
        """The relays a page may use (TURN), with a name and password of its own that end in a day."""
        if not settings.TURN_URLS:
            return []
        name, password = rules.relay_password(
            settings.TURN_SECRET, time.real_now(), rules.derived(settings.TURN_SECRET, user)[:12]
        )
        return [{"urls": settings.TURN_URLS, "username": name, "credential": password}]


@lru_cache(maxsize=4)
def _read(path: str, changed: int) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(path).read_text())
    return told
