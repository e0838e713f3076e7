"""``FCM``: messages through Firebase's HTTP v1 API, with a service account."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

BASE = "https://fcm.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_URL = "https://oauth2.googleapis.com/token"
_EARLY = 60.0  # seconds before its end that an access token is renewed
_NO_TOKEN = "The registration token is not a valid FCM registration token"
_REST = 0.1  # seconds after which a token that could not be had is asked for again
_MOST = 50  # connections


class FCM:
    """Sends to devices through Firebase; ``kind`` is ``android`` or ``apple``."""

    def __init__(self, options: Mapping[str, Any], folder: Path, place: str, kind: str) -> None:
        """Read the service account, an object or the path of its file.

        ``place`` names the options in messages. Raises ``PushConfigError``.
        """
        self._kind = kind
        self._account = _account(options.get("firebaseServiceAccount"), folder, place)
        base = str(options.get("baseURL") or BASE).rstrip("/")
        self._url = f"{base}/v1/projects/{self._account['project_id']}/messages:send"
        self._token = ("", 0.0)
        self._asks_at = 0.0
        self._lock = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None
        try:
            self._assertion()  # a key that can't sign is found at the start
        except Exception as error:  # the library raises many kinds for an invalid key
            raise PushConfigError(
                f"{place}.firebaseServiceAccount: can't sign with private_key: {error}"
            ) from error

    def _assertion(self) -> str:
        import jwt

        account, moment = self._account, int(time.time())
        claims = {
            "iss": account["client_email"],
            "scope": _SCOPE,
            "aud": account.get("token_uri") or _TOKEN_URL,
            "iat": moment,
            "exp": moment + 3600,
        }
        headers = {"kid": str(account["private_key_id"])} if "private_key_id" in account else None
        return jwt.encode(claims, account["private_key"], "RS256", headers=headers)

    async def _access(self, refused: str = "") -> str:
        """Return the access token; a new one if it has expired or is the ``refused`` one."""
        async with self._lock:
            text, until = self._token
            if not text or text == refused or time.monotonic() > until - _EARLY:
                if time.monotonic() < self._asks_at:
                    raise ValueError("no access token can be had now")  # as was found just before
                try:
                    text = await self._granted()
                except Exception:
                    self._asks_at = time.monotonic() + _REST
                    raise
            return text

    async def _granted(self) -> str:
        """Fetch a new access token for the service account."""
        form = {"grant_type": _GRANT, "assertion": self._assertion()}
        url = str(self._account.get("token_uri") or _TOKEN_URL)
        response = await self._opened().post(url, data=form)
        response.raise_for_status()
        body: JSONObject = response.json()
        text = str(body["access_token"])
        self._token = (text, time.monotonic() + float(body.get("expires_in", 3600)))
        return text

    def _opened(self) -> "httpx.AsyncClient":
        if self._client is None:
            import httpx

            logging.getLogger("httpx").setLevel(logging.WARNING)
            limits = httpx.Limits(max_connections=_MOST)
            self._client = httpx.AsyncClient(http2=True, timeout=TIMEOUT, limits=limits)
        return self._client

    async def send(self, message: Message) -> Outcome:
        """Send one message; tries again while Firebase answers that it is too busy."""
        import httpx

        device_type = str(message.device.get("deviceType"))
        content = dumps({"message": payloads.fcm_message(message, self._kind)})
        reason, refused = "", ""
        for attempt in range(ATTEMPTS):
            try:
                token = await self._access(refused)
                headers = {
                    "authorization": f"Bearer {token}",
                    "content-type": "application/json",
                }
                response = await self._opened().post(self._url, content=content, headers=headers)
            except (httpx.HTTPError, KeyError, ValueError) as error:
                reason = f"{type(error).__name__}: {error}"
                await pause(retry_pause(attempt, {}))
                continue
            if response.status_code == 200:
                return Outcome(True, device_type)
            reason, is_gone = _refusal(response)
            if response.status_code == 401:
                refused = token
                continue
            if response.status_code not in RETRIED:
                return Outcome(False, device_type, reason, is_gone)
            await pause(retry_pause(attempt, response.headers))
        return Outcome(False, device_type, reason)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def _refusal(response: "httpx.Response") -> tuple[str, bool]:
    """Read from an answer why the message was refused, and whether its device token is dropped."""
    try:
        error: JSONObject = response.json()["error"]
        details = error.get("details") or ()
        codes = [item["errorCode"] for item in details if "errorCode" in item]
        reason = str(codes[0] if codes else error.get("status") or response.status_code)
        invalid = reason == "INVALID_ARGUMENT" and error.get("message") == _NO_TOKEN
        return reason, reason == "UNREGISTERED" or invalid
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"status {response.status_code}", False


def _account(given: Any, folder: Path, place: str) -> JSONObject:
    place = f"{place}.firebaseServiceAccount"
    if isinstance(given, str):
        try:
            given = json.loads((folder / given).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise PushConfigError(f"{place}: can't be read: {error}") from error
    if not isinstance(given, Mapping):
        raise PushConfigError(f"{place}: expected an object, or the path of its file")
    # names as in Google's files, and as Node programs spell them
    found = {
        **given,
        **{
            new: given[old]
            for new, old in (
                ("project_id", "projectId"),
                ("client_email", "clientEmail"),
                ("private_key", "privateKey"),
            )
            if old in given
        },
    }
    for name in ("project_id", "client_email", "private_key"):
        if not isinstance(found.get(name), str) or not found[name]:
            raise PushConfigError(f"{place}.{name}: required (text)")
    return found
