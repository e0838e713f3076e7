"""`_Audience`: the named groups of installations that a dashboard sends pushes to (§28.3)."""

from parsepy.backend import RequestContext
from parsepy.errors import ParseError
from parsepy.model.query import Query, one
from parsepy.model.values import JSONObject, loads
from parsepy.operations import find
from parsepy.operations.find import FindResult
from parsepy.operations.push import AUDIENCE


async def find_many(context: RequestContext, query: Query) -> FindResult:
    """Find audiences; their queries are parsed where they are JSON."""
    found = await find.find(context, query)
    return FindResult([_read(item) for item in found.objects], found.count, found.plan)


async def get(context: RequestContext, object_id: str) -> JSONObject:
    """Get one audience, its query parsed; raises OBJECT_NOT_FOUND."""
    return _read(await find.get(context, one(AUDIENCE, object_id)))


def _read(item: JSONObject) -> JSONObject:
    query = item.get("query")
    if not isinstance(query, str):
        return item
    try:
        return {**item, "query": loads(query)}
    except ParseError:
        return item  # the text as it stands: one such audience must not hide all others
