"""The data dictionary: classes and columns with what is known of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from parsepy.codegen import shapes_of
from parsepy.codegen.shapes import HIDDEN
from parsepy.descriptions.rights import sentences, who_sees
from parsepy.model.schema import DEFAULT_COLUMNS, SYSTEM_COLUMNS
from parsepy.model.templates import ClassNotes, FieldNotes
from parsepy.model.values import JSONObject, dumps

_DEFAULT_NOTES = {
    "objectId": "The object's id, made by the server.",
    "createdAt": "When it was made, by the server's clock.",
    "updatedAt": "When it was last changed.",
    "ACL": "Who may read and change this object.",
}

_PATHS = {
    "_User": "/users",
    "_Role": "/roles",
    "_Session": "/sessions",
    "_Installation": "/installations",
}


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """A column as the dictionary shows it; texts are plain.

    ``targets`` are the classes that it leads to, ``titles`` what the dictionary calls them.
    """

    name: str
    type: str
    targets: tuple[str, ...]
    titles: tuple[str, ...]
    required: bool
    default: str
    description: str
    indexes: tuple[str, ...]
    seen_by: str


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """A class as the dictionary shows it; ``title`` is what `title_of` calls it."""

    name: str
    title: str
    description: str
    columns: tuple[ColumnEntry, ...]
    rights: tuple[str, ...]
    json: JSONObject

    @property
    def path(self) -> str:
        """Where its objects lie, below the mount path of the API."""
        return _PATHS.get(self.name, f"/classes/{self.name}")


def title_of(name: str, names: Collection[str]) -> str:
    """Call a class by its name without an underscore, unless another one has that name."""
    plain = name.lstrip("_")
    return name if plain in names and plain != name else plain


def entries_of(
    classes: Iterable[JSONObject], notes: Mapping[str, ClassNotes]
) -> tuple[ClassEntry, ...]:
    """Describe the classes that clients use, by name: an app's own, users, and what they need."""
    given = {str(one["className"]): one for one in classes}
    plain = {name: one for name, one in given.items() if name[:1] != "_" or _has_own(one)}
    shapes = [shape.name for shape in shapes_of(plain.values())]
    targets = {f.get("targetClass") for one in plain.values() for f in one["fields"].values()}
    found = [str(name) for name in ({*shapes} | targets) & given.keys()]
    names = sorted(found, key=lambda name: (name.lstrip("_"), name))
    return tuple(_entry(given[name], notes.get(name, ClassNotes()), given) for name in names)


def _has_own(one: JSONObject) -> bool:
    """Has a class of Parse columns that an app has added?"""
    known = {*DEFAULT_COLUMNS, *SYSTEM_COLUMNS.get(str(one["className"]), ())}
    return not one["fields"].keys() <= known


def _entry(one: JSONObject, notes: ClassNotes, known: Collection[str]) -> ClassEntry:
    name = str(one["className"])
    indexed: dict[str, list[str]] = {}
    for index, keys in (one.get("indexes") or {}).items():
        for key in keys:
            indexed.setdefault(key.removeprefix("_p_"), []).append(index)
    columns = []
    fields = one["fields"]
    order = [
        *(n for n in fields if n not in DEFAULT_COLUMNS),
        *(n for n in DEFAULT_COLUMNS if n in fields),
    ]
    for key in order:
        if key in HIDDEN:
            continue
        column = fields[key]
        noted = notes.fields.get(key, FieldNotes())
        target = column.get("targetClass")
        targets = (str(target),) if target else noted.of
        default = column.get("defaultValue")
        columns.append(
            ColumnEntry(
                key,
                str(column["type"]),
                targets,
                tuple(title_of(one, known) for one in targets),
                bool(column.get("required")),
                "" if default is None else dumps(default).decode(),
                noted.description or _DEFAULT_NOTES.get(key, ""),
                tuple(indexed.get(key, ())),
                who_sees(one, key),
            )
        )
    return ClassEntry(
        name, title_of(name, known), notes.description, tuple(columns), tuple(sentences(one)), one
    )
