"""``/classes/:name`` and its aliases for users, roles, sessions and installations."""

from typing import Any
from urllib.parse import quote

from parsepy.errors import Code, ParseError
from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer, created
from parsepy.model import query as queries
from parsepy.model.query import GET_PARAMETERS, Query
from parsepy.operations import find, installations, save, users
from parsepy.operations.delete import delete as delete_object

_ALIASES = {
    "users": "_User",
    "sessions": "_Session",
    "roles": "_Role",
    "installations": "_Installation",
}


def _class_name(request: Request) -> str:
    name = request.arguments.get("className")
    return _ALIASES[request.path[0]] if name is None else name


def location(request: Request, class_name: str, object_id: str) -> str:
    """Where a new object is found (protocol §1.10)."""
    path = "users" if class_name == "_User" else f"classes/{class_name}"
    return f"{request.context.mount_url}/{path}/{quote(object_id, safe='')}"


async def create(request: Request) -> Answer:
    """Create an object; on `_User`: sign up, or log in by authData."""
    class_name = _class_name(request)
    if class_name == "_User":
        signed_up = await users.sign_up(request.context, request.body)
        answer = created(signed_up.answer, location(request, class_name, signed_up.object_id))
        if not signed_up.created:
            answer.status = 200
        return answer
    if class_name == "_Installation":
        saved, is_new = await installations.create_or_update(request.context, request.body)
        if not is_new:
            return Answer(saved.told)
    else:
        saved = await save.create(request.context, class_name, request.body)
    if saved.finished:
        return Answer(saved.answer, saved.status)
    return created(saved.told, location(request, class_name, saved.object_id))


async def get(request: Request) -> Answer:
    """One object by id."""
    class_name, object_id = _class_name(request), request.arguments["objectId"]
    parameters = request.parameters() if request.query or request.body else {}
    for name in parameters:
        if name not in GET_PARAMETERS:
            raise ParseError(Code.INVALID_QUERY, "Improper encode of parameter")
    if parameters:
        privileged = request.context.principal.is_privileged
        keys, exclude_keys, include, include_all = queries.selection(
            parameters, privileged, request.limits
        )
        query = Query(
            class_name,
            keys=keys,
            exclude_keys=exclude_keys,
            include=include,
            include_all=include_all,
            **queries.read_preferences(parameters),
        )
    else:
        query = Query(class_name)
    return Answer(await find.get(request.context, query, object_id))


async def find_many(request: Request) -> Answer:
    """The objects of a class that match."""
    context = request.context
    query = queries.from_parameters(
        _class_name(request),
        request.parameters(),
        privileged=context.principal.is_privileged,
        limits=request.limits,
    )
    found = await find.find(context, query)
    content: dict[str, Any] = {"results": found.objects if found.plan is None else found.plan}
    if found.count is not None:
        content["count"] = found.count
    return Answer(content)


async def update(request: Request) -> Answer:
    """Change an object."""
    class_name, object_id = _class_name(request), request.arguments["objectId"]
    if class_name == "_User":
        return Answer(await users.update(request.context, object_id, request.body))
    if class_name == "_Installation":
        saved = await installations.update(request.context, object_id, request.body)
    else:
        saved = await save.update(request.context, class_name, object_id, request.body)
    return Answer(saved.told)


async def delete(request: Request) -> Answer:
    """Delete an object."""
    await delete_object(request.context, _class_name(request), request.arguments["objectId"])
    return Answer({})


def _table(prefix: str) -> list[Route]:
    return [
        Route("POST", prefix, create),
        Route("GET", prefix, find_many),
        Route("GET", f"{prefix}/:objectId", get),
        Route("PUT", f"{prefix}/:objectId", update),
        Route("DELETE", f"{prefix}/:objectId", delete),
    ]


routes = [
    *_table("/classes/:className"),
    *(route for alias in _ALIASES for route in _table(f"/{alias}")),
]
