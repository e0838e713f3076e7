"""Make a provider of an adapter's class and its options, or say all that is wrong with it."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from difflib import get_close_matches
from typing import Any, get_args

from parsepy.auth.base import AuthAdapter, AuthProvider, Policy
from parsepy.auth.options import OptionsError, read_options, unknown
from parsepy.outgoing import Outgoing

_DATA = ("auth_data", "options", "request")
_METHODS = {
    "validate_options": ("options",),
    "validate_app_id": ("app_ids", *_DATA),
    "validate_auth_data": _DATA,
    "validate_set_up": _DATA,
    "validate_login": _DATA,
    "validate_update": _DATA,
    "validate_unlink": _DATA,
    "before_find": _DATA,
    "find_user": _DATA,
    "after_find": _DATA,
    "challenge": ("challenge_data", *_DATA),
}
_STEPS = ("validate_set_up", "validate_login", "validate_update")


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
    signing_key: bytes = b"",
) -> AuthProvider:
    """Make an adapter, check that it can vouch for somebody, and bind it to its options.

    ``settings`` is what its validators are told as ``options``, if that is more than the
    constructor's; ``signing_key`` the key for what it signs, the same in every process. Raises
    ``OptionsError`` and ``AdapterError``.
    """
    arguments = _arguments(make, options, {"http": http, "signing_key": signing_key})
    try:
        adapter = make(**arguments)
    except OptionsError:
        raise
    except Exception as error:  # whatever an author's constructor may raise
        raise AdapterError(f"failed: {type(error).__name__}: {error}") from error
    told = options if settings is None else settings
    methods = {name: method for name in _METHODS if (method := _offered(adapter, name)) is not None}
    problems = list(_problems(adapter, methods))
    if problems:
        raise AdapterError(*problems)
    return AuthProvider(adapter, told, getattr(adapter, "policy", "default"), methods)


async def check_options(provider: AuthProvider) -> None:
    """Ask an adapter whether its options are right; raises ``AdapterError`` if they are not."""
    if not provider.has("validate_options"):
        return
    try:
        await provider.methods["validate_options"](dict(provider.options))
    except Exception as error:  # whatever an author's method may raise
        raise AdapterError(f"refuses its options: {error or type(error).__name__}") from error


def _arguments(
    make: Callable[..., object], options: Mapping[str, Any], parts: Mapping[str, Any]
) -> dict[str, Any]:
    """What the constructor is called with; raises ``OptionsError`` for options that it has not."""
    try:
        parameters = dict(inspect.signature(make).parameters)
    except ValueError:  # built-in types show no signature
        return dict(options)
    injected = {
        name: part for name, part in parts.items() if name in parameters and name not in options
    }
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


def _offered(adapter: object, name: str) -> Any:
    """A method of an adapter; None if it has none, or only the one that it inherits of ours."""
    method = getattr(adapter, name, None)
    inherited = getattr(AuthAdapter, name)
    return None if getattr(method, "__func__", method) is inherited else method


def _problems(adapter: object, methods: Mapping[str, Any]) -> list[str]:
    """What keeps an object from being an adapter."""
    problems = []
    steps = [name for name in _STEPS if name in methods]
    if "validate_auth_data" not in methods:
        wanted = [name for name in _STEPS if name not in methods] if steps else []
        for name in wanted or ([] if steps else ["validate_auth_data"]):
            problems.append(f"lacks {_shape(name)}{_slip(adapter, name)}")
    elif steps:
        problems.append(f"has validate_auth_data and {steps[0]}: only one form can be asked")
    for name, method in methods.items():
        if not callable(method) or not _is_async(method):
            problems.append(f"{name} must be {_shape(name)}, since it is awaited")
        elif not _takes(method, len(_METHODS[name])):
            problems.append(f"{name} takes other arguments than {_shape(name)}")
    policy = getattr(adapter, "policy", "default")
    if policy not in get_args(Policy):
        problems.append(f"policy must be one of {', '.join(get_args(Policy))}")
    return problems


def _shape(name: str) -> str:
    return f"async def {name}(self, {', '.join(_METHODS[name])})"


def _slip(adapter: object, name: str) -> str:
    """A hint at a method that was likely meant to be this one, such as a name of JavaScript's."""
    own = (other for other in dir(adapter) if other[0] != "_" and other not in dir(AuthAdapter))
    others = {other.replace("_", "").lower(): other for other in own}
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
