"""Options that name addresses: ``TrustProxy``, as Express's `trust proxy`, and ``Reach``."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from parsepy.config.checks import At, Check, Network, ip_allowed, networks
from parsepy.outgoing.reach import Reach

_NAMED = {
    "loopback": ("127.0.0.1/8", "::1/128"),
    "linklocal": ("169.254.0.0/16", "fe80::/10"),
    "uniquelocal": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
}


@dataclass(frozen=True, slots=True)
class TrustProxy:
    """The trusted proxies: the nearest ``hops`` ones, and those in ``networks``."""

    hops: float = 0
    networks: tuple[Network, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hops or self.networks)

    def trusts(self, address: str, hop: int = 0) -> bool:
        """Is the proxy with this address trusted, so many hops away from this server?"""
        return hop < self.hops or ip_allowed(self.networks, address)

    def client(self, peer: str, forwarded: str) -> str:
        """Find the client's address: ``peer``, or one of X-Forwarded-For (``forwarded``).

        The list is read from its end: the first address that is no trusted proxy's is the
        client's. What stands before it was written by the client and is ignored.
        """
        addresses = [peer, *(part.strip() for part in reversed(forwarded.split(",")))]
        for hop, address in enumerate(addresses[:-1]):
            if not self.trusts(address, hop):
                return address
            if not addresses[hop + 1]:
                return address
        return _bare(addresses[-1])


def _bare(address: str) -> str:
    """Remove the port that some proxies write behind an address."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    host, colon, port = address.partition(":")
    return host if colon and ":" not in port else address


def _read(value: object, at: At) -> TrustProxy:
    if isinstance(value, str) and re.fullmatch(r"\s*(true|false|\d+|\[.*)\s*", value, re.DOTALL):
        value = json.loads(value)
    if isinstance(value, bool):
        return TrustProxy(float("inf") if value else 0)
    if isinstance(value, int):
        if value < 0:
            raise ValueError
        return TrustProxy(value)
    if isinstance(value, str):
        value = [part for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise ValueError
    return TrustProxy(0, networks(list(_spelled(value)), at))


def _read_reach(value: object, at: At) -> Reach:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = json.loads(value)
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple) or not value:
        raise ValueError
    names = [name for name in value if name != "public"]
    return Reach("public" in value, networks(list(_spelled(names)), at) if names else ())


def _spelled(names: Iterable[object]) -> Iterable[object]:
    for name in names:
        yield from _NAMED.get(name.strip(), (name.strip(),)) if isinstance(name, str) else (name,)


trust_proxy = Check(
    'true, false, a number of proxies, or addresses and networks such as "loopback, 10.0.0.0/8"',
    _read,
)

outgoing_addresses = Check(
    '"public", addresses and networks, such as "public, 10.1.0.0/16"', _read_reach
)
