"""A reader of JSON that keeps the file and line of each value."""

import json
import math
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parsepy.model.templates.names import stored_name
from parsepy.model.templates.problems import Problem

_SOLID = re.compile(r"[^ \t\r\n]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value (of nodes, if it is an object or list), with the file and line it begins on.

    For an object's member, it is the line of its name.
    """

    value: Any
    file: str
    line: int

    def plain(self) -> Any:
        """Return the value without places; pointers to ``User`` point to ``_User``."""
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if not isinstance(self.value, dict):
            return self.value
        members = {name: node.plain() for name, node in self.value.items()}
        if members.get("__type") == "Pointer" and isinstance(members.get("className"), str):
            members["className"] = stored_name(members["className"])
        return members


def _is_document(node: Node) -> bool:
    return isinstance(node.value, dict) and ("_id" in node.value or "className" in node.value)


class _Malformed(Exception):
    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


def _real(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("number out of range")
    return number


def _integer(text: str) -> float:
    number = _real(text)
    return int(text) if abs(number) < 2.0**63 else number


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


_SCALARS = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=_refuse_constant)


class Reader:
    """Reads JSON text into nodes; scalars are read by the standard library."""

    def __init__(self, file: str, text: str, fail: Callable[[Problem], None]) -> None:
        self._file = file
        self._text = text
        self._fail = fail
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def read(self) -> Node | None:
        """Read the whole text as one node; None after a syntax error was reported.

        Documents one after the other, each on lines of its own (as mongoexport writes them), are
        a list.
        """
        try:
            node, end = self._value(self._solid(0), 0)
            documents = [node]
            while self._begins_line(start := self._solid(end)) and _is_document(documents[-1]):
                following, end = self._value(start, 0)
                documents.append(following)
            if self._solid(end) < len(self._text) or not all(map(_is_document, documents[1:])):
                raise _Malformed("text after the end of the JSON value", self._solid(end))
        except _Malformed as error:
            line = self._line(error.position)
            column = error.position - (self._ends[line - 2] if line > 1 else -1)
            self._fail(Problem(self._file, line, "", error.reason, column))
            return None
        return node if len(documents) == 1 else Node(documents, self._file, node.line)

    def _begins_line(self, start: int) -> bool:
        """Does an object begin here, on a line of its own?"""
        before = self._text[self._text.rfind("\n", 0, start) + 1 : start]
        return start > 0 and self._at(start, "{") and not before.strip(" \t\r")

    def _line(self, position: int) -> int:
        return bisect_left(self._ends, position) + 1

    def _solid(self, position: int) -> int:
        match = _SOLID.search(self._text, position)
        return match.start() if match else len(self._text)

    def _at(self, position: int, character: str) -> bool:
        return self._text.startswith(character, position)

    def _after(self, position: int, character: str) -> int:
        position = self._solid(position)
        if not self._at(position, character):
            raise _Malformed(f"expected {character!r}", position)
        return self._solid(position + 1)

    def _value(self, start: int, depth: int) -> tuple[Node, int]:
        if depth > _MAX_DEPTH:
            raise _Malformed(f"nested deeper than {_MAX_DEPTH} levels", start)
        value: Any
        if self._at(start, "{"):
            value, end = self._object(start, depth + 1)
        elif self._at(start, "["):
            value, end = self._list(start, depth + 1)
        else:
            value, end = self._scalar(start)
        return Node(value, self._file, self._line(start)), end

    def _object(self, start: int, depth: int) -> tuple[dict[str, Node], int]:
        members: dict[str, Node] = {}
        position = self._solid(start + 1)
        while not self._at(position, "}"):
            if members:
                position = self._after(position, ",")
            if not self._at(position, '"'):
                raise _Malformed("expected a name in double quotes", position)
            line = self._line(position)
            name, position = self._scalar(position)
            node, position = self._value(self._after(position, ":"), depth)
            if name in members:
                reason = f"{name!r} stands twice in one object (line {members[name].line} too)"
                self._fail(Problem(self._file, line, "", reason))
            members[name] = Node(node.value, self._file, line)
            position = self._solid(position)
        return members, position + 1

    def _list(self, start: int, depth: int) -> tuple[list[Node], int]:
        items: list[Node] = []
        position = self._solid(start + 1)
        while not self._at(position, "]"):
            if items:
                position = self._after(position, ",")
            node, position = self._value(position, depth)
            items.append(node)
            position = self._solid(position)
        return items, position + 1

    def _scalar(self, start: int) -> tuple[Any, int]:
        try:
            value, end = _SCALARS.raw_decode(self._text, start)
            if isinstance(value, str) and _SURROGATE.search(value):
                raise ValueError("half of a surrogate pair in a string")
        except json.JSONDecodeError as error:
            raise _Malformed(error.msg[:1].lower() + error.msg[1:], error.pos) from None
        except ValueError as error:
            raise _Malformed(str(error), start) from None
        return value, end
