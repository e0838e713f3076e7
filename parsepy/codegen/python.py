"""Python: a class of cloud code for each class, whose ``get`` and ``set`` know the fields."""

import keyword
import re
from collections.abc import Iterator, Mapping, Sequence

from parsepy.codegen.shapes import ClassShape, FieldShape, code_names, words

_TAKEN = frozenset((*keyword.kwlist, *keyword.softkwlist)) | words(
    "ACL Any D File GeoPoint Installation Literal Object Polygon Relation Role Self Session "
    "TYPE_CHECKING TypeVar User bool bytes datetime dict float list overload str type"
)
_TYPES = {
    "String": "str",
    "Number": "float",
    "Boolean": "bool",
    "Date": "datetime",
    "Object": "dict[str, Any]",
    "Array": "list[Any]",
    "File": "File",
    "GeoPoint": "GeoPoint",
    "Polygon": "Polygon",
    "Bytes": "bytes",
    "ACL": "ACL",
}
_ALWAYS = (
    ("objectId", "str | None"),
    ("createdAt", "datetime | None"),
    ("updatedAt", "datetime | None"),
    ("ACL", "ACL | None"),
)
_HEAD = '''\
"""Made by `parsepy types python`; make it anew when the schema changes.

Import it in cloud code: hooks and queries are then given these classes, and a type checker
knows the fields: ``@Cloud.before_save({example})`` with ``SaveRequest[{example}]``.
"""

from __future__ import annotations

{datetimes}from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from parsepy import {imports}

D = TypeVar("D")
'''


def generate(classes: Sequence[ClassShape]) -> str:
    """The text of a module with all classes; it needs nothing but parsepy."""
    names = code_names(classes, _TAKEN)
    own = [shape for shape in classes if not shape.is_system]
    # of Parse's own classes the package's are used; they take any field
    names |= {shape.name: shape.name.lstrip("_") for shape in classes if shape.is_system}
    texts = [_class(shape, names) for shape in own]
    whole = "\n\n\n".join(texts)
    system = [names[shape.name] for shape in classes if shape.is_system]
    known = {"ACL", "File", "GeoPoint", "Object", "Polygon", "Relation", *system}
    used = {name for name in known if re.search(rf"[^`\w]{name}\b", whole)}
    datetimes = "from datetime import datetime\n"
    head = _HEAD.format(
        example=names[own[0].name] if own else "Game",
        imports=", ".join(sorted({"Object", *used}, key=str.lower)),
        datetimes=datetimes if own else "",
    )
    exported = ", ".join(f'"{name}"' for name in sorted(names[shape.name] for shape in own))
    return "\n\n".join([head, *texts, f"__all__ = [{exported}]\n"])


def _class(shape: ClassShape, names: Mapping[str, str]) -> str:
    name = names[shape.name]
    values = [field for field in shape.fields if field.type != "Relation"]
    relations = [field for field in shape.fields if field.type == "Relation"]
    body = [
        f'class {name}(Object, class_name="{shape.name}"):',
        f'    """An object of the class `{shape.name}`."""',
        "",
        "    def __init__(self, **fields: Any) -> None:",
        f'        super().__init__("{shape.name}", **fields)',
        "",
        "    if TYPE_CHECKING:",
    ]
    for lines in (_get(values, names), _set(values, names), _relation(relations)):
        body += ["", *(f"        {line}" for line in lines)]
    return "\n".join(body).rstrip() + "\n"


_OVERRIDES = "  # type: ignore[override]"
_OPEN = "  # pyright: ignore[reportIncompatibleMethodOverride]"


def _overloads(signatures: Sequence[str], implementation: str) -> Iterator[str]:
    """Overloads, of which there are at least two, and what stands for their body."""
    for at, signature in enumerate(signatures):
        yield "@overload" + (_OVERRIDES if at == 0 else "")
        yield f"{signature}: ..."
    yield f"{implementation} -> Any: ...{_OPEN}"


def _get(fields: Sequence[FieldShape], names: Mapping[str, str]) -> Iterator[str]:
    kinds = [(field.name, _read(field, names)) for field in fields] + list(_ALWAYS)
    gets = []
    for key, kind in kinds:
        gets.append(f'def get(self, key: Literal["{key}"]) -> {kind}')
        if kind.endswith(" | None"):
            known = kind.removesuffix(" | None")
            gets.append(f'def get(self, key: Literal["{key}"], default: D) -> {known} | D')
    yield from _overloads(gets, "def get(self, key: str, default: Any = None)")
    items = [
        f'def __getitem__(self, key: Literal["{key}"]) -> {kind.removesuffix(" | None")}'
        for key, kind in kinds
    ]
    yield from _overloads(items, "def __getitem__(self, key: str)")


def _set(fields: Sequence[FieldShape], names: Mapping[str, str]) -> Iterator[str]:
    kinds = [(field.name, f"{_type(field, names)} | None") for field in fields] + [("ACL", "ACL")]
    sets = [f'def set(self, key: Literal["{key}"], value: {kind}) -> Self' for key, kind in kinds]
    sets.append("def set(self, key: dict[str, Any]) -> Self")
    yield from _overloads(sets, "def set(self, key: Any, value: Any = None)")
    items = [
        f'def __setitem__(self, key: Literal["{key}"], value: {kind}) -> None'
        for key, kind in kinds
    ]
    if len(items) == 1:
        yield f"{items[0]}: ...{_OVERRIDES}{_OPEN}"
    else:
        yield from _overloads(items, "def __setitem__(self, key: str, value: Any)")


def _relation(fields: Sequence[FieldShape]) -> Iterator[str]:
    if fields:
        keys = ", ".join(f'"{field.name}"' for field in fields)
        yield f"def relation(self, key: Literal[{keys}]) -> Relation: ...{_OVERRIDES}"


def _read(field: FieldShape, names: Mapping[str, str]) -> str:
    kind = _type(field, names)
    return kind if field.required else f"{kind} | None"


def _type(field: FieldShape, names: Mapping[str, str]) -> str:
    if field.type == "Pointer":
        return names.get(field.target or "", "Object")
    return _TYPES.get(field.type, "Any")
