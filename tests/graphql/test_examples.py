"""The recorded examples of the reference: equal, but for what is listed with its reason."""

import tomllib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from parsepy.app import Application, build
from parsepy.config import Config
from tests.conftest import APP_ID, MASTER_KEY, MOUNT, Client
from tests.graphql.recording import (
    FUNCTIONS,
    HERE,
    Answer,
    Example,
    Replay,
    between,
    examples,
    expected,
    options_of,
    prepare,
    uri_of,
)

EXAMPLES = examples()
DIFFERENCES: dict[int, str] = {
    number: group["reason"]
    for group in tomllib.loads((HERE / "differences.toml").read_text())["group"]
    for number in group["examples"]
}


@pytest.fixture(scope="module")
async def answers(
    mongo_uri: str, mongo: MongoClient[dict[str, Any]]
) -> AsyncIterator[dict[int, Answer]]:
    """The answers of our servers to all recorded requests, sent in their order."""
    name = f"test_graphql_{uuid4().hex[:12]}"
    uri = uri_of(mongo_uri, name)
    running: dict[str, Application] = {}

    async def server(example: Example) -> Application:
        if example.configuration not in running:
            application = build(
                Config.from_options(
                    {
                        "appId": APP_ID,
                        "masterKey": MASTER_KEY,
                        "serverURL": MOUNT,
                        "databaseURI": uri,
                        "cloud": str(FUNCTIONS),
                        "mountGraphQL": True,
                        "allowCustomObjectId": not running,
                        "fileUpload": {"enableForPublic": True},
                        **options_of(example),
                    }
                )
            )
            await application.startup()
            running[example.configuration] = application
        return running[example.configuration]

    found: dict[int, Answer] = {}
    replay = Replay()
    try:
        first = await server(EXAMPLES[0])
        async with Client(first, master=True) as master:
            await prepare(master, uri)
        for example in EXAMPLES:
            application = await server(example)
            async with Client(application, master=True) as master:
                await between(example.number, master)
            found[example.number] = await replay.send(example, application)
        yield found
    finally:
        for application in running.values():
            await application.shutdown()
        mongo.drop_database(name)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.number}: {e.name}")
def test_a_recorded_request_is_answered_as_by_the_reference(
    example: Example, answers: dict[int, Answer]
) -> None:
    ours, theirs = answers[example.number], expected(example)
    if example.number in DIFFERENCES:
        assert ours != theirs, "it is equal by now: take it off the list of differences"
    else:
        assert ours == theirs
