"""``explain``: which rule refuses a user an operation, asked of the rules that decide it.

Nothing is decided here: ``ClassPermissions.decide``, ``Scope`` and ``redact`` are asked one by one,
as the spines ask them, and the first that refuses is named. Cloud code can only be asked by running
it: ``attempt`` makes the write in a transaction that is undone.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from parsepy.backend import RequestContext
from parsepy.errors import ParseError
from parsepy.model.permissions import POINTER_SHORTHANDS, READS
from parsepy.model.query import simple
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import EVERYTHING, Scope, scope_of
from parsepy.model.values import JSONObject
from parsepy.operations import access, find, objects, schemas
from parsepy.operations.class_rules import RULES
from parsepy.operations.redaction import redact

Operation = Literal["find", "get", "count", "create", "update", "delete"]

_HOOKS = {
    "find": ("beforeFind", "afterFind"),
    "get": ("beforeFind", "afterFind"),
    "count": ("beforeFind",),
    "create": ("beforeSave", "aroundSave", "mayWrite"),
    "update": ("beforeSave", "aroundSave", "mayWrite"),
    "delete": ("beforeDelete", "aroundDelete", "mayWrite"),
}
"""The triggers that have a say in an operation."""


@dataclass(slots=True)
class Explanation:
    """What each rule says, in the order in which they are asked."""

    steps: list[JSONObject] = field(default_factory=list)

    @property
    def refusal(self) -> JSONObject | None:
        """The first step that refuses."""
        return next((step for step in self.steps if step["says"] == "no"), None)

    def add(self, rule: str, says: str, because: str, **more: object) -> None:
        """Write down what a rule says: yes, no, or perhaps."""
        self.steps.append({"rule": rule, "says": says, "because": because, **more})

    def ask(self, rule: str, check: Callable[[], object], allowed: str, **more: object) -> bool:
        """Write down whether a check of the server refuses, in its own words."""
        try:
            check()
        except ParseError as error:
            self.add(rule, "no", error.message, code=int(error.code), **more)
            return False
        self.add(rule, "yes", allowed, **more)
        return True


async def explain(
    context: RequestContext,
    operation: Operation,
    class_name: str,
    object_id: str | None = None,
    columns: tuple[str, ...] = (),
) -> Explanation:
    """Ask every rule about an operation of the caller of ``context``, by what is stored.

    ``columns`` are those that a query names in its where or order, or that are new to the class.
    """
    told, principal = Explanation(), context.principal
    internal = "find" if operation == "count" else operation
    told.ask(
        "the server's own classes",
        lambda: access.check_internal(context, class_name, internal),
        "clients may use this class",
    )
    schema = await schemas.existing(context.backend, class_name)
    if not schema.exists:
        told.add("the class", "perhaps", f"there is no class {class_name} yet")
    setting = _setting(schema, operation)
    is_allowed = told.ask(
        "class-level permission",
        lambda: schema.permissions.decide(class_name, operation, principal),
        f"{operation} on {class_name} is allowed by the class's permissions",
        setting=setting,
    )
    if is_allowed and operation != "create":
        scope = scope_of(schema, operation, principal)
        if object_id is not None:
            await _ask_object(told, context, schema, scope, object_id)
        elif scope.pointer_fields or scope.is_nothing:
            told.add(
                "pointer permission",
                "no" if scope.is_nothing else "perhaps",
                "only objects in which one of these columns points at the user are reached",
                columns=sorted({name for group in scope.pointer_fields for name in group}),
            )
    if operation in READS:
        _ask_columns(told, context, schema, columns)
    else:
        _ask_new_columns(told, context, schema, columns)
    _name_hooks(told, context, class_name, operation)
    return told


def _setting(schema: ClassSchema, operation: str) -> JSONObject:
    """The permissions of the class that speak of an operation."""
    raw = schema.permissions.raw
    if raw is None:
        return {operation: "never set: open to everybody"}
    named = [name for name in (operation, *POINTER_SHORTHANDS) if name in raw]
    return {name: raw[name] for name in named} or {operation: "not named: the master key alone"}


async def _ask_object(
    told: Explanation,
    context: RequestContext,
    schema: ClassSchema,
    scope: Scope,
    object_id: str,
) -> None:
    """Ask the scope of the caller's rights about one object."""
    item = await context.backend.storage.get(schema, object_id, EVERYTHING)
    if item is None:
        told.add("the object", "no", f"there is no object {object_id} in {schema.name}")
        return
    if scope.is_nothing:
        told.add("pointer permission", "no", "it takes a signed-in user, and there is none")
        return
    groups = [list(group) for group in scope.pointer_fields]
    if not scope.is_pointed_to(item):
        told.add("pointer permission", "no", "none of these columns points at the user", any=groups)
    elif groups:
        told.add("pointer permission", "yes", "a column points at the user", any=groups)
    without_pointers = replace(scope, pointer_fields=())
    allowed = without_pointers.allows(item)
    names = [] if scope.principal is None else list(scope.principal.names)
    told.add(
        "ACL",
        "yes" if allowed else "no",
        f"the object's ACL {'gives' if allowed else 'does not give'} {scope.flag} to the caller",
        acl=item.get("ACL", "none: open to everybody"),
        caller=names,
    )
    if allowed and scope.flag == "read":
        shown = dict(item)
        redact(context, schema, (shown,))
        hidden = sorted(name for name in item if name not in shown and name[:1] != "_")
        if hidden:
            told.add("protected fields", "hides", "these columns are left out", columns=hidden)
    has_rules = allowed and schema.name in RULES and scope.flag == "read"
    if has_rules and not await find.read(context, simple(schema.name, {"objectId": object_id})):
        told.add("the rules of a system class", "no", f"{schema.name} has rules of its own")


def _ask_columns(
    told: Explanation, context: RequestContext, schema: ClassSchema, columns: tuple[str, ...]
) -> None:
    """Ask whether a query may name these columns."""
    for name in columns:
        query = simple(schema.name, {name: {"$exists": True}})
        told.ask(
            "protected fields",
            partial(access.check_query, context, schema, query),
            f"a query may name {name}",
            column=name,
        )


def _ask_new_columns(
    told: Explanation, context: RequestContext, schema: ClassSchema, columns: tuple[str, ...]
) -> None:
    """Ask whether a write may add these columns."""
    for name in columns:
        if name not in schema.types:
            told.ask(
                "class-level permission",
                lambda: schema.permissions.decide(schema.name, "addField", context.principal),
                f"{name} would be added to the class",
                column=name,
                setting=_setting(schema, "addField"),
            )


def _name_hooks(
    told: Explanation, context: RequestContext, class_name: str, operation: Operation
) -> None:
    """Name the triggers that have a say; only running them tells what they say."""
    for kind in _HOOKS[operation]:
        if context.backend.triggers.has(kind, class_name):
            says = "it may open the write to whom the rules refuse" if kind == "mayWrite" else ""
            told.add(
                f"cloud code: {kind}",
                "perhaps",
                says or "it may change or refuse this; attempt_write runs it",
            )


# --- by making the write ------------------------------------------------------------------------


class _Undone(Exception):
    """The write was made, and is to be undone."""


@asynccontextmanager
async def _undoing(context: RequestContext) -> AsyncIterator[None]:
    """A transaction that is never committed."""
    try:
        async with context.backend.storage.transaction():
            yield
            raise _Undone
    except _Undone:
        pass


async def attempt(
    context: RequestContext,
    operation: Literal["create", "update", "delete"],
    class_name: str,
    object_id: str | None,
    body: JSONObject,
) -> JSONObject:
    """Make a write with the caller's rights, undo it, and tell who refused it, if anybody.

    What cloud code does outside of the database is not undone. Raises OPERATION_FORBIDDEN on a
    MongoDB without transactions.
    """
    try:
        async with _undoing(context):
            if operation == "create":
                await objects.create(context, class_name, body)
            elif operation == "update":
                await objects.update(context, class_name, object_id or "", body)
            else:
                await objects.delete(context, class_name, object_id or "")
    except ParseError as error:
        by = _trigger_of(error) or "the server's own rules: explain_refusal names the one"
        return {
            "allowed": False,
            "refusedBy": by,
            "code": int(error.code),
            "message": error.message,
        }
    return {"allowed": True, "undone": True}


def _trigger_of(error: ParseError) -> str | None:
    """The trigger whose handler raised a refusal, by where it came from."""
    trace, found = error.__traceback__, None
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals.get("__name__") == "parsepy.triggers.registry":
            found = frame.f_locals.get("label", found)
        trace = trace.tb_next
    return None if found is None else f"cloud code: {found}"
