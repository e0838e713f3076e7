"""E2: what hooks see, internal classes, permissions given back, required columns, sessions."""

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
    sign_up,
)

INTERNAL = (
    "_GlobalConfig",
    "_Hooks",
    "_JobSchedule",
    "_JobStatus",
    "_PushStatus",
    "_Audience",
    "_Idempotency",
    "_GraphQLConfig",
    "_ExportProgress",
    "_Join:users:_Role",
    "_PushQueue",
)
SYSTEM = ("_User", "_Installation", "_Role", "_Product")


def internal() -> list[Step]:
    """The classes that no client's objects are of, by the routes of objects and of schemas."""
    steps: list[Step] = [
        put("/config", {"params": {"fee": 3}}, who="master", name="a parameter"),
        put(
            "/graphql-config",
            {"params": {"enabledForClasses": ["Nothing"]}},
            who="master",
            name="GraphQL's",
        ),
        post(
            "/hooks/functions",
            {"functionName": "internal", "url": "http://localhost/f"},
            who="master",
            name="a hook",
        ),
    ]
    for name in INTERNAL:
        if name == "_Idempotency":
            steps.append(get("/schemas/_Idempotency", who="master", name="schema of _Idempotency"))
            continue
        steps.append(create(name, {"x": 1}, who="master", name=f"create in {name}"))
        for who in (None, "master"):
            as_who = f"{name} as {who or 'nobody'}"
            steps += [
                find(name, who=who, name=f"find in {as_who}"),
                get(f"/classes/{name}/1", who=who, name=f"get of {as_who}"),
                put(f"/classes/{name}/1", {"x": 1}, who=who, name=f"update of {as_who}"),
                delete(f"/classes/{name}/1", who=who, name=f"delete of {as_who}"),
                delete(f"/classes/{name}/nosuch", who=who, name=f"delete of none of {as_who}"),
            ]
        steps.append(find(name, who="master", name=f"{name} afterwards"))
    return [*steps, get("/config", who="master", name="the parameters then")]


def schemas_of_internal() -> list[Step]:
    """The same by the routes of schemas."""
    steps: list[Step] = []
    for name in (*INTERNAL, *SYSTEM, "Nosuch", "not-a-name"):
        steps += [
            get(f"/schemas/{name}", who="master", name=f"schema of {name}"),
            delete(f"/schemas/{name}", name=f"delete schema of {name} as nobody"),
            *(
                [delete(f"/schemas/{name}", who="master", name=f"delete schema of {name}")]
                if name not in ("_Installation", "_Product")
                else []
            ),
        ]
    return steps


CLOSED = {
    "find": {},
    "get": {},
    "count": {},
    "create": {"*": True},
    "update": {},
    "delete": {},
    "addField": {},
    "protectedFields": {"*": ["secret"]},
}
BODIES: dict[str, Any] = {
    "null": {"classLevelPermissions": None},
    "an empty object": {"classLevelPermissions": {}},
    "an empty array": {"classLevelPermissions": []},
    "an empty text": {"classLevelPermissions": ""},
    "false": {"classLevelPermissions": False},
    "zero": {"classLevelPermissions": 0},
    "a text": {"classLevelPermissions": "public"},
    "true": {"classLevelPermissions": True},
    "no permissions": {},
    "null beside a field": {"classLevelPermissions": None, "fields": {"extra": {"type": "String"}}},
    "null for fields": {"fields": None},
    "null for indexes": {"indexes": None},
    "false for fields": {"fields": False},
    "null for an operation": {"classLevelPermissions": {"find": None}},
    "one operation": {"classLevelPermissions": {"get": {"*": True}}},
    "null for a name": {"className": None},
    "all null": {"fields": None, "indexes": None, "classLevelPermissions": None},
}


def permissions() -> list[Step]:
    """Permissions taken away by PUT /schemas, and what else may stand there."""
    steps: list[Step] = []
    for number, (name, body) in enumerate(BODIES.items()):
        label = f"Shut{number}"
        steps += [
            post(
                f"/schemas/{label}",
                {"classLevelPermissions": CLOSED, "fields": {"secret": {"type": "String"}}},
                who="master",
                name=f"a class: {name}",
            ),
            create(label, {"secret": "s"}, name=f"an object: {name}"),
            put(f"/schemas/{label}", body, who="master", name=name),
            get(f"/schemas/{label}", who="master", name=f"shown: {name}"),
            find(label, name=f"found: {name}"),
            put(
                f"/schemas/{label}",
                {
                    "classLevelPermissions": {
                        "find": {"*": True},
                        "protectedFields": {"*": ["secret"]},
                    }
                },
                who="master",
                name=f"and again: {name}",
            ),
            find(label, name=f"found again: {name}"),
        ]
        made = f"Made{number}"
        steps += [
            post(f"/schemas/{made}", body, who="master", name=f"made with {name}"),
            create(made, {"secret": "s"}, name=f"an object of one made with {name}"),
            find(made, name=f"found of one made with {name}"),
        ]
    return steps


VALUES: dict[str, tuple[dict[str, Any], Any]] = {
    "a text": ({"type": "String"}, "none"),
    "a number": ({"type": "Number"}, 5),
    "a truth": ({"type": "Boolean"}, False),
    "a date": ({"type": "Date"}, date("2020-01-02T03:04:05.000Z")),
    "an object": ({"type": "Object"}, {"a": 1}),
    "an array": ({"type": "Array"}, [1, 2]),
    "a place": ({"type": "GeoPoint"}, {"__type": "GeoPoint", "latitude": 1, "longitude": 2}),
    "a polygon": (
        {"type": "Polygon"},
        {"__type": "Polygon", "coordinates": [[0, 0], [0, 2], [2, 2]]},
    ),
    "a closed polygon": (
        {"type": "Polygon"},
        {"__type": "Polygon", "coordinates": [[0, 0], [0, 2], [2, 2], [0, 0]]},
    ),
    "a pointer": ({"type": "Pointer", "targetClass": "Depot2"}, pointer("Depot2", "depot00001")),
    "a file": (
        {"type": "File"},
        {"__type": "File", "name": "a.txt", "url": "http://files.test/a.txt"},
    ),
    "bytes": ({"type": "Bytes"}, {"__type": "Bytes", "base64": "AAEC"}),
}


def required() -> list[Step]:
    """Columns with a default, required and not: what a create answers, what an unset does."""
    steps: list[Step] = []
    for number, (name, (column, value)) in enumerate(VALUES.items()):
        for is_required in (True, False):
            label = f"Must{number}{'r' if is_required else 'o'}"
            text = f"{name}, {'required' if is_required else 'optional'}"
            steps += [
                post(
                    f"/schemas/{label}",
                    {
                        "fields": {
                            "c": {**column, "required": is_required, "defaultValue": value},
                            "n": {"type": "Number"},
                        }
                    },
                    who="master",
                    name=f"a class: {text}",
                ),
                get(f"/schemas/{label}", who="master", name=f"shown: {text}"),
                create(label, {"n": 1}, save="o", name=f"created: {text}"),
                get(f"/classes/{label}/{{o}}", name=f"got: {text}"),
                put(f"/classes/{label}/{{o}}", {"c": op("Delete")}, name=f"unset: {text}"),
                get(f"/classes/{label}/{{o}}", name=f"after the unset: {text}"),
                put(f"/classes/{label}/{{o}}", {"c": None}, name=f"null: {text}"),
                get(f"/classes/{label}/{{o}}", name=f"after null: {text}"),
                put(
                    f"/classes/{label}/{{o}}",
                    {"c": op("Delete"), "n": 2},
                    name=f"unset beside another: {text}",
                ),
                create(label, {"c": op("Delete")}, name=f"created unset: {text}"),
            ]
    plain = {
        "fields": {
            "c": {"type": "String", "required": True},
            "d": {"type": "String", "required": True, "defaultValue": "d"},
        }
    }
    steps += [
        post("/schemas/Must", plain, who="master", name="required without a default"),
        create("Must", {"c": "x"}, save="o", name="a whole one"),
        *(
            put("/classes/Must/{o}", body, name=name)
            for name, body in {
                "unset both": {"c": op("Delete"), "d": op("Delete")},
                "unset the first": {"c": op("Delete")},
                "unset the second": {"d": op("Delete")},
                "empty the second": {"d": ""},
                "a dot in the second": {"d.a": op("Delete")},
                "nothing": {},
            }.items()
        ),
        get("/classes/Must/{o}", name="the whole one then"),
    ]
    return steps


POLYGONS: dict[str, Any] = {
    "open": [[0, 0], [0, 2], [2, 2]],
    "closed": [[0, 0], [0, 2], [2, 2], [0, 0]],
    "of four": [[0, 0], [0, 2], [2, 2], [2, 0]],
    "of two": [[0, 0], [0, 2]],
    "of three with two alike": [[0, 0], [0, 2], [0, 0]],
    "with fractions": [[0.5, 0.25], [0, 2], [2, 2]],
}


def polygons() -> list[Step]:
    """Polygons, closed and not, as values and as defaults."""
    steps: list[Step] = []
    for number, (name, corners) in enumerate(POLYGONS.items()):
        label, area = f"Area{number}", {"__type": "Polygon", "coordinates": corners}
        steps += [
            post(
                f"/schemas/{label}",
                {"fields": {"area": {"type": "Polygon", "defaultValue": area}}},
                who="master",
                name=f"a default: {name}",
            ),
            get(f"/schemas/{label}", who="master", name=f"the default shown: {name}"),
            create(label, {}, save="o", name=f"by default: {name}"),
            get(f"/classes/{label}/{{o}}", name=f"got by default: {name}"),
            create(
                f"Given{label}",
                {"area": area, "in": {"deep": area}, "all": [area]},
                save="g",
                name=f"given: {name}",
            ),
            get(f"/classes/Given{label}/{{g}}", name=f"got: {name}"),
            put(f"/classes/Given{label}/{{g}}", {"area": area}, name=f"given again: {name}"),
            put(
                f"/classes/Given{label}/{{g}}",
                {"all": op("AddUnique", objects=[area])},
                name=f"added: {name}",
            ),
            find(f"Given{label}", {"area": area}, name=f"found: {name}"),
        ]
    return steps


def own_sessions() -> list[Step]:
    """A session sent back as it was read, to /sessions and to /classes/_Session."""
    mine, other = pointer("_User", "{ann_id}"), pointer("_User", "{bob_id}")
    users: dict[str, Any] = {
        "its own user": mine,
        "another user": other,
        "no user": None,
        "an unset user": op("Delete"),
        "an empty user": "",
        "a text for a user": "{ann_id}",
        "its user without a type": {"className": "_User", "objectId": "{ann_id}"},
        "its user with more": {**mine, "username": "x"},
        "its user of another class": pointer("Nobody", "{ann_id}"),
        "its whole user": {
            "__type": "Object",
            "className": "_User",
            "objectId": "{ann_id}",
            "username": "stay-ann",
        },
    }
    others: dict[str, Any] = {
        "its own token": {"sessionToken": "{ann}"},
        "an empty token": {"sessionToken": ""},
        "null for a token": {"sessionToken": None},
        "an empty installation": {"installationId": ""},
        "null for an installation": {"installationId": None},
        "false for an installation": {"installationId": False},
        "an empty end": {"expiresAt": ""},
        "null for an end": {"expiresAt": None},
        "null for its story": {"createdWith": None},
        "its stamps": {"createdAt": date("2020-01-01T00:00:00.000Z")},
        "null for an ACL": {"ACL": None},
        "an ACL": {"ACL": {"*": {"read": True}}},
        "restricted": {"restricted": False},
        "its own user and a column": {"user": mine, "device": "till"},
        "its own user and its token": {"user": mine, "sessionToken": "{ann}"},
        "a path into its user": {"user.objectId": "{ann_id}"},
    }
    steps: list[Step] = [
        sign_up("ann", "stay-ann"),
        sign_up("bob", "stay-bob"),
        get("/sessions/me", who="ann", save={"s": "$.objectId"}, name="mine"),
    ]
    bodies = {**{name: {"user": user} for name, user in users.items()}, **others}
    for name, body in bodies.items():
        steps += [
            put("/sessions/{s}", body, who="ann", name=f"PUT with {name}"),
            put("/classes/_Session/{s}", body, who="ann", name=f"PUT to the class with {name}"),
            put("/sessions/{s}", body, who="bob", name=f"PUT by another with {name}"),
            put("/sessions/{s}", body, name=f"PUT by nobody with {name}"),
        ]
    taken = {"user": op("Delete", objectId="{ann_id}")}
    return [
        *steps,
        get("/sessions/me", who="ann", name="mine afterwards"),
        put("/sessions/{s}", taken, who="ann", name="PUT with an operation that names its user"),
    ]


def settings_as_objects() -> list[Step]:
    """The parameters, changed and deleted as the object that they are: seen by clients at once."""
    return [
        put("/config", {"params": {"fee": 3}}, who="master", name="a parameter"),
        get("/config", name="read by a client"),
        put(
            "/classes/_GlobalConfig/1",
            {"params": {"fee": 4, "more": [1]}},
            who="master",
            name="changed as an object",
        ),
        get("/config", name="read after the change"),
        put("/classes/_GlobalConfig/1", {"params": {"fee": 5}}, name="changed by a client"),
        put("/classes/_GlobalConfig/01", {"params": {"fee": 6}}, who="master", name="as 01"),
        get("/classes/_GlobalConfig/1x", who="master", name="as 1x"),
        get("/classes/_GlobalConfig/1.0", who="master", name="as 1.0"),
        find("_GlobalConfig", {"objectId": "1"}, who="master", name="by its id"),
        find("_GlobalConfig", {"objectId": {"$in": ["1", "2"]}}, who="master", name="by ids"),
        find("_GlobalConfig", {"objectId": {"$ne": "1"}}, who="master", name="by another id"),
        get("/config", name="read in between"),
        delete("/classes/_GlobalConfig/1", who="master", name="deleted as an object"),
        get("/config", name="read after the deletion"),
        put("/config", {"params": {"fee": 7}}, who="master", name="a parameter again"),
        get("/config", name="read again"),
    ]


SCENARIOS = [
    Scenario("E2 parameters as an object", settings_as_objects(), "stages"),
    Scenario("E2 internal classes", internal(), "stages"),
    Scenario("E2 schemas of internal classes", schemas_of_internal(), "stages"),
    Scenario("E2 permissions given back", permissions(), "values"),
    Scenario("E2 required columns with a default", required(), "values"),
    Scenario("E2 polygons, open and closed", polygons(), "values"),
    Scenario("E2 a session sent back", own_sessions(), "values"),
]
