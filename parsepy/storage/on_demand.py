"""Indexes that a query cannot do without: made when MongoDB first asks for one, and kept."""

from dataclasses import dataclass

from pymongo.errors import OperationFailure

from parsepy.errors import Code, ParseError
from parsepy.model import where as wheres
from parsepy.model.schema import ClassSchema
from parsepy.model.where import Where
from parsepy.storage.documents import key_of

_NO_TEXT_INDEX = 27
_NO_GEO_INDEX = ("unable to find index for $geoNear", "unable to find index for .geoNear")
_SEARCHABLE = ("String", "Array")


@dataclass(frozen=True, slots=True)
class MissingIndex:
    """An index that is missing: its name, its keys by document keys and by columns."""

    name: str
    keys: dict[str, str]
    columns: dict[str, str]


def missing_indexes(
    schema: ClassSchema, where: Where, error: OperationFailure
) -> list[MissingIndex]:
    """The index for lack of which a query was refused: the first that can be made.

    Raises INVALID_QUERY if a text is searched in a column that can have none.
    """
    if error.code == _NO_TEXT_INDEX:
        return [_text(schema, field) for field, _ in wheres.tests_of(where, "$text")][:1]
    if any(text in str(error) for text in _NO_GEO_INDEX):
        for field, _ in wheres.tests_of(where, "$nearSphere"):
            # on a flat index a query does not look across the 180th meridian, as Parse Server's
            # don't; but only such a one takes places that are none, if some are stored
            kinds = ("2dsphere", "2d")
            return [MissingIndex(f"{field}_{kind}", {field: kind}, {field: kind}) for kind in kinds]
    return []


def _text(schema: ClassSchema, field: str) -> MissingIndex:
    if schema.types[field].name not in _SEARCHABLE:
        # the one text index that a class can have must not be spent on it
        raise ParseError(Code.INVALID_QUERY, f"Field {field} holds no text to search.")
    return MissingIndex(f"{field}_text", {key_of(schema, field): "text"}, {field: "text"})
