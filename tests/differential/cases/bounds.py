"""More than a request may ask for here: docs/limits.md. Each once at its bound, and once beyond."""

from typing import Any

from tests.differential.cases.batches import batch, request
from tests.differential.scenario import Scenario, Step, create, find, op, pointer, put


def acl(entries: int) -> dict[str, Any]:
    """An ACL of so many users."""
    return {f"user{i}": {"read": True} for i in range(entries)}


def questions(count: int) -> Step:
    """Find by so many subqueries."""
    question = {"p": {"$inQuery": {"className": "Bounded", "where": {"n": 7}}}}
    return find("Bounded", {"$or": [question] * count}, name=f"{count} subqueries")


def dotted(count: int) -> Step:
    """Change so many keys of an object."""
    return put("/classes/Bounded/{a}", {f"box.k{i}": 1 for i in range(count)}, name=f"{count} keys")


SCENARIOS = [
    Scenario(
        "bounds of requests",
        [
            create("Bounded", {"n": 0, "box": {}, "tags": ["a"]}, save="a"),
            batch([request("GET", "/classes/Bounded?limit=0")] * 500, "500 in a batch"),
            batch([request("GET", "/classes/Bounded?limit=0")] * 501, "501 in a batch"),
            create("Bounded", {"c" * 256: 1}, name="a name of 256 characters"),
            create("Bounded", {"c" * 257: 1}, name="a name of 257 characters"),
            create("Bounded", {"ACL": acl(5_000)}, name="an ACL of 5,000"),
            create("Bounded", {"ACL": acl(5_001)}, name="an ACL of 5,001"),
            dotted(1_000),
            dotted(1_001),
            questions(100),
            questions(101),
            find("Bounded", {"tags": {"$all": list(range(1_000))}}, name="$all of 1,000"),
            find("Bounded", {"tags": {"$all": list(range(1_001))}}, name="$all of 1,001"),
            put(
                "/classes/Bounded/{a}",
                {"tags": op("AddUnique", objects=list(range(3_163)))},
                name="3,163 unique values",
            ),
            find("Bounded", {"p": pointer("Bounded", "nosuch")}, name="afterwards"),
        ],
    ),
]
