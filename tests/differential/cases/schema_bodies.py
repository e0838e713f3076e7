"""Bodies of the schemas API as tables: fields, values, names, permissions, indexes, deletions."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.differential.scenario import (
    Scenario,
    Step,
    create,
    date,
    delete,
    find,
    get,
    op,
    pointer,
    post,
    put,
    stored,
)

TARGET = {"targetClass": "BodyTarget"}
TYPES: dict[str, dict[str, Any]] = {
    "String": {},
    "Number": {},
    "Boolean": {},
    "Date": {},
    "Object": {},
    "Array": {},
    "GeoPoint": {},
    "File": {},
    "Bytes": {},
    "Polygon": {},
    "Pointer": TARGET,
    "Relation": TARGET,
}
PLACE = {"__type": "GeoPoint", "latitude": 1, "longitude": 2}
CORNERS = {"__type": "Polygon", "coordinates": [[0, 0], [0, 1], [1, 1], [0, 0]]}
VALUES: dict[str, Any] = {
    "text": "x",
    "an empty text": "",
    "a number": 5,
    "zero": 0,
    "a boolean": False,
    "a date": date("2020-01-01T00:00:00.000Z"),
    "text like a date": "2020-01-01T00:00:00.000Z",
    "a list": ["a", 1],
    "an empty list": [],
    "an object": {"a": 1},
    "an empty object": {},
    "a place": PLACE,
    "a file": {"__type": "File", "name": "a.txt", "url": "http://files.test/a.txt"},
    "bytes": {"__type": "Bytes", "base64": "aGVsbG8="},
    "a polygon": CORNERS,
    "a pointer": pointer("BodyTarget", "aaaaaaaaaa"),
    "a pointer to another class": pointer("BodyOther", "aaaaaaaaaa"),
    "an unknown type": {"__type": "Money", "amount": 5},
    "an operation": op("Increment", amount=1),
}
"""Default values, for each type: what fits, and what does not."""

FLAGS = {
    "required": True,
    "not required": False,
    "required by text": "yes",
    "required by null": None,
    "required by a number": 1,
}
TARGETS: dict[str, Any] = {
    "none": None,
    "a class that is not there": "BodyNowhere",
    "a system class": "_Role",
    "an unknown system class": "_Nothing",
    "a join": "_Join:a:B",
    "User": "User",
    "an empty text": "",
    "a list": ["BodyTarget"],
    "an object": {"className": "BodyTarget"},
    "a boolean": True,
    "a name with a space": "Body Target",
}
NAMES = (
    "a",
    "A1_b",
    "x" * 129,
    "_id",
    "id",
    "createdAt",
    "updatedAt",
    "_created_at",
    "_rperm",
    "_p_by",
    "username",
    "authData",
    "sessionToken",
    "a b",
    "ä",
    "a:b",
    "0",
    "type",
    "fields",
)
"""Names of fields; all but a few may be made."""

CLASS_NAMES = (
    "_Audience",
    "_JobSchedule",
    "_PushStatus",
    "_Idempotency",
    "_Product",
    "_SCHEMA",
    "_Join:users:_Role",
    "_join:users:_Role",
    "system.users",
    "a$b",
    "a.b",
    "a%20b",
    "%C3%84",
    "Body_9",
    "n" * 130,
)
BODIES: dict[str, Any] = {
    "fields of null": {"fields": None},
    "fields of a list": {"fields": ["a"]},
    "fields of an empty list": {"fields": []},
    "fields of a number": {"fields": 5},
    "fields of true": {"fields": True},
    "indexes of null": {"indexes": None},
    "indexes of text": {"indexes": "x"},
    "indexes of a list": {"indexes": ["a"]},
    "indexes of an empty list": {"indexes": []},
    "indexes of a number": {"indexes": 5},
    "permissions of null": {"classLevelPermissions": None},
    "permissions of text": {"classLevelPermissions": "x"},
    "permissions of a list": {"classLevelPermissions": ["find"]},
    "permissions of an empty list": {"classLevelPermissions": []},
    "permissions of a number": {"classLevelPermissions": 5},
    "permissions of true": {"classLevelPermissions": True},
    "an empty name": {"className": ""},
    "a name of null": {"className": None},
    "a name of a list": {"className": []},
    "a name of an object": {"className": {}},
    "a name of false": {"className": False},
    "unknown keys": {"nosuch": 1, "_metadata": {"x": 1}, "objectId": "x"},
    "a list": [{"className": "x"}],
    "an empty list": [],
}
FIELD_BODIES: dict[str, Any] = {
    "an unknown key": {"type": "String", "nosuch": 1},
    "a class for no pointer": {"type": "String", "targetClass": "BodyTarget"},
    "a type in small letters": {"type": "string"},
    "ACL as a type": {"type": "ACL"},
    "null as a type": {"type": None},
    "a list as a type": {"type": ["String"]},
    "an object as a type": {"type": {"type": "String"}},
    "an empty type": {"type": ""},
    "a list": [],
    "a boolean": True,
    "a number": 5,
    "a notation with a star": {"type": "*BodyTarget"},
    "a notation of a relation": {"type": "relation<BodyTarget>"},
    "a deletion with a type": {"__op": "Delete", "type": "String"},
    "another operation": op("Increment", amount=1),
    "an empty operation": {"__op": ""},
    "a deletion in small letters": {"__op": "delete"},
}
OPERATIONS = ("find", "get", "count", "create", "update", "delete", "addField")
PERMISSIONS: dict[str, Any] = {
    **{f"{name} for everybody": {name: {"*": True}} for name in OPERATIONS},
    **{f"{name} for nobody": {name: {}} for name in OPERATIONS},
    **{f"{name} of null": {name: None} for name in (*OPERATIONS, "protectedFields")},
    **{f"{name} of text": {name: "*"} for name in ("find", "readUserFields", "protectedFields")},
    **{f"{name} of a list": {name: ["*"]} for name in ("find", "addField", "protectedFields")},
    "find for a user": {"find": {"aaaaaaaaaa": True}},
    "find for a role": {"find": {"role:staff": True}},
    "find for a role with a space": {"find": {"role:all staff": True}},
    "find for an empty role": {"find": {"role:": True}},
    "find for signed-in users": {"find": {"requiresAuthentication": True}},
    "find for a bad id": {"find": {"a-b": True}},
    "find for a long id": {"find": {"a" * 40: True}},
    "find for an empty name": {"find": {"": True}},
    "find of false": {"find": {"*": False}},
    "find of text inside": {"find": {"*": "true"}},
    "find of a number inside": {"find": {"*": 1}},
    "find of null inside": {"find": {"*": None}},
    "find by pointers": {"find": {"pointerFields": ["by"]}},
    "find by pointers to nothing": {"find": {"pointerFields": ["nosuch"]}},
    "find by pointers of another type": {"find": {"pointerFields": ["n"]}},
    "find by a list of users": {"find": {"pointerFields": ["many"]}},
    "find by no pointers": {"find": {"pointerFields": []}},
    "find by pointers of text": {"find": {"pointerFields": "by"}},
    "find by a pointer to another class": {"find": {"pointerFields": ["other"]}},
    "addField by pointers": {"addField": {"pointerFields": ["by"]}},
    "create by pointers": {"create": {"pointerFields": ["by"]}},
    "readUserFields": {"readUserFields": ["by"]},
    "writeUserFields": {"writeUserFields": ["by", "many"]},
    "readUserFields of nothing": {"readUserFields": ["nosuch"]},
    "writeUserFields of another type": {"writeUserFields": ["n"]},
    "readUserFields of null": {"readUserFields": None},
    "readUserFields of numbers": {"readUserFields": [5]},
    "protected for everybody": {"protectedFields": {"*": ["n"]}},
    "protected for a user": {"protectedFields": {"aaaaaaaaaa": ["n"]}},
    "protected for a role": {"protectedFields": {"role:staff": ["n", "s"]}},
    "protected for signed-in users": {"protectedFields": {"authenticated": ["n"]}},
    "protected for a pointer's users": {"protectedFields": {"userField:by": ["n"]}},
    "protected for a list's users": {"protectedFields": {"userField:many": ["n"]}},
    "protected for users of nothing": {"protectedFields": {"userField:nosuch": ["n"]}},
    "protected for users of a number": {"protectedFields": {"userField:n": ["n"]}},
    "protected for a bad name": {"protectedFields": {"a-b": ["n"]}},
    "protected, a column that is gone": {"protectedFields": {"*": ["nosuch"]}},
    "protected, the id": {"protectedFields": {"*": ["objectId"]}},
    "protected, createdAt": {"protectedFields": {"*": ["createdAt"]}},
    "protected, the ACL": {"protectedFields": {"*": ["ACL"]}},
    "protected, nothing": {"protectedFields": {"*": []}},
    "protected, text": {"protectedFields": {"*": "n"}},
    "protected, numbers": {"protectedFields": {"*": [5]}},
    "protected, twice": {"protectedFields": {"*": ["n", "n"]}},
    "protected, nobody": {"protectedFields": {}},
    "an unknown operation": {"read": {"*": True}},
    "an ACL": {"ACL": {"*": {"read": True}}},
    "an ACL of the user": {"ACL": {"currentUser": {"read": True, "write": True}}},
    "an ACL of a role": {"ACL": {"role:staff": {"write": True}}},
    "an ACL of text": {"ACL": "x"},
    "an ACL of null": {"ACL": None},
    "an ACL with an odd right": {"ACL": {"*": {"delete": True}}},
    "an ACL with an odd value": {"ACL": {"*": {"read": "yes"}}},
}
INDEXES: dict[str, Any] = {
    "one column": {"one": {"n": 1}},
    "descending": {"down": {"n": -1}},
    "compound": {"pair": {"n": 1, "s": -1}},
    "with a good and a bad column": {"half": {"n": 1, "nosuch": 1}},
    "the id": {"by_id": {"objectId": 1}},
    "the id as stored": {"by_stored": {"_id": 1}},
    "createdAt as stored": {"made": {"_created_at": 1}},
    "updatedAt": {"changed": {"updatedAt": -1}},
    "readers": {"readers": {"_rperm": 1}},
    "a pointer": {"who": {"by": 1}},
    "a pointer as stored": {"who_stored": {"_p_by": 1}},
    "a list": {"list": {"many": 1}},
    "a place": {"place": {"g": "2dsphere"}},
    "a place on a plane": {"plane": {"g": "2d"}},
    "a place on a column of text": {"odd_place": {"s": "2dsphere"}},
    "words": {"words": {"s": "text"}},
    "hashed": {"hashed": {"n": "hashed"}},
    "a direction of text": {"text_one": {"n": "1"}},
    "a direction of zero": {"zero": {"n": 0}},
    "a direction of null": {"nothing": {"n": None}},
    "a direction of two": {"two": {"n": 2}},
    "a key of text": {"no_key": "n"},
    "a key of null": {"null_key": None},
    "a key of a list": {"list_key": ["n"]},
    "an empty name": {"": {"n": 1}},
    "a name with a dollar": {"a$b": {"s": 1}},
    "a name with a dot": {"a.b": {"s": 1, "n": 1}},
    "the name of MongoDB's own": {"_id_": {"_id": 1}},
    "the name of MongoDB's own for another": {"_id_": {"n": 1}},
    "the same key by another name": {"one_again": {"n": 1}},
    "another key by the same name": {"one": {"s": 1}},
    "the same again": {"pair": {"n": 1, "s": -1}},
    "the deletion of one": {"one": op("Delete")},
    "the deletion of one that is gone": {"one": op("Delete")},
    "the deletion of MongoDB's own": {"_id_": op("Delete")},
    "another operation": {"pair": op("Increment", amount=1)},
    "a deletion and its making": {"down": op("Delete"), "down_again": {"n": -1, "s": 1}},
}
DELETIONS: dict[str, Any] = {
    "a column": {"s": op("Delete")},
    "a column that is gone": {"s": op("Delete")},
    "two columns": {"n": op("Delete"), "b": op("Delete")},
    "one that is there and one that is not": {"d": op("Delete"), "nosuch": op("Delete")},
    "a pointer": {"by": op("Delete")},
    "a relation": {"all": op("Delete")},
    "createdAt": {"createdAt": op("Delete")},
    "updatedAt": {"updatedAt": op("Delete")},
    "the ACL and a column": {"ACL": op("Delete"), "o": op("Delete")},
    "a path": {"o.city": op("Delete")},
    "a bad name": {"a-b": op("Delete")},
    "a column and its making": {"o": op("Delete"), "late": {"type": "Number"}},
    "a column with an index": {"g": op("Delete")},
}
CHANGES: dict[str, Any] = {
    "the same type": {"n": {"type": "Number"}},
    "another type": {"n": {"type": "String"}},
    "now required": {"n": {"type": "Number", "required": True}},
    "no longer required": {"n": {"type": "Number", "required": False}},
    "with a default": {"n": {"type": "Number", "defaultValue": 3}},
    "with a default of another type": {"n": {"type": "Number", "defaultValue": "3"}},
    "without the default": {"n": {"type": "Number"}},
    "another class": {"by": {"type": "Pointer", "targetClass": "BodyOther"}},
    "a pointer to none": {"by": {"type": "Pointer"}},
    "a pointer required": {"by": {"type": "Pointer", "targetClass": "_User", "required": True}},
    "a relation to another class": {"all": {"type": "Relation", "targetClass": "BodyOther"}},
    "an own column of the class": {"createdAt": {"type": "Date"}},
    "an own column of another type": {"createdAt": {"type": "String"}},
    "an own column required": {"ACL": {"type": "ACL", "required": True}},
    "a second place": {"g2": {"type": "GeoPoint"}},
    "no type": {"n": {}},
    "text for a column": {"n": "Number"},
    "null for a column": {"n": None},
    "a list for a column": {"n": []},
    "a pointer to a number": {"by": {"type": "Pointer", "targetClass": 5}},
    "a pointer to a bad class": {"by": {"type": "Pointer", "targetClass": "a b"}},
    "a relation to none": {"all": {"type": "Relation"}},
    "a good and a bad one": {"fine": {"type": "String"}, "bad": {"type": "Nothing"}},
}
ALONE: dict[str, Any] = {
    "a default of null": {"fields": {"x": {"type": "String", "defaultValue": None}}},
    "an operation for a default": {
        "fields": {"x": {"type": "Number", "defaultValue": op("Increment", amount=1)}}
    },
    "a column named constructor": {"fields": {"constructor": {"type": "String"}}},
    "a column named toString": {"fields": {"toString": {"type": "String"}}},
    "a column named __proto__": {"fields": {"__proto__": {"type": "String"}}},
    "an index of a path": {
        "fields": {"o": {"type": "Object"}},
        "indexes": {"path": {"o.city": 1}},
    },
}
"""What one of the servers takes and the other does not, each on a class of its own."""
SPARE = {
    "s": {"type": "String"},
    "n": {"type": "Number"},
    "b": {"type": "Boolean"},
    "d": {"type": "Date"},
    "o": {"type": "Object"},
    "g": {"type": "GeoPoint"},
    "by": {"type": "Pointer", "targetClass": "_User"},
    "other": {"type": "Pointer", "targetClass": "BodyTarget"},
    "many": {"type": "Array"},
    "all": {"type": "Relation", "targetClass": "_User"},
}
"""The fields of a class that a table is sent to."""


DEFAULT_ACLS: dict[str, Any] = {
    "nobody reads": {"*": {"read": False}},
    "nobody at all": {"*": {"read": False, "write": False}},
    "everybody reads": {"*": {"read": True, "write": False}},
    "a role": {"role:x": {"read": True}},
    "a user who may not": {"aaaaaaaaaa": {"read": False}},
    "whoever makes it, not": {"currentUser": {"read": False}},
    "whoever makes it": {"currentUser": {"read": True, "write": True}},
    "nothing": {},
    "a role alone": {"*": {"read": False}, "role:x": {"read": True}},
}
"""Default ACLs of a class, among them flags that are false."""


def default_acl(number: int, name: str, acl: dict[str, Any]) -> Iterable[Step]:
    """Make objects of a class with a default ACL; look at what they have."""
    class_name = f"BodyAcl{number}"
    everything = {operation: {"*": True} for operation in OPERATIONS}
    body = {"fields": {}, "classLevelPermissions": {**everything, "ACL": acl}}
    yield post(f"/schemas/{class_name}", body, who="master", name=f"a class, {name}")
    for given, more in {"none": {}, "an empty": {"ACL": {}}, "null for an": {"ACL": None}}.items():
        yield create(class_name, more, name=f"{given} ACL, {name}")
    yield create(class_name, {}, who="master", name=f"by the master key, {name}")
    yield find(class_name, name=f"found, {name}")
    yield find(class_name, who="master", name=f"found by the master key, {name}")
    yield stored(class_name, name=f"stored, {name}")


def made(class_name: str) -> Step:
    """Make a class with the fields of `SPARE`."""
    return post(f"/schemas/{class_name}", {"fields": SPARE}, who="master", name="made")


def put_all(class_name: str, bodies: Mapping[str, Any], key: str) -> Iterable[Step]:
    """Send each body to one class, under a key of the schema."""
    for name, body in bodies.items():
        yield put(f"/schemas/{class_name}", {key: body}, who="master", name=name)


def numbered(prefix: str, bodies: Mapping[str, Any], key: str = "") -> Iterable[Step]:
    """Make a class of its own with each body."""
    for number, (name, body) in enumerate(bodies.items()):
        sent = {key: body} if key else body
        yield post(f"/schemas/{prefix}{number}", sent, who="master", name=name)


def defaults_of(kind: str, more: dict[str, Any]) -> Scenario:
    """Every value as the default of one type; then an object that takes those that were made."""
    class_name = f"BodyDefault{kind}"
    defaults = {name: {**more, "defaultValue": value} for name, value in VALUES.items()}
    flags = {name: {**more, "required": flag} for name, flag in FLAGS.items()}
    values = {
        name: {f"x{number}": {"type": kind, **how}}
        for number, (name, how) in enumerate((defaults | flags).items())
        # that one is taken by Parse Server, and has a class of its own below
        if (kind, name) != ("Number", "an operation")
    }
    return Scenario(
        f"defaults of the type {kind}",
        [
            post(f"/schemas/{class_name}", {}, who="master", name="made"),
            *put_all(class_name, values, "fields"),
            create(class_name, {}, name="an object, without what is required"),
            put_all_optional(class_name, kind, more),
            create(class_name, {}, name="an object"),
            find(class_name, name="the object"),
        ],
        configuration="own_names",
    )


def put_all_optional(class_name: str, kind: str, more: dict[str, Any]) -> Step:
    """Take back that columns of `FLAGS` are required."""
    first = len(VALUES)
    fields = {
        f"x{number}": {"type": kind, **more, "required": False}
        for number in range(first, first + len(FLAGS))
    }
    return put(
        f"/schemas/{class_name}", {"fields": fields}, who="master", name="no longer required"
    )


SCENARIOS = [
    *(defaults_of(kind, more) for kind, more in TYPES.items()),
    Scenario(
        "classes that fields point to",
        [
            *numbered(
                "BodyPoints",
                {
                    f"{kind}, {name}": {"x": {"type": kind, "targetClass": target}}
                    for kind in ("Pointer", "Relation")
                    for name, target in TARGETS.items()
                },
                "fields",
            ),
            *numbered(
                "BodyField", {name: {"x": body} for name, body in FIELD_BODIES.items()}, "fields"
            ),
            made("BodyFieldsAdded"),
            *put_all(
                "BodyFieldsAdded",
                {name: {f"x{n}": body} for n, (name, body) in enumerate(FIELD_BODIES.items())},
                "fields",
            ),
            get("/schemas/BodyFieldsAdded", who="master", name="what there is in the end"),
        ],
        configuration="own_names",
    ),
    Scenario(
        "names of fields and classes",
        [
            *numbered("BodyName", {name: {name: {"type": "String"}} for name in NAMES}, "fields"),
            made("BodyNames"),
            *put_all("BodyNames", {name: {name: {"type": "String"}} for name in NAMES}, "fields"),
            *(
                post(f"/schemas/{name}", {}, who="master", name=f"class {name}")
                for name in CLASS_NAMES
            ),
            *(
                put(f"/schemas/{name}", {"fields": {}}, who="master", name=f"class {name} changed")
                for name in CLASS_NAMES
            ),
            *(
                post("/schemas", {"className": name}, who="master", name=f"class {name} by body")
                for name in CLASS_NAMES
            ),
            *(
                delete(f"/schemas/{name}", who="master", name=f"class {name} deleted")
                for name in CLASS_NAMES
            ),
        ],
        configuration="own_names",
    ),
    Scenario(
        "bodies of the schemas API",
        [
            *numbered("BodyShape", BODIES),
            made("BodyShapes"),
            *(
                put("/schemas/BodyShapes", body, who="master", name=f"{name}, changed")
                for name, body in BODIES.items()
            ),
            get("/schemas/BodyShapes", who="master", name="what there is in the end"),
        ],
        configuration="own_names",
    ),
    Scenario(
        "schemas that one server takes",
        [
            *numbered("BodyAlone", ALONE),
            *(
                post(f"/schemas/{name}", {}, who="master", name=f"a class named {name}")
                for name in ("constructor", "toString")
            ),
        ],
        configuration="own_names",
    ),
    Scenario(
        "bodies of permissions",
        [
            made("BodyRules"),
            *(
                put(
                    "/schemas/BodyRules",
                    {"classLevelPermissions": permissions},
                    who="master",
                    name=f"{name}, changed",
                )
                for name, permissions in PERMISSIONS.items()
            ),
            get("/schemas/BodyRules", who="master", name="what there is in the end"),
        ],
        configuration="own_names",
    ),
    Scenario(
        "default ACLs of classes",
        [
            step
            for number, (name, acl) in enumerate(DEFAULT_ACLS.items())
            for step in default_acl(number, name, acl)
        ],
        configuration="own_names",
    ),
    Scenario(
        "a create that is refused for two reasons",
        [
            post(
                "/schemas/BodyDenied",
                {
                    "fields": {"by": {"type": "String", "required": True}},
                    "classLevelPermissions": {"find": {"*": True}},
                },
                who="master",
            ),
            create("BodyDenied", {}, name="what is required is missing"),
            create("BodyDenied", {"by": None}, name="what is required is null"),
            create("BodyDenied", {"by": 5}, name="another type"),
            create("BodyDenied", {"by": "x", "more": 5}, name="a new column"),
            create("BodyDenied", {"by": "x", "a b": 5}, name="a bad name"),
            create("BodyDenied", {"by": "x", "ACL": 5}, name="a bad ACL"),
            create("BodyDenied", {"by": "x", "objectId": "mine"}, name="an id"),
            put("/classes/BodyDenied/aaaaaaaaaa", {"by": None}, name="an update with null"),
            put("/classes/BodyDenied/aaaaaaaaaa", {"by": 5}, name="an update of another type"),
        ],
        configuration="own_names",
    ),
    Scenario(
        "a change of a schema that fails half-way",
        [
            made("BodyHalf"),
            put(
                "/schemas/BodyHalf",
                {
                    "fields": {"late": {"type": "String"}, "b": op("Delete")},
                    "classLevelPermissions": {"find": {"*": True}},
                    "indexes": {"bad": {"nosuch": 1}},
                },
                who="master",
                name="all but the index is fine",
            ),
            get("/schemas/BodyHalf", who="master", name="what it has become"),
        ],
        configuration="own_names",
    ),
    Scenario(
        "bodies of indexes",
        [
            made("BodyIndexes"),
            create("BodyIndexes", {"n": 1, "s": "x"}),
            *put_all("BodyIndexes", INDEXES, "indexes"),
            get("/schemas/BodyIndexes", who="master", name="what there is in the end"),
        ],
        configuration="own_names",
    ),
    Scenario(
        "columns deleted and changed by the schemas API",
        [
            made("BodyLess"),
            put("/schemas/BodyLess", {"indexes": {"at": {"g": "2dsphere"}}}, who="master"),
            create("BodyLess", {"s": "x", "n": 1, "b": True, "o": {"city": "Ulm"}}, save="o"),
            *put_all("BodyLess", DELETIONS, "fields"),
            find("BodyLess", name="what is left"),
            get("/schemas/BodyLess", who="master", name="what there is in the end"),
            made("BodyMore"),
            create("BodyMore", {"n": 1}),
            *put_all("BodyMore", CHANGES, "fields"),
            create("BodyMore", {"s": "x"}, name="without what was required"),
            get("/schemas/BodyMore", who="master", name="what there is in the end, changed"),
        ],
        configuration="own_names",
    ),
]
