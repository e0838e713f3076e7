"""Reads: an object by its id, a page of objects, a page of a relation."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.graphql.failures import at_once
from parsepy.graphql.paging import DEFAULT_LIMIT, FoundPage, window_of
from parsepy.graphql.runs import Run
from parsepy.graphql.schema.naming import from_global_id, object_id_of
from parsepy.graphql.wheres import to_rest
from parsepy.model import query as queries
from parsepy.model.query import Path, Query, QueryLimits
from parsepy.model.schema import ClassSchema, is_class_name
from parsepy.model.selection import Selection
from parsepy.model.values import JSONObject, pointer
from parsepy.model.where import RelatedTo, Where
from parsepy.operations import find as spine
from parsepy.operations import schemas
from parsepy.operations.writes import SaveOptions

Classes = Mapping[str, ClassSchema]

_NODE = "edges.node."
_INCLUDED = ("Pointer", "Array", "Object")
_NUMBERS = ("count", "pageInfo.hasPreviousPage", "pageInfo.hasNextPage")
_UNLIMITED = QueryLimits()


@dataclass(frozen=True, slots=True)
class Columns:
    """What a selection needs of objects of a class: ``keys`` (``None``: all) and includes.

    ``names`` are what was selected; ``refusal`` says why it is too much for a client by
    ``requestComplexity``, or (``is_refused_to_all``) for anybody.
    """

    names: tuple[str, ...] = ()
    keys: tuple[str, ...] | None = None
    include: tuple[Path, ...] = ()
    refusal: ParseError | None = None
    is_refused_to_all: bool = False
    roots: tuple[str, ...] = field(init=False)
    """The columns that the names begin with."""
    of_save: SaveOptions = field(init=False)
    """With which an update tells what is then read of its object."""

    def __post_init__(self) -> None:
        found = dict.fromkeys(name.partition(".")[0] for name in self.names)
        object.__setattr__(self, "roots", tuple(found))
        wanted = None
        if self.keys is not None and not self.include:
            wanted = frozenset(
                (*(name.partition(".")[0] for name in self.keys), *queries.ALWAYS_SELECTED)
            )
        options = SaveOptions(wants_stored=True, columns=wanted)
        object.__setattr__(self, "of_save", options)

    @property
    def has_keys(self) -> bool:
        """Does it select columns whose reading can be bounded? (Providers' data can't be.)"""
        return bool(self.names) and not any("authData" in name for name in self.names)

    def check(self, run: Run) -> None:
        """Raise the refusal of a selection."""
        if self.refusal is None:
            return
        if self.is_refused_to_all or not run.context.principal.is_privileged:
            raise ParseError(Code(self.refusal.code), self.refusal.message)


def columns_of(
    names: Iterable[str], class_name: str, classes: Classes, limits: QueryLimits
) -> Columns:
    """What the selected ``names`` need; dotted ones are of what a column refers to."""
    needed = dict.fromkeys(
        f"{name[:-2]}objectId" if name == "id" or name.endswith(".id") else name
        for name in names
        if "__typename" not in name
    )
    if not needed:
        return Columns()
    # Parse: columns of providers' data are stored elsewhere, so that all are read
    has_all = any("authData" in name for name in needed) or any(
        _is_beyond(name, class_name, classes) for name in needed
    )
    parameters: JSONObject = {"include": list(needed)}
    if not has_all:
        parameters["keys"] = list(needed)
    refusal = None
    try:
        queries.selection(parameters, False, limits)
    except ParseError as error:
        refusal = error
    try:
        keys, _, include, _ = queries.selection(parameters, True, _UNLIMITED)
    except ParseError as error:
        return Columns(tuple(needed), refusal=error, is_refused_to_all=True)
    reached = tuple(path for path in include if _leads_on(path, class_name, classes))
    return Columns(tuple(needed), keys, reached, refusal)


def _leads_on(path: Path, class_name: str, classes: Classes) -> bool:
    """May a path lead to pointers? What columns of plain types hold leads nowhere."""
    for place, name in enumerate(path):
        schema = classes.get(class_name)
        kind = None if schema is None else schema.types.get(name)
        if kind is None:
            return place > 0
        if kind.name != "Pointer":
            return kind.name in _INCLUDED
        class_name = kind.target or ""
    return True


def _is_beyond(name: str, class_name: str, classes: Classes) -> bool:
    """Parse: does a name go beyond what the reference knows of columns, so that all are read?"""
    schema = classes.get(class_name)
    root, _, rest = name.partition(".")
    kind = None if schema is None else schema.types.get(root)
    if kind is None:
        return True
    if kind.name == "Pointer":
        target = classes.get(kind.target or "")
        return target is None or rest.partition(".")[0] not in target.types
    return bool(rest) and kind.name not in ("Relation", "Array", "Object")


@dataclass(frozen=True, slots=True)
class PageColumns:
    """What the selection of a page needs: its objects, their number.

    ``selection`` is what is selected of the objects, where they can be written as JSON at once.
    """

    of_objects: Columns = field(default_factory=Columns)
    has_objects: bool = False
    has_number: bool = False
    selection: Selection | None = None


def page_columns_of(
    names: Iterable[str],
    class_name: str,
    classes: Classes,
    limits: QueryLimits,
    selection: Selection | None = None,
) -> PageColumns:
    """What the selected names of a connection need; ``selection`` as in ``PageColumns``."""
    listed = list(names)
    of_nodes = [name.removeprefix(_NODE) for name in listed if name.startswith(_NODE)]
    return PageColumns(
        columns_of(of_nodes, class_name, classes, limits),
        any(name.startswith(("edges.", "pageInfo.")) for name in listed),
        any(name in listed for name in _NUMBERS),
        selection,
    )


def preferences(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """The read preferences of a query's ``options``."""
    return queries.read_preferences(options) if options else {}


async def get(
    run: Run,
    class_name: str,
    object_id: str,
    columns: Columns,
    options: Mapping[str, Any] | None = None,
    known: JSONObject | None = None,
) -> JSONObject:
    """One object; raises OBJECT_NOT_FOUND and what the read spine refuses.

    ``known`` is its state, if a save has just told it.
    """
    columns.check(run)
    query = queries.one(
        class_name,
        object_id,
        keys=columns.keys,
        include=columns.include,
        **preferences(options),
    )
    found = await spine.get(run.context, query, known)
    if class_name == "_User":
        found.pop("sessionToken", None)
    return found


def get_by_any_id(
    run: Run,
    class_name: str,
    given: str,
    columns: Columns,
    options: Mapping[str, Any] | None = None,
) -> Awaitable[JSONObject]:
    """One object by relay's id or its objectId."""
    return get(run, class_name, object_id_of(given, class_name), columns, options)


async def get_node(run: Run, given: str, columns: Callable[[str], Columns]) -> JSONObject:
    """One object of any class by relay's id, with its ``className``."""
    class_name, object_id = from_global_id(given)
    if not is_class_name(class_name):
        schemas.check_unknown(run.context, class_name)
        if not class_name:  # Parse: MongoDB refuses a collection without a name
            raise ParseError(Code.INTERNAL_SERVER_ERROR, "An internal server error occurred")
        raise ParseError(Code.OBJECT_NOT_FOUND, "Object not found.")
    found = await get(run, class_name, object_id, columns(class_name))
    return {"className": class_name, **found}


async def find(
    run: Run,
    class_name: str,
    columns: PageColumns,
    arguments: Mapping[str, Any],
    related: RelatedTo | None = None,
) -> FoundPage:
    """A page of objects; with ``related``, of those in a relation."""
    context = run.context
    backend, privileged = context.backend, context.principal.is_privileged
    limits = backend.limits
    given = arguments.get("where")
    key = run.wheres.key_of(given, class_name, privileged=privileged) if given else None
    known = run.wheres.known(key)
    with at_once():
        raw = to_rest(given, class_name, run.classes) if given and known is None else {}
        window = window_of(arguments, limits.max_limit)
    where: Where = known or ()
    if raw:
        read = queries.parse_where(raw, privileged=privileged, limits=limits)
        where = run.wheres.remember(key, read)
    if related is not None:
        where = (related, *where)
    options = preferences(arguments.get("options"))
    page = FoundPage([], window.skip)
    if window.is_from_end:
        counting = Query(class_name, where=where, limit=0, count=True, **options)
        page.counted_before = (await spine.find(context, counting)).count
        last = window.limit or 0
        if page.first + last < (page.counted_before or 0):
            page.skip = (page.counted_before or 0) - last
    limit = 0
    if columns.has_objects:
        limit = DEFAULT_LIMIT if window.limit is None else window.limit
        if limits.max_limit is not None:
            limit = min(limit, limits.max_limit)
    if limit:
        columns.of_objects.check(run)
    query = Query(
        class_name,
        where=where,
        order=_order(arguments.get("order")) if limit else (),
        limit=limit,
        skip=page.first if limit else 0,
        keys=columns.of_objects.keys if limit else None,
        include=columns.of_objects.include if limit else (),
        count=columns.has_number and not window.is_from_end,
        **options,
    )
    if columns.selection is not None and run.may_encode:
        found = await spine.find_encoded(context, query, columns.selection)
        page.edges, page.number = found.encoded, found.number
    else:
        found = await spine.find(context, query)
    page.objects, page.count = found.objects, found.count
    return page


def _order(names: Iterable[str] | None) -> tuple[tuple[str, int], ...]:
    """What to sort by, from the values of an order's enum."""
    order: dict[str, int] = {}
    for name in names or ():
        if name[0] == "-":
            order[name[1:]] = -1
        else:
            order[name] = 1
    return tuple(order.items())


def related_to(
    class_name: str, object_id: Any, column: str, *, is_owner_read: bool = False
) -> RelatedTo:
    """The condition for what is in a relation of an object; ``is_owner_read`` as in ``RelatedTo``.

    Raises INVALID_QUERY for what is no id, as objects that cloud code makes may have.
    """
    if not isinstance(object_id, str | None):
        raise ParseError(Code.INVALID_QUERY, "improper usage of $relatedTo")
    return RelatedTo(pointer(class_name, object_id or ""), column, is_owner_read)
