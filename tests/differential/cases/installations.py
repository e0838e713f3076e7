"""Rows of devices that turn out to be one: which row keeps the token."""

from typing import Any

from tests.differential.scenario import Scenario, Step, find, post, put

WAYS: dict[str, dict[str, Any]] = {
    "with its id": {"objectId": "{b}"},
    "with another id": {"objectId": "{a}"},
    "without an id": {},
    "with its installation": {"installationId": "bbb{n}"},
    "with both": {"objectId": "{b}", "installationId": "bbb{n}"},
    "with its id and application": {"objectId": "{b}", "appIdentifier": "one"},
    "with its id and another application": {"objectId": "{b}", "appIdentifier": "two"},
    "with its id and type": {"objectId": "{b}", "deviceType": "android"},
}
"""How an update may name its row beside the address."""

OTHERS: dict[str, dict[str, Any]] = {
    "an installation": {"installationId": "aaa{n}", "appIdentifier": "one"},
    "a bare token": {},
}
"""What the row is that holds the token."""


def numbered(body: dict[str, Any], number: int) -> dict[str, Any]:
    """The body of one round."""
    return {
        key: value.replace("{n}", str(number)) if isinstance(value, str) else value
        for key, value in body.items()
    }


def merged() -> list[Step]:
    """A6: an update brings the token that another row holds."""
    steps: list[Step] = []
    number = 0
    for other, kind in OTHERS.items():
        for way, named in WAYS.items():
            for who in (None, "master"):
                number += 1
                name = f"{way}, {other} as {who or 'nobody'}"
                token = f"T{number}"
                first = {"deviceType": "android", "deviceToken": token, **numbered(kind, number)}
                second = {"deviceType": "android", "installationId": f"bbb{number}"}
                change = {**numbered(named, number), "pushType": "gcm", "deviceToken": token}
                steps += [
                    post("/installations", first, save={"a": "$.objectId"}, name=f"a: {name}"),
                    post("/installations", second, save={"b": "$.objectId"}, name=f"b: {name}"),
                    put("/installations/{b}", change, who=who, name=name),
                    find(
                        "_Installation",
                        {"deviceToken": token},
                        who="master",
                        order="installationId",
                        keys="installationId,pushType",
                        name=f"who holds it: {name}",
                    ),
                ]
    return steps


SCENARIOS = [Scenario("A6 two rows and one token", merged(), configuration="values")]
