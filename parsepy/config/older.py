"""Options as public configurations have them: those of earlier Parse Servers, and empty ones.

They are accepted, with a warning that says how they are taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from parsepy.config.checks import At, ConfigError
from parsepy.config.npm import Adapter, adapter_of
from parsepy.config.table import Option


class Former(NamedTuple):
    """What became of an option: since when it is gone, its successor, or a word on it."""

    since: str
    name: str = ""
    about: str = ""


_DRIVER = Former("MongoDB's driver 4", about="the driver does so by itself")
_TOP = {
    "encodeParseObjectInCloudFunction": Former(
        "Parse Server 9.0", about="objects always reach functions as objects"
    ),
    "customIdSize": Former("Parse Server 3.0", "objectIdSize"),
    "oauth": Former("Parse Server 3.0", "auth"),
    "facebookAppIds": Former(
        "Parse Server 3.0", about='write "auth": {"facebook": {"appIds": ["..."]}}'
    ),
    "schemaCacheTTL": Former(
        "Parse Server 5.0", about='write "databaseOptions": {"schemaCacheTtl": 5000}'
    ),
}
_MEMBERS: Mapping[str, Mapping[str, Former]] = {
    "pages": {"enableRouter": Former("Parse Server 9.0", about="the pages are always there")},
    "databaseOptions": {
        "poolSize": Former("MongoDB's driver 4", "maxPoolSize"),
        "sslCA": Former("MongoDB's driver 6", "tlsCAFile"),
        "sslKey": Former("MongoDB's driver 6", "tlsCertificateKeyFile"),
        "sslCert": Former("MongoDB's driver 6", "tlsCertificateKeyFile"),
        "sslValidate": Former("MongoDB's driver 6", about="write tlsAllowInvalidCertificates"),
        **dict.fromkeys(
            (
                *("useNewUrlParser", "useUnifiedTopology", "useCreateIndex", "useFindAndModify"),
                *("autoReconnect", "reconnectTries", "reconnectInterval", "bufferMaxEntries"),
                *("keepAlive", "keepAliveInitialDelay", "haInterval", "promiseLibrary"),
            ),
            _DRIVER,
        ),
    },
}
_ADAPTERS = ("filesAdapter", "emailAdapter", "loggerAdapter", "cacheAdapter", "databaseAdapter")


@dataclass(slots=True)
class Modern:
    """Options of an earlier Parse Server under today's names, and what there is to say of them."""

    values: Mapping[str, object]
    notes: list[str] = field(default_factory=list)
    """What was taken otherwise than it was written."""
    problems: list[str] = field(default_factory=list)
    """What has no counterpart here, with the line to write instead."""


_NEVER_EMPTY = ("appId", "masterKey")


def modernised(options: Mapping[str, object], lines: Sequence[Option]) -> Modern:
    """Translate options that are gone and adapters of npm, and leave out what is merely named.

    ``lines`` are today's options.
    """
    found = Modern(options)
    known = frozenset(line.name for line in lines)
    found.values = values = _renamed(options, _TOP, "", known, found.notes)
    for name, members in _MEMBERS.items():
        given = _object(values.get(name))
        if given is not None and not members.keys().isdisjoint(given):
            values[name] = _renamed(given, members, f"{name}.", frozenset(), found.notes)
    for name in _ADAPTERS:
        _adapter(values, name, found)
    push = _object(values.get("push"))
    if push is not None and "adapter" in push:
        inside = dict(push)
        _adapter(inside, "adapter", found, "push.")
        values["push"] = inside
    for line in lines:
        if line.name in values and _is_merely_named(line, values[line.name]):
            del values[line.name]
            found.notes.append(f"{line.name}: empty, which counts as not set")
    return found


def _is_merely_named(line: Option, value: object) -> bool:
    """Is this an empty value that the option does not take?

    A variable of an environment, or of a compose file, that has no value brings an empty text.
    """
    is_empty = value == "" if isinstance(value, str) else value == {} and line.takes_a_module
    if not is_empty or line.name in _NEVER_EMPTY:
        return False
    try:
        line.check(value, At(line.name, Path()))
    except ConfigError:
        return True
    return False


def _renamed(
    options: Mapping[str, object],
    former: Mapping[str, Former],
    prefix: str,
    known: frozenset[str],
    notes: list[str],
) -> dict[str, object]:
    values = dict(options)
    for name in options:
        gone = former.get(name) if name not in known else None
        if gone is None:
            continue
        value = values.pop(name)
        if gone.name:
            values.setdefault(gone.name, value)
            about = f"taken as {prefix}{gone.name}"
        else:
            about = gone.about
        notes.append(f"{prefix}{name}: gone since {gone.since}; {about}")
    return values


def _adapter(values: dict[str, object], name: str, found: Modern, prefix: str = "") -> None:
    written = values.get(name)
    given = _object(written) if not isinstance(written, str) or "{" in written else None
    module = given.get("module") if given is not None else written
    if not isinstance(module, str):
        return
    rest = {key: item for key, item in (given or {}).items() if key not in ("module", "options")}
    options = _object((given or {}).get("options")) or rest
    known: Adapter | None = adapter_of(prefix + name, module, MappingProxyType(dict(options)))
    if known is None:
        return
    if known.value is None:
        found.problems.append(f"{prefix}{name}: {module} is a package of Node; {known.about}")
        del values[name]
        return
    found.notes.append(f"{prefix}{name}: {module} is a package of Node; {known.about}")
    if known.value:
        values[name] = known.value
    else:
        del values[name]


def _object(value: object) -> Mapping[str, object] | None:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return None  # the option's own check says what is wrong
    return value if isinstance(value, Mapping) else None
