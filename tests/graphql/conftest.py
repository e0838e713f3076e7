"""Fixtures of the GraphQL tests: a server with GraphQL, and clients that ask it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pytest

from parsepy.app import Application
from tests.conftest import MOUNT, Client, MakeApp
from tests.graphql.recording import FUNCTIONS

GRAPHQL = MOUNT.removesuffix("/parse") + "/graphql"


class Ask(Protocol):
    """Send a document; the answer as JSON."""

    async def __call__(
        self, query: str, variables: Mapping[str, Any] | None = None, *, client: Client
    ) -> Any: ...


@pytest.fixture
async def application(app: MakeApp) -> Application:
    """A server with GraphQL and a few cloud functions."""
    return await app(mountGraphQL=True, cloud=str(FUNCTIONS))


async def ask(client: Client, query: str, **variables: Any) -> Any:
    """The answer to a document, as JSON."""
    response = await client.post(GRAPHQL, json={"query": query, "variables": variables})
    return response.json()


async def data(client: Client, query: str, **variables: Any) -> Any:
    """The data of an answer that has no errors."""
    answered = await ask(client, query, **variables)
    assert "errors" not in answered, answered
    return answered["data"]


async def codes(client: Client, query: str, **variables: Any) -> list[Any]:
    """The codes of an answer's errors."""
    answered = await ask(client, query, **variables)
    return [error["extensions"]["code"] for error in answered.get("errors", ())]
