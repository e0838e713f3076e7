"""Swift: a struct for each class, for ParseSwift; all properties are optional, as it asks."""

from collections.abc import Mapping, Sequence

from parsepy.codegen.shapes import ClassShape, FieldShape, code_names, words

_TAKEN = words(
    "Any Array Bool Bytes Character Codable Data Date Dictionary Double Error Float Int "
    "Decoder Encoder Hashable JSONValue Never Optional ParseACL ParseFile ParseObject "
    "ParseUser Pointer Result Self "
    "Set String Type Void associatedtype break case catch class continue default defer deinit "
    "do else enum extension fallthrough false fileprivate for func guard if import in init "
    "inout internal is let nil open operator private protocol public repeat rethrows return "
    "self static struct subscript super switch throw throws true try typealias var where "
    "while"
)
_INHERITED = words("originalData className")
"""What every struct has of ParseSwift: a column of that name can't be another one."""
_TYPES = {
    "String": "String",
    "Number": "Double",
    "Boolean": "Bool",
    "Date": "Date",
    "Object": "[String: JSONValue]",
    "Array": "[JSONValue]",
    "File": "ParseFile",
    "GeoPoint": "ParseGeoPoint",
    "Polygon": "ParsePolygon",
    "Bytes": "ParseBytes",
    "ACL": "ParseACL",
}
_HEAD = """\
// Made by `parsepy types swift`; make it anew when the schema changes.
import Foundation
import ParseSwift

/// What a schema does not tell the type of.
enum JSONValue: Codable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
"""
_ALWAYS = (
    "var originalData: Data?",
    "var objectId: String?",
    "var createdAt: Date?",
    "var updatedAt: Date?",
    "var ACL: ParseACL?",
)
_USER = (
    "var username: String?",
    "var email: String?",
    "var emailVerified: Bool?",
    "var password: String?",
    "var authData: [String: [String: String]?]?",
)
_BASES = {"_User": "ParseUser"}
_SYSTEM = {"_User": _USER}
"""Parse's own classes of which a struct is made, for the columns that an app adds."""


def generate(classes: Sequence[ClassShape]) -> str:
    """The text of a file with all classes."""
    names = code_names(classes, _TAKEN)
    own = [one for one in classes if not one.is_system or one.name in _SYSTEM]
    return "\n".join([_HEAD, *(_class(shape, names) for shape in own)])


def _class(shape: ClassShape, names: Mapping[str, str]) -> str:
    name = names[shape.name]
    lines = [f"struct {name}: {_BASES.get(shape.name, 'ParseObject')} {{"]
    if not shape.is_system and name != shape.name:
        lines += [f'    static var className: String {{ "{shape.name}" }}', ""]
    lines += [f"    {line}" for line in _ALWAYS]
    lines += [f"    {line}" for line in _SYSTEM.get(shape.name, ())]
    own = [field for field in shape.own if field.name not in _INHERITED]
    if own:
        lines.append("")
    lines += [f"    var {_escaped(field.name)}: {_type(field, name, names)}?" for field in own]
    return "\n".join([*lines, "}", ""])


def _type(field: FieldShape, owner: str, names: Mapping[str, str]) -> str:
    # a struct can't hold itself: what is pointed to stays a Pointer until it is fetched
    target = names.get(field.target or "")
    if field.type == "Pointer":
        return f"Pointer<{target}>" if target else "JSONValue"
    if field.type == "Relation":
        return f"ParseRelation<{owner}>"
    return _TYPES.get(field.type, "JSONValue")


def _escaped(name: str) -> str:
    return f"`{name}`" if name in _TAKEN else name
