"""TypeScript: a class of the `parse` SDK for each class, with the types of its attributes."""

from collections.abc import Mapping, Sequence

from parsepy.codegen.shapes import ClassShape, FieldShape, code_names, words

_TAKEN = words(
    "Array Boolean Date Error Function Map Number Object Parse Partial Promise Record Set "
    "String Symbol any boolean break case catch class const continue debugger default delete "
    "do else enum export extends false finally for function if import in instanceof new null "
    "number object return string super switch symbol this throw true try typeof undefined "
    "unknown var void while with yield let static implements interface package private "
    "protected public await never"
)
_TYPES = {
    "String": "string",
    "Number": "number",
    "Boolean": "boolean",
    "Date": "Date",
    "Object": "Record<string, any>",
    "Array": "any[]",
    "File": "Parse.File",
    "GeoPoint": "Parse.GeoPoint",
    "Polygon": "Parse.Polygon",
    "Bytes": '{ __type: "Bytes"; base64: string }',
    "ACL": "Parse.ACL",
}
_OWN_CONSTRUCTOR = frozenset({"_Role"})
"""Whose constructor takes something else: that of roles a name and an ACL."""
_HEAD = """\
// Made by `parsepy types typescript`; make it anew when the schema changes.
// Import it once before the first query: it registers the classes with the SDK.
import Parse from "parse";
"""


def generate(classes: Sequence[ClassShape]) -> str:
    """The text of a module with all classes."""
    names = code_names(classes, _TAKEN, "Attributes")
    return "\n".join([_HEAD, *(_class(shape, names) for shape in classes)])


def _class(shape: ClassShape, names: Mapping[str, str]) -> str:
    name = names[shape.name]
    base = f"Parse.{shape.name.lstrip('_')}" if shape.is_system else "Parse.Object"
    lines = [f"export type {name}Attributes = {{"]
    for field in shape.fields:
        lines += _comment(field.description, "  ")
        mark = "" if field.required else "?"
        lines.append(f"  {field.name}{mark}: {_type(field, name, names)};")
    lines += [
        "};",
        "",
        *_comment(shape.description),
        f"export class {name} extends {base}<{name}Attributes> {{",
    ]
    if shape.is_system and shape.name not in _OWN_CONSTRUCTOR:
        lines += [
            f"  constructor(attributes?: Partial<{name}Attributes>) {{",
            f"    super(attributes as {name}Attributes);",
            "  }",
        ]
    elif not shape.is_system:
        lines += [
            f"  constructor(attributes?: Partial<{name}Attributes>) {{",
            f'    super("{shape.name}", attributes as {name}Attributes);',
            "  }",
        ]
    lines += ["}", f'Parse.Object.registerSubclass("{shape.name}", {name});', ""]
    return "\n".join(lines)


def _comment(text: str, indent: str = "") -> list[str]:
    """What templates say, where editors show it; nothing in it ends the comment."""
    shown = " ".join(text.split()).replace("*/", "* /")
    return [f"{indent}/** {shown} */"] if shown else []


def _type(field: FieldShape, owner: str, names: Mapping[str, str]) -> str:
    target = names.get(field.target or "", "Parse.Object")
    if field.type == "Pointer":
        return target
    if field.type == "Relation":
        return f"Parse.Relation<{owner}, {target}>"
    return _TYPES.get(field.type, "any")
