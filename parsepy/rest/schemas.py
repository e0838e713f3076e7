"""``/schemas`` and ``/purge``: the schema API of the master key."""

from parsepy.errors import Code, ParseError
from parsepy.http.requests import Request, Route
from parsepy.http.responses import Answer
from parsepy.model.schema import invalid_class_name
from parsepy.model.values import JSONObject, dumps
from parsepy.operations import schemas


async def list_all(request: Request) -> Answer:
    """Answer the schema of every class."""
    request.require_master()
    return Answer({"results": await schemas.list_classes(request.context.backend)})


async def show(request: Request) -> Answer:
    """Answer the schema of one class."""
    request.require_master()
    name = request.arguments["className"]
    return Answer(await schemas.show_class(request.context.backend, name))


def _named(request: Request) -> str:
    """Return the class that path and body name; raises if they differ."""
    in_path = request.arguments.get("className")
    in_body = request.body.get("className")
    if isinstance(in_body, list | dict) or (in_body and not isinstance(in_body, str)):
        raise invalid_class_name(dumps(in_body).decode())
    if in_path and in_body and in_path != in_body:
        raise ParseError(
            Code.INVALID_CLASS_NAME, f"Class name mismatch between {in_body} and {in_path}."
        )
    name = in_path or in_body
    if not name:
        raise ParseError(
            Code.MISSING_REQUIRED_FIELD,
            f"{request.method} /schemas needs a class name.",
        )
    return name


def _check_changeable(request: Request, to: str) -> None:
    """Refuse all but the master key, and everybody if the schemas are locked."""
    request.require_master(to)
    options = request.context.config.schema
    if options is not None and options.lock_schemas:
        raise ParseError(Code.OPERATION_FORBIDDEN, "The schemas are locked (schema.lockSchemas).")


def _schema_body(request: Request) -> JSONObject:
    # Parse: PHP writes an empty object as an empty array
    return {name: {} if value == [] else value for name, value in request.body.items()}


async def create(request: Request) -> Answer:
    """Create a class."""
    _check_changeable(request, "create a schema")
    body = _schema_body(request)
    return Answer(
        await schemas.create_class(
            request.context.backend,
            _named(request),
            body.get("fields"),
            body.get("classLevelPermissions"),
            body.get("indexes"),
        )
    )


async def change(request: Request) -> Answer:
    """Change a class."""
    _check_changeable(request, "update a schema")
    return Answer(
        await schemas.update_class(request.context.backend, _named(request), _schema_body(request))
    )


async def drop(request: Request) -> Answer:
    """Drop an empty class."""
    _check_changeable(request, "delete a schema")
    await schemas.delete_class(request.context.backend, request.arguments["className"])
    return Answer({})


async def purge(request: Request) -> Answer:
    """Delete every object of a class."""
    request.require_master("purge a schema")
    await schemas.purge(request.context.backend, request.arguments["className"])
    return Answer({})


routes = [
    Route("GET", "/schemas", list_all),
    Route("GET", "/schemas/:className", show),
    Route("POST", "/schemas", create, changes="schemas"),
    Route("POST", "/schemas/:className", create, changes="schemas"),
    Route("PUT", "/schemas/:className", change, changes="schemas"),
    Route("DELETE", "/schemas/:className", drop, changes="schemas"),
    Route("DELETE", "/purge/:className", purge),
]
