"""Webhooks: functions and triggers behind a URL, kept in `_Hooks`, in force on every process.

A webhook is a handler like one of cloud code, and lies over one of the same name (§20.1).
"""

import asyncio
from urllib.parse import urlsplit

from parsepy.backend import Backend
from parsepy.errors import Code, Interruption, ParseError
from parsepy.model.query import simple
from parsepy.model.values import JSONObject
from parsepy.operations import schemas
from parsepy.operations.webhooks.calls import function_handler, trigger_handler
from parsepy.storage import DuplicateKey
from parsepy.triggers import CONFIG, TRIGGERS, check_place

_CLASS = "_Hooks"
_OURS = ("mayWrite", "aroundSave", "aroundDelete")  # which Parse's webhooks do not know
_SLOWEST = 1.0  # seconds: no process looks for changes more often


def is_allowed(kind: str, class_name: str) -> bool:
    """May a webhook handle this trigger of this class?"""
    if kind in _OURS or class_name == CONFIG or kind not in TRIGGERS:
        return False
    try:
        check_place(kind, class_name)
    except ValueError:
        return False
    return True


# --- which there are --------------------------------------------------------------------------


async def functions(backend: Backend) -> list[JSONObject]:
    """Every function behind a URL."""
    return [row for row in await _rows(backend) if "functionName" in row]


async def triggers(backend: Backend) -> list[JSONObject]:
    """Every trigger behind a URL."""
    return [row for row in await _rows(backend) if "triggerName" in row]


async def show(backend: Backend, key: JSONObject) -> JSONObject:
    """The webhook of a function name, or of a class and trigger name; (143) if there is none."""
    for row in await _rows(backend):
        if key.items() <= row.items():
            return row
    raise _missing(key)


async def _rows(backend: Backend) -> list[JSONObject]:
    rows = await schemas.lookup(backend, _CLASS, {})
    names = ("functionName", "className", "triggerName", "url")
    return [{name: row[name] for name in names if name in row} for row in rows]


def _missing(key: JSONObject) -> ParseError:
    if "functionName" in key:
        message = f"no function named: {key['functionName']} is defined"
    else:
        # Parse: for a trigger that nobody declared the message says that the class is not there
        message = f"class {key['className']} does not exist"
    return ParseError(Code.INVALID_IMAGE_DATA, message)


def _taken(key: JSONObject) -> ParseError:
    if "functionName" in key:
        message = f"function name: {key['functionName']} already exists"
    else:
        message = f"class {key['className']} already has trigger {key['triggerName']}"
    return ParseError(Code.INVALID_IMAGE_DATA, message)


def _invalid() -> ParseError:
    return ParseError(Code.INVALID_IMAGE_DATA, "invalid hook declaration")


# --- changes ----------------------------------------------------------------------------------


def _key_of(body: JSONObject) -> JSONObject:
    """What a declaration is about; a body that has both is a function's."""
    names = ("functionName",) if body.get("functionName") else ("className", "triggerName")
    key = {name: body.get(name) for name in names}
    if not all(isinstance(value, str) and value for value in key.values()):
        raise _invalid()
    return key


def _url_of(body: JSONObject) -> str:
    url = body.get("url")
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        is_http = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_http = False
    if not is_http:
        raise _invalid()
    return str(url)


async def create(backend: Backend, body: JSONObject) -> JSONObject:
    """Declare a webhook; (143) if it is not well formed, or there already."""
    key = _key_of(body)
    if any(key.items() <= row.items() for row in await _rows(backend)):
        raise _taken(key)
    row = {**key, "url": _url_of(body)}
    if "triggerName" in key and not is_allowed(key["triggerName"], key["className"]):
        raise _invalid()
    schema = await schemas.existing(backend, _CLASS)
    # the id is made of the name: of two processes that declare one at a time, one is refused
    object_id = " ".join(("hook", *key.values()))
    try:
        await backend.storage.insert(schema, {**row, "objectId": object_id})
    except DuplicateKey as error:
        raise _taken(key) from error
    await load(backend)
    return row


async def change(backend: Backend, key: JSONObject, body: JSONObject) -> JSONObject:
    """Give a webhook another URL; (143) if there is none."""
    url = _url_of(body)
    schema = await schemas.existing(backend, _CLASS)
    where = simple(_CLASS, key).where
    if await backend.storage.update(schema, where, {"url": url}) is None:
        raise _missing(key)
    await load(backend)
    return {**key, "url": url}


async def remove(backend: Backend, key: JSONObject) -> None:
    """Take a webhook away; what cloud code has of that name counts again."""
    schema = await schemas.existing(backend, _CLASS)
    if not await backend.storage.delete(schema, simple(_CLASS, key).where, many=True):
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    await load(backend)


# --- in force ---------------------------------------------------------------------------------


async def load(backend: Backend) -> None:
    """Put into force what the database says now."""
    known = backend.webhooks
    async with known.lock:  # a reading of before a change may not win over one of after it
        rows = await _rows(backend)
        if rows == known.rows:
            return
        known.rows = rows
        functions, handlers = {}, {}
        for row in rows:
            url, kind, class_name = row.get("url"), row.get("triggerName"), row.get("className")
            if not isinstance(url, str):
                continue
            if isinstance(name := row.get("functionName"), str):
                functions[name] = function_handler(url)
            elif is_allowed(str(kind), str(class_name)):
                handlers[str(kind), str(class_name)] = trigger_handler(url)
            else:
                backend.log.warning("webhooks: %s of %s can't be one", kind, class_name)
        backend.triggers.webhook_functions = functions
        backend.triggers.webhook_triggers = handlers
    if rows and backend.config.webhook_key is None:
        backend.log.warning("webhooks: without a webhookKey they can't know who calls them")


async def follow(backend: Backend) -> None:
    """Put into force what other processes change, as soon as they notice changes of schemas."""
    pause = max(schemas.ttl(backend.config), _SLOWEST)
    is_failing = False
    while True:
        await asyncio.sleep(pause)
        try:
            await load(backend)
            is_failing = False
        except (ParseError, Interruption) as error:
            if not is_failing:
                backend.log.warning("webhooks can't be read: %s", error)
            is_failing = True
