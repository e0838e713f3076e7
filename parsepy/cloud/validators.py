"""Conditions that a decorator puts before a hook: who may call, and with what (protocol §19.5)."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from parsepy.cloud.codec import encode
from parsepy.cloud.objects import Object, Pointer
from parsepy.cloud.requests import TriggerRequest
from parsepy.errors import Code, ParseError

_TYPES: dict[Any, tuple[str, tuple[type, ...]]] = {
    str: ("string", (str,)),
    int: ("number", (int, float)),
    float: ("number", (int, float)),
    bool: ("boolean", (bool,)),
    list: ("array", (list,)),
    dict: ("object", (dict,)),
}
_TYPES |= {name: (name, types) for name, types in dict(_TYPES.values()).items()}
_TYPES[int] = ("integer", (int, float))  # JavaScript's number has a fraction; Python's int has none
Roles = Iterable[str] | Callable[[TriggerRequest], Any]
# `Pointer` reads like a type, and is a function that makes an Object.
_SPELLED: dict[Any, Any] = {Pointer: Object}
_FIELD_RULES = ("type", "required", "default", "constant", "options", "error")
_KEY_RULES = ("options", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """What must hold before a hook runs; the master key passes unless ``validate_master_key``."""

    require_user: bool = False
    require_master: bool = False
    require_any_user_roles: Roles | None = None
    require_all_user_roles: Roles | None = None
    require_user_keys: Iterable[str] | Mapping[str, Any] = ()
    fields: Iterable[str] | Mapping[str, Any] = ()
    validate_master_key: bool = False
    skip_with_master_key: bool = False
    custom: Callable[[Any], Any] | None = None

    @property
    def is_empty(self) -> bool:
        """Is there nothing to check?"""
        return self == Validator()

    def declared_fields(self) -> dict[str, tuple[str, bool]]:
        """The fields that are declared: by name Parse's type ("" if none), and whether needed."""
        if not isinstance(self.fields, Mapping):
            names = (self.fields,) if isinstance(self.fields, str) else self.fields
            return dict.fromkeys(names, ("", True))
        return {
            key: (_shown_type(rules.get("type")), bool(rules.get("required")))
            for key, rules in self.fields.items()
        }

    async def check(self, request: Any) -> None:
        """Refuse the call with VALIDATION_ERROR if a condition does not hold."""
        if request.master and not self.validate_master_key:
            return
        user = request.user
        if user is None:
            user = _who_signs_up(request)
        needs_user = (
            self.require_user
            or self.require_any_user_roles is not None
            or self.require_all_user_roles is not None
        )
        if needs_user and user is None:
            raise refused("Please login to continue.")
        if self.require_master and not request.master:
            raise refused("Master key is required to complete this request.")
        await _check_fields(request, self.fields)
        await self._check_roles(request)
        if self.require_user_keys:
            await _check_user(user, self.require_user_keys)
        if self.custom is not None:
            await _check_custom(self.custom, request)

    async def _check_roles(self, request: TriggerRequest) -> None:
        if self.require_any_user_roles is not None:
            wanted = await _names(self.require_any_user_roles, request)
            if not wanted & request.roles:
                raise refused("User does not match the required roles.")
        if self.require_all_user_roles is not None:
            wanted = await _names(self.require_all_user_roles, request)
            if not wanted <= request.roles:
                raise refused("User does not match all the required roles.")


def declared(custom: Callable[[Any], Any] | None, rules: Mapping[str, Any]) -> Validator:
    """The validator of a decorator's keywords.

    Raises ``TypeError`` for what it does not know, so that a slip stops the start, not a request.
    """
    known = [field.name for field in fields(Validator) if field.name != "custom"]
    _check_names("A validator", rules, [*known, "validator", "rate_limit"])
    for name in ("require_user", "require_master", "validate_master_key", "skip_with_master_key"):
        if not isinstance(rules.get(name, False), bool):
            raise TypeError(f"{name} is True or False, not {rules[name]!r}")
    if custom is not None and not callable(custom):
        raise TypeError(f"validator is a function of the request, not {custom!r}")
    if isinstance(asked := rules.get("require_user_keys"), Mapping):
        for key, wanted in asked.items():
            if isinstance(wanted, Mapping):
                _check_names(f"require_user_keys: {key}", wanted, _KEY_RULES)
    if isinstance(asked := rules.get("fields"), Mapping):
        rules = {**rules, "fields": {key: _field(key, rule) for key, rule in asked.items()}}
    return Validator(custom=custom, **rules)


def _field(key: str, rules: Any) -> Mapping[str, Any]:
    """The rules of a field, from what stands beside its name: a mapping, a type, or a text."""
    if not isinstance(rules, Mapping):
        # Parse: a text beside a name makes the field a required one.
        return {"required": True} if isinstance(rules, str) else {"type": _type(key, rules)}
    _check_names(f"fields: {key}", rules, _FIELD_RULES)
    return {**rules, "type": _type(key, rules.get("type"))}


def _type(key: str, wanted: Any) -> Any:
    found = wanted.lower() if isinstance(wanted, str) else _SPELLED.get(wanted, wanted)
    if found is None or found in _TYPES or isinstance(found, type):
        return found
    names = ", ".join(name for name in _TYPES if isinstance(name, str))
    raise TypeError(f"fields: {key}: {wanted!r} is no type; use a class, or one of {names}")


def _shown_type(wanted: Any) -> str:
    name = _TYPES[wanted][0] if wanted in _TYPES else getattr(wanted, "__name__", "")
    name = "number" if name == "integer" else name
    return name[:1].upper() + name[1:]


def _check_names(where: str, given: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in given:
        if name in known:
            continue
        # JavaScript's spelling is the likeliest slip.
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in str(name))
        near = get_close_matches(snake, known, 1)
        meant = f"; did you mean {near[0]}?" if near else "."
        raise TypeError(f"{where} has no {name!r}{meant} It takes {', '.join(known)}")


def refused(reason: str) -> ParseError:
    """The refusal of a validator."""
    return ParseError(Code.VALIDATION_ERROR, f"Validation failed. {reason}")


def _who_signs_up(request: Any) -> Any:
    """Parse: who signs up counts as the user of their own sign-up."""
    item = getattr(request, "object", None)
    if request.class_name == "_User" and item is not None and item.is_new:
        return item
    return None


async def _resolved(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def _names(roles: Roles, request: TriggerRequest) -> frozenset[str]:
    found = await _resolved(roles(request)) if callable(roles) else roles
    names = (found,) if isinstance(found, str) else found
    return frozenset(name.removeprefix("role:") for name in names)


async def _check_custom(check: Callable[[Any], Any], request: Any) -> None:
    try:
        await _resolved(check(request))
    except ParseError:
        raise
    except Exception as error:  # whatever an author's check may raise refuses
        raise ParseError(Code.VALIDATION_ERROR, str(error) or "Validation failed.") from error


# --- fields -------------------------------------------------------------------------------------


async def _check_fields(request: Any, fields: Iterable[str] | Mapping[str, Any]) -> None:
    item = getattr(request, "object", None)
    params = request.params if item is None and hasattr(request, "params") else None

    def value_of(key: str) -> Any:
        return item.get(key) if item is not None else (params or {}).get(key)

    if not isinstance(fields, Mapping):
        for key in (fields,) if isinstance(fields, str) else fields:
            _require(key, value_of(key))
        return
    for key, rules in fields.items():
        value = value_of(key)
        default = rules.get("default")
        if default is not None and value is None:
            value = default
            if item is not None:
                item.set(key, default)
            elif params is not None:
                params[key] = default
        if rules.get("constant") and item is not None:
            if request.original is not None:
                item.revert(key)
            elif default is not None:
                item.set(key, default)
            value = item.get(key)
        if rules.get("required"):
            _require(key, value)
        if value is not None:
            await _check_value(key, value, rules)
            if rules.get("type") is int and item is None and params is not None:
                params[key] = int(value)  # a whole number may have come as 2.0


def _require(key: str, value: Any) -> None:
    if value is None:
        raise refused(f"Please specify data for {key}.")


async def _check_value(key: str, value: Any, rules: Mapping[str, Any]) -> None:
    if rules.get("type") is not None:
        _check_type(key, value, rules["type"])
    if rules.get("options") is not None:
        await _check_options(key, value, rules)


def _check_type(key: str, value: Any, wanted: Any) -> None:
    if wanted in _TYPES:
        name, types = _TYPES[wanted]
        fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
        if fits and isinstance(value, float):
            fits = value.is_integer() if wanted is int else math.isfinite(value)
    else:
        name, fits = wanted.__name__.lower(), isinstance(value, wanted)
    if not fits:
        raise refused(f"Invalid type for {key}. Expected: {name}")


async def _check_options(key: str, value: Any, rules: Mapping[str, Any]) -> None:
    options, own = rules["options"], rules.get("error")
    if callable(options):
        try:
            holds = await _resolved(options(value))
        except Exception as error:  # whatever an author's check may raise refuses
            message = own or str(error) or f"Validation failed. Invalid value for {key}."
            raise ParseError(Code.VALIDATION_ERROR, message) from error
        if holds is not None and not holds:
            raise ParseError(
                Code.VALIDATION_ERROR, own or f"Validation failed. Invalid value for {key}."
            )
        return
    allowed = list(options) if isinstance(options, list | tuple | set | frozenset) else [options]
    if value not in allowed:
        shown = ", ".join(str(encode(item)) for item in allowed)
        raise ParseError(
            Code.VALIDATION_ERROR,
            own or f"Validation failed. Invalid option for {key}. Expected: {shown}",
        )


async def _check_user(user: Any, keys: Iterable[str] | Mapping[str, Any]) -> None:
    """What must be set on the caller's account."""
    if user is None:
        raise ParseError(Code.VALIDATION_ERROR, "Please login to make this request.")
    names = (keys,) if isinstance(keys, str) else keys
    for key in names:
        value = user.get(key)
        rules = keys[key] if isinstance(keys, Mapping) else {}
        if isinstance(rules, Mapping) and rules.get("options") is not None:
            await _check_options(key, value, rules)
        elif value is None:
            raise refused(f"Please set data for {key} on your account.")
