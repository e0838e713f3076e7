"""Check the indexes of templates against the columns, and merge them."""

from parsepy.model.schema import INDEX_KINDS
from parsepy.model.templates.complaints import Complaints
from parsepy.model.templates.declarations import ClassDeclaration
from parsepy.model.templates.names import SYSTEM, suggest
from parsepy.model.templates.nodes import Node
from parsepy.model.values import JSONObject

_KINDS = (1, -1, *INDEX_KINDS)
_STORED = {"objectId": "_id", "createdAt": "_created_at", "updatedAt": "_updated_at"}
_OWN_INDEXES = (  # the server makes these itself, some of them unique: never from a template
    *("username_1", "case_insensitive_username", "email_1", "case_insensitive_email"),
    *("name_1", "reqId_1", "ttl"),
)


def merge(
    group: list[ClassDeclaration], types: dict[str, str], complaints: Complaints
) -> JSONObject:
    """Merge the indexes of a class with these columns; by name."""
    merged: JSONObject = {}
    places: dict[str, Node] = {}
    for declared in group:
        node = declared.part("indexes")
        for name, index in node.value.items() if node else ():
            where = f"{declared.written}.indexes.{name}"
            if _is_own_index(declared.name, name, index):
                continue
            keys = _keys(index, types, where, complaints)
            if not keys:
                continue
            first = places.setdefault(name, index)
            if list(merged.setdefault(name, keys).items()) != list(keys.items()):
                complaints.conflict(index, where, first, "other keys than in")
    return merged


def _keys(index: Node, types: dict[str, str], where: str, complaints: Complaints) -> JSONObject:
    keys: JSONObject = {}
    if not isinstance(index.value, dict) or not index.value:
        complaints.at(index, where, "an index is an object of field names and directions")
        return keys
    named: dict[str, Node] = index.value
    if "_fts" in named:
        complaints.warn(index, where, "a text index that does not name its columns: left out")
        return keys
    for name, direction in named.items():
        field = name.removeprefix("_p_")
        spelled = types.get(field, "")
        kind = direction.value
        if isinstance(kind, float) and kind in (1, -1):
            kind = int(kind)
        if field in types and spelled.startswith("Pointer"):
            keys[f"_p_{field}"] = kind
        elif name in types and spelled.startswith("Relation"):
            complaints.warn(direction, where, f"the relation {name!r} has no index here: left out")
            return {}
        else:
            keys[_STORED.get(name, name)] = kind
            # internal columns and paths into objects are as good as columns
            if name not in types and name[0] != "_" and name.partition(".")[0] not in types:
                reason = f"there is no field {name!r} to index{suggest(name, types)}"
                complaints.warn(direction, where, reason)
        if type(kind) not in (int, str) or kind not in _KINDS:
            kinds = ", ".join(map(str, _KINDS))
            complaints.at(direction, where, f"the direction of {name!r} is none of {kinds}")
    return keys


def _is_own_index(class_name: str, name: str, index: Node) -> bool:
    """Does the server make this index itself, as GET /schemas lists it?"""
    if name == "_id_":
        return True
    keys = index.value if isinstance(index.value, dict) else ()
    internal = (key for key in keys if key.startswith("_") and not key.startswith("_p_"))
    return class_name in SYSTEM and (
        name in _OWN_INDEXES or any(key not in _STORED.values() for key in internal)
    )
