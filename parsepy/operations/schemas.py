"""The schema cache; create, change and drop classes; add columns on write; apply templates."""

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from parsepy.backend import Backend, RequestContext
from parsepy.config import Config
from parsepy.errors import Code, ParseError, denied
from parsepy.model import ops
from parsepy.model import schema as model
from parsepy.model.permissions import check_permissions
from parsepy.model.query import simple
from parsepy.model.schema import ClassSchema, Field, make_schema
from parsepy.model.templates import Template
from parsepy.model.values import (
    ARRAY,
    OBJECT,
    FieldType,
    JSONObject,
    date,
    dumps,
    invalid,
    is_number,
    is_position,
    now,
    to_iso,
)
from parsepy.storage import Unavailable
from parsepy.storage import schemas as stored
from parsepy.storage.streams import Change

_INDEX_NAME = re.compile(r"[^\0$][^\0]{0,120}")
_INDEX_KINDS = ("text", "2d", "2dsphere", "hashed")
_MOST_NEW_COLUMNS = 1000  # each is a call, and all of a class share one document of 16 MB
_REREAD_SECONDS = 0.5  # how soon after a reading an unknown class is looked for again


def stamp() -> str:
    """The moment of a write, as createdAt and updatedAt show it."""
    return to_iso(now())


def expiry(config: Config) -> JSONObject:
    """When a session that is made or extended now ends."""
    return date(now() + timedelta(seconds=config.session_length))


# --- the cache ----------------------------------------------------------------------------------


async def load(backend: Backend, *, within: float | None = None) -> dict[str, ClassSchema]:
    """All class schemas, read again if the last reading is ``within`` seconds old or older.

    By default that is ``databaseOptions.schemaCacheTtl`` or five seconds: another server may
    share the database.
    """
    cache = backend.schemas
    limit = ttl(backend.config) if within is None else within
    if cache.loaded_at and time.monotonic() - cache.loaded_at < limit:
        return cache.classes
    asked_at = time.monotonic()
    async with cache.lock:
        if cache.loaded_at > asked_at:  # somebody read it while we waited
            return cache.classes
        if cache.failed_at > asked_at:  # one waits for a dead database, not each after the other
            raise Unavailable("the class schemas could not be read")
        started = time.monotonic()
        try:
            rows = await backend.storage.schema_documents()
        except Unavailable:
            cache.failed_at = started
            raise
        documents = {item["_id"]: item for item in rows}
        protected = backend.config.protected_fields
        cache.classes = {
            name: (
                cache.classes[name]
                if name in cache.classes and cache.documents.get(name) == document
                else stored.from_document(document, protected)
            )
            for name, document in documents.items()
        }
        cache.documents = documents
        cache.loaded_at = started
    return cache.classes


async def noticed(backend: Backend, change: Change) -> None:
    """Another process (or this one) changed a class: what is cached of them counts no more."""
    async with backend.schemas.lock:  # a reading under way may not have seen it
        backend.schemas.loaded_at = 0.0


def ttl(config: Config) -> float:
    """Seconds after which a process looks for what others changed."""
    milliseconds = config.database_options.schema_cache_ttl
    return 5.0 if milliseconds is None else milliseconds / 1000


async def existing(backend: Backend, class_name: str) -> ClassSchema:
    """The schema of a class; one without columns of its own if the class does not exist.

    Raises INVALID_CLASS_NAME for what can be no class: no such name reaches the database.
    """
    if not model.is_class_name(class_name):
        raise model.invalid_class_name(class_name)
    classes = await load(backend)
    found = classes.get(class_name)
    if found is None:
        found = (await load(backend, within=_REREAD_SECONDS)).get(class_name)
    if found is None:
        found = make_schema(
            class_name,
            {},
            protected=backend.config.protected_fields.get(class_name),
            exists=class_name in model.VOLATILE_CLASSES,
        )
    return found


async def readable(context: RequestContext, class_name: str) -> ClassSchema:
    """The schema for a read; a client may be told nothing of a class that does not exist."""
    schema = await existing(context.backend, class_name)
    if not schema.exists:
        check_unknown(context, class_name)
    return schema


async def writable(context: RequestContext, class_name: str) -> ClassSchema:
    """The schema for a write; the class is made if it may be (protocol §7.7)."""
    if not model.is_class_name(class_name):
        check_unknown(context, class_name)
        raise ParseError(Code.INVALID_JSON, "schema class name does not revalidate")
    schema = await existing(context.backend, class_name)
    if schema.exists:
        return schema
    check_unknown(context, class_name)
    await _record(context.backend, class_name, {}, None, None)
    return await existing(context.backend, class_name)


def check_unknown(context: RequestContext, class_name: str) -> None:
    """Refuse a client that names a class which does not exist (protocol §7.7)."""
    if (
        context.config.allow_client_class_creation
        or context.principal.is_master
        or class_name in model.SYSTEM_CLASSES
    ):
        return
    raise denied(
        Code.OPERATION_FORBIDDEN,
        f"This user is not allowed to access non-existent class: {class_name}",
    )


async def _record(
    backend: Backend,
    class_name: str,
    fields: Mapping[str, Field],
    permissions: JSONObject | None,
    indexes: JSONObject | None,
) -> bool:
    own = {name: Field(kind) for name, kind in model.SYSTEM_COLUMNS.get(class_name, {}).items()}
    document = stored.to_document(class_name, {**own, **fields}, permissions, indexes)
    made = await backend.storage.insert_schema(document)
    await load(backend, within=0)
    return made


# --- on write -----------------------------------------------------------------------------------


def check_types(
    context: RequestContext, schema: ClassSchema, values: JSONObject
) -> tuple[dict[str, FieldType], tuple[str, ...]]:
    """Check the type of every value against the columns.

    Answers the columns that are new, and the pointer fields that narrow who may add them
    (empty: no such rule). Raises INCORRECT_TYPE, INVALID_KEY_NAME, OPERATION_FORBIDDEN
    (protocol §9 step 10).
    """
    new: dict[str, FieldType] = {}
    types = schema.types
    for name, value in values.items():
        if name[:1] == "_" or name == "ACL":
            continue
        kind = ops.column_type(value)
        if "." in name:
            if kind is not None and kind.name == "Relation":
                raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name: {name}.")
            name, kind = _root(name)
        known = types.get(name)
        if known is None:
            if not model.is_field_name(name):
                raise ParseError(Code.INVALID_KEY_NAME, f"Invalid field name: {name}.")
            if kind is not None:
                if kind.target is not None and not model.is_class_name(kind.target):
                    raise invalid(kind.name)
                new[name] = kind
        elif kind is not None and kind is not known and kind != known:
            raise mismatch(schema.name, name, known, kind)
    if not new:
        return new, ()
    narrowing = schema.permissions.decide(schema.name, "addField", context.principal) or ()
    return new, narrowing


def _root(path: str) -> tuple[str, FieldType]:
    """The column that a dotted key reaches into, and the type that this asks of it."""
    name, _, rest = path.partition(".")
    first = rest.partition(".")[0]
    numbered = is_position(first) and name not in ("sentPerUTCOffset", "failedPerUTCOffset")
    return name, ARRAY if numbered else OBJECT


def mismatch(
    class_name: str, name: str, expected: FieldType | str, got: FieldType | str
) -> ParseError:
    """The refusal of a value of the wrong type."""
    return ParseError(
        Code.INCORRECT_TYPE,
        f"schema mismatch for {class_name}.{name}; expected {expected} but got {got}",
    )


async def add_columns(
    backend: Backend, schema: ClassSchema, new: Mapping[str, FieldType]
) -> ClassSchema:
    """Record columns learned from a write; a race with another writer is fine if types agree.

    Answers the schema as it is then.
    """
    if not new:
        return schema
    if len(new) > _MOST_NEW_COLUMNS:
        raise ParseError(
            Code.OBJECT_TOO_LARGE, f"One save brings {_MOST_NEW_COLUMNS} new columns at most."
        )
    _check_new_points(schema, new)
    for name, kind in new.items():
        await backend.storage.add_column(schema.name, name, stored.to_text(kind), {})
    await _index_columns(backend, schema.name, {n: Field(kind) for n, kind in new.items()})
    classes = await load(backend, within=0)
    fresh = classes.get(schema.name)
    if fresh is None:
        if schema.name not in model.VOLATILE_CLASSES:  # another server has just dropped it
            raise ParseError(Code.INVALID_CLASS_NAME, f"Class {schema.name} does not exist.")
        fresh = schema
    for name, kind in new.items():
        known = fresh.types.get(name)
        if known is not None and known != kind:
            raise mismatch(schema.name, name, known, kind)
    return fresh


def _check_new_points(schema: ClassSchema, new: Mapping[str, FieldType]) -> None:
    points = [kind for kind in new.values() if kind.name == "GeoPoint"]
    if len(points) > 1:
        raise ParseError(Code.INCORRECT_TYPE, "there can only be one geopoint field in a class")
    if points and any(kind.name == "GeoPoint" for kind in schema.types.values()):
        raise ParseError(
            Code.INCORRECT_TYPE, "MongoDB only supports one GeoPoint field in a class."
        )


# --- the schema API (protocol §18) --------------------------------------------------------------


async def list_classes(backend: Backend) -> list[JSONObject]:
    """Every class as the schema API shows it, read from the database now."""
    return [schema.to_json() for schema in (await load(backend, within=0)).values()]


async def show_class(backend: Backend, class_name: str) -> JSONObject:
    """One class as the schema API shows it; INVALID_CLASS_NAME if there is none."""
    schema = (await load(backend, within=0)).get(class_name)
    if schema is None:
        if class_name in model.VOLATILE_CLASSES:
            shown = make_schema(class_name, {}).to_json()
            # Parse: classes that have no row of their own are shown without permissions
            return {**shown, "classLevelPermissions": {}}
        raise ParseError(Code.INVALID_CLASS_NAME, f"Class {class_name} does not exist.")
    return schema.to_json()


def _read_fields(class_name: str, records: Any) -> dict[str, Field]:
    if not isinstance(records, dict):
        raise ParseError(Code.INVALID_JSON, "invalid JSON")
    return {name: model.read_field(class_name, name, item) for name, item in records.items()}


def _check_new_fields(class_name: str, names: Any) -> None:
    for name in names:
        if not model.is_field_name(name):
            raise ParseError(Code.INVALID_KEY_NAME, f"invalid field name: {name}")
        if model.is_reserved(class_name, name):
            raise ParseError(Code.UNCHANGEABLE_FIELD, f"field {name} cannot be added")


def _check_geo_points(types: Mapping[str, FieldType]) -> None:
    points = [name for name, kind in types.items() if kind.name == "GeoPoint"]
    if len(points) > 1:
        raise ParseError(
            Code.INCORRECT_TYPE,
            "currently, only one GeoPoint field may exist in an object. "
            f"Adding {points[1]} when {points[0]} already exists.",
        )


async def create_class(
    backend: Backend,
    class_name: str,
    fields: Any,
    permissions: Any = None,
    indexes: Any = None,
) -> JSONObject:
    """Create a class; its schema as the schema API shows it."""
    classes = await load(backend, within=0)
    if class_name in classes:
        raise ParseError(Code.INVALID_CLASS_NAME, f"Class {class_name} already exists.")
    if not model.is_class_name(class_name):
        raise model.invalid_class_name(class_name)
    records = fields if fields is not None else {}
    if isinstance(records, dict):
        _check_new_fields(class_name, records)
    columns = _read_fields(class_name, records)
    draft = make_schema(class_name, columns)
    _check_geo_points(draft.types)
    if permissions is not None:
        check_permissions(permissions, draft.types)
    created = _check_indexes(backend, draft, {}, indexes)
    if not await _record(backend, class_name, columns, permissions, created):
        raise ParseError(Code.INVALID_CLASS_NAME, f"Class {class_name} already exists.")
    try:
        for name, keys in created.items():
            await backend.storage.create_index(class_name, name, keys)
        await _index_columns(backend, class_name, columns)
    except ParseError:
        # nothing half-made stays, but for objects that somebody else has put there
        await backend.storage.drop_class(draft, objects=await _is_empty(backend, draft))
        await load(backend, within=0)
        raise
    return await show_class(backend, class_name)


async def _index_columns(backend: Backend, class_name: str, fields: Mapping[str, Field]) -> None:
    for name, field in fields.items():
        if field.type.name == "Relation":
            await backend.storage.create_join_index(class_name, name)
        elif field.type.name == "Polygon":
            await backend.storage.create_index(class_name, f"{name}_2dsphere", {name: "2dsphere"})


def _check_indexes(
    backend: Backend, schema: ClassSchema, present: Mapping[str, Any], asked: Any
) -> JSONObject:
    """The indexes to create, checked."""
    if asked is None:
        return {}
    if not isinstance(asked, dict):
        raise ParseError(Code.INVALID_JSON, "invalid JSON")
    created: JSONObject = {}
    for name, keys in asked.items():
        if _is_removal(keys):
            if name not in present:
                raise ParseError(Code.INVALID_QUERY, f"Index {name} does not exist, cannot delete.")
            continue
        if name in present:
            raise ParseError(Code.INVALID_QUERY, f"Index {name} exists, cannot update.")
        if not isinstance(keys, dict) or not keys:
            raise ParseError(Code.INVALID_JSON, "invalid JSON")
        if not _INDEX_NAME.fullmatch(name):
            raise ParseError(Code.INVALID_QUERY, f"Invalid index name: {name}")
        for key, kind in keys.items():
            if not (kind in _INDEX_KINDS if isinstance(kind, str) else is_number(kind) and kind):
                raise ParseError(Code.INVALID_QUERY, f"Index {name} has an invalid key: {key}")
            root = key.partition(".")[0]
            field = root[3:] if root.startswith("_p_") else root
            if field not in schema.types and not (
                backend.config.database_options.disable_index_field_validation
            ):
                raise ParseError(
                    Code.INVALID_QUERY, f"Field {key} does not exist, cannot add index."
                )
        created[name] = keys
    return created


def _is_removal(record: Any) -> bool:
    return isinstance(record, dict) and record.get("__op") == "Delete"


async def update_class(backend: Backend, class_name: str, body: JSONObject) -> JSONObject:
    """Change a class: add and delete fields and indexes, replace its permissions."""
    schema = (await load(backend, within=0)).get(class_name)
    if schema is None:
        if class_name not in model.VOLATILE_CLASSES:
            raise ParseError(Code.INVALID_CLASS_NAME, f"Class {class_name} does not exist.")
        await _record(backend, class_name, {}, None, None)
        schema = backend.schemas.classes[class_name]
    records = body.get("fields")
    if records is None:
        records = {}
    if not isinstance(records, dict):
        raise ParseError(Code.INVALID_JSON, "invalid JSON")
    deleted = _check_changes(schema, records)
    changed = _read_fields(
        class_name,
        {
            name: item
            for name, item in records.items()
            if name not in deleted and not model.is_reserved(class_name, name)
        },
    )
    _check_new_fields(class_name, [name for name in changed if name not in schema.types])
    draft = make_schema(
        class_name,
        {n: f for n, f in {**schema.fields, **changed}.items() if n not in deleted},
    )
    _check_geo_points(draft.types)
    permissions = body.get("classLevelPermissions")
    if permissions is not None:
        check_permissions(permissions, draft.types)
    indexes = body.get("indexes")
    created = _check_indexes(backend, draft, schema.indexes, indexes)
    removed = [name for name, keys in (indexes or {}).items() if _is_removal(keys)]
    # first what the database may refuse, so that nothing is half-changed then
    await change_indexes(backend, class_name, schema.indexes, created, removed)
    await _apply_changes(backend, schema, deleted, changed, permissions)
    return await show_class(backend, class_name)


def _check_changes(schema: ClassSchema, records: JSONObject) -> list[str]:
    """The fields to delete; refuses a change of type and the deletion of what is not there."""
    deleted = []
    for name, record in records.items():
        known = schema.types.get(name)
        if _is_removal(record):
            if known is None:
                raise ParseError(
                    Code.INVALID_SCHEMA_OPERATION, f"Field {name} does not exist, cannot delete."
                )
            if model.is_reserved(schema.name, name):
                raise ParseError(Code.UNCHANGEABLE_FIELD, f"field {name} cannot be changed")
            deleted.append(name)
        elif known is not None:
            named = record.get("type") if isinstance(record, dict) else None
            if named and named != known.name:
                raise ParseError(
                    Code.INVALID_SCHEMA_OPERATION, f"Field {name} exists, cannot update."
                )
    return deleted


async def _apply_changes(
    backend: Backend,
    schema: ClassSchema,
    deleted: list[str],
    changed: Mapping[str, Field],
    permissions: JSONObject | None,
) -> None:
    storage = backend.storage
    if deleted:
        await storage.drop_columns(schema, deleted)
    change: JSONObject = {}
    for name, field in changed.items():
        options = stored.field_options(field)
        if name not in schema.types:
            await storage.add_column(schema.name, name, stored.to_text(field.type), options)
        elif schema.types[name] != field.type:
            raise mismatch(schema.name, name, schema.types[name], field.type)
        elif options != stored.field_options(schema.fields[name]):
            change[f"_metadata.fields_options.{name}"] = options
    await _index_columns(
        backend, schema.name, {n: f for n, f in changed.items() if n not in schema.types}
    )
    if permissions is not None:
        change["_metadata.class_permissions"] = permissions
    if change:
        await storage.change_schema(schema.name, {"$set": change})


async def change_indexes(
    backend: Backend,
    class_name: str,
    present: Mapping[str, Any],
    created: Mapping[str, Any],
    removed: list[str],
) -> None:
    """Create and drop indexes, and record what there is then."""
    if not created and not removed:
        return
    storage = backend.storage
    for name in removed:
        await storage.drop_index(class_name, name)
    for name, keys in created.items():
        await storage.create_index(class_name, name, keys)
    kept = {name: keys for name, keys in present.items() if name not in removed}
    await storage.change_schema(
        class_name, {"$set": {"_metadata.indexes": {"_id_": {"_id": 1}, **kept, **created}}}
    )


async def delete_class(backend: Backend, class_name: str) -> None:
    """Drop an empty class and its join tables; one that does not exist is fine."""
    if not model.is_class_name(class_name):
        raise model.invalid_class_name(class_name)
    schema = (await load(backend, within=0)).get(class_name)
    if schema is None:
        schema = make_schema(class_name, {})
    if not await _is_empty(backend, schema):
        count = await backend.storage.count(schema, ())
        raise ParseError(
            Code.INVALID_SCHEMA_OPERATION,
            f"Class {class_name} is not empty, contains {count} objects, cannot drop schema.",
        )
    await backend.storage.drop_class(schema)
    await load(backend, within=0)


async def _is_empty(backend: Backend, schema: ClassSchema) -> bool:
    """Has the class no object? (The database's count is an estimate after a crash.)"""
    return not await backend.storage.find(schema, (), limit=1, keys=frozenset(("objectId",)))


async def purge(backend: Backend, class_name: str) -> None:
    """Delete every object of a class; one that does not exist is fine."""
    if not model.is_class_name(class_name):
        return
    schema = await existing(backend, class_name)
    await backend.storage.delete(schema, (), many=True)
    backend.roles.clear()  # users, roles or sessions may be gone
    backend.principals.clear()


# --- start and templates ------------------------------------------------------------------------

_TEXT_ORDER = {"locale": "en_US", "strength": 2}


def _system_indexes(config: Config) -> list[tuple[str, str, dict[str, int], JSONObject]]:
    """Parse Server's own indexes (protocol §6.7) and those that it lacks."""
    options = config.database_options
    unique: JSONObject = {"unique": True, "sparse": True}
    sparse: JSONObject = {"sparse": True}
    any_case: JSONObject = {"sparse": True, "collation": _TEXT_ORDER}
    table = [
        (options.create_index_user_username, "_User", "username_1", "username", unique),
        (
            options.create_index_user_username_case_insensitive,
            "_User",
            "case_insensitive_username",
            "username",
            any_case,
        ),
        (options.create_index_user_email, "_User", "email_1", "email", unique),
        (
            options.create_index_user_email_case_insensitive,
            "_User",
            "case_insensitive_email",
            "email",
            any_case,
        ),
        (
            options.create_index_user_email_verify_token,
            "_User",
            "_email_verify_token",
            "_email_verify_token",
            sparse,
        ),
        (
            options.create_index_user_password_reset_token,
            "_User",
            "_perishable_token",
            "_perishable_token",
            sparse,
        ),
        (options.create_index_role_name, "_Role", "name_1", "name", unique),
        (True, "_Session", "_session_token_1", "_session_token", {}),
        (True, "_Session", "_p_user_1", "_p_user", {}),
    ]
    providers = {"anonymous", *config.auth}
    return [
        *((c, name, {key: 1}, extra) for on, c, name, key, extra in table if on),
        *(
            ("_User", f"_auth_data_{p}_id", {f"_auth_data_{p}.id": 1}, unique)
            for p in sorted(providers)
            if options.create_index_auth_data_uniqueness
        ),
        ("_Idempotency", "reqId_1", {"reqId": 1}, unique),
        ("_Idempotency", "ttl", {"expire": 1}, {"sparse": True, "expireAfterSeconds": 0}),
    ]


async def prepare_database(backend: Backend) -> None:
    """What every start does: the system classes' rows and indexes (protocol §33)."""
    storage = backend.storage
    classes = await load(backend, within=0)
    for class_name in ("_User", "_Role", "_Session"):
        if class_name not in classes:
            await _record(backend, class_name, {}, None, None)
    steps = [
        storage.create_index(class_name, name, keys, **extra)
        for class_name, name, keys, extra in _system_indexes(backend.config)
    ]
    relations = {("_Role", "users"), ("_Role", "roles")}
    relations |= {(name, field) for name, known in classes.items() for field in known.relations}
    steps += [storage.create_join_index(name, field) for name, field in sorted(relations)]
    for outcome in await asyncio.gather(*steps, return_exceptions=True):
        if isinstance(outcome, ParseError):
            # data of before may break a unique index: served all the same, as Parse does
            backend.log.warning("an index could not be made: %s", outcome.message)
        elif isinstance(outcome, BaseException):
            raise outcome
    await _mirror_indexes(backend)


async def _mirror_indexes(backend: Backend) -> None:
    """Record each class's real indexes in `_SCHEMA`, as Parse Server does at its start."""
    changed = False
    for name, schema in (await load(backend, within=0)).items():
        real = await backend.storage.read_indexes(name)
        if real and real != schema.indexes:
            changed = True
            await backend.storage.change_schema(name, {"$set": {"_metadata.indexes": real}})
    if changed:
        await load(backend, within=0)


def _doomed(backend: Backend, template: Template) -> dict[str, list[str]]:
    """The columns that the options of the schema let go: those not defined, or of another type."""
    options, classes = backend.config.schema, backend.schemas.classes
    doomed: dict[str, list[str]] = {}
    for definition in template.classes:
        name, fields = definition["className"], definition["fields"]
        if options is None or name not in classes:
            continue
        columns = classes[name].fields
        if options.delete_extra_fields:
            doomed.setdefault(name, []).extend(_extra(classes[name], fields))
        if options.recreate_modified_fields:
            for field, record in fields.items():
                known = columns.get(field)
                changed = known and known.type != model.read_field(name, field, record).type
                if changed and not model.is_reserved(name, field):
                    doomed.setdefault(name, []).append(field)
    return {name: fields for name, fields in doomed.items() if fields}


def _extra(schema: ClassSchema, defined: JSONObject) -> list[str]:
    """The columns of a class that are neither defined nor Parse's own."""
    own = [name for name in schema.fields if not model.is_reserved(schema.name, name)]
    return [name for name in own if name not in defined]


async def undefined(backend: Backend, template: Template) -> list[str]:
    """What the database has beyond a template, a line for each class or column."""
    lines: list[str] = []
    defined = {definition["className"]: definition["fields"] for definition in template.classes}
    for name, schema in sorted((await load(backend, within=0)).items()):
        if name in defined:
            extra = _extra(schema, defined[name])
            lines += [f"{name}.{field}: the column is not defined" for field in extra]
        elif name not in model.SYSTEM_COLUMNS:
            lines.append(f"{name}: the class is not defined")
    return lines


async def _changes(backend: Backend, template: Template) -> tuple[list[str], list[JSONObject]]:
    """What applying a template would do: a line for each, and the classes that need it."""
    classes = await load(backend, within=0)
    doomed = _doomed(backend, template)
    lines: list[str] = [
        f"{name}.{field}: {DELETED} with all its values"
        for name, fields in doomed.items()
        for field in fields
    ]
    needed: list[JSONObject] = []
    conflicts: list[str] = []
    for definition in template.classes:
        name = definition["className"]
        schema = classes.get(name)
        before = len(lines)
        if schema is None:
            lines.append(f"{name}: create the class")
            schema = make_schema(name, {})
        for field, record in definition["fields"].items():
            column = model.read_field(name, field, record)
            known = schema.fields.get(field)
            if known is None or field in doomed.get(name, ()):
                lines.append(f"{name}.{field}: add {column.type}")
            elif known.type != column.type:
                conflicts.append(
                    f"{name}.{field}: the template says {column.type}, "
                    f"the database has {known.type}"
                )
            elif stored.field_options(known) != stored.field_options(column):
                lines.append(f"{name}.{field}: {_said(known)} becomes {_said(column)}")
        permissions = definition.get("classLevelPermissions")
        if permissions is not None and permissions != schema.permissions.raw:
            verb = "set" if schema.permissions.raw is None else REPLACED
            lines.append(f"{name}: {verb} the class-level permissions")
        for index, keys in (definition.get("indexes") or {}).items():
            if index not in schema.indexes:
                lines.append(f"{name}: add index {index}")
            elif schema.indexes[index] != keys:
                conflicts.append(
                    f"{name}: index {index} exists with other keys ({schema.indexes[index]})"
                )
        if len(lines) > before:
            needed.append(definition)
    if conflicts:
        raise SchemaConflict(conflicts)
    return lines, needed


def _said(column: Field) -> str:
    """The options of a column in words."""
    default = "no default"
    if column.default is not model.MISSING:
        default = f"default {dumps(column.default).decode()}"
    return f"{'required' if column.required else 'optional'}, {default}"


class SchemaConflict(Exception):
    """A template and the database disagree; ``lines`` say where."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


REPLACED = "replace"
"""The verb of a line that tells of permissions which somebody had set otherwise."""
DELETED = "delete the column"
"""The verb of a line that tells of data which go, because an option of the schema says so."""


async def plan(backend: Backend, template: Template) -> list[str]:
    """What a start with this template would change, a line for each.

    Raises ``SchemaConflict`` where the database has another type or index.
    """
    return (await _changes(backend, template))[0]


async def apply(backend: Backend, template: Template) -> list[str]:
    """Bring the database up to a template; what was changed, in lines.

    It adds, and drops only columns, and those only where an option of the schema says so.
    """
    lines, needed = await _changes(backend, template)
    for name, fields in _doomed(backend, template).items():
        await backend.storage.drop_columns(backend.schemas.classes[name], fields)
    await load(backend, within=0)
    for definition in needed:
        await _apply_class(backend, definition)
    await load(backend, within=0)
    return lines


async def _apply_class(backend: Backend, definition: JSONObject) -> None:
    name = definition["className"]
    fields = _read_fields(name, definition["fields"])
    permissions = definition.get("classLevelPermissions")
    if name not in await load(backend):
        own = {f: column for f, column in fields.items() if not model.is_reserved(name, f)}
        await _record(backend, name, own, permissions, None)
        await _index_columns(backend, name, own)
    schema = (await load(backend, within=0))[name]
    changed = {f: column for f, column in fields.items() if not model.is_reserved(name, f)}
    await _apply_changes(backend, schema, [], changed, permissions)
    indexes = definition.get("indexes") or {}
    missing = {index: keys for index, keys in indexes.items() if index not in schema.indexes}
    await change_indexes(backend, name, schema.indexes, missing, [])


async def lookup(
    backend: Backend, class_name: str, where: JSONObject, **options: Any
) -> list[JSONObject]:
    """The house's own reading of a class, past permissions."""
    schema = await existing(backend, class_name)
    query = simple(class_name, where)
    return await backend.storage.find(schema, query.where, **options)
