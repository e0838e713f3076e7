"""Merge the declarations of the files: one schema for each class."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from parsepy.model.schema import VOLATILE_CLASSES
from parsepy.model.templates import class_permissions, indexes
from parsepy.model.templates.complaints import Complaints
from parsepy.model.templates.declarations import ClassDeclaration, Declarations, FieldDeclaration
from parsepy.model.templates.names import ALIASES, DEFAULTS, SIGN_UP, SYSTEM, stored_name, suggest
from parsepy.model.templates.nodes import Node
from parsepy.model.templates.notes import ClassNotes
from parsepy.model.templates.notes import merged as merged_notes
from parsepy.model.templates.problems import Problem
from parsepy.model.values import JSONObject


@dataclass(frozen=True, slots=True)
class TemplateRole:
    """A role that the first start makes; the members of ``roles`` have its rights, too."""

    name: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """What the files ask for.

    The classes as REST schema JSON, the roles, the columns that a sign-up must have, and the
    names of the classes that clients may subscribe to (Live Query).
    """

    classes: tuple[JSONObject, ...]
    roles: tuple[TemplateRole, ...] = ()
    sign_up_required: tuple[str, ...] = ()
    live_classes: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """What was accepted although it may not be meant."""
    notes: Mapping[str, ClassNotes] = dataclasses.field(default_factory=dict)
    """What is said of classes for people; it is not stored with them."""


def merge(declarations: Declarations) -> Template:
    """Merge everything that was read into one template; raises ``TemplateError``."""
    complaints = declarations.complaints
    by_name: dict[str, list[ClassDeclaration]] = {}
    for declared in declarations.classes:
        by_name.setdefault(declared.name, []).append(declared)
    _check_targets(declarations, {*by_name, *SYSTEM})
    merged = [_merged(name, group, complaints) for name, group in by_name.items()]
    _check_heirs(declarations)
    complaints.raise_any()
    users = by_name.get("_User", [])
    named = {field for declared in users for field in declared.fields}
    return Template(
        classes=tuple(c for c in merged if c["className"] not in VOLATILE_CLASSES),
        roles=tuple(TemplateRole(name, tuple(heirs)) for name, heirs in declarations.roles.items()),
        # Parse: the required check runs before the random username is made, and sign-ups
        # through a provider have no password, so these three are no column options.
        sign_up_required=tuple(
            field
            for field in SIGN_UP[2:]
            if field in named and all(declared.requires(field) for declared in users)
        ),
        live_classes=tuple(
            name for name, group in by_name.items() if any(declared.is_live for declared in group)
        ),
        warnings=tuple(complaints.warnings),
        notes={name: made for name, group in by_name.items() if (made := _notes(group))},
    )


def _notes(group: list[ClassDeclaration]) -> ClassNotes | None:
    fields = [(name, field.node) for declared in group for name, field in declared.fields.items()]
    return merged_notes([declared.node for declared in group], fields)


def _check_targets(declarations: Declarations, known: set[str]) -> None:
    for declared in declarations.classes:
        for name, field in declared.fields.items():
            if field.target and stored_name(field.target.value) not in known:
                hint = suggest(field.target.value, {*known, *ALIASES})
                reason = f"there is no class {field.target.value!r}{hint}"
                where = f"{declared.written}.{name}"
                declarations.complaints.warn(field.target, where, reason)
            for node in field.held:
                if stored_name(node.value) not in known:
                    hint = suggest(node.value, {*known, *ALIASES})
                    reason = f"there is no class {node.value!r}{hint}"
                    declarations.complaints.warn(node, f"{declared.written}.{name}", reason)


def _check_heirs(declarations: Declarations) -> None:
    for name, heirs in declarations.roles.items():
        for heir, node in heirs.items():
            if heir not in declarations.roles:
                reason = f"there is no role {heir!r}{suggest(heir, declarations.roles)}"
                declarations.complaints.at(node, f"roles.{name}", reason)


def _merged(name: str, group: list[ClassDeclaration], complaints: Complaints) -> JSONObject:
    columns: dict[str, FieldDeclaration] = {}
    defaults: dict[str, Node] = {}
    for declared in group:
        for field_name, field in declared.fields.items():
            where = f"{declared.written}.{field_name}"
            first = columns.setdefault(field_name, field)
            if first.type and field.type and first.type != field.type:
                difference = f"is {field.type} here, but {first.type} in"
                complaints.conflict(field.node, where, first.node, difference)
            default = field.default()
            if default is not None:
                other = defaults.setdefault(field_name, default)
                if other.plain() != default.plain():
                    complaints.conflict(default, where, other, "another default value than in")
    json_form: JSONObject = {"className": name, "fields": {}}
    for field_name, field in columns.items():
        if not field.built_in:
            required = all(declared.requires(field_name) for declared in group)
            json_form["fields"][field_name] = field.as_json(required)
            if field_name in defaults:
                json_form["fields"][field_name]["defaultValue"] = defaults[field_name].plain()
    own = {field_name: field.type for field_name, field in columns.items()}
    types = DEFAULTS | SYSTEM.get(name, {}) | own
    permissions = class_permissions.merge(group, types, complaints)
    if permissions is not None:
        json_form["classLevelPermissions"] = permissions
    keys = indexes.merge(group, types, complaints)
    if keys:
        json_form["indexes"] = keys
    return json_form
