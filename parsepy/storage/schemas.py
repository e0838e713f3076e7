"""``_SCHEMA`` documents to ``ClassSchema`` and back (protocol §6.5)."""

from collections.abc import Mapping, Sequence
from typing import Any

from parsepy.model.schema import MISSING, ClassSchema, Field, make_schema
from parsepy.model.values import PLAIN_TYPES, FieldType, JSONObject
from parsepy.storage.documents import Document

COLLECTION = "_SCHEMA"
_TO_TEXT = {kind: name.lower() for name, kind in PLAIN_TYPES.items()}
_FROM_TEXT = {text: kind for kind, text in _TO_TEXT.items()} | {
    "map": PLAIN_TYPES["Object"]  # Parse: databases of hosted Parse say map
}
_HIDDEN = {"_User": ("password",)}
_DEFAULTS: Document = {"objectId": "string", "updatedAt": "date", "createdAt": "date"}


def to_text(kind: FieldType) -> str:
    """A column type as `_SCHEMA` writes it."""
    if kind.name == "Pointer":
        return f"*{kind.target}"
    if kind.name == "Relation":
        return f"relation<{kind.target}>"
    return _TO_TEXT[kind]


def from_text(text: str) -> FieldType | None:
    """The column type that `_SCHEMA` writes; ``None`` if it is none."""
    if text.startswith("*"):
        return FieldType("Pointer", text[1:])
    if text.startswith("relation<"):
        return FieldType("Relation", text[9:-1])
    return _FROM_TEXT.get(text)


def from_document(
    document: Document, protected: Mapping[str, Mapping[str, Sequence[str]]] | None = None
) -> ClassSchema:
    """A class from its `_SCHEMA` document; ``protected`` are the server's own hidden fields."""
    metadata = document.get("_metadata") or {}
    options = metadata.get("fields_options") or {}
    fields: dict[str, Field] = {}
    for name, text in document.items():
        if name[0] == "_" or not isinstance(text, str):
            continue
        kind = from_text(text)
        if kind is not None:
            option = options.get(name) or {}
            fields[name] = Field(kind, option.get("required"), option.get("defaultValue", MISSING))
    class_name = document["_id"]
    return make_schema(
        class_name,
        fields,
        metadata.get("class_permissions"),
        dict(metadata.get("indexes") or {}),
        protected=(protected or {}).get(class_name),
    )


def field_options(field: Field) -> JSONObject:
    """What `_metadata.fields_options` keeps of a column."""
    options: JSONObject = {}
    if field.required is not None:
        options["required"] = field.required
    if field.default is not MISSING:
        options["defaultValue"] = field.default
    return options


def to_document(
    class_name: str,
    fields: Mapping[str, Field],
    permissions: JSONObject | None,
    indexes: JSONObject | None,
) -> Document:
    """The `_SCHEMA` document of a class with these own and system columns."""
    document: Document = {"_id": class_name, **_DEFAULTS}
    all_options: JSONObject = {}
    for name, field in fields.items():
        if name == "ACL" or name in _HIDDEN.get(class_name, ()) or name in _DEFAULTS:
            continue
        document[name] = to_text(field.type)
        if options := field_options(field):
            all_options[name] = options
    metadata: dict[str, Any] = {}
    if all_options:
        metadata["fields_options"] = all_options
    if permissions is not None:
        metadata["class_permissions"] = permissions
    if indexes:
        metadata["indexes"] = indexes
    if metadata:
        document["_metadata"] = metadata
    return document
