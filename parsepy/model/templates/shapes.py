"""The shapes of schema files: where in a file the classes are, and what each is called.

Beside templates, these are what tools of Parse write: the answer of ``GET /schemas`` and of
``GET /schemas/Post``, lists and maps of classes, and the documents of ``_SCHEMA`` itself.
"""

from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from parsepy.model.templates.complaints import Complaints
from parsepy.model.templates.names import is_comment, suggest
from parsepy.model.templates.nodes import Node

LISTS = ("classes", "results", "collections")
_PARTS = ("fields", "classLevelPermissions", "indexes")
_STORED_TYPES = {
    **{name.lower(): name for name in ("String", "Number", "Boolean", "Date", "Object", "Array")},
    **{name.lower(): name for name in ("GeoPoint", "Polygon", "File", "Bytes")},
    "map": "Object",
}
KNOWN = (
    "a list of classes; "
    '{"classes": [...]}, with "results" or "collections" in its place; '
    'one class: {"className": "Post", "fields": {...}}, or without className in a file Post.json; '
    'classes by name: {"Post": {"fields": {...}}}; '
    'documents of _SCHEMA: [{"_id": "Post", "title": "string"}], also one a line, as mongoexport '
    "writes them"
)


class Found(NamedTuple):
    """The lists of classes of a file, and its list of roles."""

    classes: list[Node]
    roles: Node | None = None


def classes_of(root: Node, complaints: Complaints) -> Found | None:
    """Find the classes of a file, each with its ``className``; None after a problem was kept."""
    if isinstance(root.value, list):
        return Found([_listed(root)])
    if not isinstance(root.value, dict):
        complaints.check_record(root, "", "a template", ())
        return None
    record: dict[str, Node] = {k: v for k, v in root.value.items() if not is_comment(k)}
    if not LISTS_AND_ROLES.isdisjoint(record):
        return _template(root, record, complaints)
    if "className" in record or "_id" in record:
        return Found([_listed(Node([root], root.file, root.line))])
    if isinstance(record.get("fields", root).value, (dict, list)) and "fields" in record:
        name = PurePath(root.file).name.split(".")[0]
        return Found([_named({name: root}, root)])
    if record and all(map(_is_class, record.values())):
        return Found([_named(record, root)])
    refusal = record.get("error")
    if refusal is not None and isinstance(refusal.value, str):
        reason = f"this is the answer of a server that refused ({refusal.value}): ask it with the "
        complaints.at(root, "", f"{reason}master key; known: {KNOWN}")
        return None
    near = [hint for key in record if (hint := suggest(key, LISTS_AND_ROLES))]
    complaints.at(root, "", f"this is no shape of a schema file{''.join(near[:1])}; known: {KNOWN}")
    return None


LISTS_AND_ROLES = {*LISTS, "roles"}


def _template(root: Node, record: dict[str, Node], complaints: Complaints) -> Found | None:
    found = [key for key in LISTS if key in record]
    for key, member in record.items():
        if key not in LISTS_AND_ROLES:
            complaints.unknown_key(key, member, "", sorted(LISTS_AND_ROLES))
    if len(found) != 1:
        complaints.at(root, "", "a template needs one list 'classes' (or 'results')")
    classes = []
    for key in found:
        node = record[key]
        if isinstance(node.value, dict) and all(map(_is_class, node.value.values())):
            classes.append(_named(node.value, node))
        elif (listed := complaints.member(root, key, list, "")) is not None:
            classes.append(_listed(listed))
    return Found(classes, complaints.member(root, "roles", list, ""))


def _is_class(node: Node) -> bool:
    return isinstance(node.value, dict) and any(key in node.value for key in _PARTS)


def _named(classes: dict[str, Node], place: Node) -> Node:
    """Make a list of classes that are kept by their names."""
    made = []
    for name, node in classes.items():
        if is_comment(name):
            continue
        title = Node(name, node.file, node.line)
        made.append(Node({"className": title, **node.value}, node.file, node.line))
    return Node(made, place.file, place.line)


def _listed(classes: Node) -> Node:
    """Make a list of classes with names of a list that may say them otherwise."""
    return Node([_class(node) for node in classes.value], classes.file, classes.line)


def _class(node: Node) -> Node:
    if not isinstance(node.value, dict) or "className" in node.value:
        return node
    if "_id" in node.value:
        return _of_row(node)
    if "name" in node.value and _is_class(node):
        rest = {key: member for key, member in node.value.items() if key != "name"}
        return Node({"className": node.value["name"], **rest}, node.file, node.line)
    return node


def _of_row(row: Node) -> Node:
    """Make a class of its document in ``_SCHEMA``."""

    def part(node: Node | None, key: str) -> Node | None:
        return node.value.get(key) if node is not None and isinstance(node.value, dict) else None

    row = _relaxed(row)
    metadata = row.value.get("_metadata")
    options = part(metadata, "fields_options")
    made: dict[str, Node] = {"className": row.value["_id"]}
    fields: dict[str, Node] = {}
    for name, node in row.value.items():
        if name.startswith("_"):
            continue
        column = _column(node)
        known = part(options, name)
        if known is not None and isinstance(known.value, dict):
            column |= known.value
        fields[name] = Node(column, node.file, node.line)
    made["fields"] = Node(fields, row.file, row.line)
    for stored, name in (("class_permissions", "classLevelPermissions"), ("indexes", "indexes")):
        found = part(metadata, stored)
        if found is not None:
            made[name] = found
    return Node(made, row.file, row.line)


def _relaxed(node: Node) -> Node:
    """Read numbers as mongoexport may write them: ``{"$numberInt": "1"}``."""
    value = node.value
    if isinstance(value, list):
        return Node([_relaxed(member) for member in value], node.file, node.line)
    if not isinstance(value, dict):
        return node
    if len(value) == 1:
        ((name, member),) = value.items()
        read = _NUMBERS.get(name)
        if read is not None and isinstance(member.value, str):
            try:
                return Node(read(member.value), node.file, node.line)
            except ValueError:
                return node
    return Node({key: _relaxed(it) for key, it in value.items()}, node.file, node.line)


_NUMBERS: dict[str, Callable[[str], float]] = {
    "$numberInt": int,
    "$numberLong": int,
    "$numberDouble": float,
}


def _column(node: Node) -> dict[str, Node]:
    """Read a column type as ``_SCHEMA`` writes it: ``string``, ``*Class``, ``relation<Class>``."""

    def at(text: str) -> Node:
        return Node(text, node.file, node.line)

    text = node.value if isinstance(node.value, str) else ""
    if text.startswith("*"):
        return {"type": at("Pointer"), "targetClass": at(text[1:])}
    if text.startswith("relation<") and text.endswith(">"):
        return {"type": at("Relation"), "targetClass": at(text[9:-1])}
    return {"type": at(_STORED_TYPES.get(text, text))}
