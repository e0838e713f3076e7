"""``aggregate``: pipelines and ``distinct`` over a class, for the master key."""

from dataclasses import replace
from typing import Any

from parsepy.backend import RequestContext
from parsepy.errors import Code, denied
from parsepy.model import credentials
from parsepy.model.aggregation import Aggregation
from parsepy.model.query import Query
from parsepy.model.schema import is_class_name
from parsepy.model.where import fields_of
from parsepy.operations import access, find, hooks, schemas
from parsepy.storage.options import ReadOptions
from parsepy.triggers import ReplacementResults


async def aggregate(context: RequestContext, asked: Aggregation) -> list[Any]:
    """The results of a pipeline, or the distinct values of a field (protocol §27).

    A class that is not there has none. Raises OPERATION_FORBIDDEN for all but the master key,
    INVALID_QUERY for what MongoDB refuses.
    """
    found = await _aggregate(context, asked, encodes=False)
    assert not isinstance(found, bytes)
    return found


async def aggregate_encoded(context: RequestContext, asked: Aggregation) -> bytes | list[Any]:
    """What ``aggregate`` answers, for who only passes it on: as a JSON array, where it can be."""
    return await _aggregate(context, asked, encodes=True)


async def _aggregate(
    context: RequestContext, asked: Aggregation, *, encodes: bool
) -> bytes | list[Any]:
    _check_rights(context, asked)
    if not is_class_name(asked.class_name):
        schemas.check_unknown(context, asked.class_name)
        return []
    if context.principal.is_read_only:
        asked = await _without_credentials(context, asked)
    selects = asked.where or asked.distinct is not None
    query = None
    if selects or context.backend.triggers.has("beforeFind", asked.class_name):
        query = Query(asked.class_name, where=asked.where, limit=None)
        # Parse: beforeFind sees an aggregation as a query; afterFind does not see it
        rewritten = await hooks.before_find(context, query)
        if isinstance(rewritten, ReplacementResults):
            if context.principal.is_read_only:
                credentials.withhold(asked.class_name, rewritten.objects)
            return rewritten.objects
        if asked.distinct is not None:
            query = rewritten  # Parse: what it makes of the where is not heeded by a pipeline
    schema = await schemas.readable(context, asked.class_name)
    if not schema.exists:
        return []
    storage = context.backend.storage
    if query is not None and selects:
        query = await find.resolved(context, schema, query)
        asked = replace(asked, where=query.where)
    if asked.distinct is not None:
        # Parse: hint, comment and read preference are not heeded beside distinct
        return await storage.distinct(schema, asked.where, asked.distinct)
    options = ReadOptions(
        hint=asked.hint,
        comment=asked.comment,
        read_preference=asked.read_preference,
        mount_url=context.mount_url,
    )
    if encodes:
        return await storage.aggregate_json(schema, asked, options)
    return await storage.aggregate(schema, asked, options)


def _check_rights(context: RequestContext, asked: Aggregation) -> None:
    principal = context.principal
    if not principal.is_master:
        raise denied(Code.OPERATION_FORBIDDEN, "Only the master key may aggregate.")
    if not principal.is_read_only:
        return
    if not context.config.allow_aggregation_for_read_only_master_key:
        raise denied(
            Code.OPERATION_FORBIDDEN,
            "Cannot run an aggregation pipeline when using the readOnlyMasterKey",
        )
    if asked.writes:
        raise denied(
            Code.OPERATION_FORBIDDEN,
            "read-only masterKey isn't allowed to write with an aggregation pipeline.",
        )


async def _without_credentials(context: RequestContext, asked: Aggregation) -> Aggregation:
    """What the read-only key asks, so that no answer has or tells what one signs in by."""
    credentials.check(asked.class_name, fields_of(asked.where))
    if asked.distinct is not None:
        credentials.check(asked.class_name, (asked.distinct,))
        return asked
    schema = await schemas.readable(context, asked.class_name)
    if asked.hint is not None:
        await access.check_hint(context, schema, asked.hint)
    columns = {
        name: credentials.shown_columns(await schemas.existing(context.backend, name))
        for name in credentials.WITHHELD
    }
    pipelines = credentials.Pipelines(columns, context.backend.storage.connection.prefix)
    return replace(asked, pipeline=tuple(pipelines.of(asked.class_name, asked.pipeline)))
