"""Classes and their columns: the cache, what writes add, the schema API, start, templates."""

from parsepy.operations.schemas.api import (
    create_class,
    delete_class,
    list_classes,
    purge,
    show_class,
    update_class,
)
from parsepy.operations.schemas.cache import (
    check_unknown,
    existing,
    known,
    known_classes,
    load,
    lookup,
    noticed,
    readable,
    ttl,
)
from parsepy.operations.schemas.changes import mismatch
from parsepy.operations.schemas.startup import prepare_database
from parsepy.operations.schemas.templates import (
    DELETED,
    KEPT,
    REPLACED,
    SchemaConflict,
    apply,
    plan,
    undefined,
)
from parsepy.operations.schemas.writes import add_columns, check_types, writable

__all__ = [
    "DELETED",
    "KEPT",
    "REPLACED",
    "SchemaConflict",
    "add_columns",
    "apply",
    "check_types",
    "check_unknown",
    "create_class",
    "delete_class",
    "existing",
    "known",
    "known_classes",
    "list_classes",
    "load",
    "lookup",
    "mismatch",
    "noticed",
    "plan",
    "prepare_database",
    "purge",
    "readable",
    "show_class",
    "ttl",
    "undefined",
    "update_class",
    "writable",
]
