"""Filters as mongomock reads them."""

import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from bson import Regex
from pymongo.errors import OperationFailure

from parsepy.storage.documents import Document
from parsepy.storage.memory import geo
from parsepy.storage.memory.comparing import folded
from parsepy.storage.memory.refusals import unavailable

_GROUPS = ("$and", "$or", "$nor")
_COMPARISONS = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$all", "$exists")


class AnyCase:
    """Equals every text that differs from it in case only."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str) -> None:
        self._folded = folded(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and folded(other) == self._folded


def readable(query: Mapping[str, Any], *, any_case: bool = False) -> Document:
    """A filter as mongomock can read it; COMMAND_UNAVAILABLE for operators that it lacks."""
    clauses: list[Document] = []
    for key, test in query.items():
        if key in _GROUPS:
            branches = [readable(branch, any_case=any_case) for branch in test]
            clauses.append({key: branches})
        elif key.startswith("$"):
            raise unavailable(f"operator {key}")
        else:
            clauses += [{key: part} for part in _parts(test, any_case)]
    return {"$and": clauses} if clauses else {}


def _parts(test: Any, any_case: bool) -> Iterable[Any]:
    """The conditions of one field, all of which must hold."""
    if not _is_operators(test):
        return [_operand(test, any_case)]
    parts: list[Any] = []
    for operator, operand in test.items():
        if operator == "$options" or operator == "$maxDistance":
            continue
        if operator in geo.OPERATORS:
            parts.append(geo.condition(operator, test))
        elif operator == "$regex":
            parts.append(_pattern(operand, test.get("$options", "")))
        elif operator == "$all" and not operand:
            parts.append({"$in": []})  # as in MongoDB, matches nothing
        elif operator == "$all" and any(isinstance(item, Regex) for item in operand):
            parts += [_pattern(item.pattern, "") for item in operand]
        elif operator in ("$not", "$elemMatch"):
            (inner,) = _parts(operand, any_case)
            parts.append({operator: inner})
        elif operator not in _COMPARISONS:
            raise unavailable(f"operator {operator}")
        elif isinstance(operand, list):
            parts.append({operator: [_operand(item, any_case) for item in operand]})
        else:
            parts.append({operator: _operand(operand, any_case)})
    return parts


def _is_operators(test: Any) -> bool:
    return isinstance(test, Mapping) and bool(test) and all(key[:1] == "$" for key in test)


def _operand(value: Any, any_case: bool) -> Any:
    return AnyCase(value) if any_case and isinstance(value, str) else value


_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|$)", re.DOTALL)


def _pattern(source: str, options: str) -> re.Pattern[str]:
    """A PCRE pattern in Python's dialect; the SDKs quote texts with ``\\Q`` and ``\\E``."""
    flags = re.RegexFlag(0)
    for option in options:
        flags |= _FLAGS.get(option, 0)
    text = _QUOTED.sub(lambda found: re.escape(found[1]), source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # a set that Python reads otherwise
            return re.compile(text, flags)
    except (re.error, RecursionError, OverflowError, FutureWarning) as error:
        raise OperationFailure(f"Regular expression is invalid: {error}", 51091) from error
