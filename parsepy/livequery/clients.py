"""Live Query's clients: keys and token, subscriptions, messages in their order; and followers."""

import asyncio
import hmac
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from parsepy.backend import Backend
from parsepy.config import ip_allowed
from parsepy.errors import ParseError
from parsepy.http.message_queue import MessageQueue
from parsepy.http.websocket import Socket
from parsepy.livequery import protocol
from parsepy.livequery.protocol import BAD_KEY, Connect, Fetch, FrameError, Unsubscribe
from parsepy.livequery.subscriptions import Subscription
from parsepy.model.principal import MASTER, Principal

log = logging.getLogger("parsepy.livequery")

PROTOCOL_ERROR = 1002


@dataclass(eq=False, slots=True)
class LiveClient:
    """One connection, and what its connect message said; ``id`` is empty until then.

    ``handle`` answers one message, ``gone`` is called when the connection has ended, ``slow``
    when it is closed because its client reads too slowly; ``headers`` are those of the upgrade.
    """

    socket: Socket
    handle: Callable[["LiveClient", bytes], Awaitable[None]]
    gone: Callable[["LiveClient"], None]
    slow: Callable[[], None]
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    id: str = ""
    installation_id: str | None = None
    token: str | None = None
    is_master: bool = False
    subscriptions: dict[int | float, Subscription] = field(default_factory=dict)
    is_lost: bool = False
    goes_on: bool = False
    """Has it asked to be told what it missed (``since``)?"""
    _messages: MessageQueue | None = None
    _timer: asyncio.TimerHandle | None = None

    @property
    def ip(self) -> str:
        """The address that it connects from."""
        return self.socket.ip

    @property
    def privileged(self) -> Principal | None:
        """The principal of the privileged key that it connected with."""
        return MASTER if self.is_master else None

    def received(self, text: bytes) -> None:
        """Handle a message after those before it."""
        if self._messages is None:
            self._messages = MessageQueue(self.socket, lambda message: self.handle(self, message))
        self._messages.put(text)

    def expect(self, seconds: float) -> None:
        """Close the connection if no connect message is taken in so many seconds."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self.socket.close, PROTOCOL_ERROR, "no connect")

    def tell_reached(self, told: bytes) -> None:
        """Say how far events have come, unless some are being held for this client."""
        if all(each.held is None for each in self.subscriptions.values()):
            self.socket.send(told)

    def end(self, subscription: Subscription, error: ParseError) -> None:
        """Forget a subscription that the server has ended, and tell the client why."""
        request_id: Any = subscription.request_id
        if self.subscriptions.get(request_id) is subscription:
            del self.subscriptions[request_id]
        self.socket.send(protocol.error(error.code, error.message, request_id))

    def lost(self) -> None:
        """Drop what waits and handle no more messages: the connection has ended."""
        self.is_lost = True
        if self._timer is not None:
            self._timer.cancel()
        if self._messages is not None:
            self._messages.close()
        self.gone(self)

    def connect(self, message: Connect, backend: Backend) -> None:
        """Take a connect message: check its keys, keep its token and installation, give an id.

        Raises ``FrameError`` with code 4 for a wrong key (protocol §30.8).
        """
        self.is_master = _check_keys(message, backend, self.socket.ip)
        if self._timer is not None:
            self._timer.cancel()
        self.id = str(uuid.uuid4())
        self.installation_id = message.installation_id
        self.token = message.session_token

    def address(self, request_id: Any = None) -> bytes:
        """Encode the part of a frame that names this client, and one of its subscriptions."""
        return protocol.address(self.id, self.installation_id, request_id)

    def too_slow(self) -> None:
        """Count this client as too slow; its connection is being closed."""
        self.slow()


@dataclass(eq=False, slots=True)
class Follower:
    """A client of another door that follows classes: its events are handed to it, not sent.

    ``privileged`` is the principal of its privileged key, ``token`` its session token, ``headers``
    are those of its request.
    """

    privileged: Principal | None
    token: str | None
    installation_id: str | None
    ip: str
    headers: Mapping[bytes, bytes]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    cost: int = 0
    """What its subscriptions cost together."""


def _check_keys(message: Connect, backend: Backend, ip: str) -> bool:
    """Check a connect's keys; true if they hold the master key. ``FrameError`` if none fits.

    Parse: only ``liveQueryServerOptions.keyPairs`` asks for keys, and only what it names counts;
    Android's library sends none at all.
    """
    refusal = FrameError("Key in request is not valid", code=BAD_KEY)
    if message.application_id != backend.config.app_id:
        raise refusal
    options = backend.config.live_query_server_options
    pairs = options.key_pairs if options is not None else None
    if not pairs:
        return False
    fitting = {name for name, key in pairs.items() if key and _fits(message, name, str(key))}
    if "masterKey" in fitting and not ip_allowed(backend.config.master_key_ips, ip):
        log.error("the masterKey was refused from %s: add the address to masterKeyIps", ip)
        fitting.remove("masterKey")
    if not fitting:
        raise refusal
    return "masterKey" in fitting


def _fits(message: Connect, name: str, key: str) -> bool:
    """Is this the key that a connect message holds under this name? Takes constant time."""
    return hmac.compare_digest(message.keys.get(name, "").encode(), key.encode())


def require_connected(client: LiveClient, doing: str) -> None:
    """Raise ``FrameError`` with code 2 if no connect message was taken (protocol §30.7)."""
    if not client.id:
        raise FrameError(
            f"Can not find this client, make sure you connect to server before {doing}",
            code=protocol.NOT_KNOWN,
        )


def subscription_of(client: LiveClient, message: Unsubscribe | Fetch) -> Subscription:
    """Find the subscription that a message names; raises ``FrameError`` with code 2."""
    found = client.subscriptions.get(message.request_id)
    if found is None:
        raise FrameError(
            f"Cannot find subscription with clientId {client.id} subscriptionId "
            f"{message.request_id}. Make sure you subscribe to live query server before "
            "unsubscribing.",
            code=protocol.NOT_KNOWN,
            request_id=message.request_id,
        )
    return found
