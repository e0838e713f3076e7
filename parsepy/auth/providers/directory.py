"""LDAP: a directory is asked by a bind whether a password is right; bonsai speaks to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeGuard

from parsepy.auth.base import folded
from parsepy.auth.options import OptionsError
from parsepy.auth.providers.asking import log
from parsepy.auth.providers.proving import ProvingAdapter
from parsepy.model.values import JSONObject

if TYPE_CHECKING:
    from bonsai import LDAPClient

_SECONDS = 10.0  # for the bind, and for the search
_LONGEST = 1_000  # characters of a name or a password
_GROUPS = 1_000  # entries that a search may answer
_PLAIN = re.compile(r"[A-Za-z0-9._@-]")
_NAME = re.compile(r"\{\{id\}\}", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?:^|[,+])\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*\{\{id\}\}", re.IGNORECASE)
_WRONG = "LDAP: Wrong username or password"


@dataclass(frozen=True)
class DirectoryOptions:
    """Where the directory is, and how a user's name becomes that of an entry.

    ``tlsOptions`` may hold ``rejectUnauthorized`` and ``caFile``.
    """

    url: str
    suffix: str
    dn: str | None = None
    group_cn: str | None = None
    group_filter: str | None = None
    tls_options: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        problems = []
        if find_spec("bonsai") is None:
            problems.append("needs bonsai: pip install 'parsepy-server[ldap]'")
        if not self.url.startswith(("ldap://", "ldaps://")):
            problems.append("url: expected ldap:// or ldaps://")
        if self.dn is not None and "{{id}}" not in self.dn:
            problems.append("dn: expected {{id}} in it")
        if (self.group_cn is None) != (self.group_filter is None):
            problems.append("groupCn and groupFilter need each other")
        problems += [
            f"tlsOptions: unknown member {name!r}"
            for name in self.tls_options or {}
            if name not in ("rejectUnauthorized", "caFile")
        ]
        if problems:
            raise OptionsError(problems)


class Directory(ProvingAdapter):
    """A name and a password of the directory, and membership of a group if that is asked for."""

    Options = DirectoryOptions
    folds_ids = True
    title = "LDAP"
    modes = ("name and password",)
    extra = "ldap"

    def __init__(self, options: DirectoryOptions) -> None:
        super().__init__()
        self._options = options

    async def before_find(
        self, auth_data: JSONObject, options: Mapping[str, Any], request: Any
    ) -> JSONObject:
        """The name as the directory spells it: one entry is one account.

        A user whose name was stored as it had been typed, as Parse Server does, stays who types so.
        """
        found = await super().before_find(auth_data, options, request)
        typed = auth_data["id"]
        if typed != found["id"] and request is not None and await request.has_user(typed):
            return self.remember({"id": typed})
        return found

    async def prove(self, auth_data: JSONObject) -> JSONObject:
        """The name alone is stored.

        A bind with an empty password is anonymous and succeeds (RFC 4513 §5.1.2): it is refused
        before the directory is asked.
        """
        name, password = auth_data.get("id"), auth_data.get("password")
        if not _is_usable(name) or not _is_usable(password):
            raise self.refused(_WRONG)
        return {"id": await self._checked(name, password)}

    async def _checked(self, name: str, password: str) -> str:
        """The name as the directory spells it, once name, password and group are right."""
        import bonsai

        client = self._client()
        client.set_credentials("SIMPLE", user=self._entry_of(name), password=password)
        try:
            async with client.connect(is_async=True, timeout=_SECONDS) as connection:
                if self._options.group_cn is not None:
                    await self._check_group(connection, name)
                return await self._spelled(connection, name)
        except bonsai.AuthenticationError as error:
            raise self.refused(_WRONG) from error
        except (bonsai.LDAPError, OSError, TimeoutError) as error:
            log.warning("ldap: %s", type(error).__name__)
            raise self.refused("LDAP: The directory can't be asked.") from error

    async def _check_group(self, connection: Any, name: str) -> None:
        """As the user: does a group that the filter finds for them bear the name?"""
        query = _NAME.sub(lambda _: escaped(name), self._options.group_filter or "")
        found = await connection.search(
            self._options.suffix, 2, query, ["cn"], timeout=_SECONDS, sizelimit=_GROUPS
        )
        if not any(self._options.group_cn in entry.get("cn", ()) for entry in found):
            raise self.refused("LDAP: User not in group")

    async def _spelled(self, connection: Any, name: str) -> str:
        """As the user: the name as their entry has it, which a bind takes in any spelling.

        As it was typed where the entry can't be read, or is named otherwise than by an attribute.
        """
        attribute = _ATTRIBUTE.search(self._options.dn or "uid={{id}}")
        if attribute is None:
            return name
        import bonsai

        entry, wanted = self._entry_of(name), [attribute[1]]
        try:
            found = await connection.search(entry, 0, "(objectClass=*)", wanted, timeout=_SECONDS)
        except (bonsai.errors.NoSuchObjectError, bonsai.errors.InsufficientAccess):
            return name
        spellings = found[0].get(attribute[1], ()) if found else ()
        same = (
            each for each in spellings if isinstance(each, str) and folded(each) == folded(name)
        )
        return next(same, name)

    def _client(self) -> LDAPClient:
        import bonsai

        client = bonsai.LDAPClient(self._options.url)
        tls = self._options.tls_options or {}
        if self._options.url.startswith("ldaps://"):
            client.set_cert_policy("never" if tls.get("rejectUnauthorized") is False else "demand")
            if tls.get("caFile"):
                client.set_ca_cert(tls["caFile"])
        client.set_ignore_referrals(True)
        return client

    def _entry_of(self, name: str) -> str:
        """The distinguished name of a user's entry."""
        if self._options.dn is not None:
            return _NAME.sub(lambda _: escaped(name), self._options.dn)
        return f"uid={escaped(name)},{self._options.suffix}"


def escaped(text: str) -> str:
    """Text as a value, both of a distinguished name (RFC 4514 §2.4) and of a filter (RFC 4515 §3).

    Whatever is no letter, digit or plain sign stands as its bytes, which both allow.
    """
    return "".join(
        sign if _PLAIN.fullmatch(sign) else "".join(f"\\{byte:02x}" for byte in sign.encode())
        for sign in text
    )


def _is_usable(text: Any) -> TypeGuard[str]:
    """Can it be a name or a password? Text that is not empty, which UTF-8 can hold, without NUL."""
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or "\0" in text:
        return False
    return text.encode("utf-8", "replace").decode() == text
