"""All problems of a configuration at once, also those that only a start would come upon."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from parsepy.config import OPTIONS, Config, ConfigError, WrittenOptions
from parsepy.config.advice import line_instead
from parsepy.config.table import nearest

_NAME = re.compile(r'(?:unknown option ")?([A-Za-z]\w*)(?:\.(\w+))?')

_ROUNDS = 4
"""So often what has a problem is left out, to see what the rest has."""

_APPLE = ("ios", "osx", "tvos", "watchos")
_SENDERS = {
    True: '"ios": {"token": {"key": "AuthKey.p8", "keyId": "...", "teamId": "..."}, '
    '"topic": "com.example.app"}',
    False: '"android": {"firebaseServiceAccount": "service-account.json"}',
}


def examined(settings: WrittenOptions, **more: object) -> Config:
    """Make the configuration; raises ConfigError with every problem that can be known now.

    With a problem elsewhere the templates and adapters are looked at, too; alone, theirs are left
    to who reads and makes them.
    """
    config, problems = looked_at(settings, **more)
    if problems or config is None:
        raise ConfigError(problems)
    return config


def looked_at(settings: WrittenOptions, **more: object) -> tuple[Config | None, list[str]]:
    """Make the configuration, and list every problem that can be known now, as ``examined`` does.

    With problems it is made of the options that have none; None if that can't be, either.
    """
    problems: list[str] = []
    left = settings
    for _ in range(_ROUNDS):
        try:
            config = left.config(**more)
            break
        except ConfigError as error:
            problems += [line for line in error.problems if _is_new(line, problems)]
            left = _without(left, error.problems)
    else:
        return None, problems
    problems += [problem for problem in _further(config) if problem not in problems]
    if problems:
        known = {_option(problem) for problem in problems}
        parts = [line for line in part_problems(config) if _option(line) not in known]
        problems += [*parts, *template_problems(config)]
    return config, problems


def _option(problem: str) -> str:
    """The option that a problem begins with, with its dots."""
    return problem.partition(":")[0]


def _is_new(problem: str, known: list[str]) -> bool:
    """Is it neither known, nor only the lack of what has been left out for a problem?"""
    lacks = {f"needs {_option(line)}" for line in known}
    return problem not in known and not any(problem.endswith(lack) for lack in lacks)


def _without(settings: WrittenOptions, problems: Iterable[str]) -> WrittenOptions:
    """Leave out what has a problem, so that the others can be looked at.

    Of an option with members, such as `auth`, it is the member alone.
    """
    values = dict(settings.values)
    places = [found.groups() for found in map(_NAME.match, problems) if found]
    for name, member in dict.fromkeys(places):
        value = values.get(name)
        if isinstance(value, Mapping) and member in value:
            values[name] = {key: item for key, item in value.items() if key != member}
        else:
            values.pop(name, None)
    return WrittenOptions(values, settings.folders, settings.base_dir)


def _further(config: Config) -> Iterator[str]:
    if config.cloud is not None and config.cloud.suffix in (".js", ".mjs", ".cjs", ".ts"):
        yield (
            f"cloud: {config.cloud.name} is JavaScript, and cloud code is Python here "
            '(docs/cloud-code.md); write "cloud": "cloud/main.py"'
        )
    elif config.cloud is not None and not config.cloud.exists():
        yield f'cloud: there is no file {config.cloud}; write "cloud": "cloud/main.py"'
    for option, adapter in (
        ("filesAdapter", config.files_adapter),
        ("emailAdapter", config.email_adapter),
        ("analyticsAdapter", config.analytics_adapter),
        ("push.adapter", config.push.adapter if config.push else None),
        *((f"auth.{name}", provider.adapter) for name, provider in config.auth.items()),
    ):
        module = "" if adapter is None else adapter.module
        if module.endswith((".js", ".mjs", ".cjs")):
            yield f'{option}: {module} is JavaScript; write {{"module": "path/to/file.py"}}'
        elif module.endswith(".py") and not (config.base_dir / Path(module)).is_file():
            yield f"{option}: there is no file {module}"
    yield from _push_problems(config)


def provider_notes(config: Config) -> Iterator[str]:
    """What is to be said of sign-in providers that stop no start."""
    from parsepy.adapters import is_merely_named
    from parsepy.auth import PROVIDERS
    from parsepy.auth.providers import GONE, base_of

    for name, provider in config.auth.items():
        if not provider.enabled or provider.adapter is not None or base_of(provider.options):
            continue
        if is_merely_named(name, provider):
            yield f"auth.{name}: named without options, so it is not available"
        elif name in GONE:
            yield f"auth.{name}: not available, since {GONE[name]}"
        elif provider.options.get("enableInsecureAuth"):
            yield f"auth.{name}: enableInsecureAuth lets in whoever has a token of any application"
        elif name not in PROVIDERS:
            slip = next((key for key in provider.options if nearest(key, ["module"])), None)
            near = nearest(name, PROVIDERS)
            meant = f' (is it meant to be "{near}"?)' if near else ""
            if slip:
                meant = f' (is "{slip}" meant to be "module"?)'
            yield f"auth.{name}: neither built in nor with a module of yours{meant}; not available"


def _push_problems(config: Config) -> Iterator[str]:
    push = config.push
    if push is None or push.adapter is not None:
        return
    from parsepy.push import open_senders
    from parsepy.push.base import PushConfigError

    for kind, given in push.options.items():
        try:
            open_senders({kind: given}, push.folder)
        except PushConfigError as error:
            yield f"push.{error}; write {_SENDERS[kind in _APPLE]}"
        except ImportError:
            return  # an extra is missing, which the start says


def part_problems(config: Config) -> list[str]:
    """Make the adapters and load the functions that options name; return what is wrong."""
    from parsepy.app import parts

    return parts.problems_of(config)


def template_problems(config: Config) -> list[str]:
    """Read the templates; return what is wrong with them."""
    from parsepy.app import template_of
    from parsepy.model.templates import TemplateError

    if config.schema is None:
        return []
    try:
        template_of(config.schema)
    except TemplateError as error:
        return [f"schema: {problem}" for problem in error.problems]
    return []


def with_lines(problems: tuple[str, ...]) -> list[str]:
    """Write each problem, and below it the line to write instead where that is known."""
    lines = []
    for problem in problems:
        lines.append(problem)
        instead = line_instead(problem, OPTIONS)
        if instead is not None:
            lines.append(f"    write {instead}")
    return lines
