"""Kotlin: a subclass of `ParseObject` for each class, for Parse's Android SDK."""

from collections.abc import Mapping, Sequence

from parsepy.codegen.shapes import ClassShape, FieldShape, code_names, other_names, words

_TAKEN = words(
    "Any Array Boolean Byte ByteArray Char Date Double Float Int List Long Map Nothing Number "
    "Object ParseFile ParseGeoPoint ParseObject ParsePolygon ParseRelation ParseUser Set "
    "Short String Unit JSONObject ParseClassName Suppress dynamic as break class continue do "
    "else false for fun if in interface is null object package return super this throw true "
    "try typealias typeof val var when while"
)
_INHERITED = words("objectId createdAt updatedAt className acl isDataAvailable isDirty")
_READS = {
    "String": ("String", "getString"),
    "Number": ("Number", "getNumber"),
    "Date": ("Date", "getDate"),
    "Object": ("Map<String, Any?>", "getMap"),
    "File": ("ParseFile", "getParseFile"),
    "GeoPoint": ("ParseGeoPoint", "getParseGeoPoint"),
    "Polygon": ("ParsePolygon", "getParsePolygon"),
    "Bytes": ("ByteArray", "getBytes"),
}
_IMPORTS = (
    "com.parse.ParseClassName",
    "com.parse.ParseFile",
    "com.parse.ParseGeoPoint",
    "com.parse.ParseObject",
    "com.parse.ParsePolygon",
    "com.parse.ParseRelation",
    "com.parse.ParseUser",
    "java.util.Date",
)
_HEAD = """\
// Made by `parsepy types kotlin`; make it anew when the schema changes.
// Register the classes before Parse.initialize: registerParseClasses()
@file:Suppress("unused")

"""


def generate(classes: Sequence[ClassShape]) -> str:
    """The text of a file with all classes, and a function that registers them."""
    names = code_names(classes, _TAKEN)
    own = [shape for shape in classes if not shape.is_system]
    names |= {shape.name: "ParseObject" for shape in classes if shape.is_system}
    names["_User"] = "ParseUser"
    register = [
        "fun registerParseClasses() {",
        *(f"    ParseObject.registerSubclass({names[one.name]}::class.java)" for one in own),
        "}",
    ]
    head = _HEAD + "".join(f"import {name}\n" for name in _IMPORTS)
    return "\n".join([head, *(_class(shape, names) for shape in own), *register, ""])


def _class(shape: ClassShape, names: Mapping[str, str]) -> str:
    lines = [f'@ParseClassName("{shape.name}")', f"class {names[shape.name]} : ParseObject() {{"]
    called = [f"{one.name}Value" if one.name in _INHERITED else one.name for one in shape.fields]
    # Java knows a property by getName() alone
    for field, name in zip(shape.fields, other_names(called, (), _getter), strict=True):
        lines += [*_property(field, _escaped(name), names), ""]
    return "\n".join([*lines[:-1], "}", ""] if shape.fields else [*lines, "}", ""])


def _property(field: FieldShape, name: str, names: Mapping[str, str]) -> list[str]:
    key = f'"{field.name}"'
    target = names.get(field.target or "", "ParseObject")
    if field.type == "Relation":
        return [
            f"    val {name}: ParseRelation<{target}>",
            f"        get() = getRelation({key})",
        ]
    if field.type == "Pointer":
        kind, read = target, f"getParseObject({key}) as {target}?"
    elif field.type == "Boolean":
        kind, read = "Boolean", f"if (has({key})) getBoolean({key}) else null"
    elif field.type == "Array":
        kind, read = "List<Any?>", f"getList({key})"
    elif field.type in _READS:
        kind, call = _READS[field.type]
        read = f"{call}({key})"
    else:
        kind, read = "Any", f"get({key})"
    return [
        f"    var {name}: {kind}?",
        f"        get() = {read}",
        f"        set(value) = if (value == null) remove({key}) else put({key}, value)",
    ]


def _getter(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}"


def _escaped(name: str) -> str:
    return f"`{name}`" if name in _TAKEN else name
