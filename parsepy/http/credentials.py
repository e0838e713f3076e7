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
from parsepy.http.refusals import unauthorized
from parsepy.http.requests import SessionRule
from parsepy.model.principal import (
    MAINTENANCE,
    MASTER,
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
_HEADERS = {
    b"x-parse-application-id": "app_id",
    b"x-parse-master-key": "master_key",
    b"x-parse-maintenance-key": "maintenance_key",
    b"x-parse-client-key": "client_key",
    b"x-parse-javascript-key": "javascript_key",
    b"x-parse-windows-key": "windows_key",
    b"x-parse-rest-api-key": "rest_api_key",
    b"x-parse-session-token": "session_token",
    b"x-parse-installation-id": "installation_id",
}


@dataclass(init=False, repr=False)
class Credentials:
    """What a request shows of itself, wherever it was written; at first, nothing."""

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


def read(config: Config, headers: Mapping[bytes, bytes], body: JSONObject) -> Credentials:
    """Read credentials from headers, Basic authorization and body, and remove them from the body.

    Raises ``HTTPRefusal`` 403 if those of the body are no texts.
    """
    found = Credentials()
    for name in headers:
        if name in _HEADERS:
            setattr(found, _HEADERS[name], headers[name].decode("latin-1"))
    if b"x-parse-cloud-context" in headers:
        found.context = headers[b"x-parse-cloud-context"]
    authorization = headers.get(b"authorization")
    if authorization is not None and found.app_id is None:
        _read_basic(config, found, authorization)
    for key in body:
        if key[:1] == "_":
            _read_body(config, found, body)
            break
    return found


def is_master(config: Config, headers: Mapping[bytes, bytes]) -> bool:
    """Do the headers bring the master key? What its holder may do is decided later."""
    key = headers.get(b"x-parse-master-key")
    return key is not None and _same(key.decode("latin-1"), config.master_key)


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
    """Read the context for cloud code; raises INVALID_JSON if it is no JSON object."""
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
    """Are the two keys the same? Takes constant time; an empty key equals none."""
    if not given or not expected:
        return False
    return hmac.compare_digest(given.encode(), expected.encode())


def key_principal(backend: Backend, found: Credentials, ip: str) -> Principal | None:
    """Return the principal of a master, maintenance or read-only key; ``None`` if none fits.

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


ClientKeys = tuple[tuple[str, bytes], ...]
"""The client keys of which one must fit: fields of ``Credentials``, and what they must hold."""


def client_keys(config: Config) -> ClientKeys:
    """Return the client keys that are configured; without any, clients need none."""
    pairs = (
        ("client_key", config.client_key),
        ("javascript_key", config.javascript_key),
        ("windows_key", config.dot_net_key),
        ("rest_api_key", config.rest_api_key),
    )
    return tuple((field, key.encode()) for field, key in pairs if key)


def check_client_keys(expected: ClientKeys, found: Credentials) -> None:
    """Check that a client key fits, if any is configured (protocol §2.5 d).

    Raises ``HTTPRefusal`` 403.
    """
    for field, key in expected:
        given: str | None = getattr(found, field)
        if given is not None and hmac.compare_digest(given.encode(), key):
            return
    if expected:
        raise unauthorized()


def check_keys(
    backend: Backend, expected: ClientKeys, found: Credentials, ip: str
) -> Principal | None:
    """Return the principal of a privileged key; ``None`` if the client keys are sufficient.

    Raises ``HTTPRefusal`` 403.
    """
    if found.app_id != backend.config.app_id:
        raise unauthorized()
    principal = key_principal(backend, found, ip)
    if principal is None:
        check_client_keys(expected, found)
    return principal


async def session_principal(backend: Backend, token: str, rule: SessionRule) -> Principal:
    """Find the user of a session token, by the rule of a route; raises INVALID_SESSION_TOKEN."""
    if rule is SessionRule.LEGACY and not token.startswith("r:"):
        return await principals.of_legacy_token(backend, token)
    if rule is SessionRule.LOOKED_UP:
        return await _looked_up(backend, token)
    return await principals.of_token(backend, token)


async def _looked_up(backend: Backend, token: str) -> Principal:
    """Parse: `/sessions/me` looks its session up itself and has its own words if there is none."""
    try:
        return await principals.of_token(backend, token)
    except ParseError as error:
        if await principals.find_session(backend, token) is None:
            raise ParseError(Code.INVALID_SESSION_TOKEN, "Session token not found.") from error
        raise
