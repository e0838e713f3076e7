"""``Reach``: the addresses that the server may ask, where others say which server that is.

A name is resolved once, and the connection goes to an address that was looked at: a name that
leads elsewhere a moment later (DNS rebinding), an address in another spelling (decimal, octal, an
IPv4 address inside an IPv6 one) or a host file change nothing.
"""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")  # what of IPv6 may be public at all
_INSIDE = tuple(
    map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))
)  # which look public, and are services of a cloud's own hosts, or of the network itself
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")  # IPv4 addresses in the oldest spelling; unassigned today
_LOW_WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Reach:
    """Addresses that may be asked: those of ``networks``, and public ones if ``is_public``."""

    is_public: bool = False
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def allows(self, address: str) -> bool:
        """May the server connect to this address? A text that is no address is none."""
        try:
            found = _inner(ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if any(found in network for network in self.networks):
            return True
        return self.is_public and _is_public(found)

    async def address_of(self, host: str, port: int) -> str | None:
        """Resolve a name to an address that may be asked; None if it leads to no such one.

        Raises ``OSError`` if there is no such name.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = (str(place[4][0]) for place in found)
        return next((address for address in addresses if self.allows(address)), None)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        return address in _UNICAST and address.is_global
    is_inside = any(address in network for network in _INSIDE)
    return address.is_global and not address.is_multicast and not is_inside


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address that a packet comes to: an IPv6 one may stand for an IPv4 one."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & _LOW_WORD)
    return address
