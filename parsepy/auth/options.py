"""A provider declares its options as a frozen dataclass, into which the configuration is read.

A field ``client_id: str`` is the option ``clientId`` and must be given; one with a default may be
left out. Types: ``str``, ``bool``, ``int``, ``float``, ``Literal[...]``, ``tuple[str, ...]`` (a
list of texts, or one text), ``Mapping[str, Any]`` (an object), ``Called`` (the operator's function,
by its name), each also with ``| None``. An option that is not spelled like that is named by
``option``.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

R = TypeVar("R")
Called = Callable[..., Awaitable[Any]]
"""An option that names a function, as ``"module:function"``; the adapter gets it to be awaited."""


class OptionsError(Exception):
    """What is wrong with a provider's options: one line per problem; values are not repeated."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def option(*names: str, default: Any = dataclasses.MISSING, is_needed: bool = False) -> Any:
    """A field of options with names of its own, the first of which is the one to write.

    One that ``is_needed`` is shown so, though its default may stand where another option is given.
    """
    return dataclasses.field(default=default, metadata={"names": names, "is_needed": is_needed})


def read_options(record: type[R], given: Mapping[str, Any]) -> R:
    """An instance of ``record`` with the options that are ``given``; raises ``OptionsError``."""
    fields = dataclasses.fields(record)  # type: ignore[arg-type]
    problems = unknown(given, [name for field in fields for name in names_of(field)])
    types, values = get_type_hints(record), {}
    for field in fields:
        names = names_of(field)
        name = next((name for name in names if name in given), None)
        if name is None:
            if _is_required(field):
                problems.append(f"{names[0]} is missing")
            continue
        try:
            values[field.name] = _read(types[field.name], given[name])
        except ValueError as error:
            problems.append(f"{name}: expected {error}")
    if problems:
        raise OptionsError(problems)
    return record(**values)


def functions_of(record: type[object]) -> tuple[str, ...]:
    """The options of a record that name functions."""
    types = get_type_hints(record)
    return tuple(
        name
        for field in dataclasses.fields(record)  # type: ignore[arg-type]
        if _is_function(types[field.name])
        for name in names_of(field)
    )


def unknown(given: Iterable[str], known: Iterable[str]) -> list[str]:
    """A problem for each given name that is not known, with the nearest one that is."""
    names = {name.lower(): name for name in known}
    problems = []
    for name in given:
        if name not in names.values():
            near = get_close_matches(name.lower(), names, n=1)
            hint = f': did you mean "{names[near[0]]}"?' if near else ""
            problems.append(f'unknown option "{name}"{hint}')
    return problems


def options_of(adapter: object) -> "tuple[dataclasses.Field[Any], ...]":
    """The options that an adapter's class declares."""
    record = getattr(adapter, "Options", None)
    if not (isinstance(record, type) and dataclasses.is_dataclass(record)):
        return ()
    return dataclasses.fields(record)


def is_needed(field: "dataclasses.Field[Any]") -> bool:
    """Must an option be given, as a rule?"""
    return _is_required(field) or bool(field.metadata.get("is_needed"))


def shown_names(adapter: object) -> list[str]:
    """The options of an adapter's class by name; of those that may be left out in brackets."""
    return [
        names_of(field)[0] if is_needed(field) else f"[{names_of(field)[0]}]"
        for field in options_of(adapter)
    ]


def names_of(field: "dataclasses.Field[Any]") -> tuple[str, ...]:
    """An option's names: its own, or the field's in camelCase."""
    own: tuple[str, ...] = field.metadata.get("names", ())
    if own:
        return own
    first, *others = field.name.split("_")
    return (first + "".join(word.capitalize() for word in others),)


def _is_function(kind: Any) -> bool:
    return any(get_origin(each) is Callable for each in (kind, *get_args(kind)))


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _read(kind: Any, value: Any) -> Any:
    """A value of this type; ValueError that says what was expected."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None and NoneType in arguments:
            return None
        (kind,) = (argument for argument in arguments if argument is not NoneType)
        return _read(kind, value)
    if origin is Literal:
        if value not in arguments:
            raise ValueError(f"one of {', '.join(map(str, arguments))}")
        return value
    if origin is tuple:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list | tuple) or not all(map(_is_text, texts)):
            raise ValueError("a list of texts")
        return tuple(texts)
    for wanted, (is_right, expected) in _PLAIN.items():
        if kind is wanted or origin is wanted:
            if not is_right(value):
                raise ValueError(expected)
            return value
    raise TypeError(f"{kind} is no type of an option")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


_PLAIN: dict[Any, tuple[Any, str]] = {
    str: (_is_text, "text that is not empty"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    int: (lambda value: _is_number(value, int), "a whole number"),
    float: (lambda value: _is_number(value, int, float), "a number"),
    Mapping: (lambda value: isinstance(value, Mapping), "an object"),
    Callable: (callable, 'a function, as "module:function"'),
}
