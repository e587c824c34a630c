"""The ways out of the house (渠道接口): what a channel must be able to do, and who does it here.

An installation names the class for each channel in the setting `REACH_PORTS`; a channel without one is
served by `local.LocalPort`, which sends nothing and keeps what it would have sent.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

DEMO_NAME = "本地演示通道（未对接）"


@dataclass(frozen=True)
class Letter:
    """What a port gets (一条待发消息). `id` is the same at every try: outer systems that know such keys send it once."""

    id: UUID
    channel: str
    address: str = field(repr=False)
    name: str = field(repr=False)
    title: str
    text: str
    link: str = ""
    urgent: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What was filled in only now and is written down nowhere: one-time codes (一次性验证码)."""


class CannotSend(Exception):
    """A try that failed (发送失败): `reason` is a sentence without personal values; `lasting` means trying again is useless."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.lasting = reason, lasting


class Port(Protocol):
    """A channel to people (渠道)."""

    name: str
    connected: bool

    def send(self, letter: Letter) -> str:
        """Send one message within ten seconds; gives the channel's own receipt. Raises CannotSend."""
        ...


class MailPort:
    """E-mail by the server of the installation (邮件); only titles and links leave, never a report's text."""

    name = "邮件服务器"
    connected = True

    def send(self, letter: Letter) -> str:
        host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2] or "hezhi.invalid"
        message = EmailMessage(
            letter.title, letter.text, to=[letter.address], headers={"Message-ID": f"<{letter.id}@{host}>"}
        )
        try:
            message.send()
        except OSError as error:  # smtplib's errors are OSErrors
            raise CannotSend(f"邮件服务器未接收（{type(error).__name__}）") from error
        return "邮件服务器已接收"


def port_for(channel: str) -> Port:
    """The port that serves a channel here."""
    return _made(dict(getattr(settings, "REACH_PORTS", {})).get(channel, "hezhi.engines.reach.local.LocalPort"))


@cache
def _made(path: str) -> Port:
    port: Port = import_string(path)()
    return port
