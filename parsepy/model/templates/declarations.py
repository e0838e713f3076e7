"""What each file declares: its classes with their columns, and its roles."""

import re
from dataclasses import dataclass

from parsepy.model.templates import notes, shapes
from parsepy.model.templates.complaints import Complaints
from parsepy.model.templates.names import (
    DEFAULTS,
    SIGN_UP,
    SYSTEM,
    TYPES,
    is_comment,
    stored_name,
    suggest,
)
from parsepy.model.templates.nodes import Node, Reader
from parsepy.model.templates.values import type_of
from parsepy.model.values import JSONObject

_CLASS_KEYS = (
    "className",
    "description",
    "fields",
    "classLevelPermissions",
    "indexes",
    "liveQuery",
)
_FIELD_KEYS = ("type", "targetClass", "required", "defaultValue", "description", "of")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ROLE_NAME = re.compile(r"[0-9A-Za-z_\- ]+")


@dataclass(frozen=True, slots=True)
class FieldDeclaration:
    """A column as one file declares it; ``type`` is ``Pointer<Class>`` style, "" if invalid."""

    node: Node
    type: str = ""
    target: Node | None = None
    required: bool = False
    built_in: bool = False

    def default(self) -> Node | None:
        """Find the declared default value; None if there is none."""
        declared: Node | None = self.node.value.get("defaultValue") if self.type else None
        return declared if declared is not None and declared.value is not None else None

    @property
    def held(self) -> list[Node]:
        """The names of the classes whose objects an array holds, as declared."""
        node: Node | None = self.node.value.get("of") if self.type == "Array" else None
        named = node.value if node is not None and isinstance(node.value, list) else ()
        return [member for member in named if isinstance(member.value, str)]

    def as_json(self, required: bool) -> JSONObject:
        """Make the column's REST schema JSON, without a default value."""
        name, _, target = self.type.rstrip(">").partition("<")
        json_form: JSONObject = {"type": name}
        if target:
            json_form["targetClass"] = target
        if required:
            json_form["required"] = True
        return json_form


@dataclass(frozen=True, slots=True)
class ClassDeclaration:
    """A class as one file declares it: its name as written and as stored."""

    written: str
    name: str
    node: Node
    fields: dict[str, FieldDeclaration]

    def requires(self, field: str) -> bool:
        """Does this file let the field stay required? A file without ``fields`` does."""
        if "fields" not in self.node.value:
            return True
        return field in self.fields and self.fields[field].required

    @property
    def is_live(self) -> bool:
        """Does this file say that clients may subscribe to the class?"""
        node: Node | None = self.node.value.get("liveQuery")
        return node is not None and node.value is True

    def part(self, key: str) -> Node | None:
        """Find the permissions or the indexes; None if they are missing or no object."""
        node: Node | None = self.node.value.get(key)
        if node is not None and node.value == []:  # an empty object, as PHP writes it
            return Node({}, node.file, node.line)
        return node if node and isinstance(node.value, dict) else None


class Declarations:
    """The classes and roles of the files that were read so far, with every problem found."""

    def __init__(self, complaints: Complaints) -> None:
        self.complaints = complaints
        self.classes: list[ClassDeclaration] = []
        self.roles: dict[str, dict[str, Node]] = {}

    def read(self, file: str, text: str) -> None:
        """Read the classes and roles of one file; problems are kept in ``complaints``."""
        self.complaints.begin(file)
        root = Reader(file, text, self.complaints.fail).read()
        if root is None:
            return
        found = shapes.classes_of(root, self.complaints)
        if found is None:
            return
        for classes in found.classes:
            self._read_classes(classes)
        if found.roles is not None:
            self._read_roles(found.roles)

    def _read_roles(self, roles: Node) -> None:
        seen: dict[str, Node] = {}
        for node in roles.value:
            if not self.complaints.check_record(node, "roles", "a role", ("name", "roles")):
                continue
            name = self.complaints.needed(node, "name", "roles", "a role")
            if name is None:
                continue
            where = f"roles.{name}"
            if not _ROLE_NAME.fullmatch(name):
                self.complaints.at(
                    node, where, "a role name has letters, digits, _, - and blanks only"
                )
            self._once(seen, name, node, where)
            heirs = self.roles.setdefault(name, {})
            members = self.complaints.member(node, "roles", list, where)
            for heir in members.value if members else ():
                if isinstance(heir.value, str) and heir.value != name:
                    heirs.setdefault(heir.value, heir)
                else:
                    self.complaints.at(heir, where, "'roles' lists the names of other roles")

    def _once(self, seen: dict[str, Node], name: str, node: Node, where: str) -> None:
        if name in seen:
            self.complaints.at(
                node, where, f"defined twice in this file (line {seen[name].line} too)"
            )
        seen.setdefault(name, node)

    def _read_classes(self, classes: Node) -> None:
        seen: dict[str, Node] = {}
        for node in classes.value:
            record = node.value if isinstance(node.value, dict) else {}
            named = record["className"].value if "className" in record else ""
            label = named if isinstance(named, str) else ""
            if not self.complaints.check_record(node, label, "a class", _CLASS_KEYS):
                continue
            written = self.complaints.needed(node, "className", "", "a class")
            name = stored_name(written or "")
            if written is not None:
                if not self._check_class_name(name, node, written):
                    continue
                self._once(seen, name, node, written)
            for key in ("classLevelPermissions", "indexes"):
                self.complaints.member(node, key, dict, written or "")
            self.complaints.member(node, "liveQuery", bool, written or "")
            self.complaints.member(node, "description", str, written or "")
            fields = self.complaints.member(node, "fields", dict, written or "")
            columns = {
                field: self._read_field(name, field, member, f"{written or '?'}.{field}")
                for field, member in (fields.value.items() if fields else ())
                if not is_comment(field)
            }
            if written is not None:
                self.classes.append(ClassDeclaration(written, name, node, columns))

    def _check_class_name(self, name: str, node: Node, where: str) -> bool:
        """Check a class name; false for a system class that is unknown here and left out."""
        if name in SYSTEM or (_NAME.fullmatch(name) and name != "length"):
            return True
        near = suggest(name, SYSTEM)
        if name.startswith("_") and not near:
            self.complaints.warn(node, where, "there is no such system class here: left out")
            return False
        if name.startswith("_"):
            reason = f"there is no system class {name!r}{near}"
        elif name == "length":
            reason = "'length' is a reserved name"
        else:
            reason = "a class name has letters, digits and _ only and starts with a letter"
        self.complaints.at(node, where, reason)
        return True

    def _read_field(self, class_name: str, name: str, node: Node, where: str) -> FieldDeclaration:
        built_in = (DEFAULTS | SYSTEM.get(class_name, {})).get(name)
        if built_in is None and name in ("length", "className"):
            self.complaints.at(node, where, f"{name!r} is a reserved name")
        elif built_in is None and not _NAME.fullmatch(name):
            reason = "a field name has letters, digits and _ only and starts with a letter"
            self.complaints.at(node, where, reason)
        if not self.complaints.check_record(node, where, "a field", _FIELD_KEYS):
            return FieldDeclaration(node)
        target = self.complaints.member(node, "targetClass", str, where)
        spelled = self._spelled_type(node, target, where, built_in)
        flag = self.complaints.member(node, "required", bool, where)
        required = flag is not None and flag.value
        notes.check_field(node, built_in or spelled, where, self.complaints)
        if not spelled:
            return FieldDeclaration(node)
        if built_in is not None:
            self._check_built_in(class_name, name, node, where, (built_in, spelled, required))
            return FieldDeclaration(node, built_in, None, required, True)
        if required and spelled.startswith("Relation"):
            self.complaints.at(node.value["required"], where, "a Relation can't be required")
        field = FieldDeclaration(node, spelled, target if "<" in spelled else None, required)
        default = field.default()
        if default is not None and type_of(default.plain()) != spelled:
            found = type_of(default.plain())
            self.complaints.at(default, where, f"default value is {found}, not {spelled}")
        return field

    def _spelled_type(
        self, node: Node, target: Node | None, where: str, built_in: str | None
    ) -> str:
        """Spell the type as ``Number`` or ``Pointer<Class>``; "" after a problem was reported."""
        name = self.complaints.needed(node, "type", where, "a field")
        if name is None:
            return ""
        if name not in TYPES and name != built_in:
            hint = suggest(name, TYPES) or f" (types: {', '.join(TYPES)})"
            self.complaints.at(node.value["type"], where, f"unknown type {name!r}{hint}")
            return ""
        if name in ("Pointer", "Relation"):
            if target:
                return f"{name}<{stored_name(target.value)}>"
            if "targetClass" not in node.value:
                self.complaints.at(node, where, f"a {name} needs 'targetClass'")
            return ""
        if target:
            self.complaints.at(node.value["targetClass"], where, f"a {name} has no 'targetClass'")
        return name

    def _check_built_in(
        self, class_name: str, name: str, node: Node, where: str, found: tuple[str, str, bool]
    ) -> None:
        built_in, spelled, required = found
        if spelled != built_in:
            reason = f"is {spelled} here, but this built-in column is {built_in}"
            self.complaints.at(node, where, reason)
        if "defaultValue" in node.value:
            reason = "a built-in column takes no default value"
            self.complaints.at(node.value["defaultValue"], where, reason)
        at_sign_up = class_name == "_User" and name in SIGN_UP
        if required and name not in DEFAULTS and not at_sign_up:
            reason = "a built-in column can't be made required"
            self.complaints.at(node.value["required"], where, reason)
