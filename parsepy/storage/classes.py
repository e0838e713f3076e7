"""``Classes``: the rows of schemas and settings, indexes, and claims between processes."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import OperationFailure

from parsepy.errors import Code, ParseError
from parsepy.model.schema import ClassSchema
from parsepy.model.values import JSONObject, now
from parsepy.storage import documents, schemas, settings
from parsepy.storage.connection import RUNNING
from parsepy.storage.documents import Document
from parsepy.storage.failures import DuplicateKey, guard
from parsepy.storage.relations import Relations

CLAIMS = "_JobClaim"


class Classes(Relations):
    """What is known of classes beside their objects."""

    # --- settings -----------------------------------------------------------------------------

    async def read_settings(self, class_name: str) -> JSONObject | None:
        """The one document of a settings class (protocol §6.9); ``None`` before the first write."""
        with guard():
            document = await self._do(
                lambda session: self.collection(class_name).find_one(
                    {"_id": settings.ID}, session=session
                )
            )
        return None if document is None else settings.from_document(document)

    async def change_settings(self, class_name: str, changes: JSONObject) -> JSONObject:
        """Change parts of that document by dotted path, atomically; its new state."""
        with guard():
            document = await self._do(
                lambda session: self.collection(class_name).find_one_and_update(
                    {"_id": settings.ID},
                    settings.to_update(changes),
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                    session=session,
                )
            )
        return settings.from_document(document or {})

    # --- schemas ------------------------------------------------------------------------------

    async def schema_documents(self) -> list[Document]:
        """Every `_SCHEMA` document."""
        with guard():
            return await self.collection(schemas.COLLECTION).find({}).to_list(None)

    async def insert_schema(self, document: Document) -> bool:
        """Record a new class; False if it was there already."""
        try:
            with guard():
                await self.collection(schemas.COLLECTION).insert_one(dict(document))
        except DuplicateKey:
            return False
        return True

    async def add_column(self, class_name: str, name: str, text: str, options: JSONObject) -> bool:
        """Record a column unless there is one of that name; False if there was."""
        change: Document = {name: text}
        if options:
            change[f"_metadata.fields_options.{name}"] = options
        with guard():
            result = await self.collection(schemas.COLLECTION).update_one(
                {"_id": class_name, name: {"$exists": False}}, {"$set": change}
            )
        return result.matched_count == 1

    async def change_schema(self, class_name: str, update: Document) -> None:
        """Apply a MongoDB update to a class's `_SCHEMA` document."""
        with guard():
            await self.collection(schemas.COLLECTION).update_one({"_id": class_name}, update)

    async def drop_class(self, schema: ClassSchema, *, objects: bool = True) -> None:
        """Forget a class: its `_SCHEMA` document and, with ``objects``, its collections."""
        with guard():
            await self.collection(schemas.COLLECTION).delete_one({"_id": schema.name})
            if not objects:
                return
            await self.collection(schema.name).drop()
            for field in schema.relations:
                await self._join(schema.name, field).drop()

    async def drop_columns(self, schema: ClassSchema, names: Sequence[str]) -> None:
        """Forget columns: in every object, in `_SCHEMA`, and the join tables of relations."""
        keys = {documents.key_of(schema, n): "" for n in names if n not in schema.relations}
        with guard():
            if keys:
                await self.collection(schema.name).update_many({}, {"$unset": keys})
            await self.collection(schemas.COLLECTION).update_one(
                {"_id": schema.name},
                {
                    "$unset": {
                        key: ""
                        for name in names
                        for key in (name, f"_metadata.fields_options.{name}")
                    }
                },
            )
            for name in names:
                if name in schema.relations:
                    await self._join(schema.name, name).drop()

    async def read_indexes(self, class_name: str) -> JSONObject:
        """The indexes of a class: name → key spec, text indexes as ``{field: "text"}``."""
        found: JSONObject = {}
        with guard():
            cursor = await self.collection(class_name).list_indexes()
            for index in await cursor.to_list(None):
                keys = dict(index["key"])
                if keys.pop("_fts", None) is not None:
                    keys.pop("_ftsx", None)
                    keys |= dict.fromkeys(index.get("weights", {}), "text")
                found[index["name"]] = keys
        return found

    async def create_index(
        self,
        class_name: str,
        name: str,
        keys: Mapping[str, Any],
        **options: Any,
    ) -> None:
        """Create an index unless it is there; an unlike one of that name is refused."""
        running = RUNNING.get()
        if running is not None:
            # it would wait for the locks that this very transaction holds
            running.postponed.append(partial(self.create_index, class_name, name, keys, **options))
            return
        try:
            with guard():
                await self.collection(class_name).create_index(
                    list(keys.items()), name=name, **options
                )
        except OperationFailure as error:
            if error.code in (85, 86):  # IndexOptionsConflict, IndexKeySpecsConflict
                raise ParseError(
                    Code.INVALID_QUERY, f"Index {name} exists with other keys or options."
                ) from error
            raise ParseError(
                Code.INVALID_QUERY, str((error.details or {}).get("errmsg", error))
            ) from error

    async def prepare_claims(self, seconds: int) -> None:
        """See that claims are forgotten after so many seconds."""
        await self.create_index(CLAIMS, "at_1", {"at": 1}, expireAfterSeconds=seconds)

    async def claim(self, name: str) -> bool:
        """Take ``name`` for this process; False if one has taken it already, anywhere."""
        try:
            with guard():
                await self.collection(CLAIMS).insert_one({"_id": name, "at": now()})
        except DuplicateKey:
            return False
        return True

    async def release(self, name: str) -> None:
        """Give back what this process has claimed."""
        with guard():
            await self.collection(CLAIMS).delete_one({"_id": name})

    async def break_claim(self, name: str, seconds: float) -> None:
        """Take away a claim older than so many seconds: who held it is gone."""
        oldest = now() - timedelta(seconds=seconds)
        with guard():
            await self.collection(CLAIMS).delete_one({"_id": name, "at": {"$lt": oldest}})

    async def create_join_index(self, class_name: str, field: str) -> None:
        """Index the rows of a relation both ways."""
        join = f"_Join:{field}:{class_name}"
        await self.create_index(join, "owningId_1", {"owningId": 1})
        await self.create_index(join, "relatedId_1", {"relatedId": 1})

    async def drop_index(self, class_name: str, name: str) -> None:
        """Drop an index of a class; that it is gone already is fine."""
        with guard():
            try:
                await self.collection(class_name).drop_index(name)
            except OperationFailure as error:
                if error.code not in (26, 27):  # NamespaceNotFound, IndexNotFound
                    raise
