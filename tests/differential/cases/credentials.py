"""Credentials where no client keys are set: headers, Basic, wrong ones; routes for master alone."""

from base64 import b64encode

from tests.differential.scenario import Scenario, Step, create, delete, get, post, put


def basic(text: str) -> dict[str, str]:
    """Make a Basic authorisation header."""
    return {"Authorization": "Basic " + b64encode(text.encode()).decode()}


APP = {"X-Parse-Application-Id": "shop"}
FORMS: dict[str, dict[str, str]] = {
    "nothing": {},
    "an empty application": {"X-Parse-Application-Id": ""},
    "another application": {"X-Parse-Application-Id": "other"},
    "the application in another case": {"X-Parse-Application-Id": "SHOP"},
    "lower-case headers": {"x-parse-application-id": "shop", "x-parse-master-key": "master"},
    "a wrong master key": {**APP, "X-Parse-Master-Key": "wrong"},
    "an empty master key": {**APP, "X-Parse-Master-Key": ""},
    "a master key without an application": {"X-Parse-Master-Key": "master"},
    "client keys that are not needed": {
        **APP,
        "X-Parse-Client-Key": "x",
        "X-Parse-REST-API-Key": "y",
    },
    "basic": basic("shop:master"),
    "basic with a wrong key": basic("shop:wrong"),
    "basic with a JavaScript key": basic("shop:javascript-key=x"),
    "basic of another application": basic("other:master"),
    "basic without a colon": basic("shop"),
    "basic with two colons": basic("shop:master:more"),
    "basic that is nonsense": {"Authorization": "Basic ***"},
    "basic in lower case": {"Authorization": "basic " + b64encode(b"shop:master").decode()},
    "bearer": {"Authorization": "Bearer shop"},
    "basic and header": {**APP, **basic("shop:wrong")},
    "a maintenance key that is not set": {**APP, "X-Parse-Maintenance-Key": "any"},
    "a context": {**APP, "X-Parse-Cloud-Context": '{"a":1}'},
    "a context that is nonsense": {**APP, "X-Parse-Cloud-Context": "nonsense"},
    "a context that is an array": {**APP, "X-Parse-Cloud-Context": "[1]"},
    "a context that is null": {**APP, "X-Parse-Cloud-Context": "null"},
    "a client version": {**APP, "X-Parse-Client-Version": "php1.0"},
    "a request id": {**APP, "X-Parse-Request-Id": "abc"},
    "a session token that is empty": {**APP, "X-Parse-Session-Token": ""},
    "a session token that is unknown": {**APP, "X-Parse-Session-Token": "r:abc"},
    "a session token of the old kind": {**APP, "X-Parse-Session-Token": "abc"},
    "a session token with an operator": {**APP, "X-Parse-Session-Token": '{"$ne":1}'},
    "an unknown token and the master key": {
        **APP,
        "X-Parse-Session-Token": "r:abc",
        "X-Parse-Master-Key": "master",
    },
}
MASTER_ONLY: list[tuple[str, str]] = [
    ("GET", "/schemas"),
    ("GET", "/schemas/Portal"),
    ("POST", "/schemas/Portal"),
    ("PUT", "/schemas/Portal"),
    ("DELETE", "/schemas/Portal"),
    ("DELETE", "/purge/Portal"),
    ("POST", "/loginAs"),
]

SCENARIOS = [
    Scenario(
        "ways to be known",
        [
            create("Door", {"n": 1, "ACL": {}}, save="d"),
            *(
                get("/classes/Door", bare=True, headers=headers, name=name)
                for name, headers in FORMS.items()
            ),
            *(
                get("/schemas/Door", bare=True, headers=FORMS[name], name=f"schema with {name}")
                for name in ("basic", "basic with a wrong key", "lower-case headers")
            ),
            post(
                "/classes/Door",
                {"_ApplicationId": "shop", "_MasterKey": "master", "_method": "GET"},
                bare=True,
                headers={"X-Parse-Master-Key": "wrong"},
                name="master key in the body, wrong in the header",
            ),
            delete("/classes/Door/{d}", who="master"),
        ],
    ),
    *(
        Scenario(
            f"routes for master alone, {configuration}",
            [
                Step(method, path, {} if method in {"POST", "PUT"} else None)
                if method in {"POST", "PUT"}
                else Step(method, path)
                for method, path in MASTER_ONLY
            ],
            configuration=configuration,
        )
        for configuration in ("default", "detailed")
    ),
    Scenario(
        "a writer without rights, in short",
        [
            create("Gate", {"n": 1, "ACL": {"*": {"read": True}}}, save="g"),
            put("/classes/Gate/{g}", {"n": 2}),
            delete("/classes/Gate/{g}"),
            get("/classes/_JobStatus"),
            create("_Hooks", {"functionName": "x"}),
            post("/users", {"username": "v-x", "password": "x", "emailVerified": True}),
            get("/sessions"),
            get("/sessions/me"),
            get("/users/me"),
        ],
    ),
]
