"""Tools about objects: query, get, count, aggregate; create, update, delete."""

from typing import Annotated, Any

from pydantic import Field

from parsepy.mcp.desk import Call
from parsepy.mcp.results import MOST_ROWS, without_secrets
from parsepy.mcp.results import stored as as_stored
from parsepy.mcp.secret_columns import check_names, check_pipeline, check_where
from parsepy.model import aggregation
from parsepy.model import query as queries
from parsepy.model.query import Query
from parsepy.model.values import JSONObject
from parsepy.operations import aggregate as pipelines
from parsepy.operations import find, objects

ClassName = Annotated[str, Field(description="The class, such as Review, or _User")]
ObjectId = Annotated[str, Field(description="The object's id", max_length=200)]
Where = Annotated[
    dict[str, Any] | None,
    Field(description='Constraints as Parse\'s REST API has them: {"stars": {"$gte": 4}}'),
]
Fields = Annotated[
    dict[str, Any],
    Field(
        description="Columns and their values, in Parse's REST form; also operations, such as "
        '{"__op": "Increment", "amount": 1}, and "ACL"'
    ),
]


def _query(call: Call, class_name: str, parameters: JSONObject) -> Query:
    """Read the parameters of a find as the REST door reads them, but for secret columns."""
    given = {name: value for name, value in parameters.items() if value is not None}
    check_where(given.get("where"))
    for name in ("order", "keys"):
        check_names(given.get(name) or "")
    return queries.from_parameters(
        class_name,
        given,
        privileged=call.context.principal.is_privileged,
        limits=call.backend.limits,
    )


async def query_objects(
    call: Call,
    class_name: ClassName,
    where: Where = None,
    order: Annotated[str | None, Field(description="Such as -createdAt,name")] = None,
    keys: Annotated[str | None, Field(description="Only these columns: name,stars")] = None,
    include: Annotated[str | None, Field(description="Pointers to follow: author")] = None,
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 20,
    skip: Annotated[int, Field(ge=0)] = 0,
) -> JSONObject:
    """Find the objects of a class that match and that the caller may read."""
    asked = {
        "where": where,
        "order": order,
        "keys": keys,
        "include": include,
        "limit": limit,
        "skip": skip,
    }
    found = await find.find(call.context, _query(call, class_name, asked))
    return as_stored(found.objects, className=class_name, count=len(found.objects))


async def get_object(
    call: Call,
    class_name: ClassName,
    object_id: ObjectId,
    include: Annotated[str | None, Field(description="Pointers to follow: author")] = None,
) -> JSONObject:
    """Read one object by its id."""
    asked = _query(call, class_name, {"where": {"objectId": object_id}, "include": include})
    one = queries.one(class_name, object_id, include=asked.include)
    return as_stored([await find.get(call.context, one)], className=class_name)


async def count_objects(call: Call, class_name: ClassName, where: Where = None) -> JSONObject:
    """Count the objects of a class that match and that the caller may read."""
    asked = _query(call, class_name, {"where": where, "limit": 0, "count": 1})
    return {"className": class_name, "count": (await find.find(call.context, asked)).count}


async def aggregate_objects(
    call: Call,
    class_name: ClassName,
    pipeline: Annotated[
        list[dict[str, Any]],
        Field(description='MongoDB stages: [{"$group": {"_id": "$stars", "n": {"$sum": 1}}}]'),
    ],
) -> JSONObject:
    """Run an aggregation pipeline that only reads over a class; for the master key."""
    check_pipeline(class_name, pipeline)
    asked = aggregation.from_parameters(
        class_name, {"pipeline": [*pipeline, {"$limit": MOST_ROWS}]}, limits=call.backend.limits
    )
    rows = await pipelines.aggregate(call.context, asked)
    return as_stored(rows, className=class_name)


# --- writes -------------------------------------------------------------------------------------


async def create_object(call: Call, class_name: ClassName, fields: Fields) -> JSONObject:
    """Make an object; cloud code and permissions have their say."""
    saved = await objects.create(call.context, class_name, fields)
    return {"className": class_name, "answer": without_secrets(saved.response)}


async def update_object(
    call: Call, class_name: ClassName, object_id: ObjectId, fields: Fields
) -> JSONObject:
    """Change the named columns of an object."""
    saved = await objects.update(call.context, class_name, object_id, fields)
    return {
        "className": class_name,
        "objectId": object_id,
        "answer": without_secrets(saved.response),
    }


async def delete_object(call: Call, class_name: ClassName, object_id: ObjectId) -> JSONObject:
    """Delete an object for good."""
    response = await objects.delete(call.context, class_name, object_id)
    answer = {} if response is None else response.content
    return {"className": class_name, "objectId": object_id, "answer": without_secrets(answer)}
