"""``/batch``: replays inner requests through the router (protocol §24)."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from inspect import unwrap
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.http import credentials
from parsepy.http.failures import FORESEEN, failure_of
from parsepy.http.idempotency import HEADER as REQUEST_ID
from parsepy.http.paths import split_path
from parsepy.http.refusals import HTTPRefusal, hung_up
from parsepy.http.requests import Request, Route, RouteMatch
from parsepy.http.responses import Answer
from parsepy.model.values import JSONObject, dumps, encoded
from parsepy.operations import objects, principals
from parsepy.storage import Conflict, LockWanted

_ATTEMPTS = 10  # of a transaction that meets others
_TOGETHER = 20  # inner requests under way at once
_INSERTED = 100  # creates in one call of the database
_AT_ONCE = 100  # inner requests that are looked at before others have their turn
_METHODS = ("GET", "POST", "PUT", "DELETE")


def _refused(message: str) -> ParseError:
    return ParseError(Code.INVALID_JSON, message)


async def batch(request: Request) -> Answer:
    """Run the inner requests with the outer one's rights; answer each, in order."""
    items = request.body.get("requests")
    if not isinstance(items, list):
        raise _refused("requests must be an array")
    context = request.context
    limit = context.config.request_complexity.batch_request_limit
    if not context.principal.is_privileged and 0 <= limit < len(items):
        raise _refused(
            f"Batch request contains {len(items)} sub-requests, which exceeds the limit of {limit}."
        )
    mounts, request_id = _mounts(context), context.headers.get(REQUEST_ID)
    inner, targets = [], dict[tuple[str, Any], _Target]()
    for place, item in enumerate(items):
        inner.append(_inner(request, item, mounts, targets))
        if request_id is not None:
            inner[-1].context.headers = _headers(context, request_id, place)
        if len(inner) % _AT_ONCE == 0:
            await asyncio.sleep(0)  # others have their turn
    for item in inner:
        match = RouteMatch(item.route, item.arguments)
        await request.admit_item(context, item.method, item.path, match)
    gone = asyncio.ensure_future(request.receive())  # which comes when the client has hung up
    try:
        if request.body.get("transaction"):
            return Answer(await _in_transaction(context, inner, gone))
        return Answer(await _run(inner, gone))
    finally:
        gone.cancel()


def _check(gone: "asyncio.Future[Any]") -> None:
    """Do nothing more for a client that has hung up."""
    if gone.done():
        raise hung_up()


class _Target(NamedTuple):
    """Where an inner request goes: its path, its query string, and the route that fits them."""

    path: tuple[str, ...]
    query_string: bytes
    match: RouteMatch


def _inner(
    request: Request,
    item: Any,
    mounts: Sequence[str],
    targets: dict[tuple[str, Any], _Target],
) -> Request:
    """Make an inner request; refuse the whole batch if no route for batches fits it.

    ``targets`` are those of the batch so far: most of its items go to the same one.
    """
    path = item.get("path") if isinstance(item, dict) else None
    if not isinstance(path, str):
        raise _refused("batch request path must be a string")
    method = item.get("method", "undefined")
    key = (path, method if isinstance(method, str) else None)
    target = targets.get(key)
    if target is None:
        target = targets[key] = _target(request, method, path, mounts)
    body = item.get("body")
    body = dict(body) if isinstance(body, dict) else {}
    for name in body:
        if name[:1] == "_":
            credentials.read(request.context.config, request.headers, body)
            break
    route, arguments = target.match
    return Request(
        method,
        target.path,
        target.query_string,
        body,
        request.context.apart(),
        route,
        arguments,
        request.headers,
        request.find_route,
        request.admit_item,
        request.receive,
    )


def _target(request: Request, method: Any, path: str, mounts: Sequence[str]) -> _Target:
    """Find where an inner request goes; raises the refusal of the whole batch."""
    parts = None
    target, _, parameters = path.partition("#")[0].partition("?")
    if path.startswith("/"):
        for mount in mounts:
            parts = parts or split_path(target, mount)
    if parts is None:
        raise _refused(f"cannot route batch path {path}")
    match = request.find_route(method, parts) if method in _METHODS else None
    if match is None or not match.route.in_batch:
        batches = request.find_route("POST", parts)
        if batches is not None and unwrap(batches.route.handler) is batch:
            raise _refused("nested batch requests are not allowed")
        raise _refused(f"cannot route {method} /{'/'.join(parts)}")
    return _Target(parts, parameters.encode(), match)


def _headers(context: RequestContext, request_id: bytes, place: int) -> Mapping[bytes, bytes]:
    """The headers of a batch as hooks of one of its items see them.

    A client's id is the batch's: each item has one of its own, by its place, so that none counts
    as another one sent again, and all do when the batch is.
    """
    return {**context.headers, REQUEST_ID: b"%s.%d" % (request_id, place)}


def _mounts(context: RequestContext) -> list[str]:
    """List the path prefixes that may precede an inner request's path."""
    config = context.config
    urls = (config.server_url, config.public_server_url or "")
    paths = [urlsplit(url).path.rstrip("/") for url in urls if url]
    return list(dict.fromkeys([config.mount_path.rstrip("/"), *paths]))


async def _run(inner: list[Request], gone: "asyncio.Future[Any]") -> list[JSONObject]:
    """Run creates and changes of different objects together, all else in order."""
    answers: list[JSONObject] = []
    position = 0
    told = _Told(inner[0].context.bounds.answer_bytes if inner else 0)
    while position < len(inner):
        _check(gone)
        if told.is_over:
            answers.append(_failed(inner[position], told.refusal()))
            position += 1
            continue
        if creates := _creates(inner, position):
            answers += await _created(creates)
            position += len(creates)
            continue
        group = [inner[position]]
        touched = {_touched(inner[position])}
        while (
            None not in touched
            and position + len(group) < len(inner)
            and len(group) < _TOGETHER
            and (target := _touched(inner[position + len(group)])) is not None
            and (target not in touched or target[1] == "")
        ):
            touched.add(target)
            group.append(inner[position + len(group)])
        answers += map(told.told, await asyncio.gather(*map(_outcome, group)))
        position += len(group)
    return answers


def _creates(inner: Sequence[Request], position: int) -> list[Request]:
    """The creates of one class that stand here, if they may be made together; else none."""
    first = inner[position]
    touched = _touched(first)
    if touched is None or touched[1] or not objects.may_create_together(first.context, touched[0]):
        return []
    found = [first]
    for other in inner[position + 1 : position + _INSERTED]:
        if _touched(other) != touched:
            break
        found.append(other)
    return found


async def _created(group: list[Request]) -> list[JSONObject]:
    """Make creates together, and answer each."""
    context, class_name = group[0].context, group[0].arguments["className"]
    bodies = [request.body for request in group]
    return [
        _failed(request, outcome)
        if isinstance(outcome, Exception)
        else {"success": outcome.response}
        for request, outcome in zip(
            group, await objects.create_together(context, class_name, bodies), strict=True
        )
    ]


def _touched(request: Request) -> tuple[str, str] | None:
    """Return the class and object of a plain write ("" for a create); ``None``: run it alone."""
    if not request.route.writes_object:
        return None
    name = request.arguments["className"]
    return None if name[:1] == "_" else (name, request.arguments.get("objectId", ""))


class _Told:
    """What a batch's answer has to tell, up to ``most`` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0

    @property
    def is_over(self) -> bool:
        return self._size > self._most

    def refusal(self) -> ParseError:
        """The refusal of what comes after that."""
        message = f"The answer of the batch has more than {self._most} bytes."
        return ParseError(Code.INVALID_QUERY, message)

    def told(self, outcome: JSONObject) -> Any:
        """The outcome as it lies in the answer: encoded at once, and counted."""
        try:
            text = dumps(outcome)
        except TypeError:  # the answer's own encoding says why
            return outcome
        self._size += len(text)
        return encoded(text)


async def _outcome(request: Request) -> JSONObject:
    try:
        answer = await request.route.handler(request)
    except FORESEEN as error:
        return _failed(request, error)
    content = answer.content
    return {"success": content.decode() if isinstance(content, bytes) else content}


def _failed(request: Request, error: Exception) -> JSONObject:
    """Tell what ended an item; what others of the batch have stored is told all the same."""
    if not isinstance(error, FORESEEN):
        raise error
    context = request.context
    where = f"request {context.request_id}: {request.method} in a batch"
    failure = failure_of(context.backend, error, where)
    return {"error": failure.content(Code.OPERATION_FORBIDDEN)}


class _Failed(Exception):
    """An inner request of a transaction was refused."""

    def __init__(self, error: JSONObject) -> None:
        super().__init__(str(error))
        self.error = error


async def _in_transaction(
    context: RequestContext, inner: list[Request], gone: "asyncio.Future[Any]"
) -> list[JSONObject]:
    """Run all or nothing: the first refusal rolls everything back and is the answer.

    One that met another's change is tried again, a little later each time.
    """
    for request in inner:
        # a change of classes would wait for the locks that this very transaction holds; one of
        # webhooks would be in force at once, whatever becomes of the transaction
        if not request.route.in_transaction:
            message = f"A transaction can't change {request.route.changes}."
            raise ParseError(Code.OPERATION_FORBIDDEN, message)
    return await context.backend.storage.locks.around(lambda: _repeated(context, inner, gone))


async def _repeated(
    context: RequestContext, inner: list[Request], gone: "asyncio.Future[Any]"
) -> list[JSONObject]:
    attempt = 1
    while True:
        try:
            return await _try_transaction(context, inner, gone)
        except LockWanted:  # of cloud code: it is taken before the next attempt begins
            raise
        except _Failed as failure:
            # whatever the code, the batch as a whole was found: 400, never 404
            code, message = failure.error["code"], failure.error["error"]
            raise HTTPRefusal(400, message, code=code) from None
        except Conflict as conflict:
            if attempt == _ATTEMPTS:
                raise
            context.backend.log.info("transaction, attempt %d: %s", attempt, conflict)
            await asyncio.sleep(random.uniform(0, 0.02 * attempt))
            attempt += 1


async def _try_transaction(
    context: RequestContext, inner: list[Request], gone: "asyncio.Future[Any]"
) -> list[JSONObject]:
    answers = []
    told = _Told(context.bounds.answer_bytes)
    try:
        async with context.backend.storage.transaction():
            for request in inner:
                _check(gone)
                outcome = _failed(request, told.refusal()) if told.is_over else None
                outcome = outcome or await _outcome(request)
                if "error" in outcome:
                    raise _Failed(outcome["error"])
                answers.append(told.told(outcome))
    finally:
        # what was cached meanwhile is of before, or of what never came to be
        if any(_touched(request) is None and request.method != "GET" for request in inner):
            principals.forget_everybody(context.backend)
    return answers


routes = [Route("POST", "/batch", batch, in_batch=False)]
