"""What went wrong in MongoDB, in the house's terms: the driver's errors translated."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from bson.errors import BSONError
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from parsepy.errors import Code, Interruption, ParseError
from parsepy.storage.transactions import Conflict, is_transient

_NO_GEO_KEYS = 16755
_ILLEGAL = 20
# MongoDB's numbers of refusals that a client's data caused
_BAD_VALUE = {
    2: Code.INVALID_QUERY,  # BadValue
    9: Code.INVALID_QUERY,  # FailedToParse
    14: Code.INCORRECT_TYPE,  # TypeMismatch: $inc on a text, $push on a number
    28: Code.INVALID_KEY_NAME,  # PathNotViable
    34: Code.INVALID_KEY_NAME,  # CannotBackfillArray: an index far beyond the end
    40: Code.INVALID_KEY_NAME,  # ConflictingUpdateOperators
    52: Code.INVALID_KEY_NAME,  # DollarPrefixedFieldName
    56: Code.INVALID_KEY_NAME,  # EmptyFieldName
    57: Code.INVALID_KEY_NAME,  # DottedFieldName
    15: Code.INVALID_JSON,  # Overflow: nesting
    73: Code.INVALID_CLASS_NAME,  # InvalidNamespace: too long
    10334: Code.OBJECT_TOO_LARGE,
    17280: Code.OBJECT_TOO_LARGE,
    51091: Code.INVALID_QUERY,  # regular expression is invalid
    51108: Code.INVALID_QUERY,  # regular expression flags
    5729100: Code.INVALID_QUERY,  # a dotted name of too many steps
    _NO_GEO_KEYS: Code.INCORRECT_TYPE,
    13027: Code.INCORRECT_TYPE,  # a place beyond the bounds of a flat index
    17261: Code.INCORRECT_TYPE,  # of an object in a text index, the language is no text
    17262: Code.INCORRECT_TYPE,  # or none that is known
    27: Code.INVALID_QUERY,  # IndexNotFound: a text search in a transaction
    291: Code.INVALID_QUERY,  # NoQueryExecutionPlans: a text search in $or beside other things
    40218: Code.INVALID_QUERY,  # the score of no search
}


class DuplicateKey(ParseError):
    """A unique index refused a value; ``index`` is its name (protocol §6.8)."""

    def __init__(self, index: str) -> None:
        super().__init__(
            Code.DUPLICATE_VALUE, "A duplicate value for a field with unique values was provided"
        )
        self.index = index


class Unavailable(Interruption):
    """The database can't be reached now."""


def no_transactions() -> ParseError:
    """The refusal of a transaction by a MongoDB that is no replica set."""
    return ParseError(
        Code.OPERATION_FORBIDDEN,
        "Transactions need a database that is a replica set, which this server's is not.",
    )


def loss_of(error: PyMongoError) -> AutoReconnect | None:
    """The loss of the primary that an error tells of; ``None`` if it is about something else.

    Of a primary that steps down before others have a write, MongoDB tells as of a write concern.
    """
    if isinstance(error, WriteConcernError) and error.has_error_label("RetryableWriteError"):
        return AutoReconnect(str(error))
    return error if isinstance(error, AutoReconnect) else None


def translated(error: PyMongoError) -> Exception:
    """A driver's error in the house's terms."""
    if isinstance(error, DuplicateKeyError):
        return duplicate(error.details or {}, str(error))
    if isinstance(error, ExecutionTimeout):
        return ParseError(Code.TIMEOUT, "The query took too long and was stopped.")
    if isinstance(error, ConnectionFailure) or loss_of(error) is not None:
        return Unavailable(str(error))
    if is_transient(error):
        return Conflict(str(error))
    if isinstance(error, OperationFailure) and error.code is not None:
        if error.code == _ILLEGAL and "replica set" in str(error):
            return no_transactions()
        return refused(error.code, str((error.details or {}).get("errmsg", error))) or error
    return error


def refused(code: int, message: str) -> ParseError | None:
    """What MongoDB's number of a refusal means, if a client's data caused it."""
    if code == _NO_GEO_KEYS:  # the message shows the whole document
        return ParseError(
            _BAD_VALUE[code], "Can't extract geo keys: is a place no place, do edges cross?"
        )
    if code in _BAD_VALUE:
        # what stands before the cause names the database and the plan
        return ParseError(_BAD_VALUE[code], message.rpartition("caused by :: ")[2])
    return None


def _cause(error: OperationFailure) -> str:
    message = str((error.details or {}).get("errmsg", error))
    if message.startswith("error processing query"):  # and then the database and the plan
        return message.rpartition("caused by :: ")[2]
    return message


def duplicate(details: Mapping[str, Any], message: str) -> DuplicateKey:
    """The refusal of a unique index, which the message names."""
    text = str(details.get("errmsg") or message)
    _, _, rest = text.partition(" index: ")
    return DuplicateKey(rest.split(" ", 1)[0])


class guard:
    """Translate the driver's errors; ``otherwise``: what it means that MongoDB refuses.

    A class, since `contextmanager` costs a microsecond or two at every call of the database.
    """

    __slots__ = ("_otherwise",)

    def __init__(self, otherwise: Code | None = None) -> None:
        self._otherwise = otherwise

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        """Raise in the house's terms what the driver raised."""
        if error is None:
            return
        if isinstance(error, PyMongoError):
            meant = translated(error)
            if (
                self._otherwise is not None
                and isinstance(error, OperationFailure)
                and (meant is error or error.code in _BAD_VALUE)
            ):
                meant = ParseError(self._otherwise, _cause(error))
            if meant is not error:
                raise meant from error
        elif isinstance(error, DocumentTooLarge):
            message = "The object is larger than 16 MB."
            raise ParseError(Code.OBJECT_TOO_LARGE, message) from error
        elif isinstance(error, OverflowError | ValueError | BSONError):
            # bson refuses what it can't encode (too large a number, too deep, NUL in a key)
            raise ParseError(Code.INVALID_JSON, f"can't be stored: {error}") from error
