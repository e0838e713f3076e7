"""``SocketRequests``: messages of a websocket as requests, with its keys and session token."""

import itertools
import secrets
from collections.abc import Mapping
from typing import Any

from parsepy.backend import Backend
from parsepy.graphql.messages import CloseCode, MessageError
from parsepy.graphql.processor import RequestProcessor
from parsepy.http.addresses import own_url
from parsepy.http.exchange import Exchange, needed
from parsepy.http.responses import Answer

_CREDENTIALS = {
    "applicationid": "x-parse-application-id",
    "masterkey": "x-parse-master-key",
    "maintenancekey": "x-parse-maintenance-key",
    "clientkey": "x-parse-client-key",
    "javascriptkey": "x-parse-javascript-key",
    "windowskey": "x-parse-windows-key",
    "restapikey": "x-parse-rest-api-key",
    "sessiontoken": "x-parse-session-token",
    "installationid": "x-parse-installation-id",
}
"""Properties of ``connection_init`` as Live Query's clients write them, and what headers say."""
_HEADERS = frozenset(_CREDENTIALS.values())


def credential_headers(payload: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Read keys and session token of ``connection_init``: headers' names in any case, or ours.

    Raises ``MessageError`` for one that is no string.
    """
    found: dict[bytes, bytes] = {}
    for name, value in payload.items():
        key = name.lower()
        header = key if key in _HEADERS else _CREDENTIALS.get(key)
        if header is None or value is None:
            continue
        if not isinstance(value, str):
            raise MessageError(CloseCode.BAD_REQUEST, f"{header} is no string")
        found[header.encode()] = value.encode("latin-1", "replace")
    return found


class SocketRequests:
    """Makes requests that take the same steps as those over HTTP."""

    def __init__(self, backend: Backend, processor: RequestProcessor) -> None:
        config = backend.config
        self._admission = needed(processor.admission, processor.idle)
        self._turns = processor.turns
        self._path = config.graphql_path
        self._mount = config.mount_path.rstrip("/")
        self._public_url = (config.public_server_url or "").rstrip("/")
        self._trusted = config.trust_proxy or None
        self._prefix = secrets.token_hex(4)
        self._number = itertools.count(1)

    def begin(self, ip: str, headers: Mapping[bytes, bytes]) -> Exchange:
        """Begin a request: what a POST with these headers would be."""
        scope = {
            "type": "http",
            "method": "POST",
            "path": self._path,
            "query_string": b"",
            "headers": [*headers.items()],
            "client": (ip, 0),
        }
        url = self._public_url or own_url(scope, headers, self._mount, self._trusted)
        request_id = f"{self._prefix}-ws{next(self._number):x}"
        return Exchange(scope, _nothing, headers, request_id, ip, url)

    async def admit(self, exchange: Exchange) -> None:
        """Find out who asks, count the request, and wait for its turn; raises refusals.

        Whatever comes of it, the request must ``end``.
        """
        for step in self._admission:
            outcome = step(exchange)
            if outcome is not None and not isinstance(outcome, Answer):
                await outcome
        exchange.turn = await self._turns.begin(exchange.principal, exchange.ip)

    def end(self, exchange: Exchange) -> None:
        """End the turn of a request, if it has taken one: the next of its client begins."""
        client, exchange.turn = exchange.turn, None
        if client is not None:
            self._turns.end(client)


async def _nothing() -> Any:
    raise AssertionError("a message has no body that could be read")
