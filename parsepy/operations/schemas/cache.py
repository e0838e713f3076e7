"""The schema cache, and the schemas that reads ask for."""

import dataclasses
import time

from parsepy.backend import Backend, RequestContext
from parsepy.config import Config
from parsepy.errors import Code, denied
from parsepy.model import schema as model
from parsepy.model.query import simple
from parsepy.model.schema import ClassSchema, make_schema
from parsepy.model.values import JSONObject
from parsepy.storage import Unavailable, reserved
from parsepy.storage import schemas as stored
from parsepy.storage.options import ALL, ReadOptions
from parsepy.storage.streams import ChangeEvent

_REREAD_SECONDS = 0.5  # how soon after a reading an unknown class is looked for again


def known_classes(
    backend: Backend, *, within: float | None = None
) -> dict[str, ClassSchema] | None:
    """All class schemas if ``load`` would not read them now; ``None`` if it would."""
    cache = backend.schemas
    limit = ttl(backend.config) if within is None else within
    is_young = cache.loaded_at and time.monotonic() - cache.loaded_at < limit
    return cache.classes if is_young else None


def known(backend: Backend, class_name: str) -> ClassSchema | None:
    """The schema of a class that exists, if ``existing`` would read none now."""
    classes = known_classes(backend)
    found = None if classes is None else classes.get(class_name)
    return found if found is not None and found.exists else None


async def load(backend: Backend, *, within: float | None = None) -> dict[str, ClassSchema]:
    """All class schemas, read again if the last reading is ``within`` seconds old or older.

    By default that is ``databaseOptions.schemaCacheTtl`` or five seconds: another server may
    share the database.
    """
    cache = backend.schemas
    if (classes := known_classes(backend, within=within)) is not None:
        return classes
    asked_at = time.monotonic()
    async with cache.lock:
        if cache.loaded_at > asked_at:  # somebody read it while we waited
            return cache.classes
        if cache.failed_at > asked_at:  # one waits for a dead database, not each after the other
            raise Unavailable("the class schemas could not be read")
        started = time.monotonic()
        try:
            with reserved():  # no request can do without
                rows = await backend.storage.schemas.read()
        except Unavailable:
            cache.failed_at = started
            raise
        documents = {item["_id"]: item for item in rows}
        protected = backend.config.protected_fields
        cache.classes = {
            name: (
                cache.classes[name]
                if name in cache.classes and cache.documents.get(name) == document
                else _with_real_indexes(backend, stored.from_document(document, protected))
            )
            for name, document in documents.items()
        }
        cache.documents = documents
        cache.loaded_at = started
    return cache.classes


def _with_real_indexes(backend: Backend, schema: ClassSchema) -> ClassSchema:
    """The schema with the indexes found at the start, and those that its row has gained since."""
    if schema.name not in backend.schemas.real_indexes:
        return schema
    written, real = backend.schemas.real_indexes[schema.name]
    known = real if schema.indexes == written else {**real, **schema.indexes}
    return dataclasses.replace(schema, indexes=known)


async def noticed(backend: Backend, change: ChangeEvent) -> None:
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
    classes = known_classes(backend) or await load(backend)
    found = classes.get(class_name)
    if found is not None:
        return found
    if not model.is_class_name(class_name):
        raise model.invalid_class_name(class_name)
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


async def lookup(
    backend: Backend, class_name: str, where: JSONObject, options: ReadOptions = ALL
) -> list[JSONObject]:
    """The house's own reading of a class, past permissions."""
    schema = await existing(backend, class_name)
    query = simple(class_name, where)
    return await backend.storage.find(schema, query.where, options=options)
