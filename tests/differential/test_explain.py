"""E2: MongoDB's account of a query: what was asked of it, whatever else a version of it tells."""

import asyncio
import inspect
from typing import Any

from tests.differential.conftest import EXPLAIN
from tests.differential.reference import Reference, Start
from tests.differential.sides import Side

HEADERS = {"X-Parse-Application-Id": "shop", "X-Parse-Master-Key": "master"}
ASKED: dict[str, dict[str, Any]] = {
    "/classes/Explained": {"explain": "true", "comment": "why"},
    "/classes/Explained?where={}": {"explain": "executionStats", "comment": "why", "limit": "2"},
    "/classes/Explained?order=-n": {"explain": "queryPlanner", "skip": "1"},
    '/classes/Explained?where={"n":1}': {"explain": "allPlansExecution", "hint": "_id_"},
    "/classes/Explained?count=1": {"explain": "true", "comment": "counted"},
    "/classes/Explained?limit=0": {"explain": "true", "count": "1"},
    "/classes/NoSuchClass": {"explain": "true", "comment": "nothing there"},
    '/classes/NoSuchClass?where={"n":1}': {"explain": "executionStats"},
    "/classes/NoSuchClass?limit=0": {"explain": "true"},
    "/classes/_Audience": {"explain": "true"},
    "/users": {"explain": "true", "comment": "users"},
    "/aggregate/Explained?$match={}": {"explain": "true", "comment": "summed"},
    "/aggregate/NoSuchClass?$match={}": {"explain": "true", "comment": "nothing"},
}
KEPT = ("find", "aggregate", "comment", "sort", "hint", "limit", "skip", "pipeline")


def steady(answer: Any) -> Any:
    """What was asked of MongoDB, and of what kind its account is."""
    if not isinstance(answer, dict) or "results" not in answer:
        return answer
    plan = answer["results"]
    if isinstance(plan, list):
        return [steady({"results": one}) for one in plan]
    command = {name: value for name, value in plan["command"].items() if name in KEPT and value}
    return {
        "command": command,
        "has": sorted(
            name for name in ("queryPlanner", "executionStats", "stages") if name in plan
        ),
        "beside": sorted(name for name in answer if name != "results"),
    }


async def accounts(side: Side) -> list[Any]:
    """Every account that is asked for."""
    url = f"{side.mount}/classes/Explained"
    await side.client.post(url, json={"n": 1}, headers=HEADERS)
    told = []
    for path, more in ASKED.items():
        route, _, query = path.partition("?")
        given = dict(part.split("=", 1) for part in query.split("&") if part)
        asked = side.mount + route
        answer = await side.client.get(asked, params={**given, **more}, headers=HEADERS)
        told.append([path, answer.status_code, steady(answer.json())])
    return told


async def test_both_servers_have_the_database_account_for_the_same(
    ours: Start, reference: Reference
) -> None:
    side = await ours("values")
    spoken = inspect.getsource(accounts) + inspect.getsource(steady) + repr(ASKED)
    our, their = await asyncio.gather(
        accounts(side), reference.answers("values", EXPLAIN, spoken, accounts)
    )
    assert our == their
