"""``APNs``: messages to Apple's devices over HTTP/2, signed with the developer's key."""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from parsepy.model.values import JSONObject, dumps
from parsepy.push import payloads
from parsepy.push.base import (
    ATTEMPTS,
    RETRIED,
    TIMEOUT,
    Message,
    Outcome,
    PushConfigError,
    pause,
    retry_pause,
)

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("parsepy.push")
PRODUCTION = "https://api.push.apple.com"
SANDBOX = "https://api.sandbox.push.apple.com"
GONE = ("Unregistered", "BadDeviceToken")
_TOKEN_AGE = 50 * 60  # seconds; Apple refuses a token after an hour, and new ones too often


class Provider:
    """A connection to Apple for one app: the address, the signing key, and the app's topic."""

    def __init__(self, options: Mapping[str, Any], folder: Path, place: str) -> None:
        self.topic = options.get("topic") or options.get("bundleId")
        self.is_production = options.get("production") is True
        default = PRODUCTION if self.is_production else SANDBOX
        self.url = str(options.get("baseURL") or default).rstrip("/")
        token = options.get("token")
        if not isinstance(token, Mapping):
            raise PushConfigError(
                f"{place}: needs token: {{key, keyId, teamId}} (certificates are not supported)"
            )
        for name in ("key", "keyId", "teamId"):
            if not isinstance(token.get(name), str) or not token[name]:
                raise PushConfigError(f"{place}.token.{name}: required (text)")
        self._key_id, self._team = token["keyId"], token["teamId"]
        self._key = _pem(token["key"], folder, f"{place}.token.key")
        self._signed = ("", 0.0)
        self._client: httpx.AsyncClient | None = None
        self._authorization()  # a key that can't sign is found at the start

    def _authorization(self) -> str:
        import jwt

        text, at = self._signed
        if not text or time.monotonic() - at > _TOKEN_AGE:
            claims = {"iss": self._team, "iat": int(time.time())}
            try:
                text = jwt.encode(claims, self._key, "ES256", headers={"kid": self._key_id})
            except (ValueError, TypeError, jwt.PyJWTError) as error:
                raise PushConfigError(f"ios.token.key: can't sign with it: {error}") from error
            self._signed = (text, time.monotonic())
        return f"bearer {text}"

    def renew(self) -> None:
        """Make a new token for the next message."""
        self._signed = ("", 0.0)

    def _opened(self) -> "httpx.AsyncClient":
        if self._client is None:
            import httpx

            logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines hold device tokens
            logging.getLogger("hpack").setLevel(logging.WARNING)
            # Apple serves HTTP/2 only
            self._client = httpx.AsyncClient(
                http1=False, http2=True, base_url=self.url, timeout=TIMEOUT
            )
        return self._client

    async def send(self, message: Message, topic: str | None) -> Outcome:
        """Send one message; tries again while Apple answers that it is too busy."""
        import httpx

        content = dumps(payloads.apns_payload(message.data))
        headers = payloads.apns_headers(message, topic)
        path = f"/3/device/{quote(message.token, safe='')}"
        reason = ""
        for attempt in range(ATTEMPTS):
            signed = {**headers, "authorization": self._authorization()}
            try:
                response = await self._opened().post(path, content=content, headers=signed)
            except httpx.HTTPError as error:
                reason = f"{type(error).__name__}: {error}"
                await pause(retry_pause(attempt, {}))
                continue
            if response.status_code == 200:
                return Outcome(True, "ios")
            reason = _reason(response)
            if reason == "ExpiredProviderToken":
                self.renew()
            elif response.status_code not in RETRIED:
                break
            await pause(retry_pause(attempt, response.headers))
        return Outcome(False, "ios", reason, reason in GONE)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


class APNs:
    """Sends to Apple's devices through one or several providers (for each app, for each host).

    A device gets messages from the providers of its app, or from those without a topic;
    production is tried before the sandbox. A device without an app counts as the first app's.
    """

    def __init__(self, options: Any, folder: Path, place: str) -> None:
        """Read the options of one provider, or a list of them; raises ``PushConfigError``."""
        many = options if isinstance(options, Sequence) and not isinstance(options, str) else None
        listed = [options] if many is None else many
        if not listed or not all(isinstance(item, Mapping) for item in listed):
            raise PushConfigError(f"{place}: expected an object, or a list of objects")
        made = [Provider(item, folder, place) for item in listed]
        self._providers = sorted(made, key=lambda provider: not provider.is_production)

    def _serving(self, app: str | None) -> list[Provider]:
        if app is None:
            first = self._providers[0].topic
            return [provider for provider in self._providers if provider.topic == first]
        own = [provider for provider in self._providers if provider.topic == app]
        return own or [provider for provider in self._providers if not provider.topic]

    async def send(self, message: Message) -> Outcome:
        """Send through the providers in turn, until one is allowed to deliver to this device."""
        app = message.device.get("appIdentifier") or None
        outcome = Outcome(False, "ios", "No Provider found")
        for provider in self._serving(app):
            outcome = await provider.send(message, app or provider.topic)
            if outcome.transmitted:
                break
        return outcome

    async def close(self) -> None:
        """Close the connections."""
        for provider in self._providers:
            await provider.close()


def _reason(response: "httpx.Response") -> str:
    try:
        body: JSONObject = response.json()
        return str(body["reason"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"


def _pem(key: str, folder: Path, place: str) -> str:
    """Read a key, given as text or as the path of its file; raises ``PushConfigError``."""
    if "-----BEGIN" in key:
        return key
    try:
        return (folder / key).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PushConfigError(f"{place}: can't be read: {error}") from error
