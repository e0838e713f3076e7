"""The configuration that a command runs with: what was given, and defaults for the rest."""

from __future__ import annotations

import argparse
import dataclasses
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from parsepy import keys
from parsepy.cli.messages import StartError, warn
from parsepy.config import Config, LiveQueryOptions, SchemaOptions, collect, unknown_variables
from parsepy.config.table import nearest

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
    settings = collect(args.config, os.environ, flags)
    more: dict[str, object] = {}
    if settings.values.get("masterKey") is None:
        more["masterKey"] = secrets.token_urlsafe(32)  # stands in until the rest is known good
    config = settings.config(**more)
    key_file = config.data_dir / "keys.json" if more else None
    if key_file is not None:
        own_id = config.app_id if settings.values.get("appId") is not None else None
        found = keys.load_or_create(key_file, own_id, warn)
        config = settings.config(masterKey=found.master_key, appId=found.app_id)
    if config.cloud is None:
        config = dataclasses.replace(config, cloud=_default_cloud(config))
    if (config.schema is None or config.demo) and settings.values.get("mountGraphQL") is None:
        config = dataclasses.replace(config, mount_graphql=True)
    if config.schema is None:
        files = _default_templates()
        config = dataclasses.replace(config, schema=SchemaOptions(files=files))
        if config.live_query is None:
            config = dataclasses.replace(config, live_query=_live_query_of(files))
    _warn_about(config)
    return Configured(config, key_file)


def _warn_about(config: Config) -> None:
    if config.ineffective:
        warn(f"accepted, but without effect in this version: {', '.join(config.ineffective)}")
    for line in unknown_variables(os.environ):
        warn(f"the environment variable {line}")
    _warn_about_providers(config)


def _warn_about_providers(config: Config) -> None:
    from parsepy.auth import PROVIDERS, second_factors

    for name, provider in config.auth.items():
        if provider.enabled and provider.adapter is None and name not in PROVIDERS:
            slip = next((key for key in provider.options if nearest(key, ["module"])), None)
            meant = f' (is "{slip}" meant to be "module"?)' if slip else ""
            warn(f"auth.{name}: neither built in nor with a module of yours{meant}; not available")
            if name in second_factors.NAMES:
                warn(f"auth.{name}: users who have set it up can't log in until it is taken away")


def packaged(folder: str = "schema") -> Path:
    """Find the folder of the templates or cloud code that come with parsepy.

    It is inside of an installed package, or beside the package in a checkout.
    """
    here = Path(__file__).resolve().parents[1]  # the package's own folder
    wheel = here / "_shop" / folder
    return wheel if wheel.is_dir() else here.parent / folder


def _default_templates() -> tuple[Path, ...]:
    """List the working directory's templates; without any, those that come with parsepy."""
    own = tuple(sorted(Path("schema").glob("*.json")))
    return own or tuple(sorted(packaged().glob("*.json")))


def _live_query_of(files: tuple[Path, ...]) -> LiveQueryOptions | None:
    """Make the option ``liveQuery`` from the classes that templates mark; None if none is.

    Raises ``TemplateError``.
    """
    from parsepy.model import templates

    names = templates.load(files).live_classes
    return LiveQueryOptions(class_names=names) if names else None


def _default_cloud(config: Config) -> Path | None:
    """Find the working directory's cloud code; with parsepy's templates, what comes with them."""
    own = Path("cloud") / "main.py"
    if own.is_file():
        return own
    if config.schema is None and not any(Path("schema").glob("*.json")):
        ours = packaged("cloud") / "main.py"
        return ours if ours.is_file() else None
    return None


def read_template(config: Config) -> Template:
    """Load the templates of a configuration; raises ``TemplateError``."""
    from parsepy.app import template_of

    return template_of(config.schema or SchemaOptions())
