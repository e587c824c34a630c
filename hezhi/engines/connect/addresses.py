"""Where a push may go (回推地址): into the open net, or where the installation allows it by name.

A name is looked up once, every address it has is judged, and the push goes to the judged address itself:
a second look-up could answer with an address of our own house (DNS rebinding, SSRF).
"""

import asyncio
import ipaddress
import socket

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):
    """The address lies inside, or leads nowhere (地址不允许); the text is a sentence."""


async def judged(host: str, port: int) -> Address:
    """An address of this host that a push may be sent to. Raises Forbidden."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Forbidden("主机名无法解析") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses or not all(map(is_allowed, addresses)):
        raise Forbidden("地址在内部网络，未列入允许范围")
    return addresses[0]


def is_allowed(address: Address) -> bool:
    """Whether a push may go there: global addresses, and `settings.WEBHOOK_NETWORKS` (list of networks)."""
    address = getattr(address, "ipv4_mapped", None) or address
    return is_named(address) or (address.is_global and not address.is_multicast)


def is_named(address: Address) -> bool:
    """Whether it lies in a network that the installation allows by name (`settings.WEBHOOK_NETWORKS`)."""
    address = getattr(address, "ipv4_mapped", None) or address
    inside = [ipaddress.ip_network(network) for network in getattr(settings, "WEBHOOK_NETWORKS", ())]
    return any(address in network for network in inside)
