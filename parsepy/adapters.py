"""Import the module that an option names, and make what it offers: adapters, functions."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hmac
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from parsepy.auth import PROVIDERS, UNCONFIGURED
from parsepy.auth.base import AuthProvider
from parsepy.auth.opening import AdapterError, check_options, open_provider
from parsepy.auth.options import OptionsError, functions_of, is_needed, options_of
from parsepy.auth.providers import THIRD_PARTIES, base_of
from parsepy.config import AdapterOptions, AuthProviderOptions, Config, ConfigError
from parsepy.outgoing import Outgoing

Called = Callable[..., Awaitable[Any]]


def load_adapter(
    spec: AdapterOptions, base_dir: Path, option: str = "adapter", built_in: Iterable[str] = ()
) -> object:
    """Import `spec.module` and return `module.adapter(**spec.options)`.

    The module is a dotted name, or a file (relative to `base_dir`, the configuration's folder).
    Raises ConfigError, which names `option` and the cause. If there is no such module, it also
    lists the `built_in` adapters, since configurations of Parse Server name packages of Node.
    """
    adapter = _class_of(spec, base_dir, option, built_in)
    try:
        with contextlib.suppress(ValueError):  # built-in types show no signature
            inspect.signature(adapter).bind(**spec.options)
    except TypeError as error:
        raise ConfigError([f"{option}: the adapter of {spec.module}: {error}"]) from error
    try:
        made: object = adapter(**spec.options)
    except Exception as error:
        raise ConfigError([f"{option}: {spec.module} failed: {_cause(error)}"]) from error
    return made


def _class_of(
    spec: AdapterOptions, base_dir: Path, option: str, built_in: Iterable[str] = ()
) -> Callable[..., object]:
    """The class `adapter` of the module that is named."""
    try:
        module = _import(spec.module, base_dir, option)
    except ConfigError as error:
        names = ", ".join(built_in)
        if names and not spec.module.startswith("parsepy."):
            raise ConfigError([f"{error.problems[0]}; built in are {names}"]) from error
        raise
    adapter: Callable[..., object] | None = getattr(module, "adapter", None)
    if adapter is None or not callable(adapter):
        raise ConfigError([f"{option}: {spec.module} offers no class `adapter`"])
    return adapter


def open_providers(config: Config, http: Outgoing) -> dict[str, AuthProvider]:
    """The sign-in providers: those that are built in, and the operator's own.

    One that is switched off is opened all the same: as a second factor it still counts. Those of
    third parties are opened where they are configured. ConfigError with all that is wrong with any
    of them.
    """
    problems: list[str] = []
    found: dict[str, AuthProvider] = {}
    for name in dict.fromkeys((*PROVIDERS, *config.auth)):
        configured = config.auth.get(name)
        key = hmac.digest(str(config.master_key).encode(), f"auth.{name}".encode(), "sha256")
        try:
            if configured is not None and configured.adapter is not None:
                make = _class_of(configured.adapter, config.base_dir, f"auth.{name}")
                given = _with_functions(make, configured.adapter.options, config, name)
                found[name] = open_provider(make, given, http, configured.options, key)
            elif (built_in := _built_in(name, configured)) is not None:
                options = {} if configured is None else configured.options
                _check_insecure(options, config)
                given = _with_functions(built_in, options, config, name)
                found[name] = open_provider(built_in, given, http, options, key)
        except ConfigError as error:
            problems += error.problems
        except OptionsError as error:
            problems += [f"auth.{name}: {problem}" for problem in error.problems]
        except AdapterError as error:
            module = configured.adapter.module if configured and configured.adapter else name
            problems += [f"auth.{name}: {module} {problem}" for problem in error.problems]
    if problems:
        raise ConfigError(problems)
    return found


def _built_in(name: str, configured: AuthProviderOptions | None) -> Callable[..., object] | None:
    """The class for a provider that has no module; None for one that is not to be opened."""
    if configured is None:
        return PROVIDERS.get(name) if name in UNCONFIGURED else None
    make = base_of(configured.options) or PROVIDERS.get(name)
    if is_merely_named(name, configured) or (not configured.enabled and name in THIRD_PARTIES):
        return None
    return make


def is_merely_named(name: str, configured: AuthProviderOptions) -> bool:
    """Is a provider named that needs options, without any? It counts as not configured."""
    return not configured.options and any(map(is_needed, options_of(PROVIDERS.get(name))))


def _check_insecure(options: Mapping[str, Any], config: Config) -> None:
    """A log-in that trusts a client's word needs two options that say so."""
    if options.get("enableInsecureAuth") and not config.enable_insecure_auth_adapters:
        raise OptionsError(["enableInsecureAuth needs enableInsecureAuthAdapters: true beside it"])


def _with_functions(
    make: Callable[..., object], options: Mapping[str, Any], config: Config, name: str
) -> Mapping[str, Any]:
    """The options of an adapter, with functions in place of their names; ConfigError."""
    record = getattr(make, "Options", None)
    if not isinstance(record, type) or not is_dataclass(record):
        return options
    loaded = {
        key: load_function(options[key], config.base_dir, f"auth.{name}.{key}")
        for key in functions_of(record)
        if isinstance(options.get(key), str)
    }
    return {**options, **loaded}


async def check_providers(providers: Mapping[str, AuthProvider]) -> None:
    """Let adapters look at their own options; ConfigError with all that they refuse."""
    problems: list[str] = []
    for name, provider in providers.items():
        try:
            await check_options(provider)
        except AdapterError as error:
            problems += [f"auth.{name}: {problem}" for problem in error.problems]
    if problems:
        raise ConfigError(problems)


def load_function(name: str, base_dir: Path, option: str) -> Called:
    """Import a function by its name: `module.function`, or `path/to/file.py:function`.

    It may be `async def`, or a plain `def`, which runs in a thread. Raises ConfigError, which
    names `option` and the cause, if there is no such function.
    """
    module_name, _, attribute = name.rpartition(":" if ":" in name else ".")
    if not module_name or not attribute.isidentifier() or attribute == "py":
        raise ConfigError(
            [f'{option}: expected "module.function" or "path/to/file.py:function", got "{name}"']
        )
    function = getattr(_import(module_name, base_dir, option), attribute, None)
    if not callable(function):
        raise ConfigError([f"{option}: {module_name} offers no function {attribute}"])

    @functools.wraps(function)
    async def call(*arguments: Any) -> Any:
        if inspect.iscoroutinefunction(function):
            return await function(*arguments)
        return await asyncio.to_thread(function, *arguments)

    return call


def _import(name: str, base_dir: Path, option: str) -> ModuleType:
    try:
        if name.endswith(".py") or "/" in name:
            return _import_file((base_dir / name).resolve(), option)
        # Modules beside the configuration file can be named, too; installed ones come first.
        if str(base_dir.resolve()) not in sys.path:
            sys.path.append(str(base_dir.resolve()))
        return importlib.import_module(name)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError([f"{option}: {name} can't be imported: {_cause(error)}"]) from error


def _import_file(file: Path, option: str) -> ModuleType:
    if not file.is_file():
        raise ConfigError([f"{option}: there is no file {file}"])
    name = f"parsepy_adapter_{file.stem}_{abs(hash(file)):x}"
    found = importlib.util.spec_from_file_location(name, file)
    if found is None or found.loader is None:
        raise ConfigError([f"{option}: {file} is no Python file"])
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up there
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _cause(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
