"""Batches: many requests in one, and what of them is refused as a whole."""

from collections.abc import Sequence
from typing import Any

from tests.differential.scenario import Scenario, create, find, get, op, post, put, sign_up


def request(method: str, path: str, body: Any = None) -> dict[str, Any]:
    """Make one request of a batch."""
    made = {"method": method, "path": f"/parse{path}"}
    return made if body is None else {**made, "body": body}


def batch(requests: Any, name: str = "", *, who: str | None = None, **more: Any) -> Any:
    """Send requests as one batch."""
    return post("/batch", {"requests": requests, **more}, name=name, who=who)


WHOLE: dict[str, Any] = {
    "requests that are missing": {},
    "requests that are text": {"requests": "x"},
    "requests that are an object": {"requests": {"0": {}}},
    "requests that are null": {"requests": None},
    "no requests": {"requests": []},
    "a request that is text": {"requests": ["x"]},
    "a request that is null": {"requests": [None]},
    "a request without a path": {"requests": [{"method": "GET"}]},
    "a path that is a number": {"requests": [{"method": "GET", "path": 5}]},
    "a path outside the mount": {"requests": [{"method": "GET", "path": "/classes/Line"}]},
    "a path of another mount": {"requests": [{"method": "GET", "path": "/other/classes/Line"}]},
    "a whole address": {
        "requests": [{"method": "GET", "path": "http://x.test/parse/classes/Line"}]
    },
    "a nested batch": {"requests": [{"method": "POST", "path": "/parse/batch", "body": {}}]},
    "a method that is missing": {"requests": [{"path": "/parse/classes/Line"}]},
    "a method that is a number": {"requests": [{"method": 5, "path": "/parse/classes/Line"}]},
    "a method that is unknown": {"requests": [{"method": "PATCH", "path": "/parse/classes/Line"}]},
    "a method in lower case": {"requests": [{"method": "get", "path": "/parse/classes/Line"}]},
    "a route that is unknown": {"requests": [{"method": "GET", "path": "/parse/nosuch"}]},
}


def created(class_name: str, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Make requests that create one object per number."""
    return [request("POST", f"/classes/{class_name}", {"n": n}) for n in numbers]


SCENARIOS = [
    Scenario(
        "a batch of everything",
        [
            create("Line", {"n": 0}, save="a"),
            create("Line", {"n": 1}, save="b"),
            create("Line", {"n": 2}, save="c"),
            batch(created("Line", [10, 11, 12]), "creations"),
            batch(
                [
                    request("PUT", "/classes/Line/{a}", {"n": op("Increment", amount=5)}),
                    request("PUT", "/classes/Line/nosuch", {"n": 1}),
                    request("DELETE", "/classes/Line/{b}", {}),
                    request("POST", "/classes/Line", {"n": "text"}),
                    request("GET", "/classes/Line/{c}"),
                ],
                "good and bad together",
            ),
            batch([request("GET", "/classes/Line", {"order": "n", "keys": "n"})], "a query"),
            batch([request("GET", "/classes/Line", {"where": {"n": 10}})], "a query with where"),
            batch([request("GET", "/classes/Line", {"nosuch": 1})], "a bad query"),
            batch([request("GET", "/classes/Line?limit=1")], "a query string in the path"),
            batch(
                [request("GET", "/users/me"), request("GET", "/sessions/me")], "nobody's account"
            ),
            batch([request("GET", "/schemas/Line")], "a schema by nobody"),
            batch([request("GET", "/schemas/Line")], "a schema by master", who="master"),
            batch(
                [request("POST", "/classes/a-b", {}), request("GET", "/classes/a-b")], "bad class"
            ),
            batch([request("DELETE", "/classes/Line/nosuch")], "a deletion of nothing"),
            batch(created("Line", [20]), "with transaction false", transaction=False),
            find("Line", order="n", keys="n"),
        ],
    ),
    Scenario(
        "a batch by a customer",
        [
            sign_up("ann", "batch-ann"),
            sign_up("bob", "batch-bob"),
            batch(
                [
                    request(
                        "POST",
                        "/classes/Wish",
                        {"n": 1, "ACL": {"{ann_id}": {"read": True, "write": True}}},
                    )
                ],
                "made",
                who="ann",
            ),
            batch([request("GET", "/classes/Wish")], "read by ann", who="ann"),
            batch([request("GET", "/classes/Wish")], "read by bob", who="bob"),
            batch([request("GET", "/users/me")], "who is it", who="ann"),
            batch(
                [request("POST", "/login", {"username": "batch-bob", "password": "pass-word"})],
                "a log-in in a batch",
                who="ann",
            ),
            batch(
                [request("POST", "/users", {"username": "batch-new", "password": "x"})], "a sign-up"
            ),
            batch([request("PUT", "/users/{bob_id}", {"nick": "x"})], "another user", who="ann"),
            batch([request("POST", "/logout", {})], "a log-out", who="ann"),
            get("/users/me", who="ann", name="after it"),
        ],
        configuration="detailed",
    ),
    Scenario(
        "batches that are refused as a whole",
        [
            create("Line2", {"n": 0}),
            *(
                post(
                    "/batch",
                    body,
                    name=name,
                )
                for name, body in WHOLE.items()
            ),
            batch(
                [*created("Line2", [1]), {"method": "GET", "path": "/elsewhere"}],
                "a good one before a bad path",
            ),
            find("Line2", order="n", name="nothing of it was done"),
        ],
    ),
    Scenario(
        "transactions",
        [
            create("Entry", {"n": 0}, save="e"),
            create("Entry", {"n": -1}, save="f"),
            # One item: of several at once, Parse Server may fail to begin the transaction.
            batch(created("Entry", [1]), "all good", transaction=True),
            batch(
                [*created("Entry", [3]), request("PUT", "/classes/Entry/nosuch", {"n": 1})],
                "one bad",
                transaction=True,
            ),
            batch(
                [*created("Entry", [4]), request("POST", "/classes/Entry", {"n": "text"})],
                "one of the wrong kind",
                transaction=True,
            ),
            find("Entry", order="n", keys="n", name="what is left"),
            put("/classes/Entry/{e}", {"n": 100}),
            batch(
                [
                    request("PUT", "/classes/Entry/{e}", {"n": op("Increment", amount=1)}),
                ],
                "a change",
                transaction="yes",
            ),
        ],
    ),
]
