"""The configuration that a command runs with: what was given, and defaults for the rest."""

from __future__ import annotations

import argparse
import dataclasses
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from parsepy import keys
from parsepy.cli.database import make_data_dir
from parsepy.cli.messages import StartError, warn
from parsepy.cli.problems import examined, provider_notes
from parsepy.cli.web import with_sites
from parsepy.config import (
    Config,
    ConfigError,
    LiveQueryOptions,
    SchemaOptions,
    collect,
    unknown_variables,
)

if TYPE_CHECKING:
    from parsepy.model.templates import Template


class Configured(NamedTuple):
    """A configuration, and the file that holds its master key; None if an option gave the key."""

    config: Config
    key_file: Path | None


def configure(args: argparse.Namespace) -> Configured:
    """Read the configuration of a command from flags, environment and file.

    Without a master key it takes, or makes, the one in the data directory. Raises ``ConfigError``,
    ``StartError`` for a malformed flag, and ``TemplateError``.
    """
    flags = given_flags(args)
    settings = collect(args.config, os.environ, flags)
    more: dict[str, object] = {}
    if settings.values.get("masterKey") is None:
        more["masterKey"] = secrets.token_urlsafe(32)  # stands in until the rest is known good
    config = examined(settings, **more)
    key_file = config.data_dir / "keys.json" if more else None
    if key_file is not None:
        own_id = config.app_id if settings.values.get("appId") is not None else None
        _make_data_dir(config)
        found = keys.load_or_create(key_file, own_id, warn)
        config = settings.config(masterKey=found.master_key, appId=found.app_id)
    config = _with_defaults(config, args.config is not None)
    if config.demo or config.template:
        if settings.values.get("mountGraphQL") is None:
            config = dataclasses.replace(config, mount_graphql=True)
        if settings.values.get("graphQLSubscriptions") is None:
            config = dataclasses.replace(config, graphql_subscriptions=True)
    _warn_about(config)
    return Configured(config, key_file)


def given_flags(args: argparse.Namespace) -> dict[str, object]:
    """The options that flags and `--set` give; raises ``StartError`` for a malformed one."""
    prefix = "option "
    flags = {
        name.removeprefix(prefix): value
        for name, value in vars(args).items()
        if name.startswith(prefix)
    }
    for setting in args.set:
        name, equals, value = setting.partition("=")
        if not equals:
            raise StartError(f"--set {setting}: expected NAME=VALUE")
        flags[name] = value
    return flags


def _make_data_dir(config: Config) -> None:
    try:
        make_data_dir(config)
    except OSError as error:
        raise ConfigError([f"{config.data_dir}: {error.strerror or error}"]) from error


def _warn_about(config: Config) -> None:
    for note in config.notes:
        warn(note)
    if config.ineffective:
        warn(f"accepted, but without effect in this version: {', '.join(config.ineffective)}")
    for line in unknown_variables(os.environ):
        warn(f"the environment variable {line}")
    for line in provider_notes(config):
        warn(line)


def packaged(folder: str = "schema") -> Path:
    """Find the folder of the templates or cloud code that come with parsepy.

    It is inside of an installed package, or beside the package in a checkout.
    """
    here = Path(__file__).resolve().parents[1]  # the package's own folder
    wheel = here / "_shop" / folder
    return wheel if wheel.is_dir() else here.parent / folder


def _with_defaults(config: Config, has_file: bool) -> Config:
    """Add the templates, cloud code and live classes that nobody has named.

    Own folders `schema` and `cloud` are looked for beside the configuration, else in the working
    directory. Without any, and without a template of ours, the server is a plain Parse server.
    Raises ``StartError`` and ``TemplateError``.
    """
    places = (config.base_dir, Path()) if has_file else (Path(),)
    schema = config.schema
    if schema is None:
        schema = SchemaOptions(files=_templates(config, _own("schema", places)))
    if config.cloud is None:
        config = dataclasses.replace(config, cloud=_default_cloud(config, schema, places))
    config = with_sites(dataclasses.replace(config, schema=schema), packaged())
    if config.live_query is None and not schema.definitions:
        config = dataclasses.replace(config, live_query=_live_query_of(schema))
    return config


def _own(name: str, places: Sequence[Path]) -> Path | None:
    """Find the operator's folder of this name; what comes with parsepy is not theirs."""
    folders = (place / name for place in places)
    ours = packaged(name).resolve()
    return next((f for f in folders if f.is_dir() and f.resolve() != ours), None)


def _templates(config: Config, own: Path | None) -> tuple[Path, ...]:
    """List the templates that the options name; else one's own; else, for a demo, ours."""
    ours = {file.stem: file for file in sorted(packaged().glob("*.json"))}
    unknown = [name for name in config.template if name not in ours]
    if unknown:
        raise StartError(
            f"template: there is no {unknown[0]}; those that come with parsepy are "
            f"{', '.join(ours)}. Files of yours are named with --schema"
        )
    if config.template:
        return tuple(ours[name] for name in dict.fromkeys(config.template))
    if own is not None:
        return tuple(sorted(own.glob("*.json")))
    return tuple(ours.values()) if config.demo else ()


def _default_cloud(config: Config, schema: SchemaOptions, places: Sequence[Path]) -> Path | None:
    """Find one's own cloud code; with a template of ours, what comes with it.

    Files of ours that ``schema`` names bring theirs where it lies beside, as in a checkout.
    """
    own = _own("cloud", places)
    if own is not None and (own / "main.py").is_file():
        return own / "main.py"
    folder = packaged().resolve()
    if not any(folder in file.resolve().parents for file in schema.files):
        return None
    ours = packaged("cloud")
    is_beside = any((place / "cloud").resolve() == ours.resolve() for place in places)
    is_named = config.schema is not None and not is_beside
    return None if is_named or not (ours / "main.py").is_file() else ours / "main.py"


def _live_query_of(schema: SchemaOptions) -> LiveQueryOptions | None:
    """Make the option ``liveQuery`` from the classes that templates mark; None if none is.

    Raises ``TemplateError``.
    """
    from parsepy.app import template_of

    names = template_of(schema).live_classes
    return LiveQueryOptions(class_names=names) if names else None


def read_template(config: Config) -> Template:
    """Load the templates of a configuration; raises ``TemplateError``."""
    from parsepy.app import template_of

    return template_of(config.schema or SchemaOptions())
