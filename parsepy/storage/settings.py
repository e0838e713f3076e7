"""``SettingsDocuments``: classes of one document (`_GlobalConfig`), which is kept as Parse JSON."""

from typing import Any

from pymongo import ReturnDocument

from parsepy.errors import Code, ParseError
from parsepy.model.ops import op_of
from parsepy.model.values import JSONObject, check_nested
from parsepy.storage.connection import Connection
from parsepy.storage.documents import Document, from_nested, to_number
from parsepy.storage.updates import op_to_update

ID = 1
"""Parse: the one document of a settings class has a number as its id (protocol §6.9)."""


class SettingsDocuments:
    """Reads and changes the documents of settings classes (protocol §6.9)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, class_name: str) -> JSONObject | None:
        """The one document of a settings class; ``None`` before the first write."""
        collection = self._connection.collection(class_name)
        document = await self._connection.run(
            lambda session: collection.find_one({"_id": ID}, session=session)
        )
        return None if document is None else from_document(document)

    async def change(self, class_name: str, changes: JSONObject) -> JSONObject:
        """Change parts of that document by dotted path, atomically; its new state."""
        collection, update = self._connection.collection(class_name), to_update(changes)
        document = await self._connection.run(
            lambda session: collection.find_one_and_update(
                {"_id": ID},
                update,
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
        )
        return from_document(document or {})


def _verbatim(value: Any) -> Any:
    """A value as Parse JSON: dates and bytes stay objects, numbers get their stored type."""
    kind = type(value)
    if kind is int or kind is float:
        return to_number(value)
    if kind is list:
        return [_verbatim(item) for item in value]
    if kind is dict:
        return {key: _verbatim(item) for key, item in value.items()}
    return value


def to_update(changes: JSONObject) -> Document:
    """The MongoDB update of changes by dotted path: plain values are set, operations applied.

    Raises INVALID_NESTED_KEY, INCORRECT_TYPE for a relation, and what a broken typed value or
    operation raises.
    """
    update: Document = {}
    for path, value in changes.items():
        op = op_of(value)
        if op is None:
            check_nested(value, path.count("."))
            operator, operand = "$set", _verbatim(value)
        else:
            if op.is_relation:
                raise ParseError(Code.INCORRECT_TYPE, "A relation can't be kept in settings.")
            op.check(value)
            operator, operand = op_to_update(value)
        update.setdefault(operator, {})[path] = operand
    return update


def from_document(document: Document) -> JSONObject:
    """The settings as they were written."""
    return {key: from_nested(value) for key, value in document.items() if key != "_id"}
