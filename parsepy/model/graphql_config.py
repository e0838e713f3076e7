"""``GraphQLConfig``: which classes GraphQL shows, with which fields, queries and mutations."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from parsepy.model.javascript import shown
from parsepy.model.values import JSONObject


@dataclass(frozen=True, slots=True)
class SortField:
    """A column that a find may be sorted by, and in which directions."""

    field: str
    ascending: bool
    descending: bool


@dataclass(frozen=True, slots=True)
class ClassConfig:
    """What GraphQL shows of one class; ``None`` for a list of columns is all of them."""

    create_fields: frozenset[str] | None = None
    update_fields: frozenset[str] | None = None
    output_fields: frozenset[str] | None = None
    constraint_fields: frozenset[str] | None = None
    sort_fields: tuple[SortField, ...] | None = None
    has_get: bool = True
    has_find: bool = True
    get_alias: str = ""
    find_alias: str = ""
    has_create: bool = True
    has_update: bool = True
    has_destroy: bool = True
    create_alias: str = ""
    update_alias: str = ""
    destroy_alias: str = ""


ALL_OF_A_CLASS = ClassConfig()


@dataclass(frozen=True, slots=True)
class GraphQLConfig:
    """What GraphQL shows of all classes."""

    enabled: frozenset[str] | None = None
    disabled: frozenset[str] = frozenset()
    classes: Mapping[str, ClassConfig] = field(default_factory=lambda: MappingProxyType({}))

    def shows(self, class_name: str) -> bool:
        """Is the class part of the interface?"""
        is_enabled = self.enabled is None or class_name in self.enabled
        return is_enabled and class_name not in self.disabled

    def of(self, class_name: str) -> ClassConfig:
        """What is shown of one class."""
        return self.classes.get(class_name, ALL_OF_A_CLASS)


DEFAULT = GraphQLConfig()


def from_json(config: JSONObject) -> GraphQLConfig:
    """Read a configuration that is valid (``problems`` finds none)."""
    enabled = config.get("enabledForClasses")
    classes: dict[str, ClassConfig] = {}
    for item in config.get("classConfigs") or ():
        classes.setdefault(item["className"], _class_config(item))
    return GraphQLConfig(
        None if enabled is None else frozenset(enabled),
        frozenset(config.get("disabledForClasses") or ()),
        MappingProxyType(classes),
    )


def _class_config(item: JSONObject) -> ClassConfig:
    parts = item.get("type") or {}
    inputs = parts.get("inputFields") or {}
    query, mutation = item.get("query") or {}, item.get("mutation") or {}
    sorts = parts.get("sortFields")
    return ClassConfig(
        create_fields=_names(inputs.get("create")),
        update_fields=_names(inputs.get("update")),
        output_fields=_names(parts.get("outputFields")),
        constraint_fields=_names(parts.get("constraintFields")),
        sort_fields=None
        if sorts is None
        else tuple(SortField(sort["field"], sort["asc"], sort["desc"]) for sort in sorts),
        has_get=_is_on(query, "get"),
        has_find=_is_on(query, "find"),
        get_alias=query.get("getAlias") or "",
        find_alias=query.get("findAlias") or "",
        has_create=_is_on(mutation, "create"),
        has_update=_is_on(mutation, "update"),
        has_destroy=_is_on(mutation, "destroy"),
        create_alias=mutation.get("createAlias") or "",
        update_alias=mutation.get("updateAlias") or "",
        destroy_alias=mutation.get("destroyAlias") or "",
    )


def _names(names: Sequence[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _is_on(flags: JSONObject, name: str) -> bool:
    # Parse: null is no default there, so that it turns a query or mutation off
    value = flags.get(name, True)
    return value is True


# --- what a valid configuration is ------------------------------------------------------------


def problems(config: Any) -> list[str]:
    """Find what makes a configuration invalid, in the reference's words; empty if it is valid."""
    if not isinstance(config, dict):
        return ["must be a valid object"]
    found = []
    if keys := _unknown(config, ("enabledForClasses", "disabledForClasses", "classConfigs")):
        found.append(f"encountered invalid keys: [{keys}]")
    for name in ("enabledForClasses", "disabledForClasses"):
        if config.get(name) is not None and not _is_names(config[name]):
            found.append(f'"{name}" is not a valid array')
    classes = config.get("classConfigs")
    if isinstance(classes, list):
        found += _in_classes(classes)
    elif classes is not None:
        found.append('"classConfigs" is not a valid array')
    return found


def _in_classes(classes: list[Any]) -> Iterator[str]:
    for item in classes:
        if not isinstance(item, dict):
            yield "classConfig:undefined is invalid because it must be a valid object"
        elif (wrong := next(_in_class(item), None)) is not None:
            name = shown(item.get("className", "undefined"))
            yield f"classConfig:{name} is invalid because {wrong}"


def _in_class(item: JSONObject) -> Iterator[str]:
    """What is wrong with one class's part; the first counts."""
    if keys := _unknown(item, ("className", "type", "query", "mutation")):
        yield f'"invalidKeys" [{keys}] should not be present'
    if not _is_filled(item.get("className")):
        yield '"className" must be a valid string'
    if item.get("type") is not None:
        yield from _in_type(item["type"], item.get("className") == "_User")
    if item.get("query") is not None:
        yield from _in_flags("query", item["query"], ("find", "get"))
    if item.get("mutation") is not None:
        yield from _in_flags("mutation", item["mutation"], ("create", "update", "destroy"))


def _in_type(parts: Any, is_user: bool) -> Iterator[str]:
    if not isinstance(parts, dict):
        yield '"type" must be a valid object'
    else:
        known = ("inputFields", "outputFields", "constraintFields", "sortFields")
        if keys := _unknown(parts, known):
            yield f'"type" contains invalid keys, [{keys}]'
        for name in ("outputFields", "constraintFields"):
            if parts.get(name) is not None and not _is_names(parts[name]):
                yield f'"{name}" must be a valid string array'
        if parts.get("sortFields") is not None:
            yield from _in_sorts(parts["sortFields"])
        if parts.get("inputFields") is not None:
            yield from _in_inputs(parts["inputFields"], is_user)


def _in_sorts(sorts: Any) -> Iterator[str]:
    if not isinstance(sorts, list):
        yield '"sortFields" must be a valid array.'
    else:
        for index, sort in enumerate(sorts):
            at = f'"sortField" at index {index}'
            if not isinstance(sort, dict):
                yield f"{at} is not a valid object"
            elif keys := _unknown(sort, ("field", "asc", "desc")):
                yield f"{at} contains invalid keys, [{keys}]"
            elif not _is_filled(sort.get("field")):
                yield f'{at} did not provide the "field" as a string'
            elif not isinstance(sort.get("asc"), bool) or not isinstance(sort.get("desc"), bool):
                yield f'{at} did not provide "asc" or "desc" as booleans'


def _in_inputs(inputs: Any, is_user: bool) -> Iterator[str]:
    if not isinstance(inputs, dict):
        yield '"inputFields" must be a valid object'
    else:
        if keys := _unknown(inputs, ("create", "update")):
            yield f'"inputFields" contains invalid keys: [{keys}]'
        for name in ("update", "create"):
            if inputs.get(name) is not None and not _is_names(inputs[name]):
                yield f'"inputFields.{name}" must be a valid string array'
        create = inputs.get("create")
        if is_user and create is not None and not {"username", "password"} <= set(create):
            yield '"inputFields.create" must include required fields, username and password'


def _in_flags(part: str, flags: Any, names: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(flags, dict):
        yield f'"{part}" must be a valid object'
    else:
        aliases = tuple(f"{name}Alias" for name in names)
        if keys := _unknown(flags, names + aliases):
            yield f'"{part}" contains invalid keys, [{keys}]'
        for name in names:
            if flags.get(name) is not None and not isinstance(flags[name], bool):
                yield f'"{part}.{name}" must be a boolean'
        for name in aliases:
            if flags.get(name) is not None and not isinstance(flags[name], str):
                yield f'"{part}.{name}" must be a string'


def _unknown(given: JSONObject, known: tuple[str, ...]) -> str:
    return ",".join(name for name in given if name not in known)


def _is_filled(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(_is_filled(name) for name in value)
