"""``ClassRules``: what a system class adds to the spines."""

from parsepy.backend import RequestContext
from parsepy.errors import Code, ParseError
from parsepy.model.query import Query
from parsepy.model.values import JSONObject
from parsepy.operations.writes import Write


class ClassRules:
    """A class's own steps; an ordinary class has none."""

    has_steps = True
    """Has it any? Where it has none, nobody need await them."""

    def shows(self, context: RequestContext) -> bool:
        """Has ``show`` anything to do?"""
        return False

    async def show(self, context: RequestContext, items: list[JSONObject]) -> None:
        """Let others than this server decide what is shown, after ``redact``."""

    async def check(self, write: Write) -> None:
        """Refuse a body, before its types are looked at."""

    async def prepare(self, write: Write) -> None:
        """Complete the values, after types, defaults and required fields were looked at."""

    async def after_save(self, write: Write) -> None:
        """React to a stored write (caches, rows that depend on it)."""

    async def narrow(self, context: RequestContext, query: Query) -> Query:
        """The query as this caller may ask it."""
        return query

    async def check_delete(self, context: RequestContext, object_id: str) -> None:
        """Refuse a deletion."""

    async def after_delete(self, context: RequestContext, object_id: str) -> None:
        """React to a deletion."""

    def redact(self, context: RequestContext, item: JSONObject) -> None:
        """Remove what this caller may not see of an object that is shown."""

    def withhold(self, context: RequestContext, item: JSONObject) -> JSONObject:
        """The object without what only ``show`` could decide on, where that can't be awaited."""
        return item

    def mask(self, context: RequestContext, item: JSONObject) -> None:
        """Replace the secrets that nobody but the master key reads, not even the object's owner."""

    def redact_included(self, context: RequestContext, item: JSONObject) -> None:
        """Remove what this caller may not see of an object that another one includes."""

    def not_found(self, context: RequestContext) -> ParseError:
        """The refusal of a write or deletion of what is not there, or not the caller's to write."""
        return ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")

    def translate(self, context: RequestContext, error: Exception) -> Exception:
        """Translate the storage's refusal of a write into the class's own terms."""
        return error
