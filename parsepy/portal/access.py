"""Who may see the portal: everybody of a demo, this machine on loopback, else admins."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from parsepy.backend import Backend, RequestContext
from parsepy.config import Config
from parsepy.errors import ParseError
from parsepy.http import credentials
from parsepy.http.credentials import Credentials
from parsepy.http.exchange import Exchange
from parsepy.http.refusals import HTTPRefusal
from parsepy.model.principal import MASTER, NOBODY, Principal
from parsepy.operations import principals, users
from parsepy.operations.bootstrap import ADMIN

COOKIE = "parsepy_portal"
SECONDS = 8 * 3600
"""How long a sign-in lasts."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_FORWARDED = (b"x-forwarded-for", b"x-forwarded-host", b"forwarded", b"via", b"x-real-ip")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at the portal: may they see it, and what only admins see?"""

    may_see: bool
    is_admin: bool
    name: str = ""


async def visitor_of(backend: Backend, exchange: Exchange) -> Visitor:
    """Tell who asks, by the cookie of a sign-in, or the credentials of a Parse request."""
    principal, name = await _principal(backend, exchange)
    is_admin = principal.is_master or ADMIN in principal.roles
    is_open = backend.config.demo or _is_of_this_machine(backend.config, exchange)
    return Visitor(is_open or is_admin, is_admin, name)


def _is_of_this_machine(config: Config, exchange: Exchange) -> bool:
    """Was it asked on this machine, by its own name, and not passed on by a proxy?

    A name that merely leads here would let the page of a stranger read along.
    """
    if not config.is_on_loopback or any(name in exchange.headers for name in _FORWARDED):
        return False
    try:
        is_near = ip_address(exchange.ip).is_loopback
    except ValueError:
        return False
    host = urlsplit(f"//{exchange.headers.get(b'host', b'').decode('latin-1')}").hostname
    return is_near and host in _LOOPBACK


async def _principal(backend: Backend, exchange: Exchange) -> tuple[Principal, str]:
    claims = _claims(backend.config, _cookie(exchange.headers))
    found = credentials.read(backend.config, exchange.headers, {})
    token = None
    if claims.get("kind") == "master":
        found = Credentials()
        found.master_key = backend.config.master_key
    elif claims.get("kind") == "user":
        token = claims.get("token")
    elif found.app_id == backend.config.app_id:
        token = found.session_token
    else:
        return NOBODY, ""
    try:
        if isinstance(token, str):
            user = await principals.of_token(backend, token)
            return user, str((user.user or {}).get("username", ""))
        key = credentials.key_principal(backend, found, exchange.ip)
    except (ParseError, HTTPRefusal):
        return NOBODY, ""
    return (key, "the master key") if key is not None and key.is_master else (NOBODY, "")


# --- signing in ---------------------------------------------------------------------------------


def is_of_own_page(exchange: Exchange) -> bool:
    """Did a page of this server send the form? Browsers say so; what is no browser says nothing."""
    headers = exchange.headers
    site = headers.get(b"sec-fetch-site")
    if site is not None and site not in (b"same-origin", b"none"):
        return False
    origin = headers.get(b"origin")
    if origin is None:
        return True
    own = {headers.get(b"host", b"").decode("latin-1"), urlsplit(exchange.mount_url).netloc}
    return urlsplit(origin.decode("latin-1")).netloc in own


async def sign_in(context: RequestContext, form: Mapping[str, str]) -> str | None:
    """Check a form's master key, or name and password of an admin; the cookie, None if refused.

    Raises ``ParseError`` as a log-in does.
    """
    key = form.get("masterKey")
    if key:
        found = Credentials()
        found.master_key = key
        principal = credentials.key_principal(context.backend, found, context.ip or "")
        return _sealed(context.config, {"kind": "master"}) if principal is MASTER else None
    given = {name: form.get(name, "") for name in ("username", "password")}
    user = await users.log_in(context, given)
    token = user["sessionToken"]
    principal = await principals.of_token(context.backend, token)
    if ADMIN not in principal.roles:
        await users.log_out(RequestContext(context.backend, principal))
        return None
    return _sealed(context.config, {"kind": "user", "token": token})


def _secret(config: Config) -> bytes:
    return hashlib.sha256(b"portal sign-in\0" + config.master_key.encode()).digest()


def _sealed(config: Config, claims: dict[str, Any]) -> str:
    import jwt

    until = int(time.time()) + SECONDS
    return jwt.encode({**claims, "exp": until}, _secret(config), algorithm="HS256")


def _claims(config: Config, cookie: str) -> Mapping[str, Any]:
    if not cookie:
        return {}
    import jwt

    try:
        claims: Mapping[str, Any] = jwt.decode(cookie, _secret(config), algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return {}
    return claims


def _cookie(headers: Mapping[bytes, bytes]) -> str:
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


async def sign_out(backend: Backend, exchange: Exchange) -> None:
    """End the session that a sign-in has made; the cookie is the caller's to remove."""
    token = _claims(backend.config, _cookie(exchange.headers)).get("token")
    if isinstance(token, str):
        try:
            principal = await principals.of_token(backend, token)
        except ParseError:
            return
        await users.log_out(RequestContext(backend, principal))
