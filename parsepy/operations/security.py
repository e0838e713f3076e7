"""``report``: the table of checks for weak settings (option security, protocol §29)."""

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from parsepy.backend import Backend
from parsepy.config import ConfigError
from parsepy.model.values import JSONObject
from parsepy.operations import schemas

Weak = Callable[[Backend], Awaitable[str]]
_WRITES = ("create", "update", "delete", "addField")


@dataclass(frozen=True, slots=True)
class SecurityCheck:
    """A line of the table: ``weak`` says in a sentence what is wrong, "" if nothing is."""

    group: str
    title: str
    weak: Weak
    solution: str


async def _master_key(backend: Backend) -> str:
    key = backend.config.master_key
    kinds = sum(bool(re.search(kind, key)) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^a-zA-Z0-9]"))
    return "" if len(key) >= 24 or (len(key) >= 14 and kinds >= 3) else "It can be guessed."


async def _master_ips(backend: Backend) -> str:
    everywhere = {ip_network("0.0.0.0/0"), ip_network("::/0")}
    is_open = everywhere & set(backend.config.master_key_ips)
    return "It is accepted from every address." if is_open else ""


async def _class_creation(backend: Backend) -> str:
    is_open = backend.config.allow_client_class_creation
    return "Anybody can fill the database with classes." if is_open else ""


async def _private_users(backend: Backend) -> str:
    is_private = backend.config.enforce_private_users
    return "" if is_private else "Anybody can list who has signed up."


async def _sanitized(backend: Backend) -> str:
    is_on = backend.config.enable_sanitized_error_response
    return "" if is_on else "Refusals tell of classes, fields and rules."


async def _login_limited(backend: Backend) -> str:
    limits = [limit.request_path for limit in backend.config.rate_limit]
    limits += [str(limit.get("requestPath")) for limit in backend.triggers.rate_limits]
    is_limited = any("login" in path or path.startswith(("*", "/*")) for path in limits)
    is_limited = is_limited or backend.config.account_lockout is not None
    return "" if is_limited else "Passwords can be tried as fast as the server answers."


async def _https(backend: Backend) -> str:
    url = urlsplit(backend.config.public_server_url or backend.config.server_url)
    is_safe = url.scheme == "https" or url.hostname in ("localhost", "127.0.0.1", "::1")
    return "" if is_safe else "Sessions and passwords cross the network in the clear."


async def _database_password(backend: Backend) -> str:
    uri = backend.config.database_uri or ""
    is_local = not uri.startswith("mongodb") or urlsplit(uri).username
    return "" if is_local else "Whoever reaches the database can read and change it."


async def _public_writes(backend: Backend) -> str:
    found = []
    for name, schema in sorted((await schemas.load(backend)).items()):
        if name[:1] == "_":
            continue
        permissions = schema.to_json()["classLevelPermissions"]
        open_to_all = [way for way in _WRITES if (permissions.get(way) or {}).get("*")]
        if open_to_all:
            found.append(f"{name} ({', '.join(open_to_all)})")
    return f"Anybody may write to {'; '.join(found)}." if found else ""


_SERVER, _DATABASE, _CLASSES = "Server configuration", "Database", "Classes"
CHECKS = (
    SecurityCheck(
        _SERVER, "Master key is strong", _master_key, "Choose a random one of 24 characters."
    ),
    SecurityCheck(_SERVER, "Master key is bound to addresses", _master_ips, "Set masterKeyIps."),
    SecurityCheck(
        _SERVER,
        "Clients make no classes",
        _class_creation,
        "Set allowClientClassCreation to false.",
    ),
    SecurityCheck(_SERVER, "Users are private", _private_users, "Set enforcePrivateUsers to true."),
    SecurityCheck(
        _SERVER,
        "Refusals tell nothing",
        _sanitized,
        "Set enableSanitizedErrorResponse to true.",
    ),
    SecurityCheck(
        _SERVER,
        "Log-ins are limited",
        _login_limited,
        "Set accountLockout, or a rateLimit for /login.",
    ),
    SecurityCheck(_SERVER, "Clients come over HTTPS", _https, "Put a proxy with TLS in front."),
    SecurityCheck(
        _DATABASE, "Database has a password", _database_password, "Put it into databaseURI."
    ),
    SecurityCheck(
        _CLASSES,
        "Classes are not open to writing",
        _public_writes,
        "Restrict the class-level permissions.",
    ),
)


def own_group(given: Any, option: str) -> tuple[SecurityCheck, ...]:
    """The checks of an operator's own group; raises ``ConfigError``.

    ``{"name", "checks": [{"title", "warning", "solution", "check"}]}``; a check is a function
    that raises, or answers ``False``, if something is weak.
    """
    group = given if isinstance(given, Mapping) else {}
    name, checks = group.get("name"), group.get("checks")
    if isinstance(name, str) and isinstance(checks, list | tuple) and all(map(_is_own, checks)):
        return tuple(_own(name, check) for check in checks)
    raise ConfigError(
        [
            f'{option}: expected {{"name": text, "checks": [{{"title", "warning", "solution": '
            f'texts, "check": function}}]}}, got {type(given).__name__}'
        ]
    )


def _is_own(check: Any) -> bool:
    return (
        isinstance(check, Mapping)
        and all(isinstance(check.get(key), str) for key in ("title", "warning", "solution"))
        and callable(check.get("check"))
    )


def _own(group: str, given: JSONObject) -> SecurityCheck:
    """An operator's check as a line of the table."""
    check = given["check"]

    async def weak(backend: Backend) -> str:
        try:
            if inspect.iscoroutinefunction(check):
                answer = await check()
            else:
                answer = await asyncio.to_thread(check)
        except Exception:  # Parse: a check that raises, whatever it may be, has failed
            backend.log.debug("security: %s", given["title"], exc_info=True)
            answer = False
        return str(given["warning"]) if answer is False else ""

    return SecurityCheck(group, given["title"], weak, given["solution"])


async def report(backend: Backend) -> JSONObject:
    """Every check's outcome, by group: ``{"version", "state", "groups"}``."""
    groups: dict[str, list[JSONObject]] = {}
    for check in (*CHECKS, *backend.security_checks):
        weakness = await check.weak(backend)
        line: JSONObject = {"title": check.title, "state": "fail" if weakness else "success"}
        if weakness:
            line |= {"warning": weakness, "solution": check.solution}
        groups.setdefault(check.group, []).append(line)
    shown = [
        {"name": name, "state": _state(checks), "checks": checks} for name, checks in groups.items()
    ]
    return {"version": "1.0.0", "state": _state(shown), "groups": shown}


def _state(parts: list[JSONObject]) -> str:
    return "fail" if any(part["state"] == "fail" for part in parts) else "success"


async def log_weaknesses(backend: Backend) -> None:
    """Warn of each check that fails (option security.enableCheckLog)."""
    for group in (await report(backend))["groups"]:
        for check in group["checks"]:
            if check["state"] == "fail":
                backend.log.warning(
                    "security: not so: %s. %s %s",
                    check["title"],
                    check["warning"],
                    check["solution"],
                )
