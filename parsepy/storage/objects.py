"""``Storage``: the objects of one Parse application, and what else is kept of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from parsepy.errors import ParseError
from parsepy.model.schema import ClassSchema
from parsepy.model.scope import EVERYTHING, Scope
from parsepy.model.values import JSONObject
from parsepy.model.where import Where, equals_id
from parsepy.storage import documents, filters, streams, updates
from parsepy.storage.bulk import Bulk
from parsepy.storage.claims import Claims
from parsepy.storage.connection import Connection
from parsepy.storage.counting import Counts
from parsepy.storage.documents import Document, FileURL
from parsepy.storage.email_changes import EmailChanges
from parsepy.storage.failures import Unavailable, guard
from parsepy.storage.finding import Finds
from parsepy.storage.images import Images
from parsepy.storage.locks import Locks
from parsepy.storage.reading import ReadLimits
from parsepy.storage.settings import SettingsDocuments
from parsepy.storage.shared_gets import SharedGets
from parsepy.storage.shared_inserts import SharedInserts
from parsepy.storage.shared_updates import SharedUpdates, Update
from parsepy.storage.sign_in_codes import SignInCodes


class Storage(Finds, Counts):
    """One Parse application's data in one MongoDB database.

    It has the objects itself, and a part for each other thing: ``schemas``, ``indexes``,
    ``relations``, ``settings``, ``claims``, ``email_changes``, ``sign_in_codes``, ``bulk``. All
    share ``connection``, and so a transaction. Objects go in and come out in REST form. Every
    method is one driver call (or shares one). Errors a client can cause are ``ParseError``;
    ``Unavailable`` when there is no database.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        file_url: FileURL,
        max_time_ms: int | None = None,
        regex_time_ms: int = 5000,
        batch_size: int = 1000,
    ) -> None:
        super().__init__(connection, file_url, ReadLimits(max_time_ms, regex_time_ms, batch_size))
        self.settings = SettingsDocuments(connection)
        self.claims = Claims(connection, self.indexes)
        self.locks = Locks(self.claims)
        self.email_changes = EmailChanges(connection, self.indexes)
        self.sign_in_codes = SignInCodes(connection, self.indexes)
        self.bulk = Bulk(connection)
        self._gets = SharedGets(connection)
        self._inserts = SharedInserts(connection)
        self._updates = None if connection.in_memory else SharedUpdates(connection)

    async def ping(self) -> None:
        """Return when the database has answered; raise ``Unavailable`` otherwise."""
        await self.connection.ping()

    async def look(self) -> None:
        """Find out what kind of MongoDB it is; raises ``Unavailable``."""
        await self.connection.look()

    @property
    def doing(self) -> str:
        """What the database does for long just now, such as an index; empty if nothing."""
        return self.connection.building.doing

    @property
    def is_standalone(self) -> bool:
        """Is the database a MongoDB alone, without transactions and change streams?"""
        return self.connection.is_standalone

    async def close(self) -> None:
        """Close the connections."""
        await self.indexes.close()
        await self.connection.close()

    @property
    def files_database(self) -> AsyncDatabase[Document] | None:
        """The database for a file store that lives in MongoDB; None in ``memory:``.

        Files are no objects: they know neither classes nor transactions.
        """
        connection = self.connection
        if connection.in_memory:
            return None
        return connection.client.get_database(connection.database.name)

    # --- transactions -------------------------------------------------------------------------

    @property
    def in_transaction(self) -> bool:
        """Is this code inside ``transaction``?"""
        return self.connection.in_transaction

    def transaction(self, attempts: int = 1) -> AbstractAsyncContextManager[None]:
        """All calls inside commit together or not at all; see ``Connection.transaction``."""
        return self.connection.transaction(attempts)

    async def after_commit(self, call: Callable[[], None]) -> None:
        """Call when what was written is there to stay: now, or when the transaction commits."""
        await self.connection.after_commit(call)

    async def after_rollback(self, call: Callable[[], None]) -> None:
        """Call when the current transaction, if there is one, was not committed."""
        await self.connection.after_rollback(call)

    async def after_transaction(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write what no rollback may undo: now, or when the transaction is over, either way."""
        await self.connection.after_transaction(write)

    # --- changes ------------------------------------------------------------------------------

    def stream(self, pattern: str) -> streams.Stream:
        """The committed changes of every class whose whole name matches ``pattern``."""
        connection = self.connection
        return streams.Stream(connection.database, connection.prefix, pattern, (Unavailable,))

    def images(self) -> Images:
        """What states before changes MongoDB keeps for ``stream``."""
        connection = self.connection
        return Images(connection.database, connection.prefix)

    def as_object(self, schema: ClassSchema, document: Document) -> JSONObject:
        """A document of a stream in REST form."""
        return documents.to_object(documents.plan_of(schema, self.file_url, None), document)

    def with_file_urls(
        self, schema: ClassSchema, item: JSONObject, mount_url: str | None = None
    ) -> JSONObject:
        """An object with the URLs of its files as a read for ``mount_url`` would show them."""
        return documents.with_file_urls(documents.plan_of(schema, self.file_url, mount_url), item)

    # --- objects ------------------------------------------------------------------------------

    async def get(
        self,
        schema: ClassSchema,
        object_id: str,
        scope: Scope = EVERYTHING,
        *,
        mount_url: str | None = None,
    ) -> JSONObject | None:
        """One object by id, if it is within the scope; ``mount_url`` as in ``ReadOptions``."""
        is_numbered = schema.name in documents.NUMBERED
        stored_id = documents.to_numbered_id(object_id) if is_numbered else object_id
        if schema.exists and not self.connection.in_transaction:
            document = await self._gets.of(schema.name).call(stored_id)
        else:
            document = await self._gets.one(schema.name, stored_id)
        if document is None:
            return None
        plan = documents.plan_of(schema, self.file_url, mount_url)
        item, names = documents.with_names(plan, document, filters.LISTS[scope.flag])
        return item if scope.is_listed(names) and scope.is_pointed_to(item) else None

    async def insert(
        self, schema: ClassSchema, values: JSONObject, *, is_large: bool = False
    ) -> None:
        """Store a new object; ``DuplicateKey`` if a unique index refuses it.

        ``is_large``: it is converted in a thread, so that others go on meanwhile.
        """
        if is_large:
            document = await asyncio.to_thread(documents.to_document, schema, values)
        else:
            document = documents.to_document(schema, values)
        if not self.connection.in_transaction:
            await self._inserts.of(schema.name).call(document)
            return
        collection = self.connection.collection(schema.name)

        async def insert(session: AsyncClientSession | None) -> None:
            await collection.insert_one(document, session=session)

        await self.connection.run(insert)

    async def insert_together(
        self, class_name: str, rows: Sequence[tuple[ClassSchema, JSONObject]]
    ) -> list[Exception | None]:
        """Store new objects of a class, outside transactions, in one driver call.

        For each what ``insert`` would raise, ``None`` if it is stored. A row goes with its
        schema, since columns may have been added from one to the next.
        """
        outcomes: list[Exception | None] = [None] * len(rows)
        made: list[tuple[int, Document]] = []
        for place, (schema, values) in enumerate(rows):
            try:
                made.append((place, documents.to_document(schema, values)))
            except (ParseError, RecursionError) as error:
                outcomes[place] = error
        if made:
            found = await self._inserts.at_once(class_name, [document for _, document in made])
            for (place, _), outcome in zip(made, found, strict=True):
                outcomes[place] = outcome
        return outcomes

    async def update(
        self,
        schema: ClassSchema,
        where: Where,
        changes: JSONObject,
        scope: Scope = EVERYTHING,
        *,
        returning: frozenset[str] | None = None,
        internal: bool = False,
        mount_url: str | None = None,
        longest: Mapping[str, int] | None = None,
        is_large: bool = False,
    ) -> JSONObject | None:
        """Change the first object that matches, atomically; ``None`` if there is none.

        Answers its new state, or only the columns ``returning`` of it; ``internal`` and
        ``mount_url`` as in ``ReadOptions``. An object of which an array has more elements than
        ``longest`` says does not match. ``is_large``: the changes are converted in a thread, so
        that others go on meanwhile.
        """
        query = filters.to_filter(schema, where, scope)
        if longest:
            short = [
                {f"{documents.key_of(schema, name)}.{most}": {"$exists": False}}
                for name, most in longest.items()
            ]
            query = {"$and": [query, *short]}
        if is_large:
            update = await asyncio.to_thread(updates.to_update, schema, changes)
        else:
            update = updates.to_update(schema, changes)
        projection = None if returning is None else _projection(schema, returning)
        object_id = None if schema.name in documents.NUMBERED else equals_id(where)
        connection = self.connection
        with guard():
            if object_id is None or self._updates is None or connection.in_transaction:
                collection = connection.collection(schema.name)
                document = await connection.do(
                    lambda session: collection.find_one_and_update(
                        query,
                        update,
                        projection=projection,
                        return_document=ReturnDocument.AFTER,
                        session=session,
                    )
                )
            else:
                one = Update(object_id, query, update, projection)
                document = await self._updates.of(schema.name).call(one)
            if document is None:
                return None
            if "$addToSet" in update and (twice := updates.doubles(update, document)):
                document = await self._pulled(schema, document, twice, projection)
        plan = documents.plan_of(schema, self.file_url, mount_url)
        return documents.to_object(plan, document, internal=internal)

    async def _pulled(
        self, schema: ClassSchema, document: Document, values: Document, projection: Any
    ) -> Document:
        """The document without these values in its arrays."""
        collection = self.connection.collection(schema.name)
        found = await self.connection.do(
            lambda session: collection.find_one_and_update(
                {"_id": document["_id"]},
                {"$pullAll": values},
                projection=projection,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
        )
        return document if found is None else found

    async def delete(
        self, schema: ClassSchema, where: Where, scope: Scope = EVERYTHING, *, many: bool = False
    ) -> int:
        """Delete the matching object (or all with ``many``); how many were deleted."""
        collection = self.connection.collection(schema.name)
        remove = collection.delete_many if many else collection.delete_one
        query = filters.to_filter(schema, where, scope)

        async def delete(session: AsyncClientSession | None) -> int:
            return int((await remove(query, session=session)).deleted_count)

        with guard():
            return await self.connection.do(delete)

    async def update_many(
        self,
        schema: ClassSchema,
        where: Where,
        changes: JSONObject,
        scope: Scope = EVERYTHING,
    ) -> int:
        """Change every object that matches; how many there were."""
        query, update = filters.to_filter(schema, where, scope), updates.to_update(schema, changes)

        async def change(session: AsyncClientSession | None) -> int:
            collection = self.connection.collection(schema.name)
            return int((await collection.update_many(query, update, session=session)).matched_count)

        with guard():
            return await self.connection.do(change)


def _projection(schema: ClassSchema, names: frozenset[str]) -> Document:
    projection = {"_id": 1, **{documents.key_of(schema, name): 1 for name in names}}
    if projection.pop("ACL", None):
        projection |= {"_rperm": 1, "_wperm": 1}
    return projection
