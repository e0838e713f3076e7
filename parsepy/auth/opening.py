"""Make a provider of an adapter's class and its options, or say all that is wrong with it."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from difflib import get_close_matches
from typing import Any, get_args

from parsepy.auth.base import AuthAdapter, AuthProvider, Policy
from parsepy.auth.options import OptionsError, read_options, unknown
from parsepy.outgoing import Outgoing

_VALIDATORS = {
    "validate_auth_data": ("auth_data", "options", "request"),
    "validate_app_id": ("app_ids", "auth_data", "options", "request"),
}


class AdapterError(Exception):
    """A class can't be a sign-in adapter: one line per problem."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def open_provider(
    make: Callable[..., object],
    options: Mapping[str, Any],
    http: Outgoing,
    settings: Mapping[str, Any] | None = None,
) -> AuthProvider:
    """Make an adapter, check that it can vouch for somebody, and bind it to its options.

    ``settings`` is what its validators are told as ``options``, if that is more than the
    constructor's. Raises ``OptionsError`` and ``AdapterError``.
    """
    arguments = _arguments(make, options, http)
    try:
        adapter = make(**arguments)
    except Exception as error:  # whatever an author's constructor may raise
        raise AdapterError(f"failed: {type(error).__name__}: {error}") from error
    problems = list(_problems(adapter))
    if problems or not isinstance(adapter, AuthAdapter):
        raise AdapterError(*problems)
    return AuthProvider(
        adapter,
        options if settings is None else settings,
        getattr(adapter, "policy", "default"),
        getattr(adapter, "validate_app_id", None),
    )


def _arguments(
    make: Callable[..., object], options: Mapping[str, Any], http: Outgoing
) -> dict[str, Any]:
    """What the constructor is called with; raises ``OptionsError`` for options that it has not."""
    try:
        parameters = dict(inspect.signature(make).parameters)
    except ValueError:  # built-in types show no signature
        return dict(options)
    injected = {"http": http} if "http" in parameters and "http" not in options else {}
    record = getattr(make, "Options", None)
    if isinstance(record, type) and is_dataclass(record):
        return {"options": read_options(record, options), **injected}
    kinds = {parameter.kind for parameter in parameters.values()}
    named = {
        name: parameter
        for name, parameter in parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        and name not in injected
    }
    problems = [] if inspect.Parameter.VAR_KEYWORD in kinds else unknown(options, named)
    problems += [
        f"{name} is missing"
        for name, parameter in named.items()
        if parameter.default is parameter.empty and name not in options
    ]
    if problems:
        raise OptionsError(problems)
    return {**options, **injected}


def _problems(adapter: object) -> list[str]:
    """What keeps an object from being an adapter."""
    problems = []
    for name, arguments in _VALIDATORS.items():
        method = getattr(adapter, name, None)
        if method is None and name == "validate_app_id":
            continue
        shape = f"async def {name}(self, {', '.join(arguments)})"
        if not callable(method):
            problems.append(f"lacks {shape}{_slip(adapter, name)}")
        elif not _is_async(method):
            problems.append(f"{name} must be {shape}, since it is awaited")
        elif not _takes(method, len(arguments)):
            problems.append(f"{name} takes other arguments than {shape}")
    policy = getattr(adapter, "policy", "default")
    if policy not in get_args(Policy):
        problems.append(f"policy must be one of {', '.join(get_args(Policy))}")
    return problems


def _slip(adapter: object, name: str) -> str:
    """A hint at a method that was likely meant to be this one, such as a name of JavaScript's."""
    others = {other.replace("_", "").lower(): other for other in dir(adapter) if other[0] != "_"}
    near = get_close_matches(name.replace("_", ""), others, n=1, cutoff=0.85)
    return f'; is "{others[near[0]]}" meant to be it?' if near else ""


def _is_async(method: Callable[..., object]) -> bool:
    call = getattr(method, "__call__", method)  # noqa: B004 - an object with an async __call__
    return inspect.iscoroutinefunction(method) or inspect.iscoroutinefunction(call)


def _takes(method: Callable[..., object], count: int) -> bool:
    try:
        inspect.signature(method).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # built-in callables show no signature
        return True
    return True
