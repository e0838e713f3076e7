"""``Aggregation``: a pipeline or ``distinct`` over one class, and how it is read from REST."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parsepy.errors import Code, ParseError
from parsepy.model.query import EXPLAIN_LEVELS, QueryLimits, parse_where, read_hint
from parsepy.model.query import read_preferences as preferences_of
from parsepy.model.values import JSONObject
from parsepy.model.where import Where

WRITING = frozenset(("$out", "$merge"))
"""Stages that write their input to a collection."""
REFUSED = frozenset(("$function", "$accumulator", "$changeStream"))
"""Operators that run programs in MongoDB, and the stage that never ends."""
_NO_STAGES = ("distinct", "where")


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregation over one class.

    ``pipeline`` holds stages of one key each, in Parse's field names; with ``distinct`` it is
    not run. ``where`` selects the objects. With ``raw_values``, values are in MongoDB's extended
    JSON; with ``raw_field_names``, names are the database's own.
    """

    class_name: str
    pipeline: tuple[JSONObject, ...] = ()
    distinct: str | None = None
    where: Where = ()
    hint: Any = None
    explain: str | None = None
    comment: Any = None
    read_preference: str | None = None
    raw_values: bool = False
    raw_field_names: bool = False
    has_regex: bool = False
    """Does the pipeline contain a regular expression, whose cost the client decides?"""

    @property
    def writes(self) -> bool:
        """Does a stage write to a collection?"""
        return any(not WRITING.isdisjoint(stage) for stage in self.pipeline)


def from_parameters(
    class_name: str,
    parameters: Mapping[str, Any],
    *,
    limits: QueryLimits,
    raw_values: bool = False,
    raw_field_names: bool = False,
) -> Aggregation:
    """Read the parameters of an aggregation (protocol §27).

    ``raw_values`` and ``raw_field_names`` are the defaults of these parameters. Raises
    INVALID_QUERY for unknown stages and options, INVALID_JSON for an invalid where.
    """
    rest = dict(parameters)
    # Parse: an option that is empty, 0 or false counts as not given, and so as a stage
    options = {
        name: rest.pop(name)
        for name in ("hint", "explain", "comment", "readPreference")
        if rest.get(name)
    }
    raw = {"rawValues": raw_values, "rawFieldNames": raw_field_names}
    for name in raw:
        if isinstance(rest.get(name), bool):
            raw[name] = rest.pop(name)
    distinct = rest.get("distinct")
    where: Where = ()
    if rest.get("where") is not None:
        where = parse_where(rest["where"], privileged=True, limits=limits)
    pipeline = _stages(rest)
    found = [_check_operators(stage) for stage in pipeline]
    return Aggregation(
        class_name,
        pipeline=tuple(pipeline),
        distinct=_text(distinct) if distinct else None,
        where=where if distinct else (),  # Parse: a where beside a pipeline is not heeded
        hint=read_hint(options.get("hint")),
        explain=_explain(options.get("explain")),
        comment=options.get("comment"),
        raw_values=raw["rawValues"],
        raw_field_names=raw["rawFieldNames"],
        has_regex=any(found),
        **preferences_of({"readPreference": options.get("readPreference")}),
    )


def _text(value: Any) -> str:
    """Convert a value to text as JavaScript does."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return value if isinstance(value, str) else str(value)


def _explain(value: Any) -> str | None:
    if value is None:
        return None
    if value is not True and value not in EXPLAIN_LEVELS:
        raise ParseError(Code.INVALID_QUERY, "Invalid value for explain")
    return "allPlansExecution" if value in (True, "queryPlannerExtended") else str(value)


# --- stages -------------------------------------------------------------------------------------


def _stages(rest: JSONObject) -> list[JSONObject]:
    """Read the stages of a request: its ``pipeline``, or else every parameter that is no option."""
    given = rest.get("pipeline")
    if given or isinstance(given, list | dict):
        stages = given
    else:
        stages = {name: value for name, value in rest.items() if name not in _NO_STAGES}
        if len(stages) < len(rest) and not rest.get("distinct"):
            raise ParseError(
                Code.INVALID_QUERY, "where belongs to distinct; a pipeline has $match for it."
            )
    if isinstance(stages, str):
        stages = dict.fromkeys(_names(stages))
    if isinstance(stages, dict):
        stages = [{name: value} for name, value in stages.items()]
    if not isinstance(stages, list):
        raise ParseError(Code.INVALID_QUERY, "pipeline must be an array or an object of stages.")
    return [_checked(stage) for stage in stages]


def _names(value: Any) -> list[str]:
    """List the keys of a value; those of a text or array are its indexes, as in JavaScript."""
    if isinstance(value, dict):
        return list(value)
    return [str(index) for index in range(len(value))] if isinstance(value, str | list) else []


def _checked(stage: Any) -> JSONObject:
    names = _names(stage)
    if len(names) != 1:
        raise ParseError(
            Code.INVALID_QUERY,
            f"Pipeline stages should only have one key but found {', '.join(names)}.",
        )
    name = names[0]
    if name[:1] != "$":
        raise ParseError(Code.INVALID_QUERY, f"Invalid aggregate stage '{name}'.")
    if name == "$group":
        _check_group(stage[name])
    found: JSONObject = stage
    return found


def _check_group(specification: Any) -> None:
    names = specification if isinstance(specification, dict) else ()
    if "objectId" in names:
        raise ParseError(Code.INVALID_QUERY, "Cannot use 'objectId' in aggregation stage $group.")
    if "_id" not in names:
        raise ParseError(Code.INVALID_QUERY, "Invalid parameter for query: group. Missing key _id")


def _check_operators(value: Any) -> bool:
    """Refuse, at any depth, operators that run programs in the database or never end.

    Returns whether there is a regular expression.
    """
    found = False
    if type(value) is dict:
        for name, item in value.items():
            if name in REFUSED:
                raise ParseError(Code.INVALID_QUERY, f"{name} is not allowed in a pipeline.")
            if _check_operators(item) or "$reg" in name:
                found = True
    elif type(value) is list:
        for item in value:
            if _check_operators(item):
                found = True
    return found
