"""`parsepy mcp`: the same tools by standard input and output, started as an agent starts them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import ElicitResult, TextResourceContents
from pymongo import MongoClient

from tests.conftest import MASTER_KEY, database_in
from tests.integration.test_cli import environment
from tests.mcp.agents import Agent

CLOUD = """
from parsepy import Cloud

print("a line that must not reach the agent's stream")

@Cloud.function("greet")
async def greet(request):
    print("nor this one")
    return f"Hello, {request.params.get('name')}"
"""
OWN_TEST = """
async def test_it_greets(parse_app):
    app = await parse_app(cloud="cloud/main.py")
    assert await app.master.call("greet", {"name": "Ann"}) == "Hello, Ann"
"""


@pytest.fixture
def uri(mongo_uri: str, mongo: MongoClient[dict[str, Any]]) -> Any:
    """The connection string of a database of its own."""
    name = f"test_stdio_{uuid4().hex[:12]}"
    yield database_in(mongo_uri, name)
    mongo.drop_database(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a project with cloud code and a test of it."""
    (tmp_path / "cloud" / "tests").mkdir(parents=True)
    (tmp_path / "cloud" / "main.py").write_text(CLOUD)
    (tmp_path / "cloud" / "tests" / "test_greet.py").write_text(OWN_TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    return tmp_path


@asynccontextmanager
async def started(uri: str, folder: Path, *flags: str, **options: Any) -> AsyncIterator[Agent]:
    """An agent that has started `parsepy mcp` in a folder."""
    command = ["-m", "parsepy", "mcp", "--database-uri", uri, "--master-key", MASTER_KEY]
    server = StdioServerParameters(
        command=sys.executable, args=[*command, *flags], cwd=folder, env=environment()
    )
    with (folder / "stderr.txt").open("w") as told:
        async with Client(stdio_client(server, errlog=told), **options) as client:
            yield Agent(client)


READ = ("schema", "openapi", "graphql/sdl", "docs/queries.md")


async def test_an_agent_reads_classes_pages_and_the_graphql_schema(uri: str, folder: Path) -> None:
    async with started(uri, folder) as agent:
        tools = await agent.tools()
        resources = {str(one.uri) for one in (await agent.client.list_resources()).resources}
        texts = {}
        for name in READ:
            (content,) = (await agent.client.read_resource(f"parsepy://{name}")).contents
            assert isinstance(content, TextResourceContents)
            texts[name] = content.text
        found = await agent.call("search_docs", words="geo query near a point")
    assert "create_object" not in tools
    assert {f"parsepy://{name}" for name in READ} <= resources
    assert "_User" in {one["className"] for one in json.loads(texts["schema"])}
    assert "/users" in json.loads(texts["openapi"])["paths"]
    assert "type Mutation" in texts["graphql/sdl"]
    assert "$nearSphere" in texts["docs/queries.md"]
    assert "parsepy://docs/queries.md" in [one["page"] for one in found["sections"]]


@pytest.mark.slow
async def test_functions_run_and_what_they_print_is_not_in_the_way(uri: str, folder: Path) -> None:
    async with started(uri, folder, "--write") as agent:
        names = await agent.call("list_jobs_and_functions")
        answer = await agent.call("call_function", name="greet", params={"name": "Ann"})
    assert names["functions"] == ["greet"]
    assert answer["data"] == ["Hello, Ann"]
    assert "mcp: call_function by the master key (stdio), done" in (
        folder / "stderr.txt"
    ).read_text(encoding="utf-8")


@pytest.mark.slow
async def test_a_named_user_has_that_users_rights(uri: str, folder: Path) -> None:
    async with started(uri, folder, "--write") as agent:
        for name in ("ann", "bob"):
            fields = {"username": name, "password": "pw"}
            made = await agent.call("create_object", class_name="_User", fields=fields)
            acl = {made["answer"]["objectId"]: {"read": True, "write": True}}
            noted = {"of": name, "ACL": acl}
            note = await agent.call("create_object", class_name="Note", fields=noted)
    async with started(uri, folder, "--write", "--as", "ann") as agent:
        found = await agent.call("query_objects", class_name="Note")
        refused = await agent.refusal(
            "delete_object", class_name="Note", object_id=note["answer"]["objectId"]
        )
        logs = await agent.refusal("read_logs")
    assert [one["of"] for one in found["data"]] == ["ann"]
    assert "Object not found" in refused
    assert "needs the master key" in logs


@pytest.mark.slow
async def test_the_tests_of_cloud_code_are_run(uri: str, folder: Path) -> None:
    async with started(uri, folder) as agent:
        passed = await agent.call("run_cloud_tests")
        (folder / "cloud" / "main.py").write_text(CLOUD.replace("Hello", "Bye"))
        failed = await agent.call("run_cloud_tests", choose="greets")
    assert passed["passed"], passed["output"]
    assert not failed["passed"]
    assert "Bye, Ann" in failed["output"]


@pytest.mark.slow
async def test_a_user_that_is_not_there_is_told_at_once(uri: str, folder: Path) -> None:
    command = ["-m", "parsepy", "mcp", "--database-uri", uri, "--as", "nobody"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command), cwd=folder, stdin=-1, stdout=-1, stderr=-1
    )
    out, told = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert b"There is no user named 'nobody'." in told


@pytest.mark.slow
async def test_a_signal_ends_it_while_the_client_says_nothing(uri: str, folder: Path) -> None:
    command = ["-m", "parsepy", "mcp", "--database-uri", uri]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command), cwd=folder, stdin=-1, stdout=-1, stderr=-1
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asked: dict[str, Any] = {"protocolVersion": "2025-06-18", "capabilities": {}}
    asked["clientInfo"] = {"name": "one", "version": "1"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": asked}
    process.stdin.write(json.dumps(message).encode() + b"\n")
    assert json.loads(await process.stdout.readline())["result"]["serverInfo"]["name"] == "parsepy"
    process.terminate()
    async with asyncio.timeout(60):
        assert await process.wait() == 0
    process.stdin.close()


@pytest.mark.slow
@pytest.mark.parametrize("agrees", [True, False])
async def test_a_client_of_an_older_protocol_asks_its_user_too(
    uri: str, folder: Path, agrees: bool
) -> None:
    async def user(_context: Any, _parameters: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"apply": agrees})

    schema = {"classes": [{"className": "Dish", "fields": {}}]}
    options: dict[str, Any] = {"mode": "legacy", "elicitation_callback": user}
    async with started(uri, folder, "--write", **options) as agent:
        answer = await agent.call("apply_schema", schema=schema)
    assert answer["applied"] is agrees
