"""``read``, ``change`` and ``current``: what GraphQL shows, kept in `_GraphQLConfig`."""

import logging
from functools import lru_cache
from typing import Any

from parsepy.backend import Backend, RequestContext
from parsepy.errors import Code, ParseError, denied
from parsepy.model import graphql_config as model
from parsepy.model.graphql_config import DEFAULT, GraphQLConfig
from parsepy.model.values import JSONObject, dumps, loads

CLASS = "_GraphQLConfig"
_KEY = "config"

log = logging.getLogger("parsepy")


async def read(context: RequestContext) -> JSONObject:
    """The configuration as it was set; empty before."""
    return await _stored(context.backend)


async def change(context: RequestContext, config: Any) -> None:
    """Replace the configuration.

    Raises OPERATION_FORBIDDEN for all but the (writing) master key, INVALID_VALUE with all that
    is wrong with it.
    """
    if context.principal.is_read_only:
        raise denied(
            Code.OPERATION_FORBIDDEN,
            "read-only masterKey isn't allowed to update the GraphQL config.",
        )
    if not context.principal.is_master:
        raise denied(Code.OPERATION_FORBIDDEN, "unauthorized: master key is required")
    if problems := model.problems(config):
        raise ParseError(Code.INVALID_VALUE, f"Invalid graphQLConfig: {'; '.join(problems)}")
    backend = context.backend
    try:
        await backend.storage.settings.change(CLASS, {_KEY: config})
    finally:
        backend.settings.drop(CLASS)
        await backend.storage.after_commit(lambda: backend.settings.drop(CLASS))


async def current(backend: Backend) -> GraphQLConfig:
    """The configuration that is in force: as read within ``cacheTTL``.

    The same object comes again while nothing has changed.
    """
    if (known := known_config(backend)) is not None:
        return known
    mark = backend.settings.mark()
    kept = dumps(await _stored(backend))
    backend.settings.put(CLASS, kept, mark)
    return _read(kept)


def known_config(backend: Backend) -> GraphQLConfig | None:
    """The configuration if ``current`` would not read it now; ``None`` if it would."""
    kept = backend.settings.get(CLASS)
    return None if kept is None else _read(kept)


async def _stored(backend: Backend) -> JSONObject:
    row = await backend.storage.settings.read(CLASS)
    config: JSONObject = (row or {}).get(_KEY) or {}
    return config


@lru_cache(16)
def _read(kept: bytes) -> GraphQLConfig:
    config = loads(kept)
    if not config:
        return DEFAULT
    if problems := model.problems(config):  # somebody has written past the server
        log.warning("%s is not heeded: %s", CLASS, "; ".join(problems))
        return DEFAULT
    return model.from_json(config)
