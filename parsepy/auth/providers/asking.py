"""``ProviderApi``: requests to a provider, bounded in time and size; each failure is a refusal."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from parsepy.errors import Code, ParseError
from parsepy.model.values import JSONObject
from parsepy.outgoing import Bounds, Outgoing, OutgoingError, Reply

log = logging.getLogger("parsepy.auth")

BOUNDS = Bounds(10.0, 500_000)
"""Seconds and bytes for an answer of a provider; nothing redirects."""


@dataclass(frozen=True, slots=True)
class ProviderApi:
    """The servers of one provider, by its ``title``; what goes wrong is logged, not told."""

    title: str
    http: Outgoing

    async def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        bearer: str | None = None,
    ) -> JSONObject:
        """The object that a GET is answered; raises ``ParseError``."""
        return self.object_in(await self.reply_to_get(url, params, bearer=bearer), url)

    async def reply_to_get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        bearer: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """What a GET is answered with 2xx; raises ``ParseError``."""
        sent = {"Accept": "application/json", **(headers or {})}
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        try:
            reply = await self.http.get(url, params=params, headers=sent, bounds=BOUNDS)
        except OutgoingError as error:
            raise self._failed(url, str(error)) from error
        return self._good(reply, url)

    async def post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> JSONObject:
        """The object that a form is answered; raises ``ParseError``."""
        return self.object_in(await self.reply_to_post(url, form, headers), url)

    async def reply_to_post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Reply:
        """What a form is answered with 2xx; raises ``ParseError``."""
        sent = {"Accept": "application/json", **(headers or {})}
        try:
            reply = await self.http.post(url, form=form, headers=sent, bounds=BOUNDS)
        except OutgoingError as error:
            raise self._failed(url, str(error)) from error
        return self._good(reply, url)

    def object_in(self, reply: Reply, url: str) -> JSONObject:
        """The JSON object of an answer; raises ``ParseError``."""
        try:
            found = reply.json()
        except OutgoingError as error:
            raise self._failed(url, str(error)) from error
        if not isinstance(found, dict):
            raise self._failed(url, "answered no object")
        return found

    def _good(self, reply: Reply, url: str) -> Reply:
        if not reply.is_success:
            raise self._failed(url, f"answered {reply.status}")
        return reply

    def _failed(self, url: str, why: str) -> ParseError:
        # an address may hold a secret behind its path
        log.info("sign-in by %s: %s %s", self.title, url.partition("?")[0], why)
        return ParseError(Code.OBJECT_NOT_FOUND, f"{self.title} API request failed.")
