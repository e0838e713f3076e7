"""Keys and session tokens of a request to its ``Principal`` (protocol §2)."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parsepy.backend import Backend
from parsepy.config import Config, ip_allowed
from parsepy.errors import Code, ParseError
from parsepy.http.responses import unauthorized
from parsepy.model.principal import (
    MAINTENANCE,
    MASTER,
    NOBODY,
    READ_ONLY_MASTER,
    Principal,
)
from parsepy.model.values import JSONObject, loads
from parsepy.operations import principals

_BODY_KEYS = {
    "_ApplicationId": "app_id",
    "_JavaScriptKey": "javascript_key",
    "_InstallationId": "installation_id",
    "_SessionToken": "session_token",
    "_MasterKey": "master_key",
    "_MaintenanceKey": "maintenance_key",
}
_DROPPED = ("_ClientVersion", "_RevocableSession", "_noBody", "_ContentType", "_method")
_TEXTS = ("_InstallationId", "_SessionToken", "_MasterKey", "_ContentType", "_MaintenanceKey")
_KEY_NAMES = {
    MAINTENANCE: "maintenanceKey",
    MASTER: "masterKey",
    READ_ONLY_MASTER: "readOnlyMasterKey",
}

# Parse: these routes tell of the session token, whatever key comes with it
_OF_TOKEN = (("users", "me"), ("sessions", "me"))


@dataclass(slots=True)
class Credentials:
    """What a request shows of itself, wherever it was written."""

    app_id: str | None = None
    master_key: str | None = None
    maintenance_key: str | None = None
    client_key: str | None = None
    javascript_key: str | None = None
    windows_key: str | None = None
    rest_api_key: str | None = None
    session_token: str | None = None
    installation_id: str | None = None
    context: Any = None


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def read(config: Config, headers: Mapping[bytes, bytes], body: JSONObject) -> Credentials:
    """The credentials of headers, Basic authorization and body; the body's are taken out of it.

    Raises ``HTTPRefusal`` 403 if those of the body are no texts.
    """
    get = headers.get
    found = Credentials(
        app_id=_text(get(b"x-parse-application-id")),
        master_key=_text(get(b"x-parse-master-key")),
        maintenance_key=_text(get(b"x-parse-maintenance-key")),
        client_key=_text(get(b"x-parse-client-key")),
        javascript_key=_text(get(b"x-parse-javascript-key")),
        windows_key=_text(get(b"x-parse-windows-key")),
        rest_api_key=_text(get(b"x-parse-rest-api-key")),
        session_token=_text(get(b"x-parse-session-token")),
        installation_id=_text(get(b"x-parse-installation-id")),
        context=get(b"x-parse-cloud-context"),
    )
    authorization = get(b"authorization")
    if authorization is not None and found.app_id is None:
        _read_basic(config, found, authorization)
    if body:
        _read_body(config, found, body)
    return found


def _read_basic(config: Config, found: Credentials, authorization: bytes) -> None:
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return
    app_id, colon, key = text.partition(":")
    if not colon or ":" in key or app_id != config.app_id:
        return
    found.app_id = app_id
    prefix = "javascript-key="
    if key.startswith(prefix):
        found.javascript_key = key[len(prefix) :]
    else:
        found.master_key = key


def _read_body(config: Config, found: Credentials, body: JSONObject) -> None:
    # Parse: the body's credentials count only where the headers name no known application
    counts = found.app_id != config.app_id
    if (
        counts
        and isinstance(body.get("_MasterKey"), str)
        and found.master_key is not None
        and not _same(found.master_key, config.master_key)
    ):
        raise unauthorized()  # two master keys, and the one in the header is wrong
    for key in [name for name in body if name[:1] == "_"]:
        if key in _DROPPED or key in _BODY_KEYS or key == "_context":
            value = body.pop(key)
            if not counts:
                continue
            if key in _TEXTS and value is not None and not isinstance(value, str):
                raise unauthorized()
            if key == "_context":
                found.context = value
            elif key in _BODY_KEYS and isinstance(value, str):
                setattr(found, _BODY_KEYS[key], value)


def trigger_context(found: Credentials) -> dict[str, Any]:
    """The context for cloud code; INVALID_JSON if it is no JSON object."""
    value = found.context
    if value is None:
        return {}
    try:
        if isinstance(value, (str, bytes)):
            value = loads(value)
    except ParseError:
        value = None
    if not isinstance(value, dict):
        raise ParseError(Code.INVALID_JSON, "Invalid object for context.")
    return value


def _same(given: str | None, expected: str | None) -> bool:
    return (
        bool(given)
        and bool(expected)
        and hmac.compare_digest(str(given).encode(), str(expected).encode())
    )


def key_principal(backend: Backend, found: Credentials, ip: str) -> Principal | None:
    """The principal of a master, maintenance or read-only key; ``None`` if none was given.

    A right key from an address that may not use it is refused with 403.
    """
    config = backend.config
    if found.maintenance_key is None and found.master_key is None:
        return None
    table = (
        (found.maintenance_key, config.maintenance_key, config.maintenance_key_ips, MAINTENANCE),
        (found.master_key, config.master_key, config.master_key_ips, MASTER),
        (
            found.master_key,
            config.read_only_master_key,
            config.read_only_master_key_ips,
            READ_ONLY_MASTER,
        ),
    )
    for given, expected, networks, principal in table:
        if _same(given, expected):
            if not ip_allowed(networks, ip):
                name = _KEY_NAMES[principal]
                backend.log.error(
                    "the %s was refused from %s: add the address to %sIps to allow it",
                    name,
                    ip,
                    name,
                )
                raise unauthorized()
            return principal
    return None


def of_download(config: Config, found: Credentials) -> None:
    """Let a download pass without any key: the application is named in its path (§22.5)."""
    found.app_id = config.app_id
    found.client_key = config.client_key
    found.javascript_key = config.javascript_key
    found.windows_key = config.dot_net_key
    found.rest_api_key = config.rest_api_key


def check_client_keys(config: Config, found: Credentials) -> None:
    """If any client key is configured, one that was sent must fit (protocol §2.5 d)."""
    pairs = (
        (found.client_key, config.client_key),
        (found.javascript_key, config.javascript_key),
        (found.windows_key, config.dot_net_key),
        (found.rest_api_key, config.rest_api_key),
    )
    if any(expected for _, expected in pairs) and not any(
        _same(given, expected) for given, expected in pairs
    ):
        raise unauthorized()


def check_keys(backend: Backend, found: Credentials, ip: str) -> Principal | None:
    """The principal of a privileged key; ``None`` if client keys (or none) are enough.

    Raises ``HTTPRefusal`` 403.
    """
    config = backend.config
    if found.app_id != config.app_id:
        raise unauthorized()
    principal = key_principal(backend, found, ip)
    if principal is None:
        check_client_keys(config, found)
    return principal


async def principal_of(
    backend: Backend, found: Credentials, ip: str, path: tuple[str, ...]
) -> Principal:
    """Who asks, by the decision procedure of protocol §2.5.

    Raises ``HTTPRefusal`` 403, or INVALID_SESSION_TOKEN.
    """
    principal = check_keys(backend, found, ip)
    token = found.session_token
    if principal is not None and not (token and path in _OF_TOKEN):
        return principal
    if not token or path == ("login",):
        return NOBODY
    if path == ("upgradeToRevocableSession",) and not token.startswith("r:"):
        return await principals.of_legacy_token(backend, token)
    if path == ("sessions", "me"):
        return await _session_of_me(backend, token)
    return await principals.of_token(backend, token)


async def _session_of_me(backend: Backend, token: str) -> Principal:
    """Parse: `/sessions/me` looks its session up itself and has its own words if there is none."""
    try:
        return await principals.of_token(backend, token)
    except ParseError as error:
        if await principals.find_session(backend, token) is None:
            raise ParseError(Code.INVALID_SESSION_TOKEN, "Session token not found.") from error
        raise
