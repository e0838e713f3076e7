"""Agents: the SDK's own client, over HTTP without a socket, with what a test asks of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from parsepy.app import Application
from tests.conftest import APP_ID, MASTER_KEY

MCP = "http://testserver/mcp"


class Agent:
    """Calls tools and reads their answers."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: Any) -> Any:
        """What a tool answers; fails the test when the tool does."""
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, text_of(result)
        return json.loads(text_of(result))

    async def refusal(self, tool: str, **arguments: Any) -> str:
        """The message with which a tool refuses."""
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error, text_of(result)
        return text_of(result)

    async def tools(self) -> set[str]:
        """The names of the tools."""
        return {tool.name for tool in (await self.client.list_tools()).tools}


def text_of(result: CallToolResult) -> str:
    """The text of an answer."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def headers(*, master: bool = True, session: str | None = None) -> dict[str, str]:
    """What an agent sends along."""
    sent = {"X-Parse-Application-Id": APP_ID}
    sent |= {"X-Parse-Master-Key": MASTER_KEY} if master else {}
    return sent | ({"X-Parse-Session-Token": session} if session else {})


@asynccontextmanager
async def agent(
    application: Application,
    *,
    master: bool = True,
    session: str | None = None,
    sent: dict[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[Agent]:
    """An agent that is connected by HTTP; without ``mode`` it speaks the newest protocol."""
    sent = sent or headers(master=master, session=session)
    transport = httpx2.ASGITransport(app=application)
    async with httpx2.AsyncClient(transport=transport, headers=sent) as http:
        connection = streamable_http_client(MCP, http_client=http)
        async with Client(connection, **options) as client:
            yield Agent(client)
