"""``ClassShape``: a class as generators see it, from the JSON of a template or of `/schemas`."""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace

from parsepy.model.schema import DEFAULT_COLUMNS, SYSTEM_COLUMNS
from parsepy.model.templates import ClassNotes
from parsepy.model.values import JSONObject

_NO_NOTES: Mapping[str, ClassNotes] = {}
HIDDEN = {"password", "authData"}
"""Columns of users that are never read as fields."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """A column: Parse's name of its type, the class that it points to, and whether it must be."""

    name: str
    type: str
    target: str | None = None
    required: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class ClassShape:
    """A class, and its columns but for those that every class has.

    ``own`` are the columns that are not Parse's own.
    """

    name: str
    fields: tuple[FieldShape, ...]
    description: str = ""

    @property
    def is_system(self) -> bool:
        """Is it one of Parse's own classes?"""
        return self.name in SYSTEM_COLUMNS

    @property
    def own(self) -> tuple[FieldShape, ...]:
        """The columns that are not Parse's own."""
        columns = SYSTEM_COLUMNS.get(self.name, {})
        return tuple(field for field in self.fields if field.name not in columns)


GENERATED_SYSTEM = ("_User", "_Role", "_Session", "_Installation")


def shapes_of(
    classes: Iterable[JSONObject], notes: Mapping[str, ClassNotes] = _NO_NOTES
) -> tuple[ClassShape, ...]:
    """The classes that clients use, by name: those of the schema, and always `_User`.

    Parse's other classes come along where the schema gives them columns or points to them.
    ``notes`` are what templates say of classes.
    """
    given = {str(one["className"]): _fields(one) for one in classes}
    targets = {field.target for fields in given.values() for field in fields}
    names = {"_User", *(name for name in given if name[:1] != "_")}
    for name in GENERATED_SYSTEM:
        own = [f for f in given.get(name, ()) if f.name not in SYSTEM_COLUMNS[name]]
        if own or name in targets:
            names.add(name)
    return tuple(
        _described(ClassShape(name, _with_system(name, given.get(name, ()))), notes.get(name))
        for name in sorted(names, key=lambda name: (name.lstrip("_"), name))
    )


def _described(shape: ClassShape, notes: ClassNotes | None) -> ClassShape:
    if notes is None:
        return shape
    fields = tuple(
        replace(field, description=notes.fields[field.name].description)
        if field.name in notes.fields
        else field
        for field in shape.fields
    )
    return ClassShape(shape.name, fields, notes.description)


def _fields(given: JSONObject) -> tuple[FieldShape, ...]:
    return tuple(
        FieldShape(
            name, column["type"], column.get("targetClass"), bool(column.get("required", False))
        )
        for name, column in (given.get("fields") or {}).items()
        if name not in DEFAULT_COLUMNS
    )


def _with_system(name: str, given: tuple[FieldShape, ...]) -> tuple[FieldShape, ...]:
    known = {field.name: field for field in given}
    system = [
        known.pop(column, FieldShape(column, kind.name, kind.target))
        for column, kind in SYSTEM_COLUMNS.get(name, {}).items()
    ]
    return tuple(field for field in (*system, *known.values()) if field.name not in HIDDEN)


def words(text: str) -> frozenset[str]:
    """The words of a text: names that a language, or what a file imports, has already."""
    return frozenset(text.split())


def code_name(class_name: str, taken: Set[str]) -> str:
    """The name of a class in code: `_User` is ``User``; one that the language has gets an end."""
    name = class_name.lstrip("_")
    return f"{name}Object" if name in taken else name


def code_names(classes: Iterable[ClassShape], taken: Set[str], beside: str = "") -> dict[str, str]:
    """By class name, the name in code; each is another one.

    ``beside`` is the ending of what the file has beside each class, under the class's name.
    """
    names: dict[str, str] = {}
    used: set[str] = set()
    for shape in classes:
        name = code_name(shape.name, taken)
        while name in used or f"{name}{beside}" in used:
            name += "_"
        used |= {name, f"{name}{beside}"}
        names[shape.name] = name
    return names


def other_names(
    names: Iterable[str], used: Iterable[str], same: Callable[[str], str] = str
) -> list[str]:
    """These names, each with an end where it would be one that is used, or one before it.

    Names are ``same`` where the language takes them for one.
    """
    known, found = {same(one) for one in used}, []
    for name in names:
        while same(name) in known:
            name += "_"
        known.add(same(name))
        found.append(name)
    return found
