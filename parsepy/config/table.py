"""Records of options (`OptionGroup`): each field is an `Option` with its check and default."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from parsepy.config.checks import At, Check, ConfigError, T, json_of_object

NODE = "belongs to Node: no effect here"
ALWAYS = "always so here"
NO_PROCESS = "for a process of its own, which Live Query does not have here"


class OptionGroup:
    """A record of options; its fields are made with `option`, `maybe` and `required`.

    Subclasses have no `repr` of their contents, which hold keys and would end up in logs.
    """

    __slots__ = ()
    passed_on: ClassVar[Iterable[str]] = ()  # names that someone else's table checks

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Find options that are valid alone but not together: yields (name, what is wrong)."""
        yield from ()


R = TypeVar("R", bound=OptionGroup)


@dataclass(frozen=True, slots=True)
class Option:
    """One line of the table that `parsepy show options` prints, with the check of the value."""

    name: str
    attribute: str
    check: Check[Any]
    default: object  # in JSON form; None: no default
    help: str
    env: str
    acts: bool  # false: accepted so that a configuration carries over, without effect yet
    idle: str  # why it does not act, if that is for good
    required: bool

    @property
    def flag(self) -> str:
        """The name on the command line."""
        return "--" + self.attribute.replace("_", "-")

    @property
    def takes_a_module(self) -> bool:
        """Is it an adapter: an object that has to name a module?"""
        return any(member.name == "module" and member.required for member in self.members)

    @property
    def members(self) -> tuple[Option, ...]:
        """The options of the record that this one holds; none if it is no record."""
        return options_of(self.check.record) if self.check.record else ()


def option(
    name: str,
    check: Check[T],
    default: object,
    help: str,
    *,
    env: str = "",
    acts: bool = True,
    idle: str = "",
) -> T:
    """Make a field of an OptionGroup: Parse's name, check, default as JSON, one line of help.

    `idle` says why the option has no effect here for good; `acts` is false for one that has no
    effect yet.
    """
    value = check(default, At(name, Path())) if default is not None else None
    made: T = _field(value, (name, check, default, help, env, acts, idle, False))
    return made


def maybe(
    name: str,
    check: Check[T],
    help: str,
    *,
    env: str = "",
    acts: bool = True,
    idle: str = "",
) -> T | None:
    """Make a field of an OptionGroup that is None unless given."""
    made: T | None = _field(None, (name, check, None, help, env, acts, idle, False))
    return made


def required(name: str, check: Check[T], unset: T, help: str, *, acts: bool = True) -> T:
    """Make a field that must be given; `unset` is its value while other problems are collected."""
    made: T = _field(unset, (name, check, None, help, "", acts, "", True))
    return made


def _field(value: object, option: tuple[object, ...]) -> Any:
    return dataclasses.field(default_factory=lambda: value, metadata={"option": option})


def options_of(record: type[OptionGroup]) -> tuple[Option, ...]:
    """List a group's options, in the order of its fields."""
    found = []
    for field in dataclasses.fields(record):  # type: ignore[arg-type]  # every OptionGroup is one
        if "option" in field.metadata:
            name, check, default, help, env, acts, idle, required = field.metadata["option"]
            env = env or f"PARSE_SERVER_{field.name.upper()}"
            acts = acts and not idle
            found.append(Option(name, field.name, check, default, help, env, acts, idle, required))
    return tuple(found)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that was probably meant, in any case; None if none is similar."""
    from difflib import get_close_matches

    lower = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), lower, n=1)
    return lower[close[0]] if close else None


def _unknown(name: str, at: At, known: Iterable[str]) -> str:
    near = nearest(name, known)
    hint = f': did you mean "{at.sub(near).path}"?' if near else ""
    return f'unknown option "{at.sub(name).path}"{hint}'


def read_group(
    record: type[R], given: Mapping[str, object], at: At, folders: Mapping[str, Path]
) -> R:
    """Check values under Parse's names and make a record of them.

    `folders` has the folders of options whose relative paths start elsewhere than the others'.
    Raises ConfigError, which lists every problem.
    """
    known = {line.name: line for line in options_of(record)}
    values: dict[str, object] = {}
    problems: list[str] = []
    for name, value in given.items():
        if name not in known:
            problems.append(_unknown(name, at, (*known, *record.passed_on)))
        elif value is not None:
            place = At(at.sub(name).path, folders.get(name, at.folder))
            try:
                values[known[name].attribute] = known[name].check(value, place)
            except ConfigError as error:
                # inside an option, too, an empty text is as good as missing
                if value != "" or known[name].required or not at.path:
                    problems.extend(error.problems)
    for line in known.values():
        if line.required and given.get(line.name) is None:
            problems.append(f"{at.sub(line.name).path}: required ({line.check.expected})")
    built = record(**values)
    problems.extend(f"{at.sub(name).path}: {wrong}" for name, wrong in built.contradictions())
    if problems:
        raise ConfigError(problems)
    return built


def group(record: type[R]) -> Check[R]:
    """Make a check for an object with the options of `record`."""

    def read(value: object, at: At) -> R:
        return read_group(record, json_of_object(value), at, {})

    return Check("an object", read, record=record)
