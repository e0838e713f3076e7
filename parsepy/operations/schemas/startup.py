"""What every start does to the database: the system classes' rows and indexes."""

import asyncio

from parsepy.backend import Backend
from parsepy.config import Config
from parsepy.model.values import JSONObject
from parsepy.operations.schemas.cache import load
from parsepy.operations.schemas.changes import insert_row
from parsepy.storage.indexes import Index
from parsepy.storage.options import ANY_CASE


def _system_indexes(config: Config, has_own: bool) -> dict[str, list[Index]]:
    """Parse Server's own indexes (protocol §6.7), by class, and with ``has_own`` ours."""
    options = config.database_options
    unique: JSONObject = {"unique": True, "sparse": True}
    sparse: JSONObject = {"sparse": True}
    any_case: JSONObject = {"sparse": True, "collation": ANY_CASE}
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
        (has_own, "_Session", "_session_token_1", "_session_token", {}),
        (has_own, "_Session", "_p_user_1", "_p_user", {}),
    ]
    providers = {"anonymous", *config.auth}
    expiring: JSONObject = {"sparse": True, "expireAfterSeconds": 0}
    found = {
        "_User": [],
        "_Idempotency": [
            Index("reqId_1", {"reqId": 1}, unique),
            Index("ttl", {"expire": 1}, expiring),
        ],
    }
    for on, class_name, name, key, extra in table:
        if on:
            found.setdefault(class_name, []).append(Index(name, {key: 1}, extra))
    if options.create_index_auth_data_uniqueness:
        found["_User"] += [
            Index(f"_auth_data_{p}_id", {f"_auth_data_{p}.id": 1}, unique)
            for p in sorted(providers)
        ]
    return found


async def prepare_database(backend: Backend) -> None:
    """What every start does: the system classes' rows and indexes (protocol §33).

    In a database that another server has made, no index is added that Parse Server would not make
    at its start, unless ``databaseOptions.createOwnIndexes`` asks for them.
    """
    storage = backend.storage
    classes = await load(backend, within=0)
    asked = backend.config.database_options.create_own_indexes
    has_own = not classes if asked is None else asked
    for class_name in ("_User", "_Role", "_Session"):
        if class_name not in classes:
            await insert_row(backend, class_name, {}, None, None)
    steps = [
        storage.indexes.create_all(class_name, indexes)
        for class_name, indexes in _system_indexes(backend.config, has_own).items()
    ]
    relations = {("_Role", "users"), ("_Role", "roles")}
    relations |= {(name, field) for name, known in classes.items() for field in known.relations}
    if has_own:
        steps += [storage.relations.create_indexes(*relation) for relation in sorted(relations)]
    for refused in await asyncio.gather(*steps):
        for name, error in refused.items():
            # data of before may break a unique index: served all the same, as Parse does
            backend.log.warning("the index %s could not be made: %s", name, error.message)
    await _mirror_indexes(backend)
    sessions = (await load(backend, within=0))["_Session"]
    if not has_own and asked is None and "_session_token_1" not in sessions.indexes:
        backend.log.info(
            "sessions and relations are looked up without indexes here, as by Parse Server: "
            "databaseOptions.createOwnIndexes: true makes them, which speeds up every request"
        )


async def _mirror_indexes(backend: Backend) -> None:
    """Know each class's real indexes, whatever its row says of them.

    Parse Server writes them into the row at its start; here they are kept beside the rows, so that
    a start changes no document.
    """
    cache = backend.schemas
    for name, schema in (await load(backend, within=0)).items():
        real = await backend.storage.indexes.read(name)
        if real and real != schema.indexes:
            cache.real_indexes[name] = (schema.indexes, real)
    if cache.real_indexes:
        cache.documents = {}
        await load(backend, within=0)
