"""``/batch``: replays inner requests through the router (protocol §24)."""

import asyncio
import random
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.http import credentials
from parsepy.http.paths import read_query, split_path
from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer, HTTPRefusal, error_body
from parsepy.model.values import JSONObject
from parsepy.operations import principals
from parsepy.storage import Conflict, Unavailable

_ATTEMPTS = 10  # of a transaction that meets others
_TOGETHER = 20  # inner requests under way at once
_METHODS = ("GET", "POST", "PUT", "DELETE")
_OUTSIDE = {"schemas": "schemas", "hooks": "webhooks"}  # no transaction may change them


def _refused(message: str) -> ParseError:
    return ParseError(Code.INVALID_JSON, message)


async def batch(request: Request) -> Answer:
    """Run the inner requests with the outer one's rights; an answer for each, in order."""
    items = request.body.get("requests")
    if not isinstance(items, list):
        raise _refused("requests must be an array")
    context = request.context
    limit = context.config.request_complexity.batch_request_limit
    if not context.principal.is_privileged and 0 <= limit < len(items):
        raise _refused(
            f"Batch request contains {len(items)} sub-requests, which exceeds the limit of {limit}."
        )
    inner = [_inner(request, item) for item in items]
    if request.admit_item is not None:
        for item, _ in inner:
            await request.admit_item(context, item.method, item.path)
    if request.body.get("transaction"):
        return Answer(await _in_transaction(context, inner))
    return Answer(await _run(inner))


def _inner(request: Request, item: Any) -> tuple[Request, Any]:
    """An inner request with its route; refuses the whole batch if it has none."""
    path = item.get("path") if isinstance(item, dict) else None
    if not isinstance(path, str):
        raise _refused("batch request path must be a string")
    method = item.get("method", "undefined")
    parts = None
    target, _, parameters = path.partition("#")[0].partition("?")
    if path.startswith("/"):
        for mount in _mounts(request.context):
            parts = parts or split_path(target, mount)
    if parts is None:
        raise _refused(f"cannot route batch path {path}")
    if parts == ("batch",):
        raise _refused("nested batch requests are not allowed")
    match = request.find_route(method, parts) if method in _METHODS else None
    if match is None:
        raise _refused(f"cannot route {method} /{'/'.join(parts)}")
    body = item.get("body")
    body = dict(body) if isinstance(body, dict) else {}
    credentials.read(request.context.config, request.headers, body)
    inner = replace(
        request,
        method=method,
        path=parts,
        query=read_query(parameters.encode()),
        body=body,
        arguments=match.arguments,
        context=replace(request.context, trigger_context=dict(request.context.trigger_context)),
    )
    return inner, match.handler


def _mounts(context: RequestContext) -> list[str]:
    """The path prefixes by which this server is known."""
    config = context.config
    urls = (config.server_url, config.public_server_url or "")
    paths = [urlsplit(url).path.rstrip("/") for url in urls if url]
    return list(dict.fromkeys([config.mount_path.rstrip("/"), *paths]))


async def _run(inner: list[tuple[Request, Any]]) -> list[JSONObject]:
    """Run creates and changes of different objects together, all else in order."""
    answers: list[JSONObject] = []
    position = 0
    while position < len(inner):
        group = [inner[position]]
        touched = {_touched(inner[position][0])}
        while (
            None not in touched
            and position + len(group) < len(inner)
            and len(group) < _TOGETHER
            and (target := _touched(inner[position + len(group)][0])) is not None
            and (target not in touched or target[1] == "")
        ):
            touched.add(target)
            group.append(inner[position + len(group)])
        answers += await asyncio.gather(*(_outcome(*item) for item in group))
        position += len(group)
    return answers


def _touched(request: Request) -> tuple[str, str] | None:
    """The class and object that a plain write touches ("" for a create); ``None``: run alone."""
    if request.path[0] != "classes" or request.method == "GET":
        return None
    name = request.path[1]
    return None if name[:1] == "_" else (name, request.arguments.get("objectId", ""))


async def _outcome(request: Request, handler: Any) -> JSONObject:
    backend = request.context.backend
    try:
        answer: Answer = await handler(request)
    except ParseError as error:
        return {"error": error_body(backend, error)}
    except HTTPRefusal as refusal:
        return {"error": {"code": Code.OPERATION_FORBIDDEN, **refusal.body}}
    except Unavailable as error:
        # what others of the batch have stored is told all the same
        backend.log.error("the database can't be reached: %s", error)
        return {"error": {"code": Code.INTERNAL_SERVER_ERROR, "error": "Database error"}}
    content = answer.content
    return {"success": content.decode() if isinstance(content, bytes) else content}


class _Failed(Exception):
    """An inner request of a transaction was refused."""

    def __init__(self, error: JSONObject) -> None:
        super().__init__(str(error))
        self.error = error


async def _in_transaction(
    context: RequestContext, inner: list[tuple[Request, Any]]
) -> list[JSONObject]:
    """All or nothing: the first refusal rolls everything back and is the answer.

    One that met another's change is tried again, a little later each time.
    """
    for request, _ in inner:
        # a change of classes would wait for the locks that this very transaction holds; one of
        # webhooks would be in force at once, whatever becomes of the transaction
        changed = _OUTSIDE.get(request.path[0])
        if changed is not None and request.method != "GET":
            raise ParseError(Code.OPERATION_FORBIDDEN, f"A transaction can't change {changed}.")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await _try_transaction(context, inner)
        except _Failed as failure:
            # whatever the code, the batch as a whole was found: 400, never 404
            raise HTTPRefusal(400, failure.error) from None
        except Conflict as conflict:
            context.backend.log.info("transaction, attempt %d: %s", attempt, conflict)
            await asyncio.sleep(random.uniform(0, 0.02 * attempt))
    raise ParseError(
        Code.INTERNAL_SERVER_ERROR, "Other transactions changed the same objects; try again."
    )


async def _try_transaction(
    context: RequestContext, inner: list[tuple[Request, Any]]
) -> list[JSONObject]:
    answers = []
    try:
        async with context.backend.storage.transaction():
            for request, handler in inner:
                answers.append(await _outcome(request, handler))
                if "error" in answers[-1]:
                    raise _Failed(answers[-1]["error"])
    finally:
        # what was cached meanwhile is of before, or of what never came to be
        if any(_touched(request) is None and request.method != "GET" for request, _ in inner):
            principals.forget_everybody(context.backend)
    return answers


routes = [Route("POST", "/batch", batch)]
