"""The shop's two doors, REST and GraphQL, with the same words: what a client can do at each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import httpx

from parsepy.graphql.schema.naming import plural
from tests.conftest import MOUNT, Client

GRAPHQL = MOUNT.removesuffix("/parse") + "/graphql"

Row = dict[str, Any]


class Refused(Exception):
    """What a door answers to what may not be: Parse's code (or GraphQL's own), and why."""

    def __init__(self, code: int | str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Door(Protocol):
    """A way into the shop. Everything raises ``Refused``; fields are in REST's form."""

    name: str

    async def create(self, client: Client, class_name: str, fields: Row, **headers: str) -> Row:
        """Create an object; its id at least."""

    async def update(self, client: Client, class_name: str, object_id: str, fields: Row) -> None:
        """Change an object."""

    async def delete(self, client: Client, class_name: str, object_id: str) -> None:
        """Delete an object."""

    async def get(self, client: Client, class_name: str, object_id: str) -> Row:
        """One object; its id at least."""

    async def find(self, client: Client, class_name: str) -> list[str]:
        """The ids of all objects that the client sees."""

    async def call(self, client: Client, function: str, params: Row) -> Any:
        """Call a cloud function."""

    async def sign_up(self, client: Client, fields: Row) -> Row:
        """Sign up; the new user's id at least."""


class RESTDoor:
    """The shop by REST."""

    name = "rest"

    async def create(self, client: Client, class_name: str, fields: Row, **headers: str) -> Row:
        return await self._send(client, "POST", _path(class_name), fields, headers)

    async def update(self, client: Client, class_name: str, object_id: str, fields: Row) -> None:
        await self._send(client, "PUT", f"{_path(class_name)}/{object_id}", fields)

    async def delete(self, client: Client, class_name: str, object_id: str) -> None:
        await self._send(client, "DELETE", f"{_path(class_name)}/{object_id}")

    async def get(self, client: Client, class_name: str, object_id: str) -> Row:
        return await self._send(client, "GET", f"{_path(class_name)}/{object_id}")

    async def find(self, client: Client, class_name: str) -> list[str]:
        found = await self._send(client, "GET", f"{_path(class_name)}?limit=1000")
        return [row["objectId"] for row in found["results"]]

    async def call(self, client: Client, function: str, params: Row) -> Any:
        return (await self._send(client, "POST", f"/functions/{function}", params))["result"]

    async def sign_up(self, client: Client, fields: Row) -> Row:
        return await self._send(client, "POST", "/users", fields)

    async def _send(
        self,
        client: Client,
        method: str,
        path: str,
        body: Row | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Row:
        answer = await client.request(method, path, json=body, headers=headers)
        answered: Row = answer.json()
        if answer.is_error:
            raise Refused(answered.get("code", answer.status_code), answered["error"])
        return answered


class GraphQLDoor:
    """The shop by GraphQL."""

    name = "graphql"

    async def create(self, client: Client, class_name: str, fields: Row, **headers: str) -> Row:
        return await self._write(client, "create", class_name, {"fields": inputs(fields)}, headers)

    async def update(self, client: Client, class_name: str, object_id: str, fields: Row) -> None:
        given = {"id": object_id, "fields": inputs(fields)}
        await self._write(client, "update", class_name, given)

    async def delete(self, client: Client, class_name: str, object_id: str) -> None:
        await self._write(client, "delete", class_name, {"id": object_id})

    async def get(self, client: Client, class_name: str, object_id: str) -> Row:
        field = _field(class_name)
        text = f"query($id: ID!) {{ {field}(id: $id) {{ objectId }} }}"
        found: Row = (await self.ask(client, text, {"id": object_id}))[field]
        return found

    async def find(self, client: Client, class_name: str) -> list[str]:
        field = plural(_field(class_name))
        text = f"{{ {field}(first: 1000) {{ edges {{ node {{ objectId }} }} }} }}"
        found = (await self.ask(client, text))[field]
        return [edge["node"]["objectId"] for edge in found["edges"]]

    async def call(self, client: Client, function: str, params: Row) -> Any:
        text = "mutation($input: CallCloudCodeInput!) { callCloudCode(input: $input) { result } }"
        given = {"functionName": function, "params": params}
        return (await self.ask(client, text, {"input": given}))["callCloudCode"]["result"]

    async def sign_up(self, client: Client, fields: Row) -> Row:
        text = (
            "mutation($input: SignUpInput!) "
            "{ signUp(input: $input) { viewer { sessionToken user { objectId } } } }"
        )
        made = await self.ask(client, text, {"input": {"fields": inputs(fields)}})
        user: Row = made["signUp"]["viewer"]["user"]
        return user

    async def _write(
        self,
        client: Client,
        verb: str,
        class_name: str,
        given: Row,
        headers: Mapping[str, str] | None = None,
    ) -> Row:
        name, field = class_name.removeprefix("_"), _field(class_name)
        kind = f"{verb.capitalize()}{name}Input"
        selected = f"{{ {field} {{ objectId }} }}"
        text = f"mutation($input: {kind}!) {{ {verb}{name}(input: $input) {selected} }}"
        made = await self.ask(client, text, {"input": given}, headers)
        row: Row = made[f"{verb}{name}"][field]
        return row

    async def ask(
        self,
        client: Client,
        text: str,
        variables: Row | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Row:
        """The data of an answer; raises ``Refused`` for its first error."""
        body = {"query": text, "variables": variables}
        answer: httpx.Response = await client.post(GRAPHQL, json=body, headers=headers)
        answered = answer.json()
        for error in answered.get("errors", ()):
            raise Refused(error["extensions"]["code"], error["message"])
        if "data" not in answered:
            raise Refused(answered.get("code", answer.status_code), answered["error"])
        data: Row = answered["data"]
        return data


REST, GRAPH = RESTDoor(), GraphQLDoor()
DOORS: tuple[Door, ...] = (REST, GRAPH)


def _path(class_name: str) -> str:
    return "/users" if class_name == "_User" else f"/classes/{class_name}"


def _field(class_name: str) -> str:
    name = class_name.removeprefix("_")
    return name[0].lower() + name[1:]


def inputs(fields: Row) -> Row:
    """REST's fields as the interface takes them: links, dates as texts, entries of an ACL."""
    return {name: _input(name, value) for name, value in fields.items()}


def _input(name: str, value: Any) -> Any:
    if name == "ACL":
        return {"public": value["*"]}
    kind = value.get("__type") if isinstance(value, dict) else None
    if kind == "Pointer":
        return {"link": value["objectId"]}
    if kind == "Date":
        return value["iso"]
    return value
