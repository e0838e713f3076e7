"""Checks: turn a value as an option holds it into the value for use, or say what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")
Network = IPv4Network | IPv6Network


class ConfigError(Exception):
    """A configuration cannot be used; `problems` has a line for each reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class At(NamedTuple):
    """The place of a value: its option's dotted name, and the folder of its relative paths."""

    path: str
    folder: Path

    def sub(self, name: str) -> At:
        """Make the place of the member `name`."""
        return self._replace(path=f"{self.path}.{name}" if self.path else name)


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """Turns a value as written (JSON, or text of a flag or variable) into the value we use."""

    expected: str
    read: Callable[[object, At], T]
    hidden: bool = False  # never repeat the value in a message
    record: type[Any] | None = None  # for an object: the OptionGroup that it becomes

    def __call__(self, value: object, at: At) -> T:
        """Convert a value; raises ConfigError, which names the option and what it expects."""
        try:
            return self.read(value, at)
        except (ValueError, re.error):
            got = _kind(value) if self.hidden else _shown(value)
            raise ConfigError([f"{at.path}: expected {self.expected}, got {got}"]) from None


def _kind(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "other text"}
    return names.get(type(value), "a list" if isinstance(value, list) else "an object")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."


def value_of(expected: str, convert: Callable[[object], T], *, hidden: bool = False) -> Check[T]:
    """Make a check of a function that returns the value for use, or raises ValueError."""
    return Check(expected, lambda value, _: convert(value), hidden)


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    return value


def _filled(value: object) -> str:
    if not _text(value).strip():
        raise ValueError
    return _text(value)


def _boolean(value: object) -> bool:
    # Flags and variables bring text; Parse Server's own files hold "true" and "1" at times, too.
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}
    found = known.get(str(value).lower()) if isinstance(value, str | int) else None
    if found is None:
        raise ValueError
    return found


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def integer(low: int, high: int | None = None, *, also: int | None = None) -> Check[int]:
    """Make a check for a whole number from `low` to `high`, or the one value `also`."""

    def convert(value: object) -> int:
        number = _number(value)
        whole = int(number)
        if whole != number:
            raise ValueError
        if whole != also and (whole < low or (high is not None and whole > high)):
            raise ValueError
        return whole

    limits = f"a number from {low} to {high}" if high is not None else f"a whole number ≥ {low}"
    return value_of(limits if also is None else f"{limits}, or {also}", convert)


def number(above: float, below: float | None = None) -> Check[float]:
    """Make a check for a number greater than `above` and, when given, less than `below`."""

    def convert(value: object) -> float:
        found = _number(value)
        if found <= above or (below is not None and found >= below):
            raise ValueError
        return found

    limit = f" and less than {below:g}" if below is not None else ""
    return value_of(f"a number greater than {above:g}{limit}", convert)


def _not_negative(value: object) -> float:
    found = _number(value)
    if found < 0:
        raise ValueError
    return found


def choice(*names: str) -> Check[str]:
    """Make a check for one of `names`."""

    def convert(value: object) -> str:
        if value not in names:
            raise ValueError
        return str(value)

    return value_of(f"one of {', '.join(names)}", convert)


_UNITS = {"": 1, "b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}


def size_of(value: object) -> int:
    """Convert a number, or a text such as "20mb", to bytes; raises ValueError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(value).lower())
    if isinstance(value, bool) or match is None or match[2] not in _UNITS:
        raise ValueError
    size = int(float(match[1]) * _UNITS[match[2]])
    if size < 1:
        raise ValueError
    return size


def _url(value: object) -> str:
    if not re.match(r"https?://[^/\s]", _text(value)):
        raise ValueError
    return _text(value).rstrip("/")


def _database_uri(value: object) -> str:
    if not re.match(r"(mongodb(\+srv)?://.|memory:)", _text(value)):
        raise ValueError
    return _text(value)


def _mount_path(value: object) -> str:
    """Check a path such as `/parse`; the site's root becomes "", so that routes can be appended."""
    path = _text(value).rstrip("/")
    if path and (not path.startswith("/") or re.search(r"[\s?#*{}]|//", path)):
        raise ValueError
    return path


def _pattern(value: object) -> re.Pattern[str]:
    # Parse: patterns are JavaScript's, which names groups (?<name>...).
    return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", _text(value)))


def _checked(value: object) -> str:
    return _pattern(value).pattern


def extension(value: object) -> str:
    """Check a pattern of file name extensions, or "*"; raises ValueError or re.error."""
    return "*" if value == "*" else _checked(value)


def _json(value: object) -> object:
    """Read a value that may be JSON text, as in variables and flags; raises ValueError."""
    return json.loads(value) if isinstance(value, str) else value


def json_of_object(value: object) -> dict[str, object]:
    """Read an object, given as such or as JSON text; raises ValueError."""
    found = _json(value)
    if not isinstance(found, dict):
        raise ValueError
    return found


def frozen(value: object) -> Any:
    """Copy a JSON value into read-only mappings and tuples."""
    if isinstance(value, dict):
        return MappingProxyType({name: frozen(item) for name, item in value.items()})
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def _items(value: object) -> Sequence[object]:
    """Read a list: itself, JSON text, or text with commas; one object is a list of one."""
    if isinstance(value, str) and not value.lstrip().startswith(("[", "{")):
        return [part.strip() for part in value.split(",") if part.strip()]
    found = _json(value)
    if isinstance(found, dict):
        return [found]
    if not isinstance(found, list | tuple):
        raise ValueError
    return found


def _each(entries: Iterable[tuple[str, object]], check: Check[T], at: At) -> dict[str, T]:
    """Read every entry with `check`; raises one ConfigError for all that fail."""
    values: dict[str, T] = {}
    problems: list[str] = []
    for name, item in entries:
        try:
            values[name] = check(item, at._replace(path=f"{at.path}{name}"))
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)
    return values


def many(check: Check[T], what: str) -> Check[tuple[T, ...]]:
    """Make a check for a list whose items `check` reads; `what` names them in messages."""

    def read(value: object, at: At) -> tuple[T, ...]:
        entries = ((f"[{index}]", item) for index, item in enumerate(_items(value)))
        return tuple(_each(entries, check, at).values())

    return Check(f"a list of {what}", read)


def named(check: Check[T], what: str) -> Check[Mapping[str, T]]:
    """Make a check for an object whose values `check` reads; `what` names them in messages."""

    def read(value: object, at: At) -> Mapping[str, T]:
        found = _each(
            ((f".{name}", item) for name, item in json_of_object(value).items()), check, at
        )
        return MappingProxyType({name[1:]: item for name, item in found.items()})

    return Check(f"an object of {what}", read)


def _network(value: object) -> Network:
    text = _text(value).strip()
    # Parse: the bare "any" addresses stand for all addresses of their family.
    text = {"0.0.0.0": "0.0.0.0/0", "::": "::/0", "::0": "::/0"}.get(text, text)
    found = ip_network(text, strict=False)
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    if mapped is not None and found.prefixlen >= 96:
        return IPv4Network((mapped, found.prefixlen - 96))
    return found


@lru_cache(maxsize=4096)
def ip_allowed(networks: tuple[Network, ...], address: str) -> bool:
    """Is the address in one of the networks? A text that is no address is in none.

    An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) counts as IPv4.
    """
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in networks)


def _processes(value: object) -> bool | int:
    """Read `true` (one for each core), `false`, or a number; flags and variables bring text."""
    found = value.strip().lower() if isinstance(value, str) else value
    if found in ("true", "false"):
        return found == "true"
    if isinstance(found, bool):
        return found
    number = _number(found)
    if not number.is_integer() or not 1 <= number <= 256:
        raise ValueError
    return int(number)


def _boolean_or_function(value: object) -> bool | str:
    # a function's name has the dot of its module, or a colon; no spelling of a boolean has
    if isinstance(value, str) and (":" in value or "." in value):
        return _filled(value)
    return _boolean(value)


def _object_or_function(value: object) -> Mapping[str, Any] | str:
    # an object in a flag or variable is text too, but begins with a brace
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        return _filled(value)
    return json_of_object(value)


def _page_path(value: object) -> str:
    found = _filled(value).strip("/")
    if not re.fullmatch(r":?[\w.~-]+(/:?[\w.~-]+)*", found) or ".." in found:
        raise ValueError
    return found


def _site_file(value: object) -> str:
    found = _filled(value)
    if any(part in ("", "..") or part.startswith(".") for part in found.split("/")):
        raise ValueError
    return found


def _path(value: object, at: At) -> Path:
    return at.folder / Path(_filled(value)).expanduser()


def _sdl(value: object, at: At) -> str | Path:
    # a definition has braces or takes lines of its own; the name of a file has neither
    text = _filled(value)
    return text if "{" in text or "\n" in text else _path(value, at)


text = value_of("text", _text)
function = value_of('"module.function" or "path/to/file.py:function"', _filled)
filled = value_of("text that is not empty", _filled)
secret = value_of("text that is not empty", _filled, hidden=True)
at_least_zero = value_of("a number ≥ 0", _not_negative)
boolean = value_of("true or false", _boolean)
object_or_function = value_of('an object, or "module:function"', _object_or_function)
page_path = value_of("a path such as shop/:city", _page_path)
boolean_or_function = value_of('true or false, or "module:function"', _boolean_or_function)
processes = value_of("true, false or a number from 1 to 256", _processes)
size = value_of('a size such as "20mb"', size_of)
url = value_of("a URL that starts with http:// or https://", _url)
mongo_uri = value_of(
    '"mongodb://...", "mongodb+srv://..." or "memory:"', _database_uri, hidden=True
)
route = value_of('a path such as "/parse"', _mount_path)
pattern = value_of("a regular expression", _pattern)
checked_pattern = value_of("a regular expression", _checked)
json_object = value_of("an object", lambda value: frozen(json_of_object(value)))
json_value: Check[Any] = value_of("a value", frozen)
json_list: Check[tuple[Any, ...]] = value_of("a list", lambda value: frozen(list(_items(value))))
site_file = value_of("a file of the folder, such as index.html", _site_file)
path = Check("a path", _path)
sdl: Check[str | Path] = Check("a path, or a GraphQL schema as text", _sdl)
texts = many(filled, "texts")
patterns = many(checked_pattern, "regular expressions")
networks = many(value_of("an IP address or network", _network), "IP addresses and networks")
limit = integer(1, also=-1)
level = choice("error", "warn", "info", "verbose", "debug", "silly", "silent")
