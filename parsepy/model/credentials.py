"""What the read-only master key is not shown: what one signs in by, and what proves who one is.

Such a key may look at everything and change nothing. With a session token, a reset token or an
anonymous id its holder would act as somebody else. So these are withheld on every way to read:
objects, conditions, orders, hints, distinct values, and pipelines, which get only other columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parsepy.errors import Code, ParseError, denied
from parsepy.model.schema import ClassSchema, is_class_name
from parsepy.model.values import JSONObject

WITHHELD: Mapping[str, frozenset[str]] = {
    "_User": frozenset(("authData", "password", "sessionToken")),
    "_Session": frozenset(("sessionToken",)),
}
"""The columns, by class; there every column of the server's own (``_…``) is withheld, too."""
_SHOWN = frozenset(("_id", "_created_at", "_updated_at", "_acl", "_rperm", "_wperm"))
_STAGES = frozenset(
    (
        "$addFields",
        "$bucket",
        "$bucketAuto",
        "$collStats",
        "$count",
        "$densify",
        "$facet",
        "$fill",
        "$geoNear",
        "$graphLookup",
        "$group",
        "$indexStats",
        "$limit",
        "$lookup",
        "$match",
        "$project",
        "$redact",
        "$replaceRoot",
        "$replaceWith",
        "$sample",
        "$set",
        "$setWindowFields",
        "$skip",
        "$sort",
        "$sortByCount",
        "$unionWith",
        "$unset",
    )
)
"""Stages of which it is known whether they read another collection."""


def is_withheld(class_name: str, path: str) -> bool:
    """Does a path of Parse's or the database's name a column that is withheld, or a part of it?"""
    columns = WITHHELD.get(class_name)
    if columns is None:
        return False
    root = path.partition(".")[0]
    if root[:1] != "_":
        return root in columns
    return root not in _SHOWN and root[:3] != "_p_"


def withhold(class_name: str, objects: Iterable[JSONObject]) -> None:
    """Remove credentials from objects as they are answered, in place.

    Of authData there stays which providers a user has.
    """
    columns = WITHHELD.get(class_name)
    if columns is None:
        return
    for item in objects:
        for name in [name for name in item if is_withheld(class_name, name)]:
            value = item.pop(name)
            if name == "authData" and isinstance(value, dict):
                item[name] = {provider: {} for provider in value}


def check(class_name: str, paths: Iterable[str]) -> None:
    """Refuse paths that name what is withheld (OPERATION_FORBIDDEN): answers would tell of it."""
    for path in paths:
        if is_withheld(class_name, path):
            raise denied(
                Code.OPERATION_FORBIDDEN,
                f"read-only masterKey isn't allowed to read {path} of class {class_name}.",
            )


# --- pipelines ----------------------------------------------------------------------------------


def shown_columns(schema: ClassSchema) -> JSONObject:
    """The ``$project`` that leaves of a class's documents what is shown; empty: all of it is."""
    if schema.name not in WITHHELD:
        return {}
    shown = dict.fromkeys(sorted(_SHOWN), 1)
    for name in schema.types:
        if name not in schema.relations and not is_withheld(schema.name, name):
            shown["_p_" + name if name in schema.pointers else name] = 1
    return shown


class Pipelines:
    """Rewrites pipelines so that none of their stages gets at what is withheld.

    ``columns`` is ``shown_columns`` of each class of ``WITHHELD``; ``prefix`` what the names of
    collections begin with. Stages are in Parse's form; what is put in has the database's names,
    which stay as they are when they are translated.
    """

    def __init__(self, columns: Mapping[str, JSONObject], prefix: str = "") -> None:
        self._columns = columns
        self._prefix = prefix

    def of(self, class_name: str, stages: Sequence[JSONObject]) -> list[JSONObject]:
        """The stages over a class; raises OPERATION_FORBIDDEN for what would read too much."""
        shown = self._columns.get(class_name)
        begin: list[JSONObject] = [{"$project": shown}] if shown else []
        return [*begin, *(self._stage(stage) for stage in stages)]

    def _stage(self, stage: Any) -> JSONObject:
        name, given = next(iter(stage.items()), ("", None)) if isinstance(stage, dict) else ("", 0)
        if name not in _STAGES or len(stage) != 1:
            raise _not_allowed(name)
        if name == "$lookup":
            return {name: self._lookup(given)}
        if name == "$unionWith":
            return {name: self._union(given)}
        if name == "$graphLookup" and self._columns.get(self._class_of(name, given, "from")):
            raise _not_allowed(name)
        if name == "$facet" and isinstance(given, dict):
            return {name: {key: self._inner(name, inner) for key, inner in given.items()}}
        return {name: given}

    def _lookup(self, given: Any) -> JSONObject:
        class_name = self._class_of("$lookup", given, "from")
        foreign, inner = given.get("foreignField"), given.get("pipeline", [])
        if isinstance(foreign, str):
            check(class_name, (foreign,))
        stages = self.of(class_name, self._list("$lookup", inner))
        return {**given, "pipeline": stages} if stages else given

    def _union(self, given: Any) -> JSONObject:
        spelled = {"coll": given} if isinstance(given, str) else given
        class_name = self._class_of("$unionWith", spelled, "coll")
        inner = self._list("$unionWith", spelled.get("pipeline", []))
        return {**spelled, "pipeline": self.of(class_name, inner)}

    def _inner(self, name: str, stages: Any) -> list[JSONObject]:
        return [self._stage(stage) for stage in self._list(name, stages)]

    def _list(self, name: str, stages: Any) -> list[JSONObject]:
        if not isinstance(stages, list):
            raise _not_allowed(name)
        return stages

    def _class_of(self, stage: str, given: Any, key: str) -> str:
        """The class whose collection a stage reads; any other collection is refused."""
        collection = given.get(key) if isinstance(given, dict) else None
        if isinstance(collection, str) and collection.startswith(self._prefix):
            class_name = collection[len(self._prefix) :]
            if is_class_name(class_name):
                return class_name
        raise _not_allowed(stage)


def _not_allowed(stage: str) -> ParseError:
    return denied(
        Code.OPERATION_FORBIDDEN,
        f"read-only masterKey isn't allowed to use {stage or 'this stage'} so in a pipeline.",
    )
