"""``Schemas``: the rows of ``_SCHEMA``, and their form (protocol §6.5)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from parsepy.model.permissions import POINTER_SHORTHANDS
from parsepy.model.schema import MISSING, ClassSchema, Field, make_schema, more_options
from parsepy.model.values import PLAIN_TYPES, FieldType, JSONObject
from parsepy.storage import documents
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document
from parsepy.storage.driver import Collection
from parsepy.storage.failures import DuplicateKey, guard
from parsepy.storage.relations import Relations

COLLECTION = "_SCHEMA"
_TO_TEXT = {kind: name.lower() for name, kind in PLAIN_TYPES.items()}
_FROM_TEXT = {text: kind for kind, text in _TO_TEXT.items()} | {
    "map": PLAIN_TYPES["Object"]  # Parse: databases of hosted Parse say map
}
_HIDDEN = {"_User": ("password",)}
_GIVEN = "template_permissions"
_KEPT_PERMISSIONS = 20
_DEFAULTS: Document = {"objectId": "string", "updatedAt": "date", "createdAt": "date"}


class Schemas:
    """Reads and changes what is written of classes, and drops what belongs to them.

    None of it takes part in a transaction. ``writes`` counts this process's own writes, for those
    who keep what they have derived from classes.
    """

    def __init__(self, connection: Connection, relations: Relations) -> None:
        self._connection = connection
        self._relations = relations
        self.writes = 0

    @property
    def _rows(self) -> Collection:
        return self._connection.collection(COLLECTION)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with guard():
            try:
                yield
            finally:  # also after a failure: nobody knows whether it was written
                self.writes += 1

    async def read(self) -> list[Document]:
        """Every `_SCHEMA` document."""
        with guard():
            return await self._connection.write(lambda: self._rows.find({}).to_list(None))

    async def insert(self, document: Document) -> bool:
        """Record a new class; False if it was there already."""
        try:
            with self._writing():
                await self._connection.write(lambda: self._rows.insert_one(dict(document)))
        except DuplicateKey:
            return False
        return True

    async def change(self, class_name: str, update: Document) -> None:
        """Apply a MongoDB update to a class's `_SCHEMA` document."""
        with self._writing():
            await self._connection.write(lambda: self._rows.update_one({"_id": class_name}, update))

    async def template_permissions(self) -> dict[str, JSONObject]:
        """The permissions that templates gave to classes; by class."""
        rows = {row["_id"]: row.get("_metadata") or {} for row in await self.read()}
        return {name: row[_GIVEN] for name, row in rows.items() if _GIVEN in row}

    async def note_permissions(self, class_name: str, permissions: JSONObject) -> None:
        """Write down that a template gave these permissions to a class."""
        await self.change(class_name, {"$set": {f"_metadata.{_GIVEN}": permissions}})

    async def keep_permissions(self, class_name: str, permissions: JSONObject, at: Any) -> None:
        """Keep the permissions that a class had until now beside its row's others."""
        entry = {"permissions": permissions, "until": at}
        pushed = {"$each": [entry], "$slice": -_KEPT_PERMISSIONS}
        await self.change(class_name, {"$push": {"_metadata.replaced_permissions": pushed}})

    async def add_column(self, class_name: str, name: str, text: str, options: JSONObject) -> bool:
        """Record a column unless there is one of that name; False if there was."""
        change: Document = {name: text}
        if options:
            change[f"_metadata.fields_options.{name}"] = options
        with self._writing():
            result = await self._connection.write(
                lambda: self._rows.update_one(
                    {"_id": class_name, name: {"$exists": False}}, {"$set": change}
                )
            )
        return result.matched_count == 1

    async def drop_class(self, schema: ClassSchema, *, objects: bool = True) -> None:
        """Forget a class: its `_SCHEMA` document and, with ``objects``, its collections."""
        with self._writing():
            await self._rows.delete_one({"_id": schema.name})
            if not objects:
                return
            await self._connection.collection(schema.name).drop()
            for field in schema.relations:
                await self._relations.drop(schema.name, field)

    async def drop_columns(self, schema: ClassSchema, names: Sequence[str]) -> None:
        """Forget columns: in every object, in `_SCHEMA`, and the join tables of relations."""
        keys = {documents.key_of(schema, n): "" for n in names if n not in schema.relations}
        recorded = [key for name in names for key in (name, f"_metadata.fields_options.{name}")]
        with self._writing():
            if keys:
                collection = self._connection.collection(schema.name)
                change = collection.update_many({}, {"$unset": keys})
                await self._connection.building.column(collection.name, ", ".join(keys), change)
            await self._rows.update_one(
                {"_id": schema.name}, {"$unset": dict.fromkeys(recorded, "")}
            )
            for name in names:
                if name in schema.relations:
                    await self._relations.drop(schema.name, name)


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
    metadata = _mapping(document.get("_metadata"))
    options = _mapping(metadata.get("fields_options"))
    fields: dict[str, Field] = {}
    for name, text in document.items():
        if name[:1] == "_" or not isinstance(text, str):
            continue
        kind = from_text(text)
        if kind is not None:
            fields[name] = _field(kind, _mapping(options.get(name)))
    class_name = document["_id"]
    return make_schema(
        class_name,
        fields,
        _permissions(metadata.get("class_permissions")),
        dict(_mapping(metadata.get("indexes"))),
        protected=(protected or {}).get(class_name),
    )


def _mapping(value: Any) -> dict[str, Any]:
    """What a row, perhaps of another program, says here; nothing if that is no mapping."""
    return value if isinstance(value, dict) else {}


def _permissions(written: Any) -> JSONObject | None:
    """Class-level permissions as they can be compiled; what can't be read grants nothing."""
    if written is None:
        return None
    readable: JSONObject = {}
    for key, value in _mapping(written).items():
        if key in POINTER_SHORTHANDS:
            readable[key] = value if isinstance(value, list) else []
        elif isinstance(value, dict):
            of_lists = "protectedFields" if key == "protectedFields" else "pointerFields"
            readable[key] = {
                name: entry
                for name, entry in value.items()
                if isinstance(entry, list) or of_lists not in (key, name)
            }
    return readable


def _field(kind: FieldType, options: JSONObject) -> Field:
    if not options:
        return Field(kind)
    required = options.get("required")
    return Field(
        kind,
        None if required is None else bool(required),
        options.get("defaultValue", MISSING),
        more_options(options),
    )


def field_options(field: Field) -> JSONObject:
    """What `_metadata.fields_options` keeps of a column."""
    options: JSONObject = {}
    if field.required is not None:
        options["required"] = field.required
    if field.default is not MISSING:
        options["defaultValue"] = field.default
    return {**options, **field.more}


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
