"""More than a request may ask for here: docs/limits.md. Each once at its bound, and once beyond."""

from typing import Any

from tests.differential.cases.batches import batch, request
from tests.differential.scenario import Scenario, Step, create, find, op, pointer, put


def acl(entries: int) -> dict[str, Any]:
    """An ACL of so many users."""
    return {f"user{i}": {"read": True} for i in range(entries)}


def questions(count: int) -> Step:
    """Find by so many subqueries."""
    question = {"p": {"$inQuery": {"className": "Line", "where": {"n": 7}}}}
    return find("Line", {"$or": [question] * count}, name=f"{count} subqueries")


def dotted(count: int) -> Step:
    """Change so many keys of an object."""
    return put("/classes/Line/{a}", {f"box.k{i}": 1 for i in range(count)}, name=f"{count} keys")


SCENARIOS = [
    Scenario(
        "bounds of requests",
        [
            create("Line", {"n": 0, "box": {}, "tags": ["a"]}, save="a"),
            batch([request("GET", "/classes/Line?limit=0")] * 500, "500 in a batch"),
            batch([request("GET", "/classes/Line?limit=0")] * 501, "501 in a batch"),
            create("Line", {"c" * 256: 1}, name="a name of 256 characters"),
            create("Line", {"c" * 257: 1}, name="a name of 257 characters"),
            create("Line", {"ACL": acl(5_000)}, name="an ACL of 5,000"),
            create("Line", {"ACL": acl(5_001)}, name="an ACL of 5,001"),
            dotted(1_000),
            dotted(1_001),
            questions(100),
            questions(101),
            find("Line", {"tags": {"$all": list(range(1_000))}}, name="$all of 1,000"),
            find("Line", {"tags": {"$all": list(range(1_001))}}, name="$all of 1,001"),
            put(
                "/classes/Line/{a}",
                {"tags": op("AddUnique", objects=list(range(3_163)))},
                name="3,163 unique values",
            ),
            find("Line", {"p": pointer("Line", "nosuch")}, name="afterwards"),
        ],
    ),
]
