"""The schemas API: classes made, changed, deleted and purged; fields, defaults, indexes."""

from typing import Any

from tests.differential.scenario import (
    Scenario,
    create,
    date,
    delete,
    find,
    get,
    op,
    pointer,
    post,
    put,
)

EVERY: dict[str, Any] = {
    "s": {"type": "String"},
    "n": {"type": "Number"},
    "b": {"type": "Boolean"},
    "d": {"type": "Date"},
    "o": {"type": "Object"},
    "a": {"type": "Array"},
    "g": {"type": "GeoPoint"},
    "f": {"type": "File"},
    "y": {"type": "Bytes"},
    "pg": {"type": "Polygon"},
    "p": {"type": "Pointer", "targetClass": "Supplier"},
    "r": {"type": "Relation", "targetClass": "_User"},
}
WRONG_FIELDS: dict[str, Any] = {
    "an unknown type": {"x": {"type": "Money"}},
    "a type that is a number": {"x": {"type": 5}},
    "no type": {"x": {}},
    "a field that is text": {"x": "String"},
    "a field that is null": {"x": None},
    "a pointer without a class": {"x": {"type": "Pointer"}},
    "a relation without a class": {"x": {"type": "Relation"}},
    "a pointer to a number": {"x": {"type": "Pointer", "targetClass": 5}},
    "a pointer to a bad class": {"x": {"type": "Pointer", "targetClass": "not a class"}},
    "a name with a dash": {"a-b": {"type": "String"}},
    "a name that starts with a digit": {"1a": {"type": "String"}},
    "a name that starts with an underscore": {"_a": {"type": "String"}},
    "a name with a dollar": {"a$": {"type": "String"}},
    "a name with a dot": {"a.b": {"type": "String"}},
    "an empty name": {"": {"type": "String"}},
    "objectId": {"objectId": {"type": "String"}},
    "ACL": {"ACL": {"type": "ACL"}},
    "className": {"className": {"type": "String"}},
    "length": {"length": {"type": "Number"}},
    "two points": {"g1": {"type": "GeoPoint"}, "g2": {"type": "GeoPoint"}},
    "a default of another kind": {"x": {"type": "Number", "defaultValue": "five"}},
    "a default of text for a date": {"x": {"type": "Date", "defaultValue": "today"}},
    "a default of another class": {
        "x": {
            "type": "Pointer",
            "targetClass": "Supplier",
            "defaultValue": pointer("Depot", "aaaaaaaaaa"),
        }
    },
    "a required relation": {"x": {"type": "Relation", "targetClass": "_User", "required": True}},
    "a relation with a default": {
        "x": {"type": "Relation", "targetClass": "_User", "defaultValue": {}}
    },
}
CLASS_NAMES = {
    "with a space": "/schemas/Two%20Words",
    "with a dash": "/schemas/two-words",
    "that starts with a digit": "/schemas/1Class",
    "that starts with an underscore": "/schemas/_Mine",
    "that is a join": "/schemas/_Join:a:B",
    "that is length": "/schemas/length",
    "of one letter": "/schemas/Q",
}


SCENARIOS = [
    Scenario(
        "a class through the schemas API",
        [
            get("/schemas/Item", who="master", name="not there yet"),
            get("/schemas/Item", name="read by nobody"),
            post("/schemas/Item", {"fields": EVERY}, who="master", name="made with every type"),
            post("/schemas/Item", {"fields": EVERY}, who="master", name="made again"),
            post("/schemas/Item", {}, name="made by nobody"),
            get("/schemas/Item", who="master"),
            find("Item", keys="s", name="empty, readable"),
            create("Item", {"s": "x", "n": 1}),
            put("/schemas/Item", {"fields": {"extra": {"type": "String"}}}, who="master"),
            put(
                "/schemas/Item",
                {"fields": {"extra": {"type": "String"}}},
                who="master",
                name="same",
            ),
            put(
                "/schemas/Item",
                {"fields": {"extra": {"type": "Number"}}},
                who="master",
                name="other",
            ),
            put("/schemas/Item", {"fields": {"extra": op("Delete")}}, who="master", name="removed"),
            put(
                "/schemas/Item",
                {"fields": {"extra": op("Delete")}},
                who="master",
                name="again gone",
            ),
            put(
                "/schemas/Item",
                {"fields": {"extra": {"type": "Number"}}},
                who="master",
                name="anew",
            ),
            put(
                "/schemas/Item",
                {"fields": {"extra": op("Delete"), "second": {"type": "Array"}}},
                who="master",
                name="one out, one in",
            ),
            put(
                "/schemas/Item", {"fields": {"objectId": op("Delete")}}, who="master", name="no id"
            ),
            put("/schemas/Item", {"fields": {"ACL": op("Delete")}}, who="master", name="no ACL"),
            put(
                "/schemas/Item",
                {"fields": {"objectId": {"type": "String"}}},
                who="master",
                name="the default column repeated",
            ),
            put("/schemas/Item", {"fields": {"r": op("Delete")}}, who="master", name="no relation"),
            put("/schemas/Item", {}, who="master", name="no change"),
            put("/schemas/Item", {"className": "Other"}, who="master", name="another name"),
            put("/schemas/Item", {"fields": {"x": {"type": "String"}}}, name="changed by nobody"),
            put("/schemas/Nosuch", {"fields": {}}, who="master", name="an unknown class"),
            delete("/schemas/Item", name="deleted by nobody"),
            delete("/schemas/Item", who="master", name="deleted when not empty"),
            delete("/purge/Item", name="purged by nobody"),
            delete("/purge/Item", who="master"),
            find("Item", name="after the purge"),
            get("/schemas/Item", who="master", name="the class after the purge"),
            delete("/schemas/Item", who="master"),
            get("/schemas/Item", who="master", name="after the deletion"),
            delete("/schemas/Item", who="master", name="deleted twice"),
            delete("/schemas/Never", who="master", name="an unknown class deleted"),
            delete("/purge/Never", who="master", name="an unknown class purged"),
            delete("/schemas/_Bad", who="master", name="a bad class deleted"),
            delete("/purge/_Bad", who="master", name="a bad class purged"),
        ],
        configuration="detailed",
    ),
    Scenario(
        "classes with bad names",
        [
            *(post(path, {}, who="master", name=f"made, {n}") for n, path in CLASS_NAMES.items()),
            *(get(path, who="master", name=f"read, {n}") for n, path in CLASS_NAMES.items()),
            post("/schemas", {}, who="master", name="without a name"),
            post("/schemas", {"className": 5}, who="master", name="a number for a name"),
            post("/schemas", {"className": "ByBody"}, who="master", name="named in the body"),
            post("/schemas/One", {"className": "Other"}, who="master", name="two names"),
            post("/schemas/Text", {"fields": "x"}, who="master", name="fields of text"),
            post("/schemas/More", {"nosuch": 1}, who="master", name="an unknown key"),
            delete("/schemas/two-words", who="master"),
            get("/schemas", name="all, by nobody"),
        ],
    ),
    Scenario(
        "fields that may not be made",
        [
            *(
                post(f"/schemas/Wrong{number}", {"fields": fields}, who="master", name=name)
                for number, (name, fields) in enumerate(WRONG_FIELDS.items())
            ),
            post("/schemas/Right", {"fields": {"g": {"type": "GeoPoint"}}}, who="master"),
            *(
                put("/schemas/Right", {"fields": fields}, who="master", name=f"{name}, added")
                for name, fields in WRONG_FIELDS.items()
            ),
            get("/schemas/Right", who="master", name="what is left"),
        ],
    ),
    Scenario(
        "required fields and defaults",
        [
            post(
                "/schemas/Form",
                {
                    "fields": {
                        "name": {"type": "String", "required": True},
                        "size": {"type": "Number", "defaultValue": 5},
                        "kind": {"type": "String", "required": True, "defaultValue": "plain"},
                        "live": {"type": "Boolean", "defaultValue": False},
                        "tags": {"type": "Array", "defaultValue": ["a"]},
                        "since": {"type": "Date", "defaultValue": date("2020-01-01T00:00:00.000Z")},
                        "at": {
                            "type": "GeoPoint",
                            "defaultValue": {"__type": "GeoPoint", "latitude": 1, "longitude": 2},
                        },
                        "by": {
                            "type": "Pointer",
                            "targetClass": "Supplier",
                            "defaultValue": pointer("Supplier", "aaaaaaaaaa"),
                        },
                    }
                },
                who="master",
            ),
            create("Form", {}, name="nothing"),
            create("Form", {"name": None}, name="null"),
            create("Form", {"name": ""}, name="an empty text"),
            create("Form", {"name": op("Delete")}, name="a deletion"),
            create("Form", {"name": 5}, name="another type"),
            create("Form", {"name": "x"}, save="f"),
            get("/classes/Form/{f}"),
            create("Form", {"name": "x", "size": 7, "kind": "special", "live": True}, name="given"),
            create("Form", {"name": "x", "size": op("Delete")}, name="a default deleted"),
            create("Form", {"name": "x", "size": op("Increment", amount=1)}, name="incremented"),
            create("Form", {"name": "x", "live": None}, name="null for a default"),
            create("Form", {"name": "x", "kind": ""}, name="empty for a required default"),
            put("/classes/Form/{f}", {"size": 8}),
            put("/classes/Form/{f}", {"name": op("Delete")}, name="remove what is required"),
            put("/classes/Form/{f}", {"name": None}, name="null what is required"),
            put("/classes/Form/{f}", {"name": ""}, name="empty what is required"),
            put("/classes/Form/{f}", {"size": op("Delete")}, name="remove what has a default"),
            get("/classes/Form/{f}", name="after the updates"),
            put(
                "/schemas/Form",
                {"fields": {"name": {"type": "String", "required": False}}},
                who="master",
                name="no longer required",
            ),
            create("Form", {}, name="nothing, again"),
            put(
                "/schemas/Form",
                {"fields": {"size": {"type": "Number", "defaultValue": 6}}},
                who="master",
                name="another default",
            ),
            create("Form", {}, name="with the other default"),
        ],
    ),
    Scenario(
        "indexes",
        [
            post(
                "/schemas/Indexed",
                {
                    "fields": {
                        "n": {"type": "Number"},
                        "name": {"type": "String"},
                        "by": {"type": "Pointer", "targetClass": "Supplier"},
                    },
                    "indexes": {"by_n": {"n": 1}},
                },
                who="master",
            ),
            get("/schemas/Indexed", who="master"),
            put(
                "/schemas/Indexed",
                {"indexes": {"two": {"n": -1, "name": 1}}},
                who="master",
                name="add",
            ),
            put(
                "/schemas/Indexed",
                {"indexes": {"ptr": {"_p_by": 1}}},
                who="master",
                name="of a pointer",
            ),
            put(
                "/schemas/Indexed",
                {"indexes": {"txt": {"name": "text"}}},
                who="master",
                name="of text",
            ),
            put("/schemas/Indexed", {"indexes": {"by_n": {"n": 1}}}, who="master", name="the same"),
            put(
                "/schemas/Indexed", {"indexes": {"x": {"nosuch": 1}}}, who="master", name="no field"
            ),
            put(
                "/schemas/Indexed", {"indexes": {"nosuch": op("Delete")}}, who="master", name="none"
            ),
            put(
                "/schemas/Indexed", {"indexes": {"by_n": op("Delete")}}, who="master", name="remove"
            ),
            put(
                "/schemas/Indexed",
                {"indexes": {"two": op("Delete"), "three": {"name": 1}}},
                who="master",
                name="one out, one in",
            ),
            put(
                "/schemas/Indexed",
                {"indexes": {"created": {"createdAt": 1}}},
                who="master",
                name="c",
            ),
            put("/schemas/Indexed", {"indexes": {"bad": {}}}, who="master", name="of nothing"),
            put(
                "/schemas/Indexed",
                {"indexes": {"bad": {"n": "sideways"}}},
                who="master",
                name="odd",
            ),
            put(
                "/schemas/Indexed",
                {"fields": {"m": {"type": "Number"}}, "indexes": {"by_m": {"m": 1}}},
                who="master",
                name="with a new field",
            ),
            get("/schemas/Indexed", who="master", name="at last"),
            post(
                "/schemas/Bare", {"indexes": {"x": {"nosuch": 1}}}, who="master", name="of no field"
            ),
            create("Indexed", {"n": 1, "name": "x"}),
            find("Indexed", {"n": 1}, hint="by_m", name="hinted by name"),
            find("Indexed", {"n": 1}, hint="nosuch", name="hinted by an unknown name"),
        ],
    ),
    Scenario(
        "system classes in the schemas API",
        [
            *(
                get(f"/schemas/{name}", who="master")
                for name in (
                    "_Role",
                    "_Session",
                    "_Installation",
                    "_Product",
                    "_JobStatus",
                    "_Hooks",
                )
            ),
            put("/schemas/_User", {"fields": {"nick": {"type": "String"}}}, who="master"),
            put(
                "/schemas/_User",
                {"fields": {"username": op("Delete")}},
                who="master",
                name="no name",
            ),
            put(
                "/schemas/_User",
                {"fields": {"email": {"type": "Number"}}},
                who="master",
                name="email",
            ),
            put(
                "/schemas/_Role", {"fields": {"name": op("Delete")}}, who="master", name="role name"
            ),
            post("/schemas/_User", {}, who="master", name="made again"),
            post("/schemas/_Product", {"fields": {"rank": {"type": "Number"}}}, who="master"),
            post("/schemas/_Session", {"fields": {"expiresAt": {"type": "String"}}}, who="master"),
            delete("/schemas/_Product", who="master"),
        ],
    ),
    Scenario(
        "fields that objects bring",
        [
            create("Grown", {"a": 1}),
            create("Grown", {"b": "x", "c": None}),
            create(
                "Grown",
                {
                    "p": pointer("Grown", "x"),
                    "r": op("AddRelation", objects=[pointer("_User", "y")]),
                },
            ),
            get("/schemas/Grown", who="master"),
            put("/schemas/Grown", {"fields": {"c": {"type": "Date"}}}, who="master"),
            create("Grown", {"c": "not a date"}),
            create("Grown", {"a": "text"}),
            put("/schemas/Grown", {"fields": {"a": op("Delete")}}, who="master"),
            find("Grown", order="createdAt", name="the field is gone"),
            create("Grown", {"a": "text now"}),
            get("/schemas/Grown", who="master", name="at last"),
            delete("/purge/Grown", who="master"),
            find("Grown", count=1, limit=0),
        ],
    ),
    Scenario(
        "purging users and roles",
        [
            post(
                "/users",
                {"username": "purged", "password": "x"},
                save={"u": "$.sessionToken"},
            ),
            post("/roles", {"name": "Purged", "ACL": {}}, who="master"),
            delete("/purge/_Role", who="master"),
            get("/roles", who="master"),
            delete("/purge/_Session", who="master"),
            get("/users/me", who="u"),
        ],
    ),
]
