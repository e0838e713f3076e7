"""Dart: a subclass of `ParseObject` for each class, for `parse_server_sdk` (Flutter)."""

from collections.abc import Mapping, Sequence

from parsepy.codegen.shapes import ClassShape, FieldShape, code_names, other_names, words

_TAKEN = words(
    "DateTime List Map Num Object Set String bool double dynamic int num Function Future "
    "Iterable ParseObject ParseUser ParseFile ParseFileBase ParseGeoPoint ParseRelation "
    "ParseCloneable Never Null Record Symbol Type assert break case catch class const "
    "continue default do else enum extends false final finally for if in is new null rethrow "
    "return super switch this throw true try var void while with"
)
_WORDS = _TAKEN | words(
    "abstract as await clone covariant export external factory fromJson get hide implements "
    "import interface library mixin objectId on operator part required save set show static "
    "sync toJson typedef yield createdAt updatedAt delete fetch add remove create update "
    "query pin unpin toString hashCode runtimeType noSuchMethod parseClassName path isDirty "
    "containsKey containsValue getAll getACL setACL getObjectData saveEventually toPointer "
    "saveInStorage fromPin getObject getRelation setAdd setAddAll setAddUnique setAddAllUnique "
    "setRemove setRemoveAll setIncrement setDecrement addRelation removeRelation unset"
)
_TYPES = {
    "String": "String",
    "Number": "num",
    "Boolean": "bool",
    "Date": "DateTime",
    "Object": "Map<String, dynamic>",
    "Array": "List<dynamic>",
    "File": "ParseFileBase",
    "GeoPoint": "ParseGeoPoint",
    "ACL": "ParseACL",
}
_HEAD = """\
// Made by `parsepy types dart`; make it anew when the schema changes.
import 'package:parse_server_sdk/parse_server_sdk.dart';
"""


def generate(classes: Sequence[ClassShape]) -> str:
    """The text of a library with all classes, and a function that registers them."""
    names = code_names(classes, _TAKEN)
    own = [shape for shape in classes if not shape.is_system]
    names |= {shape.name: "ParseObject" for shape in classes if shape.is_system}
    names["_User"] = "ParseUser"
    register = ["Map<String, ParseObjectConstructor> registeredSubClassMap() => {"]
    register += [f"      '{one.name}': () => {names[one.name]}()," for one in own]
    classes_text = [_class(shape, names) for shape in own]
    return "\n".join([_HEAD, *classes_text, *register, "    };", ""])


def _class(shape: ClassShape, names: Mapping[str, str]) -> str:
    name = names[shape.name]
    lines = [
        f"class {name} extends ParseObject implements ParseCloneable {{",
        f"  {name}() : super(keyTableName);",
        f"  {name}.clone() : this();",
        "",
        "  @override",
        f"  {name} clone(Map<String, dynamic> map) => {name}.clone()..fromJson(map);",
        "",
        f"  static const String keyTableName = '{shape.name}';",
    ]
    keys = other_names([_key(field) for field in shape.fields], ["keyTableName"])
    own = [f"{one.name}_" if one.name in _WORDS else one.name for one in shape.fields]
    # what a class has is called neither as the class nor as its constants
    properties = other_names(own, [name, "keyTableName", *keys])
    for field, key in zip(shape.fields, keys, strict=True):
        lines.append(f"  static const String {key} = '{field.name}';")
    for field, called, key in zip(shape.fields, properties, keys, strict=True):
        lines += ["", *_property(field, called, key, names)]
    return "\n".join([*lines, "}", ""])


def _property(field: FieldShape, name: str, key: str, names: Mapping[str, str]) -> list[str]:
    if field.type == "Relation":
        target = names.get(field.target or "", "ParseObject")
        return [
            f"  ParseRelation<{target}> get {name} => getRelation<{target}>({key});",
        ]
    kind = names.get(field.target or "", "ParseObject")
    kind = kind if field.type == "Pointer" else _TYPES.get(field.type, "dynamic")
    mark = "" if kind == "dynamic" else "?"
    return [
        f"  {kind}{mark} get {name} => get<{kind}>({key});",
        f"  set {name}({kind}{mark} value) => set<{kind}{mark}>({key}, value);",
    ]


def _key(field: FieldShape) -> str:
    return f"key{field.name[:1].upper()}{field.name[1:]}"
