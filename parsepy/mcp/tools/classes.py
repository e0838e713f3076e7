"""Tools about classes: list and describe them, check, compare and apply a schema."""

import asyncio
from typing import Annotated, Any

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import InputRequiredResult
from pydantic import Field

from parsepy import codegen
from parsepy.errors import Code, ParseError
from parsepy.mcp.confirming import ask
from parsepy.mcp.desk import Call
from parsepy.mcp.snippets import TECHNOLOGIES, snippet
from parsepy.model import templates
from parsepy.model.templates import Template, TemplateError
from parsepy.model.values import JSONObject, dumps
from parsepy.operations import bootstrap, schemas

_MOST_TEMPLATE = 1_000_000  # bytes of a schema as JSON

Schema = Annotated[
    dict[str, Any],
    Field(
        description='A schema template: {"classes": [{"className", "fields": {name: {"type", '
        '"required", "defaultValue", "targetClass"}}, "classLevelPermissions", "indexes", '
        '"liveQuery"}], "roles": [{"name", "roles"}]}. "User" is the class of users.'
    ),
]


async def list_classes(call: Call) -> JSONObject:
    """List the classes of the app, each with its columns."""
    found = await schemas.list_classes(call.backend)
    return {
        "classes": [
            {
                "className": one["className"],
                "columns": {name: _kind(column) for name, column in one["fields"].items()},
            }
            for one in found
        ]
    }


def _kind(column: JSONObject) -> str:
    target = column.get("targetClass")
    return f"{column['type']} to {target}" if target else str(column["type"])


async def describe_class(
    call: Call, class_name: Annotated[str, Field(description="Such as Review, or _User")]
) -> JSONObject:
    """Describe one class: columns, class-level permissions, indexes, cloud code's triggers."""
    shown = await schemas.show_class(call.backend, class_name)
    triggers = [kind for kind, name in call.backend.triggers.registered() if name == class_name]
    return {**shown, "cloudCode": triggers}


# --- templates ----------------------------------------------------------------------------------


async def validate_schema(call: Call, schema: Schema) -> JSONObject:
    """Check a schema template: every problem and warning, without looking at the database."""
    try:
        template = await _read(schema)
    except TemplateError as error:
        return {"valid": False, "problems": [str(problem) for problem in error.problems]}
    return {
        "valid": True,
        "classes": [entry["className"] for entry in template.classes],
        "roles": [role.name for role in template.roles],
        "warnings": [str(problem) for problem in template.warnings],
    }


async def diff_schema(call: Call, schema: Schema) -> JSONObject:
    """Tell what applying a schema template would change, and where it conflicts."""
    template = await _checked(schema)
    try:
        return {"conflicts": [], "changes": await schemas.plan(call.backend, template)}
    except schemas.SchemaConflict as error:
        return {"conflicts": error.lines, "changes": []}


async def apply_schema(
    call: Call,
    schema: Schema,
    confirm: Annotated[
        str | None, Field(description="The token of the answer that shows the changes")
    ] = None,
) -> JSONObject | InputRequiredResult:
    """Bring the database up to a schema template: classes, columns, permissions, indexes, roles.

    The user is asked first. Where the client can't ask, the answer has the changes and a token:
    show them to the user, and call again with the token when the user agrees.
    """
    _check_unlocked(call)
    template = await _checked(schema)
    try:
        planned = await schemas.plan(call.backend, template)
    except schemas.SchemaConflict as error:
        raise ToolError(
            "The schema does not fit the database:\n" + "\n".join(error.lines)
        ) from None
    change = (schema, planned)
    if planned and not (confirm and call.tokens.holds(confirm, call.caller.name, *change)):
        question = "Apply these changes to the database?\n" + "\n".join(planned[:200])
        answer = await ask(call.mcp, question)
        if isinstance(answer, InputRequiredResult):
            return answer
        if answer == "no":
            return {"applied": False, "because": "the user has said no", "changes": planned}
        if answer == "nobody to ask":
            return {
                "applied": False,
                "changes": planned,
                "confirm": call.tokens.make(call.caller.name, *change),
                "because": "Show these changes to the user. If the user agrees, call this tool "
                "again with the same schema and this token as confirm, within ten minutes.",
            }
    try:
        lines = await schemas.apply(call.backend, template)
    except schemas.SchemaConflict as error:
        raise ToolError(
            "The schema does not fit the database:\n" + "\n".join(error.lines)
        ) from None
    made = await bootstrap.make_roles(call.backend, template.roles)
    return {"applied": True, "changes": [*lines, *(f"role made: {name}" for name in made)]}


def _check_unlocked(call: Call) -> None:
    options = call.backend.config.schema
    if options is not None and options.lock_schemas:
        raise ParseError(Code.OPERATION_FORBIDDEN, "The schemas are locked (schema.lockSchemas).")


async def _read(schema: JSONObject) -> Template:
    text = dumps(schema)
    if len(text) > _MOST_TEMPLATE:
        raise ToolError(f"A schema may have {_MOST_TEMPLATE:,} bytes, this one has {len(text):,}.")
    # a large one takes a while, in which others are served
    return await asyncio.to_thread(templates.parse, [("schema", text.decode())])


async def _checked(schema: JSONObject) -> Template:
    try:
        return await _read(schema)
    except TemplateError as error:
        raise ToolError("\n".join(str(problem) for problem in error.problems)) from None


# --- client code --------------------------------------------------------------------------------


async def generate_client_code(
    call: Call,
    technology: Annotated[
        str,
        Field(
            description="What the client is written with",
            json_schema_extra={"enum": list(TECHNOLOGIES)},
        ),
    ],
    classes: Annotated[
        list[str] | None, Field(description="Only these classes; without, all of the app's own")
    ] = None,
) -> JSONObject:
    """Write client code for a technology: how to connect, and typed classes where it has types."""
    found = await schemas.list_classes(call.backend)
    wanted = [
        one
        for one in found
        if (one["className"] in classes if classes else one["className"][:1] != "_")
    ]
    config = call.backend.config
    url = config.public_server_url or config.server_url
    chosen = TECHNOLOGIES.get(technology)
    if chosen is None:
        raise ToolError(f"{technology} is none of {', '.join(TECHNOLOGIES)}.")
    example = wanted[0]["className"] if wanted else "Review"
    answer: JSONObject = {
        "technology": technology,
        "install": chosen.install,
        "connect": snippet(chosen, url, config.app_id, example),
    }
    if chosen.language is not None:
        shapes = codegen.shapes_of(wanted)
        answer["types"] = {
            "language": chosen.language,
            "code": codegen.LANGUAGES[chosen.language](shapes),
        }
    return answer
