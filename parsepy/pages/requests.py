"""``PageRequest``: what a browser, or a script of a page, asks of a page."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from parsepy.backend import RequestContext
from parsepy.http.refusals import HTTPRefusal

LARGEST_FORM = 64_000
"""Bytes of a form, or of the JSON in its place."""
_MOST_FIELDS = 50


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for a page, in the context of nobody; ``form`` holds the texts of its body."""

    http: Request
    context: RequestContext
    form: Mapping[str, str]

    @property
    def query(self) -> Mapping[str, str]:
        """The texts of the query string."""
        return _texts(self.http.query_params.multi_items())

    def text(self, name: str) -> str | None:
        """Return a field of the form (of the query, unless it is a POST); ``None`` if empty."""
        given = self.form if self.http.method == "POST" else self.query
        return given.get(name) or None

    @property
    def is_script(self) -> bool:
        """Was the request made by a script of a page, which expects JSON?"""
        return self.http.headers.get("x-requested-with", "").lower() == "xmlhttprequest"


def unreadable() -> HTTPRefusal:
    """Make the refusal of a form that is too large or can't be read."""
    return HTTPRefusal(400, "The form can't be read.")


async def read(http: Request, context: RequestContext) -> PageRequest:
    """Read a request and its form; raises ``HTTPRefusal`` 400."""
    if http.scope["query_string"].count(b"&") >= _MOST_FIELDS:
        raise unreadable()
    form = await _form(http) if http.method == "POST" else {}
    return PageRequest(http, context, form)


async def _form(http: Request) -> Mapping[str, str]:
    """Read the fields of a form, or of a JSON object."""
    try:
        body = await http.body()
        if body.lstrip()[:1] == b"{" and "form" not in http.headers.get("content-type", ""):
            return _texts(json.loads(body).items())
        async with http.form(max_files=0, max_fields=_MOST_FIELDS) as form:
            fields = form.multi_items()
    except (ValueError, RecursionError, MultiPartException, HTTPException, ClientDisconnect) as e:
        raise unreadable() from e
    if len(fields) > _MOST_FIELDS:
        raise unreadable()
    return _texts(fields)


def _texts(fields: Iterable[tuple[str, object]]) -> Mapping[str, str]:
    """Return the fields that are texts and come once."""
    found: dict[str, list[object]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return {
        name: values[0]
        for name, values in found.items()
        if len(values) == 1 and isinstance(values[0], str)
    }
