"""The restaurant of docs/mcp.md is made from nothing by the calls that stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mcp_types import ElicitResult

from tests.conftest import Client, MakeApp
from tests.mcp.agents import Agent, agent

PAGE = Path(__file__).parents[2] / "docs" / "mcp.md"


def calls() -> list[str]:
    """The calls of the page, in their order."""
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in blocks if block.startswith('{"tool"')]


def id_in(answer: dict[str, Any]) -> str:
    """The id of what a call has made or found."""
    made = answer["answer"] if "answer" in answer else answer["data"][0]
    return str(made["objectId"])


async def build(builder: Agent) -> tuple[dict[str, str], dict[str, Any]]:
    """Make the calls; the ids by their names, and the last answer of each tool."""
    ids: dict[str, str] = {}
    answers: dict[str, Any] = {}
    for block in calls():
        for name, object_id in ids.items():
            block = block.replace(f'"{name}"', f'"{object_id}"')
        call = json.loads(block)
        answers[call["tool"]] = await builder.call(call["tool"], **call["arguments"])
        if "name" in call:
            ids[call["name"]] = id_in(answers[call["tool"]])
    return ids, answers


async def test_a_restaurant_is_made_by_tool_calls_alone(app: MakeApp) -> None:
    application = await app(mcp={"enabled": True, "write": True}, allowClientClassCreation=False)

    async def user(_context: Any, _parameters: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"apply": True})

    async with agent(application, elicitation_callback=user) as builder:
        ids, answers = await build(builder)
    assert answers["explain_refusal"]["refusedBy"] == "class-level permission"
    assert "class Reservation" in answers["generate_client_code"]["types"]["code"]

    async with Client(application) as anybody:
        menu = (await anybody.get("/classes/Dish?order=name")).json()["results"]
        logins = {"ann": "a good password", "walt": "another one"}
        people = {}
        for name, password in logins.items():
            body = {"username": name, "password": password}
            token = (await anybody.post("/login", json=body)).json()["sessionToken"]
            people[name] = Client(application, session=token)
        dinner = f"/classes/Reservation/{ids['DINNER']}"
        statuses = [
            (await anybody.post("/classes/Dish", json={"name": "Cake", "price": 1})).status_code,
            (await anybody.get(dinner)).status_code,
            (await people["ann"].get(dinner)).status_code,
            (await people["ann"].put(dinner, json={"people": 9})).status_code,
            (await people["walt"].put(dinner, json={"people": 3})).status_code,
            (
                await people["walt"].put(f"/classes/Dish/{ids['SOUP']}", json={"isOff": True})
            ).status_code,
        ]
    assert [(dish["name"], dish["course"]) for dish in menu] == [
        ("Risotto", "main"),
        ("Tomato soup", "starter"),
    ]
    assert statuses == [400, 404, 200, 400, 200, 200]
