"""What a webhook's `error` comes to, whatever it holds, at every kind of trigger."""

from typing import Any

from tests.differential.cases.hooks import called, function, trigger
from tests.differential.scenario import Scenario, Step, create, delete, find, get, post, put
from tests.receiver import replying

ERRORS: dict[str, Any] = {
    "an empty object": {},
    "an empty array": [],
    "an array": ["no", "never"],
    "a text": "no",
    "an empty text": "",
    "a number": 7,
    "zero": 0,
    "true": True,
    "false": False,
    "null": None,
    "a code and message": {"code": 999, "message": "no"},
    "a code": {"code": 142},
    "a message": {"message": "no"},
    "a code as text": {"code": "142", "message": "no"},
    "an empty message": {"code": 5, "message": ""},
    "a message that is none": {"message": {"a": 1}},
    "code 0": {"code": 0, "message": "no"},
    "a nested error": {"error": "no", "code": -1},
}
"""What may stand in `error`; an Error written as JSON is an empty object."""

SOME = (
    "an empty object",
    "an empty array",
    "an empty text",
    "zero",
    "null",
    "a text",
    "a code and message",
)
KINDS = ("beforeSave", "afterSave", "beforeDelete", "afterDelete", "beforeFind", "afterFind")


def class_of(kind: str, name: str) -> str:
    """A class for one trigger and one error."""
    return kind.title() + "".join(part.title() for part in name.split())


def failing(kind: str) -> Scenario:
    """A5: every error at one kind of trigger."""
    steps: list[Step] = []
    for name in SOME:
        error = ERRORS[name]
        class_name = class_of(kind, name)
        steps += [
            create(class_name, {"n": 1}, save="o", name=f"before {name}"),
            trigger(kind, class_name, replying({"error": error}), name=f"a trigger: {name}"),
            create(class_name, {"n": 2}, name=f"a create: {name}"),
            put(f"/classes/{class_name}/{{o}}", {"n": 3}, name=f"an update: {name}"),
            find(class_name, order="n", keys="n", name=f"a find: {name}"),
            delete(f"/classes/{class_name}/{{o}}", name=f"a delete: {name}"),
            get(f"/classes/{class_name}/{{o}}", name=f"after the delete: {name}"),
        ]
    return Scenario(f"A5 webhook errors at {kind}", steps, configuration="refusals")


def functions() -> list[Step]:
    """A5: every error of a function."""
    steps: list[Step] = []
    for number, (name, error) in enumerate(ERRORS.items()):
        steps += [
            function(f"f{number}", replying({"error": error}), name=f"a function: {name}"),
            called(f"f{number}", name=name),
        ]
        both = replying({"error": error, "success": "yes"})
        steps += [
            function(f"g{number}", both, name=f"a function with success: {name}"),
            called(f"g{number}", name=f"{name} and success"),
        ]
    return steps


UPLOAD = {
    "base64": "aGk=",
    "_ContentType": "text/plain",
    "_ApplicationId": "shop",
    "_MasterKey": "master",
}


def files() -> list[Step]:
    """A5, E2: every error of a file's trigger has one code."""
    steps: list[Step] = []
    for name, error in ERRORS.items():
        where = {"className": "@File", "triggerName": "beforeSave"}
        url = "{receiver}" + replying({"error": error})
        steps += [
            post("/hooks/triggers", {**where, "url": url}, who="master", name=f"declared: {name}"),
            post("/files/a.txt", UPLOAD, bare=True, name=name),
            put(
                "/hooks/triggers/@File/beforeSave",
                {"__op": "Delete"},
                who="master",
                name=f"taken back: {name}",
            ),
        ]
    return steps


SCENARIOS = [
    Scenario("A5 webhook errors of functions", functions(), configuration="refusals"),
    *map(failing, KINDS),
    Scenario("A5 webhook errors of files", files(), configuration="refusals"),
]
