"""``/classes/:name`` and its aliases for users, roles, sessions and installations."""

from typing import Any
from urllib.parse import quote

from parsepy.errors import Code, ParseError
from parsepy.http.requests import ANY_CLASS, Request, Route
from parsepy.http.responses import Answer, created
from parsepy.model import query as queries
from parsepy.model.query import GET_PARAMETERS
from parsepy.model.values import encoded
from parsepy.operations import find, objects
from parsepy.rest.asked import asked_long_query, asked_query


def _class_name(request: Request) -> str:
    of_class = request.route.of_class
    if of_class is None or of_class == ANY_CLASS:
        return request.arguments["className"]
    return of_class


def location(request: Request, class_name: str, object_id: str) -> str:
    """Return the URL of a new object (protocol §1.10)."""
    path = "users" if class_name == "_User" else f"classes/{class_name}"
    if not (object_id.isascii() and object_id.isalnum()):  # as all are that the server makes
        object_id = quote(object_id, safe="")
    return f"{request.context.mount_url}/{path}/{object_id}"


async def create(request: Request) -> Answer:
    """Create an object; on `_User`: sign up, or log in by authData."""
    class_name = _class_name(request)
    saved = await objects.create(request.context, class_name, request.body)
    if not saved.has_location:
        return Answer(saved.response, saved.status)
    answer = created(saved.response, location(request, class_name, saved.object_id))
    answer.status = saved.status
    return answer


async def get(request: Request) -> Answer:
    """Answer one object by id."""
    class_name, object_id = _class_name(request), request.arguments["objectId"]
    parameters = request.parameters() if request.query_string or request.body else {}
    for name in parameters:
        if name not in GET_PARAMETERS:
            raise ParseError(Code.INVALID_QUERY, "Improper encode of parameter")
    if parameters:
        privileged = request.context.principal.is_privileged
        keys, exclude_keys, include, include_all = queries.selection(
            parameters, privileged, request.limits
        )
        query = queries.one(
            class_name,
            object_id,
            keys=keys,
            exclude_keys=exclude_keys,
            include=include,
            include_all=include_all,
            **queries.read_preferences(parameters),
        )
    else:
        query = queries.one(class_name, object_id)
    return Answer(await find.get(request.context, query))


async def find_many(request: Request) -> Answer:
    """Answer the objects of a class that match."""
    context, class_name = request.context, _class_name(request)
    if context.is_large:
        query = await asked_long_query(request, class_name)
    else:
        query = asked_query(request, class_name)
    found = await find.find_encoded(context, query)
    results: Any = found.objects if found.plan is None else found.plan
    if found.encoded is not None:
        results = encoded(found.encoded)
    content: dict[str, Any] = {"results": results}
    if found.count is not None:
        content["count"] = found.count
    return Answer(content)


async def update(request: Request) -> Answer:
    """Change an object."""
    class_name, object_id = _class_name(request), request.arguments["objectId"]
    saved = await objects.update(request.context, class_name, object_id, request.body)
    return Answer(saved.response, saved.status)


async def delete(request: Request) -> Answer:
    """Delete an object."""
    object_id = request.arguments["objectId"]
    response = await objects.delete(request.context, _class_name(request), object_id)
    return Answer({}) if response is None else Answer(response.content, response.status)


def _table(prefix: str, of_class: str, *, is_idempotent: bool = False) -> list[Route]:
    return [
        Route("POST", prefix, create, of_class, is_idempotent=is_idempotent),
        Route("GET", prefix, find_many, of_class),
        Route("GET", f"{prefix}/:objectId", get, of_class),
        Route("PUT", f"{prefix}/:objectId", update, of_class, is_idempotent=is_idempotent),
        Route("DELETE", f"{prefix}/:objectId", delete, of_class),
    ]


routes = [
    *_table("/classes/:className", ANY_CLASS, is_idempotent=True),
    *_table("/users", "_User", is_idempotent=True),
    *_table("/sessions", "_Session"),
    *_table("/roles", "_Role"),
    *_table("/installations", "_Installation", is_idempotent=True),
]
